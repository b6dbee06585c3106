"""A project's metrics, as lm-evaluation-harness calls them: per document, then over all documents.

    process_results_of("genome-chatbot")(doc, ["the answer"])   -> {"exact": ScoredRow(…), …}
    aggregation_of("genome-chatbot", "exact")([ScoredRow(…), …])   -> 0.91

Both go through the project's evaluation.py, so that the value is that of `make eval` on the same answers. The harness
does not say whether an answer ended: one that ran into the token limit is scored as it is. It copies a task's functions
deeply, so these are functions, not methods.
"""

import json
from collections.abc import Callable, Sequence

from gretchen.scoring.evaluator import load_evaluator
from gretchen.scoring.scored import Answer, ScoredRow


def process_results_of(project: str) -> Callable[[dict[str, str], Sequence[str]], dict[str, ScoredRow]]:
    """Return the function from a document and its generated answer to {metric: the scored row}."""
    evaluator = load_evaluator(project)

    def process_results(doc: dict[str, str], results: Sequence[str]) -> dict[str, ScoredRow]:
        row = json.loads(doc["row"])
        (scored,) = evaluator.score_answers([row], [Answer(row["id"], 0, results[0], True)])
        return dict.fromkeys(evaluator.settings.metrics, scored)

    return process_results


def aggregation_of(project: str, metric: str) -> Callable[[Sequence[ScoredRow]], float]:
    """Return the function from scored rows to a metric's value: NaN where the metric applies to none of them."""
    evaluator = load_evaluator(project)

    def aggregate(scored: Sequence[ScoredRow]) -> float:
        return evaluator.aggregate(scored).get(metric, float("nan"))

    return aggregate
