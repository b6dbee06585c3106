"""The forms that turn one register into another: sentences, letters, Leichte Sprache, notices, facts as JSON.

    problem = FORMS["simplify"](rng, "train", hard=False)

Each returns a Problem whose answer was rendered from the same case facts as what the question shows, and read back:
`Mismatch` where a text's facts are not the case's. In the hard set a letter states five things, in training at most
three.

Not covered: deadlines and payments (reckoning.py).
"""

import json
import random
from dataclasses import dataclass, field
from typing import Any

from . import easy, official, plain
from .cases import Case, draw_case
from .facts import facts_in
from .german import Ref, official_amount, official_date
from .statements import Key, Statement, differences, fits, kinds_of, ref_key, statement

QUESTION_LANGUAGES = ("de", "de", "en", "easy")


class Mismatch(Exception):
    """Two routes to a row disagree: it is dropped and counted."""


@dataclass(frozen=True)
class Problem:
    """A question's parts and its answer, with what scoring needs."""

    form: str
    task: str  # which wordings ask it
    source: str  # the text that the question shows
    answer: str
    style: str  # plain, easy, official, json: how the answer must be written
    statements: tuple[Statement, ...]
    case: Case
    language: str = "de"  # of the question
    optional: tuple[Key, ...] = ()
    meta: dict[str, Any] = field(default_factory=dict)
    slots: dict[str, str] = field(default_factory=dict)
    keys: tuple[str, ...] = ()  # group keys beside procedure and municipality
    line: str = ""  # what a document of the embedded base's corpus asks; "" where it has no such form


def checked(text: str, statements: list[Statement], allowed: tuple[Key, ...] = (), law: bool = True) -> str:
    """Return a text whose facts are those of its statements; raises Mismatch."""
    wrong = differences(text, statements, allowed, law)
    if wrong:
        raise Mismatch(wrong[0])
    return text


DECISIONS = {"grant", "refuse", "assess", "issue", "fine", "repay"}


def letter_kinds(rng: random.Random, case: Case, hard: bool) -> list[str]:
    """Return what a letter on a case states; in the hard set five things, in the order of the office's letters."""
    letters = kinds_of(case)
    if not hard:
        return list(rng.choice(letters))
    order = sorted(dict.fromkeys(kind for letter in letters for kind in letter), key=lambda kind: kind not in DECISIONS)
    some = [kind for kind in order if kind != "refuse" and fits(kind, case)]
    while True:
        chosen = sorted(rng.sample(some, min(5, len(some))), key=order.index)
        if all(DECISIONS & {*chosen} if needs == "a decision" else needs in chosen for needs in _needed(chosen)):
            return [kind for kind in chosen if kind != "remedy"] + [kind for kind in chosen if kind == "remedy"]


def _needed(kinds: list[str]) -> list[str]:
    """Return what else a letter must state that states these: nobody appeals against a request for papers."""
    needed = {"no_reply": "documents", "remedy": "a decision", "no_delay": "pay", "late": "pay", "instalment": "pay"}
    return [needed[kind] for kind in kinds if kind in needed] + (["costs"] if {"fine", "pay"} <= {*kinds} else [])


def head_facts(case: Case) -> tuple[Key, ...]:
    """Return the facts of a letter's head, which an answer may repeat."""
    return tuple(mention.key for mention in facts_in(f"{official_date(case.decided)} {case.file} {case.office.text}"))


def simplify(rng: random.Random, split: str, hard: bool) -> Problem:
    """One official sentence in plain German."""
    case = draw_case(rng, split)
    kind = rng.choice(letter_kinds(rng, case, hard=False))
    stated = [statement(kind, case)]
    source = checked(official.say(rng, kind, case), stated)
    return Problem(
        "simplify", "simplify", source, checked(plain.say(rng, kind, case), stated), "plain", tuple(stated), case
    )


def letter(rng: random.Random, split: str, hard: bool) -> Problem:
    """A whole official letter in plain German."""
    case = draw_case(rng, split)
    kinds = letter_kinds(rng, case, hard)
    stated = [statement(kind, case) for kind in kinds]
    source = checked(official.letter(rng, kinds, case), stated, head_facts(case))
    answer = checked(plain.letter(rng, kinds, case), stated)
    return Problem("letter", "letter", source, answer, "plain", tuple(stated), case, optional=head_facts(case))


