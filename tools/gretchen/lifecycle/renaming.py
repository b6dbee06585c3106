"""A project's name in its own files, replaced where it is a name: for a fork.

    renamed_file(Path("README.md"), text, "genome-chatbot", "Genome chatbot", "plant-genomics")

Names are the slug (`make train PROJECT=genome-chatbot`, `projects/genome-chatbot/`), the slug with underscores, and in
prose the slug with blanks (`the genome chatbot`) and the card's title. Not replaced: a part of another word; the
recorded result between its markers; prose in a program's texts, from which rows are made; a name of one word where it
may be a common noun, which is everywhere but in commands and paths.
"""

import ast
import io
import re
import tokenize
from pathlib import Path

from gretchen.scoring.results import END, START

# What stands before a name of one word, where it can be nothing else.
PLACES = ("PROJECT=", "FROM=", "--project=", "--from=", "--project ", "projects/", "build/", "runs/")
RESULT = re.compile(f"{re.escape(START)}.*?{re.escape(END)}", re.DOTALL)


def title_of(slug: str) -> str:
    """Return a slug as a title: plant-genomics is "Plant genomics"."""
    return slug.replace("-", " ").capitalize()


def renamed_path(path: Path, old: str, new: str) -> Path:
    """Return a file's path in the fork."""
    return Path(identifiers(path.as_posix(), old, new))


def renamed_file(path: Path, text: str, old: str, title: str, new: str) -> str:
    """Return a file's text with the name `old` (titled `title`) replaced by `new`."""
    if path.suffix == ".py":
        return renamed_program(text, old, title, new)
    results = RESULT.findall(text)
    parts = [prose(identifiers(part, old, new), old, title, new) for part in RESULT.split(text)]
    return "".join(part + result for part, result in zip(parts, [*results, ""], strict=True))


def identifiers(text: str, old: str, new: str) -> str:
    """Return a text with the slug replaced, and the slug with underscores; neither inside another word."""
    if "-" in old:
        text = re.sub(rf"(?<![A-Za-z0-9]){old.replace('-', '_')}(?![A-Za-z0-9])", new.replace("-", "_"), text)
        return re.sub(rf"(?<![\w-]){old}(?![\w-])", new, text)
    before = "|".join(f"(?<={re.escape(place)})" for place in PLACES)
    return re.sub(rf"(?:{before}){old}(?![\w-])", new, text)


def prose(text: str, old: str, title: str, new: str) -> str:
    """Return a text with the title and the slug's words replaced, a capital kept; one word alone may be a noun."""

    def spoken(found: re.Match[str]) -> str:
        return title_of(new) if found[0][0].isupper() else title_of(new).lower()

    for words in (title, title_of(old)):
        if " " in words:
            text = re.sub(rf"(?<![\w-]){re.escape(words)}(?![\w-])", spoken, text, flags=re.IGNORECASE)
    return text


def renamed_program(text: str, old: str, title: str, new: str) -> str:
    """Return a Python program with the slug replaced, and prose in its comments and docstrings only."""
    try:
        spoken = spoken_parts(text)
    except (SyntaxError, tokenize.TokenError):
        return identifiers(text, old, new)  # `make check` tells what is wrong with it, in the fork as in its origin
    lines = text.splitlines(keepends=True)
    for number, column in spoken.items():
        line = lines[number - 1]
        lines[number - 1] = line[:column] + prose(line[column:], old, title, new)
    return identifiers("".join(lines), old, new)


def spoken_parts(text: str) -> dict[int, int]:
    """Return {line, from 1: column from which it is comment or docstring} of a Python program."""
    found: dict[int, int] = {}
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            found[token.start[0]] = token.start[1]
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node, clean=False):
            said = node.body[0]
            found |= dict.fromkeys(range(said.lineno, (said.end_lineno or said.lineno) + 1), 0)
    return found
