"""A project's evaluation.py at work on predictions: one score per sample, then one figure per metric.

    evaluator = load_evaluator("genome-chatbot")
    scored = evaluator.score_all(rows, {"row-1": ["an answer"], …})
    evaluator.aggregate(scored)     -> {"exact_match": 0.91, …}

`score(prediction, row)` is all that a project must offer; `aggregate`, `oracle`, `reply`, `reward` and `properties`
have the defaults written here. A 0/1 metric is a verdict on the whole answer: 1 counts only where the answer ended by
itself (in a closed loop: each of its turns did). Measures of degree take an answer that was cut off as it stands.
Intervals and comparisons are in summary.py.
"""

import dataclasses
import math
import traceback
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gretchen import paths
from gretchen.errors import UserError
from gretchen.names import unknown
from gretchen.projects.card import load_card
from gretchen.projects.modules import load_evaluation_module
from gretchen.projects.rows import reference_of

Row = dict[str, Any]
# One answer, or, in a closed loop, the turns after the prompt as messages.
Prediction = str | list[dict[str, Any]]
Scores = dict[str, float | None]
MOST_TURNS = 32


@dataclass(frozen=True)
class Scored:
    """A row with its samples' predictions, their scores, and whether they ended: what `aggregate` gets a list of."""

    row: Row
    predictions: tuple[Prediction, ...]
    scores: tuple[Scores, ...]
    ended: tuple[bool, ...]

    @property
    def id(self) -> str:
        """The row's id."""
        return self.row["id"]

    @property
    def form(self) -> str:
        """The row's task form, "" where it has none."""
        return self.row.get("form") or ""

    @property
    def group(self) -> list[str]:
        """The keys that the splits keep together; the first is what the row is about, and what the bootstrap draws."""
        group = self.row.get("group") or [self.id]
        return [group] if isinstance(group, str) else group

    def mean(self, metric: str) -> float:
        """Return the metric's mean over samples; NaN where it applies to none."""
        values = [scores[metric] for scores in self.scores if scores.get(metric) is not None]
        return sum(values) / len(values) if values else math.nan


def default_aggregate(scored: Sequence[Scored], metric: str) -> float:
    """Return a metric's mean over samples, then rows, then forms; NaN where it applies to no row."""
    forms = defaultdict(list)
    for one in scored:
        value = one.mean(metric)
        if not math.isnan(value):
            forms[one.form].append(value)
    means = [sum(values) / len(values) for values in forms.values()]
    return sum(means) / len(means) if means else math.nan