def leichte_sprache(rng: random.Random, split: str, hard: bool) -> Problem:
    """One or two official sentences in Leichte Sprache."""
    case = draw_case(rng, split)
    kinds = letter_kinds(rng, case, hard=False)
    kinds = [kinds[0]] if rng.random() < 0.5 or hard else kinds[:2]
    stated = [statement(kind, case) for kind in kinds]
    source = checked(" ".join(official.say(rng, kind, case) for kind in kinds), stated)
    answer = checked(easy.text(kinds, case), stated, law=False)
    refs = tuple(fact for item in stated for fact in item.facts if fact[0] == "ref")
    bare = tuple(Statement(s.kind, s.mode, s.stems, tuple(f for f in s.facts if f[0] != "ref")) for s in stated)
    return Problem("leichte-sprache", "leichte-sprache", source, answer, "easy", bare, case, optional=refs)


def formalise(rng: random.Random, split: str, hard: bool) -> Problem:
    """A plain note as an official sentence."""
    case = draw_case(rng, split)
    kind = rng.choice(letter_kinds(rng, case, hard=False))
    stated = [statement(kind, case)]
    source = checked(plain.say(rng, kind, case), stated)
    answer = checked(official.say(rng, kind, case), stated)
    return Problem("formalise", "formalise", source, answer, "official", tuple(stated), case)


def notice(rng: random.Random, split: str, hard: bool) -> Problem:
    """An official notice from the case's facts."""
    case = draw_case(rng, split)
    kinds = letter_kinds(rng, case, hard)
    stated = [statement(kind, case) for kind in kinds]
    lines = "\n".join(f"{name}: {value}" for name, value in notice_facts(kinds, case))
    answer = checked(official.letter(rng, kinds, case), stated, head_facts(case))
    return Problem("notice", "notice", lines, answer, "official", tuple(stated), case, optional=head_facts(case))


def notice_facts(kinds: list[str], case: Case) -> list[tuple[str, str]]:
    """Return the lines that an office's form would hold for these statements."""
    procedure = case.procedure
    lines = [
        ("Behörde", f"Stadt {case.town.name}, {case.office.text}, {case.street}"), ("Az.", case.file),
        ("Datum", official_date(case.decided)), ("An", case.salutation), ("Verfahren", procedure.name.text),
    ]  # fmt: skip
    for kind in kinds:
        lines.append((NOTES[kind], _note(kind, case)))
    return lines


NOTES = {
    "grant": "Bewilligung", "refuse": "Ablehnung", "assess": "Festsetzung", "pay": "Zahlung", "documents": "Unterlagen",
    "no_reply": "sonst", "change": "Anzeigepflicht", "instalment": "Raten", "late": "Säumnis",
    "no_delay": "aufschiebende Wirkung", "hearing": "Anhörung", "remedy": "Rechtsbehelf", "issue": "Erlaubnis",
    "fee": "Gebühr", "prohibit": "untersagt", "appointment": "Vorsprache", "fine": "Geldbuße", "costs": "Kosten",
    "repay": "Erstattung",
}  # fmt: skip

# What an office writes before a statement's facts, by their place.
PREFIXES = {
    "grant": ("Antrag vom ", "", "von ", "bis "), "refuse": ("Antrag vom ",), "issue": ("Antrag vom ", "von ", "bis "),
    "pay": ("", "bis ", "Zeichen "), "fee": ("", "bis ", "Zeichen "), "repay": ("", "bis ", "Zeichen "),
    "documents": ("bis ",), "no_reply": ("nach dem ",), "instalment": ("Antrag bis ",), "hearing": ("bis ",),
    "appointment": ("am ", "um "), "costs": ("Gebühr ", "Auslagen "),
}  # fmt: skip


def _note(kind: str, case: Case) -> str:
    """Return a statement's facts as an office notes them."""
    extra = case.procedure.extra
    prefixes = dict(enumerate(PREFIXES.get(kind, ())))
    shown = [
        (prefixes.get(index, "") if fact[0] != "ref" else "") + _shown(fact, case)
        for index, fact in enumerate(statement(kind, case).facts)
        if fact[0] != "office"
    ]
    what = {
        "refuse": lambda: f"wegen {extra['refusal']['official']}",
        "fine": lambda: f"wegen {extra['offence']['official']}",
        "change": lambda: extra["change"]["official"][0],
        "prohibit": lambda: extra["prohibit"]["official"][0],
        "documents": lambda: "; ".join(document.official.text for document in case.documents),
        "no_reply": lambda: "Entscheidung ohne Unterlagen",
        "late": lambda: "Säumniszuschlag je angefangenem Monat",
        "no_delay": lambda: f"keine durch {case.remedy}",
        "hearing": lambda: "Gelegenheit zur Äußerung",
        "instalment": lambda: "auf Antrag möglich",
        "remedy": lambda: case.remedy,
        "grant": lambda: "monatlich" if extra["per"] == "month" else "einmalig",
    }.get(kind, lambda: "")()
    return ", ".join(filter(None, [*shown, what]))


