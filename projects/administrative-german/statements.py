"""What a notice states: for each kind of statement its facts, its mode, and the stems near which its facts must stand.

    statement("pay", case).facts    -> (("amount", "12000"), ("date", "2026-03-16"), ("file", "HST-2026-00417"))

The mode (must, may, not, is) is a fact as well: a duty that became an option, or a negation lost, is an error. `lax`
facts may be left out in Leichte Sprache, which does not cite laws.
"""

from collections.abc import Callable
from dataclasses import dataclass

from .cases import Case
from .facts import facts_in, law_of, office_key
from .german import Ref
from .law import basis_of

Key = tuple[str, str]
BY_KIND: dict[str, tuple[tuple[str, ...], ...]] = {
    "benefit": (
        ("grant", "change", "remedy"), ("grant", "remedy"), ("documents", "no_reply"), ("documents", "appointment"),
        ("refuse", "remedy"), ("repay", "hearing"), ("repay", "remedy"), ("appointment", "change"),
    ),
    "charge": (
        ("assess", "pay", "remedy"), ("assess", "pay", "no_delay"), ("pay", "late", "instalment"),
        ("assess", "pay", "change"), ("documents", "no_reply"), ("pay", "no_delay", "remedy"), ("refuse", "remedy"),
        ("hearing", "change"),
    ),
    "permit": (
        ("issue", "fee", "prohibit"), ("issue", "fee", "remedy"), ("documents", "no_reply"), ("refuse", "remedy"),
        ("appointment", "documents"), ("issue", "prohibit", "change"), ("hearing", "documents"),
    ),
    "fine": (
        ("fine", "costs", "pay"), ("fine", "costs", "remedy"), ("pay", "instalment", "remedy"),
        ("hearing", "documents"), ("pay", "instalment"), ("fine", "remedy"),
    ),
}  # fmt: skip


ANYWHERE = ("",)  # stems of a fact that a question asks for: any sentence may state it


@dataclass(frozen=True)
class Statement:
    """What one statement must say: its facts by value, its mode, and stems of its verbs and nouns."""

    kind: str
    mode: str  # must, may, not, is
    stems: tuple[str, ...]
    facts: tuple[Key, ...]


def statement(kind: str, case: Case) -> Statement:
    """Return a statement of a kind on a case."""
    mode, stems, facts = _SPECS[kind]
    return Statement(kind, mode, tuple(stems.split()), tuple(facts(case)))


def kinds_of(case: Case) -> tuple[tuple[str, ...], ...]:
    """Return which statements go together in a letter on a case."""
    letters = BY_KIND[case.procedure.kind]
    return tuple(letter for letter in letters if all(fits(kind, case) for kind in letter))


def fits(kind: str, case: Case) -> bool:
    """Return whether a statement can be made on a case."""
    return kind != "instalment" or case.total >= 5000


def differences(text: str, statements: list[Statement], allowed: tuple[Key, ...] = (), law: bool = True) -> list[str]:
    """Return where a text's facts are not those of the statements: the second route; [] where they agree.

    Without `law`, references need not be there, as in Leichte Sprache; `allowed` facts may be there.
    """
    read = {mention.key for mention in facts_in(text)}
    expected = {fact for item in statements for fact in item.facts if law or fact[0] != "ref"}
    read |= {fact for fact in expected if is_literal(fact, text)}
    lost = [f"lost {kind} {value}" for kind, value in sorted(expected - read)]
    return lost + [f"extra {kind} {value}" for kind, value in sorted(read - expected - set(allowed))]


def is_literal(fact: Key, text: str) -> bool:
    """Return whether a fact that is known by its words stands in a text: an office, an address, an idea ("word").

    An idea may be named in several ways, each the beginning or a part of a word: "bezahl|überweis".
    """
    kind, value, lower = *fact, text.lower()
    if kind == "word":
        return any(way in lower for way in value.split("|"))
    return kind in ("office", "text") and value.lower() in lower


def ref_key(ref: Ref) -> Key:
    """Return a law reference as a fact."""
    return "ref", f"{ref.section}|{ref.paragraph}|{law_of(ref.law)}"


