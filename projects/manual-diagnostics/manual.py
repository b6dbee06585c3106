"""The manual, rendered from a device: sections with numbers of their own in one of three styles, in random order.

    manual = write_manual(rng, device, ("causes", "wiring", "points"), "de")
    manual.text                     -> "Handbuch Gabelstapler Nova 310\n§4.2 Ursachen von E-17 …"
    manual.number("points")         -> "5.3"

    table   a line for each row, cells between bars
    list    rows in one line, between semicolons
    prose   rows as short sentences

parsing.py reads the text back.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from .catalogue import repairs
from .devices import SUPPLY, Device, Part
from .quantities import localised

STYLES = ("table", "list", "prose")
ROW_ENDS = {"table": "\n", "list": "; ", "prose": ". "}
HEADER = {"en": "Manual {device}", "de": "Handbuch {device}"}
SUPPLIES = {"en": "supply", "de": "Netz"}
BATTERY = {"en": "battery", "de": "Batterie"}
MISSING = {"en": "(page {page} is missing)", "de": "(Seite {page} fehlt)"}
ARROWS = {"table": " | ", "list": " > ", "prose": " → "}
# The sections' titles, by language, in the order of STYLES.
TITLES = {
    "codes": {"en": ("Codes", "Error codes", "Meaning of the codes"),
              "de": ("Codes", "Fehlercodes", "Bedeutung der Codes")},
    "causes": {"en": ("Causes of {code} ({symptom})", "{code}, {symptom}: causes", "What is behind {code} ({symptom})"),
               "de": ("Ursachen von {code} ({symptom})", "{code}, {symptom}: Ursachen",
                      "Was hinter {code} steckt ({symptom})")},
    "wiring": {"en": ("Wiring", "Signal paths", "What feeds what"),
               "de": ("Verdrahtung", "Signalwege", "Stromlauf und Signale")},
    "points": {"en": ("Measuring points", "Values at measuring points", "What the points must read"),
               "de": ("Messpunkte", "Werte an den Messpunkten", "Sollwerte der Messpunkte")},
    "components": {"en": ("Component tests, power off; in range = sound", "Resistances of sound parts, power off",
                          "Testing parts, power off; sound if in range"),
                   "de": ("Bauteilprüfung, spannungsfrei; im Bereich = intakt",
                          "Widerstände intakter Bauteile, spannungsfrei",
                          "Bauteile prüfen, spannungsfrei; im Bereich intakt")},
    "parts": {"en": ("Spare parts", "Parts and remedies", "What to do with which part"),
              "de": ("Ersatzteile", "Teile und Abhilfe", "Was an welchem Teil zu tun ist")},
    "repair": {"en": ("Work on {id}", "Repair of {id}", "How to work on {id}"),
               "de": ("Arbeiten an {id}", "Instandsetzung {id}", "Wie man an {id} arbeitet")},
    "safety": {"en": ("Safety", "Safety notes", "Before any work"),
               "de": ("Sicherheit", "Sicherheitshinweise", "Vor jeder Arbeit")},
}  # fmt: skip
# The sections' rows, by language, in the order of STYLES.
ROWS = {
    "codes": {"en": ("{code} | {symptom}", "{code}: {symptom}", "{code} means {symptom}"),
              "de": ("{code} | {symptom}", "{code}: {symptom}", "{code} bedeutet: {symptom}")},
    "causes": {"en": ("{id} | {kind} | {percent} %", "{kind} {id} {percent} %", "In {percent} % it is {kind} {id}"),
               "de": ("{id} | {kind} | {percent} %", "{kind} {id} {percent} %", "Zu {percent} %: {kind} {id}")},
    "points": {"en": ("{id} | {limit}", "{id} {limit}", "{id} must read {limit}"),
               "de": ("{id} | {limit}", "{id} {limit}", "An {id}: {limit}")},
    "components": {"en": ("{id} | {limit}", "{id} {limit}", "{id} must have {limit}"),
                   "de": ("{id} | {limit}", "{id} {limit}", "{id} muss {limit} haben")},
    "parts": {"en": ("{id} | {remedy} | {spec}", "{id}: {remedy}, {spec}", "{id} ({spec}): {remedy}"),
              "de": ("{id} | {remedy} | {spec}", "{id}: {remedy}, {spec}", "{id} ({spec}): {remedy}")},
    "repair": {"en": ("{step} | {work}", "{step}) {work}", "Step {step}: {work}"),
               "de": ("{step} | {work}", "{step}) {work}", "Schritt {step}: {work}")},
    "safety": {"en": ("{ids} | {measure}", "{ids}: {measure}", "For {ids}: {measure}"),
               "de": ("{ids} | {measure}", "{ids}: {measure}", "Bei {ids}: {measure}")},
}  # fmt: skip


@dataclass(frozen=True)
class Manual:
    """An excerpt of a manual: its text, and the numbers of its sections by key."""

    text: str
    numbers: dict[str, str]
    style: str

    def number(self, section: str) -> str:
        """Return a section's number."""
        return self.numbers[section]


