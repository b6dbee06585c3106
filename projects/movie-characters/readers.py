"""Public dialogues in their own formats: the Cornell Movie-Dialogs Corpus, original or ConvoKit's, and RoleBench.

    make data PROJECT=movie-characters SOURCE=path/to/folder

Each reply is a row: who is played stands in the system message, up to four turns before it are the prompt. Films stay
together in one split; RoleBench keeps its own. These rows have no typed facts, so neither facts nor manner are scored.
What cannot be read is reported by file, line and reason.
"""

from collections.abc import Iterator
from pathlib import Path

from gretchen.errors import UserError
from gretchen.projects.rows import Fault

from . import convokit, cornell, rolebench

KNOWN = "the folder of movie_lines.txt, or of ConvoKit's utterances.jsonl, or RoleBench's .jsonl files can be read"


def read(path: str | Path) -> Iterator[dict | Fault]:
    """Yield rows and faults of a folder, or of the folder of a file. Raises UserError where nothing can be read."""
    path = Path(path)
    if not path.exists():
        raise UserError(f"{path} does not exist", "SOURCE= names a file or a folder")
    folder = path if path.is_dir() else path.parent
    files = sorted(folder.rglob("*") if path.is_dir() else [path])
    readers = [(file, reader) for file in files if file.is_file() for reader in [_reader_of(file)] if reader]
    if not readers:
        raise UserError(f"{path} holds no dialogues", KNOWN)
    for file, reader in readers:
        yield from reader.read(file)


def _reader_of(file: Path):  # noqa: ANN202 (a module with read())
    """Return the module that reads a file; None for those that another one brings along, and for what is unknown."""
    if file.name in (cornell.LINES, convokit.UTTERANCES):
        return cornell if file.name == cornell.LINES else convokit
    beside_utterances = (file.parent / convokit.UTTERANCES).exists()
    return rolebench if file.suffix == ".jsonl" and not beside_utterances else None
