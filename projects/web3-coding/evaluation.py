"""The metrics. Main: pass_at_1, the share of answers that are right, by running them where they are code.

    pass_at_1   code: it compiles and passes every test on the EVM. Results, calls, units: the reference's value
    pass_at_k   the same of k tries, unbiased (Chen et al. 2021): 1 - C(n - c, k) / C(n, k) for c right ones of n
                answers (`samples:` on the card); k is 5, or n where there are fewer
    compiles    code: the compiler accepts it
    tests       code: share of the tests that pass; tests that were asked for: share of faulty contracts that fail them,
                0 where the right one does
    lint        code that compiles: findings an answer (lint.py)
    gas_ratio   code that passes: its gas over the reference's, of the same calls

Nothing raises on an answer.
"""

import json
import math
import re
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from gretchen.projects.rows import meta_of, reference_of
from gretchen.scoring.metrics.json_answers import json_of
from gretchen.scoring.scored import ScoredRow

from .judging import Verdict, code_of, judge
from .readers import without_comments
from .written_tests import try_tests

CODE_METRICS = ("compiles", "tests", "lint", "gas_ratio")
K = 5
COMPILES, TESTS, PER_FINDING, MOST_LINT = 0.2, 0.8, 0.05, 0.2
LONGEST = 4_000
UNITS = re.compile(r"(\d{1,80}(?:\.\d{1,40})?)\s*(wei|gwei|ether|eth)\b", re.IGNORECASE)


def score(prediction: str, row: dict[str, Any]) -> dict[str, float | None]:
    """Return the scores of an answer against its row."""
    meta = meta_of(row)
    scores: dict[str, float | None] = dict.fromkeys(CODE_METRICS)
    if meta["kind"] == "tests":
        holds, found = try_tests(prediction, meta["source"], meta["faulty"])
        return scores | {"tests": found, "pass_at_1": float(holds and found == 1)}
    if meta["kind"] != "code":
        return scores | {"pass_at_1": float(is_equal(prediction, reference_of(row), meta["kind"]))}
    verdict = judge(prediction, meta)
    scores |= {"compiles": float(verdict.compiles), "tests": verdict.share, "pass_at_1": float(verdict.is_right)}
    if verdict.compiles:
        scores["lint"] = float(len(verdict.lint))
    if verdict.is_right and verdict.gas and meta["gas"]:
        scores["gas_ratio"] = verdict.gas / meta["gas"]
    return scores


def aggregate(scored: Sequence[ScoredRow]) -> dict[str, float | None]:
    """Return pass@k: its mean over rows, then forms."""
    forms = defaultdict(list)
    for row in scored:
        right = [scores.get("pass_at_1") or 0.0 for scores in row.scores]
        forms[row.form].append(pass_at(len(right), round(sum(right)), min(K, len(right))))
    means = [sum(values) / len(values) for values in forms.values()]
    return {"pass_at_k": sum(means) / len(means) if means else None}


def pass_at(n: int, right: int, k: int) -> float:
    """Return the unbiased estimate of pass@k from `right` of n answers (Chen et al. 2021, equation 1)."""
    return 1.0 - math.comb(n - right, k) / math.comb(n, k)


def reward(prediction: str, row: dict[str, Any]) -> float:
    """Return a graded reward, 0 to 1. Code: 0.2 if it compiles, 0.8 × share of tests, less 0.05 a lint finding."""
    meta = meta_of(row)
    if meta["kind"] == "tests":
        holds, found = try_tests(prediction, meta["source"], meta["faulty"])
        return COMPILES * holds + TESTS * found
    if meta["kind"] != "code":
        return score(prediction, row)["pass_at_1"] or 0.0
    return code_reward(judge(prediction, meta))


def code_reward(verdict: Verdict) -> float:
    """Return the reward of a verdict."""
    if not verdict.compiles:
        return 0.0
    less = min(MOST_LINT, PER_FINDING * len(verdict.lint))
    return max(0.0, COMPILES + TESTS * verdict.share - less)


def is_equal(answer: str, reference: str, kind: str) -> bool:
    """Return whether an answer in a line is the reference: the same words, or the same amount in the same unit."""
    answer = answer[:LONGEST] if isinstance(answer, str) else ""
    if kind == "json":
        found, expected = json_of(answer), json.loads(reference)
        return found == expected
    if kind == "units":
        return _amount(answer) is not None and _amount(answer) == _amount(reference)
    if kind == "solidity-text":
        return without_comments(code_of(answer)).split() == without_comments(reference).split()
    return _plain(answer) == _plain(reference)


def _plain(text: str) -> str:
    """Return an answer without fences, quotation marks, blanks and a full stop."""
    text = re.sub(r"```\w*|[`*]", "", text).strip().rstrip(".")
    return re.sub(r"\s+", "", text.replace("'", '"').replace("“", '"').replace("”", '"')).lower()


def _amount(text: str) -> tuple[Decimal, str] | None:
    """Return the amount behind the last `=`, and its unit; None where it states none, or several."""
    found = UNITS.findall(text.replace(",", "").rpartition("=")[2])
    if len(found) != 1:
        return None
    try:
        amount = Decimal(found[0][0]).normalize()
    except InvalidOperation:
        return None
    return amount, {"eth": "ether"}.get(found[0][1].lower(), found[0][1].lower())
