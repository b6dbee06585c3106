"""The metrics of a character's answer. Main: consistent.

    consistent      fact consistency: the right fact and no contradiction (checking.py says what counts against it)
    manner          the classifier of manner.py finds the character's voice in the answer; of two manners both
    in_character    both of them
    distinct_1, distinct_2      different words, and pairs of words, of all answers, as shares of all (Li et al. 2016)
    copies          answers that are a part of the prompt
    assistant       answers that speak as an assistant does
    era_leaks       answers with a word of a time after the character's
    perplexity      of the model on reference answers of the test rows, per token of its own tokenizer
    size_mb         bytes of the weights on disk, in millions

Rows of public data have no typed facts and no voice of a grammar: the first three are None. Nothing raises on an
answer.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gretchen.projects.rows import meta_of, prompt_text, reference_of

from .checking import problems_of, spoken_lines, surface_problems
from .manner import voice_of
from .matching import words_of

LONGEST = 2_000  # characters of an answer that count in distinct-n
REFERENCES = 32  # rows of the model's perplexity


def score(prediction: str, row: dict[str, Any]) -> dict[str, float | None]:
    """Return the scores of an answer against its row."""
    meta = meta_of(row)
    if "wants" not in meta:  # public data
        problems, consistent, manner = surface_problems(prediction, meta, prompt_text(row)), None, None
    else:
        problems = problems_of(prediction, meta, prompt_text(row))
        consistent, manner = float(not problems), float(is_in_manner(prediction, meta))
    return {
        "consistent": consistent,
        "manner": manner,
        "in_character": None if manner is None else float(not problems and manner),
        "copies": float("copy" in problems),
        "assistant": float("assistant" in problems),
        "era_leaks": float("era" in problems),
    }


def is_in_manner(answer: str, meta: dict[str, Any]) -> bool:
    """Return whether an answer is in its character's voice; where two are played, each line in its own."""
    lines = spoken_lines(answer, meta["lines"]) if "lines" in meta else [_speech(answer, meta)]
    if lines is None or not all(line.strip() for line in lines):
        return False
    voices = zip(lines, meta["voices"], meta["words"], strict=True)
    return all(voice_of(line, words, meta["facts"], meta["language"]) == voice for line, voice, words in voices)


def _speech(answer: str, meta: dict[str, Any]) -> str:
    """Return an answer without the gesture of a scene."""
    return answer.rpartition("*")[2].strip() if meta.get("gesture") else answer


def aggregate(scored: Sequence[Any]) -> dict[str, float | None]:
    """Return distinct-1 and distinct-2 over all answers; None where there are no words."""
    answers = [str(prediction)[:LONGEST].casefold() for row in scored for prediction in row.predictions]
    words = [words_of(answer, "en") for answer in answers]
    return {f"distinct_{n}": distinct(words, n) for n in (1, 2)}


def distinct(answers: Sequence[tuple[str, ...]], n: int) -> float | None:
    """Return how many of the runs of n words of some answers differ, as a share of all; None without one."""
    runs = [words[i : i + n] for words in answers for i in range(len(words) - n + 1)]
    return len(set(runs)) / len(runs) if runs else None


def properties(model_dir: Path) -> dict[str, float | None]:
    """Return a model's size in MB, None where its base is not on this machine, and its perplexity on references."""
    from .perplexity import perplexity, size_bytes

    size = size_bytes(Path(model_dir))
    rows = [(row, reference_of(row)) for row in _references()]
    return {"size_mb": None if size is None else size / 1e6, "perplexity": perplexity(Path(model_dir), rows)}


def _references() -> list[dict[str, Any]]:
    """Return the first test rows of the builder."""
    from gretchen.projects.splits import split_of

    from .dataset import chats

    references = []
    for row in chats():
        if split_of(row["group"]) == "test" and not row["hard"]:
            references.append(row)
        if len(references) == REFERENCES:
            return references
    return references
