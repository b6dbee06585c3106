"""The German grammar: declension, conjugation, noun phrases and events, with their gold analysis.

Sentences are made from these in german_patterns.py.
"""

import re
from dataclasses import dataclass

from .draws import Draw, literal, pieces
from .lexicon import Noun, Verb, data
from .tokens import Token

DEFINITE = {
    "m": {"nom": "der", "acc": "den", "dat": "dem", "gen": "des"},
    "f": {"nom": "die", "acc": "die", "dat": "der", "gen": "der"},
    "n": {"nom": "das", "acc": "das", "dat": "dem", "gen": "des"},
    "pl": {"nom": "die", "acc": "die", "dat": "den", "gen": "der"},
}  # fmt: skip
EIN = {
    "m": {"nom": "", "acc": "en", "dat": "em", "gen": "es"}, "f": {"nom": "e", "acc": "e", "dat": "er", "gen": "er"},
    "n": {"nom": "", "acc": "", "dat": "em", "gen": "es"}, "pl": {"nom": "e", "acc": "e", "dat": "en", "gen": "er"},
}  # fmt: skip
MIXED = {
    "m": {"nom": "er", "acc": "en", "dat": "en"}, "f": {"nom": "e", "acc": "e", "dat": "en"},
    "n": {"nom": "es", "acc": "es", "dat": "en"}, "pl": {"nom": "en", "acc": "en", "dat": "en"},
}  # fmt: skip
WEAK = {
    "m": {"nom": "e", "acc": "en", "dat": "en"}, "f": {"nom": "e", "acc": "e", "dat": "en"},
    "n": {"nom": "e", "acc": "e", "dat": "en"}, "pl": {"nom": "en", "acc": "en", "dat": "en"},
}  # fmt: skip
STRONG = {
    "m": {"nom": "er", "acc": "en", "dat": "em"}, "f": {"nom": "e", "acc": "e", "dat": "er"},
    "n": {"nom": "es", "acc": "es", "dat": "em"}, "pl": {"nom": "e", "acc": "e", "dat": "en"},
}  # fmt: skip
CONTRACTED = {("in", "dem"): "im", ("in", "das"): "ins", ("an", "dem"): "am", ("zu", "dem"): "zum",
              ("zu", "der"): "zur", ("von", "dem"): "vom", ("bei", "dem"): "beim"}  # fmt: skip
POSSESSIVES = {"ich": "mein", "du": "dein", "er": "sein", "es": "sein", "sie": "ihr", "wir": "unser", "plural": "ihr"}
PERSONS = ("ich", "du", "er", "wir")  # whose verb forms differ; sie goes like er, or like wir
MODALS = {
    "können": ("kann", "kannst", "kann", "können"), "müssen": ("muss", "musst", "muss", "müssen"),
    "wollen": ("will", "willst", "will", "wollen"), "möchten": ("möchte", "möchtest", "möchte", "möchten"),
    "sollen": ("soll", "sollst", "soll", "sollen"),
}  # fmt: skip
AUXILIARIES = {"sein": ("bin", "bist", "ist", "sind"), "haben": ("habe", "hast", "hat", "haben")}
PAST_BE = ("war", "warst", "war", "waren")
NO_GE = ("be", "ver", "er", "ent", "emp", "zer")
REFLEXIVE = {"ich": "mich", "du": "dich", "er": "sich", "es": "sich", "sie": "sich", "wir": "uns", "plural": "sich"}
NOT_REFLEXIVE = {"ich": ("sich", "mir"), "du": ("sich", "dir"), "wir": ("sich",)}  # what learners write
OWNED = ("room", "machine", "thing", "openable", "text", "animal")  # what is often somebody's
NO_E = ("Chef",)
TWO_WAY = ("in", "an", "auf", "über", "unter", "vor")
INANIMATE = (
    "thing", "clothes", "media", "film", "text", "food", "drink", "room", "openable", "machine", "sight", "place",
)  # fmt: skip


