"""Mistakes of evaluation.py that a few answers show: the reference must score best, and a trivial answer must not.

    metric_mistakes(load_evaluator("genome-chatbot"), sample)      -> problems

Answers are made up here: the reference, nothing, the question, the most frequent answer, another row's, all of them at
once. Raises UserError, with file and line, for what evaluation.py raises.
"""

import copy
import math
import time
from collections.abc import Iterator, Mapping

from gretchen import paths
from gretchen.checks.mistakes.altered import altered_answers
from gretchen.checks.mistakes.metric_probe import Probe, Sample
from gretchen.checks.mistakes.problems import Problem, error, warning
from gretchen.checks.mistakes.rewards import reward_mistakes
from gretchen.errors import UserError
from gretchen.projects.rows import Row, reference_of
from gretchen.scoring.evaluator import Evaluator
from gretchen.scoring.testset import ANSWERED

MIN_ROWS = 8
MAX_SECONDS = 1.0
TOLERANCE = 1e-6
MIN_SHARE = 0.5  # of the rows, that the main metric applies to
SLOW_SECONDS = 0.25
# Answers that a model may give, and that a metric must survive.
ODD = ("", " ", "\n", "nan", "-1", "1e400", "9" * 400, "\x00", "🧬", "[]", "{", "a: b: c", "GC: " + "9" * 5000)
# What a trivial answer scores at most, as a share of the way from worst to best.
LIMITS = {"an empty answer": 0.5, "the copied question": 0.6, "the most frequent answer": 0.75,
          "another row's reference": 0.6, "the reference's first letter": 0.5,
          "half of the reference": 0.9}  # fmt: skip
ALL_AT_ONCE = "an answer that lists other rows' references beside its own"
CONSEQUENCE = {
    "an empty answer": "a model that says nothing looks good",
    "the copied question": "a model that repeats the question looks good",
    "the most frequent answer": "a model that always says the same looks good",
    "another row's reference": "a wrong answer counts as right",
    "the reference's first letter": "a part of the reference counts as right",
    "half of the reference": "a part of the reference counts as right",
}


def metric_mistakes(evaluator: Evaluator, sample: Sample) -> Iterator[Problem]:
    """Yield the mistakes of a project's metrics on a sample of its rows."""
    rows = next((sample[name] for name in ANSWERED if sample.get(name)), [])
    if not rows:
        return
    probe, file = Probe(evaluator, rows), paths.shown(evaluator.file)
    started = time.monotonic()
    values = probe.value(probe.oracle)
    seconds = (time.monotonic() - started) / len(probe.rows)
    if seconds > SLOW_SECONDS:
        yield warning(
            f"{file}: score() takes {seconds:.1f} s an answer: 1,000 rows take {seconds * 1000 / 60:.0f} minutes"
        )
    yield from never_returned(evaluator, probe, values, file)
    if math.isnan(values.get(evaluator.main_metric, math.nan)):
        return
    yield from reference_is_best(evaluator, values, file)
    if seconds > SLOW_SECONDS:
        return  # a thousand more answers would take minutes
    yield from survives(probe)
    yield from repeatable(probe, file)
    if len(probe.rows) >= MIN_ROWS:
        yield from trivial_answers(probe, values, file)
        yield from altered_answers(probe, file)
    yield from reward_mistakes(evaluator, sample, file)


def never_returned(evaluator: Evaluator, probe: Probe, values: Mapping[str, float], file: str) -> Iterator[Problem]:
    """Report a main metric that is never returned, warn of one for few rows, and of others that are never returned."""
    main = evaluator.main_metric
    for name in evaluator.settings.metrics:
        if not math.isnan(values.get(name, math.nan)) or (name != main and evaluator.offers("properties")):
            continue
        level = error if name == main else warning
        role = "the main metric" if name == main else "the metric"
        yield level(
            f"{file}: {role} '{name}' is never returned for the reference: the card names it in evaluation.metrics"
        )
    scored = evaluator.score_answers(probe.rows, probe.oracle)
    applies = sum(not math.isnan(row.mean(main)) for row in scored)
    by_score = any(main in scores for row in scored for scores in row.scores)
    if by_score and 0 < applies < MIN_SHARE * len(scored):
        yield warning(
            f"{file}: the main metric '{main}' applies to {applies} of {len(scored)} rows: it leaves out the others"
        )


