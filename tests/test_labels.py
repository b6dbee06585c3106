"""Labels without a browser: the store under kill -9, export, votes, rows of a builder, agreement, answers to judge."""

import signal
import subprocess
import sys

import pytest
from made_project import TEST, TRAIN, build_problem, built_rows, chats
from planted_label import task

from gretchen import cli, feedback, paths
from gretchen.checks.mistakes.builder import one_group, repeats
from gretchen.errors import UserError
from gretchen.feedback import votes
from gretchen.feedback.agreement import agreement
from gretchen.feedback.export import absorb, export, label_store
from gretchen.feedback.labels import Judgement, Label, labels_file, read_labels, write_labels
from gretchen.feedback.store import LabelStore, Progress
from gretchen.projects.build import build

BUILDER = """
from gretchen import feedback as labels
def preferences():
    yield from labels.preferences(__file__)
def feedback():
    yield from labels.feedback(__file__)
def chats():
"""
SUBMIT = """
import sys
from planted_label import task
from gretchen.feedback.labels import Judgement
from gretchen.feedback.store import LabelStore
from pathlib import Path
store = LabelStore(Path(sys.argv[1]))
for number in range(10_000):
    asked = task(0, ("a", f"b {number}"), "?")
    store.add_task(asked)
    store.submit(asked, sys.argv[2], (Judgement(rank=1), Judgement(rank=2)))
    print(asked.id, flush=True)
"""


def label(rater, ranks, number=0, **more):
    """Return a label of three answers; `more` holds fields of the judgement by position."""
    asked = task(number, ("good", "fair", "poor"), f"How is {number}?")
    order = {answer.text: position for position, answer in enumerate(asked.answers)}
    judged = [Judgement(rank=1)] * 3
    for text, rank in zip(("good", "fair", "poor"), ranks, strict=True):
        judged[order[text]] = Judgement(rank=rank, **more.get(text, {}))
    return Label(task=asked, rater=rater, at=f"2026-01-0{number + 1}T00:00:00+00:00", judgements=tuple(judged))


@pytest.fixture
def project(made_project):
    """Return the project `made` with a builder of labels and built chats."""
    made_project(BUILDER + chats([*TRAIN[:8], *TEST[:4]]))
    build("made", "tiny")
    return "made"


@pytest.fixture
def builder(project):
    return str(paths.projects() / project / "dataset.py")


def store_labels(project, *labels):
    write_labels(labels_file(project), labels)


def test_two_writers_killed_at_any_moment_lose_no_submitted_label(tmp_path, root, environment):
    file = tmp_path / "labels.sqlite"
    options = {"stdout": subprocess.PIPE, "text": True, "env": environment(PYTHONPATH=str(root / "tests"))}
    raters = [subprocess.Popen([sys.executable, "-c", SUBMIT, file, name], **options) for name in ("x", "y")]
    submitted = []
    for process, count in zip(raters, (7, 23), strict=True):
        submitted += [process.stdout.readline().strip() for _ in range(count)]
        process.send_signal(signal.SIGKILL)
        submitted += process.stdout.read().split()
        process.wait()
    assert len(submitted) >= 30
    kept = [label.task.id for label in LabelStore(file).labels()]
    assert set(submitted) <= set(kept)
    assert len(kept) - len(submitted) <= 2  # kept, and killed before it was said


def test_raters_get_the_same_tasks_first_and_none_twice(tmp_path):
    store = LabelStore(tmp_path / "labels.sqlite")
    ada, emmy, third = store.rater("Ada"), store.rater(" emmy  noether"), store.rater("Third")
    assert store.rater("ADA ") == ada != emmy == store.rater("Emmy Noether")
    tasks = [task(number, ("a", "b"), "?") for number in range(3)]
    held_out = tasks[0].model_copy(update={"id": "held out", "group": (TEST[0],)})
    assert [store.add_task(each) for each in (held_out, *tasks, tasks[0])] == [True, True, True, True, False]
    judged = (Judgement(rank=1), Judgement(rank=2))
    for asked in tasks[::-1][:2]:
        store.submit(asked, ada, judged)
    assert store.next_task(ada, 2) == tasks[0]
    assert store.next_task(emmy, 2) == tasks[1]
    store.submit(tasks[1], emmy, judged)
    store.submit(tasks[1], emmy, judged[::-1])
    assert store.next_task(third, 2) == tasks[2]
    assert store.progress(third, 2) == Progress(judged=0, left=2, tasks=3)
    assert [each.judgements for each in store.labels() if each.rater == emmy] == [judged[::-1]]
    with pytest.raises(UserError, match="a rater's name has 1 to 60 characters"):
        store.rater(" ")


