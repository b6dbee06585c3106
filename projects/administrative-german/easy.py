"""Leichte Sprache: one statement a sentence, one sentence a line, no passive, no genitive, long words with hyphens.

    easy.say("pay", case)       -> "Sie müssen 120 Euro bezahlen.\nBezahlen Sie bis zum 16. März 2026. …"

Laws are left out, as Leichte Sprache does; dates, amounts, offices and file numbers stay. The rules are those of the
Netzwerk Leichte Sprache; a text that is published should be read by its readers first.
"""

from .cases import Case
from .german import long_date, plain_amount


def say(kind: str, case: Case) -> str:
    """Return a statement of a kind on a case, a sentence a line."""
    return "\n".join(_SENTENCES[kind](case))


def office_of(case: Case) -> str:
    """Return the name of the office in charge, as it stands on the door."""
    return case.office.text


def _split(text: str) -> list[str]:
    """Return a text's sentences."""
    return [f"{part.strip().rstrip('.?')}{'?' if part.strip().endswith('?') else '.'}" for part in text.split(". ")]


def _grant(case: Case) -> list[str]:
    monthly = case.procedure.extra["per"] == "month"
    lines = [*case.procedure.easy_gloss, f"Sie haben am {long_date(case.applied)} einen Antrag gestellt."]
    lines.append(f"Sie bekommen {plain_amount(case.amount)}{' im Monat' if monthly else ''}.")
    if monthly:
        lines += [f"Sie bekommen das Geld ab dem {long_date(case.valid_from)}.",
                  f"Sie bekommen das Geld bis zum {long_date(case.valid_until)}."]  # fmt: skip
    return lines


def _refuse(case: Case) -> list[str]:
    return [f"Sie haben am {long_date(case.applied)} einen Antrag gestellt.", "Das Amt sagt: Nein.",
            "Sie bekommen das nicht.", "Der Grund ist:", *_split(case.procedure.extra["refusal"]["easy"])]  # fmt: skip


def _assess(case: Case) -> list[str]:
    return [*case.procedure.easy_gloss, f"Im Jahr {case.decided.year} müssen Sie {plain_amount(case.amount)} bezahlen."]


def _pay(case: Case) -> list[str]:
    return [f"Sie müssen {plain_amount(case.total)} bezahlen.", f"Bezahlen Sie bis zum {long_date(case.due)}.",
            f"Schreiben Sie diese Nummer dazu: {case.file}."]  # fmt: skip


def _documents(case: Case) -> list[str]:
    lines = ["Das Amt braucht noch Papiere von Ihnen."]
    for document in case.documents:
        lines += _split(f"Schicken Sie {document.easy}.")
    return [*lines, f"Schicken Sie alles an: {office_of(case)}.",
            f"Die Papiere müssen bis zum {long_date(case.documents_until)} dort sein."]  # fmt: skip


def _no_reply(case: Case) -> list[str]:
    return [
        f"Die Papiere kommen nicht bis zum {long_date(case.documents_until)}?",
        "Dann entscheidet das Amt ohne die Papiere.",
    ]


def _change(case: Case) -> list[str]:
    return [*_split(case.procedure.extra["change"]["easy"]), "Dann müssen Sie sich sofort melden.",
            f"Melden Sie sich hier: {office_of(case)}."]  # fmt: skip


def _instalment(case: Case) -> list[str]:
    return ["Sie können nicht alles auf einmal bezahlen?", "Dann können Sie in kleinen Teilen bezahlen.",
            "Das heißt: Raten-Zahlung.", f"Schreiben Sie uns das bis zum {long_date(case.due)}."]  # fmt: skip


def _late(case: Case) -> list[str]:
    return ["Sie bezahlen zu spät?", "Dann müssen Sie mehr Geld bezahlen.", "Jeder Monat kostet 1 Prozent mehr."]


