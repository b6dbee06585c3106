"""The plain register: each statement in short active sentences, from verbs, to the reader.

    plain.say(rng, "pay", case)     -> "Bitte zahlen Sie 120 Euro bis Montag, 16. März 2026. …"

Every fact of the official register comes back: dates with their weekday where something is to be done, laws in words.
"""

import datetime
import random

from .cases import Case
from .german import long_date, plain_amount, plain_date, upper_first
from .law import basis_of


def say(rng: random.Random, kind: str, case: Case) -> str:
    """Return a statement of a kind on a case, in one to four sentences."""
    return _SENTENCES[kind](rng, case)


def _source(rng: random.Random, ref: str) -> str:
    """Return the sentence that names the law."""
    return rng.choice((f"Das steht in {ref}.", f"Die Regel dazu steht in {ref}.", f"Grundlage ist {ref}."))


def _to_office(case: Case) -> str:
    """Return "an das Steueramt"."""
    return f"an {case.office.definite('accusative')}"


def _at_office(case: Case) -> str:
    """Return "beim Steueramt"."""
    return f"bei {case.office.definite('dative')}".replace("bei dem ", "beim ")


def _file(rng: random.Random, case: Case) -> str:
    """Return the sentence that asks for the file number."""
    return rng.choice((
        f"Geben Sie dabei dieses Zeichen an: {case.file}.",
        f"Schreiben Sie bei der Zahlung dieses Zeichen dazu: {case.file}.",
        f"Nennen Sie dabei bitte dieses Zeichen: {case.file}.",
    ))  # fmt: skip


def _span(start: datetime.date, end: datetime.date) -> str:
    """Return "vom 1. April 2026 bis zum 31. März 2027"."""
    return f"vom {long_date(start)} bis zum {long_date(end)}"


def _grant(rng: random.Random, case: Case) -> str:
    name, amount = case.procedure.name, plain_amount(case.amount)
    monthly = case.procedure.extra["per"] == "month"
    each = f"{amount} im Monat" if monthly else f"einmalig {amount}"
    asked = rng.choice((
        f"Sie haben am {long_date(case.applied)} {name.definite('accusative')} beantragt.",
        f"Wir haben über Ihren Antrag vom {long_date(case.applied)} entschieden.",
    ))  # fmt: skip
    get = rng.choice((f"Sie bekommen {each}.", f"Wir zahlen Ihnen {each}."))
    time = f" Das Geld bekommen Sie {_span(case.valid_from, case.valid_until)}." if monthly else ""
    return f"{asked} {get}{time} {_source(rng, case.procedure.ref.plain())}"


def _refuse(rng: random.Random, case: Case) -> str:
    day, source = long_date(case.applied), _source(rng, case.procedure.ref.plain())
    reason = case.procedure.extra["refusal"]["plain"]
    return rng.choice((
        f"Wir können Ihren Antrag vom {day} leider nicht bewilligen. {source} {reason}",
        f"Wir lehnen Ihren Antrag vom {day} ab. {reason} {source}",
    ))  # fmt: skip


def _assess(rng: random.Random, case: Case) -> str:
    name, amount, year = case.procedure.name, plain_amount(case.amount), case.decided.year
    source = _source(rng, case.procedure.ref.plain())
    return rng.choice((
        f"Für das Jahr {year} müssen Sie {name.definite('accusative')} zahlen. Das sind {amount}. {source}",
        f"{case.procedure.gloss} Für das Jahr {year} müssen Sie {amount} zahlen. {source}",
        f"{upper_first(name.definite('nominative'))} kostet Sie {amount} im Jahr {year}. Diesen Betrag müssen Sie "
        f"zahlen. {source}",
    ))  # fmt: skip


def _pay(rng: random.Random, case: Case) -> str:
    amount, day = plain_amount(case.total), plain_date(case.due)
    return rng.choice((
        f"Bitte zahlen Sie {amount} bis {day}. {_file(rng, case)}",
        f"Sie müssen {amount} zahlen. Das Geld muss bis {day} bei uns sein. {_file(rng, case)}",
        f"Bitte überweisen Sie uns {amount} bis {day}. {_file(rng, case)}",
    ))  # fmt: skip


