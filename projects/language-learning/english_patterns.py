"""The patterns of English sentences: how an event becomes a statement, a question, two clauses."""

from collections.abc import Callable

from .draws import Draw, Mismatch, literal
from .english import (
    MODALS,
    Event,
    Subject,
    draw_event,
    draw_subject,
    finished,
    ing,
    noun_phrase,
    participle,
    past,
    state,
    third,
    with_time,
)
from .lexicon import data
from .tokens import Sentence, Token

HINDERING = ("tired", "ill", "late", "busy", "nervous", "angry", "bored")
DESCRIPTIONS = (("live", "next door"), ("work", "here"), ("help", "us"), ("know", "my family"), ("play", "the piano"))
Tokens = tuple[Token, ...]


def word(text: str, pos: str, role: str = "", **more: object) -> Token:
    """Return a function word."""
    return Token(text, pos, str(more.pop("lemma", text)), role=role, **more)


def present_clause(draw: Draw, event: Event) -> Tokens:
    """Return subject, perhaps an adverb, verb, complement."""
    adverb = ()
    if not event.verb.is_stative and draw.rng.random() < 0.35:
        adverb = (word(draw.rng.choice(data("en")["adverbs"]), "ADV", "frequency"),)
    return (*event.subject.tokens, *adverb, event.finite("present"), *event.rest)


def past_clause(event: Event) -> Tokens:
    """Return subject, verb in the past, complement."""
    return (*event.subject.tokens, event.finite("past"), *event.rest)


def be_clause(draw: Draw, subject: Subject, tense: str = "present") -> Tokens:
    """Return subject, be, and what somebody is."""
    return (*subject.tokens, Event(subject, None, ()).auxiliary("be", tense), *state(draw, subject))


def statement(draw: Draw) -> Sentence:
    """Return a statement in the present or past."""
    event = draw_event(draw)
    facts = {"lemma": event.verb.lemma, "subject": event.subject.text, "pronoun": event.subject.pronoun}
    if not event.verb.is_stative and (not event.verb.is_willed or draw.rng.random() < 0.55):
        return finished(draw, "past", (*past_clause(event), *with_time(draw, "past")), tense="past", **facts)
    clause = present_clause(draw, event)
    plain = any(token.role == "frequency" for token in clause) or event.verb.is_stative
    return finished(
        draw, "present", (*clause, *with_time(draw, "present", 0.0 if plain else 0.8)), tense="present", **facts
    )


def negative(draw: Draw) -> Sentence:
    """Return a negated statement in the present or past."""
    event = draw_event(draw)
    is_past = draw.rng.random() < 0.5 and not event.verb.is_stative
    tense = "past" if is_past else "present"
    wrong = (past(event.verb),) if is_past and past(event.verb) != event.verb.lemma else (third(event.verb.lemma),)
    helper = event.auxiliary("do", tense)
    verb = event.infinitive(wrong, helper.text)
    tail = with_time(draw, tense, 0.0 if event.verb.is_stative else 0.7 if is_past else 0.4)
    return finished(
        draw, "negative", (*event.subject.tokens, helper, word("n't", "PART", lemma="not"), verb, *event.rest, *tail)
    )


def question(draw: Draw) -> Sentence:
    """Return a yes/no question, or one with when, where, why."""
    event = draw_event(draw, "willed")
    tense = draw.rng.choice(("present", "past"))
    wrong = (
        (past(event.verb),) if tense == "past" and past(event.verb) != event.verb.lemma else (third(event.verb.lemma),)
    )
    helper = event.auxiliary("do", tense)
    opening = draw.rng.choice(("", "", "when", "why", "how often"))
    tail = with_time(draw, tense, 0.8) if opening in ("", "why") else ()
    tense_opening = "when" if opening == "how often" and tense == "past" else opening
    first = tuple(word(text, "ADV", "question-word") for text in tense_opening.split())
    body = (helper, *event.subject.tokens, event.infinitive(wrong, helper.text), *event.rest, *tail)
    return finished(draw, "question", (*first, *body), "?")


def modal(draw: Draw) -> Sentence:
    """Return a statement with can, must, should or will."""
    event = draw_event(draw, "willed")
    helper = draw.rng.choice((*MODALS, "will", "will"))
    wrong = (third(event.verb.lemma), f"to {event.verb.lemma}")
    tail = with_time(draw, "future", 0.9 if helper == "will" else 0.3)
    verb = event.infinitive(wrong, helper)
    return finished(draw, "modal", (*event.subject.tokens, word(helper, "AUX", "modal"), verb, *event.rest, *tail))


