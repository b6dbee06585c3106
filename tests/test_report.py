"""`make report`: the figures of evaluation.json, the same page for the same run, and text that stays text."""

import json
import re
import shutil

import pytest
from hostile_text import HALF, TEXTS
from made_project import TEST, TRAIN, chats
from stored_results import store_result

from gretchen import paths
from gretchen.commands.report import report
from gretchen.errors import UserError
from gretchen.projects.build import build
from gretchen.projects.card import load_card
from gretchen.reporting import answers as answer_rows
from gretchen.reporting.charts import svg
from gretchen.reporting.cost import power
from gretchen.reporting.curves import Panel, Series
from gretchen.reporting.files import report_file
from gretchen.reporting.intervals import scale_of
from gretchen.reporting.ladder import ladder, main_estimate
from gretchen.reporting.page import web_link
from gretchen.reporting.report import make_report, page
from gretchen.scoring.evaluation import Estimate
from gretchen.scoring.measure import read_record
from gretchen.scoring.newest import kept, newest_results
from gretchen.scoring.results import record_evaluation
from gretchen.serving.presets import Preset, PresetAnswer, presets_file, save

ROWS = TEST[:8]
SCORE = 'def score(prediction, row):\n    return {"exact": float(prediction == row["messages"][-1]["content"])}\n'


@pytest.fixture
def project(made_project):
    """A project of eight test rows, whose answer is "yes", with a result: SFT fixes four rows and breaks one."""
    made_project("def chats():\n" + chats(TRAIN[:5]) + chats(ROWS))
    (paths.projects() / "made" / "evaluation.py").write_text(SCORE, encoding="utf-8")
    build("made", "tiny")
    patterns = {"base": "yyynnnnn", "sft.zephyr": "nyyyyyyn", "dpo.zephyr": "nyyyyyyy"}
    words = {"y": "yes", "n": "no"}
    store_result("made", {name: dict(zip(ROWS, map(words.get, p), strict=True)) for name, p in patterns.items()})
    return "made"


def embedded(html):
    """Return the JSON that a page holds for its script."""
    return json.loads(re.search(r'<script type="application/json">(.*?)</script>', html, re.DOTALL)[1])


def test_the_figures_are_those_of_evaluation_json(project):
    html = page(make_report(project))
    (evaluation,) = kept(project)
    for model in evaluation.models:
        folder = paths.runs(project) / "evaluations" / model.evaluation
        score = read_record(folder).sets["test"].scores["exact"]
        assert score == model.sets["test"].scores["exact"]
        assert f"{score.value:.3f} [{score.low:.3f}, {score.high:.3f}]" in html
    table = embedded(html)
    assert table["models"] == ["base", "sft.zephyr", "dpo.zephyr"] == table["ladder"]
    for number, model in enumerate(evaluation.models):
        scores = [row["scores"][number] for row in table["rows"]]
        assert sum(scores) / len(scores) == model.sets["test"].scores["exact"].value


def test_the_same_run_gives_the_same_page_below_two_megabytes_that_asks_no_host(project):
    report(project, "")
    file = report_file(project)
    first = file.read_bytes()
    report(project, "tiny")
    assert file.read_bytes() == first
    assert len(first) < 2_000_000
    addresses = set(re.findall(r'(?:src|href|url)\s*[=(]\s*["\']?([^"\'>)\s]+)', first.decode()))
    assert all(address.startswith("#") for address in addresses), addresses


def test_every_part_of_the_report_is_there(project):
    html = page(make_report(project))
    for heading in ("Card", "Data", "Results", "Answers", "Training", "Limits", "Reproduce", "Cost", "by form"):
        assert heading in html, heading
    for text in (
        'make pipeline PROJECT=made STAGES=&#34;sft dpo&#34;', "make eval PROJECT=made RECORD=1", "Green Algorithms",
        "exact in answers while training", "shared_recipes/zephyr/sft.yaml", "not recorded in results.json",
    ):  # fmt: skip
        assert text in html, text
    assert html.count("<svg ") == 4


def test_a_newer_evaluation_is_shown_until_it_is_recorded(project):
    assert [result.recorded for result in newest_results(project)] == [False]
    record_evaluation(kept(project)[0])
    assert [result.recorded for result in newest_results(project)] == [True]
    assert "not recorded in results.json" not in page(make_report(project))


def test_both_profiles_are_shown_where_two_are_recorded(project):
    (tiny,) = kept(project)
    laptop = tiny.model_copy(update={"profile": "laptop", "base": tiny.base.model_copy(update={"source": "wheel"})})
    for evaluation in (laptop, tiny):
        record_evaluation(evaluation)
    html = page(make_report(project))
    assert html.index("Results, profile tiny") < html.index("Results, profile laptop")
    assert "profile tiny" not in page(make_report(project, "laptop"))


