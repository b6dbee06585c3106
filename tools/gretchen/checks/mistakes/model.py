"""Mistakes between a model's files: more tokens than embeddings, a chat template of another model."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gretchen import paths
from gretchen.checks.mistakes.problems import Problem, error, warning
from gretchen.models.chat_templates import chat_template
from gretchen.models.files import read_json, token_ids

# How most models spell their special tokens.
SPECIAL_TOKEN = re.compile(r"<\|[a-z][a-z0-9_]*\|>")


def vocabulary(folder: Path) -> Iterator[Problem]:
    """Report a tokenizer with more tokens than the model has embeddings: training fails with an index out of range."""
    size = read_json(folder / "config.json").get("vocab_size")
    last = max(token_ids(folder).values(), default=0)
    if isinstance(size, int) and last >= size:
        file = f"{paths.shown(folder)}/tokenizer.json"
        yield error(f"{file}: has token {last}, but config.json's 'vocab_size' is {size}")


def template_tokens(folder: Path, values: dict[str, Any]) -> Iterator[Problem]:
    """Warn of a template whose special tokens the tokenizer does not have: it was made for another model."""
    known = token_ids(folder)
    template, file = chat_template(folder, values)
    unknown = sorted(set(SPECIAL_TOKEN.findall(template or "")) - set(known)) if known else []
    if unknown:
        yield warning(
            f"{file}: the template writes {unknown[0]}, which is not a token of this model: is it another model's "
            "template?"
        )
