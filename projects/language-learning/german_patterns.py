"""The patterns of German sentences: where verb, subject and time stand.

Hard rows have patterns of their own: wenn (before the main clause), obwohl.
"""

from collections.abc import Callable

from .draws import Draw, Mismatch, time_phrase
from .german import (
    AUXILIARIES,
    MODALS,
    PAST_BE,
    Event,
    Subject,
    complement,
    draw_event,
    draw_subject,
    form_of,
    noun_phrase,
)
from .lexicon import data
from .tokens import Sentence, Token

Tokens = tuple[Token, ...]
HINDERING = ("müde", "krank", "traurig", "nervös", "wütend", "aufgeregt")
COMMA = Token(",", "PUNCT", ",")


def word(text: str, pos: str, role: str = "") -> Token:
    """Return a function word."""
    return Token(text, pos, text, role=role)


def finished(draw: Draw, pattern: str, tokens: Tokens, mark: str = ".", **facts: str) -> Sentence:
    """Return the sentence of some tokens."""
    return Sentence((*tokens, Token(mark, "PUNCT", mark)), pattern, draw.level, tuple(draw.keys), facts)


def main_clause(draw: Draw, event: Event, verb: Token, tense: str, last: Tokens) -> Tokens:
    """Return a main clause: the verb second, subject or time first; `last` closes it (prefix, participle)."""
    time = time_phrase(draw, tense) if draw.rng.random() < 0.8 else ()
    adverb = ()
    if not time and tense == "present" and not event.verb.is_stative:
        adverb = (word(draw.rng.choice(data("de")["adverbs"]), "ADV", "frequency"),)
    if time and draw.rng.random() < 0.5:
        front = tuple(Token(t.text, t.pos, t.lemma, role="front", wrong=t.wrong, note=t.note) for t in time)
        return (*front, verb, *event.subject.tokens, *event.reflexive, *event.rest, *last)
    return (*event.subject.tokens, verb, *event.reflexive, *time, *adverb, *event.rest, *last)


def present(draw: Draw) -> Sentence:
    """Return a statement in the present."""
    event = draw_event(draw, "usual")
    facts = {"lemma": event.infinitive, "subject": event.subject.text, "pronoun": event.subject.pronoun}
    if event.verb.is_stative:
        return finished(
            draw, "present", (*event.subject.tokens, event.finite(), *event.reflexive, *event.rest), **facts
        )
    clause = main_clause(draw, event, event.finite(), "present", event.prefix)
    return finished(draw, "present", clause, **facts)


def perfect(draw: Draw) -> Sentence:
    """Return a statement in the perfect."""
    event = draw_event(draw, "active")
    facts = {"lemma": event.infinitive, "subject": event.subject.text, "pronoun": event.subject.pronoun}
    return finished(draw, "perfect", main_clause(draw, event, event.auxiliary(), "past", (event.participle,)), **facts)


def modal(draw: Draw) -> Sentence:
    """Return a statement with a modal verb."""
    event = draw_event(draw, "willed")
    lemma = draw.rng.choice(list(MODALS))
    verb = form_of(event.subject, MODALS[lemma], lemma, "AUX", "finite", "")
    last = Token(event.infinitive, "VERB", event.infinitive, role="infinitive")
    return finished(draw, "modal", main_clause(draw, event, verb, "future", (last,)))


def question(draw: Draw) -> Sentence:
    """Return a yes/no question, or one with wann, warum, wie oft."""
    event = draw_event(draw, "willed")
    opening = draw.rng.choice(("", "", "wann", "warum", "wie oft"))
    first = tuple(word(text, "ADV", "question-word") for text in opening.split())
    if draw.rng.random() < 0.5 and opening != "wie oft":
        time = time_phrase(draw, "past") if opening in ("", "warum") else ()
        verb, last = event.auxiliary(), (event.participle,)
    else:
        time = time_phrase(draw, "present") if opening in ("", "warum") else ()
        verb, last = event.finite(), event.prefix
    tokens = (*first, verb, *event.subject.tokens, *event.reflexive, *time, *event.rest, *last)
    return finished(draw, "question", tokens, "?")