def test_an_export_keeps_what_teammates_exported(project, tmp_path):
    theirs, mine = label("rater-them", (1, 2, 3)), label("rater-me", (1, 2, 3), 1)
    store_labels(project, theirs)
    store = label_store(project)
    store.add(mine)
    assert export(project, store) == 2
    assert sorted(each.rater for each in read_labels(labels_file(project))) == ["rater-me", "rater-them"]
    before = labels_file(project).read_bytes()
    assert export(project, LabelStore(tmp_path / "another machine's.sqlite")) == 2
    assert labels_file(project).read_bytes() == before
    assert store.next_task(store.rater("Ada"), 2) is not None  # what a teammate judged is judged here, too


def test_labels_become_pairs_and_verdicts_of_more_raters_than_not(project, builder):
    flagged = {"fair": {"flags": ("hate",)}}
    store_labels(
        project,
        *(label(name, (1, 2, 3), 0) for name in "ab"),
        label("c", (3, 2, 1), 0),
        *(label(name, ranks, 1) for name, ranks in (("a", (1, 2, 2)), ("b", (2, 1, 2)))),
        *(label(name, (2, 1, 2), 2, **flagged) for name in "ab"),
        label(
            "a", (1, 1, 2), 3, good={"good": False}, fair={"scales": {"quality": 3}}, poor={"scales": {"quality": 5}}
        ),
    )
    rows = list(feedback.preferences(builder))
    pairs = [(r["meta"]["row"], r["chosen"][0]["content"], r["rejected"][0]["content"]) for r in rows]
    assert sorted(pairs) == [
        ("row-0", "fair", "poor"), ("row-0", "good", "fair"), ("row-0", "good", "poor"),
        ("row-1", "fair", "poor"), ("row-1", "good", "poor"),
        ("row-3", "fair", "poor"), ("row-3", "good", "poor"),
    ]  # fmt: skip
    assert {(r["meta"]["labelled"], r["meta"]["margin"]) for r in rows if r["meta"]["row"] == "row-0"} == {(3, 1)}
    verdicts = [(r["meta"]["row"], r["completion"][0]["content"], r["label"]) for r in feedback.feedback(builder)]
    assert sorted(verdicts) == [
        ("row-0", "good", True), ("row-0", "poor", False),
        ("row-1", "poor", False),
        ("row-2", "fair", False), ("row-2", "good", False), ("row-2", "poor", False),
        ("row-3", "good", False), ("row-3", "poor", True),
    ]  # fmt: skip


def test_a_build_holds_all_pairs_of_a_prompt_and_its_hash_follows_the_labels(project):
    without = build("made", "tiny"), len(built_rows(paths.root(), "preferences")["train"])
    assert without == (False, 0)
    store_labels(project, label("a", (1, 2, 3)), label("a", (3, 2, 1), 1))
    assert build("made", "tiny")
    rows = built_rows(paths.root(), "preferences")
    assert {split: len(of_split) for split, of_split in rows.items()} == {
        "train": 6,
        "validation": 0,
        "test": 0,
        "hard": 0,
    }
    assert len(built_rows(paths.root(), "feedback")["train"]) == 4
    assert not build("made", "tiny")


def test_labelled_rows_of_one_split_are_no_mistake_of_the_builder(project, builder):
    store_labels(project, *(label("a", (1, 2, 3), number) for number in range(9)))
    rows = list(feedback.preferences(builder))
    assert len(rows) == 27
    assert [*one_group(rows, "here"), *repeats(rows, "here")] == []


