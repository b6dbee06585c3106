"""Public data sets in their own formats, read as chat rows from a user's own copy.

    make data PROJECT=manual-diagnostics SOURCE=path/to/MyFixit-Dataset/jsons
    make data PROJECT=manual-diagnostics SOURCE=path/to/doc2dial

    MyFixit         jsons/<Category>.json, JSON lines in spite of the name (myfixit.py)
    doc2dial 1.0.1  doc2dial_dial_train.json, doc2dial_dial_validation.json, doc2dial_doc.json beside (doc2dial.py)

A faulty row is yielded as a Fault with file, line and reason.
"""

from collections.abc import Iterator
from pathlib import Path

from gretchen.errors import UserError
from gretchen.projects.rows import Fault

from . import doc2dial, myfixit

KNOWN = "MyFixit's jsons/<Category>.json and doc2dial's doc2dial_dial_*.json can be read"
DIALOGUES, DOCUMENTS = "doc2dial_dial_", "doc2dial_doc"


def read(path: str | Path) -> Iterator[dict | Fault]:
    """Yield rows and faults of a file, or of all files of a folder. Raises UserError where nothing can be read."""
    path = Path(path)
    if not path.exists():
        raise UserError(f"{path} does not exist", "SOURCE= names a file or a folder")
    files = sorted(path.rglob("*.json")) if path.is_dir() else [path]
    readable = [file for file in files if not file.name.startswith(DOCUMENTS) and file.suffix == ".json"]
    if not readable:
        raise UserError(f"{path} holds no guides and no dialogues", KNOWN)
    for file in readable:
        yield from (doc2dial if file.name.startswith(DIALOGUES) else myfixit).read(file)
