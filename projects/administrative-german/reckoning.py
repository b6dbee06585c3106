"""The forms that compute: the end of a deadline with reasons, a fee from a table, instalments, a surcharge.

Deadlines are sampled near public holidays, where the Land matters, and each is computed twice (deadlines.py and
deadline_check.py). The hard set chains two: the objection's deadline, and the lawsuit's after the answer to it.

A surcharge is 1 % of the sum, rounded down to 50 euros, for each month begun (§ 240 (1) AO).

Not covered: legal advice; the answers say so.
"""

import calendar
import datetime
import random

from .cases import Case, draw_case
from .deadline_check import end_again, notified_again
from .deadlines import LAENDER, Period, days_of_post, end_of, holiday, holidays_of, is_working_day, last_day, notified
from .facts import facts_in
from .german import Ref, official_amount, official_date, plain_amount, plain_date, upper_first
from .law import post_rule
from .statements import Statement, ref_key
from .tasks import QUESTION_LANGUAGES, Mismatch, Problem

NO_ADVICE = "Das ist keine Rechtsberatung."
ORDINALS = {3: "dritten", 4: "vierten"}
PERIODS = (Period(1, "month"), Period(1, "month"), Period(1, "month"), Period(2, "week"), Period(14, "day"),
           Period(3, "month"), Period(6, "week"), Period(1, "week"))  # fmt: skip
BGB = {number: Ref(number, paragraph, "BGB") for number, paragraph in (("187", "1"), ("188", "2"), ("193", ""))}
WITH_POST = ("benefit", "charge", "permit")  # a fine is served formally: no day of notification is presumed
WITHIN_MONTHS = Ref("188", "2", "BGB")
OF_DAYS = Ref("188", "1", "BGB")


def deadline(rng: random.Random, split: str, hard: bool) -> Problem:
    """When a deadline ends, with the reasons: from the day of posting, or from a day that counts itself."""
    case = draw_case(rng, split, WITH_POST)
    if hard:
        while case.remedy != "Widerspruch":
            case = draw_case(rng, split, WITH_POST)
        return _chained(rng, case)
    return _inclusive(rng, case) if rng.random() < 0.2 else _posted(rng, case)


def _posted(rng: random.Random, case: Case) -> Problem:
    """A letter was posted; a period runs from the day on which it counts as notified."""
    period = rng.choice(PERIODS)
    posted = _near_holiday(rng, case, period)
    steps, end, stated = _after_post(case, posted, period)
    given = [*_place(case), f"Aufgabe zur Post: {official_date(posted)}",
             f"Frist: {period.accusative()} ab Bekanntgabe",
             f"Bekanntgabe nach: {post_rule(case).official()}"]  # fmt: skip
    return _problem(rng, case, given, steps, end, stated)


def _chained(rng: random.Random, case: Case) -> Problem:
    """Two deadlines: the objection after a notice, the lawsuit after the answer to the objection."""
    month = Period(1, "month")
    posted = _near_holiday(rng, case, month)
    steps, first, stated = _after_post(case, posted, month)
    answered = _near_holiday(rng, case, month, first)
    more, end, later = _after_post(case, answered, month)
    given = [*_place(case), f"Bescheid zur Post: {official_date(posted)}", "Widerspruchsfrist: einen Monat",
             "Widerspruch eingelegt: am letzten Tag der Frist",
             f"Widerspruchsbescheid zur Post: {official_date(answered)}",
             "Klagefrist: einen Monat", f"Bekanntgabe nach: {post_rule(case).official()}"]  # fmt: skip
    joined = [f"1. Widerspruch: {steps[0]}", *steps[1:], f"Die Frist für den Widerspruch endet am {plain_date(first)}.",
              f"2. Klage: {more[0]}", *more[1:]]  # fmt: skip
    return _problem(rng, case, given, joined, end, [*stated, _end_statement(first), *later])


def _inclusive(rng: random.Random, case: Case) -> Problem:
    """A period whose first day counts (§ 187 (2)): a permit from a day on."""
    period = rng.choice((Period(1, "month"), Period(3, "month"), Period(2, "week"), Period(6, "month")))
    start = case.valid_from + datetime.timedelta(days=rng.choice((0, 0, 14, 28, 30)))
    end = last_day(start, period, inclusive=True)
    where = (case.town.land, case.town.catholic)
    if end_of(start, period, *where, inclusive=True) != end_again(
        start, period.number, period.unit, *where, inclusive=True
    ):
        raise Mismatch("deadline")
    law = Ref("187", "2", "BGB")
    rule = WITHIN_MONTHS
    given = [*_place(case), f"Erlaubnis gültig ab: {official_date(start)} (dieser Tag zählt mit)",
             f"Dauer: {period.accusative()}; gesucht ist der letzte Tag der Erlaubnis"]  # fmt: skip
    steps = [f"Der erste Tag zählt mit ({law.plain()}).",
             f"Die Erlaubnis beginnt am {plain_date(start)} und dauert {period.accusative()} ({rule.plain()}).",
             "Das ist keine Frist, in der Sie etwas tun müssen: Ein Wochenende verlängert sie nicht."]  # fmt: skip
    stated = [Statement("rule", "is", ("zählt", "beginnt", "dauert"), (ref_key(law), ref_key(rule)))]
    return _problem(rng, case, given, steps, end, stated)


