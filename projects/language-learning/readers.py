"""Public corpora of learners' sentences in their own formats, read as chat rows from a user's own copy.

    make data PROJECT=language-learning SOURCE=path/to/folder

    JFLEG       dev.src, test.src with .ref0 to .ref3 beside: tokenised lines (.spellchecked.src is left out)
    M2          .m2: W&I+LOCNESS, Falko-MERLIN; noop, several annotators; German where the file's name says fm-, falko,
                merlin or de
    Tatoeba     .tsv: sentence pairs, id, sentence, id, translation; English and German

A row asks for the correction alone, since these edits have no explanations; of Tatoeba, for the translation. A file's
official split (train, dev, test in its name) is kept; dev is validation. A faulty line is yielded as a Fault with file,
line and reason.

Not covered: texts of several sentences; Tatoeba's sentences without links.
"""

import random
import re
from collections.abc import Iterator
from pathlib import Path

from gretchen.errors import UserError
from gretchen.projects.rows import Fault, Row
from gretchen.projects.splits import Split, official_key, split_of

from .errors import Edit
from .explanations import CORRECT
from .m2 import Block, Problem, applied, blocks
from .route import edits_between
from .tokens import natural
from .wordings import language_name, pick, system_message

KNOWN = "JFLEG (.src with .ref0 …), M2 (.m2) and Tatoeba's sentence pairs (.tsv) can be read"
LONGEST = 60  # tokens of a sentence
GERMAN_FILE = re.compile(r"(^|[^a-z])(fm|falko|merlin|de|german|deutsch)([^a-z]|$)")
SPLITS: dict[str, Split] = {"train": "train", "dev": "validation", "valid": "validation", "test": "test"}
COMMON = {
    "en": "the a is are was i you he she it we they to of in and not do have my this that what",
    "de": "der die das ist sind war ich du er sie es wir zu von in und nicht ein eine mein dass was",
}


def read(path: str | Path) -> Iterator[Row | Fault]:
    """Yield rows and faults of a file, or of all files of a folder. Raises UserError where nothing can be read."""
    path = Path(path)
    if not path.exists():
        raise UserError(f"{path} does not exist", "SOURCE= names a file or a folder")
    files = sorted(file for file in path.rglob("*") if _is_known(file)) if path.is_dir() else [path]
    if not files:
        raise UserError(f"{path} holds no corpus of learners' sentences", KNOWN)
    for file in files:
        if not _is_known(file):
            raise UserError(f"{file.name} is no corpus that can be read", KNOWN)
        yield from {".src": _jfleg, ".m2": _m2, ".tsv": _tatoeba}[file.suffix.lower()](file)


def _is_known(file: Path) -> bool:
    """Return whether a file is in one of the formats."""
    name = file.name.lower()
    return file.is_file() and name.endswith((".src", ".m2", ".tsv")) and not name.endswith(".spellchecked.src")


def _lines(file: Path) -> list[str]:
    """Return a file's lines; bytes that are no UTF-8 become U+FFFD."""
    return file.read_text(encoding="utf-8-sig", errors="replace").split("\n")


def _official(file: Path) -> Split | None:
    """Return the split that a file's name says, None where it says none."""
    return next((split for word, split in SPLITS.items() if word in re.split(r"[^a-z]+", file.name.lower())), None)


def _key(name: str, file: Path) -> str:
    """Return a group key in the file's official split, where it has one."""
    split = _official(file)
    return official_key(name, split) if split else name


def _jfleg(file: Path) -> Iterator[Row | Fault]:
    """Yield the rows of a .src file with its references."""
    sources = _lines(file)
    found = [file.with_suffix(f".ref{number}") for number in range(4)]
    references = [(other, _lines(other)) for other in found if other.is_file()]
    if not references:
        yield Fault(str(file), 1, f"no {found[0].name} beside it")
        return
    for number, line in enumerate(sources, start=1):
        source = tuple(line.split())
        if not source:
            if line or number < len(sources):
                yield Fault(str(file), number, "the line is empty")
            continue
        texts = [tuple(lines[number - 1].split()) if number <= len(lines) else () for _, lines in references]
        short = [other.name for (other, _), text in zip(references, texts, strict=True) if not text]
        if short or len(source) > LONGEST:
            reason = f"{short[0]} has no such line" if short else f"{len(source)} tokens; rows hold up to {LONGEST}"
            yield Fault(str(file), number, reason)
            continue
        block = Block(source, tuple(edits_between("en", source, text) for text in texts), number)
        yield _correction(file, block, "jfleg", "en")


