"""The card: every fault in one sentence with its line and the nearest valid name, all at once."""

from pathlib import Path

import pytest

from gretchen.errors import UserError
from gretchen.projects.card import card_faults, load_card, project_slugs

ROOT = Path(__file__).resolve().parents[1]
CARD = "projects/genome-chatbot/project.yaml"


@pytest.fixture
def card(tmp_path, monkeypatch):
    """Return a function that writes the flagship's card, changed, into a root of its own."""
    source = (ROOT / CARD).read_text(encoding="utf-8")
    file = tmp_path / CARD
    file.parent.mkdir(parents=True)
    monkeypatch.setenv("GRETCHEN_ROOT", str(tmp_path))

    def write(*changes: tuple[str, str]) -> list[str]:
        text = source
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        file.write_text(text, encoding="utf-8")
        return card_faults("genome-chatbot")

    return write


def line_of(text: str) -> int:
    lines = (ROOT / CARD).read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, start=1) if line.startswith(text))


def test_every_project_has_a_valid_card():
    assert "genome-chatbot" in project_slugs()
    for slug in project_slugs():
        assert load_card(slug).models.get("tiny", "base") == "base"


def test_a_good_card_has_no_faults(card):
    assert card() == []


@pytest.mark.parametrize(
    ("change", "line", "fault"),
    [
        (("engine:", "engin:"), "engine", "unknown key 'engin', did you mean 'engine'?"),
        (("engine: zephyr", "engine: zefyr"), "engine", "engine: input should be 'axolotl' or 'zephyr', not 'zefyr'"),
        (("  laptop:", "  labtop:"), "  laptop", "unknown profile 'labtop', did you mean 'laptop'?"),
        (("  main: exact", "  main: exakt"), "  main", "main: unknown metric 'exakt' (did you mean 'exact'?)"),
        (
            (
                "exact: {unit: share, better: higher, range: [0, 1]}",
                "exact: {unit: share, better: higher, range: [0, 1], interval: false}",
            ),
            "  main",
            "main: 'exact' has no interval (interval: false), so models cannot be compared by it",
        ),  # fmt: skip
        (("tiny: 14000", "tiny: many"), "rows", "rows.tiny: input should be a valid integer, not 'many'"),
        (
            ("  samples: 1\n", "  samples: 1\n  during_training: -1\n"),
            "  max_new",
            "evaluation.during_training: input should be greater than or equal to 0, not -1",
        ),
        (
            ("  max_new_tokens", "  max_tokens"),
            "  max_new",
            "unknown key 'evaluation.max_tokens', did you mean 'max_new_tokens'?",
        ),
        (
            ("    licence: MIT", "    license: MIT"),
            "    licence: MIT",
            "unknown key 'sources.2.license', did you mean 'licence'?",
        ),
        (
            ("unit: share, better: higher", "unit: share, better: more"),
            "    exact",
            "evaluation.metrics.exact.better: input should be 'higher' or 'lower', not 'more'",
        ),
        (
            ("title: Genome chatbot\n", "title: Genome chatbot\ntitle: Twice\n"),
            "task",
            "duplicate key 'title', first on line 1",
        ),
    ],
)
def test_a_fault_names_line_key_and_nearest(card, change, line, fault):
    assert f"{CARD}:{line_of(line)}: {fault}" in card(change)


def test_a_missing_key_is_named(card):
    assert card(("title: Genome chatbot\n", "")) == [f"{CARD}:1: key 'title' is missing"]


def test_all_faults_are_listed_at_once(card):
    faults = card(("engine: zephyr", "engine: zefyr"), ("tiny: 14000", "tiny: 0"), ("title:", "titel:"))
    assert len(faults) == 4  # the mistyped title is unknown, and the title is missing
    with pytest.raises(UserError) as raised:
        load_card("genome-chatbot")
    assert raised.value.problem.splitlines() == faults


def test_a_card_that_is_no_yaml_is_one_sentence(card):
    (fault,) = card(("languages: [en, de]", "languages: [en, de"))
    assert fault.startswith(f"{CARD}:{line_of('models')}: not YAML: ")


def test_a_model_for_every_profile(card):
    assert card(("  gpu-80gb: Qwen/Qwen3-8B\n", "")) == [
        f"{CARD}:{line_of('models')}: models: no model for profile 'gpu-80gb'"
    ]


def test_an_unknown_project_is_named_with_the_nearest(card):
    card()
    with pytest.raises(UserError) as raised:
        load_card("genom-chatbot")
    assert str(raised.value) == "error: unknown project 'genom-chatbot'\nhint: did you mean 'genome-chatbot'?"


def test_an_open_range_is_infinite(card):
    assert card(("range: [0, 1]", "range: [0, .inf]")) == []
    assert load_card("genome-chatbot").evaluation.metrics["exact"].range[1] == float("inf")
