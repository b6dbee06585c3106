"""A question in the form of the embedded base's documents: what the base knows before it learns to chat.

    form = load_document_form("genome-chatbot")     None where dataset.py defines no as_document()
    form.beginning(row)                             "DNA: ATG GCC\\nTask: complement\\n"

`as_document(row)` of a project's dataset.py takes a chat row and returns a document up to where its answer begins, or
None where documents have no such form. The base continues it without a chat template. The answer is as many lines of
the continuation as the reference has, as in the gates of `make base`: a document may hold a second task.
"""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gretchen import paths
from gretchen.errors import UserError
from gretchen.projects.modules import load_dataset_module
from gretchen.projects.rows import Row, reference_of
from gretchen.projects.team_code import team_code
from gretchen.scoring.answers import Generate, OnAnswers
from gretchen.scoring.domain import read_pretraining
from gretchen.scoring.generation import Samples
from gretchen.scoring.scored import Answer

HINT = "as_document(row) returns a document up to where its answer begins, or None"


@dataclass(frozen=True)
class DocumentForm:
    """A project's `as_document`, called and checked; `window` is how many tokens its base was pretrained on at once."""

    file: Path
    as_document: Callable[[Row], str | None]
    window: int | None = None

    def beginning(self, row: Row) -> str | None:
        """Return a question as a document up to its answer; None where it has no such form.

        Raises UserError where `as_document` raises, or returns anything but a string or None.
        """
        name = f"as_document() of row '{row['id']}'"
        with team_code(self.file.parent, name, HINT):
            text = self.as_document(row)
        if text is not None and (not isinstance(text, str) or not text.strip()):
            raise UserError(f"{paths.shown(self.file)}: {name} returned {text!r}", HINT)
        return text

    def prompt_of(self, row: Row) -> str:
        """Return the prompt of a row that has a document."""
        beginning = self.beginning(row)
        assert beginning is not None, "only rows with a document are asked as documents"
        return prompt_text(beginning)

    def answered(self, row: Row) -> str | None:
        """Return a question with its reference answer as a document; None where it has no such form."""
        beginning = self.beginning(row)
        if beginning is None:
            return None
        return beginning + ("" if beginning[-1].isspace() else " ") + reference_of(row)


def load_document_form(project: str) -> DocumentForm | None:
    """Return a project's document form; None where dataset.py defines no `as_document`."""
    module = load_dataset_module(project)
    function = getattr(module, "as_document", None)
    if not callable(function):
        return None
    folder = paths.projects() / project
    pretraining = read_pretraining(folder / "base")
    return DocumentForm(folder / "dataset.py", function, pretraining.window if pretraining else None)


def beginnings_of(form: DocumentForm, rows: Sequence[Row]) -> dict[str, str]:
    """Return {row id: its document up to the answer} for the rows that have one."""
    return {row["id"]: beginning for row in rows if (beginning := form.beginning(row))}


def prompt_text(beginning: str, examples: Sequence[str] = ()) -> str:
    """Return the beginning of a document as a prompt, after examples; a blank belongs to the answer's first token."""
    return "\n\n".join([*examples, beginning.rstrip(" ")])


def generate_as_documents(generate: Generate, samples: Samples, on_answers: OnAnswers) -> None:
    """Continue each document by `generate`, and pass on the answers in it; conversations are answered as they are."""
    rows = {prompt.row["id"]: prompt.row for prompt, _ in samples if isinstance(prompt.prompt, str)}

    def on_continuations(continuations: list[Answer]) -> None:
        on_answers([answer_in(answer, rows[answer.id]) if answer.id in rows else answer for answer in continuations])

    generate(samples, on_continuations)


def answer_in(continuation: Answer, row: Row) -> Answer:
    """Return the answer at the beginning of a document's continuation; it ended where a line follows it, or EOS."""
    lines = str(continuation.prediction).strip().split("\n")
    count = reference_of(row).strip().count("\n") + 1
    ended = continuation.ended or len(lines) > count
    return dataclasses.replace(continuation, prediction="\n".join(lines[:count]), ended=ended)
