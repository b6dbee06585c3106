"""What the answers in a team's rows look like, and which metric fits them.

    shape_of(rows, is_classes=False)     -> AnswerShape(metric="overlap", why="answers are longer: median 23 words", …)

Exact match for answers of a few words, macro F1 for classes, token F1 and chrF for everything longer.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gretchen.projects.rows import Row, normalised
from gretchen.projects.table_rows import answer_of

# An answer is short up to so many words: in the middle, and in nineteen of twenty.
SHORT_MEDIAN, SHORT_P95 = 3, 8
MOST_CLASSES = 20
# Characters of a token: English has about four, German with an English vocabulary two to three.
CHARACTERS_PER_TOKEN = 2.5
FEWEST_TOKENS, MOST_TOKENS = 16, 256
LANGUAGE_WORDS = {
    "en": {"the", "is", "of", "and", "what", "how", "a", "to", "in"},
    "de": {"der", "die", "das", "ist", "und", "was", "wie", "ein", "eine", "nicht"},
}


@dataclass(frozen=True)
class Metric:
    """A metric as the card writes it: its unit and the largest value; more is better."""

    name: str
    unit: str
    largest: int


# The template of evaluation.py -> its metrics, the main one first.
METRICS = {
    "exact": (Metric("exact", "share", 1),),
    "classes": (Metric("macro_f1", "F1", 1), Metric("exact", "share", 1)),
    "overlap": (Metric("f1", "F1", 1), Metric("chrf", "chrF", 100), Metric("exact", "share", 1)),
}
SENTENCES = {
    "exact": "exact match, because {why}",
    "classes": "macro F1 over the classes, because {why}",
    "overlap": "token F1, and chrF beside it, because {why}",
}


@dataclass(frozen=True)
class AnswerShape:
    """Which evaluation.py fits, why (a clause), how many tokens an answer may have, and the rows' languages."""

    metric: str
    why: str
    max_new_tokens: int
    languages: tuple[str, ...]

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The metrics, the main one first."""
        return METRICS[self.metric]

    @property
    def sentence(self) -> str:
        """The choice with its reason."""
        return SENTENCES[self.metric].format(why=self.why)


def shape_of(rows: Sequence[Row], is_classes: bool) -> AnswerShape:
    """Return what rows' answers look like; `is_classes`: the answer is a label."""
    answers = [answer_of(row) for row in rows]
    words = sorted(len(answer.split()) for answer in answers)
    characters = sorted(map(len, answers))
    tokens = round(percentile(characters, 0.95) / CHARACTERS_PER_TOKEN) + 8
    metric, why = metric_of(words, len({normalised(answer) for answer in answers}), is_classes)
    return AnswerShape(metric, why, min(max(tokens, FEWEST_TOKENS), MOST_TOKENS), languages_of(rows))


def metric_of(words: Sequence[int], num_distinct: int, is_classes: bool) -> tuple[str, str]:
    """Return the metric for answers of so many words (sorted), and the reason."""
    median, p95 = percentile(words, 0.5), percentile(words, 0.95)
    if is_classes and num_distinct <= MOST_CLASSES:
        return "classes", f"the answer is one of {num_distinct} classes"
    length = f"{median} word{'s' * (median != 1)} in the median, at most {p95} in 95 of 100"
    if median <= SHORT_MEDIAN and p95 <= SHORT_P95:
        return "exact", f"answers are short: {length}"
    return "overlap", f"answers are longer: {length}"


def percentile(ordered: Sequence[int], share: float) -> int:
    """Return the value below which a share of sorted values lies."""
    return ordered[round(share * (len(ordered) - 1))]


def languages_of(rows: Sequence[Row]) -> tuple[str, ...]:
    """Return "en", "de" or both, by the frequent words in rows; "en" where there are none of either."""
    words = re.findall(r"\w+", " ".join(answer_of(row) for row in rows).casefold())
    counts = {language: sum(word in frequent for word in words) for language, frequent in LANGUAGE_WORDS.items()}
    most = max(counts.values())
    return tuple(language for language, count in counts.items() if count and count >= 0.3 * most) or ("en",)
