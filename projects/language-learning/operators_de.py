"""Error operators for German: what learners get wrong, planted where the grammar knows that it is wrong.

    candidates(sentence)    -> every error that can be planted

A wrong form with another right reading is left out: forms of sie and Sie, the ich-form after er (Konjunktiv I), dative
for accusative after in, an, auf (another meaning), a nominative object whose subject could be the object (free word
order), die before a noun whose plural looks like its singular.
"""

from collections.abc import Iterator
from functools import cache

from .errors import Part, Plant, plant
from .german import AUXILIARIES, DEFINITE, EIN, TWO_WAY
from .lexicon import all_nouns, data
from .tokens import Sentence, Token

CASES = ("nom", "acc", "dat")
ENDINGS = ("e", "en", "es", "er")
BOTH_AUXILIARIES = ("schwimmen", "laufen", "fliegen")  # with haben in another reading
LOWERCASE_WORDS = ("Essen", "Spiel", "Weg", "Reise", "Rock", "Lust", "Kurs", "Abend", "Morgen", "Englisch", "Spanisch",
                   "Französisch", "Deutsch", "Arabisch", "Türkisch", "Arbeit", "E-Mail", "T-Shirt")  # fmt: skip
ALWAYS_REFLEXIVE = ("freuen", "interessieren", "beeilen", "ärgern", "kümmern", "verstecken")
FAR = 2
Tokens = tuple[Token, ...]


def candidates(sentence: Sentence) -> list[Plant]:
    """Return the errors that can be planted in a sentence."""
    tokens = sentence.tokens
    return [found for i, token in enumerate(tokens) for operator in OPERATORS for found in operator(tokens, i, token)]


@cache
def paradigm(word: str, column: str) -> dict[str, str]:
    """Return {case: form} of der, ein, mein … for a gender, from one of its forms."""
    if word in {form for forms in DEFINITE.values() for form in forms.values()}:
        return DEFINITE[column]
    stem = next(
        word[: len(word) - len(end)]
        for end in ("en", "em", "er", "es", "e", "")
        if word.endswith(end) and _is_stem(word, end)
    )
    return {case: stem + ending for case, ending in EIN[column].items()}


def _is_stem(word: str, ending: str) -> bool:
    """Return whether a word without this ending is ein, kein or a possessive."""
    return word[: len(word) - len(ending)] in ("ein", "kein", "mein", "dein", "sein", "ihr", "unser")


def _is_clear(tokens: Tokens) -> bool:
    """Return whether the subject can be nothing but a nominative: ich, du, er, wir, der …, mein Bruder."""
    subjects = [token for token in tokens if token.role == "subject"]
    words = {token.text.lower() for token in subjects}
    return bool(words & {"ich", "du", "er", "wir"}) or any(t.gender == "m" and t.pos == "DET" for t in subjects)


def _determiner(tokens: Tokens, i: int, token: Token) -> Iterator[Plant]:
    """Articles and possessives in the case or gender that the noun does not have."""
    if token.pos != "DET" or not token.gender or token.number != "sg" or token.role == "genitive":
        return
    noun = tokens[i + 1]
    if noun.pos != "NOUN" or (noun.gender == "m" and noun.text != noun.lemma):
        return
    own = paradigm(token.text, token.gender)
    governor = token.note if token.note != "verb" else ""
    if token.role == "determiner":
        for case in CASES:
            if case != token.case and own[case] != token.text and _is_wrong_case(tokens, token, own, case, governor):
                rule = {"": "verb", "es gibt": "verb"}.get(governor, "preposition")
                slots = {"governor": governor or _verb(tokens, i), "case": token.case, "right": token.text}
                yield plant("CASE", i, i + 1, (own[case],), rule, **slots)
    for gender in "mfn":
        wrong = paradigm(token.text, gender)[token.case]
        if wrong not in own.values() and not _is_plural(wrong, noun):
            yield plant("GENDER", i, i + 1, (wrong,), "noun", noun=noun.lemma, gender=token.gender)


def _is_wrong_case(tokens: Tokens, token: Token, own: dict[str, str], case: str, governor: str) -> bool:
    """Return whether the form of another case has no right reading there."""
    if governor in TWO_WAY and own[case] in (own["acc"], own["dat"]):
        return False
    return own[case] != own["nom"] or bool(governor) or _is_clear(tokens)


