"""Nearest valid names, for messages about mistyped ones."""

import difflib
from collections.abc import Iterable
from functools import lru_cache


def nearest(word: str, candidates: Iterable[str], similarity: float = 0.5) -> str | None:
    """Return the candidate most like `word` (case ignored), or None where none has that similarity (1: equal)."""
    return _nearest(word, tuple(candidates), similarity)


@lru_cache
def _nearest(word: str, candidates: tuple[str, ...], similarity: float) -> str | None:
    """Return what `nearest` returns; cached, because a check meets the same word under every profile."""
    by_lower = {candidate.lower(): candidate for candidate in candidates}
    matches = difflib.get_close_matches(word.lower(), list(by_lower), n=1, cutoff=similarity)
    return by_lower[matches[0]] if matches else None


def unknown(kind: str, word: str, candidates: Iterable[str]) -> tuple[str, str]:
    """Return (problem, hint) for an unknown name: `raise UserError(*unknown("project", slug, slugs))`."""
    known = sorted(candidates)
    close = nearest(word, known)
    hint = f"did you mean '{close}'?" if close else f"known: {', '.join(known) or 'none'}"
    return f"unknown {kind} '{word}'", hint