@dataclass(frozen=True)
class Subject:
    """Who acts: tokens in the nominative and the pronoun that stands for it; plural: sie, they."""

    tokens: tuple[Token, ...]
    pronoun: str  # ich, du, er, es, sie, wir, plural

    @property
    def person(self) -> int:
        """The place of its verb form in a row of ich, du, er, wir."""
        return {"ich": 0, "du": 1, "er": 2, "es": 2, "sie": 2, "wir": 3, "plural": 3}[self.pronoun]

    @property
    def text(self) -> str:
        """The subject's words."""
        return " ".join(token.text for token in self.tokens)


def declined(noun: Noun, case: str, number: str) -> str:
    """Return a noun in a case and number."""
    if number == "pl":
        return noun.plural + ("" if case != "dat" or noun.plural.endswith(("n", "s")) else "n")
    if case == "gen" and noun.gender in ("m", "n"):
        is_short = len(re.findall("[aeiouyäöü]+", noun.lemma.lower())) == 1 and noun.lemma not in NO_E
        return noun.lemma + ("es" if is_short or noun.lemma.endswith(("s", "ß", "z", "x")) else "s")
    return noun.plural if noun.gender == "w" and case != "nom" else noun.lemma


def gender_of(noun: Noun, number: str = "sg") -> str:
    """Return the column of the declension tables: m, f, n or pl."""
    return "pl" if number == "pl" else "m" if noun.gender == "w" else noun.gender


def ein(stem: str, column: str, case: str) -> str:
    """Return ein, kein, mein … in a form."""
    return stem + EIN[column][case]


def adjective_form(word: str, ending: str) -> str:
    """Return an attributive adjective with its ending."""
    return word + ending


def conjugated(verb: Verb) -> tuple[str, str, str, str]:
    """Return ich, du, er, wir in the present, without the separable prefix."""
    stem = verb.lemma[:-2] if verb.lemma.endswith("en") else verb.lemma[:-1]
    link = "e" if stem.endswith(("t", "d", "ffn", "chn")) else ""
    du = stem + link + ("t" if stem.endswith(("s", "ß", "z", "x")) else "st")
    regular = (stem + "e", du, stem + link + "t", verb.lemma)
    given = (*verb.forms, "", "")[:2]
    return (regular[0], given[0] or regular[1], given[1] or regular[2], regular[3])


def participle(verb: Verb) -> str:
    """Return the past participle, the prefix before -ge-."""
    if verb.forms and verb.forms[-1]:
        return verb.forms[-1]
    stem = verb.lemma[:-2] if verb.lemma.endswith("en") else verb.lemma[:-1]
    link = "e" if stem.endswith(("t", "d", "ffn", "chn")) else ""
    ge = "" if stem.startswith(NO_GE) or verb.lemma.endswith("ieren") else "ge"
    return verb.prefix + ge + stem + link + "t"


def draw_subject(draw: Draw) -> Subject:
    """Return a pronoun, a name, a relative or somebody with a profession."""
    if draw.pronoun:
        return Subject((Token(draw.pronoun, "PRON", draw.pronoun, case="nom", role="subject"),), draw.pronoun)
    kind = draw.rng.choice(("pronoun", "pronoun", "name", "relative", "official", "plural"))
    if kind == "pronoun":
        word = draw.rng.choice(("ich", "ich", "du", "er", "sie", "wir"))
        return Subject((Token(word, "PRON", word, case="nom", role="subject"),), word)
    if kind == "name":
        gender = draw.rng.choice("mf")
        name = draw.rng.choice(data("de")["names"][gender])
        return Subject((Token(name, "PROPN", name, case="nom", role="subject"),), "er" if gender == "m" else "sie")
    noun = draw.noun("official" if kind == "official" else "person")
    number = "pl" if kind == "plural" and noun.lemma not in ("Mutter", "Vater", "Großmutter", "Großvater") else "sg"
    column = gender_of(noun, number)
    word = DEFINITE[column]["nom"] if kind == "official" else ein("mein", column, "nom")
    how = "the" if kind == "official" else "my"
    pronoun = "plural" if number == "pl" else {"f": "sie", "n": "es"}.get(noun.gender, "er")
    return Subject(_phrase(noun, number, "nom", word, how, ()), pronoun)


