"""The reviewer's notes on a project: a file in this clone, written whole, and never over another writer's notes.

    notes = read_notes(notes_file("", "genome-chatbot"))            projects/genome-chatbot/REVIEW.md
    write_notes(file, "- [x] samples read: …", notes.version)       raises NotesChanged where it is another by then

Notes on a project of another checkout (FROM=) are in this clone, too: reviews/<team>/<project>.md, which git ignores.
Nothing is written into another checkout.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gretchen import paths
from gretchen.errors import WorkError
from gretchen.files import text_hash, write_text
from gretchen.reporting.checkouts import read_text


@dataclass(frozen=True)
class Notes:
    """Notes as they are in their file; `version` is their hash."""

    text: str

    @property
    def version(self) -> str:
        """The hash of the text: it differs once somebody changes the notes."""
        return text_hash(self.text)


class NotesChanged(Exception):
    """The notes are no longer those that the writer began with; `notes` are the present ones."""

    def __init__(self, notes: Notes) -> None:
        super().__init__("the notes were changed in the meantime")
        self.notes = notes


def notes_file(checkout: str, project: str) -> Path:
    """Return the file of the notes on a project of a checkout, "" for this clone; the file need not exist."""
    if checkout:
        return paths.root() / "reviews" / checkout / f"{project}.md"
    return paths.projects() / project / "REVIEW.md"


def read_notes(file: Path) -> Notes:
    """Return the notes in a file, empty ones where there is none or it cannot be read."""
    return Notes(read_text(file) or "")


def write_notes(file: Path, text: str, version: str) -> Notes:
    """Write notes whose writer began with `version`, and return them.

    Raises NotesChanged where the notes are other ones by now, WorkError where the file is no text file of its own.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    with only_writer(file.parent):
        if os.path.lexists(file) and read_text(file) is None:
            problem = f"{paths.shown(file)} is a link, no text, or larger than a few MB: it is left as it is"
            raise WorkError(problem, "move it away")
        present = read_notes(file)
        if present.version != version:
            raise NotesChanged(present)
        write_text(file, text)
    return Notes(text)


@contextlib.contextmanager
def only_writer(folder: Path) -> Iterator[None]:
    """Let one thread of one process at a time write notes into a folder; others wait."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
