"""Answers to citizens: a question on a letter, answered with the one fact that it asks for.

    problem = FORMS["citizen"](rng, case)

A question is on a fact of a statement ("Bis wann muss ich zahlen?"). The letter has two official sentences, in the hard
set a head and five. One question in seven asks for what the letter does not say: then the answer says so. The answer is
read back, and must have the asked fact and no other.

Not covered: questions that need more than the letter.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

from . import official
from .cases import Case
from .german import long_date, plain_amount
from .statements import ANYWHERE, Statement, fits, kinds_of, statement
from .tasks import Mismatch, Problem, checked, head_facts, letter_kinds

NOT_THERE = "Das steht nicht in dem Brief. Bitte fragen Sie bei uns nach."


@dataclass(frozen=True)
class Asked:
    """What a citizen asks: on which fact of which statement, its name in a document, and the answer."""

    kind: str
    facts: tuple[int, ...]  # places in the statement's facts
    line: str
    answer: Callable[[Case], str]


def _act(case: Case) -> str:
    return "klagen" if case.remedy == "Klage" else f"{case.remedy} einlegen"


ASKED: dict[str, Asked] = {
    "pay-until": Asked("pay", (1,), "zahlen bis wann", lambda c: f"Bitte zahlen Sie bis {long_date(c.due)}."),
    "pay-amount": Asked("pay", (0,), "zahlen wie viel", lambda c: f"Bitte zahlen Sie {plain_amount(c.total)}."),
    "pay-file": Asked("pay", (2,), "Zeichen",
                      lambda c: f"Bitte geben Sie bei der Zahlung dieses Zeichen an: {c.file}."),
    "fee-until": Asked("fee", (1,), "Gebühr bis wann",
                       lambda c: f"Bitte zahlen Sie die Gebühr bis {long_date(c.due)}."),
    "fee-amount": Asked("fee", (0,), "Gebühr wie viel",
                        lambda c: f"Sie müssen eine Gebühr von {plain_amount(c.amount)} zahlen."),
    "repay-until": Asked("repay", (1,), "zurückzahlen bis wann",
                         lambda c: f"Bitte zahlen Sie das Geld bis {long_date(c.due)} zurück."),
    "repay-amount": Asked("repay", (0,), "zurückzahlen wie viel",
                          lambda c: f"Bitte zahlen Sie {plain_amount(c.overpaid)} zurück."),
    "papers-until": Asked("documents", (0,), "Unterlagen bis wann",
                          lambda c: f"Bitte schicken Sie die Unterlagen bis {long_date(c.documents_until)}."),
    "papers-where": Asked("documents", (1,), "Unterlagen wohin",
                          lambda c: f"Bitte schicken Sie die Unterlagen an diese Stelle: {c.office.text}."),
    "comment-until": Asked("hearing", (0,), "äußern bis wann",
                           lambda c: f"Sie können sich bis {long_date(c.hearing_until)} dazu äußern."),
    "instalment-until": Asked("instalment", (0,), "Raten bis wann",
                              lambda c: f"Sie können die Raten bis {long_date(c.due)} beantragen."),
    "remedy-time": Asked("remedy", (0,), "Rechtsbehelf wie lange", lambda c: f"Sie können {_act(c)}. Dafür haben Sie "
                         f"{c.remedy_period.accusative()} Zeit."),
    "grant-amount": Asked("grant", (1,), "Geld wie viel", lambda c: f"Sie bekommen {plain_amount(c.amount)}."),
    "appointment-when": Asked("appointment", (0, 1), "Termin wann", lambda c: "Bitte kommen Sie am "
                              f"{long_date(c.appointment.date())} um {c.appointment:%H:%M} Uhr."),
    "permit-until": Asked("issue", (2,), "Erlaubnis bis wann",
                          lambda c: f"Die Erlaubnis gilt bis zum {long_date(c.valid_until)}."),
}  # fmt: skip


def citizen(rng: random.Random, case: Case, hard: bool = False) -> Problem:
    """A question on a letter, and its answer in one or two sentences; raises Mismatch."""
    kinds = letter_kinds(rng, case, hard) if hard else list(rng.choice(kinds_of(case)))[:2]
    stated = [statement(kind, case) for kind in kinds]
    head = head_facts(case) if hard else ()
    text = official.letter(rng, kinds, case) if hard else " ".join(official.say(rng, kind, case) for kind in kinds)
    source = checked(text, stated, head)
    name = _draw_question(rng, case, kinds)
    asked = ASKED[name]
    if asked.kind in kinds:
        whole = statement(asked.kind, case)
        item = Statement(asked.kind, whole.mode, ANYWHERE, tuple(whole.facts[index] for index in asked.facts))
        answer = checked(asked.answer(case), [item])
    else:
        item, answer = Statement("unknown", "not", ("steht", "brief", "schreiben", "angabe"), ()), NOT_THERE
    return Problem(
        "citizen", f"citizen-{name}", source, answer, "short", (item,), case, line=asked.line,
        language=rng.choice(("de", "en", "easy")), meta={"asked": name},
    )  # fmt: skip


def _draw_question(rng: random.Random, case: Case, kinds: list[str]) -> str:
    """Return a question on what a letter states, one in seven on what it does not; raises Mismatch."""
    absent = rng.random() < 1 / 7
    names = [name for name, asked in ASKED.items() if (asked.kind in kinds) != absent and _exists(asked, case)]
    if not names:
        raise Mismatch("no question")
    return rng.choice(names)


def _exists(asked: Asked, case: Case) -> bool:
    """Return whether a case of this kind of procedure can have what is asked."""
    return fits(asked.kind, case) and any(asked.kind in letter for letter in kinds_of(case))


FORMS = {"citizen": citizen}
