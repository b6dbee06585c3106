"""Short forms: one or two official sentences as brief plain German, as Leichte Sprache, or as JSON.

    problem = FORMS["short-plain"](rng, case)

Each kind of statement has one plain sentence here, without weekday and with the law's abbreviation, so that the answer
follows from the question alone: a small model can learn it. The kinds are those whose words do not depend on the
procedure. Both texts are read back.

Not covered: whole letters (tasks.py).
"""

import random

from . import easy, official
from .cases import Case
from .german import Ref, long_date, plain_amount
from .law import basis_of
from .statements import Statement, fits, kinds_of, statement
from .tasks import FIELDS, Mismatch, Problem, checked, json_problem

PLAIN_KINDS = ("grant", "assess", "pay", "fee", "repay", "no_reply", "hearing", "instalment", "remedy", "appointment",
               "costs", "late", "no_delay")  # fmt: skip
EASY_KINDS = tuple(kind for kind in PLAIN_KINDS if kind not in ("grant", "assess"))  # these two explain the procedure
# What small models cannot copy: behind a quotation mark a name is cut into other tokens than behind a blank.
SHORT_FIELDS = {key: name for key, name in FIELDS.items() if name not in ("amt", "zeichen", "rechtsgrundlage")}


def short_plain(rng: random.Random, case: Case, hard: bool = False) -> Problem:
    """One official sentence in brief plain German; raises Mismatch."""
    kind = _kind(rng, case, PLAIN_KINDS)
    stated = [statement(kind, case)]
    source = checked(official.say(rng, kind, case), stated)
    answer = checked(say(kind, case), stated)
    return Problem("short-plain", "short-plain", source, answer, "plain", tuple(stated), case, line="kurz und klar")


def short_easy(rng: random.Random, case: Case, hard: bool = False) -> Problem:
    """One official sentence in Leichte Sprache; raises Mismatch."""
    kind = _kind(rng, case, EASY_KINDS)
    stated = statement(kind, case)
    source = checked(official.say(rng, kind, case), [stated])
    answer = checked(easy.say(kind, case), [stated], law=False)
    refs = tuple(fact for fact in stated.facts if fact[0] == "ref")
    bare = Statement(kind, stated.mode, stated.stems, tuple(fact for fact in stated.facts if fact not in refs))
    return Problem(
        "short-easy", "short-easy", source, answer, "easy", (bare,), case, optional=refs, line="Leichte Sprache"
    )


def short_json(rng: random.Random, case: Case, hard: bool = False) -> Problem:
    """Dates and amounts of one or two official sentences as JSON; raises Mismatch."""
    kinds = [kind for kind in rng.choice(kinds_of(case)) if kind in {kind for kind, _ in SHORT_FIELDS}][:2]
    if not kinds:
        raise Mismatch("no field")
    stated = [statement(kind, case) for kind in kinds]
    source = checked(" ".join(official.say(rng, kind, case) for kind in kinds), stated)
    return json_problem(rng, case, "short-json", source, stated, SHORT_FIELDS, most=3)


def _kind(rng: random.Random, case: Case, allowed: tuple[str, ...]) -> str:
    """Return a kind of statement on a case, each as often; raises Mismatch where a case has none."""
    kinds = sorted({kind for letter in kinds_of(case) for kind in letter if kind in allowed and fits(kind, case)})
    if not kinds:
        raise Mismatch("no such statement")
    return rng.choice(kinds)


def say(kind: str, case: Case) -> str:
    """Return a statement of a kind on a case in its one plain wording."""
    return _SENTENCES[kind](case)


def _source(ref: Ref) -> str:
    return f"Das steht in {ref.official().replace('Abs.', 'Absatz')}."


def _file(case: Case) -> str:
    return f"Geben Sie dabei dieses Zeichen an: {case.file}."


def _grant(case: Case) -> str:
    monthly = case.procedure.extra["per"] == "month"
    each = f"{plain_amount(case.amount)} im Monat" if monthly else f"einmalig {plain_amount(case.amount)}"
    span = f" Das gilt vom {long_date(case.valid_from)} bis zum {long_date(case.valid_until)}." if monthly else ""
    asked = f"Wir haben über Ihren Antrag vom {long_date(case.applied)} entschieden."
    return f"{asked} Sie bekommen {each}.{span} {_source(case.procedure.ref)}"


def _remedy(case: Case) -> str:
    act = "klagen" if case.remedy == "Klage" else f"{case.remedy} einlegen"
    office = f"bei {case.office.definite('dative')}".replace("bei dem ", "beim ")
    place = "beim Verwaltungsgericht" if case.remedy == "Klage" else office
    return (f"Wenn Sie nicht einverstanden sind, können Sie {place} {act}. Dafür haben Sie "
            f"{case.remedy_period.accusative()} Zeit, nachdem Sie diesen Bescheid bekommen haben. "
            f"{_source(basis_of('remedy', case))}")  # fmt: skip


def _appointment(case: Case) -> str:
    day, time = long_date(case.appointment.date()), f"{case.appointment:%H:%M} Uhr"
    return f"Bitte kommen Sie am {day} um {time} zu uns. Sie finden uns hier: {case.office.text}, {case.street}."


def _no_delay(case: Case) -> str:
    act = {"Widerspruch": "Sie Widerspruch einlegen", "Klage": "Sie klagen"}[case.remedy]
    return f"Auch wenn {act}, verschiebt sich die Zahlung nicht. {_source(basis_of('no_delay', case))}"


_SENTENCES = {
    "grant": _grant, "remedy": _remedy, "appointment": _appointment, "no_delay": _no_delay,
    "assess": lambda c: f"Für das Jahr {c.decided.year} müssen Sie {plain_amount(c.amount)} zahlen. "
    + _source(c.procedure.ref),
    "pay": lambda c: f"Bitte zahlen Sie {plain_amount(c.total)} bis {long_date(c.due)}. {_file(c)}",
    "fee": lambda c: f"Bitte zahlen Sie die Gebühr von {plain_amount(c.amount)} bis {long_date(c.due)}. {_file(c)}",
    "repay": lambda c: f"Bitte zahlen Sie {plain_amount(c.overpaid)} bis {long_date(c.due)} zurück. {_file(c)} "
    + _source(basis_of("repay", c)),
    "no_reply": lambda c: f"Wenn die Unterlagen bis {long_date(c.documents_until)} nicht da sind, entscheiden wir "
    "ohne sie.",
    "hearing": lambda c: f"Sie können uns bis {long_date(c.hearing_until)} schreiben, was Sie dazu sagen möchten. "
    + _source(basis_of("hearing", c)),
    "instalment": lambda c: f"Sie können auch in Raten zahlen. Dafür brauchen wir bis {long_date(c.due)} einen Antrag "
    f"von Ihnen. {_source(basis_of('instalment', c))}",
    "costs": lambda c: f"Das Verfahren kostet {plain_amount(c.fee_of_fine)} Gebühr und {plain_amount(c.costs)} "
    f"Auslagen. {_source(basis_of('costs', c))}",
    "late": lambda c: "Wenn Sie zu spät zahlen, müssen Sie mehr zahlen: 1 Prozent für jeden angefangenen Monat. "
    + _source(basis_of("late", c)),
}  # fmt: skip

FORMS = {"short-plain": short_plain, "short-easy": short_easy, "short-json": short_json}
