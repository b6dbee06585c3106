"""Which side of a pair is like the chats' answers to such questions: the words of answers by form and language.

    style = Style.of(sample["chats"])
    style.compare_pairs(sample["preferences"])      -> (pairs whose chosen answer is liker, pairs whose rejected one is)

A count of words, no model: it separates right answers from wrong ones only over many pairs, and says nothing of a
single pair.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from gretchen.checks.mistakes.problems import Problem, warning
from gretchen.projects.rows import Row

WORD = re.compile(r"[^\W\d_]{2,}")
SEQUENCE = re.compile(r"[ACGTUN]{2,}")
SMOOTHING = 0.1
MIN_ROWS = 4  # of a form in a language
MIN_DECIDED = 60
CLEARLY = 2  # times more pairs for one side than for the other
Kind = tuple[str, str]


@dataclass(frozen=True)
class Style:
    """How often the chats' answers of a kind (form, language) hold a word, and how many such answers there are."""

    words: dict[Kind, Counter[str]]
    rows: Counter[Kind]

    @classmethod
    def of(cls, chats: Sequence[Row]) -> "Style":
        """Return the style of chats' answers."""
        words: dict[Kind, Counter[str]] = defaultdict(Counter)
        for row in chats:
            words[kind_of(row)].update(words_of(row["messages"][-1].get("content") or ""))
        return cls(words, Counter(map(kind_of, chats)))

    def likeness(self, row: Row, column: str) -> float | None:
        """Return how like an answer's words are to its kind's, as a mean log frequency; None for a rare kind."""
        kind, words = kind_of(row), words_of(row[column][-1].get("content") or "")
        if self.rows[kind] < MIN_ROWS or not words:
            return None
        known, count = self.words[kind], self.rows[kind]
        return sum(math.log((known[word] + SMOOTHING) / (count + 2 * SMOOTHING)) for word in words) / len(words)

    def compare_pairs(self, pairs: Sequence[Row]) -> tuple[int, int]:
        """Return how many pairs have the liker answer on the chosen side, and how many on the rejected one."""
        sides = [(self.likeness(row, "chosen"), self.likeness(row, "rejected")) for row in pairs]
        return wins([side for side in sides if None not in side])

    def compare_labels(self, feedback: Sequence[Row]) -> tuple[int, int]:
        """Return the same for desirable and undesirable answers of one kind, each with each."""
        by_kind: dict[Kind, dict[bool, list[float]]] = defaultdict(lambda: {True: [], False: []})
        for row in feedback:
            value = self.likeness(row, "completion")
            if value is not None:
                by_kind[kind_of(row)][row["label"]].append(value)
        return wins([pair for values in by_kind.values() for pair in product(values[True], values[False])])


def kind_of(row: Row) -> Kind:
    """Return a row's form and language, "" where its `meta` names none."""
    meta = row.get("meta") if isinstance(row.get("meta"), dict) else {}
    return str(row.get("form")), str(meta.get("language", meta.get("lang", "")))


def words_of(text: str) -> set[str]:
    """Return the words of an answer; a sequence of bases counts by its alphabet."""
    return {alphabet(word) if SEQUENCE.fullmatch(word) else word for word in WORD.findall(text)}


def alphabet(bases: str) -> str:
    """Return which kind of sequence bases are: with T, with U, or neither."""
    return "".join(sorted(set(bases) & set("TU"))) + " bases"


def wins(sides: Sequence[tuple[float | None, float | None]]) -> tuple[int, int]:
    """Return how often the first value is larger, and how often the second one is."""
    differences = [(first or 0.0) - (second or 0.0) for first, second in sides]
    return sum(value > 1e-9 for value in differences), sum(value < -1e-9 for value in differences)


def unlike_answers(sample: Mapping[str, list[Row]], where: Mapping[str, str]) -> Iterator[Problem]:
    """Warn of pairs and labels in which the rejected answers are the ones that are like the chats'."""
    style = Style.of(sample.get("chats", ()))
    chosen, rejected = style.compare_pairs(sample.get("preferences", ()))
    if chosen + rejected >= MIN_DECIDED and rejected > CLEARLY * chosen:
        yield warning(
            f"{where['preferences']}: in {rejected} of {chosen + rejected} pairs the rejected answer, not the chosen "
            "one, has the words of the chats' answers: are sides exchanged?"
        )
    desirable, undesirable = style.compare_labels(sample.get("feedback", ()))
    if desirable + undesirable >= MIN_DECIDED and undesirable > CLEARLY * desirable:
        yield warning(
            f"{where['feedback']}: the answers that are called undesirable have the words of the chats' answers: are "
            "labels inverted?"
        )
