"""A project's name in its own files, replaced where it is a name: for a fork.

    renamed_file(Path("README.md"), text, "genome-chatbot", "Genome chatbot", "plant-genomics")

Names are the slug (`make train PROJECT=genome-chatbot`, `projects/genome-chatbot/`), the slug with underscores, and in
prose the slug with blanks (`the genome chatbot`) and the card's title. Not replaced: a part of another word; the
recorded results between their markers; prose in a program's strings, from which rows are made; a name of one word,
which may be a common noun, except in commands and paths.
"""

import ast
import io
import re
import textwrap
import tokenize
from pathlib import Path

from gretchen.scoring.results import END, START

# A name of one word is replaced only after one of these.
PREFIXES = ("PROJECT=", "FROM=", "--project=", "--from=", "--project ", "projects/", "build/", "runs/")
MAX_LINE = 120  # as ruff has it
MIN_PROSE = 30  # narrower comments are left as they are
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
    """Return a string with the slug replaced, and the slug with underscores; neither inside another word."""
    if "-" in old:
        text = re.sub(rf"(?<![A-Za-z0-9]){old.replace('-', '_')}(?![A-Za-z0-9])", new.replace("-", "_"), text)
        return re.sub(rf"(?<![\w-]){old}(?![\w-])", new, text)
    before = "|".join(f"(?<={re.escape(prefix)})" for prefix in PREFIXES)
    return re.sub(rf"(?:{before}){old}(?![\w-])", new, text)


def prose(text: str, old: str, title: str, new: str) -> str:
    """Return a string with the title and the slug's words replaced, with their capital.

    A title of one word is left alone: it may be a common noun.
    """

    def new_title(match: re.Match[str]) -> str:
        return title_of(new) if match[0][0].isupper() else title_of(new).lower()

    for words in (title, title_of(old)):
        if " " in words:
            text = re.sub(rf"(?<![\w-]){re.escape(words)}(?![\w-])", new_title, text, flags=re.IGNORECASE)
    return text


def renamed_program(text: str, old: str, title: str, new: str) -> str:
    """Return a Python program with the slug replaced, and prose in its comments and docstrings only."""
    try:
        prose_lines = prose_parts(text)
    except (SyntaxError, tokenize.TokenError):
        return identifiers(text, old, new)  # `make check` reports the error, in the fork as in its origin
    lines = text.splitlines(keepends=True)
    for number, column in prose_lines.items():
        line = lines[number - 1]
        lines[number - 1] = line[:column] + prose(line[column:], old, title, new)
    lines = [identifiers(line, old, new) for line in lines]
    for number, column in prose_lines.items():
        lines[number - 1] = wrapped(lines[number - 1], column)
    return "".join(lines)


def wrapped(line: str, column: int) -> str:
    """Return a line with a docstring, or a comment from `column` on, in lines of at most 120 characters.

    A longer name makes them longer.
    """
    if len(line.rstrip("\n")) <= MAX_LINE or MAX_LINE - column < MIN_PROSE:
        return line
    is_comment = line[column:].startswith("#")
    prefix = " " * column + "# " if is_comment else line[: len(line) - len(line.lstrip())]
    head, rest = line[:column] if is_comment else "", line[column:] if is_comment else line
    width = MAX_LINE - len(head)
    first = textwrap.wrap(rest, width, break_long_words=False, break_on_hyphens=False)[0]
    others = rest.strip().removeprefix(first.strip()).strip()
    options = {"initial_indent": prefix, "subsequent_indent": prefix, "break_on_hyphens": False}
    lines = textwrap.wrap(others, MAX_LINE, break_long_words=False, **options)
    return "\n".join([head + first, *lines]) + "\n"


def prose_parts(text: str) -> dict[int, int]:
    """Return {line, from 1: column where its comment or docstring begins} of a Python program."""
    columns: dict[int, int] = {}
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            columns[token.start[0]] = token.start[1]
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node, clean=False):
            docstring = node.body[0]
            columns |= dict.fromkeys(range(docstring.lineno, (docstring.end_lineno or docstring.lineno) + 1), 0)
    return columns