def _m2(file: Path) -> Iterator[Row | Fault]:
    """Yield the rows of a file in M2."""
    language = "de" if GERMAN_FILE.search(file.name.lower()) else "en"
    for item in blocks(_lines(file)):
        if isinstance(item, Problem):
            yield Fault(str(file), item.line, item.reason)
        elif len(item.source) > LONGEST:
            yield Fault(str(file), item.line, f"{len(item.source)} tokens; rows hold up to {LONGEST}")
        elif not any(applied(item.source, edits) for edits in item.references):
            yield Fault(str(file), item.line, "every annotator deletes the whole sentence")
        else:
            yield _correction(file, item, "m2", language)


def _correction(file: Path, block: Block, form: str, language: str) -> Row:
    """Return the row that asks for a sentence's correction; the first annotator's is the answer."""
    key = _key(f"sentence:{' '.join(block.source).lower()}", file)
    wording, wording_key = _wording("correct", key)
    best = next(edits for edits in block.references if applied(block.source, edits))
    answer = natural(applied(block.source, best)) if best else CORRECT["en"]
    content = wording.format(text=natural(block.source), language=language_name(language, "en"))
    return {
        "id": f"{form}-{file.name}-{block.line}",
        "form": form,
        "group": [key, wording_key],
        "messages": [
            system_message(language, "en", "system_plain"),
            {"role": "user", "content": content},
            {"role": "assistant", "content": answer},
        ],
        "meta": {
            "kind": "correct",
            "language": language,
            "asked": "en",
            "source": list(block.source),
            "references": [[_plain(edit) for edit in edits] for edits in block.references],
            "source_file": file.name,
        },
    }


def _plain(edit: Edit) -> list[int | str]:
    """Return an edit as a row's meta has it."""
    return [edit.start, edit.end, edit.correction, edit.label]


def _wording(form: str, key: str) -> tuple[str, str]:
    """Return a wording in the row's split, and a group key for it."""
    split = split_of(key)
    return pick(random.Random(key), form, "en", split or "train")


def _tatoeba(file: Path) -> Iterator[Row | Fault]:
    """Yield a row for each sentence with its translations."""
    gathered: dict[str, tuple[int, str, str, list[str]]] = {}
    for number, line in enumerate(_lines(file), start=1):
        if not line.strip():
            continue
        cells = [cell.strip() for cell in line.rstrip("\r").split("\t")]
        reason = _cells_fault(cells)
        if reason:
            yield Fault(str(file), number, reason)
            continue
        name, text, _, translation = cells
        _, known, _, translations = gathered.setdefault(name, (number, text, language_of(translation), []))
        if known != text:
            yield Fault(str(file), number, f"sentence {name} reads otherwise than before")
        elif translation not in translations:
            translations.append(translation)
    for name, (_, text, language, translations) in gathered.items():
        yield _translation(file, name, text, language, translations)


def _cells_fault(cells: list[str]) -> str:
    """Return what is wrong with a line of sentence pairs, "" where nothing is."""
    if len(cells) != 4:
        return f"{len(cells)} cells, expected id, sentence, id, translation"
    if not cells[0].isdecimal() or not cells[2].isdecimal():
        return f"the ids {cells[0][:20]!r} and {cells[2][:20]!r} are no numbers"
    languages = {language_of(cells[1]), language_of(cells[3])}
    return "" if languages == {"en", "de"} else "the sentences are not one in English and one in German"


def language_of(text: str) -> str:
    """Return en or de, whichever has more of a text's words, "" where neither has any."""
    words = re.findall(r"\w+", text.lower())
    counts = {name: sum(word in known.split() for word in words) for name, known in COMMON.items()}
    counts["de"] += sum(letter in "äöüß" for letter in text.lower())
    best = max(counts, key=counts.__getitem__)
    return best if counts[best] > min(counts.values()) else ""


def _translation(file: Path, name: str, text: str, language: str, translations: list[str]) -> Row:
    """Return the row that asks for a sentence's translation."""
    key = _key(f"tatoeba:{name}", file)
    wording, wording_key = _wording("translate", key)
    content = wording.format(text=text, language=language_name(language, "en"))
    return {
        "id": f"tatoeba-{file.name}-{name}",
        "form": "tatoeba",
        "group": [key, wording_key],
        "messages": [{"role": "user", "content": content}, {"role": "assistant", "content": translations[0]}],
        "meta": {
            "kind": "short",
            "language": language,
            "asked": "en",
            "accepted": translations,
            "source_file": file.name,
        },
    }
