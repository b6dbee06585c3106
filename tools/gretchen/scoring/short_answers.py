"""Whether a model's answer to a short question is right: one accepted answer, as whole words, and no list of guesses.

    is_right("The capital of France is Paris.", question)              -> True
    is_right("Paris, London, Rome or Madrid", question)                -> False

Only the first sentence counts, and of it 24 words. Case, accents and punctuation do not. A list is the accepted answer
beside another item that a conjunction or a slash joins to it ("Paris or London"), or beside two that commas, semicolons
or line breaks do. A comma and one more item are none: "Rome, Italy". To a number only other numbers are items ("On
October 12, 1492"), unless the sentence falls into many short parts.
"""

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from gretchen.scoring.fixed_questions import KnowledgeQuestion

# A number with its sign and decimals, or a word with its hyphens: "-7" and "7.5" are not 7, "twenty-one" is not twenty.
WORD = r"(?:(?<!\w)-)?\d+(?:[.,]\d+)*|\w+(?:-\w+)*"
TOKEN = re.compile(WORD + r"|[,;!\n/|&]|[.](?=\s)")
JOINS, BREAKS = frozenset({"and", "or", "/", "|", "&"}), frozenset({",", ";", "!", ".", "\n"})
# The number or marker of a list's line.
BULLET = re.compile(r"^\s*(?:[-*•]|\d{1,2}[.)])\s+", re.MULTILINE)
# The dot after "Mt" or "J" ends no sentence.
SENTENCE = re.compile(r"(?:\w{3,}|\d)[^\w\s,;]*[.?][^\w\s,;]*(?=\s)")
# Words that name nothing.
GRAMMAR = """
a an and answer are as at be by called did do does either for from had has have he i in is it its known maybe my named
not of on or perhaps possibly probably she so sure that the their there these they think this to was we were which who
with you
"""
# After a comma they begin a remark on the answer ("Shakespeare, an English playwright"), and no item of a list.
REMARK = "a an as at because but by for from he in is it of on she that they to was when where which who with"
FUNCTION_WORDS, REMARKS = frozenset(GRAMMAR.split()), frozenset(REMARK.split())
MAX_ITEM_WORDS = 3
MAX_WORDS = 24
# Parts as short as an item, of any kind, in a sentence whose answer stands alone in its part.
MAX_SHORT_PARTS = 4


@dataclass(frozen=True)
class Part:
    """What stands between two separators: the one before it, the words, and the range of those that are accepted."""

    separator: str
    words: tuple[str, ...]
    start: int
    end: int

    @property
    def is_answer(self) -> bool:
        """Whether it holds an accepted answer."""
        return self.start < self.end

    @property
    def is_number(self) -> bool:
        """Whether the accepted answer in it is a number in digits."""
        return all(word[-1:].isdigit() for word in self.words[self.start : self.end])


def is_right(response: str, question: KnowledgeQuestion) -> bool:
    """Return whether a response's first sentence gives an accepted answer, and not as an item of a list."""
    parts = parts_of(response, question.answers)
    known = FUNCTION_WORDS.union(normalized(question.question))
    answers = [index for index, part in enumerate(parts) if part.is_answer]
    return bool(answers) and not any(is_listed(parts, index, known) for index in answers)


def parts_of(response: str, answers: Sequence[str]) -> list[Part]:
    """Return the first sentence of a response in parts."""
    text = BULLET.sub("", response.strip())
    end = SENTENCE.search(text)
    tokens = normalized(text[: end.end()] if end else text, TOKEN)[:MAX_WORDS]
    accepted = accepted_positions(tokens, answers)
    parts: list[Part] = []
    separator, words = "", []
    for position, token in enumerate([*tokens, "\n"]):
        if position in accepted or token not in JOINS | BREAKS:
            words.append(position)
            continue
        if words:
            inside = [index for index, word in enumerate(words) if word in accepted]
            start, stop = (inside[0], inside[-1] + 1) if inside else (0, 0)
            parts.append(Part(separator, tuple(tokens[word] for word in words), start, stop))
            separator, words = token, []
        elif token in JOINS:  # ", or"
            separator = token
    return parts


def accepted_positions(tokens: Sequence[str], answers: Sequence[str]) -> set[int]:
    """Return the positions of the tokens that are an accepted answer; "not" before it takes it back."""
    positions: set[int] = set()
    for answer in map(normalized, answers):
        for start in range(len(tokens) - len(answer) + 1):
            if list(tokens[start : start + len(answer)]) == answer and tokens[start - 1 : start] != ["not"]:
                positions.update(range(start, start + len(answer)))
    return positions


def is_listed(parts: Sequence[Part], index: int, known: Collection[str]) -> bool:
    """Return whether the answer in a part is one of several items; `known` words are those of the question and others.

    Words between the answer and a separator end the list: "plants use sunlight, water and air".
    """
    part = parts[index]
    before, after = naming(part.words[: part.start], known), naming(part.words[part.end :], known)
    names = len(before) + len(after)
    if names > MAX_ITEM_WORDS and names > 2 * (part.start + len(part.words) - part.end - names):
        return True  # names without words between them
    short = [other for other in parts if 1 <= len(naming(other.words, known)) <= MAX_ITEM_WORDS]
    if not before and not after and len(short) > MAX_SHORT_PARTS:
        return True
    items = 0
    for step, between in ((-1, before), (1, after)):
        position = index + step
        while not between and 0 <= position < len(parts) and is_item(parts[position], part, known, step):
            if parts[max(position, position - step)].separator in JOINS:
                return True
            items, position = items + 1, position + step
    return items > 1


def is_item(part: Part, answer: Part, known: Collection[str], step: int) -> bool:
    """Return whether a part is of the same kind as the answer: a few words, none of them accepted; or a number."""
    names = naming(part.words, known)
    is_remark = step > 0 and part.separator in BREAKS and part.words[0] in REMARKS
    if part.is_answer or is_remark or not 1 <= len(names) <= MAX_ITEM_WORDS:
        return False
    return all(name[-1:].isdigit() for name in names) == answer.is_number


def naming(words: Sequence[str], known: Collection[str]) -> list[str]:
    """Return the words that are not known: they name something."""
    return [word for word in words if word not in known]


def normalized(string: str, token: re.Pattern[str] = re.compile(WORD)) -> list[str]:
    """Return a string's words and numbers, in lower case, without accents; subscript digits are digits."""
    decomposed = unicodedata.normalize("NFKD", string).casefold()
    return token.findall("".join(letter for letter in decomposed if not unicodedata.combining(letter)))
