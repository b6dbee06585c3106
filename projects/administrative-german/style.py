"""Whether an answer is written as it was asked for: plain, in Leichte Sprache, official, or an answer with reasons.

    checks("plain", answer, source, reference)      -> {"short sentences": True, "few officialisms": True, …}

All checks must hold. They are about the language alone, so an answer that drops every fact can pass them: the main
metric multiplies by the facts' F1. What games them is checked too: a copied text, a list of facts without sentences,
padding, repetition, an answer much shorter or longer than the reference. Of a list (papers, fields of a form) and of a
short answer to a question only length and repetition are checked: their facts are all that they are.

Not covered: grammar, and whether a text is understood; for that its readers must be asked.
"""

import re

from gretchen.scoring.metrics.readability import sentences_of, words_of

from .facts import LONGEST
from .german import load

# Longest mean and longest sentence, in words.
LENGTHS = {"plain": (14.0, 30), "term": (14.0, 30), "answer": (16.0, 34), "easy": (8.5, 16)}
SHORT = {"plain": 21, "term": 21, "answer": 21, "easy": 9}  # where no sentence is longer, all are short
# Of all words; in the builder's plain answers the share is 0.3 to 0.6, in a short official letter with its head 0.21.
FEWEST_FUNCTION_WORDS, FEWEST_IN_OFFICIAL = 0.22, 0.18
MOST_COPIED = 0.6
FUNCTION_WORDS = frozenset(load("function_words"))
_OFFICIALISMS = re.compile(
    r"\b(?:gemäß|gem\.|hiermit|hinsichtlich|Maßgabe|unter Angabe|seitens|zwecks|in Höhe von|vom Hundert|v\. H\."
    r"|auf der Grundlage|Vorsprache|vorzusprechen|Niederschrift|fristgerecht\w*|fruchtlos\w*|nachfolgend\w*"
    r"|unverzüglich|erfolgt|zu erfolgen|ersucht|aufgefordert|verpflichtet|entscheidungserheblich\w*|rückständig\w*"
    r"|entfaltet|Kalenderjahr|Amtshandlung|Aktenlage|Lage der Akten|auferlegt|untersagt|unzulässig|gestattet"
    r"|verhängt|zulässig"
    r"|festgesetzt|erhoben|bewilligt|gewährt|erteilt|ausgestellt|abgelehnt|abzulehnen"
    r"|(?:ist|sind|war)\b[^.!?]{0,160}?\bzu \w+en\b|\b\w{2,12}zu\w{3,20}en\b(?=[.:;])"
    r"|(?:Um|Die) \w{4,}(?:ung|lage|nahme) (?:des|der|von)\b)"
)
# Of official texts alone: plain ones may have them.
_MARKS = re.compile(
    r"\bAbs\. \d|§ \d+ [A-Z]|Möglichkeit der|\b(?:wird|werden)\b[^.!?]{0,200}?\b\w{0,12}ge\w{2,20}(?:t|en)\b"
)
_ENOUGH_OFFICIALISMS = 40  # at least one in so many words


def checks(style: str, answer: str, source: str, reference: str) -> dict[str, bool]:
    """Return each check's verdict; {} for a style that has none (JSON)."""
    text = answer[:LONGEST]
    words = words_of(text)
    if style == "json":
        return {}
    if not words:
        return {"sentences": False}
    if style == "public":
        changed = " ".join(text.split()).lower() != " ".join(source.split()).lower()
        return {"changed": changed, "length": _is_of_length(text, reference, 0.3, 3)}
    if style == "list":
        return {"length": _is_of_length(text, reference, 0.3), "no repetition": _is_varied(text)}
    if style == "short":
        lengths = [len(words_of(sentence)) for sentence in sentences_of(text)]
        return {"length": _is_of_length(text, reference, 0.3, 2.5), "short sentences": max(lengths) <= 30}
    verdicts = {
        "sentences": _is_prose(words, FEWEST_IN_OFFICIAL if style == "official" else FEWEST_FUNCTION_WORDS),
        "own words": copy_rate(text, source) <= MOST_COPIED,
        "length": _is_of_length(text, reference, 0.5) and len(answer) <= LONGEST,
        "no repetition": _is_varied(text),
    }
    officialisms = len(_OFFICIALISMS.findall(text))
    if style == "official":
        marks = officialisms + len(_MARKS.findall(text))
        return verdicts | {"official": marks * _ENOUGH_OFFICIALISMS >= len(words)}
    return verdicts | _simple(style, text, len(words), officialisms)


def _is_of_length(text: str, reference: str, least: float, most: float = 1.6) -> bool:
    """Return whether a text has `least` to `most` times as many words as the reference."""
    return least <= len(words_of(text)) / max(1, len(words_of(reference))) <= most


def _simple(style: str, text: str, num_words: int, officialisms: int) -> dict[str, bool]:
    """Return the checks of the simple styles."""
    mean, longest = LENGTHS[style]
    lengths = [len(words_of(sentence)) for sentence in sentences_of(text)]
    verdicts = {
        "short sentences": max(lengths) <= longest
        and (num_words / len(lengths) <= mean or max(lengths) <= SHORT[style]),
        "few officialisms": officialisms <= num_words // 60 + (2 if style == "term" else 0),  # the explained words
    }
    if style == "easy":
        lines = [line for line in text.splitlines() if line.strip()]
        verdicts["a sentence a line"] = len(lines) >= 0.8 * len(sentences_of(text.replace(":", ",")))
        verdicts["no laws"] = "§" not in text
    return verdicts


def _is_prose(words: list[str], fewest: float) -> bool:
    """Return whether enough words are such as hold sentences together: a list of facts has few."""
    return sum(word.lower() in FUNCTION_WORDS for word in words) >= fewest * len(words)


def _is_varied(text: str) -> bool:
    """Return whether sentences differ from each other."""
    sentences = [sentence.lower() for sentence in sentences_of(text)]
    return len(set(sentences)) >= 0.75 * len(sentences)


def copy_rate(text: str, source: str) -> float:
    """Return the share of a text's runs of four words that stand in the source; 0 without a source."""
    words, copied = (tuple(word.lower() for word in words_of(part)) for part in (text, source))
    length = min(4, len(words))
    if not copied or not length:
        return 0.0
    runs = [words[start : start + length] for start in range(len(words) - length + 1)]
    known = {copied[start : start + length] for start in range(len(copied) - length + 1)}
    return sum(run in known for run in runs) / len(runs)
