"""Mistakes between a model's files: more tokens than embeddings, a chat template of another model."""

import re
from pathlib import Path
from typing import Any

from gretchen import paths
from gretchen.checks.mistakes.problems import Found
from gretchen.models.files import chat_template, read_json, token_ids

# How most models spell their special tokens.
MARKER = re.compile(r"<\|[a-z][a-z0-9_]*\|>")


def vocabulary(folder: Path, found: Found) -> None:
    """Tell a tokenizer with more tokens than the model has embeddings: the training dies of an index out of range."""
    size = read_json(folder / "config.json").get("vocab_size")
    last = max(token_ids(folder).values(), default=0)
    if isinstance(size, int) and last >= size:
        where = paths.shown(folder)
        found.errors.append(f"{where}/tokenizer.json: holds token {last}, but config.json's 'vocab_size' is {size}")


def markers(folder: Path, values: dict[str, Any], found: Found) -> None:
    """Warn of a template whose special words are no tokens: it was made for another model."""
    known = token_ids(folder)
    template, file = chat_template(folder, values)
    strange = sorted(set(MARKER.findall(template or "")) - set(known)) if known else []
    if strange:
        found.warnings.append(
            f"{file}: the template writes {strange[0]}, which is no token of this model: is it the template of another?"
        )
