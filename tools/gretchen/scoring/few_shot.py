"""Few-shot prompts: up to three answered questions of the train split before the question.

They are earlier turns of the conversation. An embedded base that can be asked in its own documents' form gets them as
documents, one after another: it has never seen a chat template. Where three do not fit beside the question and its
answer, there are fewer: beyond the window of its pretraining a small base answers worse than after no example at all.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from gretchen.files import text_hash
from gretchen.models.generate import Conversation, Model, encode
from gretchen.projects.rows import Row, reference_of
from gretchen.scoring.answers import PromptedRow
from gretchen.scoring.document_form import DocumentForm, prompt_text
from gretchen.scoring.testset import conversation

EXAMPLES = 3
Turns = list[dict[str, Any]]


def exchange(row: Row) -> Turns:
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


def few_shot_prompts(
    model: Model, rows: list[Row], train: list[Row], max_new_tokens: int, form: DocumentForm | None = None
) -> list[PromptedRow]:
    """Return each row's few-shot prompt, with fewer examples where three exceed what the model can read.

    That is its context length less `max_new_tokens`. With a document `form` a prompt is a document wherever the form
    has one for the row, and must fit the form's window together with the reference answer.
    """
    worked = WorkedExamples(train)

    def with_examples(row: Row, examples: list[Row]) -> str | Conversation:
        beginning = form.beginning(row) if form else None
        if form and beginning:
            return few_shot_documents(beginning, examples, form)
        return few_shot(conversation(row), examples)

    def limit_of(row: Row) -> int | None:
        if form and form.window:
            return form.window - len(encode(model, reference_of(row)))
        return model.context - max_new_tokens if model.context else None

    return [PromptedRow(row, _fitting(model, row, worked.for_row(row), with_examples, limit_of(row))) for row in rows]


def _fitting(
    model: Model,
    row: Row,
    examples: list[Row],
    with_examples: Callable[[Row, list[Row]], str | Conversation],
    limit: int | None,
) -> str | Conversation:
    """Return the few-shot prompt with as many of the last examples as `limit` tokens hold."""
    while examples and limit and len(encode(model, with_examples(row, examples))) > limit:
        examples = examples[1:]
    return with_examples(row, examples)
