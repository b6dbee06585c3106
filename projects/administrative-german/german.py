"""Words and phrases of German: articles by gender and case, dates, amounts and law references in two registers.

    Noun("Bescheid", "m", "Bescheides").definite("genitive")    -> "des Bescheides"
    official_date(date(2026, 3, 2)), plain_date(...)            -> "02.03.2026", "Montag, 2. März 2026"

Not covered: adjectives (a noun phrase that has one is `bare`: it is written without an article).
"""

import datetime
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

Case = Literal["nominative", "accusative", "dative", "genitive"]
CASES = ("nominative", "accusative", "dative", "genitive")
_DEFINITE = {
    "m": ("der", "den", "dem", "des"), "f": ("die", "die", "der", "der"),
    "n": ("das", "das", "dem", "des"), "p": ("die", "die", "den", "der"),
}  # fmt: skip
MONTHS = ("Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November",
          "Dezember")  # fmt: skip
WEEKDAYS = ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag")
DATA = Path(__file__).parent / "data"


@cache
def load(name: str) -> Any:  # the file's own form
    """Return a YAML file of data/."""
    return yaml.safe_load((DATA / f"{name}.yaml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Noun:
    """A noun (phrase) with its gender (m, f, n, p = plural) and genitive; a bare one takes no article."""

    text: str
    gender: str
    genitive: str
    bare: bool = False

    def definite(self, case: Case) -> str:
        """Return the noun with the definite article, "des Bescheides"."""
        word = self.genitive if case == "genitive" else self.text
        return word if self.bare else f"{_DEFINITE[self.gender][CASES.index(case)]} {word}"

    @property
    def be(self) -> str:
        """The form of "sein" after it: ist, sind."""
        return "sind" if self.gender == "p" else "ist"

    @property
    def become(self) -> str:
        """The form of "werden" after it: wird, werden."""
        return "werden" if self.gender == "p" else "wird"


@dataclass(frozen=True)
class Ref:
    """A law reference: section, paragraph ("" for none), and the law as laws.yaml abbreviates it, or a by-law."""

    section: str
    paragraph: str
    law: str

    def official(self) -> str:
        """Return it as official German writes it: "§ 24 Abs. 1 WoGG"."""
        return f"§ {self.section}{f' Abs. {self.paragraph}' if self.paragraph else ''} {self.law}"

    def plain(self) -> str:
        """Return it as plain German writes it: "§ 24 Absatz 1 des Wohngeldgesetzes"."""
        paragraph = f" Absatz {self.paragraph}" if self.paragraph else ""
        return f"§ {self.section}{paragraph} {load('laws').get(self.law, self.law)}"


def long_date(day: datetime.date) -> str:
    """Return "2. März 2026"."""
    return f"{day.day}. {MONTHS[day.month - 1]} {day.year}"


def official_date(day: datetime.date) -> str:
    """Return "02.03.2026"."""
    return f"{day:%d.%m.%Y}"


def plain_date(day: datetime.date) -> str:
    """Return "Montag, 2. März 2026"."""
    return f"{WEEKDAYS[day.weekday()]}, {long_date(day)}"


def grouped(cents: int) -> str:
    """Return an amount with a point between thousands and two decimals: "1.204,50"."""
    return f"{cents // 100:,}".replace(",", ".") + f",{cents % 100:02d}"


def official_amount(cents: int) -> str:
    """Return "1.204,50 EUR"."""
    return f"{grouped(cents)} EUR"


def plain_amount(cents: int) -> str:
    """Return "1.204,50 Euro", or "120 Euro" where there are no cents."""
    return f"{grouped(cents).removesuffix(',00')} Euro"


def upper_first(text: str) -> str:
    """Return a text with a capital first letter."""
    return text[:1].upper() + text[1:]
