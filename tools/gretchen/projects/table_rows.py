"""Rows of a builder from the records of a table: chats, preference pairs, or answers with a verdict.

    rows = rows_of(table, choose_columns(table), form="rows")
    rows.rows[0]      -> {"id": "rows-2", "form": "rows", "group": "rows/8c1f…", "messages": […]}
    rows.faults       records that make no row, each with its line and the reason

A record without question or answer makes no row, nor does one that repeats an earlier one. Questions that nearly
repeat each other, and differ in nothing that identifies (subjects.py), share a group, so that they stay in one split.
Records with a context are grouped by that.
"""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from gretchen.files import text_hash
from gretchen.projects.columns import TRUE, Columns
from gretchen.projects.rows import Fault, Row, normalised, normalised_prompt, prompt_text, row_fault
from gretchen.projects.similar import first_similar
from gretchen.projects.subjects import same_subject, subject
from gretchen.projects.tables import Record, Table

SPEAKERS = {"human": "user", "gpt": "assistant", "bot": "assistant", "model": "assistant"}
# About 512 tokens of English: what shared recipes train of a row (`max_length`).
LONG = 2000


class NoRow(Exception):
    """A record that makes no row; its message is the reason."""


@dataclass(frozen=True)
class TableRows:
    """The rows of a table, their lines, and the records that make none."""

    rows: list[Row]
    lines: list[int]
    faults: list[Fault]

    def reasons(self) -> dict[str, list[int]]:
        """Return {reason: lines} of the records that make no row, the most frequent reason first."""
        counts = Counter(fault.reason for fault in self.faults)
        return {reason: [f.line for f in self.faults if f.reason == reason] for reason, _ in counts.most_common()}

    def long_lines(self) -> list[int]:
        """Return the lines of rows that are longer than LONG characters."""
        return [line for line, row in zip(self.lines, self.rows, strict=True) if len(text_of(row)) > LONG]


def rows_of(table: Table, columns: Columns, form: str) -> TableRows:
    """Return the rows that a table's records make; `form` names them, and begins their ids and groups."""
    rows: list[Row] = []
    lines: list[int] = []
    faults, seen = list(table.faults), {}
    for record in table.records:
        try:
            row = {"id": f"{form}-{record.line}", "form": form, "group": form} | row_columns(record, columns)
            if fault := row_fault(row, columns.format):
                raise NoRow(fault)
            key, answer = normalised_prompt(row), answer_of(row)
            if "completion" in row:
                key += normalised(answer)
            if key in seen:
                raise NoRow("repeats an earlier row" if seen[key] == answer else "repeats a question, other answer")
            seen[key] = answer
        except NoRow as reason:
            faults.append(Fault(str(table.file), record.line, str(reason)))
            continue
        rows.append(row)
        lines.append(record.line)
    return TableRows(grouped(table, columns, form, rows, lines), lines, faults)


def grouped(table: Table, columns: Columns, form: str, rows: list[Row], lines: list[int]) -> list[Row]:
    """Return rows with the groups that keep near-equal questions, or those with one context, in one split."""
    contexts = {record.line: str(record.values.get(columns.context) or "") for record in table.records}
    texts = [contexts[line] or prompt_text(row) for line, row in zip(lines, rows, strict=True)]
    subjects = [subject(text) for text in texts]
    plain = [normalised(text) for text in texts]
    firsts = first_similar(plain, agree=lambda first, second: same_subject(subjects[first], subjects[second]))
    return [row | {"group": f"{form}/{text_hash(plain[first])}"} for row, first in zip(rows, firsts, strict=True)]


def row_columns(record: Record, columns: Columns) -> Row:
    """Return the columns of a record's row that TRL reads. Raises NoRow where something is missing."""
    if columns.messages:
        return {"messages": messages_of(record.values.get(columns.messages), "messages")}
    if columns.format == "preferences":
        return preference(record, columns)
    prompt, answer = prompt_messages(record, columns), text(record, columns.answer, "answer")
    completion = [{"role": "assistant", "content": answer}]
    if columns.label:
        label = text(record, columns.label, "label").casefold() in TRUE
        return {"prompt": prompt, "completion": completion, "label": label}
    return {"messages": [*prompt, *completion]}