def _after_post(case: Case, posted: datetime.date, period: Period) -> tuple[list[str], datetime.date, list[Statement]]:
    """Return the reasons, the last day and the facts of a period after a letter; raises Mismatch."""
    where, tax = (case.town.land, case.town.catholic), case.procedure.is_tax
    arrived = notified(posted, *where, tax=tax)
    end = end_of(arrived, period, *where)
    again = notified_again(posted, *where, tax=tax)
    if (arrived, end) != (again, end_again(again, period.number, period.unit, *where)):
        raise Mismatch("deadline")
    rule, bare = post_rule(case), last_day(arrived, period)
    law = OF_DAYS if period.unit == "day" else WITHIN_MONTHS
    first = posted + datetime.timedelta(days=days_of_post(posted))
    steps = [f"Der Brief gilt am {ORDINALS[days_of_post(posted)]} Tag nach der Aufgabe zur Post als bekannt gegeben "
             f"({rule.plain()})."]  # fmt: skip
    if first != arrived:
        why = "" if first.weekday() > 4 else f", {_why(case, first)}"
        steps.append(f"Das wäre {plain_date(first)}{why}. Bei Abgaben zählt dann der nächste Werktag.")
    steps.append(f"Die Bekanntgabe ist am {plain_date(arrived)}.")
    steps.append(f"Dieser Tag zählt nicht mit ({BGB['187'].plain()}).")
    steps.append(f"Die Frist von {period.dative()} führt zu {plain_date(bare)} ({law.plain()}).")
    refs = [ref_key(rule), ref_key(BGB["187"]), ref_key(law)]
    if bare != end:
        steps.append(f"Das ist {_why(case, bare)}. Deshalb zählt der nächste Werktag ({BGB['193'].plain()}).")
        refs.append(ref_key(BGB["193"]))
    arrival = Statement("arrival", "is", ("bekanntgabe", "bekannt gegeben"), (("date", f"{arrived}"),))
    reasons = Statement("reasons", "is", ("bekannt", "zählt", "frist", "werktag", "tag"), tuple(refs))
    return steps, end, [arrival, reasons]


def _why(case: Case, day: datetime.date) -> str:
    """Return why a deadline cannot end on a day."""
    name = holiday(day, case.town.land, case.town.catholic)
    if name:
        return f"ein Feiertag {'im' if case.town.land == 'SL' else 'in'} {LAENDER[case.town.land]} ({name})"
    return f"ein {('Samstag', 'Sonntag')[day.weekday() - 5]}"


def _place(case: Case) -> list[str]:
    """Return the lines that say where."""
    named = f" ({'mit' if case.town.catholic else 'ohne'} Feiertag Mariä Himmelfahrt)" if case.town.land == "BY" else ""
    return [f"Ort: {case.town.name}, {LAENDER[case.town.land]}{named}", f"Verfahren: {case.procedure.name.text}"]


def _near_holiday(rng: random.Random, case: Case, period: Period, after: datetime.date | None = None) -> datetime.date:
    """Return a day of posting, a working day, for which a period ends near a holiday more often than by chance."""
    start = after or case.decided
    days = [start + datetime.timedelta(days=offset) for offset in range(30 if after else 0, 200)]
    where = (case.town.land, case.town.catholic)
    days = [day for day in days if is_working_day(day, *where)]
    near = [day for day in days if _meets_holiday(case, day, period)]
    return rng.choice(near if near and rng.random() < 0.75 else days)


def _meets_holiday(case: Case, posted: datetime.date, period: Period) -> bool:
    """Return whether a period after a letter ends on a weekday that is a holiday in some Land."""
    end = last_day(notified(posted, case.town.land, case.town.catholic, case.procedure.is_tax), period)
    return end.weekday() < 5 and any(
        end in holidays_of(land, end.year, True) for land in ("BY", "SN", "TH", "BE", "SL")
    )


def _end_statement(end: datetime.date) -> Statement:
    """Return the statement that a deadline ends on a day."""
    return Statement("end", "is", ("ende", "spätestens", "letzte", "ergebnis"), (("date", f"{end}"),))


def _problem(
    rng: random.Random, case: Case, given: list[str], steps: list[str], end: datetime.date, stated: list[Statement]
) -> Problem:
    """Return the problem: given lines, reasons, result."""
    result = f"Ergebnis: Der letzte Tag ist {plain_date(end)}."
    answer = " ".join([*steps, result, NO_ADVICE])
    optional = [("period", value) for value in ("1 month", "3 month", "6 month", "7 day", "14 day", "42 day")]
    optional += [mention.key for mention in facts_in(" ".join([*given, *steps])) if mention.type == "date"]
    return Problem(
        "deadline", "deadline", "\n".join(given), answer, "answer", (*stated, _end_statement(end)), case,
        language=rng.choice(QUESTION_LANGUAGES), optional=tuple(optional), meta={"result": ["date", f"{end}"]},
    )  # fmt: skip