def test_a_faulty_line_is_named(project):
    store_labels(project, label("a", (1, 2, 3)))
    line = labels_file(project).read_text(encoding="utf-8")
    bad = [
        line.replace('"rank": 1', '"rank": 0'),
        "{\n",
        line.replace('"at"', '"when"'),
        line.replace("How", "\\ud800"),
    ]
    labels_file(project).write_text(line + "".join(bad), encoding="utf-8")
    problem = build_problem(project).split("\n")
    assert problem[0].startswith("projects/made/data/labels.jsonl:2: judgements.")
    assert "greater than or equal to 1" in problem[0]
    assert (
        problem[1] == "projects/made/data/labels.jsonl:3: not JSON: Expecting property name enclosed in double quotes"
    )
    assert problem[2].startswith("projects/made/data/labels.jsonl:4: at: Field required")
    assert "half of a character" in problem[3]


def vote(prompt, best=0, tie=False, rater="", mode="chat"):
    """Return a vote between two answers."""
    answers = tuple(votes.VotedAnswer(model=name, source=name, text=f"by {name}") for name in ("base", "sft"))
    settings = votes.VotedSettings(mode=mode, prompt=prompt, temperature=0.5)
    return votes.Vote(
        at="2026-01-01T00:00:00+00:00",
        rater=rater,
        project="made",
        settings=settings,
        answers=answers,
        best=best,
        tie=tie,
    )


def test_a_vote_is_a_label_unless_it_is_on_a_held_out_question(project, builder):
    question = "What is {} in this row of ours?"
    cast = [
        vote(question.format(TRAIN[0]), best=1, rater="Grete"),
        vote(question.format(TEST[0])),
        vote("Another question?", best=None),
        vote("A third one?", best=None, tie=True),
        vote("Once upon", mode="completion"),
    ]
    for each in cast:
        votes.append(paths.runs("made") / "labels" / "votes.jsonl", each)
    store = label_store(project)
    absorbed = absorb(project, store)
    assert (absorbed.votes, absorbed.votes_left_out) == (3, 2)
    assert absorb(project, store).votes == 0
    assert export(project, store) == 3
    (pair,) = feedback.preferences(builder)
    assert (pair["chosen"][0]["content"], pair["group"], pair["form"]) == ("by sft", [TRAIN[0]], "ask")
    verdicts = [(row["form"], row["label"]) for row in feedback.feedback(builder)]
    assert sorted(verdicts) == [("ask", False), ("ask", True), *[("playground", x) for x in (False, False, True, True)]]
    build(project, "tiny")


def test_agreement_is_krippendorffs_alpha():
    same = [label(rater, ranks, n) for rater in "ab" for n, ranks in enumerate([(1, 2, 3), (3, 1, 2), (2, 2, 1)])]
    (ranking,) = agreement(same)
    assert (ranking.question, ranking.alpha, ranking.units, ranking.raters) == ("ranking", 1.0, 9, 2)
    assert agreement([label("a", (1, 2, 3))])[0] == ranking.__class__("ranking", None, 0, 0)
    # Nominal, two raters, as computed by hand: 1 - (n - 1) * o01 / (n0 * n1), n = 6 values, one of three units differs.
    flags = [label("a", (1, 1, 1), good={"flags": ("spam",)}), label("b", (1, 1, 1))]
    (spam,) = (each for each in agreement(flags) if each.question == "spam")
    assert spam.alpha == pytest.approx(1 - 5 * 1 / (1 * 5))
    tied = agreement(flags)[0]
    assert (tied.alpha, tied.units) == (None, 3)  # all the same: not defined


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--export"], "there are no labels of made"),
        (["--answers=5"], "Invalid value for '--answers'"),
        (["--predictions=none.jsonl"], "there is no file none.jsonl"),
    ],
)
def test_bad_input_is_one_sentence(project, capsys, words, problem):
    assert cli.run(["label", "--project=made", *words]) == 2
    assert capsys.readouterr().err.startswith(f"error: {problem}")


def test_export_says_what_comes_next(project, capsys):
    label_store(project).add(label("a", (1, 2, 3)))
    label_store(project).add(label("b", (1, 2, 3)))
    assert cli.run(["label", "--project=made", "--export"]) == 0
    shown = capsys.readouterr()
    assert shown.out.splitlines() == [
        "projects/made/data/labels.jsonl: 2 labels",
        "  agreement on ranking: alpha 1.00 (3 units, 2 raters)",
    ]
    assert shown.err == ""  # its builder offers them already
