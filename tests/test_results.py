"""results.json: one evaluation per profile and source of the base's weights, and the README's tables of them."""

import json
import shutil
from pathlib import Path

import pytest
from recorded_results import tiny_evaluation

from gretchen.errors import UserError
from gretchen.scoring.results import END, START, parse_results, read_results, record_evaluation, with_table
from gretchen.scoring.table import markdown_table

ROOT = Path(__file__).resolve().parents[1]
SLUG = "genome-chatbot"


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Return the flagship's folder in a root of one test, with README and results.json only, both of profile tiny."""
    monkeypatch.setenv("GRETCHEN_ROOT", str(tmp_path))
    folder = tmp_path / "projects" / SLUG
    folder.mkdir(parents=True)
    shutil.copy(ROOT / "projects" / SLUG / "README.md", folder)
    record_evaluation(tiny_evaluation())
    return folder


def variant(evaluation, profile, source, weights="w" * 16):
    """Return an evaluation as that of another profile and base."""
    base = evaluation.base.model_copy(update={"source": source, "weights": weights})
    return evaluation.model_copy(update={"profile": profile, "base": base})


def test_recording_replaces_only_the_result_of_its_profile_and_source(project):
    (tiny,) = read_results(SLUG).evaluations
    hub, wheel = variant(tiny, "laptop", "hub"), variant(tiny, "laptop", "wheel")
    for evaluation in (hub, wheel):
        assert record_evaluation(evaluation) == [project / "results.json", project / "README.md"]
    assert read_results(SLUG).evaluations == [tiny, hub, wheel]
    again = variant(tiny, "laptop", "hub", weights="v" * 16)
    record_evaluation(again)
    assert read_results(SLUG).evaluations == [tiny, again, wheel]


def test_the_readme_shows_a_block_of_tables_for_each_result(project):
    (tiny,) = read_results(SLUG).evaluations
    readme = (project / "README.md").read_text(encoding="utf-8")
    assert readme.split(START)[1].split(END)[0].strip() == markdown_table(tiny), "one result: no heading"
    wheel = variant(tiny, "laptop", "wheel")
    record_evaluation(wheel)
    tables = (project / "README.md").read_text(encoding="utf-8").split(START)[1].split(END)[0].strip()
    first, second = tables.split("\n\n### Profile laptop, base from the package index\n\n")
    assert first == f"### Profile tiny, base from the project's folder\n\n{markdown_table(tiny)}"
    assert second == markdown_table(wheel)


def test_a_fork_inherits_every_result(project):
    (tiny,) = read_results(SLUG).evaluations
    record_evaluation(variant(tiny, "laptop", "hub"))
    inherited = read_results(SLUG).inherited_by("plant-genomics")
    assert [(e.project, e.inherited_from) for e in inherited.evaluations] == [("plant-genomics", SLUG)] * 2
    again = inherited.inherited_by("moss-genomics")
    assert [(e.project, e.inherited_from) for e in again.evaluations] == [("moss-genomics", SLUG)] * 2


def test_a_project_without_results_has_none(project):
    (project / "results.json").unlink()
    assert read_results(SLUG).evaluations == []
    assert read_results(SLUG).markdown() == ""


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"schema_version": 2}, "schema_version: Input should be 1"),
        ({"extra": 1}, "extra: Extra inputs are not permitted"),
        ({"evaluations": None}, "evaluations: Input should be a valid list"),
    ],
)
def test_results_of_another_schema_are_one_sentence(project, change, problem):
    values = json.loads((project / "results.json").read_text(encoding="utf-8")) | change
    with pytest.raises(UserError) as error:
        parse_results(json.dumps(values), SLUG)
    file, hint = f"projects/{SLUG}/results.json", f"make eval PROJECT={SLUG} RECORD=1"
    assert (error.value.problem, error.value.hint) == (f"{file}: {problem}", f"delete it, then {hint}")
    with pytest.raises(UserError) as error:
        parse_results("<<<<<<<", SLUG)
    assert (error.value.problem, error.value.hint) == (f"{file} is not JSON", hint)


def test_a_table_is_written_between_the_markers_and_nothing_else_changes():
    text = f"above\n{START}\nold\n{END}\nbelow"
    assert with_table(text, "new\n") == f"above\n{START}\nnew\n{END}\nbelow"
    assert with_table(with_table(text, "new"), "new") == with_table(text, "new")
    assert with_table("no markers", "new") == "no markers"