def payment(rng: random.Random, split: str, hard: bool) -> Problem:
    """A fee from a table, its instalments, or a surcharge for paying late."""
    kinds = (_surcharge,) if hard else (_fee_table, _instalments, _surcharge)
    return rng.choice(kinds)(rng, draw_case(rng, split, ("charge",)))


def _payment(
    rng: random.Random, case: Case, given: list[str], steps: list[str], cents: int, law: tuple = ()
) -> Problem:
    """Return a payment's problem; the result is the last amount."""
    result = f"Ergebnis: {plain_amount(cents)}."
    stated = Statement("result", "is", ("ergebnis",), (("amount", str(cents)),))
    reasons = [Statement("reasons", "is", ("säumniszuschlag", "steht", "runde"), law)] if law else []
    optional = tuple(mention.key for mention in facts_in(" ".join([*given, *steps])) if mention.key not in law)
    return Problem(
        "payment", "payment", "\n".join(given), " ".join([*steps, result, NO_ADVICE]), "answer", (*reasons, stated),
        case, language=rng.choice(QUESTION_LANGUAGES), optional=optional, meta={"result": ["amount", str(cents)]},
    )  # fmt: skip


def _fee_table(rng: random.Random, case: Case) -> Problem:
    units = case.procedure.extra["units"]
    first, more = case.amount, case.amount * rng.choice((5, 6, 8)) // 4 // 100 * 100
    number = rng.randint(1, units["most"])
    given = [f"Auszug aus {case.procedure.ref.official()} der Stadt {case.town.name}:",
             f"erste Einheit ({units['official']}): {official_amount(first)} im Jahr",
             f"jede weitere: {official_amount(more)} im Jahr", f"Anzahl: {number}",
             f"Gesucht: {case.procedure.name.text} für ein Jahr"]  # fmt: skip
    name = units["plain"] if number == 1 else units["plural"]
    steps = [f"Sie haben {number} {name}.", f"Einmal {plain_amount(first)}."]
    if number > 1:
        steps.append(f"Dazu {number - 1} mal {plain_amount(more)}, das sind {plain_amount((number - 1) * more)}.")
    return _payment(rng, case, given, steps, first + (number - 1) * more)


def _instalments(rng: random.Random, case: Case) -> Problem:
    number = rng.choice((2, 4))
    total = case.amount // (100 * number) * 100 * number
    given = [f"{case.procedure.name.text} der Stadt {case.town.name} für das Jahr {case.decided.year}: "
             f"{official_amount(total)}",
             f"Zahlung in {number} gleichen Teilbeträgen", "Gesucht: ein Teilbetrag"]  # fmt: skip
    steps = [f"{upper_first(plain_amount(total))} geteilt durch {number}."]
    return _payment(rng, case, given, steps, total // number)


def _surcharge(rng: random.Random, case: Case) -> Problem:
    law, owed = Ref("240", "1", "AO"), case.amount + rng.randrange(0, 5000, 10) + 5000
    paid = case.due + datetime.timedelta(days=rng.randint(8, 200))
    months = months_begun(case.due, paid)
    base = owed // 5000 * 5000
    given = [f"{case.procedure.name.text} der Stadt {case.town.name}: {official_amount(owed)}",
             f"Fällig am: {official_date(case.due)}", f"Gezahlt am: {official_date(paid)}",
             "Gesucht: der Säumniszuschlag"]  # fmt: skip
    begun = "1 angefangener Monat" if months == 1 else f"{months} angefangene Monate"
    steps = [f"Den Säumniszuschlag regelt {law.plain()}.",
             f"Die Summe wird auf volle 50 Euro abgerundet: {plain_amount(base)}.",
             f"Von der Fälligkeit bis zur Zahlung: {begun}.",
             f"Jeder kostet 1 Prozent, also {plain_amount(base // 100)}."]  # fmt: skip
    return _payment(rng, case, given, steps, base // 100 * months, (ref_key(law),))


def months_begun(due: datetime.date, paid: datetime.date) -> int:
    """Return how many months have begun since a due date, 0 where it was paid by then; raises Mismatch.

    Counted month by month, and again from the calendar's months and days.
    """
    months = 0
    while last_day(due, Period(months, "month")) < paid:
        months += 1
    whole = (paid.year - due.year) * 12 + paid.month - due.month
    if months != max(0, whole + (paid.day > min(due.day, calendar.monthrange(paid.year, paid.month)[1]))):
        raise Mismatch("months begun")
    return months


FORMS = {"deadline": deadline, "payment": payment}
