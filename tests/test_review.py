"""`make review`, `make table`: what is stored of all projects, other checkouts among them, of which nothing is run."""

import json
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hostile_text import TEXTS
from run_records import write_run

from gretchen import cli, paths
from gretchen.errors import UserError
from gretchen.projects.card import Source
from gretchen.reporting.checklist import NAMES, checklist
from gretchen.reporting.checkouts import checkouts, read_teams, without_login
from gretchen.reporting.entries import entries
from gretchen.reporting.result_view import result_view
from gretchen.reporting.review import folder, review, review_table, write_review

ROOT = Path(__file__).resolve().parents[1]
SLUG = "genome-chatbot"


def copy_project(root, slug, **evaluation):
    """Copy the flagship's card and results under another name, its results with other values."""
    target = root / "projects" / slug
    target.mkdir(parents=True)
    shutil.copy(ROOT / "projects" / SLUG / "project.yaml", target)
    results = json.loads((ROOT / "projects" / SLUG / "results.json").read_text(encoding="utf-8"))
    results["evaluations"] = [results["evaluations"][0] | {"project": slug} | evaluation]
    (target / "results.json").write_text(json.dumps(results), encoding="utf-8")
    return target


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A clone with the flagship's result, and a project without any."""
    clone = tmp_path / "clone"
    monkeypatch.setenv("GRETCHEN_ROOT", str(clone))
    copy_project(clone, SLUG)
    (copy_project(clone, "plant-genomics") / "results.json").unlink()
    return clone


def git(folder, *words):
    environment = os.environ | {"GIT_CONFIG_GLOBAL": "/dev/null"}
    names = ["-c", "user.name=t", "-c", "user.email=t@t"]
    subprocess.run(["git", "-C", str(folder), *names, *words], check=True, capture_output=True, env=environment)


def commit(folder):
    """Make a folder a git repository with all its files."""
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "-m", "all")


def page_of(entry):
    return (folder() / entry.page).read_text(encoding="utf-8")


def test_a_row_and_a_page_for_each_project(root):
    reviewed = review(entries(checkouts("")))
    assert [item.entry.slug for item in reviewed] == [SLUG, "plant-genomics"]
    index = write_review(reviewed).read_text(encoding="utf-8")
    assert index.count("<tr data-stages") == 2
    first, second = (item.entry for item in reviewed)
    (view,) = first.views
    for _, model in view.ladder.steps:
        assert f"{view.main(model).value:.3f}" in index
    assert "No result" not in page_of(first)
    assert "None is recorded" in page_of(second)
    cells = review_table(reviewed).rows
    assert [row[0] for row in cells] == [SLUG, "plant-genomics"]
    assert "no result recorded" in cells[1]


def test_both_results_are_shown_where_a_project_has_two(root):
    file = root / "projects" / SLUG / "results.json"
    results = json.loads(file.read_text(encoding="utf-8"))
    tiny = results["evaluations"][0]
    results["evaluations"] = [tiny, tiny | {"profile": "laptop", "base": tiny["base"] | {"source": "wheel"}}]
    file.write_text(json.dumps(results), encoding="utf-8")
    reviewed = review(entries(checkouts("")))
    assert [row[4] for row in review_table(reviewed).rows if row[0] == SLUG] == [tiny["profile"], "laptop"]
    assert write_review(reviewed).read_text(encoding="utf-8").count('<div class="result">') == 2
    assert "Result, profile laptop" in page_of(reviewed[0].entry)


def test_runs_of_this_clone_count_as_stages_and_last_run(root):
    for recipe, run in (("sft.zephyr", "20260101-000000-aaaa"), ("kto.zephyr", "20260203-000000-bbbb")):
        write_run(paths.runs("plant-genomics") / recipe / run)
    (entry,) = (entry for entry in entries(checkouts("")) if entry.slug == "plant-genomics")
    assert (entry.stages, entry.last_run, entry.num_runs) == (["sft", "kto"], "2026-02-03", 2)


def points(entry):
    return {point.name: point for point in checklist(entry)}


def test_the_checklist_says_not_run_where_nothing_is_stored(root):
    (entry,) = (entry for entry in entries(checkouts("")) if entry.slug == "plant-genomics")
    assert {name: point.status for name, point in points(entry).items() if name != "licence"} == dict.fromkeys(
        NAMES[:-1], "not run"
    )


