"""Nearest valid names, for messages about mistyped ones and the short forms of long ones; counted nouns."""

import difflib
from collections.abc import Iterable
from functools import lru_cache

# What papers, PyTorch and other tools call a recipe's keys, where no likeness leads to them: "lr" is like "lora_r".
SHORT_NAMES = {
    "lr": ("learning_rate",),
    "wd": ("weight_decay",),
    "bs": ("per_device_train_batch_size", "micro_batch_size"),
    "batch_size": ("per_device_train_batch_size", "micro_batch_size"),
    "epochs": ("num_train_epochs", "num_epochs"),
    "steps": ("max_steps",),
    "warmup": ("warmup_ratio", "warmup_steps"),
    "scheduler": ("lr_scheduler_type", "lr_scheduler"),
    "optimizer": ("optim",),
    "rank": ("lora_r",),
    "r": ("lora_r",),
    "alpha": ("lora_alpha",),
    "dropout": ("lora_dropout",),
    "grad_clip": ("max_grad_norm",),
    "grad_accum": ("gradient_accumulation_steps",),
    "model": ("model_name_or_path", "base_model"),
    "dataset": ("dataset_name", "datasets"),
    "max_len": ("max_length", "sequence_len"),
}


def counted(count: int, noun: str) -> str:
    """Return "1 step" or "2 steps"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def nearest(word: str, candidates: Iterable[str], similarity: float = 0.5) -> str | None:
    """Return the candidate most like `word` (case ignored), or None where none has that similarity (1: equal).

    A usual short name stands for the long one, where that is a candidate.
    """
    candidates = tuple(candidates)
    long = next((name for name in SHORT_NAMES.get(word.lower(), ()) if name in candidates), None)
    return long or _nearest(word, candidates, similarity)


@lru_cache
def _nearest(word: str, candidates: tuple[str, ...], similarity: float) -> str | None:
    """Return what `nearest` returns; cached, because a check meets the same word under every profile."""
    by_lower = {candidate.lower(): candidate for candidate in candidates}
    matches = difflib.get_close_matches(word.lower(), list(by_lower), n=1, cutoff=similarity)
    return by_lower[matches[0]] if matches else None


def unknown_in_short(kind: str, word: str, candidates: Iterable[str]) -> str:
    """Return the problem of an unknown name with the nearest one, where there is one, for a line among others."""
    close = nearest(word, candidates)
    return f"unknown {kind} '{word}'" + (f", did you mean '{close}'?" if close else "")


def unknown(kind: str, word: str, candidates: Iterable[str]) -> tuple[str, str]:
    """Return (problem, hint) for an unknown name: `raise UserError(*unknown("project", slug, slugs))`."""
    known = sorted(candidates)
    close = nearest(word, known)
    hint = f"did you mean '{close}'?" if close else f"known: {', '.join(known) or 'none'}"
    return f"unknown {kind} '{word}'", hint
