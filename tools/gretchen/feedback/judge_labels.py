"""Verdicts of judge models as projects/<slug>/data/judge_labels.jsonl holds them: a label a line, of two answers each.

    read_labels(judge_labels_file("genome-chatbot"), JudgeLabel)        -> [JudgeLabel(rater="judge-…", judge=…), …]

`make judge … EXPORT=1` writes it. People's labels are in a file of their own (labels.py), and come before these.
"""

from pathlib import Path
from typing import ClassVar

from gretchen import paths
from gretchen.feedback.labels import Document, Label
from gretchen.files import text_hash

FILE = "judge_labels.jsonl"


class Judge(Document):
    """A judge model by name: behind an address, or a local one with the hash of its weights."""

    name: str
    address: str = ""
    weights: str = ""

    @property
    def rater(self) -> str:
        """The judge's name among raters."""
        return f"judge-{text_hash(self.name, self.address, self.weights)[:6]}"


class JudgeLabel(Label):
    """A judge's ranking of two answers, with the kind of judging, the constitution's hash, and the reasons."""

    row_prefix: ClassVar[str] = "judge"

    judge: Judge
    mode: str
    constitution: str
    reasons: tuple[str, ...]


def judge_labels_file(project: str) -> Path:
    """Return the file of a project's exported verdicts."""
    return paths.projects() / project / "data" / FILE
