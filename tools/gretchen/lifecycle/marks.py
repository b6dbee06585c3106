"""Marks on what a fork has from its origin: `TODO(team)` lines, which `make check` counts until the team removes them.

    marked("project.yaml", text, "genome-chatbot")      -> text with a comment above task, closed, evaluation, sources

A file that has a mark already (the origin was a fork) gets no second one.
"""

import ast
import re

from gretchen.checks.todo import MARK

CARD_MARKS = {
    "task": "one sentence: what does your model answer?",
    "closed": "forms of your builder that are closed tables, or [] (these are {origin}'s)",
    "evaluation": "your metrics, as your evaluation.py returns them (these are {origin}'s)",
    "sources": "where your rows come from, with their licences (these are {origin}'s)",
}
PROGRAM_MARKS = {
    "dataset.py": "the rows are {origin}'s: write your own generators, for the formats that you train.",
    "evaluation.py": "the metrics are {origin}'s: score(prediction, row) says what is right in your project.",
}
README_MARK = "the text below is {origin}'s: write your task, your data, your result, and what it does not do"


def marked(name: str, text: str, origin: str) -> str:
    """Return the text of a fork's card, README, dataset.py or evaluation.py with its marks; other files as they are."""
    if MARK in text:
        return text
    if name == "project.yaml":
        return marked_card(text, origin)
    if name in PROGRAM_MARKS:
        return marked_program(text, f"# {MARK}: {PROGRAM_MARKS[name].format(origin=origin)}")
    return text


def marked_card(text: str, origin: str) -> str:
    """Return a card with a comment above each key that speaks of the origin, and behind the empty team."""
    for key, mark in CARD_MARKS.items():
        line = f"# {MARK}: {mark.format(origin=origin)}\n"
        text = re.sub(
            rf"^{key}:(?! *\[\])", lambda match, line=line: line + match[0], text, count=1, flags=re.MULTILINE
        )
    return re.sub(r"^team: \[\]$", f"team: [] # {MARK}: your names", text, flags=re.MULTILINE)


def marked_program(text: str, line: str) -> str:
    """Return a program with a comment below its docstring, or at its head."""
    try:
        body = ast.parse(text).body
    except SyntaxError:
        return text  # `make check` reports it
    has_docstring = body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
    head = (body[0].end_lineno or 0) if has_docstring else 0
    lines = text.splitlines(keepends=True)
    return "".join([*lines[:head], *(["\n"] if head else []), f"{line}\n", *lines[head:]])


def readme_mark(origin: str) -> str:
    """Return the README's mark, a comment that Markdown does not show."""
    return f"<!-- {MARK}: {README_MARK.format(origin=origin)} -->"
