"""The English grammar: correct sentences with their gold analysis, from frames and lexicon.

    sentence(draw)      -> Sentence

Patterns: statement, negative, question, modal, continuous, perfect, want-to, there-is, trait (good at …), and two
clauses (and, because). Hard rows have patterns of their own: if, relative.
"""

from dataclasses import dataclass

from .draws import Draw, literal, pieces, time_phrase
from .lexicon import Verb, data
from .tokens import Sentence, Token

VOWELS = "aeiou"
AN = ("hour", "honest")
A = ("uniform", "university", "useful")
LASTING = ("live", "work", "play", "learn", "study", "know", "own", "teach", "stay")
MODALS = ("can", "must", "should")
POSSESSIVES = {"I": "my", "you": "your", "he": "his", "she": "her", "we": "our", "they": "their"}
BE = {"I": ("am", "was"), "he": ("is", "was"), "you": ("are", "were")}
COUNTS = ("two", "two", "three", "four", "several", "a few")
ONLY_ONE = ("mother", "father", "grandmother", "grandfather")
DOUBLED = ("swim", "put", "plan", "forget", "travel")


@dataclass(frozen=True)
class Subject:
    """Who acts: tokens, the pronoun that stands for it, and whether its verb takes -s."""

    tokens: tuple[Token, ...]
    pronoun: str

    @property
    def is_third(self) -> bool:
        """Whether the verb takes -s."""
        return self.pronoun in ("he", "she")

    @property
    def text(self) -> str:
        """The subject's words."""
        return " ".join(token.text for token in self.tokens)

    @property
    def be(self) -> tuple[str, str]:
        """Present and past of be."""
        return BE["he"] if self.is_third else BE.get(self.pronoun, BE["you"])


def third(lemma: str) -> str:
    """Return the third person singular of a verb, or the plural of a noun formed alike."""
    if lemma in ("have", "do", "go", "be"):
        return {"have": "has", "do": "does", "go": "goes", "be": "is"}[lemma]
    if lemma.endswith(("s", "sh", "ch", "x", "z")):
        return lemma + "es"
    return lemma[:-1] + "ies" if lemma.endswith("y") and lemma[-2] not in VOWELS else lemma + "s"


def past(verb: Verb) -> str:
    """Return the simple past."""
    if verb.forms:
        return verb.forms[0]
    lemma = verb.lemma
    if lemma.endswith("e"):
        return lemma + "d"
    if lemma.endswith("y") and lemma[-2] not in VOWELS:
        return lemma[:-1] + "ied"
    return lemma + (lemma[-1] if lemma in DOUBLED else "") + "ed"


def participle(verb: Verb) -> str:
    """Return the past participle."""
    return verb.forms[1] if verb.forms else past(verb)


def ing(lemma: str) -> str:
    """Return the -ing form."""
    if lemma.endswith("e") and not lemma.endswith("ee"):
        return lemma[:-1] + "ing"
    return lemma + (lemma[-1] if lemma in DOUBLED else "") + "ing"


def article(word: str) -> str:
    """Return a or an, as the next word sounds."""
    return "an" if word in AN or (word[0].lower() in VOWELS and not word.startswith(A)) else "a"


def draw_subject(draw: Draw) -> Subject:
    """Return a pronoun, a name, a relative or somebody with a profession."""
    if draw.pronoun:
        return Subject((Token(draw.pronoun, "PRON", draw.pronoun, role="subject"),), draw.pronoun)
    kind = draw.rng.choice(("pronoun", "pronoun", "name", "relative", "official", "plural"))
    if kind == "pronoun":
        word = draw.rng.choice(("I", "you", "he", "she", "we", "they"))
        return Subject((Token(word, "PRON", word, role="subject"),), word)
    if kind == "name":
        gender = draw.rng.choice("mf")
        name = draw.rng.choice(data("en")["names"][gender])
        return Subject((Token(name, "PROPN", name, role="subject"),), "he" if gender == "m" else "she")
    noun = draw.noun("official" if kind == "official" else "person")
    determiner = "the" if kind == "official" else draw.rng.choice(("my", "my", "our"))
    if kind == "plural" and noun.lemma not in ONLY_ONE:
        head = Token(noun.plural, "NOUN", noun.lemma, number="pl", role="subject")
        return Subject((Token("my", "DET", "my"), head), "they")
    head = Token(noun.lemma, "NOUN", noun.lemma, number="sg", role="subject")
    pronoun = {"m": "he", "f": "she"}.get(noun.gender) or draw.rng.choice(("he", "she"))
    return Subject((Token(determiner, "DET", determiner), head), pronoun)


def noun_phrase(draw: Draw, spec: str, owner: Subject) -> tuple[Token, ...]:
    """Return the noun phrase of a slot: {a food}, {the place}, {my person}, {pl animal}, {bare sport}, {instrument}."""
    how, _, kind = spec.rpartition(" ")
    if spec == "my":
        return (Token(POSSESSIVES[owner.pronoun], "DET", "my", role="possessive"),)
    if kind in ("city", "language"):
        names = data("en")["cities" if kind == "city" else "languages"]
        return (Token(draw.rng.choice(names), "PROPN", kind, role=kind),)
    noun = draw.noun(kind)
    singular = Token(noun.lemma, "NOUN", noun.lemma, number="sg", role="head", note=kind)
    if how in ("", "bare") or (how in ("a", "pl") and not noun.plural):
        return (*_mass_words(draw, how), singular)
    if how == "pl":
        return (Token(noun.plural, "NOUN", noun.lemma, number="pl"),)
    if how == "a" and draw.rng.random() < 0.3:
        quantifier = Token(draw.rng.choice(COUNTS), "NUM", "count", role="quantifier")
        plural = Token(noun.plural, "NOUN", noun.lemma, number="pl", role="counted", wrong=(noun.lemma,))
        return (*_words(quantifier), *_adjective(draw, kind, 0.2), plural)
    described = _adjective(draw, kind, 0.45)
    first = (*described, singular)[0].text
    word = {"a": article(first), "the": "the", "my": POSSESSIVES[owner.pronoun]}[how]
    role = {"a": "indefinite", "the": "definite", "my": "possessive"}[how]
    return (Token(word, "DET", how, role=role, note=noun.lemma), *described, singular)


