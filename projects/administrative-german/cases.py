"""Case facts: one procedure, an invented municipality and person, dates, amounts, a file number.

    case = draw_case(rng, "test")       # procedure and municipality are of that split

A case is what both grammars are rendered from, and what a rendered text is compared with. All dates on which something
must be done are working days in the case's Land.

Not covered: more than one procedure in a case; real municipalities (the names are plants with endings of the region).
"""

import datetime
import random
from dataclasses import dataclass
from functools import cache
from typing import Any

from gretchen.projects.splits import split_of

from .deadlines import Period, end_of, next_working_day, notified
from .german import Noun, Ref, load

SPLITS, SHARES = ("train", "validation", "test"), (85, 5, 10)
FIRST_DAY, LAST_DAY = datetime.date(2024, 1, 2), datetime.date(2027, 11, 30)
# Endings of places by region. (NI, NW and BY have largely abolished the objection: there a lawsuit is the remedy.)
REGIONS: dict[str, tuple[str, tuple[str, ...]]] = {
    "north": ("SH HH HB MV NI", ("wiek", "büll", "stedt", "koog", "siel", "rade")),
    "east": ("BB BE SN ST TH", ("ow", "itz", "leben", "roda", "walde", "hagen")),
    "south": ("BW BY", ("ingen", "hofen", "kirchen", "brunn", "moos", "ried")),
    "west": ("NW RP SL HE", ("rath", "scheid", "weiler", "inghausen", "lar", "dünn")),
}
STEMS = (
    "Ginster", "Quendel", "Distel", "Flieder", "Holunder", "Schlehen", "Wacholder", "Sanddorn", "Hasel", "Mispel",
    "Quitten", "Arnika", "Baldrian", "Kamillen", "Salbei", "Thymian", "Lavendel", "Enzian", "Akelei", "Brombeer",
    "Himbeer", "Lupinen", "Malven", "Mohn", "Klee", "Farn", "Rainfarn", "Schafgarben", "Wegwarten", "Zichorien",
)  # fmt: skip
STREETS = ("Rathausplatz", "Marktstraße", "Am Anger", "Kirchgasse", "Bahnhofstraße", "Lindenallee", "Mühlenweg",
           "Schulstraße", "Am Teich", "Gartenweg", "Neue Straße", "Brunnengasse")  # fmt: skip
SURNAMES = ("Albers", "Behrend", "Cordes", "Demir", "Ebert", "Fuchs", "Gavrilov", "Hartwig", "Iversen", "Jansen",
            "Kowalski", "Lorenz", "Mertens", "Nguyen", "Oswald", "Petersen", "Quast", "Rahimi", "Sommer", "Thiel",
            "Ulrich", "Vogt", "Wagner", "Yilmaz", "Ziegler")  # fmt: skip


@dataclass(frozen=True)
class Document:
    """A paper that an applicant has to hand in, in three registers."""

    official: Noun
    plain: str  # accusative, with its article
    easy: str


@dataclass(frozen=True)
class Procedure:
    """A procedure of procedures.yaml; `extra` holds what only its kind has."""

    key: str
    kind: str  # benefit, charge, permit, fine
    name: Noun
    gloss: str
    easy: str
    easy_gloss: tuple[str, ...]
    office: Noun
    code: str
    ref: Ref
    amount: tuple[int, int, int]  # lowest, highest, step, in cents
    documents: tuple[Document, ...]
    extra: dict[str, Any]

    @property
    def group(self) -> str:
        """The split's key."""
        return f"procedure:{self.key}"

    @property
    def is_tax(self) -> bool:
        """Whether the Abgabenordnung holds for it."""
        return self.kind == "charge"

    @property
    def is_social(self) -> bool:
        """Whether the social code holds for it."""
        return self.ref.law.startswith("SGB") or self.ref.law in ("WoGG", "UhVorschG")


@dataclass(frozen=True)
class Municipality:
    """An invented town with its Land; `catholic` where Mariä Himmelfahrt is a holiday in Bavaria."""

    name: str
    land: str
    catholic: bool

    @property
    def group(self) -> str:
        """The split's key."""
        return f"municipality:{self.name}"


