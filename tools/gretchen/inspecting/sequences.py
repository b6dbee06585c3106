"""What a collated batch holds, row by row: tokens, which of them are trained, where packed rows begin.

    sequences_of(next(iter(trainer.get_train_dataloader())))

It reads batches of both engines: labels of SFT and ORPO, completion masks of DPO and KTO, pairs of a reward model, and
packed rows by their position ids or numbered attention mask. Padding is left out. It tokenizes nothing itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

IGNORED = -100  # what torch's cross entropy leaves out of the loss


@dataclass(frozen=True)
class Sequence:
    """One sequence of a batch: token ids, which of them are trained, where packed rows begin (0 is always among them).

    `side` is "chosen" or "rejected" of a pair, "wanted" or "unwanted" of feedback, else "".
    """

    ids: list[int]
    trained: list[bool]
    starts: list[int] = field(default_factory=lambda: [0])
    side: str = ""


def sequences_of(batch: dict[str, Any]) -> list[Sequence]:
    """Return the sequences of a collated batch; the two sides of a pair follow each other."""
    if "chosen_input_ids" in batch:  # ORPO, CPO
        sides = [list(_rows(batch, side, f"{side}_")) for side in ("chosen", "rejected")]
        return [one for pair in zip(*sides, strict=True) for one in pair]
    found = list(_rows(batch))
    if "label" in batch:  # KTO
        names = ["wanted" if wanted else "unwanted" for wanted in batch["label"].tolist()]
        return [Sequence(one.ids, one.trained, one.starts, name) for one, name in zip(found, names, strict=True)]
    if "labels" in batch:
        return found
    half = len(found) // 2  # DPO and reward models: all chosen ones first
    return [
        Sequence(one.ids, one.trained, one.starts, side)
        for pair in zip(found[:half], found[half:], strict=True)
        for one, side in zip(pair, ("chosen", "rejected"), strict=True)
    ]


def _rows(batch: dict[str, Any], side: str = "", prefix: str = "") -> Iterator[Sequence]:
    """Yield the rows of the tensors whose names begin with `prefix`."""
    every = batch[f"{prefix}input_ids"].tolist()
    labels = batch.get(f"{prefix}labels")
    masks = batch.get(f"{prefix}completion_mask")
    for number, ids in enumerate(every):
        kept = _kept(batch, prefix, number, len(ids))
        trained = [True] * len(ids)  # a reward model judges the whole sequence
        if labels is not None:
            trained = [label != IGNORED for label in labels[number].tolist()]
        elif masks is not None:
            trained = [bool(mask) for mask in masks[number].tolist()]
        starts = [0] if prefix else _starts(batch, number, kept)
        yield _without_padding(Sequence([ids[i] for i in kept], [trained[i] for i in kept], starts, side))


def _kept(batch: dict[str, Any], prefix: str, number: int, width: int) -> list[int]:
    """Return the places of a row that are no padding."""
    mask = batch.get(f"{prefix}attention_mask")
    if mask is None or mask.dim() != 2:
        return list(range(width))
    return [place for place, seen in enumerate(mask[number].tolist()) if seen]


def _without_padding(one: Sequence) -> Sequence:
    """Return a packed sequence without a last row that is one token over and over, masked: axolotl pads so."""
    last = one.starts[-1]
    if last == 0 or any(one.trained[last:]) or len(set(one.ids[last:])) > 1:
        return one
    return Sequence(one.ids[:last], one.trained[:last], one.starts[:-1], one.side)


def _starts(batch: dict[str, Any], number: int, kept: list[int]) -> list[int]:
    """Return where packed rows begin: where the position is 0 again, or the attention mask counts on."""
    for name in ("position_ids", "attention_mask"):
        told = batch.get(name)
        if told is not None and told.dim() == 2:
            row = [told[number].tolist()[place] for place in kept]
            again = {i for i, position in enumerate(row) if position == 0} if name == "position_ids" else set()
            counted = {i for i in range(1, len(row)) if name == "attention_mask" and row[i] != row[i - 1]}
            if again or counted:
                return sorted({0} | again | counted)
    return [0]
