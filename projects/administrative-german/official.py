"""The official register: each statement in nominal style, passive, participles and section signs.

official.say(rng, "pay", case)      -> "Der Betrag in Höhe von 120,00 EUR ist bis zum 16.03.2026 … zu entrichten."
"""

import datetime
import random

from . import clauses
from .cases import Case
from .clauses import decision, duty, under
from .german import Noun, official_amount, official_date, upper_first
from .law import basis_of


def say(rng: random.Random, kind: str, case: Case) -> str:
    """Return a statement of a kind on a case."""
    return _SENTENCES[kind](rng, case)


def _until(day: datetime.date) -> str:
    """Return "bis zum 16.03.2026"."""
    return f"bis zum {official_date(day)}"


def _sum(cents: int) -> Noun:
    """Return "der Betrag in Höhe von 120,00 EUR"."""
    after = f"in Höhe von {official_amount(cents)}"
    return Noun(f"Betrag {after}", "m", f"Betrages {after}")


def _stating_file(rng: random.Random, case: Case) -> str:
    """Return "unter Angabe des Aktenzeichens …"."""
    return f"unter Angabe des {rng.choice(('Aktenzeichens', 'Kassenzeichens'))} {case.file}"


def _at(office: Noun) -> str:
    """Return "bei der Wohngeldstelle", "beim Steueramt"."""
    return f"bei {office.definite('dative')}".replace("bei dem ", "beim ")


def _grant(rng: random.Random, case: Case) -> str:
    each = " monatlich" if case.procedure.extra["per"] == "month" else ""
    time = f" für den Zeitraum vom {official_date(case.valid_from)} bis zum {official_date(case.valid_until)}"
    after = f"in Höhe von {official_amount(case.amount)}{each}{time if each else ''}"
    before = f"auf Ihren Antrag vom {official_date(case.applied)}"
    act = rng.choice((clauses.GRANT, clauses.ALLOW))
    return decision(rng, act, case.procedure.name, under(rng, case.procedure.ref), before, after)


def _refuse(rng: random.Random, case: Case) -> str:
    name = case.procedure.name.definite("genitive")
    act = "Gewährung" if case.procedure.kind == "benefit" else "Erteilung"
    if case.procedure.kind == "charge":
        act, name = "Befreiung", f"von {case.procedure.name.definite('dative')}"
    asked = f"vom {official_date(case.applied)} auf {act} {name}"
    request = Noun(f"Antrag {asked}", "m", f"Antrages {asked}")
    reason = f"wegen {case.procedure.extra['refusal']['official']}"
    basis = under(rng, case.procedure.ref)
    return rng.choice((
        f"Ihr {request.text} wird {basis} {reason} abgelehnt.",
        f"Die Ablehnung Ihres {request.genitive} erfolgt {basis} {reason}.",
        f"{upper_first(basis)} war Ihr {request.text} {reason} abzulehnen.",
    ))  # fmt: skip


def _assess(rng: random.Random, case: Case) -> str:
    name, amount, year = case.procedure.name, official_amount(case.amount), case.decided.year
    period, basis = f"für das Kalenderjahr {year}", under(rng, case.procedure.ref)
    return rng.choice((
        f"{upper_first(name.definite('nominative'))} {period} wird {basis} auf {amount} festgesetzt.",
        f"Die Festsetzung {name.definite('genitive')} {period} erfolgt {basis} in Höhe von {amount}.",
        f"{upper_first(basis)} wird {name.definite('nominative')} {period} in Höhe von {amount} erhoben.",
    ))  # fmt: skip


def _pay(rng: random.Random, case: Case) -> str:
    act = rng.choice((clauses.PAY, clauses.SETTLE))
    return duty(rng, act, _sum(case.total), _until(case.due), _stating_file(rng, case))


def _documents(rng: random.Random, case: Case) -> str:
    papers = "; ".join(document.official.text for document in case.documents)
    act, place = rng.choice((clauses.SUBMIT, clauses.HAND_IN)), _at(case.office)
    these = Noun("nachfolgend bezeichneten Unterlagen", "p", "nachfolgend bezeichneten Unterlagen")
    return duty(rng, act, these, _until(case.documents_until), place)[:-1] + f": {papers}."


def _no_reply(rng: random.Random, case: Case) -> str:
    day = official_date(case.documents_until)
    return rng.choice((
        f"Nach fruchtlosem Ablauf der am {day} endenden Frist wird ohne die angeforderten Unterlagen entschieden.",
        f"Bei nicht fristgerechtem Eingang der Unterlagen bis zum {day} ergeht eine Entscheidung nach Aktenlage.",
        f"Sofern die angeforderten Unterlagen bis zum {day} nicht vorliegen, wird nach Lage der Akten entschieden.",
    ))  # fmt: skip


