"""Fact consistency: the right fact, and no contradiction. The second route of the builder, and the main metric.

    problems_of("My sister is Ilka, or Marta.", meta, prompt)   -> {"contradiction"}

`meta` says what an answer wants ({"any": values, "how": "said", "denied" or "either"}), of which kinds its facts are,
and what else stands on the sheet. What is wrong with an answer:

    missing         a wanted value is not there, or is denied
    contradiction   another value of the same kind in the cast's typed table, another number, what `forbidden` names
    listing         two or more facts of the sheet that nobody asked for
    evasion         "I do not know" beside the fact, "or not", "who knows"
    assistant       "as an AI", "how can I help you"
    era             a word of a time after the character's
    length          more than twice as long as the builder's answer, and a few words
    copy            a part of the prompt and nothing else, but for the wanted value alone
    form            two manners: no line for each; a scene: no gesture

A value that is neither in the table nor on the sheet is not seen beside the right one.
"""

import re
from functools import cache
from typing import Any

from .characters import PERSONS, load, values
from .matching import Text, read, value_words, words_of

UNKNOWING = {
    "en": (
        "know nothing", "do not know", "don't know", "know no", "cannot say", "can't say", "cannot tell", "can't tell",
        "cannot speak of", "beyond me", "nobody told me", "nobody in my time", "no idea", "no knowledge", "never heard",
        "never saw", "is unknown", "unknown here", "unknown in my time",
    ),
    "de": (
        "weiß ich nichts", "weiß ich nicht", "weiß nichts", "weiß man", "weiß hier niemand", "nicht sagen",
        "keine Ahnung", "niemand erzählt", "nie gehört", "kenne ich nicht", "nichts von",
    ),
}  # fmt: skip
EVASIONS = {
    "en": ("or not", "perhaps not", "maybe not", "who knows", "not sure", "could be anyone", "could be anything"),
    "de": ("oder nicht", "oder auch nicht", "vielleicht nicht", "wer weiß", "nicht sicher"),
}
ASSISTANT = re.compile(
    r"\bas an? (?:ai|artificial|assistant|language model|character)\b|language model|"
    r"\bhow (?:can|may) i (?:help|assist)|(?:happy|here|glad) to (?:help|assist)|anything else i can|"
    r"^(?:sure|certainly|of course)[,!]|\bals ki\b|sprachmodell|wie kann ich (?:dir|ihnen|euch) helfen|gerne helfe",
    re.IGNORECASE,
)
NUMBER = re.compile(r"\d+")
NUMERIC = ("year", "born", "age")
MOST_OTHERS = 1
SHORTEST_COPY = 3  # words
LINE = re.compile(r"^\s*([^:\n]{1,40}):\s*(.+)$", re.MULTILINE)


def problems_of(answer: str, meta: dict[str, Any], prompt: str) -> set[str]:
    """Return what is wrong with an answer: the names above; none of an answer that is consistent."""
    problems = surface_problems(answer, meta, prompt)
    if "lines" not in meta:
        return problems | _content_problems(answer, meta)
    said = spoken_lines(answer, meta["lines"])
    if said is None:
        return problems | {"form"}
    return problems.union(*(_content_problems(line, meta) for line in said))


def surface_problems(answer: str, meta: dict[str, Any], prompt: str) -> set[str]:
    """Return what is wrong with an answer whatever it is about."""
    problems = set()
    words = words_of(answer[:20_000].casefold(), meta["language"])
    if len(words) > meta.get("most", 120):
        problems.add("length")
    if ASSISTANT.search(answer[:20_000]):
        problems.add("assistant")
    if leaks_era(answer, meta, prompt):
        problems.add("era")
    if _is_copied(words, meta, prompt):
        problems.add("copy")
    return problems


