"""Error operators for English: what learners get wrong, planted where the grammar knows that it is wrong.

    candidates(sentence)    -> every error that can be planted

Left out, since the wrong form is right in another reading: the for a, articles before a coffee, prepositions that
another meaning takes (look after), tenses without a time that decides them.
"""

from collections.abc import Iterator

from .english import article
from .errors import Plant, plant
from .lexicon import data
from .tokens import Sentence, Token

NO_ARTICLE = ("sport", "language")
GOVERNORS = ("arrive", "look", "smile", "good", "bad", "interested", "keen")  # of at, in, on


def candidates(sentence: Sentence) -> list[Plant]:
    """Return the errors that can be planted in a sentence."""
    tokens = sentence.tokens
    return [found for i, token in enumerate(tokens) for operator in OPERATORS for found in operator(tokens, i, token)]


def _agreement(tokens: tuple[Token, ...], i: int, token: Token) -> Iterator[Plant]:
    """Verbs that do not agree with their subject."""
    if token.role == "finite" and token.wrong:
        if token.lemma in ("be", "have", "do"):
            rule = "there" if tokens[0].text == "there" else "be"
        else:
            rule = "third" if token.text.endswith("s") and not token.wrong[0].endswith("es") else "plain"
        yield plant("SVA", i, i + 1, token.wrong[:1], rule, subject=token.note, right=token.text)


def _tense(tokens: tuple[Token, ...], i: int, token: Token) -> Iterator[Plant]:
    """Tenses that the time phrase excludes."""
    time = next((t.note for t in tokens if t.role == "time"), "")
    if not time:
        return
    if token.role == "past" and token.wrong[0] != token.text:
        yield plant("TENSE", i, i + 1, token.wrong, "past", time=time)
    elif token.role == "did":
        subject = next((t.text for t in tokens if t.role == "subject"), "I")
        third = next((t.number == "sg" or t.pos == "PROPN" for t in tokens if t.role == "subject"), False)
        wrong = "does" if third or subject in ("he", "she") else "do"
        yield plant("TENSE", i, i + 1, (wrong,), "past", time=time)
    elif token.role == "lasting":
        yield plant("TENSE", i, i + 2, token.wrong, "lasting", time=time)


def _form(tokens: tuple[Token, ...], i: int, token: Token) -> Iterator[Plant]:
    """Forms that the word before excludes: after can, did, want, is, has."""
    rules = {"infinitive": "bare", "ing": "ing", "participle": "participle"}
    if token.role in rules:
        for wrong in token.wrong:
            start, words = (i, ("to",)) if wrong.startswith("to ") else (i + 1, (wrong,))
            yield plant("FORM", i, start, words, rules[token.role], helper=token.note)
    elif token.role == "to-marker":
        yield plant("FORM", i, i + 1, (), "to", helper=token.note)


def _article(tokens: tuple[Token, ...], i: int, token: Token) -> Iterator[Plant]:
    """Articles that are missing, too much, or do not fit the sound that follows."""
    if token.role == "indefinite":
        yield plant("DET", i, i + 1, (), "missing", noun=token.note)
        following = tokens[i + 1].text
        yield plant("DET", i, i + 1, ("a" if article(following) == "an" else "an",), "sound", next=following)
    if token.role == "definite" and tokens[i + 1].note == "place" and tokens[i - 1].text == "to":
        yield plant("DET", i, i + 1, (), "place", noun=tokens[i + 1].text)
    if token.role == "language" or token.note == "sport":
        yield plant("DET", i, i, ("the",), "zero", noun=token.text)


def _number(tokens: tuple[Token, ...], i: int, token: Token) -> Iterator[Plant]:
    """Singular after a number, plural after every."""
    if token.role == "counted":
        quantifier = " ".join(t.text for t in tokens if t.role == "quantifier")
        yield plant("NUM", i, i + 1, token.wrong, "plural", word=quantifier)
    if token.role == "time" and tokens[i - 1].text == "every":
        yield plant("NUM", i, i + 1, (token.text + "s",), "every", word="every")


def _preposition(tokens: tuple[Token, ...], i: int, token: Token) -> Iterator[Plant]:
    """Prepositions that the verb, the adjective or the time phrase does not take."""
    if token.pos == "ADP" and token.role in ("", "time"):
        end = next(k for k in range(i, len(tokens)) if tokens[k].pos in ("NOUN", "PROPN", "PUNCT")) + 1
        phrase = " ".join(t.text for t in tokens[i:end])
        is_fixed = token.text in ("at", "in", "on", "by") and token.note not in GOVERNORS
        rule = "time" if token.role == "time" else "phrase" if is_fixed else "taken"
        for wrong in token.wrong:
            slots = {"governor": token.note, "right": token.text, "phrase": phrase}
            yield plant("PREP", i, i + 1, (wrong,) if wrong else (), rule, **slots)


def _spelling(tokens: tuple[Token, ...], i: int, token: Token) -> Iterator[Plant]:
    """Words that learners misspell."""
    for wrong in data("en")["spellings"].get(token.text, ()):
        yield plant("SPELL", i, i + 1, (wrong,), "spelling", right=token.text)


def _order(tokens: tuple[Token, ...], i: int, token: Token) -> Iterator[Plant]:
    """Adverbs after the verb, adjectives after the noun, questions in the order of statements."""
    following = tokens[i + 1] if i + 1 < len(tokens) else token
    if token.role == "frequency":
        yield plant("WO", i, i + 2, (following.text, token.text), "frequency", word=token.text)
    if token.role == "attribute" and following.pos == "NOUN" and tokens[i - 1].text not in ("a", "an"):
        yield plant("WO", i, i + 2, (following.text, token.text), "adjective", word=token.text)
    if token.role == "question-word" and following.pos == "AUX":
        end = i + 2
        while tokens[end].pos in ("DET", "NOUN", "PROPN", "PRON") and tokens[end - 1].role != "subject":
            end += 1
        subject = tuple(t.text for t in tokens[i + 2 : end])
        yield plant("WO", i + 1, end, (*subject, following.text), "question", word=following.text)


OPERATORS = (_agreement, _tense, _form, _article, _number, _preposition, _spelling, _order)
