"""Public corpora of simplified German in their own formats, read as chat rows from a user's own copy.

    make data PROJECT=administrative-german SOURCE=path/to/DEplain-web-sent

    DEplain              .csv with original, simplification and license; train, dev or test in the file's name is kept
    TextComplexityDE     parallel_corpus.csv, cp1252: Original_Sentence, Simplification, Article_ID

A row asks for the sentence in plain German; rows of one document share a group. Of DEplain only rows are read whose
licence allows changes and any use (CC0, CC BY, CC BY-SA): the others, NC and ND, are faults with their licence. Its
closed files hold 0 bytes, and Simple-German-Corpus holds addresses: both are said. A faulty row is yielded as a Fault
with file, line and reason.

Not covered: checking the simplifications; they are the corpora's own. DEplain's automatic alignments are often wrong.
"""

import csv
import io
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from gretchen.errors import UserError
from gretchen.projects.rows import Fault, Row
from gretchen.projects.splits import Split, official_key, split_of

from .wordings import SYSTEM, pick

KNOWN = "DEplain's .csv (original, simplification, license) and TextComplexityDE's parallel_corpus.csv can be read"
DEPLAIN = ("original", "simplification", "license")
COMPLEXITY = ("Original_Sentence", "Simplification", "Article_ID")
LONGEST = 1_500  # characters of a side: longer ones are whole documents, or alignments gone wrong
FREE = re.compile(r"^(?:CC[ -]?0\b|CC[ -]BY(?:[ -]SA)?\b(?![ -](?:NC|ND|SA[ -]N))|public domain)", re.IGNORECASE)
SPLITS: dict[str, Split] = {"train": "train", "dev": "validation", "test": "test"}
Reader = Callable[[Path, int, dict[str, str], list[str]], Row]
MAX_FIELD = 10_000_000  # documents in one field; csv's own limit is 131,072


def read(path: str | Path) -> Iterator[Row | Fault]:
    """Yield rows and faults of a file, or of all .csv files of a folder. Raises UserError where nothing can be read."""
    path = Path(path)
    if not path.exists():
        raise UserError(f"{path} does not exist", "SOURCE= names a file or a folder")
    if not path.is_dir():
        yield from _file(path)
        return
    files = sorted(path.rglob("*.csv"))
    addresses = sorted(path.rglob("archive_header.json"))
    if not files:
        raise UserError(_no_texts(addresses[0]) if addresses else f"{path} holds no .csv", KNOWN)
    for file in files:
        yield from _file(file)
    for file in addresses:
        yield Fault(str(file), 1, _no_texts(file))


def _no_texts(file: Path) -> str:
    """Return what is said of Simple-German-Corpus."""
    return f"{file.name} (Simple-German-Corpus) holds addresses and no texts: its own crawler fetches them"


def _file(file: Path) -> Iterator[Row | Fault]:
    """Yield the rows of a file of either corpus. Raises UserError for other files."""
    if file.suffix.lower() != ".csv":
        raise UserError(_no_texts(file) if file.name == "archive_header.json" else f"{file} is no .csv", KNOWN)
    text = _text(file)
    if not text.strip():
        yield Fault(str(file), 1, "the file is empty: DEplain's closed part, which its Web Harvester collects")
        return
    csv.field_size_limit(MAX_FIELD)
    rows = csv.DictReader(io.StringIO(text, newline=""))
    header = rows.fieldnames or []
    for columns, reader in ((DEPLAIN, _deplain), (COMPLEXITY, _complexity)):
        if all(name in header for name in columns):
            yield from _rows(file, rows, columns, reader)
            return
    yield Fault(
        str(file), 1, f"no columns {', '.join(DEPLAIN)} (DEplain) or {', '.join(COMPLEXITY)} (TextComplexityDE)"
    )


def _text(file: Path) -> str:
    """Return a file's text: UTF-8 where it is, else cp1252, as Excel writes it."""
    content = file.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _rows(file: Path, rows: csv.DictReader, columns: tuple[str, ...], reader: Reader) -> Iterator[Row | Fault]:
    """Yield the rows of a file whose columns are known; a broken rest of the file is one fault."""
    try:
        for values in rows:
            texts = [" ".join((values[name] or "").split()) for name in columns]
            reason = _fault(texts, columns)
            yield Fault(str(file), rows.line_num, reason) if reason else reader(file, rows.line_num, values, texts)
    except csv.Error as error:
        yield Fault(str(file), rows.line_num + 1, f"not CSV from here on: {error}")


def _fault(texts: list[str], columns: tuple[str, ...]) -> str:
    """Return what is wrong with a row, "" where nothing is; the first two texts are the original and the plain one."""
    empty = [name for name, text in zip(columns, texts, strict=True) if not text]
    if empty:
        return f"{', '.join(empty)} is empty"
    if columns == DEPLAIN and not FREE.match(texts[2]):
        return f"licence '{texts[2]}': only CC0, CC BY and CC BY-SA are read"
    if texts[0] == texts[1]:
        return "original and simplification are the same"
    longest = max(len(text) for text in texts[:2])
    return f"{longest:,} characters; a row holds up to {LONGEST:,}" if longest > LONGEST else ""


def _deplain(file: Path, line: int, values: dict[str, str], texts: list[str]) -> Row:
    """Return a row of DEplain; its document is the group."""
    words = re.split(r"[^a-z]+", file.name.lower())
    split = next((split for word, split in SPLITS.items() if word in words), None)
    key = f"deplain:{values.get('corpus') or file.stem}/{values.get('pair_id') or line}"
    key = official_key(key, split) if split else key
    meta = {"corpus": "DEplain", "licence": texts[2], "level": values.get("simple_level") or ""}
    return _row(f"deplain-{file.stem}-{line}", "deplain", key, texts, meta)


def _complexity(file: Path, line: int, values: dict[str, str], texts: list[str]) -> Row:
    """Return a row of TextComplexityDE; its article is the group."""
    meta = {"corpus": "TextComplexityDE", "licence": "MIT", "rating": (values.get("Rating") or "").strip()}
    return _row(f"complexity-{line}", "text-complexity", f"complexity:{texts[2]}", texts, meta)


def _row(name: str, form: str, key: str, texts: list[str], meta: dict[str, str]) -> Row:
    """Return the chat row that asks for the plain sentence."""
    wording, wording_key = pick(random.Random(name), "simplify", "de", split_of(key) or "train")
    return {
        "id": name,
        "form": form,
        "group": [key, wording_key],
        "messages": [
            {"role": "system", "content": SYSTEM["public"]},
            {"role": "user", "content": f"{wording}\n\n{texts[0]}"},
            {"role": "assistant", "content": texts[1]},
        ],
        "meta": {"style": "public", "language": "de", "source": texts[0], "statements": [], "optional": []} | meta,
    }
