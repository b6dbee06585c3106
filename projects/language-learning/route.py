"""The second route: edits found again from the two texts alone, by ERRANT's alignment, with their types.

    edits_between("en", wrong, right)       -> (Edit(2, 3, "likes", "R:VERB:SVA"), …)
    confirms("en", faulty)                  -> whether just the planted edits are found, with their types

English is ERRANT 3.0.2 as it is (Bryant et al. 2017), over the lexicon's tags (tagging.py). ERRANT has no German: there
its alignment (Felice et al. 2016) is merged and typed here, by what the words look like in the lexicon's paradigms.
"""

import re
from functools import cache, lru_cache
from typing import Any

from . import german
from .errors import Edit, Faulty
from .lexicon import all_nouns, all_verbs
from .operators_de import paradigm
from .tagging import PREPOSITIONS_DE, REFLEXIVES, readings, tagged

TYPES = {  # which of ERRANT's types an English label may get
    "SVA": "VERB:SVA", "DET": "DET", "NUM": "NOUN:NUM|NOUN:INFL", "TENSE": "VERB:TENSE",
    "FORM": "VERB:FORM|VERB:INFL", "PREP": "PREP", "SPELL": "SPELL", "WO": "WO",
}  # fmt: skip
Words = tuple[str, ...]


def confirms(language: str, faulty: Faulty) -> bool:
    """Return whether the second route finds exactly the planted edits, each with a type of its label."""
    found = edits_between(language, faulty.words, tuple(faulty.sentence.words))
    if [(e.start, e.end, e.correction) for e in found] != [(e.start, e.end, e.correction) for e in faulty.edits]:
        return False
    labels = zip(found, faulty.edits, strict=True)
    return all(
        re.fullmatch(f"[MRU]:({TYPES[ours.label] if language == 'en' else ours.label})", e.label) for e, ours in labels
    )


@lru_cache(maxsize=50_000)
def edits_between(language: str, wrong: Words, right: Words) -> tuple[Edit, ...]:
    """Return the edits that turn the wrong tokens into the right ones, with types as in M2."""
    if wrong == right:
        return ()
    if not wrong or not right or len(right) > 2 * len(wrong) + 20:
        return (
            Edit(0, len(wrong), " ".join(right), "R:OTHER" if wrong and right else "U:OTHER" if wrong else "M:OTHER"),
        )
    original, corrected = _parsed(language, wrong), _parsed(language, right)
    if language == "en":
        annotator = _annotator()
        found = [annotator.classify(edit) for edit in annotator.merge(_aligned(original, corrected))]
        return tuple(Edit(edit.o_start, edit.o_end, edit.c_str, edit.type) for edit in found)
    return _german_edits(original, corrected, wrong, right)


@lru_cache(maxsize=20_000)
def _parsed(language: str, words: Words) -> Any:  # a spaCy Doc
    """Return the tagged tokens of a text."""
    return tagged(language, words)


@cache
def _annotator() -> Any:
    """Return ERRANT's annotator; texts are tagged here."""
    from errant.annotator import Annotator
    from errant.en import classifier, merger

    return Annotator("en", merger=merger, classifier=classifier)


def _aligned(original: Any, corrected: Any) -> Any:
    """Return ERRANT's alignment of two texts; it indexes their tokens for each pair, which is quick in lists."""
    from errant.alignment import Alignment

    alignment = Alignment(list(original), list(corrected))
    alignment.orig, alignment.cor = original, corrected
    return alignment


def _german_edits(original: Any, corrected: Any, wrong: Words, right: Words) -> tuple[Edit, ...]:
    """Return the German edits: ERRANT's alignment, insertions and deletions merged with a replacement beside them."""
    merged: list[list[int]] = []
    before = "M"
    for op, *span in _aligned(original, corrected).align_seq:
        if op != "M" and before != "M" and {op, before} & {"I", "D"} and {op[0], before[0]} & {"S", "I", "D"}:
            merged[-1][1], merged[-1][3] = span[1], span[3]
        elif op != "M":
            merged.append(list(span))
        before = op
    spans = [(wrong[a:b], right[c:d], a, c) for a, b, c, d in merged]
    types = [_german_type(o, c, right, at) for o, c, _, at in spans]
    for number, (o, c, _, _) in enumerate(spans):
        if any(_is_prefix_of(c, spans[k][0], spans[k][1]) for k in range(len(spans)) if k != number) and not o:
            types[number] = "SEP"
        if (o, c) != ((), ()) and any(pair[:2] == (c, o) for pair in spans):
            types[number] = _order_type(right, spans[number][3])
    return tuple(
        Edit(a, a + len(o), " ".join(c), f"{'R' if o and c else 'U' if o else 'M'}:{label}")
        for (o, c, a, _), label in zip(spans, types, strict=True)
    )