def _words(token: Token) -> tuple[Token, ...]:
    """Return a quantifier's words as tokens of their own."""
    return tuple(Token(word, token.pos, word, role=token.role) for word in token.text.split())


def _mass_words(draw: Draw, how: str) -> tuple[Token, ...]:
    """Return "some", an adjective or nothing before a noun without a plural."""
    if how != "a":
        return ()
    if draw.rng.random() < 0.35:
        return (Token("some", "DET", "some", role="some"),)
    return _adjective(draw, "mass", 0.4)


def _adjective(draw: Draw, kind: str, chance: float) -> tuple[Token, ...]:
    """Return an adjective that fits things of this class, or nothing."""
    fits = {"thing": "object", "clothes": "object", "vehicle": "object", "machine": "object", "mass": "mass"}.get(kind)
    if fits is None or draw.rng.random() > chance:
        return ()
    word = draw.adjective(fits)
    return (Token(word, "ADJ", word, role="attribute"),)


def complement(draw: Draw, text: str, owner: Subject, verb: str) -> tuple[Token, ...]:
    """Return the tokens of a verb's complement."""
    tokens: list[Token] = []
    for slot, word, wrong in pieces(text):
        tokens += noun_phrase(draw, slot, owner) if slot else [literal(word, wrong, note=verb)]
    return tuple(tokens)


@dataclass(frozen=True)
class Event:
    """A verb with its subject and complement, before it has a tense."""

    subject: Subject
    verb: Verb
    rest: tuple[Token, ...]

    def finite(self, tense: str) -> Token:
        """Return the verb in the simple present or past."""
        lemma = self.verb.lemma
        present = third(lemma) if self.subject.is_third else lemma
        if tense == "past":
            return Token(past(self.verb), "VERB", lemma, role="past", wrong=(present,), note=self.subject.text)
        other = lemma if self.subject.is_third else third(lemma)
        return Token(present, "VERB", lemma, role="finite", wrong=(other,), note=self.subject.text)

    def auxiliary(self, lemma: str, tense: str = "present") -> Token:
        """Return be, have or do, in the form for the subject."""
        third_person = self.subject.is_third
        if lemma == "be":
            own = self.subject.be[tense == "past"]
            others = [form for form in ("is", "are") if form != own] if tense == "present" else ["was", "were"]
            return Token(
                own, "AUX", "be", role="finite", wrong=(next(f for f in others if f != own),), note=self.subject.text
            )
        if tense == "past":
            return Token("did", "AUX", "do", role="did")
        forms = (third(lemma), lemma) if third_person else (lemma, third(lemma))
        return Token(forms[0], "AUX", lemma, role="finite", wrong=(forms[1],), note=self.subject.text)

    def infinitive(self, wrong: tuple[str, ...], note: str) -> Token:
        """Return the bare infinitive."""
        return Token(self.verb.lemma, "VERB", self.verb.lemma, role="infinitive", wrong=wrong, note=note)


def draw_event(draw: Draw, kind: str = "any", subject: Subject | None = None) -> Event:
    """Return a verb with subject and complement.

    kind: any; active: no state; willed: what one can want to do; lasting: what can go on for years.
    """
    subject = subject or draw_subject(draw)
    verb = draw.verb(lambda verb: _is_of(kind, verb))
    return Event(subject, verb, complement(draw, draw.rng.choice(verb.complements), subject, verb.lemma))


def _is_of(kind: str, verb: Verb) -> bool:
    """Return whether a verb is of a kind."""
    if kind == "lasting":
        return verb.lemma in LASTING
    return kind == "any" or (not verb.is_stative and (kind == "active" or verb.is_willed))


def state(draw: Draw, subject: Subject) -> tuple[Token, ...]:
    """Return a predicate: tired, or good at chess."""
    if draw.rng.random() < 0.5:
        word = draw.adjective("state")
        return (Token(word, "ADJ", word, role="predicate"),)
    trait = draw.trait()
    rest = complement(draw, trait.complement, subject, trait.adjective)
    return (Token(trait.adjective, "ADJ", trait.adjective, role="predicate"), *rest)


def finished(draw: Draw, pattern: str, tokens: tuple[Token, ...], mark: str = ".", **facts: str) -> Sentence:
    """Return the sentence of some tokens."""
    full = (*tokens, Token(mark, "PUNCT", mark))
    return Sentence(full, pattern, draw.level, tuple(draw.keys), facts)


def with_time(draw: Draw, tense: str, chance: float = 1.0) -> tuple[Token, ...]:
    """Return a time phrase, or nothing."""
    return time_phrase(draw, tense) if draw.rng.random() < chance else ()
