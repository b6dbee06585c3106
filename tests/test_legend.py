"""The lines below the table of `make eval` that say how to read it."""

from gretchen.scoring import legend
from gretchen.scoring.results import read_results


def test_each_kind_of_figure_in_the_table_is_explained_and_no_other():
    evaluation = read_results("genome-chatbot").evaluations[0]
    lines = legend.legend(evaluation)
    assert lines[0] == legend.HEAD
    assert len(lines) == 9, "the flagship's table has them all"
    bare = evaluation.model_copy(update={"models": [], "sets": {"test": evaluation.sets["test"]}})
    assert lines[1:3] == legend.legend(bare)[1:] == [f"  {legend.N}", f"  {legend.INTERVAL}"]
    for line in lines:
        assert len(line) <= 120
