"""Tools in the prompts that a trainer samples completions of.

TRL's GRPO and RLOO render prompts without the rows' `tools`: they know tools as Python functions alone, the same for
all rows. Here the chat template renders such prompts before training, tools included, as `make eval` does, and the
trainer gets them as strings. Rows without tools stay as they are.
"""

from typing import Any

from gretchen.models.generate import Conversation, Model, render
from gretchen.projects.rows import tools_of

# Columns of answers: rows that have one are rendered by their trainer, which knows `tools`.
ANSWERS = ("messages", "chosen", "completion", "text")


def keep_tools(trainer: Any) -> None:
    """Render the prompts of a trainer's rows where rows have tools that the trainer would drop."""
    trainer.train_dataset = with_rendered_prompts(trainer.train_dataset, trainer.processing_class)
    if trainer.eval_dataset is not None:
        trainer.eval_dataset = with_rendered_prompts(trainer.eval_dataset, trainer.processing_class)


def with_rendered_prompts(rows: Any, tokenizer: Any) -> Any:
    """Return rows whose `prompt` is the text that a model answers, where they have tools and no answers."""
    columns = getattr(rows, "column_names", None) or ()
    if "tools" not in columns or "prompt" not in columns or any(column in columns for column in ANSWERS):
        return rows
    model = Model(tokenizer, None)
    # Under a name of its own first: a column of messages would take a string for a list of characters.
    mapped = rows.map(lambda row: {"rendered": rendered(model, row)}, remove_columns=["prompt"])
    return mapped.rename_column("rendered", "prompt")


def rendered(model: Model, row: dict[str, Any]) -> str:
    """Return a row's prompt as text, without the BOS token that the trainer's tokenizer adds to a string."""
    if isinstance(row["prompt"], str):
        return row["prompt"]
    text, bos = render(model, Conversation(row["prompt"], tools_of(row))), model.tokenizer.bos_token
    adds_bos = bos is not None and model.tokenizer("a")["input_ids"][:1] == [model.tokenizer.bos_token_id]
    return text.removeprefix(bos) if adds_bos else text