def _own_ref(case: Case) -> Key:
    return ref_key(case.procedure.ref)


def _date(day: object) -> Key:
    return "date", f"{day}"[:10]


def _amount(cents: int) -> Key:
    return "amount", str(cents)


def _file(case: Case) -> Key:
    return "file", case.file


def _office(case: Case) -> Key:
    return "office", office_key(case.office.text)


def _grant(case: Case) -> list[Key]:
    span = [_date(case.valid_from), _date(case.valid_until)] if case.procedure.extra["per"] == "month" else []
    return [_date(case.applied), _amount(case.amount), *span, _own_ref(case)]


def _remedy(case: Case) -> list[Key]:
    number, unit = case.remedy_period.number, case.remedy_period.unit
    period = f"{number * 7} day" if unit == "week" else f"{number} {unit}"
    place = [] if case.remedy == "Klage" else [_office(case)]
    return [("period", period), ref_key(basis_of("remedy", case)), *place]


def _appointment(case: Case) -> list[Key]:
    time = f"{case.appointment.hour}:{case.appointment:%M}"
    return [_date(case.appointment), ("time", time), _office(case)]


# Mode, stems of words near which the facts stand (in any register), facts.
_SPECS: dict[str, tuple[str, str, Callable[[Case], list[Key]]]] = {
    "grant": ("is", "bewillig gewähr bekomm erhalten erhält zahlen_wir wir_zahlen", _grant),
    "refuse": ("not", "ableh abgeleh lehnen bewillig bekomm", lambda c: [_date(c.applied), _own_ref(c)]),
    "assess": ("must", "festgesetzt festsetz erhoben zahl kostet", lambda c: [_amount(c.amount), _own_ref(c)]),
    "pay": ("must", "entricht begleich beglich zahl überweis",
            lambda c: [_amount(c.total), _date(c.due), _file(c)]),
    "documents": ("must", "vorleg vorzuleg vorlage einreich einzureich schick bring abgeb geben_sie brauch",
                  lambda c: [_date(c.documents_until), _office(c)]),
    "no_reply": ("is", "entscheid entschied entscheidung", lambda c: [_date(c.documents_until)]),
    "change": ("must", "anzeig anzuzeig angezeig mitteil mitzuteil meld bescheid_sagen bescheid_geben",
               lambda c: [_office(c)]),
    "instalment": ("may", "rate in_kleinen_teilen", lambda c: [_date(c.due), ref_key(basis_of("instalment", c))]),
    "late": ("must", "säumn spät mehr_geld", lambda c: [("percent", "1"), ref_key(basis_of("late", c))]),
    "no_delay": ("not", "aufschieb aufgeschob verschieb schieb trotzdem", lambda c: [ref_key(basis_of("no_delay", c))]),
    "hearing": ("may", "äußer gelegenheit schreib sagen meinung stellung",
                lambda c: [_date(c.hearing_until), ref_key(basis_of("hearing", c))]),
    "remedy": ("may", "widerspr klag einspruch", _remedy),
    "issue": ("is", "ausgestellt ausstell erteil dürfen erlaub gilt gültig bekomm",
              lambda c: [_date(c.applied), _date(c.valid_from), _date(c.valid_until), _own_ref(c)]),
    "fee": ("must", "gebühr zahl entricht kost überweis", lambda c: [_amount(c.amount), _date(c.due), _file(c)]),
    "prohibit": ("not", "gestattet unzulässig untersagt dürf darf verboten", lambda c: []),
    "appointment": ("must", "vorsprache vorzusprechen vorsprech termin komm erschein",
                    lambda c: [*_appointment(c)]),
    "fine": ("must", "geldbuße geld-buße bußgeld", lambda c: [_amount(c.amount), _own_ref(c)]),
    "costs": ("is", "kosten kostet gebühr auslagen",
              lambda c: [_amount(c.fee_of_fine), _amount(c.costs), ref_key(basis_of("costs", c))]),
    "repay": ("must", "erstatt zurück",
              lambda c: [_amount(c.overpaid), _date(c.due), _file(c), ref_key(basis_of("repay", c))]),
}  # fmt: skip
