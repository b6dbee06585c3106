"""What a table says of finished runs that are not in it because they were trained with changed values.

left out: sft.zephyr 20260104-120000-1a2b, trained with learning_rate=1e-3
to compare it too: make eval PROJECT=genome-chatbot RUNS="20260103-… 20260104-120000-1a2b"
"""

from collections.abc import Sequence

from gretchen.runs.record import Run
from gretchen.scoring.request import EvaluationRequest

MAX_RUNS = 5


def changed_lines(request: EvaluationRequest, compared: Sequence[Run], changed: Sequence[Run]) -> list[str]:
    """Return a line for each of the newest changed runs that are not compared, and the command that compares them.

    `changed` holds the newest first.
    """
    names = {run.name for run in compared}
    missing = [run for run in changed if run.name not in names]
    if not missing:
        return []
    shown = missing[:MAX_RUNS]
    lines = [f"left out: {run.record.recipe} {run.name}, trained with {run.record.changes}" for run in shown]
    if len(missing) > len(shown):
        lines.append(f"left out: {len(missing) - len(shown)} older runs: make runs PROJECT={request.project}")
    ids = " ".join(sorted({*names, *(run.name for run in shown)}))
    them = "it" if len(shown) == 1 else "them"
    return [*lines, f'to compare {them} too: make eval PROJECT={request.project}{request.variables} RUNS="{ids}"']
