"""The metrics. Main: quality, 0 to 1.

    quality     of a log: valid × alignment fitness (mean over cases) × coverage; 0 where it cannot be read or has fewer
                cases than asked for; with more cases, times asked / given. Where target counts are given, the share of
                them that is met stands for coverage. Of lines (variants, next activities, graphs, figures): their F1.
                Of a trace or verdict: 1 where it is right, which the process decides, not one reference.
    valid       the log passes the strict validator (validators.py)
    fitness     mean alignment fitness of the cases (nets.py)
    coverage    overlap of the log's variants with those the process asks for, of the largest that so many cases allow
    precision   of the activities that the process allows where the log was, the share that the log shows
    emd         earth mover's distance of the stochastic languages of log and process
    durations   Wasserstein's distance of the times between events from the stated law, over the law's mean
    rules       share of events in office hours, by someone who may do them, with two people where two are needed
    copies      share of cases that repeat another one, times included
    novelty     share of the log's variants that are not the case which the question shows as an example

None where a metric does not apply. Nothing raises on an answer.
"""

from difflib import SequenceMatcher
from typing import Any

from gretchen.projects.rows import meta_of, reference_of

from .scoring import LONGEST, scores

METRICS = (
    "quality", "valid", "fitness", "coverage", "precision", "emd", "durations", "rules", "copies", "novelty",
)  # fmt: skip


def score(prediction: str, row: dict[str, Any]) -> dict[str, float | None]:
    """Return the scores of one answer against its row."""
    return dict.fromkeys(METRICS) | scores(prediction, meta_of(row))


def reward(prediction: str, row: dict[str, Any]) -> float:
    """Return GRPO's reward, 0 to 1.

    Of a valid log: 0.2, and 0.8 × fitness × coverage (half of it where cases are missing), less 0.2 × copies and 0.2 ×
    broken rules; of an invalid one, up to 0.15 for likeness to the reference. Of everything else: 0.8 × quality, and up
    to 0.2 for likeness, so that rewards are graded.
    """
    result = score(prediction, row)
    if result["valid"]:
        full = result["quality"] or 0.5 * result["fitness"] * result["coverage"]
        broken = 0.0 if result["rules"] is None else 1 - result["rules"]
        return max(0.0, 0.2 + 0.8 * full - 0.2 * (result["copies"] or 0.0) - 0.2 * broken)
    likeness = SequenceMatcher(None, prediction[:LONGEST][:600], reference_of(row)[:600]).ratio()
    if result["valid"] is not None:
        return 0.15 * likeness
    return 0.8 * result["quality"] + 0.2 * likeness