def trait(draw: Draw) -> Sentence:
    """Return what somebody is or was."""
    subject = draw_subject(draw)
    is_past = draw.rng.random() < 0.4
    verb = form_of(subject, PAST_BE if is_past else AUXILIARIES["sein"], "sein", "AUX", "finite", "")
    if draw.rng.random() < 0.5:
        time = time_phrase(draw, "past") if is_past and draw.rng.random() < 0.6 else ()
        return finished(draw, "trait", (*subject.tokens, verb, *time, _state(draw)))
    known = draw.trait()
    rest = complement(draw, known.complement, subject, known.adjective)
    predicate = Token(known.adjective, "ADJ", known.adjective, role="predicate")
    return finished(draw, "trait", (*subject.tokens, verb, predicate, *rest))


def _state(draw: Draw, known: tuple[str, ...] = ()) -> Token:
    """Return a predicate adjective, one of `known` where given."""
    text = draw.adjective("state", known)
    return Token(text, "ADJ", text, role="predicate")


def there_is(draw: Draw) -> Sentence:
    """Return what there is in a place: es gibt with the accusative."""
    nobody = Subject((), "er")
    things = noun_phrase(draw, "a thing", nobody, "es gibt")
    room = complement(draw, "in {dat the room}", nobody, "gibt")
    verb = Token("gibt", "VERB", "geben", role="finite")
    if draw.rng.random() < 0.4:
        front = tuple(Token(**(vars(t) | {"role": "front-phrase"})) for t in room)
        return finished(draw, "there-is", (*front, verb, word("es", "PRON", "subject"), *things))
    return finished(draw, "there-is", (word("es", "PRON"), verb, *things, *room))


def reason(draw: Draw) -> Sentence:
    """Return a main clause with weil, or one with dass: the verb at the end."""
    draw.raise_to("A2")
    event = draw_event(draw, "willed")
    if draw.rng.random() < 0.5:
        clause = (COMMA, word("weil", "SCONJ"), *_hindered(draw, _as_pronoun(event.subject)))
        return finished(
            draw, "weil", (*event.subject.tokens, event.finite(), *event.reflexive, *_denied(event), *clause)
        )
    opening = draw.rng.choice(("ich weiß", "ich glaube", "wir wissen", "es ist schön"))
    first = tuple(word(text, "PRON" if number == 0 else "VERB") for number, text in enumerate(opening.split()))
    return finished(draw, "dass", (*first, COMMA, word("dass", "SCONJ"), *final_clause(draw, event)))


def _hindered(draw: Draw, subject: Subject) -> Tokens:
    """Return subject, state and sein, as a subordinate clause has them."""
    return (*subject.tokens, _state(draw, HINDERING), form_of(subject, AUXILIARIES["sein"], "sein", "AUX", "final", ""))


def _denied(event: Event) -> Tokens:
    """Return what stands after the verb of "… heute nicht in die Schule"; a Mismatch where nicht has no plain place."""
    if event.verb.prefix or not event.rest or event.rest[0].pos != "ADP":
        raise Mismatch("nicht has no plain place")
    return (word("heute", "ADV"), word("nicht", "PART"), *event.rest)


def rephrased(draw: Draw) -> dict[str, str]:
    """Return one thing said at three levels: two sentences (A1), weil (A2), deshalb (B1)."""
    event = draw_event(draw, "willed")
    subject, pronoun = event.subject, _as_pronoun(event.subject)
    denied, finite = (*event.reflexive, *_denied(event)), event.finite()
    *_, state, be = _hindered(draw, subject)
    said = (*subject.tokens, be, state)
    therefore = (*said, COMMA, word("deshalb", "ADV"), finite, *pronoun.tokens, *denied)
    because = (*subject.tokens, finite, *denied, COMMA, word("weil", "SCONJ"), *pronoun.tokens, state, be)
    second = finished(draw, "A1", (*pronoun.tokens, finite, *denied)).text
    return {
        "A1": f"{finished(draw, 'A1', said).text} {second}",
        "A2": finished(draw, "A2", because).text,
        "B1": finished(draw, "B1", therefore).text,
    }


def in_order(draw: Draw) -> dict[str, str]:
    """Return two things done one after the other, at three levels: two sentences (A1), und dann (A2), bevor (B1)."""
    first = draw_event(draw, "willed")
    pronoun = _as_pronoun(first.subject)
    second = draw_event(draw, "willed", pronoun)
    if second.verb == first.verb or second.infinitive in ("aufwachen", "aufstehen"):
        raise Mismatch("the same verb twice, or one with which a day begins")
    subject, then = first.subject.tokens, word("dann", "ADV")
    one, other = ((*e.reflexive, *e.rest, *e.prefix) for e in (first, second))
    said = (*subject, first.finite(), *one)
    rest = (then, second.finite(), *pronoun.tokens, *other)
    clause = (word("bevor", "SCONJ"), *subject, *second.reflexive, *second.rest, second.finite("final", joined=True))
    return {
        "A1": f"{finished(draw, 'A1', said).text} {finished(draw, 'A1', rest).text}",
        "A2": finished(draw, "A2", (*said, word("und", "CCONJ"), *rest)).text,
        "B1": finished(draw, "B1", (*clause, COMMA, first.finite(), *pronoun.tokens, *one)).text,
    }


