"""The second route of the desk's questions: the rendered text is read, and answered from what was read alone.

missing_again("… Erforderlich: A; B. Eingegangen: B. …")     -> ["A"]
"""

import datetime
import re

_ROW = re.compile(r"^- (?P<name>[^:*\n]+)(?P<star>\*?):(?P<value>[^\n]*)$", re.MULTILINE)
_ENTRY = re.compile(
    r"^- (?P<name>[^:\n]+): (?P<office>[^,\n]+), Zimmer (?P<room>\d+), Telefon (?P<phone>[\d-]+)$", re.MULTILINE
)


def missing_again(text: str) -> list[str]:
    """Return the papers that a note requires and that have not come, in the note's order."""
    between = re.search(r"Erforderlich:(.*?)Eingegangen:(.*?)Nachreichen bis:", text, re.DOTALL)
    required, came = ([part.strip(" -.\n") for part in re.split(r";|\n", group)] for group in between.groups())
    return [paper for paper in required if paper and paper not in came]


def faults_again(text: str) -> list[tuple[str, str]]:
    """Return (field, kind of fault) of a filled-in form, in its order."""
    faults = []
    for match in _ROW.finditer(text):
        name, value = match["name"], match["value"].strip()
        fault = "missing" if match["star"] and not value else _fault_of(name, value) if value else ""
        if fault:
            faults.append((name, fault))
    return faults


def _fault_of(name: str, value: str) -> str:
    """Return what is wrong with a value, "" where nothing is."""
    if name == "PLZ":
        return "" if len(value) == 5 and value.isdigit() else "postcode"
    if name == "E-Mail":
        return "" if value.count("@") == 1 else "email"
    numbers = re.fullmatch(r"(\d\d)\.(\d\d)\.(\d{4})?", value)
    if not numbers:
        return ""
    if numbers[3] is None:
        return "year"
    try:
        datetime.date(int(numbers[3]), int(numbers[2]), int(numbers[1]))
    except ValueError:
        return "date"
    return ""


def office_again(text: str, matter: str) -> tuple[str, int, str] | None:
    """Return (office, room, telephone) of a matter in a directory, by its references too; None if it is not there."""
    referred = re.search(rf"^- {re.escape(matter)}: siehe (.+)$", text, re.MULTILINE)
    wanted = referred[1] if referred else matter
    for match in _ENTRY.finditer(text):
        if match["name"] == wanted:
            return match["office"], int(match["room"]), match["phone"]
    return None