def survives(probe: Probe) -> Iterator[Problem]:
    """Warn of a metric that raises on an odd answer. Raises UserError where it raises on a right one."""
    if probe.evaluator.offers("reply"):
        return
    try:
        for text in ODD:
            probe.evaluator.score(text, probe.rows[0])
    except UserError as failure:
        yield warning(f"{failure.problem}, for an answer that a model may give: it gets the worst score")
    started = time.monotonic()
    for row in probe.train:
        probe.evaluator.score(reference_of(row), row)
        if time.monotonic() - started > MAX_SECONDS:
            break


def repeatable(probe: Probe, file: str) -> Iterator[Problem]:
    """Report a score that changes from call to call, or changes its row."""
    answers = {answer.id: answer for answer in probe.oracle}
    for row in probe.rows:
        answer, before = answers[row["id"]], copy.deepcopy(row)
        scores = [probe.evaluator.score(answer.prediction, row) for _ in range(3)]
        if any(not same(scores[0], other) for other in scores[1:]):
            yield error(
                f"{file}: score() gives other values for the same answer to row '{row['id']}': no chance, no state"
            )
            return
        if row != before:
            yield error(f"{file}: score() changes row '{row['id']}': copy what you change")
            return


def same(first: Mapping[str, float | None], second: Mapping[str, float | None]) -> bool:
    """Return whether two results of score() are the same."""
    return dict(first) == dict(second)


def ends(evaluator: Evaluator, name: str) -> tuple[float, float]:
    """Return the (worst, best) value of a metric, by the card."""
    metric = evaluator.settings.metrics[name]
    low, high = metric.range
    return (low, high) if metric.better == "higher" else (high, low)


def reference_is_best(evaluator: Evaluator, values: Mapping[str, float], file: str) -> Iterator[Problem]:
    """Report a reference that does not have the best score of the main metric; warn of the worst one in others."""
    for name, value in values.items():
        worst, best = ends(evaluator, name)
        if math.isnan(value) or math.isinf(best) or is_close(value, best):
            continue
        if name != evaluator.main_metric and not is_close(value, worst):  # other metrics need not reach their best
            continue
        level = error if name == evaluator.main_metric else warning
        metric = evaluator.settings.metrics[name]
        yield level(
            f"{file}: the reference itself scores {value:.4g} in '{name}', and the card's best is {best:g} (better: "
            f"{metric.better}, range {metric.range[0]:g} to {metric.range[1]:g})"
        )


def is_close(value: float, other: float) -> bool:
    """Return whether two values of a metric are the same but for rounding."""
    return abs(value - other) <= max(TOLERANCE, TOLERANCE * abs(other))


def trivial_answers(probe: Probe, values: Mapping[str, float], file: str) -> Iterator[Problem]:
    """Report trivial answers that score like the reference; warn of those that come near."""
    main = probe.evaluator.main_metric
    worst, best = ends(probe.evaluator, main)
    best = values[main] if math.isinf(best) else best
    reported = False
    for name, answers in probe.trivial().items():
        value = probe.value(answers).get(main, math.nan)
        if math.isnan(value):
            continue
        if abs(value - best) <= TOLERANCE or (math.isinf(worst) and beats(probe.evaluator, value, values[main])):
            reported = True
            yield error(f"{file}: {name} scores {value:.4g} in '{main}', as well as the reference: {CONSEQUENCE[name]}")
        elif not math.isinf(worst) and abs(value - worst) > LIMITS[name] * abs(best - worst):
            yield warning(f"{file}: {name} scores {value:.4g} in '{main}': {CONSEQUENCE[name]}")
    if not reported and not probe.evaluator.offers("reply"):
        yield from all_at_once(probe, best, file)


def beats(evaluator: Evaluator, value: float, other: float) -> bool:
    """Return whether a value of the main metric is as good as another one."""
    higher = evaluator.settings.metrics[evaluator.main_metric].better == "higher"
    return value >= other if higher else value <= other


def all_at_once(probe: Probe, best: float, file: str) -> Iterator[Problem]:
    """Warn of a metric that looks for the reference anywhere in an answer."""
    main = probe.evaluator.main_metric
    everything = list(dict.fromkeys(filter(None, map(reference_of, probe.rows))))[:12]
    if len(everything) < 3:
        return

    def text_of(row: Row) -> str:
        others = [text for text in everything if text != reference_of(row)]
        return " ".join([*others[:5], reference_of(row), *others[5:]])

    value = probe.value(probe.answers(text_of)).get(main, math.nan)
    if not math.isnan(value) and abs(value - best) <= TOLERANCE:
        yield warning(f"{file}: {ALL_AT_ONCE} scores {value:.4g} in '{main}': a model that says everything looks good")
