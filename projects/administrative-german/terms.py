"""What a word of official German means, and what the sentence says in which it stands.

    problem = term(rng, "train", hard=False)

A word's explanation is written in data/terms.yaml, with the ideas that it must name (`words`: each in one of several
ways); the sentence around it is rendered from a case, and said again plainly with all of its facts. Words are held out
as procedures are. The hard set asks for two words of one letter.

Not covered: words that the official grammar does not use.
"""

import random
import re
from dataclasses import dataclass
from functools import cache

from gretchen.projects.splits import split_of

from . import official, plain
from .cases import Case, draw_case
from .german import load
from .statements import Statement, fits, kinds_of, statement
from .tasks import QUESTION_LANGUAGES, Mismatch, Problem, checked

TRIES = 60
BRIDGES = ("In Ihrem Brief steht also:", "Der Satz sagt:", "In dem Satz steht:")


@dataclass(frozen=True)
class Term:
    """A word, how it stands in official sentences, of which statements, and what it means."""

    name: str
    pattern: str
    kinds: tuple[str, ...]
    plain: str
    words: tuple[str, ...]

    @property
    def key(self) -> str:
        """The split's key."""
        return f"term:{self.name}"


@cache
def terms() -> tuple[Term, ...]:
    """Return all words."""
    return tuple(
        Term(entry["term"], entry["in"], tuple(entry["kinds"].split()), entry["plain"], tuple(entry["words"]))
        for entry in load("terms")
    )


def explained(term: Term) -> Statement:
    """Return what an explanation must say: the ideas of `words`, in a sentence with the word itself or in the next."""
    stems = tuple(word[:5] for word in term.name.lower().split() if len(word) > 4)
    return Statement("term", "is", stems, tuple(("word", words) for words in term.words))


def term(rng: random.Random, split: str, hard: bool) -> Problem:
    """One word of an official sentence (hard: two of two sentences), and the sentence in plain German."""
    case = draw_case(rng, split)
    asked: list[tuple[Term, str, str]] = []  # word, statement, official sentence
    for _ in range(TRIES):
        drawn = _sentence(rng, case, split, {kind for _, kind, _ in asked})
        if drawn:
            asked.append(drawn)
        else:
            case = case if asked else draw_case(rng, split)
        if len(asked) == (2 if hard else 1):
            return _problem(rng, case, asked)
    raise Mismatch("no such word")


def _sentence(rng: random.Random, case: Case, split: str, used: set[str]) -> tuple[Term, str, str] | None:
    """Return a word of a split, the kind of a sentence on a case that has it, and the sentence; None without one."""
    kinds = {kind for letter in kinds_of(case) for kind in letter if fits(kind, case)} - used
    chosen = rng.choice([item for item in terms() if split_of(item.key) == split])
    fitting = sorted(kinds & set(chosen.kinds))
    if not fitting:
        return None
    kind = rng.choice(fitting)
    text = official.say(rng, kind, case)
    return (chosen, kind, text) if re.search(chosen.pattern, text) else None


def _problem(rng: random.Random, case: Case, asked: list[tuple[Term, str, str]]) -> Problem:
    """Return the problem; raises Mismatch where a text's facts are not its case's."""
    stated = [statement(kind, case) for _, kind, _ in asked]
    source = checked(" ".join(text for *_, text in asked), stated)
    meanings = " ".join(item.plain for item, *_ in asked)
    said = " ".join(plain.say(rng, kind, case) for _, kind, _ in asked)
    whole = [*(explained(item) for item, *_ in asked), *stated]
    answer = checked(f"{meanings} {rng.choice(BRIDGES)}\n{said}", whole)
    return Problem(
        "term", "term", source, answer, "term", tuple(whole), case, language=rng.choice(QUESTION_LANGUAGES),
        slots={"x": "“ und „".join(item.name for item, *_ in asked)}, keys=tuple(item.key for item, *_ in asked),
    )  # fmt: skip


FORMS = {"term": term}
