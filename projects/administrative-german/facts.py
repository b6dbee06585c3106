"""Facts read from a text: dates, amounts, periods, times, percentages, law references, file numbers, offices,
rooms, telephone numbers.

    facts_in("Zahlen Sie 84,50 Euro bis Montag, 2. März 2026.")     -> amount 8450, date 2026-03-02

Both registers read the same: "02.03.2026" is "2. März 2026", "§ 24 Abs. 1 WoGG" is "§ 24 Absatz 1 des
Wohngeldgesetzes", "zwei Wochen" is "14 Tage". It is the builder's second route (a text is read back and compared with
its case) and the metric's only reader.

Not covered: dates without a year, two-digit years, amounts in words, sentences and numbers within a paragraph (Satz 2).
"""

import datetime
import re
from dataclasses import dataclass
from functools import cache, lru_cache

from .cases import procedures
from .german import MONTHS, load

LONGEST = 20_000  # characters; what is beyond is not read
_NUMBERS = {"ein": 1, "zwei": 2, "drei": 3, "vier": 4, "fünf": 5, "sechs": 6, "zehn": 10, "vierzehn": 14}
_DAYS = {"tag": ("day", 1), "woch": ("day", 7), "mona": ("month", 1)}
_DATE = re.compile(
    rf"\b(\d{{1,2}})\.\s*(?:(\d{{1,2}})\.\s?|({'|'.join(MONTHS)})\s+)(\d{{4}})\b|\b(\d{{4}})-(\d{{2}})-(\d{{2}})\b"
)
_AMOUNT = re.compile(
    r"(?<![\w.,])(\d{1,3}(?:\.\d{3})+|\d{1,9})(?:,(\d{2}|-{1,2}|–))?\s*(?:EUR|Euro|€)"
    r"|(?:EUR|€)\s*(\d{1,3}(?:\.\d{3})+|\d{1,9})(?:,(\d{2}))?\b"
)
_PERIOD = re.compile(
    r"\b(?:(ein)(?:e[nmrs]?)?|(zwei|drei|vier|fünf|sechs|zehn|vierzehn)|(\d{1,3}))\s+(Tag|Woch|Mona)(?:e[ns]?|te?[ns]?|ts?)?\b",
    re.IGNORECASE,
)
_TIME = re.compile(r"\b(\d{1,2})(?:[:.](\d{2}))?\s*Uhr(?:\s+(\d{2}))?\b")
_PERCENT = re.compile(r"(?<![\w.,])(\d{1,3})(?:,(\d+))?\s*(?:%|Prozent\b|vom Hundert\b|v\.\s?H\.)")
_FILE = re.compile(r"\b[A-ZÄÖÜ]{3}-\d{4}-\d{5}\b|\b\d{2}\.\d-[A-ZÄÖÜ]{3} \d{4}/\d{2}\b")
_ROOM = re.compile(r"\bZimmer (\d{1,4})\b")
_PHONE = re.compile(r"\b(?:Telefon|Tel\.|Telefonnummer)(?: ist)?:? ?(\d[\d /-]{2,14}\d)\b")
_REF = re.compile(
    r"(?:§+|Paragra(?:f|ph)(?:en)?)\s*(\d{1,4}[a-z]?)(?:\s*(?:Abs\.|Absatz)\s*(\d{1,2}[a-z]?)|\s*\((\d{1,2}[a-z]?)\))?"
    r"(?:\s*(?:Satz|S\.|Nr\.|Nummer)\s*\d{1,2})*\s*((?:de[rs]\s+)?[A-ZÄÖÜ][^\n,;.()?!:]{0,60})?"
)


@dataclass(frozen=True)
class Mention:
    """A fact in a text: its type, its value in one form, and where it stands."""

    type: str
    value: str
    start: int

    @property
    def key(self) -> tuple[str, str]:
        """Type and value."""
        return self.type, self.value


