"""A project's evaluation.py, called and checked: answers in, one score per sample out.

    evaluator = load_evaluator("genome-chatbot")
    scored = evaluator.score_answers(rows, answers)
    evaluator.aggregate(scored)     -> {"exact_match": 0.91, …}

A project must define `score(prediction, row)`; `aggregate`, `oracle`, `reply`, `reward` and `properties` have the
defaults written here, `baselines` adds to those of every project. A 0/1 metric is a verdict on the whole answer: 1
counts only where generation ended (in a closed loop: in each turn). Metrics of degree score a truncated answer as it
is. Intervals and comparisons are in estimates.py.
"""

import dataclasses
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gretchen import paths
from gretchen.errors import UserError
from gretchen.projects.card import Evaluation as EvaluationSettings
from gretchen.projects.card import load_card
from gretchen.projects.modules import load_evaluation_module
from gretchen.projects.rows import Row, reference_of
from gretchen.projects.team_code import team_code
from gretchen.scoring.score_checks import checked_number, checked_scores
from gretchen.scoring.score_errors import trace_text, with_worst_scores
from gretchen.scoring.scored import Answer, Prediction, ScoredRow, Scores, default_aggregate

Turns = list[dict[str, Any]]
MAX_TURNS = 32


@dataclass(frozen=True)
class Evaluator:
    """A project's metrics: the card's `evaluation:` and the functions of evaluation.py."""

    project: str
    settings: EvaluationSettings
    module: Any  # the loaded evaluation.py, or any object with a `score` function

    @property
    def file(self) -> Path:
        """The project's evaluation.py."""
        return paths.projects() / self.project / "evaluation.py"

    @property
    def main_metric(self) -> str:
        """The main metric's name."""
        return self.settings.main

    def offers(self, function: str) -> bool:
        """Return whether evaluation.py defines a function."""
        return callable(getattr(self.module, function, None))

    def score(self, prediction: Prediction, row: Row) -> Scores:
        """Return the checked scores of one sample. Raises UserError naming file, row and metric."""
        function = f"score() of row '{row['id']}'"
        return self._checked(self._called(function, "score", prediction, row), function)

    def score_answers(self, rows: Sequence[Row], answers: Iterable[Answer]) -> list[ScoredRow]:
        """Return each row with the scores of its answers, in the order of `rows`; answers to other rows do not count.

        An answer on which `score` raises gets the worst scores (score_errors.py). Raises UserError where it raises on
        every answer, KeyError where a row has no answer.
        """
        by_row = defaultdict(list)
        for answer in answers:
            by_row[answer.id].append(answer)
        scored = [self._scored(row, by_row[row["id"]]) for row in rows]
        if scored and all(all(row.errors) for row in scored):
            self.score(scored[0].predictions[0], scored[0].row)
        return self._truncated_fail(with_worst_scores(scored, self.settings.metrics))

    def _scored(self, row: Row, answers: Sequence[Answer]) -> ScoredRow:
        """Return a row with the scores of its answers."""
        if not answers:
            raise KeyError(f"no answer to row '{row['id']}'")
        predictions = tuple(answer.prediction for answer in answers)
        scores, errors = zip(*(self._score_or_error(prediction, row) for prediction in predictions), strict=True)
        return ScoredRow(row, predictions, scores, tuple(answer.ended for answer in answers), errors)

    def _score_or_error(self, prediction: Prediction, row: Row) -> tuple[Scores, str]:
        """Return the scores of one sample and "", or no scores and the trace where `score` raises."""
        try:
            return self.score(prediction, row), ""
        except UserError as error:
            return {}, trace_text(row["id"], prediction, error)

    def _truncated_fail(self, scored: list[ScoredRow]) -> list[ScoredRow]:
        """Return the rows with 0 for 1 in each 0/1 metric (higher is better) of an answer that did not end."""
        verdicts = [name for name, metric in self.settings.metrics.items() if metric.better == "higher"]
        samples = [scores for scored_row in scored for scores in scored_row.scores]
        verdicts = [name for name in verdicts if all(scores.get(name) in (None, 0.0, 1.0) for scores in samples)]

        def counted(scored_row: ScoredRow) -> tuple[Scores, ...]:
            return tuple(
                scores if ended else {**scores} | {name: 0.0 for name in verdicts if scores.get(name)}
                for scores, ended in zip(scored_row.scores, scored_row.ended, strict=True)
            )

        return [row if all(row.ended) else dataclasses.replace(row, scores=counted(row)) for row in scored]

    def aggregate(self, scored: Sequence[ScoredRow]) -> dict[str, float]:
        """Return one value per metric: the default means, or the project's own aggregate. NaN: does not apply."""
        names = list(dict.fromkeys(name for row in scored for scores in row.scores for name in scores))
        return {name: default_aggregate(scored, name) for name in names} | self.own_aggregate(scored)

    def own_aggregate(self, scored: Sequence[ScoredRow]) -> dict[str, float]:
        """Return the values of the project's own `aggregate`; {} where it has none."""
        if not scored or not self.offers("aggregate"):
            return {}
        values = self._checked(self._called("aggregate()", "aggregate", list(scored)), "aggregate()")
        return {name: math.nan if value is None else value for name, value in values.items()}

    def oracle(self, row: Row) -> Prediction:
        """Return the perfect answer to a row: of the project's `oracle` (a policy is played), or the reference."""
        if not self.offers("oracle"):
            return reference_of(row)
        answer = self._called(f"oracle() of row '{row['id']}'", "oracle", row)
        return self.play(row, answer) if callable(answer) else answer

    def own_baselines(self, row: Row) -> dict[str, str]:
        """Return the answers of the project's own baselines (`baselines(row)`); {} where it has none."""
        return self._called(f"baselines() of row '{row['id']}'", "baselines", row) if self.offers("baselines") else {}

    def play(self, row: Row, policy: Callable[[Turns], str]) -> Turns:
        """Return the turns of a closed loop in which `policy(turns)` answers and the project's `reply` goes on."""
        turns: Turns = []
        while True:
            turns.append({"role": "assistant", "content": policy(turns)})
            answer = self.reply(row, turns)
            if answer is None:
                return turns
            turns.append({"role": "user", "content": answer})

    def reply(self, row: Row, turns: Turns) -> str | None:
        """Return the simulator's next turn; None when the conversation is over, at the latest after MAX_TURNS."""
        if len(turns) >= MAX_TURNS:
            return None
        return self._called(f"reply() to row '{row['id']}'", "reply", row, turns)

    def reward(self, prediction: Prediction, row: Row) -> float:
        """Return the reward of an answer: the project's `reward`, or the main metric (0 where it does not apply).

        Higher is better: a metric of which less is better counts as negative.
        """
        if self.offers("reward"):
            function = f"reward() of row '{row['id']}'"
            return checked_number(self._called(function, "reward", prediction, row), self._location(function))
        sign = 1.0 if self.settings.metrics[self.main_metric].better == "higher" else -1.0
        return sign * (self.score(prediction, row).get(self.main_metric) or 0.0)

    def properties(self, model: Path) -> dict[str, float]:
        """Return the checked properties of a model folder itself; {} where the project measures none."""
        if not self.offers("properties"):
            return {}
        values = self._checked(self._called("properties()", "properties", model), "properties()")
        return {name: value for name, value in values.items() if value is not None}

    def _location(self, function: str) -> str:
        """Return file and function, as messages begin."""
        return f"{paths.shown(self.file)}: {function}"

    def _checked(self, returned: Any, function: str) -> dict[str, float | None]:
        """Return checked scores. Raises UserError as checked_scores does."""
        return checked_scores(returned, self.settings.metrics, self._location(function))

    def _called(self, function: str, name: str, *arguments: Any) -> Any:
        """Return what a function of evaluation.py returns. Raises UserError, with its line, where it raises."""
        hint = "an answer may be any string, and `aggregate` gets resamples of the rows too"
        with team_code(self.file.parent, function, hint):
            return getattr(self.module, name)(*arguments)


def load_evaluator(project: str) -> Evaluator:
    """Return a project's evaluator. Raises UserError where evaluation.py defines no `score`."""
    evaluator = Evaluator(project, load_card(project).evaluation, load_evaluation_module(project))
    if not evaluator.offers("score"):
        raise UserError(f"{paths.shown(evaluator.file)} defines no score()", "def score(prediction, row): return {…}")
    return evaluator
