"""Few-shot prompts: answered questions of the train split as earlier turns of the conversation."""

import random
from collections import defaultdict
from typing import Any

from gretchen.files import text_hash
from gretchen.models.generate import Conversation, Model, encode
from gretchen.projects.rows import Row
from gretchen.scoring.answers import PromptedRow
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

    def for_row(self, row: Row, count: int = EXAMPLES) -> list[Turns]:
        """Return up to `count` exchanges of the row's form, in its language where there are enough.

        The choice depends on the row's id only.
        """
        form = row.get("form", "")
        examples = self.by_kind.get((form, language(row)), [])
        if len(examples) < count:
            examples = self.by_kind.get((form,), [])
        # The string is part of the seed: another one draws other examples.
        draw = random.Random(text_hash("worked examples", row["id"]))
        chosen = draw.sample(examples, min(count, len(examples)))
        return [[turn for turn in exchange(example) if turn["role"] != "system"] for example in chosen]


def few_shot(question: Conversation, examples: list[Turns]) -> Conversation:
    """Return a question with examples as earlier turns, after its own system message."""
    system = [turn for turn in question.messages[:1] if turn["role"] == "system"]
    turns = [turn for example in examples for turn in example]
    return Conversation([*system, *turns, *question.messages[len(system) :]], question.tools)


def few_shot_prompts(model: Model, rows: list[Row], train: list[Row], max_new_tokens: int) -> list[PromptedRow]:
    """Return each row's few-shot prompt, with fewer examples where three exceed the model's context length."""
    examples = WorkedExamples(train)
    context = getattr(model.model.config, "max_position_embeddings", None)
    return [
        PromptedRow(row, _fitting(model, conversation(row), examples.for_row(row), context, max_new_tokens))
        for row in rows
    ]


def _fitting(
    model: Model, question: Conversation, examples: list[Turns], context: int | None, max_new_tokens: int
) -> Conversation:
    """Return the few-shot prompt with as many of the last examples as fit the context beside the answer."""
    while examples and context and len(encode(model, few_shot(question, examples))) + max_new_tokens > context:
        examples = examples[1:]
    return few_shot(question, examples)
