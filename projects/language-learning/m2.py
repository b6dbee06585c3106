"""M2, the format of grammatical error correction: a sentence and its annotators' edits.

    S I likes tea .
    A 1 2|||R:VERB:SVA|||like|||REQUIRED|||-NONE-|||0

    block(source, references)       -> the lines of a sentence
    blocks(lines)                   -> Block, or Problem with line and reason, for each sentence

An annotator without edits has the line `A -1 -1|||noop|||-NONE-|||REQUIRED|||-NONE-|||0`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .errors import Edit

NOOP = "A -1 -1|||noop|||-NONE-|||REQUIRED|||-NONE-|||{}"


@dataclass(frozen=True)
class Block:
    """A sentence's tokens, the edits of each annotator, and its line in the file."""

    source: tuple[str, ...]
    references: tuple[tuple[Edit, ...], ...]
    line: int


@dataclass(frozen=True)
class Problem:
    """A line that is no M2, and why."""

    line: int
    reason: str


def block(source: Iterable[str], references: Iterable[Iterable[Edit]]) -> str:
    """Return a sentence with the edits of its annotators as M2."""
    lines = ["S " + " ".join(source)]
    for number, edits in enumerate(references):
        own = [f"A {e.start} {e.end}|||{e.label}|||{e.correction}|||REQUIRED|||-NONE-|||{number}" for e in edits]
        lines += own or [NOOP.format(number)]
    return "\n".join(lines) + "\n"


def applied(source: tuple[str, ...], edits: Iterable[Edit]) -> tuple[str, ...]:
    """Return the corrected tokens."""
    words, shift = list(source), 0
    for edit in sorted(edits, key=lambda item: (item.start, item.end)):
        correction = edit.correction.split()
        words[edit.start + shift : edit.end + shift] = correction
        shift += len(correction) - (edit.end - edit.start)
    return tuple(words)


def blocks(lines: Iterable[str]) -> Iterator[Block | Problem]:
    """Yield the sentences of a file in M2, and a Problem for each that cannot be read."""
    gathered: list[str] = []
    first = 1
    for number, line in enumerate([*lines, ""], start=1):
        text = line.rstrip("\r\n")
        if text.strip():
            first = first if gathered else number
            gathered.append(text)
        elif gathered:
            yield _block(gathered, first)
            gathered = []


def _block(lines: list[str], first: int) -> Block | Problem:
    """Return the sentence of some lines."""
    if not lines[0].startswith("S ") or not lines[0][2:].strip():
        return Problem(first, f"a sentence begins with 'S ' and its tokens, this with {lines[0][:40]!r}")
    source = tuple(lines[0][2:].split())
    by_annotator: dict[str, list[Edit]] = {}
    for number, line in enumerate(lines[1:], start=first + 1):
        fields = line[2:].split("|||")
        span = fields[0].split()
        if not line.startswith("A ") or len(fields) != 6 or len(span) != 2:
            return Problem(
                number,
                f"an edit is 'A start end|||type|||correction|||REQUIRED|||-NONE-|||annotator', not {line[:60]!r}",
            )
        if not all(part.lstrip("-").isdecimal() for part in span):
            return Problem(number, f"the span {fields[0]!r} is no pair of numbers")
        start, end = int(span[0]), int(span[1])
        edits = by_annotator.setdefault(fields[5].strip(), [])
        if fields[1] == "noop" or start == -1:
            continue
        if not 0 <= start <= end <= len(source):
            return Problem(number, f"the span {start} {end} is outside of the {len(source)} tokens")
        if edits and start < edits[-1].end:
            return Problem(number, f"the span {start} {end} overlaps the one before")
        if fields[1] != "UNK":  # an error that the annotator could not correct
            edits.append(Edit(start, end, "" if fields[2] == "-NONE-" else fields[2], fields[1]))
    return Block(source, tuple(tuple(edits) for edits in by_annotator.values()) or ((),), first)
