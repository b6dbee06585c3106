"""Repair guides of the MyFixit dataset (rub-ksv/MyFixit-Dataset, CC BY-NC-SA 3.0), read as chat rows.

A line is a guide as JSON: Title, Ancestors, Guidid, Category, Subject, Toolbox, Url, Steps; each step has Order and
Text_raw, in one category Tools_annotated and more. Keys are absent in some files, and "NA" says that there is none.

    guide-order     steps in random order, with letters: which order is right?
    guide-tools     one step: which tools does it need? Where people annotated tools that its text names

Guides of one device share a group. Not covered: pictures, parts, removal verbs.
"""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gretchen.projects.json_lines import json_objects
from gretchen.projects.rows import Fault

from .wordings import SYSTEM

NONE = ("NA", "", None)
LEAST, MOST, LONGEST = 3, 5, 320  # steps of a row; characters of a step
LETTERS = "ABCDE"
ORDER = "Repair guide: {title}\n{steps}\n\nThe steps are mixed up. Give their order as letters only, like B, A, C."
TOOLS = "Repair guide: {title}\n{step}\n\nWhich tools does this step need? List them with commas between, no more."


def read(file: Path) -> Iterator[dict | Fault]:
    """Yield the rows and faults of a file of guides."""
    for item in json_objects(file):
        if isinstance(item, Fault):
            yield Fault(item.file, item.line, f"{item.reason}; the file holds one guide per line")
        else:
            yield from _rows(file, *item)


def _rows(file: Path, number: int, guide: dict[str, Any]) -> Iterator[dict | Fault]:
    """Yield the rows of a guide, or its fault."""
    steps, title = _steps(guide), guide.get("Title")
    if title in NONE or not isinstance(title, str):
        yield Fault(str(file), number, "the guide has no Title")
        return
    usable = [step for step in steps if len(step[0]) <= LONGEST]
    if len(usable) < LEAST or len({text for text, _ in usable[:MOST]}) < len(usable[:MOST]):
        yield Fault(
            str(file), number,
            f"{len(usable)} different steps of at most {LONGEST} characters; a row needs {LEAST}",
        )  # fmt: skip
        return
    name = f"{file.stem}/{guide.get('Guidid', number)}/{number}"
    common = {"group": f"myfixit:{_device(guide, file)}"}
    yield common | _order_row(name, title, [text for text, _ in usable[:MOST]], file)
    for position, (text, tools) in enumerate(usable):
        if tools and all(tool.casefold() in text.casefold() for tool in tools):
            yield common | _tools_row(f"{name}/{position}", title, text, tools, file)


def _steps(guide: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """Return the texts of a guide's steps in their order, each with its annotated tools."""
    listed = guide.get("Steps")
    steps = [step for step in listed if isinstance(step, dict)] if isinstance(listed, list) else []
    numbered = [(step.get("Order"), place, step) for place, step in enumerate(steps)]
    in_order = sorted(numbered, key=lambda item: (item[0] if isinstance(item[0], int) else item[1], item[1]))
    return [(text, _tools(step)) for _, _, step in in_order if (text := _text(step))]


def _text(step: dict[str, Any]) -> str:
    """Return a step's text: Text_raw, or its lines where that is missing."""
    text = step.get("Text_raw")
    if text in NONE or not isinstance(text, str):
        lines = step.get("Lines")
        found = [line.get("Text") for line in lines if isinstance(line, dict)] if isinstance(lines, list) else []
        text = " ".join(line for line in found if isinstance(line, str))
    return " ".join(text.split())


def _tools(step: dict[str, Any]) -> list[str]:
    """Return the tools that people annotated; [] where there are none."""
    tools = step.get("Tools_annotated")
    tools = [tools] if isinstance(tools, str) else tools if isinstance(tools, list) else []
    return list(dict.fromkeys(tool.strip() for tool in tools if isinstance(tool, str) and tool not in NONE))


def _device(guide: dict[str, Any], file: Path) -> str:
    """Return what the guide is about: its ancestors, or its category and subject."""
    ancestors = guide.get("Ancestors")
    names = [name for name in ancestors if isinstance(name, str)] if isinstance(ancestors, list) else []
    return "/".join(names) or f"{guide.get('Category') or file.stem}/{guide.get('Subject') or guide['Title']}"


def _order_row(name: str, title: str, steps: list[str], file: Path) -> dict:
    """Return the row that asks for the order of some steps."""
    shown = random.Random(f"order {name}").sample(steps, len(steps))
    letters = {text: letter for letter, text in zip(LETTERS, shown, strict=False)}
    listed = "\n".join(f"{letters[text]}) {text}" for text in shown)
    answer = [letters[text] for text in steps]
    meta = {"kind": "single", "check": "letters", "letters": answer}
    return _row("guide-order", name, ORDER.format(title=title, steps=listed), ", ".join(answer), meta, file)


def _tools_row(name: str, title: str, text: str, tools: list[str], file: Path) -> dict:
    """Return the row that asks for the tools of a step."""
    meta = {"kind": "single", "check": "items", "items": tools}
    return _row("guide-tools", name, TOOLS.format(title=title, step=text), ", ".join(tools), meta, file)


def _row(form: str, name: str, question: str, answer: str, meta: dict[str, Any], file: Path) -> dict:
    """Return the columns of a row without its group."""
    turns = [("system", SYSTEM["en"]), ("user", question), ("assistant", answer)]
    return {
        "id": f"{form}-{name}",
        "form": form,
        "messages": [{"role": role, "content": content} for role, content in turns],
        "meta": meta | {"language": "en", "source": file.name},
    }
