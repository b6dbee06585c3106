"""The metrics of administrative German.

    fact_success       fact_f1 x style, and x result where one thing is computed. The main metric
    fact_f1            F1 of facts by value (dates, amounts, laws, file numbers, offices, periods, must/may/not), each
                       near a word of its statement (grounding.py); of JSON: of its fields; of a list: of the items
                       that it calls open (items.py); of a public corpus: of the reference's values
    style              1 where the answer is written as asked: plain, Leichte Sprache, official (style.py); JSON alone
    result             1 where the last date or amount of a computation is the right one, or where exactly the missing
                       papers or faulty fields are called that
    invented_facts     share of the answer's facts that no statement has
    sari               SARI as in Xu et al. 2016, deletion by precision (scoring/metrics/sari.py), of rewritten texts
    bleu               sacrebleu's sentence BLEU
    amstad, wstf1 to wstf4    readability of the answer (scoring/metrics/readability.py)
    sentence_length    words a sentence
    copy_rate          share of the answer's runs of four words that stand in the text that it rewrites

None where a metric does not apply. Nothing raises on an answer.

Not covered: whether a text's readers understand it; facts without a value ("a letter from your landlord").
"""

from decimal import Decimal
from functools import cache
from typing import Any

from gretchen.projects.rows import meta_of, reference_of
from gretchen.scoring.metrics.fields import FieldScores, field_scores
from gretchen.scoring.metrics.json_answers import is_json, json_of
from gretchen.scoring.metrics.readability import amstad, counts_of, wiener
from gretchen.scoring.metrics.sari import sari

from . import grounding
from .facts import LONGEST, facts_in
from .items import is_exact
from .style import checks, copy_rate

METRICS = ("fact_success", "fact_f1", "style", "result", "invented_facts", "sari", "bleu", "amstad", "wstf1", "wstf2",
           "wstf3", "wstf4", "sentence_length", "copy_rate")  # fmt: skip
REWRITES = ("plain", "term", "easy", "public")  # styles whose answers are simplifications


def score(prediction: str, row: dict[str, Any]) -> dict[str, float | None]:
    """Return the scores of one answer against its row."""
    meta, scores = meta_of(row), dict.fromkeys(METRICS)
    if meta["style"] == "json":
        return scores | _json_scores(prediction, meta)
    verdicts = checks(meta["style"], prediction, meta["source"], reference_of(row))
    is_public = meta["style"] == "public"
    counts = values_of(prediction, reference_of(row)) if is_public else grounding.counts_of(prediction, meta)
    scores |= {"fact_f1": counts.f1, "style": float(all(verdicts.values()))}
    scores["invented_facts"] = None if is_public else grounding.invented_of(prediction, meta)
    if "result" in meta:
        scores["result"] = float(grounding.is_result(prediction, meta["result"]))
    elif "items" in meta:  # to call every paper missing finds the missing one
        scores["result"] = float(is_exact(prediction, meta["items"]))
    wrong_result = scores["result"] == 0
    scores["fact_success"] = 0.0 if wrong_result else scores["fact_f1"] * scores["style"]
    return scores | (_texts(prediction, meta, reference_of(row)) if meta["style"] in REWRITES else {})


def values_of(prediction: str, reference: str) -> FieldScores:
    """Return the counts of facts by value alone: a public corpus does not say which statement a fact belongs to."""
    stated, expected = ({mention.key for mention in facts_in(text)} for text in (prediction, reference))
    if not expected and not prediction.strip():
        return FieldScores(0, 1, 0)
    return FieldScores(len(stated), len(expected), len(stated & expected))


def reward(prediction: str, row: dict[str, Any]) -> float:
    """Return GRPO's reward, 0 to 1: the facts 0.6, the share of style checks that hold 0.3, the whole 0.1."""
    meta, scores = meta_of(row), score(prediction, row)
    facts = scores["fact_f1"] or 0.0
    verdicts = checks(meta["style"], prediction, meta["source"], reference_of(row))
    styled = sum(verdicts.values()) / len(verdicts) if verdicts else scores["style"] or 0.0
    return 0.6 * facts + 0.3 * styled * facts + 0.1 * (scores["fact_success"] or 0.0)


def _texts(prediction: str, meta: dict[str, Any], reference: str) -> dict[str, float | None]:
    """Return similarity to source and reference, and the answer's readability."""
    text = prediction[:LONGEST]
    counts = counts_of(text)
    return {
        "sari": sari(meta["source"], text, [reference]),
        "bleu": _bleu().sentence_score(text, [reference]).score,
        "amstad": amstad(text),
        **{f"wstf{number}": wiener(text, number) for number in (1, 2, 3, 4)},
        "sentence_length": counts.words_per_sentence if counts else None,
        "copy_rate": copy_rate(text, meta["source"]),
    }


@cache
def _bleu() -> Any:  # sacrebleu is imported with the first score
    """Return sacrebleu's BLEU for single sentences, with its own tokenizer and smoothing."""
    from sacrebleu.metrics import BLEU

    return BLEU(effective_order=True)


def _json_scores(prediction: str, meta: dict[str, Any]) -> dict[str, float | None]:
    """Return the scores of named fields."""
    value = json_of(prediction)
    given = list(value.items()) if isinstance(value, dict) else []
    expected = list(meta["fields"].items())
    counts = field_scores(given, expected, _is_value)
    f1, only = counts.f1 if given else 0.0, float(is_json(prediction))
    unknown = sum(key not in meta["fields"] for key, _ in given)
    return {
        "fact_success": f1 * only, "fact_f1": f1, "style": only, "invented_facts": unknown / max(1, len(given))
    }  # fmt: skip


def _is_value(given: Any, expected: list[str] | None) -> bool:
    """Return whether a JSON value is the expected fact, by value."""
    if given is None or expected is None:
        return given is expected
    if isinstance(given, bool) or not isinstance(given, str | Decimal):
        return False
    kind, value = expected
    if kind == "amount":
        text = f"{given:.2f}".replace(".", ",") if isinstance(given, Decimal) and abs(given) < 10**9 else str(given)
        text = text if any(mark in text for mark in ("EUR", "Euro", "€")) else f"{text} Euro"
    else:
        text = f"{given} Uhr" if kind == "time" and "Uhr" not in str(given) else str(given)
    return {mention.key for mention in facts_in(text)} == {(kind, value)}
