"""The table of what was forgotten: base and runs on questions that were not trained."""

from gretchen.scoring.cells import CI, NONE, Table, difference, estimate
from gretchen.scoring.evaluation import Evaluation, ForgettingResult

TITLE = "what was forgotten: {}"
ASKED = {
    "general-knowledge": "{:,} short questions of general knowledge (shared_recipes/general_knowledge.yaml)",
    "as-document": "{:,} questions of the {} set as documents, the form that the base was pretrained in",
    "documents": "{:,} held-out {} documents, continued as the base was pretrained to",
}


def forgetting_tables(evaluation: Evaluation) -> list[tuple[str, Table]]:
    """Return the title and the table of what was forgotten; [] where it was not asked."""
    forgetting = evaluation.forgetting
    if not forgetting:
        return []
    asked = ASKED[forgetting.probe].format(forgetting.num_questions, evaluation.split)
    header = ["model", "n", f"{forgetting.metric} {CI}", "fixed", "broken", "against base", "against parent"]
    has_parents = any(model.against_parent for model in forgetting.models)
    rows = [cells(model)[: len(header) if has_parents else -1] for model in forgetting.models]
    return [(TITLE.format(asked), Table(header if has_parents else header[:-1], rows))]


def cells(model: ForgettingResult) -> list[str]:
    """Return one model's row of the table."""
    changed = [NONE if count is None else f"{count:,}" for count in (model.fixed, model.broken)]
    tests = [difference(model.against_base), difference(model.against_parent)]
    return [model.name, f"{model.score.count:,}", estimate(model.score), *changed, *tests]
