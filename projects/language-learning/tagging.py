"""Part of speech, tag, lemma and auxiliaries of any text, from the lexicon: what ERRANT needs, without a spaCy model.

    doc = tagged("en", ["She", "likes", "tea", "."])      # a spaCy Doc with tag_, pos_, lemma_, dep_, head

It knows nothing of how a sentence was made: it looks words up and decides between readings by their neighbours. Words
that the lexicon lacks get a tag by their ending and simplemma's lemma.

Not covered: parsing. dep_ is aux of auxiliaries before a verb, else dep.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

from . import english, german
from .lexicon import adjectives, all_nouns, all_verbs, data

# The closed classes of English: tag, words (a lemma after a slash).
CLOSED_EN = {
    "DT": "the a an some any no this these that those every each another",
    "PRP$": "my your his its our their", "PRP": "i you he she it we they me him us them mine yours",
    "IN": "at in on of for with from about under by after near over since because if than into during through "
          "until before",
    "CC": "and but or", "MD": "can could must should will would may might wo ca", "EX": "there", "WP": "who what whom",
    "WRB": "when where why how", "CD": "one two three four five several 2021 2019", "RP": "up off",
    "RB": "not/not n't/not very well too always often usually sometimes never already now here ago twice yesterday "
          "tomorrow right home also really only",
    "VBZ": "is/be has/have does/do hopes/hope", "VBP": "am/be are/be have/have do/do",
    "VBD": "was/be were/be had/have did/do", "VBN": "been/be done/do", "VBG": "being/be having/have doing/do",
    "VB": "be/be hope/hope", "JJ": "last next few good bad big",
    "NN": "week day month night morning evening weekend bus train family",
}  # fmt: skip
POS = {"DT": "DET", "PRP$": "PRON", "PRP": "PRON", "IN": "ADP", "CC": "CCONJ", "MD": "AUX", "EX": "PRON", "WP": "PRON",
       "WRB": "ADV", "CD": "NUM", "RP": "PART", "RB": "ADV", "JJ": "ADJ", "JJR": "ADJ", "JJS": "ADJ", "NN": "NOUN",
       "NNS": "NOUN", "NNP": "PROPN", "TO": "PART", ".": "PUNCT", ",": "PUNCT"}  # fmt: skip
# Words of frames that the lexicon has no entry for, as simplemma has them: its dictionary takes half a second to read.
_FRAME_WORDS = """
afraid bed breakfast company cupboard days/day exam fond food garden holidays/holiday homework lake long lot moment
money mornings/morning party photos/photo question school sea sofa song time trip want wants/want weather weeks/week
years/year
"""
FRAME_LEMMAS = {form: lemma or form for form, _, lemma in (text.partition("/") for text in _FRAME_WORDS.split())}
BEFORE_NOUNS = ("DT", "PRP$", "JJ", "CD", "IN")
AUXILIARY_LEMMAS = ("be", "have", "do", "can", "could", "must", "should", "will", "would", "may", "might", "wo", "ca")


@dataclass(frozen=True)
class Reading:
    """A tag (Penn's for English, a universal part of speech for German) and the lemma."""

    tag: str
    lemma: str


@cache
def readings(language: str) -> dict[str, tuple[Reading, ...]]:
    """Return every reading of every form that lexicon and closed classes have, by the form in lower case."""
    forms: dict[str, dict[Reading, None]] = {}
    for form, reading in _english() if language == "en" else _german():
        forms.setdefault(form.lower(), {})[reading] = None
    return {form: tuple(found) for form, found in forms.items()}


def _english() -> Any:
    """Yield the English forms with their readings."""
    for tag, words in CLOSED_EN.items():
        for word in words.split():
            form, _, lemma = word.partition("/")
            yield form, Reading(tag, lemma or form)
    for name in (*data("en")["names"]["m"], *data("en")["names"]["f"], *data("en")["cities"], *data("en")["languages"]):
        yield name, Reading("NNP", name)
    for noun in all_nouns("en"):
        yield noun.lemma, Reading("NN", noun.lemma)
        if noun.plural:
            yield noun.plural, Reading("NNS", noun.lemma)
    for verb in all_verbs("en"):
        shapes = {"VB": verb.lemma, "VBZ": english.third(verb.lemma), "VBD": english.past(verb)}
        shapes |= {"VBN": english.participle(verb), "VBG": english.ing(verb.lemma)}
        for tag, form in shapes.items():
            yield form, Reading(tag, verb.lemma)
    for kind in data("en")["adjectives"]:
        for split in ("train", "validation", "test"):
            for word, _ in adjectives("en", kind, split):
                yield word, Reading("JJ", word)


def _german() -> Any:
    """Yield the German forms with their readings."""
    for noun in all_nouns("de"):
        cases = [(case, "sg") for case in ("nom", "acc", "dat", "gen")]
        cases += [(case, "pl") for case in ("nom", "dat")] if noun.plural else []
        for case, number in cases:
            yield german.declined(noun, case, number), Reading("NOUN", noun.lemma)
    for verb in all_verbs("de"):
        lemma = verb.prefix + verb.lemma
        joined = (verb.prefix + form for form in german.conjugated(verb)) if verb.prefix else ()
        for form in (*german.conjugated(verb), *joined, lemma, german.participle(verb), f"{verb.prefix}zu{verb.lemma}"):
            yield form, Reading("VERB", lemma)
    for lemma, forms in (german.AUXILIARIES | german.MODALS).items():
        for form in (*forms, lemma):
            yield form, Reading("AUX", lemma)
    for form in german.PAST_BE:
        yield form, Reading("AUX", "sein")
    for kind in data("de")["adjectives"]:
        for split in ("train", "validation", "test"):
            for word, _ in adjectives("de", kind, split):
                for ending in ("", "e", "en", "er", "es", "em"):
                    yield word + ending, Reading("ADJ", word)
    for forms in german.DEFINITE.values():
        for form in forms.values():
            yield form, Reading("DET", "der")
    for stem in ("ein", "kein", "mein", "dein", "sein", "ihr", "unser"):
        for forms in german.EIN.values():
            for ending in forms.values():
                yield stem + ending, Reading("DET", stem)
    yield from ((word, Reading("ADP", word)) for word in PREPOSITIONS_DE)
    yield from ((word, Reading("SCONJ", word)) for word in ("weil", "dass", "wenn", "obwohl"))
    yield from ((word, Reading("PRON", word)) for word in ("ich", "du", "er", "sie", "wir", "es", *REFLEXIVES))


_PREPOSITIONS = "auf mit in an von zu nach bei für aus über unter um durch vor seit im am zum zur vom ins beim"
REFLEXIVES = ("mich", "dich", "sich", "uns", "mir", "dir")
PREPOSITIONS_DE = tuple(_PREPOSITIONS.split())


def tag_english(words: list[str]) -> list[Reading]:
    """Return a reading of each word, decided from left to right by its neighbours."""
    found: list[Reading] = []
    for i, word in enumerate(words):
        known = readings("en").get(word.lower())
        if word == "to":
            following = readings("en").get(words[i + 1].lower(), ()) if i + 1 < len(words) else ()
            is_verb = any(r.tag in ("VB", "VBZ", "VBD") for r in following) and not any(
                r.tag[:2] == "NN" for r in following
            )
            found.append(Reading("TO" if is_verb else "IN", "to"))
        elif word.lower() == "her":
            is_last = i + 1 >= len(words) or words[i + 1] in (".", "?", ",", "!") or words[i + 1] in PREPOSITIONS_EN
            found.append(Reading("PRP" if is_last else "PRP$", "her"))
        else:
            found.append(_chosen(known, found) if known else _guessed(word, i))
    return found


PREPOSITIONS_EN = tuple(CLOSED_EN["IN"].split()) + ("to",)


def _chosen(known: tuple[Reading, ...], before: list[Reading]) -> Reading:
    """Return the reading that fits what stands before."""
    by_tag = {reading.tag: reading for reading in known}
    previous = before[-1].tag if before else ""
    nouns = [tag for tag in by_tag if tag[:2] == "NN"]
    verbs = [tag for tag in by_tag if tag[:2] == "VB"]
    if nouns and (not verbs or previous in BEFORE_NOUNS or previous[:2] == "VB"):
        return by_tag[nouns[0]]
    if not verbs:
        return known[0]
    governor = _governor(before)
    if governor.lemma == "have" and "VBN" in by_tag:
        return by_tag["VBN"]
    if "VB" in by_tag and not (governor.tag in ("MD", "TO") or governor.lemma == "do"):
        return Reading("VBP", by_tag["VB"].lemma)
    return by_tag[next(tag for tag in ("VB", "VBZ", "VBD", "VBG", "VBP", "VBN") if tag in by_tag)]


def _governor(before: list[Reading]) -> Reading:
    """Return the auxiliary, modal or to that governs the next verb, an empty reading where there is none."""
    for reading in reversed(before[-6:]):
        if reading.tag in ("MD", "TO") or (reading.lemma in ("have", "do", "be") and reading.tag[:2] == "VB"):
            return reading
        if reading.tag[:2] == "VB" or reading.tag in ("CC", ",", "IN", "WP"):
            break
    return Reading("", "")


def _guessed(word: str, i: int) -> Reading:
    """Return a reading by capitals and ending; proper names keep their form."""
    if not word[0].isalnum():
        return Reading("," if word == "," else ".", word)
    if word[0].isupper() and i:
        return Reading("NNP", word)
    tag = next(
        (tag for ending, tag in (("ing", "VBG"), ("ed", "VBD"), ("ly", "RB"), ("s", "NNS")) if word.endswith(ending)),
        "NN",
    )
    return Reading("CD" if word.isdigit() else tag, lemma_of(word.lower(), "en"))


@cache
def lemma_of(word: str, language: str) -> str:
    """Return simplemma's lemma of a word that the lexicon lacks; a misspelt word is its own."""
    if language == "en" and word in FRAME_LEMMAS:
        return FRAME_LEMMAS[word]
    import simplemma
    from errant.en.classifier import spell

    if language == "en" and word not in spell:
        return word
    return simplemma.lemmatize(word, lang=language)


def tag_german(words: list[str]) -> list[Reading]:
    """Return the first reading of each word."""
    return [_german_reading(word, i) for i, word in enumerate(words)]


def _german_reading(word: str, i: int) -> Reading:
    """Return a word's reading; a capital within the sentence prefers the noun."""
    known = readings("de").get(word.lower())
    if not known:
        tag = "PUNCT" if not word[0].isalnum() else "PROPN" if word[0].isupper() and i else "X"
        return Reading(tag, word)
    fitting = [r for r in known if (r.tag == "NOUN") == (word[0].isupper() and i > 0)]
    return (fitting or known)[0]


@contextmanager
def _without(module: str) -> Iterator[None]:
    """Hide a module from imports: spaCy takes torch along where it is installed, for seconds, and we use none of it."""
    if module in sys.modules:
        yield
        return
    sys.modules[module] = None
    try:
        yield
    finally:
        del sys.modules[module]


@cache
def _vocabulary() -> Any:  # a spaCy Vocab
    """Return spaCy's store of strings; of a word ERRANT asks the form in lower case alone."""
    with _without("torch"):
        import spacy  # noqa: F401
    from spacy.attrs import LOWER
    from spacy.vocab import Vocab

    return Vocab(lex_attr_getters={LOWER: str.lower})


def tagged(language: str, words: Sequence[str]) -> Any:  # a spaCy Doc
    """Return a text's tokens with tags, parts of speech, lemmas, and heads of English auxiliaries."""
    vocabulary = _vocabulary()
    from spacy.tokens import Doc

    found = (tag_english if language == "en" else tag_german)(list(words))
    pos, heads, deps = [r.tag for r in found], list(range(len(found))), ["dep"] * len(found)
    for i, reading in enumerate(found if language == "en" else ()):
        verb = _verb_after(found, i) if reading.lemma in AUXILIARY_LEMMAS else 0
        pos[i] = "AUX" if verb else "VERB" if reading.tag[:2] == "VB" else POS.get(reading.tag, "X")
        heads[i], deps[i] = verb or i, "aux" if verb else "dep"
    lemmas = [r.lemma for r in found]
    return Doc(vocabulary, list(words), tags=[r.tag for r in found], pos=pos, lemmas=lemmas, heads=heads, deps=deps)


def _verb_after(found: list[Reading], i: int) -> int:
    """Return where the main verb stands that follows an auxiliary in the same clause, 0 where there is none."""
    for k in range(i + 1, min(i + 7, len(found))):
        if found[k].tag in ("CC", ",", ".", "IN"):
            return 0
        if found[k].tag in ("VB", "VBN", "VBG") or (found[k].tag[:2] == "VB" and found[i].lemma != "be"):
            return k
    return 0
