"""The metrics: hand-worked cases, errant_compare itself, what games them."""

import math
import subprocess
import sys
from pathlib import Path

import pytest

from gretchen.projects.splits import split_of
from gretchen.scoring.baselines import baselines
from gretchen.scoring.evaluator import load_evaluator

SOURCE = ["She", "like", "tea", "and", "wait", "the", "bus", "."]
EDITS = [[1, 2, "likes", "R:VERB:SVA"], [4, 5, "waits", "R:VERB:SVA"], [5, 5, "for", "M:PREP"]]
RIGHT = "She likes tea and waits for the bus."
LINES = '\n1. SVA like → likes: after "she" the present ends in -s.\n2. PREP the → for the: "wait" goes with "for".'


def row(edits=None, **more):
    errors = [["SVA", "like", "likes"], ["PREP", "the", "for the"]]
    meta = {"kind": "correct", "language": "en", "asked": "en", "source": SOURCE, "level": "A1",
            "references": [EDITS if edits is None else edits], "errors": errors if edits is None else []}  # fmt: skip
    return {
        "id": "x",
        "form": "several",
        "messages": [{"role": "assistant", "content": RIGHT + LINES}],
        "meta": meta | more,
    }


def exercise(*accepted, kind="short"):
    meta = {"kind": kind, "language": "en", "asked": "en", "accepted": list(accepted), "level": "A1"}
    return {"id": "y", "form": "cloze", "messages": [{"role": "assistant", "content": accepted[0]}], "meta": meta}


@pytest.fixture(scope="module")
def found_edits(part):
    """The reference edits as ERRANT finds them."""
    right = ("She", "likes", "tea", "and", "waits", "for", "the", "bus", ".")
    found = part("route").edits_between("en", tuple(SOURCE), right)
    return [[e.start, e.end, e.correction, e.label] for e in found]


def test_a_correction_worked_out_by_hand(evaluation, found_edits):
    assert found_edits == EDITS
    both = evaluation.score(RIGHT + LINES, row(found_edits) | {"meta": row()["meta"] | {"references": [found_edits]}})
    assert both["f05"] == both["precision"] == both["recall"] == both["labels"] == 1
    # one of three edits: P = 1, R = 1/3, F0.5 = 1.25 × 1/3 / (0.25 + 1/3)
    one = evaluation.score("She likes tea and wait the bus.", row(found_edits))
    assert one["f05"] == pytest.approx(0.7143) and one["recall"] == pytest.approx(0.3333)
    # and a wrong one: P = 1/2, R = 1/3, F0.5 = 1.25 × 1/6 / (0.125 + 1/3)
    assert evaluation.score("She likes tea and wait a bus.", row(found_edits))["f05"] == pytest.approx(0.4545)


def test_no_change_is_precise_and_worth_nothing(evaluation, found_edits):
    scores = evaluation.score(" ".join(SOURCE), row(found_edits))
    assert scores["precision"] == 1 and scores["recall"] == 0 and scores["f05"] == 0
    assert evaluation.score("Correct as it is.", row(found_edits))["f05"] == 0


def test_a_correct_sentence_must_stay(evaluation):
    for answer in ("Correct as it is.", "Alles richtig.", "She like tea and wait the bus."):
        scores = evaluation.score(answer, row([]))
        assert scores["f05"] == 1 and scores["over_correction"] == 0, answer
    changed = evaluation.score("She likes tea and wait the bus.", row([]))
    assert changed["f05"] == 0 and changed["over_correction"] == 1


@pytest.mark.parametrize("answer", [
    "", "\n", RIGHT + " " + RIGHT, RIGHT + "\nShe like tea and waits on the bus.", "Correct as it is.\n" + RIGHT,
    "Please check my English: " + " ".join(SOURCE), "She likes/like tea and waits for/wait the bus.", ".", "She",
    "a " * 3000, "\ud800", "9" * 5000, "x" * 1_000_000, "1. SVA like → likes: rule.", "\x00", "🧬",
])  # fmt: skip
def test_what_games_the_metric_is_worth_little(evaluation, found_edits, answer):
    assert evaluation.score(answer, row(found_edits))["f05"] < 0.72, (
        "several variants, a copied prompt, everything deleted"
    )
    assert evaluation.score(answer, exercise("likes"))["f05"] == 0
    evaluation.score(answer, exercise("You like tea.", kind="recast"))
    assert 0 <= evaluation.reward(answer, row(found_edits)) < 0.8


def test_labels_count_those_expected_and_those_given(evaluation):
    meta = row()
    assert evaluation.score(RIGHT + LINES, meta)["labels"] == 1
    assert evaluation.score(RIGHT, meta)["labels"] == 0
    assert evaluation.score(RIGHT + LINES.replace("SVA", "TENSE"), meta)["labels"] == 0.5
    stuffed = RIGHT + LINES + "\n3. TENSE like → likes: rule.\n4. DET like → likes: rule."
    assert evaluation.score(stuffed, meta)["labels"] == 0.5


def test_words_above_the_level(evaluation):
    assert evaluation.score("She likes tea.", row())["above_level"] == 0
    assert evaluation.score("She likes trumpets.", row())["above_level"] == pytest.approx(1 / 3)
    assert evaluation.score("She likes trumpets.", row(level="B1"))["above_level"] == 0
    assert evaluation.score("Correct as it is.", row())["above_level"] is None


