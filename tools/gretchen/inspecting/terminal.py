"""Sequences on a terminal: trained tokens green, masked ones grey; without colour the trained ones stand between marks.

Colour is rich's matter: none in a pipe, none where NO_COLOR is set.
"""

from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from gretchen.inspecting.pieces import Piece

OPEN, CLOSE = "⟦", "⟧"
TRAINED, MASKED, END = "bold green", "bright_black", "reverse"
BREAK = "⏎"


def legend(console: Console) -> Text:
    """Return the line that says how trained, masked and ending tokens look."""
    if console.color_system:
        return Text.assemble(
            ("trained", TRAINED), "  ", ("masked", MASKED), "  ", ("ends the answer", f"{TRAINED} {END}")
        )
    return Text(f"trained tokens stand between {OPEN} and {CLOSE}; a token that ends an answer is told by (EOS)")


def shown(pieces: Iterable[Piece], console: Console) -> Text:
    """Return pieces as text for the console, line breaks made visible, packed rows apart."""
    text, inside = Text(), False
    for piece in pieces:
        if not console.color_system and inside and (piece.begins or not piece.trained):
            text.append(CLOSE)
            inside = False
        if piece.begins:
            text.append("\n" * (not text.plain.endswith("\n")) + "── next packed row ──\n")
        if not console.color_system and piece.trained and not inside:
            text.append(OPEN)
            inside = True
        style = TRAINED if piece.trained else MASKED
        words = piece.text.replace("\n", f"{BREAK}\n")
        text.append(words, f"{style} {END}" if piece.ends else style)
        if piece.ends and not console.color_system:
            text.append("(EOS)")
    if inside:
        text.append(CLOSE)
    return text