def _no_delay(case: Case) -> list[str]:
    act = "Sie schreiben einen Widerspruch?" if case.remedy == "Widerspruch" else "Sie gehen vor Gericht?"
    return [act, "Sie müssen trotzdem bezahlen.", "Die Zahlung verschiebt sich nicht."]


def _hearing(case: Case) -> list[str]:
    return [
        "Sie können dem Amt Ihre Meinung schreiben.",
        f"Dafür haben Sie Zeit bis zum {long_date(case.hearing_until)}.",
    ]


def _remedy(case: Case) -> list[str]:
    time = case.remedy_period.accusative()
    if case.remedy == "Klage":
        return ["Sie finden diesen Brief falsch?", "Dann können Sie klagen.", "Das bedeutet: Sie gehen vor Gericht.",
                f"Dafür haben Sie {time} Zeit."]  # fmt: skip
    return ["Sie finden diesen Brief falsch?", f"Dann können Sie {case.remedy} einlegen.",
            "Das bedeutet: Sie schreiben, was falsch ist.", f"Dafür haben Sie {time} Zeit.",
            f"Schreiben Sie an: {office_of(case)}."]  # fmt: skip


def _issue(case: Case) -> list[str]:
    return [*case.procedure.easy_gloss, f"Sie haben am {long_date(case.applied)} einen Antrag gestellt.",
            "Das Amt sagt: Ja.", f"Die Erlaubnis gilt ab dem {long_date(case.valid_from)}.",
            f"Die Erlaubnis gilt bis zum {long_date(case.valid_until)}."]  # fmt: skip


def _fee(case: Case) -> list[str]:
    return [f"Das kostet {plain_amount(case.amount)}.", f"Sie müssen bis zum {long_date(case.due)} bezahlen.",
            f"Schreiben Sie diese Nummer dazu: {case.file}."]  # fmt: skip


def _prohibit(case: Case) -> list[str]:
    return ["Das ist wichtig:", *_split(case.procedure.extra["prohibit"]["easy"].replace("? ", "?. "))]


def _appointment(case: Case) -> list[str]:
    return ["Sie haben einen Termin.", f"Kommen Sie am {long_date(case.appointment.date())}.",
            f"Kommen Sie um {case.appointment:%H:%M} Uhr.", "Sie müssen selbst kommen.",
            f"Der Ort ist: {office_of(case)}, {case.street}."]  # fmt: skip


def _fine(case: Case) -> list[str]:
    return [*_split(case.procedure.extra["offence"]["easy"]), "Deshalb müssen Sie eine Geld-Buße bezahlen.",
            f"Die Geld-Buße kostet {plain_amount(case.amount)}."]  # fmt: skip


def _costs(case: Case) -> list[str]:
    return ["Das Amt hatte Arbeit mit Ihrem Fall.", f"Diese Arbeit kostet {plain_amount(case.fee_of_fine)}.",
            f"Dazu kommen noch Kosten von {plain_amount(case.costs)}."]  # fmt: skip


def _repay(case: Case) -> list[str]:
    return ["Sie haben zu viel Geld bekommen.", f"Sie müssen {plain_amount(case.overpaid)} zurückzahlen.",
            f"Zahlen Sie bis zum {long_date(case.due)}.", f"Schreiben Sie diese Nummer dazu: {case.file}."]  # fmt: skip


_SENTENCES = {
    "grant": _grant, "refuse": _refuse, "assess": _assess, "pay": _pay, "documents": _documents, "no_reply": _no_reply,
    "change": _change, "instalment": _instalment, "late": _late, "no_delay": _no_delay, "hearing": _hearing,
    "remedy": _remedy, "issue": _issue, "fee": _fee, "prohibit": _prohibit, "appointment": _appointment, "fine": _fine,
    "costs": _costs, "repay": _repay,
}  # fmt: skip


def text(kinds: list[str], case: Case) -> str:
    """Return statements in Leichte Sprache, a paragraph each."""
    return "\n\n".join(say(kind, case) for kind in kinds)
