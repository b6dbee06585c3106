"""How far raters agree: Krippendorff's alpha (1: always, 0: as by chance), by the package `krippendorff`.

    agreement(labels)           -> [Agreement("ranking", alpha=0.71, units=60, raters=3), …]

Units of the ranking are pairs of answers, with the values better, equal, worse, on an ordinal scale; flags are nominal,
scales ordinal. Only what several raters judged counts. It says nothing of whether they are right.

Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, https://repository.upenn.edu/asc_papers/43
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

from gretchen.feedback.labels import FLAGS, SCALES, Judgement, Label
from gretchen.feedback.rows import preference

RANKING, GOOD = "ranking", "good"
# {unit: {rater: value}}
Units = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True)
class Agreement:
    """Alpha of one question, None where it is not defined: without two values there is nothing to differ by.

    `units` are those that several raters judged, `raters` the people who did.
    """

    question: str
    alpha: float | None
    units: int
    raters: int


def agreement(labels: Iterable[Label]) -> list[Agreement]:
    """Return the agreement on the ranking, then on each flag and scale that several raters used."""
    labels = list(labels)
    questions = [alpha(RANKING, ranking_units(labels), "ordinal")]
    questions += [alpha(GOOD, units_of(labels, lambda judged: judged.good), "nominal")]
    for scale in SCALES:
        questions.append(
            alpha(scale, units_of(labels, lambda judged, scale=scale: judged.scales.get(scale)), "ordinal")
        )
    questions += [alpha(flag, flag_units(labels, flag), "nominal") for flag in FLAGS]
    return [questions[0], *(question for question in questions[1:] if question.units)]


def alpha(question: str, units: Units, level: str) -> Agreement:
    """Return Krippendorff's alpha of the units that several raters judged."""
    shared = {unit: values for unit, values in units.items() if len(values) > 1}
    raters = sorted({rater for values in shared.values() for rater in values})
    values = {value for judged in shared.values() for value in judged.values()}
    if len(values) < 2:
        return Agreement(question, None, len(shared), len(raters))
    import krippendorff
    import numpy

    table = [[values.get(rater, numpy.nan) for values in shared.values()] for rater in raters]
    return Agreement(question, float(krippendorff.alpha(table, level_of_measurement=level)), len(shared), len(raters))


def ranking_units(labels: Iterable[Label]) -> Units:
    """Return {pair of answers: {rater: 1, 0 or -1}}; a hash of the texts says which answer is the first (`task_of`)."""
    units: dict[str, dict[str, int]] = defaultdict(dict)
    for label in labels:
        for first, second in combinations(range(len(label.judgements)), 2):
            units[f"{label.task.id} {first} {second}"][label.rater] = preference(label, first, second)
    return units


def units_of(labels: Iterable[Label], value_of: Callable[[Judgement], int | None]) -> Units:
    """Return {answer: {rater: value}} of the judgements that have one."""
    units: dict[str, dict[str, int]] = defaultdict(dict)
    for label in labels:
        for position, judged in enumerate(label.judgements):
            if (value := value_of(judged)) is not None:
                units[f"{label.task.id} {position}"][label.rater] = int(value)
    return units


def flag_units(labels: Iterable[Label], flag: str) -> Units:
    """Return {answer: {rater: 1 where it is flagged, else 0}}, {} where nobody used the flag."""
    units = units_of(labels, lambda judged: int(flag in judged.flags))
    return units if any(value for values in units.values() for value in values.values()) else {}
