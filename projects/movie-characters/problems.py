"""A row before it is one: who is played, what was said, the answer, and what scoring needs.

    draw = Draw(rng, "en", "train", character)
    problem = FORMS["fact"](draw)           (tasks.py, dialogues.py; raises Mismatch without such a fact)

A canonical draw takes the first grammar, content and remark always: its answer follows from the text before it, as the
gates of an embedded base want it.
"""

import random
from dataclasses import dataclass, field, replace
from typing import Any

from . import voices
from .characters import TRADES, Character, Sheet, Words, load
from .contents import Content, contents, pick_content, pick_question, questions
from .matching import words_of

SYSTEM = {
    "en": "Play {name} in the year {year}. Keep to facts and manner. What is not here you do not know."
    " Asked, admit that a program plays you.",
    "de": "Spiele {name} im Jahr {year}. Bleib bei Fakten und Art. Was hier nicht steht, weißt du nicht."
    " Gefragt, gib zu, dass ein Programm dich spielt.",
}  # fmt: skip
MANNER = {"en": "Manner: {about}. Says: {words}", "de": "Art: {about}. Sagt: {words}"}
SLOTS = {"{a}": 0, "{o}": 1, "{h}": 2}  # of the words, as a template names them


class Mismatch(Exception):
    """What was drawn has no problem of the form."""


@dataclass(frozen=True)
class Problem:
    """A question to a character with its answer."""

    form: str
    language: str
    keys: tuple[str, ...]
    messages: tuple[dict[str, Any], ...]  # the sheet, perhaps turns before, the question
    answer: str
    meta: dict[str, Any]
    clause: str  # the answer without manner

    @property
    def prompt_text(self) -> str:
        """All that was said before."""
        return "\n".join(message["content"] for message in self.messages)


@dataclass(frozen=True)
class Draw:
    """What a problem is drawn from."""

    rng: random.Random
    language: str
    split: str
    character: Character
    is_hard: bool = False
    is_canonical: bool = False
    words: Words = field(init=False)
    keys: list[str] = field(default_factory=list)
    clauses: list[str] = field(default_factory=list)  # what was said, without manner

    def __post_init__(self) -> None:
        """Choose the sayings that the sheet shows."""
        words, count = self.sheet.words, 1 if self.is_canonical else 2
        object.__setattr__(self, "words", replace(words, sayings=tuple(self.rng.sample(words.sayings, count))))
        self.keys.append(self.character.key)

    @property
    def sheet(self) -> Sheet:
        """The character in the row's language."""
        return self.character.sheet(self.language)

    def content(self, path: str, **slots: str) -> Content:
        """Return a content of a list, filled; its key becomes one of the row's."""
        if self.is_canonical:
            return contents(path, self.language)["train"][0].filled(**slots)
        content = pick_content(self.rng, path, self.language, self.split)
        self.keys.append(content.key)
        return content.filled(**slots)

    def question(self, path: str, **slots: str) -> str:
        """Return a question of a list, filled; its key becomes one of the row's. Raises Mismatch without one."""
        if not questions(path, self.language)[self.split]:
            raise Mismatch
        core, key = pick_question(self.rng, path, self.language, self.split)
        self.keys.append(key)
        openings = load(f"questions-{self.language}")["openings"] if core.endswith("?") and core[0] != "[" else [""]
        question = core.format(**slots).replace(",?", "?")
        return self.rng.choice(openings) + question[0].upper() + question[1:]

    def say(self, content: Content, category: str, character: Character | None = None) -> str:
        """Return a content in the character's manner, or in that of another one, with a remark of a category."""
        self.clauses.append(content.clause)
        remark = self.content(f"remarks/{category}")
        voice = (character or self.character).voice
        words = character.sheet(self.language).words if character else self.words
        if self.is_canonical:
            template = voices.templates(voice, self.language)[0]
            return voices.fill(template, voices.Parts(content, remark, words, words.sayings[0]))
        return voices.say(self.rng, voice, words, content, remark, self.language)

    def label(self, kind: str) -> str:
        """Return what a sheet calls a kind of fact."""
        return load("world")["labels"][kind][self.language == "de"]