def test_exercises_and_recasts(evaluation):
    assert evaluation.score(' "likes" ', exercise("likes"))["exact"] == 1
    assert evaluation.score("likes or like", exercise("likes"))["exact"] == 0
    recast = exercise("You went home yesterday.", kind="recast")
    assert evaluation.score("You went home yesterday. And then?", recast)["exact"] == 1
    for answer in (
        "You went home yesterday.",
        "I goed home yesterday. And then?",
        "You went home yesterday. Why? And then?",
    ):
        assert evaluation.score(answer, recast)["exact"] == 0, answer


def test_the_sums_are_errant_compares_to_the_last_digit(evaluation, part, chats, tmp_path):
    """Hand-made hypotheses, one and several references: the same M2 through the real errant_compare."""
    m2, scoring, route = part("m2"), part("scoring"), part("route")
    rows = [item for item in chats if item["meta"]["kind"] == "correct"][:60]
    two = "He go to school ."
    several = [route.edits_between("en", tuple(two.split()), tuple(text.split()))
               for text in ("He goes to school .", "He went to the school .")]  # fmt: skip
    several = [[[e.start, e.end, e.correction, e.label] for e in edits] for edits in several]
    rows += [row(source=two.split(), references=several), row(source=two.split(), references=several[::-1])]
    answers = [_answer(number, item) for number, item in enumerate(rows[:-2])] + [
        "He went to school.",
        "He goes to the school.",
    ]
    given, right = [], []
    for item, answer in zip(rows, answers, strict=True):
        source = tuple(item["meta"]["source"])
        ours = scoring.edits_of(answer, item["meta"])
        given.append(m2.block(source, [ours]))
        right.append(
            m2.block(source, [[part("errors").Edit(*edit) for edit in edits] for edits in item["meta"]["references"]])
        )
    for name, blocks in (("hyp", given), ("ref", right)):
        (tmp_path / f"{name}.m2").write_text("\n".join(blocks), encoding="utf-8")
    command = [sys.executable, "-m", "errant.commands.compare_m2", "-hyp", "hyp.m2", "-ref", "ref.m2"]
    printed = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    numbers = printed.splitlines()[3].split("\t")
    scored = aggregated(evaluation, rows, answers)
    assert [float(number) for number in numbers[3:]] == [scored["precision"], scored["recall"], scored["f05"]], printed
    assert 0.1 < scored["f05"] < 0.95


def _answer(number, item):
    """Return the reference, the sentence unchanged, a half answer, or a wrong one, by turns."""
    reference = item["messages"][-1]["content"].split("\n")[0]
    source = " ".join(item["meta"]["source"])
    return (
        reference,
        source,
        reference.replace("a", "e", 1),
        reference,
        "Correct as it is.",
        source.replace("the", "a"),
    )[number % 6]


def aggregated(evaluation, rows, answers):
    """Return aggregate() of one answer a row."""

    class Scored:
        def __init__(self, item, answer):
            self.row, self.predictions = item, (answer,)

    return evaluation.aggregate([Scored(item, answer) for item, answer in zip(rows, answers, strict=True)])


def test_gleu_worked_out_by_hand(part):
    gleu = part("gleu")
    source, reference = ["she", "like", "tea", "a", "lot"], ["she", "likes", "tea", "a", "lot"]
    assert gleu.sentence_gleu(gleu.statistics(reference, source, reference)) == 1
    # The source itself. 1-grams: she tea a lot match, like is only the source's: 4 - 1 of 5. 2-grams: tea a, a lot
    # match, she like, like tea are only the source's: 0 of 4. 3-grams: 1 - 2 -> 0 of 3. 4-grams: 0 of 2.
    assert gleu.statistics(source, source, reference) == (5, 5, 3, 5, 0, 4, 0, 3, 0, 2)
    assert gleu.corpus_gleu([[gleu.statistics(source, source, reference)]]) == 0
    # One word short: every n-gram matches, and the brevity penalty is exp(1 - 5/4).
    short = gleu.statistics(reference[:4], source, reference)
    assert gleu.corpus_gleu([[short]]) == pytest.approx(math.exp(1 - 5 / 4))
    # Two sentences are summed, not averaged: (5 + 3)/(5 + 5), (4 + 0)/(4 + 4), 3/6, 2/4.
    both = [[gleu.statistics(reference, source, reference)], [gleu.statistics(source, source, reference)]]
    assert gleu.corpus_gleu(both) == pytest.approx((8 / 10 * 4 / 8 * 3 / 6 * 2 / 4) ** 0.25)


def test_gleu_of_several_references_is_the_mean_over_drawn_ones(part):
    gleu = part("gleu")
    source, first, second = (["he", "go", "home"], ["he", "goes", "home", "now"], ["he", "went", "home", "now"])
    ours = [gleu.statistics(first, source, reference) for reference in (first, second)]
    assert gleu.sentence_gleu(ours[0]) == 1 > gleu.sentence_gleu(ours[1])
    assert 0 < gleu.corpus_gleu([ours]) < 1


def test_no_change_stands_among_the_baselines_and_all_stay_below(chats):
    evaluator = load_evaluator(Path(__file__).parents[1].name)
    test = [item for item in chats if split_of(item["group"]) == "test"]
    answers = baselines(evaluator, test, chats)
    assert set(answers) == {"copied prompt", "most frequent answer", "no change"}
    values = {name: evaluator.aggregate(evaluator.score_answers(test, given)) for name, given in answers.items()}
    assert all(value["f05"] < 0.2 for value in values.values()), values
    assert values["no change"]["over_correction"] == 0 and values["no change"]["gleu"] > 0.3, (
        "copying looks good in GLEU"
    )
