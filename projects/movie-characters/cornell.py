"""The Cornell Movie-Dialogs Corpus as its authors gave it out: four text files, fields separated by ` +++$+++ `.

    movie_lines.txt                 L194 +++$+++ u0 +++$+++ m0 +++$+++ BIANCA +++$+++ Can we make this quick?
    movie_conversations.txt         u0 +++$+++ u2 +++$+++ m0 +++$+++ ['L194', 'L195']
    movie_titles_metadata.txt       m0 +++$+++ 10 things i hate about you +++$+++ 1999 +++$+++ …
    movie_characters_metadata.txt   not needed: each line names its speaker

The files are ISO-8859-1. Some of their bytes are line ends for `str.splitlines`, so they are split at "\\n" alone. The
titles may be missing.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from gretchen.projects.rows import Fault

from .public_rows import reply_row

LINES, CONVERSATIONS, TITLES = "movie_lines.txt", "movie_conversations.txt", "movie_titles_metadata.txt"
SEPARATOR = " +++$+++ "
Line = tuple[str, str]  # speaker's name, text


def read(file: Path) -> Iterator[dict | Fault]:
    """Yield a row for each reply of the conversations beside movie_lines.txt, and the faults of the three files."""
    lines: dict[str, Line] = {}
    for number, fields in _fields(file):
        if len(fields) < 4 or not fields[0].startswith("L"):
            yield Fault(str(file), number, f"{len(fields)} fields, expected 5: line, user, movie, name, text")
        else:
            lines[fields[0]] = (fields[3].strip(), SEPARATOR.join(fields[4:]).strip())
    conversations = file.parent / CONVERSATIONS
    if not conversations.exists():
        yield Fault(str(file), 1, f"there is no {CONVERSATIONS} beside it")
        return
    titles = yield from _titles(file.parent / TITLES)
    for number, fields in _fields(conversations):
        ids = _ids(fields[3]) if len(fields) == 4 else None
        if ids is None:
            yield Fault(str(conversations), number, "no two users, movie and list of lines")
        elif missing := [name for name in ids if name not in lines]:
            yield Fault(str(conversations), number, f"line {missing[0]} is not in {LINES}")
        else:
            yield from _replies(conversations, number, fields[2], titles.get(fields[2], ""), ids, lines)


def _replies(
    file: Path, number: int, movie: str, title: str, ids: list[str], lines: dict[str, Line]
) -> Iterator[dict | Fault]:
    """Yield a row for each line of a conversation but the first; up to a line that says nothing."""
    said: list[str] = []
    for name in ids:
        speaker, text = lines[name]
        if not text:
            yield Fault(str(file), number, f"line {name} says nothing; the conversation ends before it")
            return
        if said:
            about = f"Play {speaker or 'a character'}{f' in the film {title}' if title else ''}."
            yield reply_row(f"cornell-{name}", f"cornell:{movie}", about, said, text)
        said.append(text)


def _titles(file: Path) -> Iterator[Fault]:
    """Yield the faults of the titles' file; return {movie: "title (year)"}, {} where there is no such file."""
    titles: dict[str, str] = {}
    for number, fields in _fields(file) if file.exists() else ():
        if len(fields) < 3:
            yield Fault(str(file), number, f"{len(fields)} fields, expected 6: movie, title, year, …")
        else:
            titles[fields[0]] = f"{fields[1].strip()} ({fields[2].strip()[:4]})"
    return titles


def _fields(file: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield (line number, fields) of each line."""
    for number, line in enumerate(file.read_bytes().decode("iso-8859-1").split("\n"), start=1):
        if line.strip():
            yield number, line.rstrip("\r").split(SEPARATOR)


def _ids(text: str) -> list[str] | None:
    """Return the ids of a Python list, None where it is none."""
    try:
        ids = ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None
    return ids if isinstance(ids, list) and ids and all(isinstance(name, str) for name in ids) else None