@lru_cache(maxsize=256)  # builder and metric read the same text again
def facts_in(text: str) -> tuple[Mention, ...]:
    """Return the facts of a text in their order; never raises."""
    text = text[:LONGEST]
    mentions = [
        *_dates(text), *_amounts(text), *_periods(text), *_offices(text), *_refs(text),
        *(Mention("time", f"{int(m[1])}:{m[2] or m[3] or '00'}", m.start()) for m in _TIME.finditer(text)),
        *(Mention("percent", f"{int(m[1])}{f'.{m[2]}' if m[2] else ''}", m.start()) for m in _PERCENT.finditer(text)),
        *(Mention("room", m[1], m.start()) for m in _ROOM.finditer(text)),
        *(Mention("phone", re.sub(r"\D", "", m[1]), m.start()) for m in _PHONE.finditer(text)),
        *(Mention("file", m[0], m.start()) for m in _FILE.finditer(text)),
    ]  # fmt: skip
    return tuple(sorted(mentions, key=lambda mention: mention.start))


def _dates(text: str) -> list[Mention]:
    mentions = []
    for match in _DATE.finditer(text):
        day, month, name, year, iso_year, iso_month, iso_day = match.groups()
        number = MONTHS.index(name) + 1 if name else int(month or iso_month)
        try:
            value = datetime.date(int(year or iso_year), number, int(day or iso_day)).isoformat()
        except ValueError:
            value = match[0]  # a day that does not exist is a fact, and wrong
        mentions.append(Mention("date", value, match.start()))
    return mentions


def _amounts(text: str) -> list[Mention]:
    mentions = []
    for match in _AMOUNT.finditer(text):
        whole, cents = match[1] or match[3], match[2] or match[4] or "00"
        digits = whole.replace(".", "") + (cents if cents.isdigit() else "00")
        mentions.append(Mention("amount", str(int(digits)), match.start()))
    return mentions


def _periods(text: str) -> list[Mention]:
    mentions = []
    for match in _PERIOD.finditer(text):
        number = int(match[3]) if match[3] else _NUMBERS[(match[1] or match[2]).lower()]
        unit, factor = _DAYS[match[4].lower()]
        mentions.append(Mention("period", f"{number * factor} {unit}", match.start()))
    return mentions


def _refs(text: str) -> list[Mention]:
    mentions = []
    for match in _REF.finditer(text):
        law = law_of(match[4] or "")
        mentions.append(Mention("ref", f"{match[1]}|{match[2] or match[3] or ''}|{law}", match.start()))
    return mentions


def law_of(words: str) -> str:
    """Return the law that a reference's words begin with, as laws.yaml abbreviates it; a by-law's name; else ""."""
    for name, law in _law_names():
        if words.startswith(name) and not words[len(name) :][:1].isalpha():
            return law
    by_law = re.match(r"(?:de[rs]\s+)?([A-ZÄÖÜ]\w+(?:satzung|ordnung|richtlinie))\b", words)
    return by_law[1] if by_law else ""


@cache
def _law_names() -> tuple[tuple[str, str], ...]:
    """Return (beginning of a reference, law): abbreviations and full names, the longest first."""
    names = []
    for law, genitive in load("laws").items():
        article, name = genitive.split(" ", 1)
        names += [(law, law), (f"{article} {law}", law), (genitive, law), (name, law), (name.removesuffix("es"), law),
                  (name.removesuffix("s"), law)]  # fmt: skip
    return tuple(sorted(names, key=lambda pair: -len(pair[0])))


@cache
def _office_pattern() -> re.Pattern[str]:
    """Return a pattern of all offices' names, the longest first; a hyphen may part their words."""
    names = sorted({procedure.office.text for procedure in procedures()}, key=len, reverse=True)
    return re.compile("|".join(rf"\b{re.escape(name)}(?:e?s)?\b" for name in names), re.IGNORECASE)


def _offices(text: str) -> list[Mention]:
    joined = re.sub(r"(?<=[a-zäöüß])-(?=[A-ZÄÖÜ])", "", text)
    return [
        Mention("office", office_key(match[0]), match.start()) for match in _office_pattern().finditer(joined)
    ]  # positions shift by the hyphens before: a few characters


def office_key(name: str) -> str:
    """Return an office's name in the form that values have: lower case, without the genitive's ending."""
    bare = name.lower()
    for ending in ("es", "s", ""):
        if any(procedure.office.text.lower() == bare.removesuffix(ending) for procedure in procedures()):
            return bare.removesuffix(ending)
    return bare
