"""Few-shot prompts: up to three answered questions of the train split before the question.

They are earlier turns of the conversation. An embedded base that can be asked in its own documents' form gets them as
documents, one after another: it has never seen a chat template. Where three do not fit beside the question and its
answer, there are fewer: beyond the window of its pretraining a small base answers worse than after no example at all.
"""

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from gretchen.files import text_hash
from gretchen.models.generate import Conversation, Message, Model, encode
from gretchen.projects.rows import Row, reference_of
from gretchen.scoring.document_form import DocumentForm, prompt_text
from gretchen.scoring.testset import conversation

EXAMPLES = 3


def exchange(row: Row) -> list[Message]:
    """Return a row's question with its reference answer, as messages; [] where it has none."""
    return row["messages"] if "messages" in row else [*row["prompt"], *row["chosen"]] if "chosen" in row else []


def language(row: Row) -> str:
    """Return the row's language as its `meta` gives it (`language` or `lang`), "" where it does not."""
    meta = row["meta"]
    return str(meta.get("language") or meta.get("lang") or "") if isinstance(meta, dict) else ""


class WorkedExamples:
    """Answered questions of the train split, by form and language."""

    def __init__(self, train: list[Row]) -> None:
        self.by_kind: dict[tuple[str, ...], list[Row]] = defaultdict(list)
        for row in train:
            if exchange(row):
                self.by_kind[row.get("form", ""), language(row)].append(row)
                self.by_kind[row.get("form", ""),].append(row)

    def for_row(self, row: Row, count: int = EXAMPLES) -> list[Row]:
        """Return up to `count` answered rows of the row's form, in its language where there are enough.

        The choice depends on the row's id only.
        """
        form = row.get("form", "")
        examples = self.by_kind.get((form, language(row)), [])
        if len(examples) < count:
            examples = self.by_kind.get((form,), [])
        # The string is part of the seed: another one draws other examples.
        draw = random.Random(text_hash("worked examples", row["id"]))
        return draw.sample(examples, min(count, len(examples)))


def few_shot(question: Conversation, examples: Sequence[Row]) -> Conversation:
    """Return a question with answered rows as earlier turns, after its own system message."""
    system = [turn for turn in question.messages[:1] if turn["role"] == "system"]
    turns = [turn for example in examples for turn in exchange(example) if turn["role"] != "system"]
    return Conversation([*system, *turns, *question.messages[len(system) :]], question.tools)


def few_shot_documents(beginning: str, examples: Sequence[Row], form: DocumentForm) -> str:
    """Return a document up to its answer, after answered rows as documents."""
    return prompt_text(beginning, [text for example in examples if (text := form.answered(example))])


@dataclass(frozen=True)
class FewShot:
    """Few-shot prompts of a model, with fewer examples where three exceed what the model can read.

    That is its context length less `max_new_tokens`. With a document `form` a prompt is a document wherever the form
    has one for the row, and must fit the form's window together with the reference answer.
    """

    model: Model
    worked: WorkedExamples
    max_new_tokens: int
    form: DocumentForm | None = None

    def prompt_of(self, row: Row) -> str | Conversation:
        """Return a row's few-shot prompt, with as many of the last examples as fit."""
        examples, limit = self.worked.for_row(row), self._limit(row)
        while examples and limit and len(encode(self.model, self._with(row, examples))) > limit:
            examples = examples[1:]
        return self._with(row, examples)

    def _with(self, row: Row, examples: list[Row]) -> str | Conversation:
        """Return a row's prompt after these examples."""
        if self.form and (beginning := self.form.beginning(row)):
            return few_shot_documents(beginning, examples, self.form)
        return few_shot(conversation(row), examples)

    def _limit(self, row: Row) -> int | None:
        """Return how many tokens a prompt may have; None where the model names no context length."""
        if self.form and self.form.window:
            return self.form.window - len(encode(self.model, reference_of(row)))
        return self.model.context - self.max_new_tokens if self.model.context else None
