"""Which column of a table is what: by its usual name, or as named by the person.

    choose_columns(table)                            -> Columns(question="Frage", answer="Antwort")
    choose_columns(table, question="Frage (neu)")    the answer is still guessed

A name counts whole first ("answer"), then as a word in a longer one ("correct answer"). Where two columns fit equally
well, none is chosen: the error names both.
"""

import json
import re
import shlex
from dataclasses import dataclass, fields

from gretchen.errors import UserError
from gretchen.names import unknown
from gretchen.projects.tables import Table

TRUE, FALSE = {"true", "1", "yes", "good"}, {"false", "0", "no", "bad"}
# Each role's usual names, in the data sets of the hub and in German spreadsheets; earlier ones win.
NAMES: dict[str, tuple[str, ...]] = {
    "messages": ("messages", "conversations", "conversation", "dialog", "dialogue"),
    "chosen": ("chosen", "preferred"),
    "rejected": ("rejected", "dispreferred"),
    "question": ("question", "prompt", "instruction", "query", "frage", "aufgabe", "problem", "user", "input",
                 "eingabe"),
    "answer": ("answer", "output", "response", "completion", "antwort", "lösung", "loesung", "solution", "reply",
               "target", "ausgabe", "assistant"),
    "label": ("label", "class", "category", "klasse", "kategorie"),
    "context": ("context", "kontext", "passage", "input", "eingabe"),
    "system": ("system",),
    "text": ("text", "sentence", "satz"),
}  # fmt: skip
# What a person may name: QUESTION= and ANSWER= of `make new`.
OPTIONS = {"question": "QUESTION", "answer": "ANSWER"}


@dataclass(frozen=True)
class Columns:
    """The names of a table's columns by role, "" where a role has none."""

    question: str = ""
    answer: str = ""
    context: str = ""
    system: str = ""
    messages: str = ""
    chosen: str = ""
    rejected: str = ""
    label: str = ""

    @property
    def format(self) -> str:
        """Return the row format that the columns make: "chats", "preferences" or "feedback"."""
        return "preferences" if self.chosen else "feedback" if self.label else "chats"

    @property
    def answer_is_class(self) -> bool:
        """Return whether the answer is a label: its column is named so."""
        return bool(set(words(self.answer)) & set(NAMES["label"]))

    def __str__(self) -> str:
        parts = ((field.name, getattr(self, field.name)) for field in fields(self))
        return ", ".join(f"{role}: column '{name}'" for role, name in parts if name)

    def __repr__(self) -> str:
        parts = ((field.name, getattr(self, field.name)) for field in fields(self))
        # As ruff formats it: dataset.py of a new project holds it.
        shown = (f"{role}={json.dumps(name, ensure_ascii=False)}" for role, name in parts if name)
        return f"Columns({', '.join(shown)})"


def choose_columns(table: Table, question: str = "", answer: str = "") -> Columns:
    """Return a table's columns by role; `question` and `answer` are names that need no guess.

    Raises UserError for a name that is no column, and where question and answer are not to be found.
    """
    given = {"question": question, "answer": answer}
    for role, name in given.items():
        if name and name not in table.columns:
            problem, hint = unknown("column", name, table.columns)
            raise UserError(f"{OPTIONS[role]}: {table.file}: {problem}", hint)
    columns = {role: given.get(role) or guess(table, role) for role in NAMES}
    return with_one_meaning(table, columns)


def guess(table: Table, role: str) -> str:
    """Return the column that has a usual name of a role, "" where none has, or where two may be meant."""
    plain = {column: " ".join(words(column)) for column in table.columns}
    for name in NAMES[role]:
        for column, text in plain.items():
            if text == name:
                return column
    for name in NAMES[role]:
        close = [column for column, text in plain.items() if name in text.split()]
        if close:
            return close[0] if len(close) == 1 else ""
    return ""


def words(column: str) -> list[str]:
    """Return a column name's words in small letters: `correctAnswer`, `correct_answer` and "Correct answer" are one."""
    return re.findall(r"[^\W\d_]+", re.sub(r"(?<=[a-zß-ÿ])(?=[A-Z])", " ", column).casefold())


def with_one_meaning(table: Table, columns: dict[str, str]) -> Columns:
    """Return columns whose roles fit together: a chat's, a pair's, or a labelled answer's."""
    question = columns["question"] or columns["text"]
    context = "" if columns["context"] == question else columns["context"]
    system = columns["system"]
    if columns["chosen"] and columns["rejected"]:
        chosen = Columns(question=question, context=context, system=system)
        pair = {role: columns[role] for role in ("chosen", "rejected")}
        return Columns(**{field.name: getattr(chosen, field.name) for field in fields(chosen)} | pair)
    if columns["messages"] and not columns["answer"]:
        return Columns(messages=columns["messages"], system=system)
    answer, label = columns["answer"], columns["label"]
    if label and answer and not is_verdict(table, label):
        label = ""  # a class of the question, beside its answer
    if label and not answer:
        answer, label = label, ""  # a text and its class: the class is the answer
    if not question or not answer or question == answer:
        raise missing_columns(table, question, answer)
    return Columns(question=question, answer=answer, context=context, system=system, label=label)


def is_verdict(table: Table, column: str) -> bool:
    """Return whether a column says of each answer whether it is good."""
    values = {str(record.values.get(column, "")).casefold() for record in table.records} - {""}
    return bool(values) and values <= TRUE | FALSE


def missing_columns(table: Table, question: str, answer: str) -> UserError:
    """Return the error for a table whose question or answer is not to be found."""
    role = "answer" if question else "question"
    shown = ", ".join(f"'{column}'" for column in table.columns)
    if len(table.columns) == 1:
        return UserError(f"{table.file} has one column ({shown}): a question and its answer need two", usual("answer"))
    other = f"QUESTION={option(question)} " if question else ""
    hint = f"{other}{OPTIONS[role]}=… names the column"
    ambiguous = [column for column in table.columns if set(NAMES[role]) & set(words(column)) and column != question]
    which = f"several may be the {role}: " if len(ambiguous) > 1 else f"no column has a usual name of the {role} among "
    listed = ", ".join(f"'{column}'" for column in ambiguous) if len(ambiguous) > 1 else shown
    return UserError(f"{table.file}: {which}{listed}", f"{hint}; {usual(role)}")


def option(name: str) -> str:
    """Return a column's name as a shell takes it."""
    return shlex.quote(name)


def usual(role: str) -> str:
    """Return a hint with the usual names of a role."""
    return f"usual names: {', '.join(NAMES[role])}"
