"""Every test answer of an evaluation, side by side, as the page of a report holds it.

    table = answer_table(evaluation, card)
    table.rows[0].texts      -> ("base's answer", "SFT's answer", …)

Answers are those that `make eval` stored, scored again by the project's evaluation.py. Where they or their rows are not
on this machine, `problem` says so. Long answers and large tables are cut to what a page can hold.
"""

import json
from collections import defaultdict
from dataclasses import asdict, dataclass

from gretchen.errors import GretchenError
from gretchen.projects.card import Card
from gretchen.reporting.ladder import ladder
from gretchen.safe_text import visible
from gretchen.scoring.asked_rows import asked_rows
from gretchen.scoring.evaluation import Evaluation
from gretchen.scoring.side_by_side import ComparedRow, compare_stored, stored_answers

MAX_TEXT = 4_000  # characters of one answer
MAX_BYTES = 1_300_000  # of all rows as JSON: a report stays below 2 MB


@dataclass(frozen=True)
class AnswerRow:
    """A test row: what was asked, the reference, and each model's answer with its score and whether it finished."""

    id: str
    set: str
    form: str
    language: str
    question: str
    reference: str
    texts: tuple[str, ...]
    scores: tuple[float | None, ...]
    ended: tuple[bool, ...]


@dataclass(frozen=True)
class AnswerTable:
    """The rows of a page; `ladder` are the models that are compared at first, `best` the metric's best score.

    `available`: the rows before cutting. `problem`: why there are no rows, "" where there are.
    """

    models: tuple[str, ...] = ()
    ladder: tuple[str, ...] = ()
    higher_is_better: bool = True
    best: float | None = None
    available: int = 0
    rows: tuple[AnswerRow, ...] = ()
    problem: str = ""

    @property
    def data(self) -> dict[str, object]:
        """The table as JSON values, for the page's script."""
        return asdict(self)


def answer_table(evaluation: Evaluation, card: Card) -> AnswerTable:
    """Return the answers of an evaluation's base and runs; of several training seeds those of the first."""
    project, evaluate = evaluation.project, f"make eval PROJECT={evaluation.project} PROFILE={evaluation.profile}"
    asked = asked_rows(evaluation)
    if asked is None:
        return AnswerTable(problem=f"the data of this result are not built on this machine: `{evaluate}` answers anew")
    answered = stored_answers(evaluation)
    stored = {name: answers for name, answers in answered.items() if answers}
    if missing := [name for name in answered if name not in stored]:
        return AnswerTable(problem=f"answers of {', '.join(missing)} are not on this machine: `{evaluate}` makes them")
    try:
        compared = compare_stored(project, list(stored.values()), asked)
    except GretchenError as failure:
        return AnswerTable(problem=f"the answers cannot be scored: {failure.problem}")
    return table_of(evaluation, card, tuple(stored), compared)


def table_of(evaluation: Evaluation, card: Card, models: tuple[str, ...], rows: list[ComparedRow]) -> AnswerTable:
    """Return compared rows as a page's table."""
    metric = card.evaluation.metrics.get(evaluation.main_metric)
    higher = evaluation.metrics[evaluation.main_metric].better == "higher"
    best = metric.range[higher] if metric and abs(metric.range[higher]) != float("inf") else None
    shown = fitting([answer_row(row) for row in rows])
    steps = tuple(model.name for _, model in ladder(evaluation, card.engine).steps)
    return AnswerTable(models, steps, higher, best, len(rows), tuple(shown))


def answer_row(row: ComparedRow) -> AnswerRow:
    """Return a compared row with its texts as they are shown."""
    return AnswerRow(
        id=row.id,
        set=row.set,
        form=visible(row.form),
        language=visible(row.language),
        question=cut(row.question),
        reference=cut(row.reference),
        texts=tuple(cut(answer.answer) for answer in row.answers),
        scores=tuple(None if answer.score is None else round(answer.score, 4) for answer in row.answers),
        ended=tuple(answer.ended for answer in row.answers),
    )


def cut(text: str, limit: int = MAX_TEXT) -> str:
    """Return a text as it is shown: unsafe characters as escapes, and a long one without its end."""
    if len(text) <= limit:
        return visible(text)
    return f"{visible(text[:limit])} … ({len(text):,} characters)"


def fitting(rows: list[AnswerRow]) -> list[AnswerRow]:
    """Return the rows that a page can hold: all, or evenly over forms the first ones of each."""
    sizes = {row.id: len(json.dumps(asdict(row), ensure_ascii=False).encode()) + 1 for row in rows}
    if sum(sizes.values()) <= MAX_BYTES:
        return rows
    by_form: dict[tuple[str, str], list[AnswerRow]] = defaultdict(list)
    for row in rows:
        by_form[row.set, row.form].append(row)
    ranked = sorted((rank, key, row.id) for key, group in by_form.items() for rank, row in enumerate(group))
    kept, total = set(), 0
    for _, _, row_id in ranked:
        total += sizes[row_id]
        if total > MAX_BYTES:
            break
        kept.add(row_id)
    return [row for row in rows if row.id in kept]