def final_clause(draw: Draw, event: Event) -> Tokens:
    """Return a subordinate clause in the present or perfect, the verb at its end."""
    subject = (*event.subject.tokens, *event.reflexive)
    if draw.rng.random() < 0.5:
        time = time_phrase(draw, "past")
        return (*subject, *time, *event.rest, event.participle, event.auxiliary("final"))
    time = time_phrase(draw, "present")
    verb = event.finite("final-joined" if event.verb.prefix else "final", joined=True)
    return (*subject, *time, *event.rest, verb)


def _as_pronoun(subject: Subject) -> Subject:
    """Return the pronoun that stands for a subject."""
    text = "sie" if subject.pronoun == "plural" else subject.pronoun
    return Subject((Token(text, "PRON", text, case="nom", role="subject"),), subject.pronoun)


def infinitive_clause(draw: Draw) -> Sentence:
    """Return an infinitive with zu."""
    draw.raise_to("B1")
    event = draw_event(draw, "willed")
    have = form_of(event.subject, AUXILIARIES["haben"], "haben", "AUX", "finite", "")
    noun = draw.rng.choice(("keine Zeit", "keine Lust", "Lust"))
    first = tuple(word(text, "DET" if text == "keine" else "NOUN") for text in noun.split())
    prefix = event.verb.prefix
    zu = (Token(f"{prefix}zu{event.verb.lemma}", "VERB", event.infinitive, role="zu-infinitive"),) if prefix else (
        word("zu", "PART", "zu"), Token(event.infinitive, "VERB", event.infinitive, role="infinitive"))  # fmt: skip
    return finished(draw, "zu", (*event.subject.tokens, have, *first, COMMA, *event.reflexive, *event.rest, *zu))


def coordinated(draw: Draw) -> Sentence:
    """Return two main clauses with und."""
    draw.raise_to("A2")
    first, second = draw_event(draw, "willed"), draw_event(draw, "willed")
    if first.subject.text == second.subject.text or first.verb == second.verb:
        raise Mismatch("the same subject twice")
    time = tuple(Token(**(vars(t) | {"role": "front"})) for t in time_phrase(draw, "past"))
    opening = (*time, first.auxiliary(), *first.subject.tokens, *first.reflexive, *first.rest, first.participle)
    rest = (*second.subject.tokens, second.auxiliary(), *second.reflexive, *second.rest, second.participle)
    return finished(draw, "und", (*opening, word("und", "CCONJ"), *rest))


def condition(draw: Draw) -> Sentence:
    """Return a clause with wenn and what then does or does not happen. Hard rows only."""
    draw.raise_to("B1")
    subject = draw_subject(draw)
    be = form_of(subject, AUXILIARIES["sein"], "sein", "AUX", "final", "")
    clause = (word("wenn", "SCONJ"), *subject.tokens, _state(draw, HINDERING), be, COMMA)
    event = draw_event(draw, "willed", _as_pronoun(subject))
    verb = event.finite()
    then = (verb, *event.subject.tokens, *event.reflexive, word("nie", "ADV"), *event.rest, *event.prefix)
    return finished(draw, "wenn", (*clause, *then))


def although(draw: Draw) -> Sentence:
    """Return a main clause with obwohl. Hard rows only."""
    draw.raise_to("B1")
    event = draw_event(draw, "willed")
    pronoun = _as_pronoun(event.subject)
    be = form_of(pronoun, PAST_BE, "sein", "AUX", "final", "")
    clause = (COMMA, word("obwohl", "SCONJ"), *pronoun.tokens, _state(draw, HINDERING), be)
    main = main_clause(draw, event, event.auxiliary(), "past", (event.participle,))
    return finished(draw, "obwohl", (*main, *clause))


PATTERNS: dict[str, Callable[[Draw], Sentence]] = {
    "present": present, "perfect": perfect, "modal": modal, "question": question, "trait": trait,
    "there-is": there_is, "reason": reason, "zu": infinitive_clause, "und": coordinated, "wenn": condition,
    "obwohl": although,
}  # fmt: skip
HARD = ("wenn", "obwohl")
