"""The metrics. Main: f05, ERRANT's span-based F0.5 over the corpus, as errant_compare computes it.

    f05, precision, recall    of the edits of all rows: their summed counts. An exercise is one edit, as in M2 `S ___`
                              with `A 0 1|||R:OTHER|||answer|||…`: right, wrong, or missing where the answer is empty
    f05_en, f05_de            the same of English and of German rows
    corrections               the same of corrected sentences alone
    gleu                      of corrected sentences, over the corpus: Napoles et al. 2015/2016, as JFLEG's script
    over_correction           share of correct sentences that were changed
    labels                    share of errors explained with their label and correction, of those expected or given
    exact                     of exercises: the answer is right; of a recast: the sentence as it should be, one question
    above_level               share of words above the row's CEFR level

None where a metric does not apply. Nothing raises on an answer. Everything but numbered lines counts as the correction:
two variants, or the question said again, are wrong edits.

Not covered: corrections that are right but not the reference's; whether an explanation's rule is well put.
"""

import json
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Any

from gretchen.projects.rows import meta_of, reference_of

from .explanations import CORRECT
from .gleu import corpus_gleu, sentence_gleu
from .scoring import Compared, Counts, above_level, clean, compared, corpus_counts, f_score, label_share
from .tokens import natural, tokenise

METRICS = (
    "f05", "precision", "recall", "f05_en", "f05_de", "corrections", "gleu", "over_correction",
    "labels", "exact", "above_level",
)  # fmt: skip
TEXTS = ("correct", "recast")


def score(prediction: str, row: dict[str, Any]) -> dict[str, float | None]:
    """Return the scores of one answer against its row."""
    meta = meta_of(row)
    scores = dict.fromkeys(METRICS) | {"labels": label_share(prediction, meta.get("errors", ()))}
    by_reference = [f_score(item) for item in _counts(prediction, _key(row))]
    precision, recall, f05 = max(by_reference, key=lambda values: values[2])
    scores |= {"f05": f05, "precision": precision, "recall": recall, f"f05_{meta['language']}": f05}
    if meta["kind"] == "correct":
        result = _compared(prediction, _key(row))
        scores |= {"corrections": f05, "gleu": sum(map(sentence_gleu, result.gleu)) / len(result.gleu)}
        scores["over_correction"] = None if any(meta["references"]) else float(result.is_changed)
    else:
        scores["exact"] = float(_is_right(prediction, meta))
        scores["labels"] = scores["labels"] if meta["kind"] == "explain" else None
    if meta["kind"] in TEXTS and meta.get("level"):
        scores["above_level"] = above_level(prediction, meta["language"], meta["level"])
    return scores


def aggregate(scored: list[Any]) -> dict[str, float | None]:
    """Return the corpus measures: counts and n-grams summed over all rows."""
    results = [(_facts(_key(item.row)), answer, _key(item.row)) for item in scored for answer in item.predictions]
    precision, recall, f05 = f_score(corpus_counts([_counts(answer, key) for _, answer, key in results]))
    values = {"f05": f05, "precision": precision, "recall": recall}
    for language in ("en", "de"):
        own = [_counts(answer, key) for (_, name), answer, key in results if name == language]
        values[f"f05_{language}"] = f_score(corpus_counts(own))[2] if own else None
    corrected = [_compared(answer, key) for (kind, _), answer, key in results if kind == "correct"]
    values["corrections"] = f_score(corpus_counts([result.counts for result in corrected]))[2] if corrected else None
    return values | {"gleu": corpus_gleu([result.gleu for result in corrected]) if corrected else None}


def reward(prediction: str, row: dict[str, Any]) -> float:
    """Return GRPO's reward, 0 to 1: of a correction 0.7 × F0.5 and 0.3 × labels, else exact and likeness."""
    result = score(prediction, row)
    if result["corrections"] is not None:
        return 0.7 * result["f05"] + 0.3 * (result["f05"] if result["labels"] is None else result["labels"])
    likeness = SequenceMatcher(None, clean(prediction)[:400], reference_of(row)[:400]).ratio()
    return 0.8 * (result["exact"] or 0.0) + 0.2 * likeness


def baselines(row: dict[str, Any]) -> dict[str, str]:
    """Return the answers of this project's own baseline: the learner's sentence unchanged; exercises get none."""
    meta = meta_of(row)
    return {"no change": natural(meta["source"]) if meta["kind"] == "correct" else CORRECT[meta["asked"]]}


def _is_right(prediction: str, meta: dict[str, Any]) -> bool:
    """Return whether the answer to an exercise is right."""
    right = _is_recast if meta["kind"] == "recast" else _is_exact
    return right(clean(prediction), meta["accepted"])


def _is_exact(prediction: str, accepted: list[str]) -> bool:
    """Return whether an answer is an accepted one, spaces, quotes and a last full stop aside."""
    return _plain(prediction) in {_plain(text) for text in accepted}


def _plain(text: str) -> str:
    """Return a short answer as it is compared."""
    return " ".join(text.split()).strip("\"'“”„ ").removesuffix(".")


def _is_recast(prediction: str, accepted: list[str]) -> bool:
    """Return whether an answer says the sentence right and goes on with one question."""
    words = tokenise(prediction)
    for text in accepted:
        right = tokenise(text)
        rest = words[len(right) :]
        if words[: len(right)] == right and len(rest) > 1 and rest[-1] == "?" and not set(rest[:-1]) & set(".!?"):
            return True
    return False


def _key(row: dict[str, Any]) -> str:
    """Return a row's meta as text, by which comparisons are cached: intervals resample the rows."""
    meta = row.get("meta") or "{}"
    return meta if isinstance(meta, str) else json.dumps(meta)


@lru_cache(maxsize=100_000)
def _compared(prediction: str, meta: str) -> Compared:
    """Return an answer compared with its references."""
    return compared(prediction, json.loads(meta))


@lru_cache(maxsize=100_000)
def _counts(prediction: str, meta: str) -> tuple[Counts, ...]:
    """Return an answer's counts for each reference; an exercise is one edit."""
    facts = json.loads(meta)
    if facts["kind"] == "correct":
        return _compared(prediction, meta).counts
    if _is_right(prediction, facts):
        return ((1, 0, 0),)
    return ((0, 1, 1) if clean(prediction).strip() else (0, 0, 1),)


@lru_cache(maxsize=100_000)
def _facts(meta: str) -> tuple[str, str]:
    """Return what an answer is to be, and the language that is learned."""
    facts = json.loads(meta)
    return facts["kind"], facts["language"]