def _documents(rng: random.Random, case: Case) -> str:
    day, papers = plain_date(case.documents_until), [document.plain for document in case.documents]
    if len(papers) == 1:
        return rng.choice((
            f"Wir brauchen noch etwas von Ihnen. Bitte schicken Sie uns {papers[0]}. Der Brief muss bis {day} "
            f"{_at_office(case)} sein.",
            f"Bitte schicken Sie bis {day} {_to_office(case)}: {papers[0]}.",
        ))  # fmt: skip
    listing = "\n".join(f"- {paper}" for paper in papers)
    return rng.choice((
        f"Wir brauchen noch Unterlagen von Ihnen. Bitte schicken Sie uns bis {day}:\n{listing}\nSchicken Sie alles "
        f"{_to_office(case)}.",
        f"Bitte schicken Sie diese Unterlagen bis {day} {_to_office(case)}:\n{listing}",
    ))  # fmt: skip


def _no_reply(rng: random.Random, case: Case) -> str:
    day = plain_date(case.documents_until)
    return rng.choice((
        f"Kommen die Unterlagen nicht bis {day}? Dann entscheiden wir ohne sie.",
        f"Wenn die Unterlagen bis {day} nicht da sind, entscheiden wir ohne sie.",
    ))  # fmt: skip


def _change(rng: random.Random, case: Case) -> str:
    clause = case.procedure.extra["change"]["plain"]
    return rng.choice((
        f"Sie müssen uns sofort Bescheid sagen, wenn {clause}. Melden Sie sich {_at_office(case)}.",
        f"Bitte melden Sie sich sofort {_at_office(case)}, wenn {clause}.",
    ))  # fmt: skip


def _instalment(rng: random.Random, case: Case) -> str:
    day, source = plain_date(case.due), _source(rng, basis_of("instalment", case).plain())
    return rng.choice((
        f"Können Sie nicht alles auf einmal zahlen? Dann können Sie bis {day} eine Ratenzahlung beantragen. {source}",
        f"Sie können auch in Raten zahlen. Dafür brauchen wir bis {day} einen Antrag von Ihnen. {source}",
    ))  # fmt: skip


def _late(rng: random.Random, case: Case) -> str:
    source = _source(rng, basis_of("late", case).plain())
    return rng.choice((
        "Wenn Sie zu spät zahlen, müssen Sie mehr zahlen. Für jeden angefangenen Monat kommt 1 Prozent der Summe dazu. "
        f"Das heißt Säumniszuschlag. {source}",
        "Zahlen Sie zu spät? Dann müssen Sie einen Säumniszuschlag zahlen: 1 Prozent der Summe für jeden angefangenen "
        f"Monat. {source}",
    ))  # fmt: skip


def _no_delay(rng: random.Random, case: Case) -> str:
    source = _source(rng, basis_of("no_delay", case).plain())
    act = {"Widerspruch": "Sie Widerspruch einlegen", "Klage": "Sie klagen"}[case.remedy]
    return rng.choice((
        f"Auch wenn {act}, verschiebt sich die Zahlung nicht. {source}",
        f"Wenn {act}, schiebt das die Zahlung nicht auf. {source}",
    ))  # fmt: skip


def _hearing(rng: random.Random, case: Case) -> str:
    day, source = plain_date(case.hearing_until), _source(rng, basis_of("hearing", case).plain())
    return rng.choice((
        f"Sie können uns bis {day} schreiben, was Sie dazu sagen möchten. {source}",
        f"Möchten Sie etwas dazu sagen? Dann können Sie sich bis {day} schriftlich äußern. {source}",
    ))  # fmt: skip


def _remedy(rng: random.Random, case: Case) -> str:
    source = _source(rng, basis_of("remedy", case).plain())
    act = {"Widerspruch": "Widerspruch einlegen", "Einspruch": "Einspruch einlegen", "Klage": "klagen"}[case.remedy]
    place = "beim zuständigen Verwaltungsgericht" if case.remedy == "Klage" else _at_office(case)
    time = case.remedy_period.accusative()
    opening = rng.choice(
        ("Sind Sie nicht einverstanden? Dann können Sie", "Wenn Sie nicht einverstanden sind, können Sie")
    )
    how = rng.choice((
        f"Dafür haben Sie {time} Zeit, nachdem Sie diesen Bescheid bekommen haben.",
        f"Sie haben dafür {time} Zeit. Die Zeit beginnt, wenn Sie diesen Bescheid bekommen haben.",
    ))  # fmt: skip
    return f"{opening} {place} {act}. {how} {source}"