def _is_copied(words: tuple[str, ...], meta: dict[str, Any], prompt: str) -> bool:
    """Return whether an answer is a run of at least three words of the prompt, and not a wanted value alone."""
    language = meta["language"]
    values_alone = {words_of(value.casefold(), language) for want in meta.get("wants", ()) for value in want["any"]}
    is_run = f" {' '.join(words)} " in f" {' '.join(read(prompt, language).words)} "
    return len(words) >= SHORTEST_COPY and words not in values_alone and is_run


def spoken_lines(answer: str, names: list[str]) -> list[str] | None:
    """Return what each of the named says, None where there is not exactly a line for each, in order."""
    lines = LINE.findall(answer[:5_000])
    return [said for _, said in lines] if [name.strip() for name, _ in lines] == names else None


def leaks_era(answer: str, meta: dict[str, Any], prompt: str) -> bool:
    """Return whether an answer has a word that came up after the character's year and is not in the prompt."""
    language, year = meta["language"], meta.get("year", 9999)
    text, asked = read(answer, language), read(prompt, language)
    return any(later > year and not asked.mentions(word) for later, word in _later_words() if text.mentions(word))


def _content_problems(answer: str, meta: dict[str, Any]) -> set[str]:
    """Return what is wrong with what an answer says."""
    text, problems = read(answer, meta["language"]), set()
    if not all(_is_met(text, want) for want in meta["wants"]):
        problems.add("missing")
    if any(text.says(value) for value in contradicting(meta)) or _other_numbers(answer, text, meta):
        problems.add("contradiction")
    if sum(text.mentions(value) for value in meta.get("others", ())) > MOST_OTHERS:
        problems.add("listing")
    cues = EVASIONS[meta["language"]] + (() if meta.get("unknown") else UNKNOWING[meta["language"]])
    if any(text.mentions(cue) for cue in cues):
        problems.add("evasion")
    if meta.get("gesture") and not re.match(r"\s*\*[^*\n]{3,80}\*\s*\S", answer):
        problems.add("form")
    return problems


def _is_met(text: Text, want: dict[str, Any]) -> bool:
    """Return whether a wanted value is there, as it should be."""
    test = {"said": text.says, "denied": text.denies, "either": text.mentions}[want["how"]]
    return any(test(value) for value in want["any"])


def contradicting(meta: dict[str, Any]) -> list[str]:
    """Return the values that contradict a row's facts: the typed table's others of the same kinds, and `forbidden`."""
    language = meta["language"]
    accepted = [value_words(value, language) for want in meta["wants"] for value in want["any"]]
    table = {value for kind in meta.get("kinds", ()) if kind not in NUMERIC for value in _alternatives(kind, language)}
    others = [value for value in table if not any(_is_part(value_words(value, language), words) for words in accepted)]
    return [*others, *meta.get("forbidden", ())]


@cache
def _alternatives(kind: str, language: str) -> frozenset[str]:
    """Return the values of a kind; of persons of two words the name alone too ("Old Hob", "Hob")."""
    table = values(kind, language)
    if kind in PERSONS or kind == "tie":
        table |= {value.split()[1] for value in table if len(value.split()) == 2}
    return table


def _is_part(part: tuple[str, ...], whole: tuple[str, ...]) -> bool:
    """Return whether words are a run of other words."""
    return any(whole[i : i + len(part)] == part for i in range(len(whole)))


def _other_numbers(answer: str, text: Text, meta: dict[str, Any]) -> bool:
    """Return whether an answer about a number has another number."""
    if not set(meta.get("kinds", ())) & set(NUMERIC):
        return False
    right = {value for want in meta["wants"] for value in want["any"]}
    return any(number not in right and text.says(number) for number in NUMBER.findall(answer[:2_000]))


@cache
def _later_words() -> tuple[tuple[int, str], ...]:
    """Return (year, word) of what came up at some time."""
    world = load("world")
    named = [(year, name) for year, *names in world["inventions"] for name in names]
    return (*named, *((year, word) for year, words in world["modern"] for word in words))
