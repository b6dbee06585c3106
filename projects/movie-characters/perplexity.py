"""A model's perplexity on the reference answers of some rows: exp of the mean loss of their tokens; and its bytes.

Tokens are the model's own, so two models compare only if they share a tokenizer. A run's folder may hold an adapter
alone: then the base that it names is loaded with it, and both are counted.
"""

import math
from pathlib import Path
from typing import Any

from gretchen.models.adapter_sources import find_local_adapter
from gretchen.models.generate import load
from gretchen.models.likelihood import log_probabilities
from gretchen.models.locate import model_folder, weights
from gretchen.projects.rows import prompt_of


def size_bytes(model_dir: Path) -> int | None:
    """Return the bytes of a model's weights on disk, an adapter's base included; None where the base is not here."""
    adapter = find_local_adapter(str(model_dir))
    folders = [model_dir, model_folder(adapter.base)] if adapter else [model_dir]
    if None in folders:
        return None
    return sum(file.stat().st_size for folder in folders if folder for file in weights(Path(folder)))


def perplexity(model_dir: Path, rows: list[tuple[dict[str, Any], str]]) -> float:
    """Return the perplexity of a model in a folder on (row, reference) pairs, by its own chat template.

    Raises as `gretchen.models.generate.load` where the model cannot be had.
    """
    adapter = find_local_adapter(str(model_dir))
    model = load(adapter.base, model_dir) if adapter else load(str(model_dir))
    encoded = []
    for row, reference in rows:
        beginning = model.tokenizer.apply_chat_template(prompt_of(row), tokenize=False, add_generation_prompt=True)
        prompt, answer = (
            model.tokenizer(text, add_special_tokens=False)["input_ids"] for text in (beginning, reference)
        )
        encoded.append((prompt + answer, len(prompt)))
    tokens = sum(len(ids) - start for ids, start in encoded)
    return math.exp(min(-sum(log_probabilities(model.model, encoded)) / tokens, 50.0))
