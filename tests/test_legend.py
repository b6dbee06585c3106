"""The lines below the table of `make eval` that say how to read it."""

from recorded_results import tiny_evaluation

from gretchen.scoring import legend
from gretchen.scoring.evaluation import Forgetting


def test_each_kind_of_figure_in_the_table_is_explained_and_no_other():
    evaluation = tiny_evaluation()
    lines = legend.legend(evaluation)
    assert lines[0] == legend.HEAD
    assert len(lines) == 10, "the flagship's table has every kind of figure"
    bare = evaluation.model_copy(update={"models": [], "sets": {"test": evaluation.sets["test"]}, "forgetting": None})
    assert lines[1:3] == legend.legend(bare)[1:] == [f"  {legend.N}", f"  {legend.INTERVAL}"]
    base, few_shot = [model for model in evaluation.models if model.kind in ("base", "few-shot")]
    documents = few_shot.model_copy(update={"prompting": "few-shot-document"})
    forgetting = Forgetting(probe="documents", metric="exact_match", num_questions=0, hash="", models=[])
    more = legend.legend(evaluation.model_copy(update={"models": [base, documents], "forgetting": forgetting}))
    assert {f"  {legend.FEW_SHOT_DOCUMENTS}", f"  {legend.FORGOTTEN}"} <= set(more)
    for line in [*lines, *more]:
        assert len(line) <= 120
