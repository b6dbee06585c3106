"""What `make judge` prints: cost before it starts, progress, and what the verdicts come to, in lines of text.

Names of rules and models come from files and servers: whoever prints the lines makes them visible (safe_text).
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from gretchen.feedback.judging.calibration import SIDES, Calibration, PositionBias, endings
from gretchen.feedback.judging.cost import Cost, Price
from gretchen.feedback.judging.pairs import Outcome
from gretchen.feedback.judging.verdicts import Comparison, Verdict
from gretchen.names import counted

STEPS = 10  # lines of progress


def cost_lines(cost: Cost, known: int, price: Price | None) -> list[str]:
    """Return what is asked, and what that costs; `known` verdicts are there already."""
    kept = f", {counted(known, 'verdict')} known" if known else ""
    lines = [f"to ask      {counted(cost.requests, 'request')}{kept}"]
    if cost.requests:
        lines.append(f"tokens      about {cost.tokens_in:,} in prompts, at most {cost.tokens_out:,} in replies")
    if price and cost.requests:
        rates = f"{price.tokens_in:g} and {price.tokens_out:g} per million"
        lines.append(
            f"price       about {price.of(cost.tokens_in, cost.tokens_out):,.2f} with the longest replies (at {rates})"
        )
    return lines


class Progress:
    """Counts verdicts as they come, and prints how many there are and how long the others take."""

    def __init__(self, total: int, at_once: int) -> None:
        self.total, self.at_once = total, at_once
        self.done, self.seconds = 0, 0.0

    def add(self, verdict: Verdict) -> None:
        """Count a verdict."""
        self.done += 1
        self.seconds += verdict.seconds
        step = max(1, self.total // STEPS)
        if self.done == 1 or self.done % step == 0 or self.done == self.total:
            left = self.seconds / self.done * (self.total - self.done) / self.at_once
            print(f"            {self.done:,} of {self.total:,}, {duration(left)} left", flush=True)


def duration(seconds: float) -> str:
    """Return a duration: "40 s", "12 min", "3.5 h"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def outcome_lines(outcomes: Sequence[Outcome], bias: PositionBias | None) -> list[str]:
    """Return how the pairs ended, which rules decided, and the position bias."""
    ends = ", ".join(f"{ending} {count}" for ending, count in endings(outcomes).items())
    lines = [f"pairs       {counted(len(outcomes), 'pair')}: {ends}"]
    if rules := deciding_rules(outcomes):
        lines.append("rules       " + ", ".join(f"{rule} {count}" for rule, count in rules))
    if bias:
        interval = f"95 % interval {bias.low:.2f} to {bias.high:.2f}"
        share = f"the answer shown first wins {bias.share:.2f} of {counted(bias.verdicts, 'verdict')}"
        lines.append(f"position    {share} ({interval}; 0.5 without bias)")
    return lines


def deciding_rules(outcomes: Iterable[Outcome]) -> list[tuple[str, int]]:
    """Return the rules that decided pairs, most frequent first, with their numbers of verdicts."""
    decided = [verdict.value for outcome in outcomes if outcome.winner is not None for verdict in outcome.verdicts]
    return Counter(value.rule for value in decided if isinstance(value, Comparison)).most_common()


def calibration_lines(found: Calibration) -> list[str]:
    """Return the agreement with people, and the confusion table; a hint where no pair was judged by both."""
    if not found.table:
        return ["people      no pair has a person's label: `make label` with the same answers calibrates the judge"]
    alpha = "not defined, all alike" if found.alpha.alpha is None else f"{found.alpha.alpha:.2f}"
    same = f"the same on {found.same}, opposite on {found.opposite}"
    lines = [f"people      alpha {alpha} on {counted(found.alpha.units, 'pair')}: {same}"]
    lines.append(f"            {'people, judge:':<16}" + "".join(f"{name:>16}" for name in SIDES.values()))
    for people, name in SIDES.items():
        cells = "".join(f"{found.table.get((people, judge), 0):>16}" for judge in SIDES)
        lines.append(f"            {name:<16}{cells}")
    return lines


def used_line(verdicts: Iterable[Verdict], price: Price | None) -> str:
    """Return what verdicts used."""
    verdicts = list(verdicts)
    tokens = [sum(v.prompt_tokens for v in verdicts), sum(v.completion_tokens for v in verdicts)]
    cost = f", price {price.of(*tokens):,.2f}" if price else ""
    retried = sum(len(verdict.replies) > 1 for verdict in verdicts)
    counts = f"{counted(len(verdicts), 'verdict')}, {retried} after a retry"
    return f"used        {counts}; {tokens[0]:,} tokens in prompts, {tokens[1]:,} in replies{cost}"
