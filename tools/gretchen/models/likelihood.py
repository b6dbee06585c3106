"""Log-probabilities of texts under a model, batched. Nothing is generated or scored here."""

from typing import Any

BATCH = 32


def log_probabilities(model: Any, encoded: list[tuple[list[int], int]]) -> list[float]:
    """Return the log-probability, in nats, of each text's tokens from a first one on, given those before.

    `model` is a transformers model; `encoded` holds (token ids, index of the first token that counts, at least 1).
    """
    import torch

    order = sorted(range(len(encoded)), key=lambda i: len(encoded[i][0]))
    values = [0.0] * len(encoded)
    for start in range(0, len(order), BATCH):
        batch = [encoded[i] for i in order[start : start + BATCH]]
        width = max(len(ids) for ids, _ in batch)
        ids = torch.tensor([row + [0] * (width - len(row)) for row, _ in batch], device=model.device)
        mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row, _ in batch], device=model.device)
        with torch.inference_mode():
            logits = model(input_ids=ids, attention_mask=mask).logits[:, :-1].float()
        per_token = logits.log_softmax(-1).gather(-1, ids[:, 1:, None])[..., 0].cpu()
        for position, i in enumerate(order[start : start + BATCH]):
            row, first = encoded[i]
            values[i] = float(per_token[position, first - 1 : len(row) - 1].sum())
    return values
