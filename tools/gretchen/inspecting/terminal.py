"""Sequences on a terminal: trained tokens green, masked ones grey; without colour, trained tokens in brackets.

rich decides on colour: none in a pipe, none where NO_COLOR is set.
"""

from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from gretchen.inspecting.spans import Span
from gretchen.safe_text import visible

OPEN, CLOSE = "⟦", "⟧"
TRAINED, MASKED, EOS = "bold green", "bright_black", "reverse"
LINE_BREAK = "⏎"


def legend(console: Console) -> Text:
    """Return the line that explains how trained, masked and EOS tokens look."""
    if console.color_system:
        return Text.assemble(
            ("trained", TRAINED), "  ", ("masked", MASKED), "  ", ("ends the answer", f"{TRAINED} {EOS}")
        )
    return Text(f"trained tokens stand between {OPEN} and {CLOSE}; a token that ends an answer is followed by (EOS)")


def render(spans: Iterable[Span], console: Console) -> Text:
    """Return spans as text for the console, line breaks made visible, packed rows separated."""
    text, inside = Text(), False
    for span in spans:
        if not console.color_system and inside and (span.starts_row or not span.trained):
            text.append(CLOSE)
            inside = False
        if span.starts_row:
            text.append("\n" * (not text.plain.endswith("\n")) + "── next packed row ──\n")
        if not console.color_system and span.trained and not inside:
            text.append(OPEN)
            inside = True
        style = TRAINED if span.trained else MASKED
        text.append(visible(span.text).replace("\n", f"{LINE_BREAK}\n"), f"{style} {EOS}" if span.is_eos else style)
        if span.is_eos and not console.color_system:
            text.append("(EOS)")
    if inside:
        text.append(CLOSE)
    return text
