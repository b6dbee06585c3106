"""What a result does not show, as sentences: read from what was measured and what was not."""

from gretchen.reporting.answers import AnswerTable
from gretchen.reporting.result_view import ResultView

SMALL_FORM = 30  # rows; below that the interval of a form is wider than most differences


def limits(view: ResultView, answers: AnswerTable, has_runs: bool) -> list[str]:
    """Return the limits of a result; `has_runs`: the trainings are on this machine."""
    evaluation, lines = view.evaluation, []
    if evaluation.training_seeds == 1:
        lines.append(
            "Not all models were trained with several seeds: the intervals do not cover what another seed gives."
        )
    for name, rows in evaluation.sets.items():
        if rows.num_rows < rows.num_available:
            lines.append(
                f"The {name} set is a sample: {rows.num_rows:,} of {rows.num_available:,} rows, evenly over forms."
            )
    if small := small_forms(view):
        lines.append(f"Fewer than {SMALL_FORM} rows each: {', '.join(small)}. Their intervals are wide.")
    if "hard" not in evaluation.sets:
        lines.append("There is no hard set: whether it holds on harder questions was not measured.")
    if evaluation.forgetting is None:
        lines.append("What the training cost elsewhere was not measured.")
    if evaluation.base.source == "embedded":
        lines.append(
            "The base is a model of a few megabytes, pretrained on this project's own documents: its figures show the "
            "method, and say nothing of a language model's."
        )
    if errors := sum(result.errors for model in evaluation.models for result in model.sets.values()):
        lines.append(f"score() raised on {errors:,} answers, which count as the worst.")
    if evaluation.inherited_from:
        lines.append(f"The result is that of {evaluation.inherited_from}, from which this project was forked.")
    if answers.problem:
        lines.append(f"The answers are not shown: {answers.problem}.")
    if not has_runs:
        lines.append("Curves, recipes and cost are missing: the runs are not on this machine.")
    return lines


def small_forms(view: ResultView) -> list[str]:
    """Return the open forms of the first set with few rows."""
    forms = [form for form in view.forms(view.first) if not view.is_closed(view.first, form)]
    return [form for form in forms if view.form_count(view.first, form) < SMALL_FORM]