def _issue(rng: random.Random, case: Case) -> str:
    name, source = case.procedure.name, _source(rng, case.procedure.ref.plain())
    allowed, time = case.procedure.extra["allowed"], _span(case.valid_from, case.valid_until)
    asked = f"Sie haben am {long_date(case.applied)} {name.definite('accusative')} beantragt."
    return rng.choice((
        f"{asked} Sie dürfen {allowed}. Das gilt {time}. {source}",
        f"{asked} Wir erlauben es Ihnen: Sie dürfen {time} {allowed}. {source}",
    ))  # fmt: skip


def _fee(rng: random.Random, case: Case) -> str:
    amount, day = plain_amount(case.amount), plain_date(case.due)
    return rng.choice((
        f"Dafür müssen Sie eine Gebühr von {amount} zahlen. Bitte zahlen Sie bis {day}. {_file(rng, case)}",
        f"Das kostet {amount}. Bitte überweisen Sie die Gebühr bis {day}. {_file(rng, case)}",
    ))  # fmt: skip


def _prohibit(rng: random.Random, case: Case) -> str:
    what = case.procedure.extra["prohibit"]["plain"]
    return rng.choice((f"Sie dürfen {what}.", f"Wichtig: Sie dürfen {what}."))


def _appointment(rng: random.Random, case: Case) -> str:
    when = f"am {plain_date(case.appointment.date())}, um {case.appointment:%H:%M} Uhr"
    return rng.choice((
        f"Bitte kommen Sie {when} zu uns. Sie finden uns hier: {case.office.text}, {case.street}.",
        f"Sie haben einen Termin: {when}. Bitte kommen Sie dann {_to_office(case).replace('an ', 'in ', 1)}, "
        f"{case.street}.",
        f"Wir möchten mit Ihnen sprechen. Bitte kommen Sie {when} zu uns. Der Ort ist: {case.office.text}, "
        f"{case.street}.",
    ))  # fmt: skip


def _fine(rng: random.Random, case: Case) -> str:
    offence, amount = case.procedure.extra["offence"]["plain"], plain_amount(case.amount)
    source = _source(rng, case.procedure.ref.plain())
    return rng.choice((
        f"{offence} Dafür müssen Sie eine Geldbuße von {amount} zahlen. {source}",
        f"{offence} Das ist verboten. Deshalb müssen Sie {amount} Geldbuße zahlen. {source}",
    ))  # fmt: skip


def _costs(rng: random.Random, case: Case) -> str:
    source = _source(rng, basis_of("costs", case).plain())
    fee, outlay = plain_amount(case.fee_of_fine), plain_amount(case.costs)
    return rng.choice((
        f"Dazu kommen die Kosten für das Verfahren: {fee} Gebühr und {outlay} Auslagen, zum Beispiel für die Post. "
        f"{source}",
        f"Sie müssen auch das Verfahren bezahlen. Es kostet {fee} Gebühr und {outlay} Auslagen. {source}",
    ))  # fmt: skip


def _repay(rng: random.Random, case: Case) -> str:
    amount, day = plain_amount(case.overpaid), plain_date(case.due)
    source = _source(rng, basis_of("repay", case).plain())
    return rng.choice((
        f"Sie haben {amount} zu viel bekommen. Bitte zahlen Sie das Geld bis {day} zurück. {source} {_file(rng, case)}",
        f"Wir haben Ihnen zu viel gezahlt. Bitte zahlen Sie {amount} bis {day} zurück. {_file(rng, case)} {source}",
    ))  # fmt: skip


_SENTENCES = {
    "grant": _grant, "refuse": _refuse, "assess": _assess, "pay": _pay, "documents": _documents, "no_reply": _no_reply,
    "change": _change, "instalment": _instalment, "late": _late, "no_delay": _no_delay, "hearing": _hearing,
    "remedy": _remedy, "issue": _issue, "fee": _fee, "prohibit": _prohibit, "appointment": _appointment, "fine": _fine,
    "costs": _costs, "repay": _repay,
}  # fmt: skip


def letter(rng: random.Random, kinds: list[str], case: Case) -> str:
    """Return the plain letter: greeting, statements as paragraphs, greeting."""
    body = [say(rng, kind, case) for kind in kinds]
    return "\n\n".join([f"Guten Tag, {case.salutation},", *body, "Mit freundlichen Grüßen"])