@dataclass(frozen=True)
class Evaluator:
    """A project's metrics: the card's `evaluation:` and the functions of evaluation.py."""

    project: str
    settings: Any
    module: Any

    @property
    def file(self) -> Path:
        """The project's evaluation.py."""
        return paths.projects() / self.project / "evaluation.py"

    @property
    def main(self) -> str:
        """The main metric's name."""
        return self.settings.main

    def offers(self, function: str) -> bool:
        """Return whether evaluation.py defines a function."""
        return callable(getattr(self.module, function, None))

    def score(self, prediction: Prediction, row: Row) -> Scores:
        """Return the checked scores of one sample. Raises UserError naming file, row and metric."""
        what = f"score() of row '{row['id']}'"
        return self._checked(self._called(what, "score", prediction, row), what)

    def score_all(
        self,
        rows: Sequence[Row],
        predictions: Mapping[str, Sequence[Prediction]],
        ended: Mapping[str, Sequence[bool]] | None = None,
    ) -> list[Scored]:
        """Return every row with the scores of its predictions, in the rows' order; without `ended` all did end."""
        scored = []
        for row in rows:
            said = tuple(predictions[row["id"]])
            flags = tuple(ended[row["id"]]) if ended else (True,) * len(said)
            scored.append(Scored(row, said, tuple(self.score(one, row) for one in said), flags))
        return self._only_ended_count(scored)

    def _only_ended_count(self, scored: list[Scored]) -> list[Scored]:
        """Return the rows with 0 for 1 in every 0/1 metric (higher is better) of an answer that did not end."""
        verdicts = [name for name in self.settings.metrics if self.settings.metrics[name].better == "higher"]
        every = [scores for one in scored for scores in one.scores]
        verdicts = [name for name in verdicts if all(scores.get(name) in (None, 0.0, 1.0) for scores in every)]

        def counted(one: Scored) -> tuple[Scores, ...]:
            return tuple(
                scores if ended else scores | {name: 0.0 for name in verdicts if scores.get(name)}
                for scores, ended in zip(one.scores, one.ended, strict=True)
            )

        return [one if all(one.ended) else dataclasses.replace(one, scores=counted(one)) for one in scored]

    def aggregate(self, scored: Sequence[Scored]) -> dict[str, float]:
        """Return one figure per metric: the project's own aggregate over the default means. NaN: does not apply."""
        names = list(dict.fromkeys(name for one in scored for scores in one.scores for name in scores))
        return {name: default_aggregate(scored, name) for name in names} | self.own_aggregate(scored)

    def own_aggregate(self, scored: Sequence[Scored]) -> dict[str, float]:
        """Return what the project's own `aggregate` says of the rows; {} where it has none."""
        if not scored or not self.offers("aggregate"):
            return {}
        told = self._checked(self._called("aggregate()", "aggregate", list(scored)), "aggregate()")
        return {name: math.nan if value is None else value for name, value in told.items()}

    def oracle(self, row: Row) -> Prediction:
        """Return the perfect answer to a row: the project's `oracle`, played where it is a policy, or the reference."""

        what = f"oracle() of row '{row['id']}'"
        found = self._called(what, "oracle", row) if self.offers("oracle") else reference_of(row)
        return self.play(row, found) if callable(found) else found

    def play(self, row: Row, policy: Callable[[list[dict[str, Any]]], str]) -> list[dict[str, Any]]:
        """Return the turns of a closed loop in which `policy(turns)` answers and the project's `reply` goes on."""
        turns: list[dict[str, Any]] = []
        while True:
            turns.append({"role": "assistant", "content": policy(turns)})
            answer = self.reply(row, turns)
            if answer is None:
                return turns
            turns.append({"role": "user", "content": answer})

    def reply(self, row: Row, turns: list[dict[str, Any]]) -> str | None:
        """Return the simulator's next turn; None when it is over, which it is after MOST_TURNS at the latest."""
        if len(turns) >= MOST_TURNS:
            return None
        return self._called(f"reply() to row '{row['id']}'", "reply", row, turns)

    def reward(self, prediction: Prediction, row: Row) -> float:
        """Return the reward of an answer: the project's `reward`, or the main metric (0 where it does not apply).

        Higher is better: a metric of which less is better counts as negative.
        """
        if self.offers("reward"):
            what = f"reward() of row '{row['id']}'"
            return _number(self._called(what, "reward", prediction, row), f"{paths.shown(self.file)}: {what}")
        sign = 1.0 if self.settings.metrics[self.main].better == "higher" else -1.0
        return sign * (self.score(prediction, row).get(self.main) or 0.0)

    def properties(self, model: Path) -> dict[str, float]:
        """Return the checked figures of a model folder itself; {} where the project measures none."""
        if not self.offers("properties"):
            return {}
        told = self._checked(self._called("properties()", "properties", model), "properties()")
        return {name: value for name, value in told.items() if value is not None}

    def _called(self, what: str, function: str, *arguments: Any) -> Any:
        """Return what a function of evaluation.py returns. Raises UserError, with its line, where it breaks."""
        try:
            return getattr(self.module, function)(*arguments)
        except UserError:
            raise
        except Exception as fault:  # the team's own code: whatever it raises is told in a sentence
            told = traceback.extract_tb(fault.__traceback__)
            own = [one for one in told if Path(one.filename).parent == self.file.parent]
            place = f"{paths.shown(Path(own[-1].filename))}:{own[-1].lineno}" if own else paths.shown(self.file)
            raise UserError(
                f"{place}: {what} raised {type(fault).__name__}: {fault}",
                "an answer may be any text, and `aggregate` gets resamples of the rows too",
            ) from fault

    def _checked(self, told: Any, what: str) -> Scores:
        """Return scores as floats. Raises UserError for an unknown metric, no number, or one out of its range."""
        if not isinstance(told, Mapping):
            place = f"{paths.shown(self.file)}: {what}"
            raise UserError(f"{place} returned {told!r}", 'it returns a dict: {"metric": number or None}')
        checked: Scores = {}
        for name, value in told.items():
            metric = self.settings.metrics.get(name)
            # Said only where it is wrong: an interval comes here thousands of times.
            if metric is None or not (value is None or _is_within(value, *metric.range)):
                raise self._wrong(str(name), value, f"{paths.shown(self.file)}: {what}")
            checked[name] = None if value is None else float(value)
        return checked

    def _wrong(self, name: str, value: Any, place: str) -> UserError:
        """Return what is wrong with a metric's value."""
        metrics = self.settings.metrics
        if name not in metrics:
            problem, hint = unknown("metric", name, metrics)
            return UserError(f"{place} returned an {problem}", f"{hint}; the card names them in evaluation.metrics")
        number = _number(value, f"{place}: {name}")
        low, high = metrics[name].range
        return UserError(f"{place}: {name} is {number:g}", f"the card says its range is {low:g} to {high:g}")


def _is_within(value: Any, low: float, high: float) -> bool:
    """Return whether a value is a finite number between `low` and `high`, rounding allowed for."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return False
    return math.isfinite(number) and low - 1e-9 <= number <= high + 1e-9


def _number(value: Any, place: str) -> float:
    """Return a score as a float. Raises UserError where it is none."""
    if not _is_within(value, -math.inf, math.inf):
        raise UserError(f"{place} is {value!r}", "a score is a finite number, or None where the metric does not apply")
    return float(value)


def load_evaluator(project: str) -> Evaluator:
    """Return a project's evaluator. Raises UserError where evaluation.py has no `score`."""

    evaluator = Evaluator(project, load_card(project).evaluation, load_evaluation_module(project))
    if not evaluator.offers("score"):
        raise UserError(f"{paths.shown(evaluator.file)} defines no score()", "def score(prediction, row): return {…}")
    return evaluator