def _is_plural(wrong: str, noun: Token) -> bool:
    """Return whether a determiner and a noun are right together as a plural."""
    return _plurals().get(noun.lemma) == noun.text and wrong.endswith(("ie", "e", "en", "er"))


@cache
def _plurals() -> dict[str, str]:
    """Return {singular: plural}."""
    return {noun.lemma: noun.plural for noun in reversed(all_nouns("de"))}


def _verb(tokens: Tokens, i: int) -> str:
    """Return the infinitive of the main verb in a token's clause: what takes the case of an object."""
    breaks = [k for k, token in enumerate(tokens) if token.pos in ("SCONJ", "CCONJ") or token.text == ","]
    start, end = max((k for k in breaks if k < i), default=-1), min((k for k in breaks if k > i), default=len(tokens))
    return next(token.lemma for token in reversed(tokens[start + 1 : end]) if token.pos in ("VERB", "AUX"))


def _weak_noun(tokens: Tokens, i: int, token: Token) -> Iterator[Plant]:
    """Weak nouns without their ending: den Nachbar."""
    if (
        token.pos == "NOUN"
        and token.number == "sg"
        and token.gender == "m"
        and token.text.endswith("n")
        and (token.text != token.lemma)
    ):
        yield plant("CASE", i, i + 1, (token.lemma,), "weak", noun=token.lemma, right=token.text)


def _genitive(tokens: Tokens, i: int, token: Token) -> Iterator[Plant]:
    """Whose something is in the nominative: the noun without -s, a feminine article without -r."""
    if token.role != "genitive" or token.pos != "DET":
        return
    noun = tokens[i + 1]
    phrase = f"{token.text} {noun.text}"
    if noun.text.endswith("s") and noun.text != noun.lemma:
        yield plant("CASE", i + 1, i + 2, (noun.lemma,), "genitive", phrase=phrase)
    if token.gender == "f":
        yield plant("CASE", i, i + 1, (paradigm(token.text, "f")["nom"],), "genitive", phrase=phrase)


def _reflexive(tokens: Tokens, i: int, token: Token) -> Iterator[Plant]:
    """Reflexive pronouns of another person or case, or missing where the verb has no meaning without one."""
    if token.role != "reflexive":
        return
    for wrong in token.wrong:
        rule = "case" if wrong in ("mir", "dir") else "pronoun"
        yield plant("REFL", i, i + 1, (wrong,), rule, right=token.text, verb=token.note)
    if token.note in ALWAYS_REFLEXIVE:
        yield plant("REFL", i, i + 1, (), "missing", right=token.text, verb=token.note)


def _adjective(tokens: Tokens, i: int, token: Token) -> Iterator[Plant]:
    """Adjectives with another ending, or with a capital."""
    if token.role != "attribute":
        return
    before = tokens[i - 1].text if i and tokens[i - 1].pos in ("DET", "NUM") else ""
    for ending in ENDINGS:
        if ending != token.note and (before or ending == "en"):
            rule = "after" if before else "bare"
            slots = {"word": before, "noun": tokens[i + 1].text, "ending": token.note}
            yield plant("ADJ", i, i + 1, (token.lemma + ending,), rule, **slots)
    yield plant("CAP", i, i + 1, (token.text.capitalize(),), "adjective", word=token.text)


def _order(tokens: Tokens, i: int, token: Token) -> Iterator[Plant]:
    """The verb third after a first phrase, or second in a subordinate clause."""
    if token.role == "finite" and i and tokens[i - 1].role == "front":
        end = i + 1
        while tokens[end].role == "subject":
            end += 1
        subject = tuple(t.text for t in tokens[i + 1 : end])
        front = " ".join(t.text for t in tokens[:i])
        yield plant("V2", i, end, (*subject, token.text), "second", front=front)
    if token.role == "final":
        start = next(k for k in range(i, -1, -1) if tokens[k].pos == "SCONJ") + 1
        joint = tokens[start - 1].text
        while tokens[start].role == "subject":
            start += 1
        between = tuple(t.text for t in tokens[start:i])
        parts = (Part(start, i + 1, (token.text, *between)),)
        if len(between) > FAR:  # the cheapest edits are then one word less there and one more here
            parts = (Part(start, start, (token.text,)), Part(i, i + 1, ()))
        first, last = f"{joint} {tokens[start - 1].text}", tokens[i - 1].text
        shown = (f"{first} {token.text}", f"{first} … {last} {token.text}")
        yield Plant("END", parts, "last", {"joint": joint}, shown)