def continuous(draw: Draw) -> Sentence:
    """Return what somebody is doing now."""
    event = draw_event(draw, "willed")
    lemma = event.verb.lemma
    verb = Token(ing(lemma), "VERB", lemma, role="ing", wrong=(lemma,), note=event.subject.be[0])
    tail = with_time(draw, "now")
    return finished(draw, "continuous", (*event.subject.tokens, event.auxiliary("be"), verb, *event.rest, *tail))


def perfect(draw: Draw) -> Sentence:
    """Return what has lasted until now, or has already happened."""
    lasts = draw.rng.random() < 0.5
    event = draw_event(draw, "lasting" if lasts else "active")
    lemma, form = event.verb.lemma, participle(event.verb)
    wrong = tuple(w for w in (past(event.verb), lemma) if w != form)[:1]
    verb = Token(form, "VERB", lemma, role="participle", wrong=wrong, note="have")
    helper = event.auxiliary("have")
    if lasts:
        simple = third(lemma) if event.subject.is_third else lemma
        helper = Token(helper.text, "AUX", "have", role="lasting", wrong=(simple,), note=event.subject.text)
    middle = () if lasts else (word("already", "ADV", "already"),)
    tail = with_time(draw, "lasting") if lasts else ()
    draw.raise_to("A2")
    return finished(draw, "perfect", (*event.subject.tokens, helper, *middle, verb, *event.rest, *tail))


def want_to(draw: Draw) -> Sentence:
    """Return what somebody wants, hopes or has decided to do."""
    event = draw_event(draw, "willed")
    main, level = draw.rng.choice((("want", "A1"), ("hope", "A2"), ("need", "A1")))
    draw.raise_to(level)
    present = third(main) if event.subject.is_third else main
    other = main if event.subject.is_third else third(main)
    finite = Token(present, "VERB", main, role="finite", wrong=(other,), note=event.subject.text)
    marker = word("to", "PART", "to-marker", wrong=("",), note=present)
    tail = with_time(draw, "future", 0.5)
    verb = event.infinitive((), present)
    return finished(draw, "want-to", (*event.subject.tokens, finite, marker, verb, *event.rest, *tail))


def there_is(draw: Draw) -> Sentence:
    """Return what there is in a place."""
    spec = draw.rng.choice(("a thing", "a machine"))
    things = noun_phrase(draw, spec, Subject((), "they"))
    plural = any(token.role == "counted" for token in things)
    if not plural and things[0].role != "indefinite":
        raise Mismatch("no countable thing")
    form, other = ("are", "is") if plural else ("is", "are")
    be = Token(form, "AUX", "be", role="finite", wrong=(other,), note=" ".join(token.text for token in things))
    room = noun_phrase(draw, "the room", Subject((), "they"))
    return finished(draw, "there-is", (word("there", "PRON"), be, *things, word("in", "ADP"), *room))


def trait(draw: Draw) -> Sentence:
    """Return what somebody is."""
    subject = draw_subject(draw)
    tense = draw.rng.choice(("present", "present", "past"))
    clause = be_clause(draw, subject, tense)
    lasts = clause[-1].role != "predicate"  # good at chess, not ill
    tail = with_time(draw, "past", 0.6) if tense == "past" and not lasts else ()
    return finished(draw, "trait", (*clause, *tail))


def coordinated(draw: Draw) -> Sentence:
    """Return what two people do, or what one of them does not."""
    first = draw_event(draw, "willed")
    draw.raise_to("A2")
    if draw.rng.random() < 0.4:
        other = _another(draw, first.subject)
        joint = (Token(",", "PUNCT", ","), word("but", "CCONJ"))
        denied = (*other.tokens, Event(other, first.verb, ()).auxiliary("do"), word("n't", "PART", lemma="not"))
        return finished(draw, "but", (*first.subject.tokens, first.finite("present"), *first.rest, *joint, *denied))
    second = draw_event(draw, "willed", _another(draw, first.subject))
    if second.verb == first.verb:
        raise Mismatch("the same verb twice")
    joint = (Token(",", "PUNCT", ","), word("and", "CCONJ"))
    time = with_time(draw, "past")
    return finished(draw, "and", (*past_clause(first), *time, *joint, *past_clause(second)))


def _another(draw: Draw, subject: Subject) -> Subject:
    """Return another subject."""
    other = draw_subject(draw)
    if other.text == subject.text or "you" in (other.pronoun, subject.pronoun):
        raise Mismatch("the same subject twice")
    return other


def _as_pronoun(subject: Subject) -> Subject:
    """Return the pronoun that stands for a subject."""
    return Subject((Token(subject.pronoun, "PRON", subject.pronoun, role="subject"),), subject.pronoun)


def _condition(draw: Draw, subject: Subject, tense: str) -> Tokens:
    """Return a clause with a state that keeps people from doing things."""
    adjective = draw.adjective("state", HINDERING)
    be = Event(subject, None, ()).auxiliary("be", tense)
    return (*subject.tokens, be, Token(adjective, "ADJ", adjective, role="predicate"))


