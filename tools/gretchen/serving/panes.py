"""The same question to several models, their answers side by side as they are generated.

    ask_side_by_side(models, messages, params)

In a terminal each model has a column that fills as it writes, one model after the other; in a pipe the answers follow
each other under their models' names. One model at a time is in memory.
"""

import sys
from collections.abc import Sequence

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from gretchen.models.generate import Completion, Message, Model, SamplingParams
from gretchen.models.stream import stream
from gretchen.safe_text import visible
from gretchen.serving.chat_models import ChatModel

UNFINISHED = " … (cut off: no EOS)"


def ask_side_by_side(models: Sequence[ChatModel], messages: list[Message], params: SamplingParams) -> list[Completion]:
    """Ask every model, show the answers while they are generated, and return them. Raises as `stream` does."""
    if sys.stdout.isatty() and len(models) > 1:
        return _in_columns(models, messages, params)
    answers = []
    for number, model in enumerate(models):
        print(f"{chr(10) * bool(number)}{visible(model.name)}:", flush=True)
        answers.append(answer_aloud(model.load(), messages, params))
    return answers


def answer_aloud(model: Model, messages: list[Message], params: SamplingParams) -> Completion:
    """Print an answer as it is generated, and return it."""
    answer = stream(model, messages, params, lambda piece: print(visible(piece), end="", flush=True))
    print("" if answer.ended else UNFINISHED)
    return answer


def _in_columns(models: Sequence[ChatModel], messages: list[Message], params: SamplingParams) -> list[Completion]:
    """Show the answers in columns of a terminal."""
    texts = ["" for _ in models]
    answers = []
    with Live(console=Console(), refresh_per_second=8, vertical_overflow="visible") as live:
        for number, model in enumerate(models):

            def on_text(piece: str, number: int = number) -> None:
                texts[number] += visible(piece)
                live.update(columns([model.name for model in models], [texts]))

            live.update(columns([model.name for model in models], [texts]))
            answer = stream(model.load(), messages, params, on_text)
            texts[number] += "" if answer.ended else UNFINISHED
            answers.append(answer)
        live.update(columns([model.name for model in models], [texts]))
    return answers


def columns(names: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """Return a table of texts, which are shown as they are, without markup."""
    table = Table(expand=True, show_lines=len(rows) > 1)
    for name in names:
        table.add_column(Text(visible(name)), ratio=1, overflow="fold")
    for row in rows:
        table.add_row(*(Text(visible(cell)) for cell in row))
    return table