def _change(rng: random.Random, case: Case) -> str:
    event, office = Noun(*case.procedure.extra["change"]["official"]), case.office.definite("dative")
    act = rng.choice((clauses.NOTIFY, clauses.INFORM))
    return rng.choice((
        f"{upper_first(event.definite('nominative'))} {event.be} {office} unverzüglich {act.infinitive}.",
        f"Sie sind verpflichtet, {event.definite('accusative')} {office} unverzüglich {act.infinitive}.",
        f"Die {act.noun.text} {event.definite('genitive')} hat unverzüglich gegenüber {office} zu erfolgen.",
    ))  # fmt: skip


def _instalment(rng: random.Random, case: Case) -> str:
    basis, day = basis_of("instalment", case).official(), official_date(case.due)
    return rng.choice((
        f"Auf schriftlichen, bis zum {day} zu stellenden Antrag kann nach {basis} Ratenzahlung bewilligt werden.",
        f"Die Bewilligung von Ratenzahlung ist nach {basis} möglich; ein entsprechender Antrag ist bis zum {day} "
        "zulässig.",
        f"Gemäß {basis} kann bei Vorliegen wirtschaftlicher Gründe auf einen bis zum {day} eingehenden Antrag "
        "Ratenzahlung gestattet werden.",
    ))  # fmt: skip


def _late(rng: random.Random, case: Case) -> str:
    basis = basis_of("late", case).official()
    rate = rng.choice(("1 vom Hundert", "1 v. H.", "1 Prozent"))
    return rng.choice((
        f"Bei nicht fristgerechter Entrichtung ist gemäß {basis} für jeden angefangenen Monat der Säumnis ein "
        f"Säumniszuschlag in Höhe von {rate} des abgerundeten rückständigen Betrages zu entrichten.",
        f"Im Falle der Säumnis erfolgt nach {basis} die Erhebung eines Säumniszuschlages von {rate} des abgerundeten "
        "rückständigen Betrages je angefangenem Monat.",
    ))  # fmt: skip


def _no_delay(rng: random.Random, case: Case) -> str:
    basis = basis_of("no_delay", case).official()
    act = {"Widerspruch": "Einlegung eines Widerspruchs", "Klage": "Erhebung einer Klage"}[case.remedy]
    return rng.choice((
        f"Die {act} entfaltet gemäß {basis} hinsichtlich der Zahlungspflicht keine aufschiebende Wirkung.",
        f"Durch die {act} wird die Zahlungspflicht nach {basis} nicht aufgeschoben.",
    ))  # fmt: skip


def _hearing(rng: random.Random, case: Case) -> str:
    basis, day = under(rng, basis_of("hearing", case)), official_date(case.hearing_until)
    return rng.choice((
        f"Ihnen wird {basis} Gelegenheit gegeben, sich bis zum {day} zu den entscheidungserheblichen Tatsachen zu "
        "äußern.",
        f"{upper_first(basis)} besteht für Sie die Möglichkeit der schriftlichen Äußerung bis zum {day}.",
    ))  # fmt: skip


def _remedy(rng: random.Random, case: Case) -> str:
    basis, time = basis_of("remedy", case).official(), case.remedy_period.genitive()
    if case.remedy == "Klage":
        return rng.choice((
            f"Gegen diesen Bescheid kann gemäß {basis} innerhalb {time} nach Bekanntgabe Klage beim zuständigen "
            "Verwaltungsgericht erhoben werden.",
            f"Die Erhebung der Klage gegen diesen Bescheid ist nach {basis} innerhalb {time} nach dessen Bekanntgabe "
            "beim zuständigen Verwaltungsgericht zulässig.",
        ))  # fmt: skip
    after = "Zustellung" if case.remedy == "Einspruch" else "Bekanntgabe"
    place = _at(case.office)
    return rng.choice((
        f"Gegen diesen Bescheid kann gemäß {basis} innerhalb {time} nach {after} {place} schriftlich oder zur "
        f"Niederschrift {case.remedy} eingelegt werden.",
        f"Die Einlegung des {case.remedy}s gegen diesen Bescheid ist nach {basis} innerhalb {time} nach dessen {after} "
        f"{place} schriftlich oder zur Niederschrift zulässig.",
    ))  # fmt: skip


def _issue(rng: random.Random, case: Case) -> str:
    act = clauses.ISSUE if case.procedure.extra["verb"] == "ausgestellt" else clauses.CONCEDE
    time = f"für die Zeit vom {official_date(case.valid_from)} bis zum {official_date(case.valid_until)}"
    before = f"auf Ihren Antrag vom {official_date(case.applied)}"
    return decision(rng, act, case.procedure.name, under(rng, case.procedure.ref), before, time)