def because(draw: Draw) -> Sentence:
    """Return what somebody did not do, with the reason."""
    event = draw_event(draw, "willed")
    draw.raise_to("A2")
    verb = event.infinitive((past(event.verb),) if past(event.verb) != event.verb.lemma else (), "did")
    denied = (event.auxiliary("do", "past"), word("n't", "PART", lemma="not"), verb)
    reason = (word("because", "SCONJ"), *_condition(draw, _as_pronoun(event.subject), "past"))
    clause = (*event.subject.tokens, *denied, *event.rest, *with_time(draw, "past", 0.4))
    return finished(draw, "because", (*clause, *reason))


def rephrased(draw: Draw) -> dict[str, str]:
    """Return one thing said at three levels: two sentences (A1), because (A2), so (B1)."""
    event = draw_event(draw, "willed")
    pronoun = _as_pronoun(event.subject)
    denied = (event.auxiliary("do", "past"), word("n't", "PART", lemma="not"), event.infinitive((), "did"), *event.rest)
    hindered = _condition(draw, event.subject, "past")[len(event.subject.tokens) :]
    comma = Token(",", "PUNCT", ",")
    so = (*event.subject.tokens, *hindered, comma, word("so", "CCONJ"), *pronoun.tokens, *denied)
    first = finished(draw, "A1", (*event.subject.tokens, *hindered)).text
    return {
        "A1": f"{first} {finished(draw, 'A1', (*pronoun.tokens, *denied)).text}",
        "A2": finished(
            draw, "A2", (*event.subject.tokens, *denied, word("because", "SCONJ"), *pronoun.tokens, *hindered)
        ).text,
        "B1": finished(draw, "B1", so).text,
    }


def in_order(draw: Draw) -> dict[str, str]:
    """Return two things done one after the other, at three levels: two sentences (A1), and then (A2), before (B1)."""
    first = draw_event(draw, "willed")
    pronoun = _as_pronoun(first.subject)
    second = draw_event(draw, "willed", pronoun)
    if second.verb == first.verb:
        raise Mismatch("the same verb twice")
    one, other = _done(first), _done(second)
    subject, comma = first.subject.tokens, Token(",", "PUNCT", ",")
    then, before = word("then", "ADV"), word("before", "SCONJ")
    said = finished(draw, "A1", (*subject, *one)).text
    return {
        "A1": f"{said} {finished(draw, 'A1', (then, *pronoun.tokens, *other)).text}",
        "A2": finished(draw, "A2", (*subject, *one, word("and", "CCONJ"), then, *pronoun.tokens, *other)).text,
        "B1": finished(draw, "B1", (before, *subject, *other, comma, *pronoun.tokens, *one)).text,
    }


def _done(event: Event) -> Tokens:
    """Return verb and complement in the past."""
    return (event.finite("past"), *event.rest)


def conditional(draw: Draw) -> Sentence:
    """Return a condition and what will not happen then. Hard rows only."""
    subject = draw_subject(draw)
    event = draw_event(draw, "willed", _as_pronoun(subject))
    draw.raise_to("B1")
    condition = (word("if", "SCONJ"), *_condition(draw, subject, "present"), Token(",", "PUNCT", ","))
    denied = (word("will", "AUX", "modal"), word("not", "PART"), event.infinitive((third(event.verb.lemma),), "will"))
    rest = (*event.subject.tokens, *denied, *event.rest, *with_time(draw, "future", 0.5))
    return finished(draw, "if", (*condition, *rest))


def relative(draw: Draw) -> Sentence:
    """Return what somebody did whom a relative clause describes. Hard rows only."""
    noun = draw.noun("official")
    head = Token(noun.lemma, "NOUN", noun.lemma, number="sg", role="subject")
    who = Subject((word("the", "DET"), head), {"m": "he"}.get(noun.gender, "she"))
    event = draw_event(draw, "active", who)
    draw.raise_to("B1")
    lemma, rest = draw.rng.choice(DESCRIPTIONS)
    verb = Token(third(lemma), "VERB", lemma, role="finite", wrong=(lemma,), note=who.text)
    clause = (word("who", "PRON"), verb, *(literal(text) for text in rest.split()))
    return finished(
        draw, "relative", (*who.tokens, *clause, event.finite("past"), *event.rest, *with_time(draw, "past"))
    )


PATTERNS: dict[str, Callable[[Draw], Sentence]] = {
    "statement": statement, "negative": negative, "question": question, "modal": modal, "continuous": continuous,
    "perfect": perfect, "want-to": want_to, "there-is": there_is, "trait": trait, "and": coordinated,
    "because": because, "if": conditional, "relative": relative,
}  # fmt: skip
HARD = ("if", "relative")