def test_without_the_data_or_the_runs_the_page_says_what_is_missing(project):
    rows = paths.runs(project) / "evaluations" / "rows"
    for folder in (paths.build(project), rows, paths.runs(project) / "sft.zephyr", paths.runs(project) / "dpo.zephyr"):
        shutil.rmtree(folder)
    made = make_report(project)
    assert made.parts[0].answers.problem.startswith("the data of this result are not built on this machine")
    html = page(made)
    assert "the runs are not on this machine" in html
    assert "make data PROJECT=made" in html


def test_another_build_of_the_data_leaves_the_answers(project, made_project):
    made_project("def chats():\n" + chats(TRAIN[:9]))
    build(project, "tiny")
    made = make_report(project)
    assert (made.parts[0].answers.problem, len(made.parts[0].answers.rows)) == ("", 8)
    assert "The result of profile tiny was measured on <code>" in page(made)


def test_presets_of_the_playground_are_shown_with_their_answers_as_text(project):
    answers = [
        PresetAnswer(model="base", prompting="raw prompt", text=text, summary="−2.40 log probability") for text in TEXTS
    ]
    preset = Preset(prompt="Nun sag', wie hast du's?", temperature=0.7, seed=3, answers=answers[:4])
    save(presets_file(project), "Gretchenfrage", preset)
    save(presets_file(project), TEXTS[1][:60], Preset(prompt=TEXTS[0], answers=answers))
    html = page(make_report(project))
    assert "Nun sag&#39;, wie hast du&#39;s?" in html
    assert "chat mode, temperature 0.7, top-p 1, seed 3, at most 128 tokens" in html
    assert html.count("raw prompt") == 4 + len(TEXTS)
    assert TEXTS[0] not in html and "<script>window.pwned=1" not in html
    assert len(html) < 2_000_000


def test_without_a_result_it_names_the_command_that_makes_one(made_project):
    made_project("def chats():\n" + chats(TRAIN[:5]))
    with pytest.raises(UserError, match="no result of made is stored") as raised:
        make_report("made")
    assert raised.value.hint == "make eval PROJECT=made"


def test_a_large_table_is_cut_evenly_over_forms(project, monkeypatch):
    monkeypatch.setattr(answer_rows, "MAX_BYTES", 1_500)
    table = make_report(project).parts[0].answers
    assert (table.available, 3 < len(table.rows) < 8) == (8, True)


@pytest.mark.parametrize("text", [*TEXTS, HALF], ids=lambda text: ascii(text)[:30])
def test_what_a_model_says_is_text(text):
    from gretchen.reporting.page import environment

    shown = environment().from_string("<p title='{{ text }}'>{{ text }}</p>").render(text=text)
    assert shown.count("<") == shown.count(">") == 2
    shown.encode()
    data = environment().from_string("{{ [text]|embedded }}").render(text=text)
    assert "<" not in data and "\u202e" not in data
    assert len(json.loads(data)[0]) >= len(text)


def test_names_on_charts_are_text():
    panel = Panel("$\\frac{1}{$ <script>", (Series("training, seed $x$ \u202e", ((1, 1.0), (2, 0.5))),))
    drawn = svg(panel)
    assert "<script>" not in drawn and "\u202e" not in drawn
    assert "&lt;script&gt;" in drawn
    assert drawn == svg(panel)


def test_only_web_addresses_are_links():
    assert web_link("https://wandb.ai/a/b") == "https://wandb.ai/a/b"
    assert [web_link(address) for address in ("javascript:alert(1)", "file:///etc/passwd", None)] == ["", "", ""]


def test_the_ladder_takes_the_cards_engine(project):
    (evaluation,) = kept(project)
    other = evaluation.models[1].model_copy(update={"name": "sft.axolotl", "run": "20260109-000000-aaaa"})
    evaluation = evaluation.model_copy(update={"models": [*evaluation.models, other]})
    names = [model.name for _, model in ladder(evaluation, load_card(project).engine).steps]
    assert names == ["base", "sft.zephyr", "dpo.zephyr"]
    assert ladder(evaluation, "axolotl").sft.name == "sft.axolotl"
    assert main_estimate(evaluation, ladder(evaluation, "zephyr").sft).value == 0.75


def test_scales_take_the_metrics_range_or_what_the_values_need():
    estimate = Estimate(value=30.0, low=20.0, high=40.0, count=3, method="bootstrap")
    assert scale_of([estimate], (0.0, 100.0)).bar(estimate).value == 30.0
    scale = scale_of([estimate, None], (0.0, float("inf")))
    assert (scale.start, scale.end) == (0.0, 41.0)
    assert scale_of([]).bar(None) is None


def test_power_by_hardware():
    assert power("2 cores, 24 GB, no GPU") == 2 * 12 + 24 * 0.3725
    assert power("16 cores, 128 GB, NVIDIA H100 80GB HBM3 (80 GB)") == 16 * 12 + 128 * 0.3725 + 700
    assert power("8 cores, 16 GB, Some GPU (8 GB)") is None
