"""The agreement of the raters, and of judge models with them, as a dialog of the label page."""

from collections.abc import Sequence

from nicegui import ui

from gretchen.feedback.agreement import Agreement, agreement
from gretchen.feedback.judging.calibration import judged_agreement
from gretchen.feedback.judging.verdicts import read_verdicts, verdicts_file
from gretchen.feedback.labels import Label
from gretchen.web.elements import Text, box, button
from gretchen.web.label_texts import Texts


def agreements(project: str, labels: Sequence[Label]) -> list[Agreement]:
    """Return the agreement of the raters, then of each judge model with the majority of them."""
    verdicts = read_verdicts(verdicts_file(project)).values()
    return [*agreement(labels), *judged_agreement(verdicts, labels)]


def open_agreement(questions: Sequence[Agreement], words: Texts) -> None:
    """Show a table of the questions with alpha, units and raters."""
    with ui.dialog() as dialog, ui.card().classes("agreement-card"):
        Text(words.agreement, "h2")
        Text(words.agreement_hint, "p", "soft")
        with box("scroll"), box("table", "table"):
            with box(tag="thead"), box(tag="tr"):
                for column in words.agreement_columns:
                    Text(column, "th", "number" if column else "")
            with box(tag="tbody"):
                for question in questions:
                    draw_row(question, words)
        button(words.close, dialog.close)
    dialog.on("hide", dialog.delete)
    dialog.open()


def draw_row(question: Agreement, words: Texts) -> None:
    """Draw one question."""
    alpha = words.agreement_none if question.units else "—"
    if question.alpha is not None:
        alpha = f"{question.alpha:.2f}".replace("-", "−")
    with box(tag="tr"):
        Text(words.name_of(question.question), "th")
        for text in (alpha, str(question.units), str(question.raters)):
            Text(text, "td", "number")
