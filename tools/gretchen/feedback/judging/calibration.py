"""How far a judge can be believed: whether the place of an answer decides, and whether it judges as people do.

    position_bias(outcomes)             -> PositionBias(share=0.81, low=…, high=…, …): 0.5 without any bias
    judged_agreement(verdicts, labels)  -> for the label page: alpha of each judge with people
    calibration(outcomes, labels)       -> Calibration with Krippendorff's alpha and a confusion table

The interval allows for a pair's two verdicts being dependent. Neither says that a judge, or people, are right.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from gretchen.feedback.agreement import RANKING, Agreement, alpha
from gretchen.feedback.judge_labels import Judge
from gretchen.feedback.judging.pairs import ORDERS, Ending, Outcome, compared
from gretchen.feedback.judging.verdicts import Comparison, Verdict
from gretchen.feedback.labels import Label
from gretchen.feedback.rows import pair_key, preference
from gretchen.scoring.intervals import proportion_interval
from gretchen.scoring.statistics import wilson

# Of a pair's first answer, which a hash of the texts chooses.
SIDES = {1: "first better", 0: "tie", -1: "second better"}


@dataclass(frozen=True)
class PositionBias:
    """The share of verdicts that find the answer shown first the better one, of those that find one, with 95 %."""

    share: float
    low: float
    high: float
    verdicts: int


@dataclass(frozen=True)
class Calibration:
    """A judge beside people's majority: alpha, and {(people, judge): pairs}, each 1, 0 or -1 for a pair's first answer.

    Without a pair that both judged alpha is None, and its number of units 0.
    """

    alpha: Agreement
    table: dict[tuple[int, int], int]

    @property
    def same(self) -> int:
        """How many pairs both judge alike."""
        return sum(count for (people, judge), count in self.table.items() if people == judge)

    @property
    def opposite(self) -> int:
        """How many pairs both decide, and differently."""
        return sum(count for (people, judge), count in self.table.items() if people * judge < 0)


def endings(outcomes: Iterable[Outcome]) -> dict[Ending, int]:
    """Return how many pairs ended in each way."""
    counts = Counter(outcome.ending for outcome in outcomes)
    return {ending: counts[ending] for ending in ("decided", "tie", "order decides", "malformed")}


def position_bias(outcomes: Iterable[Outcome]) -> PositionBias | None:
    """Return the position bias; None where no verdict prefers one of two answers."""
    wins, pairs = [], []
    for outcome in outcomes:
        for verdict in outcome.verdicts:
            if isinstance(verdict.value, Comparison) and verdict.value.better != "tie":
                wins.append(float(verdict.value.better == "A"))
                pairs.append(outcome.pair.id)
    if not wins:
        return None
    share, num_pairs = sum(wins) / len(wins), len(set(pairs))
    if 0 < share < 1:
        low, high = proportion_interval(wins, ["all"] * len(wins), [pairs])
    else:
        low, high = wilson(share * num_pairs, num_pairs)  # nothing scatters: a pair's verdicts count for one
    return PositionBias(share, low, high, len(wins))


def calibration(outcomes: Sequence[Outcome], labels: Iterable[Label]) -> Calibration:
    """Return the agreement of a judge with the majority of people, on the pairs that both judged."""
    people = majorities(labels)
    units, table = {}, Counter[tuple[int, int]]()
    for outcome in outcomes:
        answers = outcome.pair.answers
        key, first = pair_key(outcome.pair, 0, 1), answers[0].text.strip()
        if key in people and outcome.ending != "malformed":
            majority = people[key].get(first, 0)
            units[key] = {"people": majority, "judge": outcome.preference}
            table[majority, outcome.preference] += 1
    return Calibration(alpha(RANKING, units, "ordinal"), dict(table))


def judged_agreement(verdicts: Iterable[Verdict], labels: Sequence[Label]) -> list[Agreement]:
    """Return the agreement of each judge with people, on the pairs that it compared in both orders by one constitution.

    Without a pair that both judged a judge is left out.
    """
    by_pair: dict[tuple[Judge, str, str], dict[tuple[int, ...], Verdict]] = defaultdict(dict)
    for verdict in verdicts:
        if verdict.kind == "comparison":
            by_pair[verdict.judge, verdict.constitution, verdict.task.id][verdict.order] = verdict
    by_judge: dict[tuple[Judge, str], list[Outcome]] = defaultdict(list)
    for (judge, constitution, _), orders in by_pair.items():
        if len(orders) == len(ORDERS):
            first, second = (orders[order] for order in ORDERS)
            by_judge[judge, constitution].append(compared(first.task, first, second))
    every = [(judge, calibration(outcomes, labels).alpha) for (judge, _), outcomes in by_judge.items()]
    return [replace(alpha, question=f"judge {judge.name}") for judge, alpha in every if alpha.units]


def majorities(labels: Iterable[Label]) -> dict[str, dict[str, int]]:
    """Return {pair: {text of an answer: 1 where most people rank it higher, -1 lower, 0 neither}}."""
    margins: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for label in labels:
        texts = [answer.text.strip() for answer in label.task.answers]
        for first, second in combinations(range(len(texts)), 2):
            better, margin = preference(label, first, second), margins[pair_key(label.task, first, second)]
            margin[texts[first]] += better
            margin[texts[second]] -= better
    return {key: {text: sign(margin) for text, margin in of_pair.items()} for key, of_pair in margins.items()}


def sign(number: int) -> int:
    """Return 1, 0 or -1."""
    return (number > 0) - (number < 0)
