"""Fields of an application form, their values, and the faults that are planted in them.

    draw_form(rng, case, hard=False)    -> [("Name", True, "Albers", ""), ("PLZ", True, "2445", "postcode"), …]

A field is (name, whether it is required, value, kind of fault or ""). An empty field that is not required is no fault.
"""

import calendar
import random
from collections.abc import Callable

from .cases import STREETS, SURNAMES, Case

FAULTS = {
    "missing": "fehlt", "postcode": "hat nicht 5 Ziffern", "email": "hat kein @", "year": "hat kein Jahr",
    "date": "diesen Tag gibt es nicht",
}  # fmt: skip
FIRST_NAMES = ("Ada", "Bela", "Cem", "Dana", "Emil", "Frieda", "Gero", "Hana", "Igor", "Jana", "Kira", "Levi", "Mina",
               "Nils", "Oda", "Pavel", "Ruth", "Samir", "Tilda", "Uwe", "Vera", "Yara")  # fmt: skip
PROVIDERS = ("post", "brief", "mail")
Field = tuple[str, bool, str, str]
_DATES = ("Geburtsdatum", "Datum", "Beginn")
_PERSON = ("Name", "Vorname", "Geburtsdatum", "Straße", "PLZ", "Ort", "Telefon", "E-Mail")
_OF_KIND = {
    "benefit": ("Personen im Haushalt", "Kontoinhaber", "Kreditinstitut"),
    "charge": ("Beginn", "Kassenzeichen", "Eigentümer"),
    "permit": ("Beginn", "Kennzeichen", "Ort der Nutzung"),
}
_LAST = ("Datum", "Unterschrift")


def _date(rng: random.Random, first: int, last: int) -> str:
    """Return a day that exists; one in four is a month's last: "30." and "31." are no sign of a fault."""
    year, month = rng.randint(first, last), rng.randint(1, 12)
    length = calendar.monthrange(year, month)[1]
    return f"{length if rng.random() < 0.25 else rng.randint(1, length):02d}.{month:02d}.{year}"


_VALUES: dict[str, Callable[[random.Random, Case], str]] = {
    "Name": lambda r, c: c.salutation.split(" ", 1)[1],
    "Vorname": lambda r, c: r.choice(FIRST_NAMES),
    "Straße": lambda r, c: f"{r.choice(STREETS)} {r.randint(1, 90)}",
    "PLZ": lambda r, c: f"{r.randint(10000, 99999)}",
    "Ort": lambda r, c: c.town.name,
    "Telefon": lambda r, c: f"0{r.randint(2000, 9999)} {r.randint(1000, 99999)}",
    "E-Mail": lambda r, c: f"{r.choice(FIRST_NAMES).lower()}{r.randint(1, 99)}@{r.choice(PROVIDERS)}.example",
    "Unterschrift": lambda r, c: "ja",
    "Personen im Haushalt": lambda r, c: str(r.randint(1, 7)),
    "Kontoinhaber": lambda r, c: r.choice(SURNAMES),
    "Kreditinstitut": lambda r, c: f"Sparkasse {c.town.name}",
    "Kassenzeichen": lambda r, c: c.file,
    "Eigentümer": lambda r, c: r.choice(SURNAMES),
    "Kennzeichen": lambda r, c: f"{r.choice('ABEHKLMS')}-{r.choice('CDFGHK')}{r.choice('LMNPRT')} {r.randint(10, 999)}",
    "Ort der Nutzung": lambda r, c: r.choice(STREETS),
    "Geburtsdatum": lambda r, c: _date(r, 1940, 2006),
    "Beginn": lambda r, c: _date(r, c.decided.year, c.decided.year + 1),
    "Datum": lambda r, c: _date(r, c.decided.year - 1, c.decided.year),
}  # fmt: skip


def draw_form(rng: random.Random, case: Case, hard: bool = False) -> list[Field]:
    """Return a filled-in form of four to six fields with up to two faults; hard: of eight or nine, with four."""
    count = rng.randint(5, 6) if hard else rng.randint(2, 3)
    person = sorted(rng.sample(_PERSON, count), key=_PERSON.index)
    names = [*person, rng.choice(_OF_KIND[case.procedure.kind]), *_LAST[0 if hard or rng.random() < 0.5 else 1 :]]
    required = {name for name in names if name == "Unterschrift" or rng.random() < 0.7}
    form = [(name, name in required, _VALUES[name](rng, case), "") for name in names]
    form = [row if row[1] or rng.random() < 0.6 else (row[0], False, "", "") for row in form]
    planned = 4 if hard else rng.choice((0, 1, 1, 2, 2))
    for index in rng.sample(range(len(form)), len(form)):
        if sum(bool(fault) for *_, fault in form) < planned:
            form[index] = _spoiled(rng, form[index])
    return form


def _spoiled(rng: random.Random, row: Field) -> Field:
    """Return a field with a fault that it can have; as it is where it can have none."""
    name, required, value, _ = row
    kinds = {"PLZ": ["postcode"], "E-Mail": ["email"]} | dict.fromkeys(_DATES, ["year", "date"])
    options = (kinds.get(name, []) if value else []) + (["missing"] if required else [])
    if not options:
        return row
    fault = rng.choice(options)
    wrong = {
        "missing": lambda: "",
        "postcode": lambda: value[:-1] if rng.random() < 0.7 else f"{value}{rng.randint(0, 9)}",
        "email": lambda: value.replace("@", "."),
        "year": lambda: value[:6],
        "date": lambda: rng.choice(("30.02.", "31.02.", "31.04.", "31.06.", "31.09.", "31.11.")) + value[6:],
    }[fault]()  # fmt: skip
    return name, required, wrong, fault