def _is_prefix_of(prefix: Words, wrong: Words, right: Words) -> bool:
    """Return whether a missing word is the prefix that another edit takes off its verb."""
    return len(prefix) == len(wrong) == len(right) == 1 and wrong[0].lower() == prefix[0].lower() + right[0].lower()


def _german_type(wrong: Words, right: Words, sentence: Words, at: int) -> str:
    """Return the label of a German edit, from its words and the corrected sentence; `at`: where it stands there."""
    if "".join(wrong).lower() == "".join(right).lower():
        return "CAP"
    if sorted(w.lower() for w in wrong) == sorted(w.lower() for w in right):
        return _order_type(sentence, at)
    if len(right) == 1 and (zu := right[0]) in _zu_infinitives() and wrong == ("zu", _zu_infinitives()[zu]):
        return "SEP"
    if not wrong or not right:
        word = (wrong or right)[0].lower()
        return "PREP" if word in PREPOSITIONS_DE else "REFL" if word in REFLEXIVES else "OTHER"
    if len(wrong) == len(right) == 1:
        return _word_type(wrong[0], right[0], sentence, at)
    return "OTHER"


def _order_type(sentence: Words, at: int) -> str:
    """Return END in a subordinate clause, V2 in a main one."""
    clause = sentence[:at]
    if "," in clause:
        clause = clause[len(clause) - clause[::-1].index(",") :]
    return "END" if clause and clause[0].lower() in ("weil", "dass", "wenn", "obwohl") else "V2"


def _word_type(wrong: str, right: str, sentence: Words, at: int) -> str:
    """Return the label of one word for another."""
    ours, theirs = readings("de").get(right.lower(), ()), readings("de").get(wrong.lower(), ())
    if any(wrong.lower() == prefix + right.lower() for prefix in _prefixes()) and any(r.tag == "VERB" for r in ours):
        return "SEP"
    if not theirs:
        return "SPELL"
    tags = {r.tag for r in ours} & {r.tag for r in theirs}
    if "DET" in tags and at + 1 < len(sentence) and (noun := _noun_after(sentence, at)):
        return _determiner_type(wrong, right, noun)
    if wrong.lower() in PREPOSITIONS_DE and right.lower() in PREPOSITIONS_DE:
        return "PREP"
    if {wrong.lower(), right.lower()} <= {*REFLEXIVES}:
        return "REFL"
    if "AUX" in tags and {r.lemma for r in ours} != {r.lemma for r in theirs}:
        return "AUX"
    if "NOUN" in tags and {r.lemma for r in ours} & {r.lemma for r in theirs}:
        is_weak = any(noun.lemma == wrong and noun.gender == "w" for noun in all_nouns("de"))
        return "CASE" if is_weak or (at and _is_genitive(sentence[at - 1], right)) else "NUM"
    if "ADJ" in tags:
        return "ADJ" if {r.lemma for r in ours} & {r.lemma for r in theirs} else "OTHER"
    return "VERB" if tags & {"VERB", "AUX"} and {r.lemma for r in ours} & {r.lemma for r in theirs} else "OTHER"


def _is_genitive(determiner: str, noun: str) -> bool:
    """Return whether a noun is a genitive in -s: meines Bruders."""
    known = readings("de").get(determiner.lower(), ())
    return noun.endswith("s") and determiner.endswith("es") and any(r.tag == "DET" for r in known)


def _noun_after(sentence: Words, at: int) -> Any:
    """Return the noun that a determiner belongs to: the next word in the lexicon with a capital."""
    for word in sentence[at + 1 : at + 3]:
        if noun := _nouns_by_form().get(word):
            return noun
    return None


def _determiner_type(wrong: str, right: str, noun: Any) -> str:
    """Return CASE where the wrong form is one of the noun's own gender, else GENDER."""
    own = paradigm(right.lower(), german.gender_of(noun))
    return "CASE" if wrong.lower() in own.values() else "GENDER"


@cache
def _nouns_by_form() -> dict[str, Any]:
    """Return {form: noun} of the German nouns."""
    numbers = [(noun, number) for noun in all_nouns("de") for number in ("pl", "sg") if number == "sg" or noun.plural]
    cases = ("nom", "acc", "dat", "gen")
    return {german.declined(noun, case, number): noun for noun, number in numbers for case in cases}


@cache
def _prefixes() -> frozenset[str]:
    """Return the separable prefixes."""
    return frozenset(verb.prefix for verb in all_verbs("de") if verb.prefix)


@cache
def _zu_infinitives() -> dict[str, str]:
    """Return {aufzustehen: aufstehen} of the separable verbs."""
    return {f"{v.prefix}zu{v.lemma}": v.prefix + v.lemma for v in all_verbs("de") if v.prefix}
