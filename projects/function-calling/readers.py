"""Public data sets in their own formats, read as chat rows from a user's own copy.

    make data PROJECT=function-calling SOURCE=path/to/bfcl_eval/data

    BFCL v4    BFCL_v4_<category>.json, JSON lines in spite of the name, possible_answer/ beside (bfcl_reader.py);
               a conversation's turns one by one (bfcl_multi_turn.py)
    SGD        {train,dev,test}/{schema,dialogues_NNN}.json of dstc8-schema-guided-dialogue (sgd_reader.py)

The official split is kept: all of BFCL is a test set. A faulty row is yielded as a Fault with file, line and reason; so
is a row of a category that has no right answer of its own.
"""

from collections.abc import Iterator
from pathlib import Path

from gretchen.errors import UserError
from gretchen.projects.rows import Fault

from . import bfcl_multi_turn, bfcl_reader, sgd_reader

KNOWN = "BFCL's BFCL_v4_*.json and the folders of dstc8-schema-guided-dialogue can be read"
# Folders of BFCL that hold answers and descriptions, not questions.
BESIDE = ("possible_answer", "multi_turn_func_doc", "unused_datasets", "memory_prereq_conversation")


def read(path: str | Path) -> Iterator[dict | Fault]:
    """Yield rows and faults of a file, or of all files of a folder. Raises UserError where nothing can be read."""
    path = Path(path)
    if not path.exists():
        raise UserError(f"{path} does not exist", "SOURCE= names a file or a folder")
    files = sorted(path.rglob("*.json")) if path.is_dir() else [path]
    inside = [file for file in files if not set(file.relative_to(path).parts) & set(BESIDE)]
    questions = [file for file in inside if file.name.startswith("BFCL_")]
    dialogues = [file for file in inside if file.name.startswith("dialogues_")]
    if not questions and not dialogues:
        raise UserError(f"{path} holds no BFCL_*.json and no dialogues_*.json", KNOWN)
    for file in questions:
        yield from (bfcl_multi_turn if "multi_turn" in file.name else bfcl_reader).read(file)
    for file in dialogues:
        yield from sgd_reader.read(file)
