"""One model's column: its answer as it is written, token by token, and what a click on a token shows.

Arrow keys move between tokens, Enter opens one. A token's shade is the probability that the model did not give it.
"""

import math

from nicegui import ui
from nicegui.events import GenericEventArguments

from gretchen.models.pieces import Piece
from gretchen.models.stream import Answer, Delta
from gretchen.models.tokens import Token
from gretchen.safe_text import visible
from gretchen.web.elements import Text, attributes, box
from gretchen.web.token_table import TokenTable, answer_summary, percent, shown, token_table

# Both run in the browser: one listener for all tokens of an answer.
CLICKED = "(event) => { const token = event.target.closest('[data-n]'); if (token) emit(Number(token.dataset.n)); }"
MOVED = """(event) => {
    const tokens = [...event.currentTarget.querySelectorAll('[data-n]')];
    const step = {ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1}[event.key];
    const at = tokens.indexOf(document.activeElement);
    if (at < 0) return;
    if (step) { event.preventDefault(); tokens[Math.min(tokens.length - 1, Math.max(0, at + step))].focus(); }
    if (event.key === 'Enter' || event.key === ' ') { event.preventDefault(); tokens[at].click(); }
}"""
MAX_SHADE = 45  # per cent of the colour for a token that had no probability


class AnswerColumn:
    """A column of the page; `label` is the model's name, or a letter while the names are hidden."""

    def __init__(self, label: str, kind: str) -> None:
        self.tokens: list[tuple[Token, ...]] = []
        self.elements: list[Text] = []
        self.answer: Answer | None = None
        with box("pane model") as self.pane:
            with box("model-head"):
                self.name = Text(label, "h2", "model-name")
                self.kind = Text(kind, classes="chip" if kind else "hidden")
            self.text = attributes(box("answer tokens"), role="group", aria_label=f"answer of {label}")
            self.text.on("click", self.on_click, js_handler=CLICKED)
            self.text.on("keydown", js_handler=MOVED)
            self.status = attributes(Text("waiting …", "p", "soft status"), role="status")
            self.panel = attributes(box("token-panel"), aria_live="polite")
            self.actions = box("model-actions")

    def reveal(self, name: str, kind: str) -> None:
        """Show the model's name, which was hidden."""
        self.name.text = f"{self.name.text}: {name}"
        self.kind.text = kind
        self.kind.classes("chip", remove="hidden")

    def show_status(self, text: str, is_bad: bool = False) -> None:
        """Say what happens, or what went wrong."""
        self.status.text = visible(text)
        self.status.classes("bad" if is_bad else "soft", remove="soft bad")

    def add(self, piece: Piece | Delta) -> None:
        """Add a piece of the answer."""
        with self.text:
            self.add_token(piece.text, piece.tokens)

    def add_token(self, text: str, tokens: tuple[Token, ...]) -> None:
        """Add a clickable piece; one without a text, like a special token, shows its name."""
        number = len(self.tokens)
        self.tokens.append(tokens)
        element = attributes(Text(visible(text), classes="token"), data_n=str(number), role="button")
        self.elements.append(element)
        attributes(element, tabindex="0" if number == 0 else "-1")
        if "\n" in text:
            attributes(element, data_mark="↵" * text.count("\n"))
        if not text:
            attributes(element, data_mark=" ".join(shown(token.text) for token in tokens))
            element.classes("special")
        shade = MAX_SHADE * (1 - math.exp(sum(token.logprob for token in tokens)))
        if shade >= 1:
            element.style(f"--shade: {shade:.0f}%")

    def finish(self, answer: Answer, is_streamed: bool) -> None:
        """Show the end of an answer; the whole of it where it was not streamed."""
        self.answer = answer
        for piece in () if is_streamed else answer.pieces:
            self.add(piece)
        if answer.end:
            with self.text:
                self.add_token("", (answer.end,))
        self.show_status(answer_summary(answer))

    def on_click(self, event: GenericEventArguments) -> None:
        """Show the alternatives to a token."""
        if isinstance(event.args, int) and 0 <= event.args < len(self.tokens):
            self.show_tokens(event.args)

    def show_tokens(self, number: int) -> None:
        """Show the tables of the tokens of a piece: one, or the several that make one character."""
        self.panel.clear()
        tokens = self.tokens[number]
        for position, element in enumerate(self.elements):
            element.classes("selected") if position == number else element.classes(remove="selected")
        with self.panel:
            for position, token in enumerate(tokens, start=1):
                heading = f"Part {position} of {len(tokens)} of a character" if len(tokens) > 1 else "Alternatives to"
                with box("token-head"):
                    Text(heading, classes="soft")
                    Text(shown(token.text), "code", "token-name")
                draw(token_table(token))
            if self.answer:
                Text(f"Whole answer: {answer_summary(self.answer)}", "p", "soft")


def draw(table: TokenTable) -> None:
    """Draw the likeliest tokens with bars, and the summary."""
    with box("token-table", "table"), box(tag="tbody"):
        for row in table.rows:
            with box("chosen" if row.is_chosen else "", "tr"):
                with box(tag="th"):
                    Text(row.text, "code")
                    if row.is_chosen:
                        Text(" (chosen)", classes="unseen")
                with box("bar-cell", "td"):
                    box("bar").style(f"width: {100 * row.share:.1f}%")
                Text(percent(row.share), "td", "number")
    Text(table.summary, "p")


def kind_of(continues: bool) -> str:
    """Return how a model was prompted, as the column says it."""
    return "raw prompt" if continues else "chat template"


def columns_box() -> ui.element:
    """Return the row of columns, to fill."""
    return box("columns")
