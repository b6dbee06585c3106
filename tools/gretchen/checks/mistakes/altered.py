"""What a metric overlooks: the reference with other numbers, its letters in another order, its first line, half right.

    altered_answers(Probe(evaluator, rows), "projects/…/evaluation.py")      -> problems

An altered reference is reported only where it scores exactly as the reference does in the main metric, on all rows on
which it is another answer. A metric of degree, which gives it a little less, is none of these.
"""

import math
import re
from collections.abc import Callable, Iterator

from gretchen.checks.mistakes.metric_probe import Probe
from gretchen.checks.mistakes.problems import Problem, error, warning
from gretchen.projects.rows import Row, reference_of
from gretchen.scoring.scored import Answer

MIN_ALTERED = 4
TOLERANCE = 1e-9
WORD = re.compile(r"[^\W\d_]{4,}")
# So many answers of ten are right in `half_right`.
MIN_SHARE = 0.2


def other_numbers(text: str) -> str:
    """Return a text in which every digit is another one, far from it."""
    return re.sub(r"\d", lambda digit: str((int(digit[0]) + 5) % 10), text)


def other_order(text: str) -> str:
    """Return a text with the letters of each longer word in reverse order."""
    return WORD.sub(lambda word: word[0][::-1], text)


def first_line(text: str) -> str:
    """Return a text's first line."""
    return next((line for line in text.splitlines() if line.strip()), text)


def said_again(text: str) -> str:
    """Return a text five times in a row."""
    return " ".join([text] * 5)


ALTERATIONS: tuple[tuple[str, Callable[[str], str], str], ...] = (
    ("the reference with other digits", other_numbers, "a wrong number counts as right"),
    ("the reference with its words spelled backwards", other_order, "a wrong word counts as right"),
    ("the reference's first line", first_line, "what follows does not count"),
    ("the reference five times over", said_again, "a model that repeats itself looks good"),
)


def altered_answers(probe: Probe, file: str) -> Iterator[Problem]:
    """Warn of altered references that score like the reference; report scores that only right answers have."""
    if probe.evaluator.offers("reply"):
        return
    main = probe.evaluator.main_metric
    for name, alter, consequence in ALTERATIONS:
        rows = [row for row in probe.rows if alter(reference_of(row)).casefold() != reference_of(row).casefold()]
        rows = [row for row in rows if reference_of(row)]
        if len(rows) < MIN_ALTERED:
            continue
        right = value_on(probe, rows, reference_of)
        wrong = value_on(probe, rows, lambda row, alter=alter: alter(reference_of(row)))
        if not math.isnan(right) and abs(right - wrong) <= TOLERANCE * max(1.0, abs(right)):
            yield warning(f"{file}: {name} scores {wrong:.4g} in '{main}', as well as the reference: {consequence}")
    yield from unscored_errors(probe, file)
    yield from half_right(probe, file)


def value_on(probe: Probe, rows: list[Row], answer_to: Callable[[Row], str]) -> float:
    """Return the main metric of an answer to each of some rows; NaN where it does not apply."""
    samples = range(probe.evaluator.settings.samples)
    answers = [Answer(row["id"], sample, answer_to(row), True) for row in rows for sample in samples]
    return probe.value(answers, rows).get(probe.evaluator.main_metric, math.nan)


def unscored_errors(probe: Probe, file: str) -> Iterator[Problem]:
    """Report a main metric that wrong answers do not have: they are left out of the mean."""
    main, evaluator = probe.evaluator.main_metric, probe.evaluator
    right = evaluator.score_answers(probe.rows, probe.oracle)
    if not any(main in scores for row in right for scores in row.scores):
        return  # the main metric is one of aggregate()
    wrong = evaluator.score_answers(probe.rows, probe.answers(probe.other_reference))
    applies, unscored = 0, 0
    for row, other in zip(right, wrong, strict=True):
        if not math.isnan(row.mean(main)):
            applies += 1
            unscored += math.isnan(other.mean(main))
    if unscored > MIN_SHARE * max(1, applies):
        yield error(
            f"{file}: score() returns None or NaN in '{main}' for {unscored} of {applies} wrong answers, and a value "
            "for the right ones: wrong answers are left out of the mean: 0 is the score of a wrong one"
        )


def half_right(probe: Probe, file: str) -> Iterator[Problem]:
    """Report an aggregate that is the best value though every other answer is empty."""
    main = probe.evaluator.main_metric
    right, empty = probe.oracle, probe.answers(lambda row: "")
    samples = probe.evaluator.settings.samples
    mixed = [good if n // samples % 2 else bad for n, (good, bad) in enumerate(zip(right, empty, strict=True))]
    best, worst, half = (probe.value(answers).get(main, math.nan) for answers in (right, empty, mixed))
    if not math.isnan(best + half) and abs(best - half) <= TOLERANCE * max(1.0, abs(best)) and half != worst:
        yield error(
            f"{file}: '{main}' is {half:.4g} with every other answer empty, as with right ones: wrong answers must "
            "count in aggregate()"
        )
