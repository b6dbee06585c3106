"""A tutor's answer judged: does it ask exactly one question, leak nothing, and lead to the next step?

    judge("What is `total` after the first pass?", move, prompt)    -> Verdict(asks=True, leaks=…, addresses=True, …)

One question: one question mark, at the end, in a sentence of which a clause begins with a question word or a verb, and
at most 45 words that read as sentences. The next step is addressed where every anchor of the move occurs.
"""

import keyword
import re
from dataclasses import dataclass

from .failing_calls import proposes_failure
from .leaks import CODE, LONGEST, leaks_in
from .moves import Move, Secret

MOST_WORDS = 45
BEGINNING = 3  # words of a clause, one of which asks
GRAM = 5  # words in a row that count as copied
ASKING = re.compile(
    r"\b(?:what|which|how|why|when|where|who|can|could|do|does|did|is|are|was|were|will|would|should|have|has|was|welche\w*"
    r"|wie|wieso|warum|wann|wo|wer|wofür|womit|worin|kannst|könntest|ist|sind|hast|hat|tut|würde\w*|wäre\w*|muss|müsste\w*"
    r"|soll\w*|passt|stimmt|geht|ergäbe|woran|bei)\b",
    re.IGNORECASE,
)
FUNCTION_WORDS = frozenset(
    re.findall(
        r"\w+",
        "diese diesen dieser dieses diesem zuerst zuletzt erst schon "
        "a an the is are was were be do does did what which how why when where who can could would should "
        "will have has you your it its this that these of in on at to for with by and or if after before each "
        "every from not as so let us i we my me there then out up der die das ein eine einen einem einer ist "
        "sind war wäre wird werden was welche welchen welcher welches wie warum wann wo wer kannst könntest "
        "würde müsste soll sollen hast hat haben du dir dich dein deine deiner deinen es sich in im an am auf "
        "zu zum zur für mit von vom und oder wenn nach vor bei jede jeden jedem nicht so als ich wir mir uns "
        "noch auch heraus aus um wissen ",
    )
)
LEAST_FUNCTION_WORDS = 0.25


@dataclass(frozen=True)
class Verdict:
    """What is right and wrong with one answer."""

    asks: bool
    leaks: frozenset[str]
    addresses: bool
    copies: bool

    @property
    def is_guided(self) -> bool:
        """Whether the answer is what a Socratic tutor says here."""
        return self.asks and not self.leaks and self.addresses and not self.copies


def judge(answer: str, move: Move, prompt: str) -> Verdict:
    """Return the verdict on an answer at a move; `prompt` is what was said before."""
    answer = answer if isinstance(answer, str) else ""
    return Verdict(
        asks=asks_one_question(answer),
        leaks=frozenset(leaks_in(answer, move.secret)),
        addresses=all(_has(answer[:LONGEST], anchor, move.secret) for anchor in move.anchors),
        copies=copied(answer, prompt),
    )


def asks_one_question(answer: str) -> bool:
    """Return whether an answer asks exactly one question, at its end."""
    text = CODE.sub(" code ", answer[:LONGEST]).strip().rstrip("\"'”“»*) ")
    words = re.findall(r"\w+", text)
    if text.count("?") != 1 or not text.endswith("?") or not 2 < len(words) <= MOST_WORDS or len(answer) > LONGEST:
        return False
    question = re.split(r"[.!](?:\s|$)", text)[-1]
    share = sum(word.lower() in FUNCTION_WORDS for word in words) / len(words)
    clauses = [" ".join(clause.split()[:BEGINNING]) for clause in re.split("[,:;]", question)]
    return any(ASKING.search(clause) for clause in clauses) and share >= LEAST_FUNCTION_WORDS


def _has(text: str, anchor: str, secret: Secret) -> bool:
    """Return whether one of an anchor's alternatives occurs."""
    return any(_occurs(text, part, secret) for part in anchor.split("|"))


def _occurs(text: str, part: str, secret: Secret) -> bool:
    """Return whether a word, a `name`, =code or a call of !function that goes wrong occurs in a text."""
    if part.startswith("!"):
        return bool(secret.code) and proposes_failure(text, part[1:], secret.code, secret.fixed)
    if part.startswith("="):
        return "".join(part[1:].split()) in "".join(text.split())
    if part.startswith("`") and not keyword.iskeyword(part.strip("`")):
        return re.search(rf"(?<!\w){re.escape(part.strip('`'))}(?!\w)", text) is not None
    return part.casefold() in text.casefold()


def copied(answer: str, prompt: str) -> bool:
    """Return whether most of an answer's runs of GRAM words stand in what was said before."""
    ours, theirs = (re.findall(r"\w+", text.lower()) for text in (answer[:LONGEST], prompt))
    grams = [tuple(ours[i : i + GRAM]) for i in range(len(ours) - GRAM + 1)]
    known = {tuple(theirs[i : i + GRAM]) for i in range(len(theirs) - GRAM + 1)}
    return bool(grams) and sum(gram in known for gram in grams) > len(grams) / 2