def sheet_lines(draw: Draw, kinds: list[str], others: int) -> tuple[list[str], list[str]]:
    """Return the lines of a sheet with facts of some kinds and a few others, shuffled; and the other facts."""
    sheet = draw.sheet
    facts = sheet.facts | (sheet.late if draw.is_hard else {})
    free = [kind for kind in facts if kind not in kinds and kind != "year"]
    added = draw.rng.sample(free, min(others, len(free)))
    lines = [f"{draw.label(kind)}: {facts[kind]}" for kind in [*kinds, *added]]
    draw.rng.shuffle(lines)
    return lines, [facts[kind] for kind in added]


def people_lines(draw: Draw, persons: tuple[str, ...]) -> list[str]:
    """Return lines that say what people of a sheet do or did: "Bao: a welder"."""
    return [f"{draw.sheet.facts[person]}: {draw.sheet.people[person]}" for person in persons]


def trade_lines(draw: Draw) -> list[str]:
    """Return the lines of everybody with a trade, shuffled, with who they are to the character."""
    known = [f"{draw.label(person)}: {draw.sheet.facts[person]}" for person in TRADES]
    lines = [*known, *people_lines(draw, TRADES)]
    draw.rng.shuffle(lines)
    return lines


def system_message(draw: Draw, lines: list[str]) -> dict[str, Any]:  # a chat message
    """Return the system message: who is played, the facts, the manner."""
    head = SYSTEM[draw.language].format(name=draw.character.name, year=draw.character.year)
    manner = manner_line(draw.character.voice, draw.words, draw.language)
    return {"role": "system", "content": "\n".join([head, *lines, manner])}


def manner_line(voice: str, words: Words, language: str) -> str:
    """Return a manner in a line: the voice in words, and those of the character's words that the voice uses."""
    used = "".join(voices.templates(voice, language)).casefold()
    shown = [words.all()[i] for slot, i in SLOTS.items() if slot in used] + list(words.sayings)
    return MANNER[language].format(about=voices.about(voice, language), words="; ".join(shown))


def single(
    draw: Draw,
    form: str,
    lines: list[str],
    question: str,
    answer: str,
    facts: list[str],
    wants: list[dict],
    **meta: Any,
) -> Problem:
    """Return a problem of one question; `facts` are those that stand in the answer, for the mask of manner."""
    turns = (system_message(draw, lines), {"role": "user", "content": question})
    return problem(draw, form, turns, answer, facts, wants, **meta)


def problem(
    draw: Draw, form: str, turns: tuple[dict, ...], answer: str, facts: list[str], wants: list[dict], **meta: Any
) -> Problem:
    """Return a problem with the meta that every row has."""
    shared = {
        "language": draw.language,
        "character": draw.character.name,
        "year": draw.character.year,
        "voices": [draw.character.voice],
        "words": [list(draw.words.all())],
        "facts": facts,
        "wants": wants,
        "most": 12 + 2 * len(words_of(answer.casefold(), draw.language)),
    }
    return Problem(form, draw.language, tuple(dict.fromkeys(draw.keys)), turns, answer, shared | meta, draw.clauses[-1])


def said(*accepted: str) -> dict[str, Any]:
    """Return the want of one of some values in a clause without a negation."""
    return {"any": list(accepted), "how": "said"}


def denied(*accepted: str) -> dict[str, Any]:
    """Return the want of one of some values in a clause with a negation."""
    return {"any": list(accepted), "how": "denied"}


def mentioned(*accepted: str) -> dict[str, Any]:
    """Return the want of one of some values anywhere."""
    return {"any": list(accepted), "how": "either"}
