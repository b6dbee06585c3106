"""Log-probabilities of texts under a model, batched. Nothing is generated or scored here."""

from collections.abc import Callable
from typing import Any

from gretchen.models.batches import batches

# The logits of a batch are its tokens times the vocabulary: 400 MB in float32 for SmolLM2.
BATCH_TOKENS = 2048
Encoded = tuple[list[int], int]
OnBatch = Callable[[int, int], None]


def log_probabilities(model: Any, encoded: list[Encoded], on_batch: OnBatch | None = None) -> list[float]:
    """Return the log-probability, in nats, of each text's tokens from a first one on, given those before.

    `model` is a transformers model; `encoded` holds (token ids, index of the first token that counts, at least 1).
    `on_batch` gets the number of texts so far, and of all.
    """
    values: dict[int, float] = {}
    for batch in batches([len(ids) for ids, _ in encoded], BATCH_TOKENS):
        values |= _batch_values(model, batch, encoded)
        if on_batch:
            on_batch(len(values), len(encoded))
    return [values[i] for i in range(len(encoded))]


def _batch_values(model: Any, batch: list[int], encoded: list[Encoded]) -> dict[int, float]:
    """Return the log-probability of each text of a batch by its position."""
    import torch

    width = max(len(encoded[i][0]) for i in batch)
    rows = [encoded[i][0] for i in batch]
    ids = torch.tensor([row + [0] * (width - len(row)) for row in rows], device=model.device)
    mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows], device=model.device)
    with torch.inference_mode():
        logits = model(input_ids=ids, attention_mask=mask).logits
    values = {}
    for position, i in enumerate(batch):
        row, first = encoded[i]
        counted = logits[position, first - 1 : len(row) - 1].float().log_softmax(-1)
        values[i] = float(counted.gather(-1, ids[position, first : len(row), None]).sum())
    return values
