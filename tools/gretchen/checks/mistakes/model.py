"""Mistakes between a model's files: more tokens than embeddings, a chat template of another model."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gretchen import paths
from gretchen.checks.mistakes.problems import Problem, error, warning
from gretchen.models.chat_templates import CLOSED, CONVERSATION, OPENED, chat_template, generation_prompt, render
from gretchen.models.files import read_json, token_ids, token_text

SHOWN = 24
# How most models spell their special tokens.
SPECIAL_TOKEN = re.compile(r"<\|[a-z][a-z0-9_]*\|>")


def vocabulary(folder: Path) -> Iterator[Problem]:
    """Report a tokenizer with more tokens than the model has embeddings: training fails with an index out of range."""
    size = read_json(folder / "config.json").get("vocab_size")
    last = max(token_ids(folder).values(), default=0)
    if isinstance(size, int) and last >= size:
        file = f"{paths.shown(folder)}/tokenizer.json"
        yield error(f"{file}: has token {last}, but config.json's 'vocab_size' is {size}")


def template_date(folder: Path, values: dict[str, Any]) -> Iterator[Problem]:
    """Warn of a template that writes the day's date: a model is trained with one date, and asked with others."""
    template, file = chat_template(folder, values)
    if template and "strftime_now" in template:
        yield warning(
            f"{file}: the template writes the day's date: the model is trained with one date, and asked with others"
        )


def template_turns(folder: Path, values: dict[str, Any]) -> Iterator[Problem]:
    """Report a template that drops turns or leaves the answer out of the loss; warn of another prompt than training's.

    A template that cannot be rendered is reported by the check of chat templates.
    """
    template, file = chat_template(folder, values)
    eos = token_text(read_json(folder / "tokenizer_config.json").get("eos_token"))
    try:
        marked = render(template or "", CONVERSATION, eos)
        prompt = unmarked(generation_prompt(template or "", CONVERSATION[:-1], eos))
    except Exception:  # the template is a program: it may raise anything
        return
    text = unmarked(marked)
    dropped = next((turn for turn in CONVERSATION if turn["content"] not in text), None)
    if template and dropped:
        yield error(f"{file}: the template drops or changes a turn of a conversation, '{dropped['content']}'")
    elif template:
        yield from trained_part(marked, file)
        yield from other_prompt(prompt, text, file)


def trained_part(marked: str, file: str) -> Iterator[Problem]:
    """Report {% generation %} around another part than the assistant's turn."""
    if OPENED not in marked:
        return
    last = marked.rsplit(OPENED, 1)[1].partition(CLOSED)[0]
    if CONVERSATION[-1]["content"] not in last:
        yield error(f"{file}: {{% generation %}} leaves out the answer: the loss would be on '{last.strip()}' alone")
    elif CONVERSATION[-2]["content"] in last:
        yield warning(f"{file}: {{% generation %}} surrounds the question too: the model would learn to ask")


def other_prompt(prompt: str, text: str, file: str) -> Iterator[Problem]:
    """Warn of a generation prompt that is not what stands before an answer in training."""
    trained = text[: text.rfind(CONVERSATION[-1]["content"])]
    if is_prompt(prompt, trained):
        return
    yield warning(
        f"{file}: the prompt for an answer ends with {prompt[-SHOWN:]!r}, in training an answer follows "
        f"{trained[-SHOWN:]!r}: a model is asked otherwise than it was trained"
    )


def is_prompt(prompt: str, trained: str) -> bool:
    """Return whether a prompt is what stands before an answer in training, but for reasoning that follows it."""
    gap = trained[len(prompt) :]
    return trained.startswith(prompt) and (not gap or bool(gap.strip()))


def unmarked(text: str) -> str:
    """Return rendered text without the marks of its trained parts."""
    return text.replace(OPENED, "").replace(CLOSED, "")


def template_tokens(folder: Path, values: dict[str, Any]) -> Iterator[Problem]:
    """Warn of a template whose special tokens the tokenizer does not have: it was made for another model."""
    known = token_ids(folder)
    template, file = chat_template(folder, values)
    unknown = sorted(set(SPECIAL_TOKEN.findall(template or "")) - known.keys()) if known else []
    if unknown:
        yield warning(
            f"{file}: the template writes {unknown[0]}, which is not a token of this model: is it another model's "
            "template?"
        )