def test_the_checklist_reads_the_result(root):
    flagship = next(entry for entry in entries(checkouts("")) if entry.slug == SLUG)
    found = points(flagship)
    assert list(found) == list(NAMES)
    assert found["question answered"].status == "ok"
    assert found["samples read"].status == "not run"
    view = flagship.views[0]
    newest = view.ladder.newest
    test = newest.sets[view.first].against_base
    weak = test.model_copy(update={"p_value": 0.2})
    result = newest.sets[view.first].model_copy(update={"against_base": weak})
    model = newest.model_copy(update={"sets": {view.first: result}})
    evaluation = view.evaluation.model_copy(update={"inherited_from": "moss", "models": [view.ladder.base, model]})
    changed = points(replace(flagship, views=(result_view(evaluation, flagship.card),)))
    assert changed["question answered"].status == "open"
    assert changed["significance"].status == "open"
    assert changed["baseline"].reason == "the result has no baseline"
    source = Source(name="scraped", licence="unknown", use="train")
    card = flagship.card.model_copy(update={"sources": [source]})
    assert points(replace(flagship, card=card))["licence"].reason == "no licence stated: scraped"


def test_a_reviewer_answers_points_by_hand(root):
    notes = "# Review\n\n- [x] samples read: 20 rows, all forms\n- [ ] Baseline: no few-shot\n- [x] lunch: yes\n"
    (root / "projects" / SLUG / "REVIEW.md").write_text(notes, encoding="utf-8")
    entry = next(entry for entry in entries(checkouts("")) if entry.slug == SLUG)
    found = points(entry)
    assert (found["samples read"].status, found["samples read"].reason) == ("ok", "20 rows, all forms")
    assert (found["baseline"].status, found["baseline"].by_hand) == ("open", True)
    write_review(review([entry]))
    assert "- [x] lunch: yes" in page_of(entry)


def test_from_reads_a_folder_and_a_repository_and_leaves_unchanged_copies_out(root, tmp_path):
    copy_project(tmp_path / "a", "moss-genomics")
    copy_project(tmp_path / "b", "fern-genomics")
    shutil.copytree(root / "projects" / SLUG, tmp_path / "b" / "projects" / SLUG)
    commit(tmp_path / "b")
    (root / "teams.yaml").write_text(f"team-a: ../a\nteam-b: file://{tmp_path}/b\nteam-c: ../c\n", encoding="utf-8")
    reviewed = review(entries(checkouts("teams.yaml")))
    assert [(item.entry.slug, item.entry.team) for item in reviewed[2:]] == [
        ("moss-genomics", "team-a"), ("fern-genomics", "team-b"), ("(none)", "team-c")
    ]  # fmt: skip
    assert reviewed[-1].entry.problem.endswith("has no projects/")
    write_review(reviewed)
    assert (folder() / "team-b--fern-genomics.html").is_file()


def test_nothing_of_a_hostile_repository_is_run_or_read_outside_it(root, tmp_path):
    evil = tmp_path / "evil"
    project = copy_project(evil, "bad", git="<script>window.pwned=1</script>", wandb="javascript:window.pwned=1")
    linked = copy_project(evil, "linked")
    (linked / "results.json").unlink()
    secret = tmp_path / "secret.json"
    secret.write_text('{"secret": "sesame"}', encoding="utf-8")
    (linked / "results.json").symlink_to(secret)
    (evil / "projects" / "outside").symlink_to(tmp_path)
    (project / "REVIEW.md").write_text("x" * 5_000_000, encoding="utf-8")
    (evil / ".gitattributes").write_text("* filter=evil\n", encoding="utf-8")
    commit(evil)
    flag = tmp_path / "pwned"
    for hook in ("post-checkout", "post-merge", "reference-transaction"):
        (evil / ".git/hooks" / hook).write_text(f"#!/bin/sh\ntouch {flag}\n", encoding="utf-8")
        (evil / ".git/hooks" / hook).chmod(0o755)
    git(evil, "config", "filter.evil.smudge", f"touch {flag}")
    git(evil, "config", "core.fsmonitor", f"touch {flag}")
    (project / "dataset.py").write_text(f"open({str(flag)!r}, 'w')", encoding="utf-8")
    with (copy_project(evil, "huge") / "results.json").open("wb") as stream:
        stream.truncate(1_000_000_000)
    os.mkfifo(copy_project(evil, "pipe") / "REVIEW.md")
    addresses = f"git: file://{evil}\nfolder: {evil}\n'ext': 'ext::sh -c touch% {flag}'\n"
    (root / "teams.yaml").write_text(addresses, encoding="utf-8")
    found = {(entry.checkout, entry.slug): entry for entry in entries(checkouts("teams.yaml"))}
    write_review(review(list(found.values())))
    assert not flag.exists()
    assert found["git", "bad"].notes == found["folder", "bad"].notes == ""
    assert "not read" in found["folder", "linked"].problem
    assert "not read" in found["folder", "huge"].problem
    assert ("folder", "outside") not in found
    assert found["git", "linked"].views == ()
    pages = "".join(file.read_text(encoding="utf-8") for file in folder().glob("*.html"))
    assert "sesame" not in pages
    assert "<script>window" not in pages
    assert 'href="javascript' not in pages


