"""Nearest valid names, for messages about mistyped ones."""

import difflib
from collections.abc import Iterable
from functools import lru_cache


def nearest(word: str, candidates: Iterable[str], alike: float = 0.5) -> str | None:
    """Return the candidate most like `word` (case ignored), or None when none is `alike`, of 1 for the same."""
    return _nearest(word, tuple(candidates), alike)


@lru_cache
def _nearest(word: str, candidates: tuple[str, ...], alike: float) -> str | None:
    """Return `nearest`, asked for once: a check meets the same word under every profile."""
    by_lower = {candidate.lower(): candidate for candidate in candidates}
    found = difflib.get_close_matches(word.lower(), list(by_lower), n=1, cutoff=alike)
    return by_lower[found[0]] if found else None


def unknown(kind: str, word: str, candidates: Iterable[str]) -> tuple[str, str]:
    """Return (problem, hint) for an unknown name: `raise UserError(*unknown("project", slug, slugs))`."""
    known = sorted(candidates)
    close = nearest(word, known)
    hint = f"did you mean '{close}'?" if close else f"known: {', '.join(known) or 'none'}"
    return f"unknown {kind} '{word}'", hint
