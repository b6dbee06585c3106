"""All rows that `make data` built, with their loss masks, as the page of the data shows them.

    view = data_view("genome-chatbot")
    view.formats[0].rows[0].sides[0].texts   -> ("<|im_start|>user …", "ATG AAA<|im_end|>", …): every second one trained

Tokens and loss masks are those of the project's tokenizer and chat template, as the data card counts them: the
assistant's turns of a chat, both answers of a pair, all of a document. A recipe's own mask: `make inspect`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from gretchen import paths
from gretchen.errors import UserError
from gretchen.files import read_jsonl
from gretchen.inspecting.sequences import TokenSequence
from gretchen.inspecting.spans import spans_of
from gretchen.projects.builder import SPLITS, SplitRow
from gretchen.projects.card import Card, load_card
from gretchen.projects.datacard import DataCard, load_data_card
from gretchen.projects.duplicates import repeated_rows
from gretchen.projects.left_out import LeftOutRow, load_left_out
from gretchen.projects.rows import Row, group_keys, meta_of, normalised_prompt
from gretchen.projects.summarize import TokenCounter, tokenizer_folder
from gretchen.scoring.few_shot import language

BATCH = 1_000  # rows that are tokenized at once
MAX_TEXT = 20_000  # characters of one row on the page
MAX_TEXTS = 40_000_000  # characters of all rows on the page
NEAR_ROWS = 3_000  # rows of a format that are compared with each other, held-out ones first: 1,000 a second


@dataclass(frozen=True)
class Side:
    """A sequence of a row: masked and trained text in turn, masked first. `label`: which side of a pair it is."""

    label: str
    texts: tuple[str, ...]

    @property
    def length(self) -> int:
        """Characters."""
        return sum(map(len, self.texts))


@dataclass(frozen=True)
class DataRow:
    """A row. `tokens` and `trained` count those of its first side, `length` the characters of all sides.

    `split` is "" for a row that was left out.
    """

    id: str
    form: str
    split: str
    language: str
    group: str
    meta: str
    length: int
    tokens: int
    trained: int
    sides: tuple[Side, ...]

    @property
    def data(self) -> list[object]:
        """The row as JSON values, in the order of its fields, for the page's script."""
        sides = [[side.label, side.texts] for side in self.sides]
        head = [self.id, self.form, self.split, self.language, self.group, self.meta]
        return [*head, self.length, self.tokens, self.trained, sides]


@dataclass(frozen=True)
class LeftOutView:
    """A row that was left out, why, and the id of the row that it repeats."""

    reason: str
    repeats: str
    row: DataRow


@dataclass(frozen=True)
class FormatView:
    """The rows of a format; `near_duplicates` are pairs of indices, found among `num_compared` rows."""

    name: str
    rows: tuple[DataRow, ...]
    near_duplicates: tuple[tuple[int, int], ...]
    num_compared: int
    left_out: tuple[LeftOutView, ...]


@dataclass(frozen=True)
class DataView:
    """A project's data: its card, its data card, and the rows of each format."""

    card: Card
    data_card: DataCard
    formats: tuple[FormatView, ...]


def data_view(project: str) -> DataView:
    """Return all rows of a project's built data. Raises UserError where none are built."""
    data_card = load_data_card(project)
    if data_card is None:
        raise UserError(f"the data of {project} is not built", f"make data PROJECT={project}")
    counter = TokenCounter(tokenizer_folder(project))
    left_out = load_left_out(project)
    # A team's own rows come first; documents are the base's, and many.
    names = sorted(data_card.formats, key="texts".__eq__)
    formats = [format_view(project, name, left_out, counter) for name in names]
    return DataView(load_card(project), data_card, tuple(shortened(formats)))


def format_view(project: str, name: str, left_out: Sequence[LeftOutRow], counter: TokenCounter) -> FormatView:
    """Return the rows of a format, its near-duplicates, and what was left out of it."""
    folder = paths.build(project) / name
    stored = [(row, split) for split in SPLITS for row in read_jsonl(folder / f"{split}.jsonl")]
    dropped = [line for line in left_out if line.format == name]
    shown = data_rows([(line.row, "") for line in dropped], counter)
    numbers = sorted(range(len(stored)), key=lambda number: stored[number][1] == "train")[:NEAR_ROWS]
    compared = {number: SplitRow(*stored[number], normalised_prompt(stored[number][0])) for number in numbers}
    return FormatView(
        name=name,
        rows=tuple(data_rows(stored, counter)),
        near_duplicates=tuple(near_pairs(compared)),
        num_compared=len(compared),
        left_out=tuple(LeftOutView(line.reason, line.repeats, row) for line, row in zip(dropped, shown, strict=True)),
    )


