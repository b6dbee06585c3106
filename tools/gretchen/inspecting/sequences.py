"""What a collated batch contains, row by row: tokens, the loss mask, where packed rows start.

    sequences_of(next(iter(trainer.get_train_dataloader())))

It reads batches of both engines: labels of SFT and ORPO, completion masks of DPO and KTO, pairs of a reward model, and
packed rows by their position ids or numbered attention mask. Padding is left out. It tokenizes nothing itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

IGNORE_INDEX = -100  # the label that torch's cross entropy leaves out of the loss


@dataclass(frozen=True)
class TokenSequence:
    """One sequence of a batch: token ids, which of them are trained on, where packed rows start (always at 0).

    `side` is "chosen" or "rejected" for a pair, "desirable" or "undesirable" for KTO's rows, else "".
    """

    ids: list[int]
    trained: list[bool]
    starts: list[int] = field(default_factory=lambda: [0])
    side: str = ""


def sequences_of(batch: dict[str, Any]) -> list[TokenSequence]:
    """Return the sequences of a collated batch; the two sides of a pair follow each other."""
    if "chosen_input_ids" in batch:  # ORPO, CPO
        chosen, rejected = (list(_rows(batch, side, f"{side}_")) for side in ("chosen", "rejected"))
        return [sequence for pair in zip(chosen, rejected, strict=True) for sequence in pair]
    rows = list(_rows(batch))
    if "label" in batch:  # KTO
        sides = ["desirable" if label else "undesirable" for label in batch["label"].tolist()]
        return [replace(row, side=side) for row, side in zip(rows, sides, strict=True)]
    if "labels" in batch:
        return rows
    half = len(rows) // 2  # DPO and reward models: all chosen sides first
    pairs = zip(rows[:half], rows[half:], strict=True)
    return [replace(row, side=side) for pair in pairs for row, side in zip(pair, ("chosen", "rejected"), strict=True)]


def _rows(batch: dict[str, Any], side: str = "", prefix: str = "") -> Iterator[TokenSequence]:
    """Yield the rows of the tensors whose names begin with `prefix`."""
    labels = batch.get(f"{prefix}labels")
    masks = batch.get(f"{prefix}completion_mask")
    for number, ids in enumerate(batch[f"{prefix}input_ids"].tolist()):
        kept = _unpadded(batch, prefix, number, len(ids))
        trained = [True] * len(ids)  # a reward model scores the whole sequence
        if labels is not None:
            trained = [label != IGNORE_INDEX for label in labels[number].tolist()]
        elif masks is not None:
            trained = [bool(mask) for mask in masks[number].tolist()]
        starts = [0] if prefix else _starts(batch, number, kept)
        yield _without_padding_row(TokenSequence([ids[i] for i in kept], [trained[i] for i in kept], starts, side))


def _unpadded(batch: dict[str, Any], prefix: str, number: int, width: int) -> list[int]:
    """Return the positions of a row that are not padding."""
    mask = batch.get(f"{prefix}attention_mask")
    if mask is None or mask.dim() != 2:
        return list(range(width))
    return [position for position, attended in enumerate(mask[number].tolist()) if attended]


def _without_padding_row(sequence: TokenSequence) -> TokenSequence:
    """Return a packed sequence without a masked last row of one repeated token: so axolotl pads."""
    last = sequence.starts[-1]
    if last == 0 or any(sequence.trained[last:]) or len(set(sequence.ids[last:])) > 1:
        return sequence
    return TokenSequence(sequence.ids[:last], sequence.trained[:last], sequence.starts[:-1], sequence.side)


def _starts(batch: dict[str, Any], number: int, kept: list[int]) -> list[int]:
    """Return where packed rows start: where the position is 0 again, or the attention mask's number changes."""
    for name in ("position_ids", "attention_mask"):
        tensor = batch.get(name)
        if tensor is not None and tensor.dim() == 2:
            positions = tensor[number].tolist()
            row = [positions[position] for position in kept]
            restarts = {i for i, position in enumerate(row) if position == 0} if name == "position_ids" else set()
            changes = {i for i in range(1, len(row)) if name == "attention_mask" and row[i] != row[i - 1]}
            if restarts or changes:
                return sorted({0} | restarts | changes)
    return [0]