def _phrase(
    noun: Noun, number: str, case: str, word: str, how: str, described: tuple[Token, ...], note: str = ""
) -> tuple[Token, ...]:
    """Return determiner, adjective and noun with their analysis; the determiner's note says what takes the case."""
    column, role = gender_of(noun, number), "subject" if case == "nom" and not note else ""
    head = Token(declined(noun, case, number), "NOUN", noun.lemma, case, number, column, role or "head", note=noun.kind)
    determiner = Token(word, "DET", how, case, number, column, role or "determiner", note=note)
    return (determiner, *described, head)


def noun_phrase(draw: Draw, spec: str, owner: Subject, governor: str) -> tuple[Token, ...]:
    """Return the noun phrase of a slot: {a food} is accusative, {dat my person} dative."""
    words = spec.split()
    case = words.pop(0) if words[0] in ("acc", "dat", "nom") else "acc"
    how, kind = words if len(words) == 2 else ("", words[0])
    if kind in ("city", "language"):
        names = data("de")["cities" if kind == "city" else "languages"]
        return (Token(draw.rng.choice(names), "PROPN" if kind == "city" else "NOUN", kind, role=kind),)
    noun = draw.noun(kind)
    if how == "bare" or (how in ("a", "pl") and not noun.plural):
        described = _adjective(draw, "mass", STRONG[gender_of(noun)][case], 0.3) if how == "a" else ()
        return (*described, Token(noun.lemma, "NOUN", noun.lemma, case, "sg", gender_of(noun), "head", note=noun.kind))
    if how == "pl":
        return (Token(declined(noun, case, "pl"), "NOUN", noun.lemma, case, "pl", "pl", "head", note=noun.kind),)
    if how == "a" and draw.rng.random() < 0.25 and noun.kind in INANIMATE:
        return _counted(draw, noun, case)
    column = gender_of(noun)
    table = WEAK if how == "the" else MIXED
    described = _adjective(draw, kind, table[column][case], 0.4)
    stem = "ein" if how == "a" else POSSESSIVES[owner.pronoun]
    word = DEFINITE[column][case] if how == "the" else ein(stem, column, case)
    phrase = _phrase(noun, "sg", case, word, how, described, governor or "verb")
    if how == "the" and kind in OWNED and draw.rng.random() < 0.3:
        return (*phrase, *_genitive(draw, owner))
    return phrase


def _genitive(draw: Draw, owner: Subject) -> tuple[Token, ...]:
    """Return whose it is: meines Bruders."""
    noun = draw.noun("person")
    column, stem = gender_of(noun), POSSESSIVES[owner.pronoun] if owner.tokens else "mein"
    draw.raise_to("B1")
    determiner = Token(ein(stem, column, "gen"), "DET", "my", "gen", "sg", column, "genitive")
    form = declined(noun, "gen", "sg")
    return (determiner, Token(form, "NOUN", noun.lemma, "gen", "sg", column, "genitive", note=noun.kind))


def _counted(draw: Draw, noun: Noun, case: str) -> tuple[Token, ...]:
    """Return a number with a plural."""
    number = Token(draw.rng.choice(("zwei", "drei", "vier")), "NUM", "number", role="quantifier")
    form = declined(noun, case, "pl")
    wrong = (noun.lemma,) if noun.lemma != form else ()
    described = _adjective(draw, noun.kind, STRONG["pl"][case], 0.2)
    return (number, *described, Token(form, "NOUN", noun.lemma, case, "pl", "pl", "counted", wrong, noun.kind))


def _adjective(draw: Draw, kind: str, ending: str, chance: float) -> tuple[Token, ...]:
    """Return an attributive adjective that fits things of this class, or nothing."""
    fits = {"thing": "object", "clothes": "object", "machine": "object", "mass": "mass"}.get(kind)
    if fits is None or draw.rng.random() > chance:
        return ()
    word = draw.adjective(fits)
    return (Token(adjective_form(word, ending), "ADJ", word, role="attribute", note=ending),)