def test_a_repository_that_cannot_be_fetched_is_a_row_with_the_reason(root, tmp_path):
    (root / "teams.yaml").write_text(f"team-a: file://{tmp_path}/nowhere\n", encoding="utf-8")
    (*_, missing) = entries(checkouts("teams.yaml"))
    assert missing.problem.startswith(f"file://{tmp_path}/nowhere cannot be fetched: ")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("- a\n- b\n", "teams.yaml: expected a mapping"),
        ("../a: x\n", "teams.yaml: '../a' cannot be a team's name"),
        ("a: [1]\n", "teams.yaml: a: '[1]' is neither a folder nor a git address"),
        ("a: --upload-pack=x\n", "teams.yaml: a: '--upload-pack=x' is neither a folder nor a git address"),
        ("a: 'x\n", "teams.yaml:2: not YAML"),
    ],
)
def test_a_faulty_teams_file_is_one_sentence(root, text, problem):
    (root / "teams.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(UserError) as raised:
        read_teams(root / "teams.yaml")
    assert raised.value.problem.startswith(problem)


def test_logins_in_addresses_are_not_shown():
    assert (
        without_login("fatal: https://me:ghp_x@github.com/a/b not found") == "fatal: https://github.com/a/b not found"
    )


@pytest.mark.parametrize("text", ["{", "[" * 100_000, '{"evaluations": 1}', "\ufeff", ""])
def test_a_damaged_result_is_a_problem_of_its_project_alone(root, text):
    (root / "projects" / SLUG / "results.json").write_text(text, encoding="utf-8")
    reviewed = review(entries(checkouts("")))
    assert reviewed[0].entry.problem.startswith(f"projects/{SLUG}/results.json")
    assert len(review_table(reviewed).rows) == 2
    write_review(reviewed)


def test_hostile_names_and_notes_are_text(root):
    target = root / "projects" / SLUG
    results = json.loads((target / "results.json").read_text(encoding="utf-8"))
    names = [text for text in TEXTS if len(text) < 1000]
    for model, name in zip(results["evaluations"][0]["models"], names, strict=False):
        model["name"] = name
    (target / "results.json").write_text(json.dumps(results), encoding="utf-8")
    (target / "REVIEW.md").write_text("\n".join(names), encoding="utf-8")
    reviewed = review(entries(checkouts("")))
    write_review(reviewed)
    page = page_of(reviewed[0].entry)
    assert page.count("<script>") == 1
    assert "\u202e" not in page
    assert "<img" not in page


def test_the_commands_print_and_write(root, capsys):
    assert cli.run(["table"]) == 0
    assert SLUG in capsys.readouterr().out
    assert cli.run(["review"]) == 0
    assert "wrote build/review/index.html, 2 projects" in capsys.readouterr().out
    assert cli.run(["review", "--from", "nowhere.yaml"]) == 2
    assert "nowhere.yaml is missing, or no text file" in capsys.readouterr().err


def test_each_project_has_a_page_of_its_own_whatever_its_folder_is_called(root):
    slugs = ["a.b", "a_b", "A_b", "a-b", "a--b", "index", "ä" * 40, "a_2eb"]
    for slug in slugs:
        copy_project(root, slug)
    reviewed = review(entries(checkouts("")))
    pages = {item.entry.page: item.entry.slug for item in reviewed}
    assert set(slugs) < set(pages.values())
    assert len({page.lower() for page in pages}) == len(reviewed)
    assert "index.html" not in pages
    first = reviewed[0].entry
    teams = [("a", "b--c"), ("a--b", "c"), ("a-", "b"), ("a", "-b")]
    assert len({replace(first, checkout=team, slug=slug).page for team, slug in teams}) == len(teams)
    write_review(reviewed)
    for page, slug in pages.items():
        assert slug in (folder() / page).read_text(encoding="utf-8")