def near_pairs(rows: dict[int, SplitRow]) -> Iterator[tuple[int, int]]:
    """Yield the numbers of a row and of the row before it, in the given order, that it nearly repeats."""
    numbers = {id(placed): number for number, placed in rows.items()}
    for number, repeated in zip(rows, repeated_rows(list(rows.values())), strict=True):
        if repeated:
            yield number, numbers[id(repeated)]


def data_rows(rows: Sequence[tuple[Row, str]], counter: TokenCounter) -> Iterator[DataRow]:
    """Yield rows, each with its split, as they are shown."""
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        encoded = [encoded_sides([row for row, _ in batch], label, counter) for label in side_labels(batch[0][0])]
        for (row, split), *sides in zip(batch, *encoded, strict=True):
            yield data_row(row, split, sides, counter)


def side_labels(row: Row) -> tuple[str, ...]:
    """Return the sides of a format's rows: two for pairs, else one without a name."""
    return ("chosen", "rejected") if "rejected" in row else ("",)


def encoded_sides(rows: Sequence[Row], label: str, counter: TokenCounter) -> list[tuple[str, TokenSequence]]:
    """Return a side of each row as (label, tokens with their loss mask)."""
    answered = [row | {"chosen": row["rejected"]} for row in rows] if label == "rejected" else rows
    labels = [label or {True: "desirable", False: "undesirable"}.get(row.get("label"), "") for row in rows]
    encoded = counter.encode(answered)
    return [
        (name, TokenSequence(ids, list(map(bool, mask)))) for name, (ids, mask) in zip(labels, encoded, strict=True)
    ]


def data_row(row: Row, split: str, sides: Sequence[tuple[str, TokenSequence]], counter: TokenCounter) -> DataRow:
    """Return one row as it is shown."""
    meta = meta_of(row)
    shown = tuple(Side(label, alternating(sequence, counter)) for label, sequence in sides)
    return DataRow(
        id=row["id"],
        form=row["form"],
        split=split,
        language=language({"meta": meta}),
        group=", ".join(group_keys(row)),
        meta=row["meta"] if meta else "",
        length=sum(side.length for side in shown),
        tokens=len(sides[0][1].ids),
        trained=sum(sides[0][1].trained),
        sides=shown,
    )


def alternating(sequence: TokenSequence, counter: TokenCounter) -> tuple[str, ...]:
    """Return a sequence's text, masked and trained in turn; the first one is "" where it begins with trained tokens."""
    spans = spans_of(sequence, counter.tokenizer, ())
    first = ("",) if spans and spans[0].trained else ()
    return (*first, *(span.text for span in spans))


def shortened(formats: Sequence[FormatView]) -> Iterator[FormatView]:
    """Yield the formats with the longest rows cut, so that all fit into a page."""
    limit = fair_limit([row.length for view in formats for row in view.rows], MAX_TEXTS)
    for view in formats:
        left_out = tuple(replace(item, row=cut(item.row, limit)) for item in view.left_out)
        yield replace(view, rows=tuple(cut(row, limit) for row in view.rows), left_out=left_out)


def fair_limit(lengths: Sequence[int], budget: int) -> int:
    """Return the largest length, at most MAX_TEXT, to which all may be cut so that they sum up to the budget."""
    remaining = budget
    for number, length in enumerate(sorted(lengths)):
        share = remaining // (len(lengths) - number)
        if length > share:
            return min(share, MAX_TEXT)
        remaining -= length
    return MAX_TEXT


def cut(row: DataRow, limit: int) -> DataRow:
    """Return a row without the ends of its sides where it is longer than `limit` characters."""
    if row.length <= limit:
        return row
    return replace(row, sides=tuple(cut_side(side, limit // len(row.sides)) for side in row.sides))


def cut_side(side: Side, limit: int) -> Side:
    """Return a side's first `limit` characters."""
    texts, room = [], limit
    for text in side.texts:
        texts.append(text[:room])
        room -= len(texts[-1])
    return replace(side, texts=tuple(texts))