def complement(draw: Draw, text: str, owner: Subject, verb: str) -> tuple[Token, ...]:
    """Return the tokens of a verb's complement; prepositions and articles are contracted where German does."""
    tokens: list[Token] = []
    preposition = ""
    for slot, word, wrong in pieces(text):
        if not slot:
            tokens.append(literal(word, wrong, note=verb))
            preposition = word if tokens[-1].pos == "ADP" else ""
            continue
        phrase = noun_phrase(draw, slot, owner, preposition)
        if short := CONTRACTED.get((preposition, phrase[0].text)) if phrase[0].lemma == "the" else None:
            last = tokens.pop()
            tokens.append(Token(short, "ADP", preposition, role="contracted", note=last.note))
            phrase = phrase[1:]
        tokens += phrase
        preposition = ""
    return tuple(tokens)


@dataclass(frozen=True)
class Event:
    """A verb with its subject and complement, before it has a tense."""

    subject: Subject
    verb: Verb
    rest: tuple[Token, ...]

    @property
    def infinitive(self) -> str:
        """The infinitive with its prefix."""
        return self.verb.prefix + self.verb.lemma

    def finite(self, role: str = "finite", joined: bool = False) -> Token:
        """Return the verb in the present; `joined` with its prefix, at a clause's end."""
        prefix = self.verb.prefix if joined else ""
        return form_of(self.subject, conjugated(self.verb), self.infinitive, "VERB", role, prefix)

    @property
    def prefix(self) -> tuple[Token, ...]:
        """The separated prefix, at the end of a main clause."""
        return (Token(self.verb.prefix, "PART", self.verb.prefix, role="prefix"),) if self.verb.prefix else ()

    @property
    def reflexive(self) -> tuple[Token, ...]:
        """The reflexive pronoun of the subject, where the verb has one."""
        if not self.verb.is_reflexive:
            return ()
        pronoun = self.subject.pronoun
        wrong = NOT_REFLEXIVE.get(pronoun, ())
        return (Token(REFLEXIVE[pronoun], "PRON", "sich", "acc", role="reflexive", wrong=wrong, note=self.infinitive),)

    @property
    def participle(self) -> Token:
        """The past participle."""
        return Token(participle(self.verb), "VERB", self.infinitive, role="participle")

    def auxiliary(self, role: str = "finite") -> Token:
        """Return haben or sein; the role says where it stands, the note which of the two."""
        own = "sein" if self.verb.takes_sein else "haben"
        return form_of(self.subject, AUXILIARIES[own], own, "AUX", role, "")


def form_of(subject: Subject, forms: tuple[str, ...], lemma: str, pos: str, role: str, prefix: str) -> Token:
    """Return a verb's form for a subject; wrong are forms of other persons, none for sie, which takes two."""
    own = forms[subject.person]
    others = tuple(dict.fromkeys(prefix + form for form in forms if form != own))
    wrong = () if subject.tokens and subject.tokens[-1].text.lower() == "sie" else others
    return Token(prefix + own, pos, lemma, role=role, wrong=wrong, note=subject.text)


def draw_event(draw: Draw, kind: str = "any", subject: Subject | None = None) -> Event:
    """Return a verb with subject and complement.

    kind: any; active: no state; willed: what one can want to do; usual: what one does every day, or a state.
    """
    subject = subject or draw_subject(draw)
    verb = draw.verb(lambda verb: _is_of(kind, verb))
    governor = ("sich " if verb.is_reflexive else "") + verb.prefix + verb.lemma
    rest = complement(draw, draw.rng.choice(verb.complements), subject, governor)
    return Event(subject, verb, rest)


def _is_of(kind: str, verb: Verb) -> bool:
    """Return whether a verb is of a kind."""
    if kind == "usual":
        return verb.is_willed
    return kind == "any" or (not verb.is_stative and (kind == "active" or verb.is_willed))