def _shown(fact: Key, case: Case) -> str:
    """Return a fact as an office notes it."""
    kind, value = fact
    if kind == "amount":
        return official_amount(int(value))
    if kind == "date":
        return f"{value[8:]}.{value[5:7]}.{value[:4]}"
    if kind == "ref":
        own = case.procedure.ref
        section, paragraph, law = value.split("|")
        return own.official() if ref_key(own) == fact else Ref(section, paragraph, law).official()
    if kind == "period":
        return case.remedy_period.accusative()
    return f"{value} Prozent" if kind == "percent" else f"{value} Uhr" if kind == "time" else value


# The fields that facts-json may ask for: statement, place of the fact in it, name.
FIELDS: dict[tuple[str, int], str] = {
    ("grant", 0): "antrag_vom", ("grant", 1): "betrag", ("refuse", 0): "antrag_vom", ("refuse", 1): "rechtsgrundlage",
    ("assess", 0): "betrag", ("assess", 1): "rechtsgrundlage", ("pay", 0): "zahlbetrag", ("pay", 1): "zahlbar_bis",
    ("pay", 2): "zeichen", ("documents", 0): "unterlagen_bis", ("documents", 1): "amt",
    ("instalment", 0): "raten_antrag_bis", ("hearing", 0): "anhoerung_bis", ("issue", 0): "antrag_vom",
    ("issue", 1): "gueltig_ab", ("issue", 2): "gueltig_bis",
    ("fee", 0): "gebuehr", ("fee", 1): "zahlbar_bis", ("fee", 2): "zeichen", ("appointment", 0): "termin_am",
    ("appointment", 1): "termin_um", ("fine", 0): "geldbusse", ("fine", 1): "rechtsgrundlage",
    ("repay", 0): "erstattung", ("repay", 1): "zahlbar_bis", ("repay", 2): "zeichen",
    ("costs", 0): "verfahrensgebuehr", ("costs", 1): "auslagen",
}  # fmt: skip


def facts_json(rng: random.Random, split: str, hard: bool) -> Problem:
    """Named facts of an official letter as JSON; in one of three rows one that the letter does not state (null)."""
    case = draw_case(rng, split)
    kinds = letter_kinds(rng, case, hard)
    stated = [statement(kind, case) for kind in kinds]
    source = checked(official.letter(rng, kinds, case), stated, head_facts(case))
    return json_problem(rng, case, "facts-json", source, stated, FIELDS, most=5)


def json_problem(
    rng: random.Random, case: Case, form: str, source: str, stated: list[Statement], fields: dict[tuple[str, int], str],
    most: int,
) -> Problem:  # fmt: skip
    """Return the question for two to `most` of a text's fields; raises Mismatch where it has none."""
    there = {
        name: item.facts[index]
        for item in stated
        for (kind, index), name in fields.items()
        if kind == item.kind and index < len(item.facts)
    }
    if not there:
        raise Mismatch("no field")
    names = rng.sample(list(there), min(len(there), rng.randint(2, most)))
    if rng.random() < 0.35:
        names.append(rng.choice([name for name in dict.fromkeys(fields.values()) if name not in there]))
    rng.shuffle(names)
    values = {name: list(there[name]) if name in there else None for name in names}
    answer = json.dumps({name: _json_value(fact, case) for name, fact in values.items()}, ensure_ascii=False)
    asked, line = ", ".join(names), f"JSON {', '.join(names)}" if form == "short-json" else ""
    return Problem(
        form, form, source, answer, "json", (), case, meta={"fields": values}, slots={"x": asked}, line=line
    )  # fmt: skip


def _json_value(fact: list[str] | None, case: Case) -> Any:  # a JSON scalar
    """Return a fact as JSON has it: dates in ISO, amounts as a number of euros."""
    if fact is None:
        return None
    kind, value = fact
    if kind == "amount":
        return int(value) / 100
    return case.office.text if kind == "office" else value if kind == "date" else _shown((kind, value), case)


FORMS = {
    "simplify": simplify, "letter": letter, "leichte-sprache": leichte_sprache, "formalise": formalise,
    "notice": notice, "facts-json": facts_json,
}  # fmt: skip