def _auxiliary(tokens: Tokens, i: int, token: Token) -> Iterator[Plant]:
    """haben for sein and sein for haben in the perfect."""
    if token.role not in ("finite", "final") or token.text not in AUXILIARIES.get(token.lemma, ()):
        return
    end = next((k for k in range(i, len(tokens)) if tokens[k].pos in ("SCONJ", "CCONJ", "PUNCT")), len(tokens))
    clause = tokens[i - 1 : i] if token.role == "final" else tokens[i:end]
    verb = next((t for t in clause if t.role == "participle"), None)
    if verb is None or verb.lemma in BOTH_AUXILIARIES:
        return
    other = "haben" if token.lemma == "sein" else "sein"
    wrong = AUXILIARIES[other][AUXILIARIES[token.lemma].index(token.text)]
    yield plant("AUX", i, i + 1, (wrong,), token.lemma, verb=verb.lemma)


def _separable(tokens: Tokens, i: int, token: Token) -> Iterator[Plant]:
    """Separable verbs that are not separated, or -zu- and -ge- in the wrong place."""
    if token.role == "prefix":
        at = next(k for k in range(i, -1, -1) if tokens[k].role == "finite")
        parts = (Part(at, at + 1, (token.text + tokens[at].text,)), Part(i, i + 1, ()))
        shown = (token.text + tokens[at].text, f"{tokens[at].text} … {token.text}")
        yield Plant("SEP", parts, "prefix", {"prefix": token.text, "verb": tokens[at].lemma}, shown)
    if token.role == "zu-infinitive":
        yield plant("SEP", i, i + 1, ("zu", token.lemma), "zu", verb=token.lemma, right=token.text)


def _noun_capital(tokens: Tokens, i: int, token: Token) -> Iterator[Plant]:
    """Nouns without their capital."""
    if token.pos == "NOUN" and token.text[0].isupper() and token.text not in LOWERCASE_WORDS and i:
        yield plant("CAP", i, i + 1, (token.text[0].lower() + token.text[1:],), "noun", word=token.text)


def _preposition(tokens: Tokens, i: int, token: Token) -> Iterator[Plant]:
    """Prepositions that the verb, the adjective or the time phrase does not take."""
    if token.pos == "ADP" and token.wrong and i:
        end = next(k for k in range(i, len(tokens)) if tokens[k].pos in ("NOUN", "PROPN", "PUNCT")) + 1
        is_fixed = tokens[i + 1].pos in ("PROPN", "NUM") or tokens[end - 1].text in ("Hause", "Bus")
        rule = "time" if token.role in ("time", "front") else "phrase" if is_fixed else "taken"
        slots = {"governor": token.note, "right": token.text, "phrase": " ".join(t.text for t in tokens[i:end])}
        for wrong in token.wrong:
            yield plant("PREP", i, i + 1, (wrong,), rule, **slots)


def _agreement(tokens: Tokens, i: int, token: Token) -> Iterator[Plant]:
    """Verb forms of another person."""
    if token.role not in ("finite", "final", "final-joined") or not token.wrong:
        return
    is_third = token.note not in ("ich", "du", "wir")
    for wrong in token.wrong:
        if not (is_third and wrong.endswith("e")):
            yield plant("VERB", i, i + 1, (wrong,), "person", subject=token.note, right=token.text)


def _number(tokens: Tokens, i: int, token: Token) -> Iterator[Plant]:
    """Singular after a number."""
    if token.role == "counted" and token.wrong:
        quantifier = next(t.text for t in reversed(tokens[:i]) if t.role == "quantifier")
        yield plant("NUM", i, i + 1, token.wrong, "plural", word=quantifier, right=token.text)


def _spelling(tokens: Tokens, i: int, token: Token) -> Iterator[Plant]:
    """Words that learners misspell."""
    for wrong in data("de")["spellings"].get(token.text, ()):
        yield plant("SPELL", i, i + 1, (wrong,), "spelling", right=token.text)


OPERATORS = (
    _determiner, _weak_noun, _adjective, _order, _auxiliary, _separable, _noun_capital, _preposition, _agreement,
    _number, _spelling, _genitive, _reflexive,
)  # fmt: skip