@dataclass(frozen=True)
class Case:
    """The facts of one case; amounts in cents."""

    procedure: Procedure
    town: Municipality
    salutation: str  # "Frau Albers", as after "Guten Tag"
    street: str  # the office's street and number
    file: str
    applied: datetime.date
    decided: datetime.date
    notified: datetime.date
    due: datetime.date
    documents_until: datetime.date
    hearing_until: datetime.date
    valid_from: datetime.date
    valid_until: datetime.date
    appointment: datetime.datetime
    remedy: str  # Widerspruch, Klage, Einspruch
    remedy_period: Period
    remedy_until: datetime.date
    amount: int
    costs: int
    overpaid: int
    rates: int
    documents: tuple[Document, ...]

    @property
    def groups(self) -> list[str]:
        """The keys that the split keeps together."""
        return [self.procedure.group, self.town.group]

    @property
    def office(self) -> Noun:
        """The office in charge."""
        return self.procedure.office

    @property
    def fee_of_fine(self) -> int:
        """The fee of a fine's procedure: 5 %, at least 25 euros (§ 107 (1) OWiG)."""
        return max(2500, self.amount // 20)

    @property
    def total(self) -> int:
        """What is to be paid: of a fine with fee and outlays."""
        return self.amount + self.fee_of_fine + self.costs if self.procedure.kind == "fine" else self.amount


@cache
def procedures() -> tuple[Procedure, ...]:
    """Return all procedures."""
    return tuple(_procedure(entry) for entry in load("procedures"))


def _procedure(entry: dict[str, Any]) -> Procedure:
    """Return a procedure of the file."""
    documents = [
        Document(Noun(*item["official"], bare=item.get("bare", False)), item["plain"], item["easy"])
        for item in entry["documents"]
    ]
    known = {"key", "kind", "name", "gloss", "easy", "easy_gloss", "office", "code", "ref", "amount", "documents"}
    return Procedure(
        entry["key"], entry["kind"], Noun(*entry["name"]), entry["gloss"], entry["easy"], tuple(entry["easy_gloss"]),
        Noun(*entry["office"]), entry["code"], Ref(*entry["ref"]), tuple(entry["amount"]), tuple(documents),
        {key: value for key, value in entry.items() if key not in known},
    )  # fmt: skip


@cache
def towns() -> tuple[Municipality, ...]:
    """Return all municipalities: each stem with two endings of each region, in one of its Länder."""
    rng = random.Random("municipalities")
    municipalities = []
    for lands, endings in REGIONS.values():
        for stem in STEMS:
            for ending in rng.sample(endings, 2):
                land = rng.choice(lands.split())
                municipalities.append(Municipality(f"{stem}{ending}", land, land == "BY" and rng.random() < 0.7))
    return tuple(municipalities)


@cache
def in_split(split: str, kinds: tuple[str, ...] = ()) -> tuple[list[Procedure], list[Municipality]]:
    """Return the procedures (of some kinds) and municipalities of a split."""
    chosen = [p for p in procedures() if split_of(p.group) == split and (not kinds or p.kind in kinds)]
    return chosen, [town for town in towns() if split_of(town.group) == split]


def draw_case(rng: random.Random, split: str, kinds: tuple[str, ...] = ()) -> Case:
    """Return a random case whose procedure (of some kinds) and municipality are of a split."""
    choices, municipalities = in_split(split, kinds)
    procedure, town = rng.choice(choices), rng.choice(municipalities)
    where = (town.land, town.catholic)
    decided = next_working_day(_day(rng), *where)
    arrived = notified(decided, *where, tax=procedure.is_tax)
    remedy, period = remedy_of(procedure, town.land)
    begins = _first_of_month(decided, rng.randint(0, 2))

    def later(low: int, high: int) -> datetime.date:
        return next_working_day(decided + datetime.timedelta(days=rng.randint(low, high)), *where)

    low, high, step = procedure.amount
    amount = low + step * rng.randrange((high - low) // step + 1)
    day = later(6, 30)
    return Case(
        procedure=procedure,
        town=town,
        salutation=f"{rng.choice(('Frau', 'Herr'))} {rng.choice(SURNAMES)}",
        street=f"{rng.choice(STREETS)} {rng.randint(1, 48)}",
        file=file_number(rng, procedure.code, decided.year),
        applied=decided - datetime.timedelta(days=rng.randint(15, 80)),
        decided=decided,
        notified=arrived,
        due=later(25, 60),
        documents_until=later(14, 35),
        hearing_until=later(13, 28),
        valid_from=begins,
        valid_until=_first_of_month(begins, rng.choice((5, 11, 23))) - datetime.timedelta(days=1),
        appointment=datetime.datetime.combine(day, datetime.time(rng.randint(8, 15), rng.choice((0, 15, 30, 45)))),
        remedy=remedy,
        remedy_period=period,
        remedy_until=end_of(arrived, period, *where),
        amount=amount,
        costs=rng.choice((350, 500, 1250, 2850)) if procedure.kind == "fine" else rng.choice((500, 1020, 1530, 2550)),
        overpaid=100 * rng.randint(24, 890),
        rates=rng.choice((2, 3, 4, 6)),
        documents=tuple(rng.sample(procedure.documents, rng.randint(1, len(procedure.documents)))),
    )


def remedy_of(procedure: Procedure, land: str) -> tuple[str, Period]:
    """Return the remedy against a decision and its period: Einspruch against a fine, else by Land (simplified)."""
    if procedure.kind == "fine":
        return "Einspruch", Period(2, "week")
    if land in ("BY", "NI", "NW") and not procedure.is_social:
        return "Klage", Period(1, "month")
    return "Widerspruch", Period(1, "month")


def file_number(rng: random.Random, code: str, year: int) -> str:
    """Return a file number in one of two forms: "WOG-2026-00417", "32.1-WOG 0417/26"."""
    if rng.random() < 0.5:
        return f"{code}-{year}-{rng.randrange(100, 100_000):05d}"
    return f"{rng.randint(10, 66)}.{rng.randint(1, 9)}-{code} {rng.randrange(10, 10_000):04d}/{year % 100}"


def _day(rng: random.Random) -> datetime.date:
    """Return a random day of the years that cases are from."""
    return FIRST_DAY + datetime.timedelta(days=rng.randrange((LAST_DAY - FIRST_DAY).days))


def _first_of_month(day: datetime.date, months: int) -> datetime.date:
    """Return the first day of the month that is so many months after the next one."""
    index = day.year * 12 + day.month + months
    return datetime.date(index // 12, index % 12 + 1, 1)