def _fee(rng: random.Random, case: Case) -> str:
    amount, until, stating = official_amount(case.amount), _until(case.due), _stating_file(rng, case)
    return rng.choice((
        f"Für die Amtshandlung wird eine Verwaltungsgebühr in Höhe von {amount} erhoben, die {until} {stating} zu "
        "entrichten ist.",
        f"Die für die Amtshandlung zu erhebende Verwaltungsgebühr beläuft sich auf {amount}; sie ist {until} {stating} "
        "zu entrichten.",
        f"Die Entrichtung der Verwaltungsgebühr in Höhe von {amount} hat {until} {stating} zu erfolgen.",
    ))  # fmt: skip


def _prohibit(rng: random.Random, case: Case) -> str:
    act = Noun(*case.procedure.extra["prohibit"]["official"])
    ending = rng.choice(("ist nicht gestattet", "ist unzulässig", "ist untersagt"))
    return f"{upper_first(act.definite('nominative'))} {ending}."


def _appointment(rng: random.Random, case: Case) -> str:
    day, time = official_date(case.appointment.date()), f"{case.appointment:%H:%M} Uhr"
    place = f"{_at(case.office)}, {case.street},"
    return rng.choice((
        f"Zur persönlichen Vorsprache am {day} um {time} {place} wird hiermit gebeten.",
        f"Ihre persönliche Vorsprache {place} am {day} um {time} ist zur weiteren Bearbeitung erforderlich.",
        f"Sie werden aufgefordert, am {day} um {time} {place} persönlich vorzusprechen.",
    ))  # fmt: skip


def _fine(rng: random.Random, case: Case) -> str:
    offence, amount = case.procedure.extra["offence"]["official"], official_amount(case.amount)
    basis = under(rng, case.procedure.ref)
    return rng.choice((
        f"Gegen Sie wird wegen {offence} {basis} eine Geldbuße in Höhe von {amount} festgesetzt.",
        f"Die Festsetzung einer Geldbuße in Höhe von {amount} gegen Sie erfolgt {basis} wegen {offence}.",
        f"Wegen {offence} wird {basis} gegen Sie eine Geldbuße in Höhe von {amount} verhängt.",
    ))  # fmt: skip


def _costs(rng: random.Random, case: Case) -> str:
    basis = basis_of("costs", case).official()
    fee, outlay = official_amount(case.fee_of_fine), official_amount(case.costs)
    return rng.choice((
        f"Die Kosten des Verfahrens, bestehend aus einer Gebühr in Höhe von {fee} und Auslagen in Höhe von {outlay}, "
        f"werden Ihnen gemäß {basis} auferlegt.",
        f"Nach {basis} sind als Kosten des Verfahrens eine Gebühr in Höhe von {fee} sowie Auslagen in Höhe von "
        f"{outlay} zu tragen.",
    ))  # fmt: skip


def _repay(rng: random.Random, case: Case) -> str:
    basis = under(rng, basis_of("repay", case))
    after = f"in Höhe von {official_amount(case.overpaid)}"
    thing = Noun(f"überzahlte Betrag {after}", "m", f"überzahlten Betrages {after}")
    stating, until = _stating_file(rng, case), _until(case.due)
    return rng.choice((
        f"Der {thing.text} ist {basis} {until} {stating} zu erstatten.",
        f"Die Erstattung des {thing.genitive} hat {basis} {until} {stating} zu erfolgen.",
    ))  # fmt: skip


_SENTENCES = {
    "grant": _grant, "refuse": _refuse, "assess": _assess, "pay": _pay, "documents": _documents, "no_reply": _no_reply,
    "change": _change, "instalment": _instalment, "late": _late, "no_delay": _no_delay, "hearing": _hearing,
    "remedy": _remedy, "issue": _issue, "fee": _fee, "prohibit": _prohibit, "appointment": _appointment, "fine": _fine,
    "costs": _costs, "repay": _repay,
}  # fmt: skip


def letter(rng: random.Random, kinds: list[str], case: Case) -> str:
    """Return an official letter: head, subject, statements as paragraphs, greeting."""
    first = "" if "remedy" in kinds else kinds[0]  # what can be appealed against is a decision
    subject = {"documents": "Anforderung von Unterlagen", "hearing": "Anhörung", "appointment": "Terminladung"}.get(
        first, "Bußgeldbescheid" if case.procedure.kind == "fine" else "Bescheid"
    )
    about = "" if case.procedure.kind == "fine" else f" – {case.procedure.name.text}"
    title, name = case.salutation.split(" ", 1)
    greeting = f"Sehr geehrte{'r' if title == 'Herr' else ''} {title} {name},"
    head = f"Stadt {case.town.name} · {case.office.text} · {case.street}"
    body = [say(rng, kind, case) for kind in kinds]
    return "\n\n".join([
        f"{head}\nAktenzeichen: {case.file}\nDatum: {official_date(case.decided)}",
        f"{subject}{about}", greeting, *body, "Im Auftrag",
    ])  # fmt: skip