def write_manual(
    rng: random.Random, device: Device, sections: tuple[str, ...], language: str, part: Part | None = None
) -> Manual:
    """Return an excerpt with some sections of a device's manual; `part` is what "repair" is about."""
    style = rng.choice(STYLES)
    written, numbers = [], {}
    for section in rng.sample(sections, len(sections)):
        rows = list(_rows(device, section, language, STYLES.index(style), part))
        if section not in ("wiring", "codes"):
            rng.shuffle(rows)
        if not rows:
            continue
        numbers[section] = _number(rng, numbers)
        if section == "points" and device.page_missing:
            rows.append(MISSING[language].format(page=rng.randint(12, 98)))
        title = TITLES[section][language][STYLES.index(style)].format(
            code=device.code, symptom=device.symptom(language), id=part.id if part else ""
        )
        written.append(f"§{numbers[section]} {_joined(title, rows, style)}")
    header = HEADER[language].format(device=device.title(language))
    return Manual("\n".join([header, *written]), numbers, style)


def _number(rng: random.Random, numbers: dict[str, str]) -> str:
    """Return a section's number, not given before."""
    while (number := f"{rng.randint(2, 9)}.{rng.randint(1, 9)}") in numbers.values():
        pass
    return number


def _joined(title: str, rows: list[str], style: str) -> str:
    """Return a section's title and rows."""
    if style == "table":
        return "\n".join([title, *rows])
    return f"{title}{':' if style == 'list' else '.'} {ROW_ENDS[style].join(rows)}."


def _rows(device: Device, section: str, language: str, style: int, part: Part | None) -> Iterator[str]:
    """Yield a section's rows."""
    if section == "wiring":
        for chain in device.chains:
            yield ARROWS[STYLES[style]].join(_element(device, name, language) for name in chain)
        return
    template = ROWS[section][language][style]
    for slots in _slots(device, section, language, part):
        yield template.format(**slots)


def _element(device: Device, name: str, language: str) -> str:
    """Return an element of a chain: the supply by its name."""
    if name != SUPPLY:
        return name
    return BATTERY[language] if device.family.has_battery else SUPPLIES[language]


def _slots(device: Device, section: str, language: str, part: Part | None) -> Iterator[dict[str, str | int]]:
    """Yield what stands in each row of a section."""
    parts = device.parts
    if section == "codes":
        yield from ({"code": code, "symptom": meaning[language]} for code, meaning in device.codes)
    elif section == "causes":
        for name, percent in device.priors.items():
            yield {"id": name, "kind": parts[name].kind.names[language], "percent": percent}
    elif section in ("points", "components"):
        for test in device.tests.values():
            if test.at_point == (section == "points"):
                yield {"id": test.name, "limit": test.limit.written(language)}
    elif section == "parts":
        for part in parts.values():
            yield {"id": part.id, "remedy": remedy(part, language), "spec": spec(part, language)}
    elif section == "repair" and part:
        for step, work in enumerate(steps(part, language), start=1):
            yield {"step": step, "work": work}
    elif section == "safety":
        by_measure: dict[str, list[str]] = {}
        for part in parts.values():
            by_measure.setdefault(device.safety(part, language), []).append(part.id)
        yield from ({"ids": ", ".join(ids), "measure": measure} for measure, ids in by_measure.items())


def remedy(part: Part, language: str) -> str:
    """Return what is done with a failed part, as one verb."""
    return repairs()["remedies"][part.kind.remedy][language]


def spec(part: Part, language: str) -> str:
    """Return a spare part's data."""
    return localised(part.spec[language], language)


def steps(part: Part, language: str) -> list[str]:
    """Return the steps of work on a part, in their order."""
    return [step.format(id=part.id) for step in repairs()["steps"][part.kind.handling][language]]