def prompt_messages(record: Record, columns: Columns) -> list[dict[str, Any]]:  # chat messages
    """Return a record's question as messages: the system prompt, then the question below its context."""
    question = record.values.get(columns.question)
    if isinstance(question, list):
        return messages_of(question, "question")
    parts = [text(record, columns.question, "question")]
    if context := str(record.values.get(columns.context) or ""):
        parts = [*parts, context] if columns.question.casefold() == "instruction" else [context, *parts]
    system = str(record.values.get(columns.system) or "")
    head = [{"role": "system", "content": system}] if system else []
    return [*head, {"role": "user", "content": "\n\n".join(parts)}]


def preference(record: Record, columns: Columns) -> Row:
    """Return a pair; chosen and rejected may be answers, or whole conversations that differ in their last turn."""
    sides = [record.values.get(name) for name in (columns.chosen, columns.rejected)]
    if all(isinstance(parsed(side), list) for side in sides):
        chosen, rejected = (messages_of(side, name) for side, name in zip(sides, ("chosen", "rejected"), strict=True))
        prompt = chosen[:-1] or prompt_messages(record, columns)
        return {"prompt": prompt, "chosen": chosen[-1:], "rejected": rejected[-1:]}
    chosen, rejected = (text(record, getattr(columns, side), side) for side in ("chosen", "rejected"))
    answers = {"chosen": chosen, "rejected": rejected}
    pair = {side: [{"role": "assistant", "content": answer}] for side, answer in answers.items()}
    return {"prompt": prompt_messages(record, columns), **pair}


def text(record: Record, column: str, role: str) -> str:
    """Return a cell's text. Raises NoRow where it is empty."""
    value = record.values.get(column, "")
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, dict | list):
        raise NoRow(f"the {role} is a {'mapping' if isinstance(value, dict) else 'list'}, not a text")
    if not str(value).strip():
        raise NoRow(f"the {role} is empty")
    return str(value)


def parsed(value: Any) -> Any:
    """Return a cell's JSON where it looks like a list, as messages stand in CSV; else the cell."""
    if isinstance(value, str) and value.startswith("["):
        try:
            return json.loads(value)
        except json.JSONDecodeError:
            return value
    return value


def messages_of(value: Any, role: str) -> list[dict[str, Any]]:  # chat messages
    """Return a cell as chat messages: role and content, or ShareGPT's from and value. Raises NoRow for others."""
    value = parsed(value)
    if not value:
        raise NoRow(f"the {role} is empty")
    if not isinstance(value, list) or not all(isinstance(turn, dict) for turn in value):
        raise NoRow(f"the {role} is not a list of messages")
    turns = []
    for turn in value:
        speaker = str(turn.get("role") or turn.get("from") or "").casefold()
        extra = {key: turn[key] for key in ("tool_calls", "tool_call_id", "name") if turn.get(key)}
        content = turn.get("content", turn.get("value"))
        turns.append({"role": SPEAKERS.get(speaker, speaker), "content": content} | extra)
    return turns


def answer_of(row: Row) -> str:
    """Return the answer of a row: its last turn, its chosen side, or its completion."""
    turns = row.get("messages") or row.get("chosen") or row["completion"]
    return turns[-1].get("content") or ""


def text_of(row: Row) -> str:
    """Return all that is said in a row."""
    turns = [
        turn for column in ("prompt", "messages", "chosen", "rejected", "completion") for turn in row.get(column, [])
    ]
    return "\n".join(turn.get("content") or "" for turn in turns)


def shown_lines(lines: Iterable[int], most: int = 5) -> str:
    """Return line numbers for a message: "line 3", "lines 3, 5, 8, 9, 12 … (31)"."""
    numbers = sorted(lines)
    listed = ", ".join(map(str, numbers[:most]))
    more = f" … ({len(numbers)})" if len(numbers) > most else ""
    return f"line{'s' * (len(numbers) > 1)} {listed}{more}"
