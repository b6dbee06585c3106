"""Invented companies and their ledgers: integer cents, with the identities of concepts.py by construction.

A company's ledger of a year is a pure function of its name and the year, so the same company shows the same amounts
in every layout, and all rows on it share a group. Sizes: revenue around 40 to 99 thousand (`small`, one company in
four), 0.5 to 9.5 million (`medium`), 0.2 to 9.5 billion (`large`) units of the company's currency.

Not covered: several currencies in one company, fiscal years that are no calendar years.
"""

import random
from dataclasses import dataclass
from functools import lru_cache

from gretchen.projects.splits import split_of

from .concepts import violations

FIRST_YEAR, LAST_YEAR = 2016, 2026
STEMS = (
    "Adler", "Alden", "Amber", "Anker", "Arden", "Bering", "Birken", "Blyth", "Brandt", "Carlow", "Corvin", "Dahlem",
    "Darrow", "Eiben", "Elster", "Falken", "Farrow", "Felsen", "Garmond", "Gellner", "Halden", "Harlow", "Hester",
    "Hollen", "Ilmen", "Jarrow", "Kestrel", "Kiefer", "Kolbe", "Lander", "Lerchen", "Linden", "Marlow", "Merten",
    "Mohn", "Narden", "Nordwind", "Oakley", "Orsini", "Ostara", "Pellner", "Penrose", "Quell", "Ravens", "Reiher",
    "Rodach", "Saale", "Sander", "Selby", "Sperling", "Stern", "Talbot", "Tannen", "Thorne", "Ulmen", "Ventner",
    "Wacker", "Walden", "Weser", "Wilton", "Yarrow", "Zander", "Zeller", "Zinnia",
)  # fmt: skip
TRADES = {
    "en": ("Pumps", "Foods", "Paper", "Glass", "Tools", "Energy", "Seeds", "Timber", "Optics", "Textiles", "Marine",
           "Steel", "Cables", "Ceramics", "Motors", "Media", "Pharma", "Logistics", "Robotics", "Water"),
    "de": ("Pumpen", "Backwaren", "Papier", "Glas", "Werkzeuge", "Energie", "Saaten", "Holz", "Optik", "Textil",
           "Schiffbau", "Stahl", "Kabel", "Keramik", "Motoren", "Medien", "Pharma", "Logistik", "Robotik", "Wasser"),
}  # fmt: skip
LEGAL_FORMS = {"en": ("plc", "Ltd", "Inc", "Group"), "de": ("AG", "GmbH", "SE", "KG")}
PRIVATE = ("Ltd", "GmbH", "KG")  # only these are small, and none is large
SIZES = {"small": (40_000, 99_000), "medium": (500_000, 9_500_000), "large": (200_000_000, 9_500_000_000)}


@dataclass(frozen=True)
class Company:
    """An invented company; `size` is a key of SIZES."""

    name: str
    size: str

    @property
    def is_listed(self) -> bool:
        """Whether it may have shares on an exchange: no GmbH, KG or Ltd does."""
        return self.name.split()[-1] not in PRIVATE

    @property
    def key(self) -> str:
        """The group that keeps all rows on this company in one split."""
        return f"company:{self.name}"


def draw_company(rng: random.Random, language: str, split: str) -> Company:
    """Return a company whose group falls in `split`; its size depends on its name alone."""
    while True:
        parts = (STEMS, TRADES[language], LEGAL_FORMS[language])
        name = " ".join(rng.choice(part) for part in parts)
        if split_of(f"company:{name}") == split:
            return Company(name, size_of(name))


def size_of(name: str) -> str:
    """Return a company's size, which depends on its name alone: private companies are small or medium."""
    kinds = ("small", "medium") if name.split()[-1] in PRIVATE else ("medium", "large", "large")
    return random.Random(f"size {name}").choice(kinds)


@lru_cache(maxsize=20_000)
def ledger(company: Company, year: int) -> dict[str, int]:
    """Return the amounts of a year in cents, by concept. Costs and expenses are positive, a loss is negative."""
    base = random.Random(f"base {company.name}")
    low, high = SIZES[company.size]
    typical = int(100 * low * (high / low) ** base.random())
    rng = random.Random(f"ledger {company.name} {year}")
    amounts = _income(rng, int(typical * rng.uniform(0.8, 1.25)))
    amounts |= _balance(rng, typical) | _cash_flow(rng, typical)
    assert not violations(amounts), f"{company.name} {year}: {violations(amounts)}"
    return amounts


def _share(rng: random.Random, whole: int, low: float, high: float) -> int:
    """Return a random share of an amount, in whole cents."""
    return int(whole * rng.uniform(low, high))


def _income(rng: random.Random, revenue: int) -> dict[str, int]:
    """Return an income statement; one year in five ends in a loss."""
    cost = _share(rng, revenue, 0.35, 0.75)
    gross = revenue - cost
    expense = _share(rng, gross, *((1.0, 1.3) if rng.random() < 0.2 else (0.35, 0.8)))
    finance = _share(rng, revenue, 0.002, 0.03)
    tax = max(0, _share(rng, gross - expense - finance, 0.15, 0.32))
    profit = gross - expense - finance - tax
    return {
        "Revenue": revenue, "CostOfSales": cost, "GrossProfit": gross, "OperatingExpense": expense,
        "FinanceCosts": finance, "IncomeTaxExpense": tax, "ProfitLoss": profit,
    }  # fmt: skip


def _balance(rng: random.Random, typical: int) -> dict[str, int]:
    """Return a balance sheet around a typical revenue."""
    parts = {
        "NoncurrentAssets": _share(rng, typical, 0.2, 0.9),
        "Inventories": _share(rng, typical, 0.02, 0.25),
        "TradeReceivables": _share(rng, typical, 0.03, 0.25),
        "Cash": _share(rng, typical, 0.01, 0.2),
    }
    current = parts["Inventories"] + parts["TradeReceivables"] + parts["Cash"]
    assets = parts["NoncurrentAssets"] + current
    equity = _share(rng, assets, 0.15, 0.7)
    liabilities = assets - equity
    long_term = _share(rng, liabilities, 0.2, 0.7)
    return parts | {
        "CurrentAssets": current, "Assets": assets, "Equity": equity, "Liabilities": liabilities,
        "NoncurrentLiabilities": long_term, "CurrentLiabilities": liabilities - long_term,
    }  # fmt: skip


def _cash_flow(rng: random.Random, typical: int) -> dict[str, int]:
    """Return a cash flow statement around a typical revenue: investments are outflows, every third has no financing."""
    operating = _share(rng, typical, -0.05, 0.15)
    investing = -_share(rng, typical, 0.01, 0.12)
    financing = 0 if rng.random() < 0.33 else _share(rng, typical, -0.08, 0.08)
    return {
        "OperatingCashFlow": operating, "InvestingCashFlow": investing, "FinancingCashFlow": financing,
        "CashFlow": operating + investing + financing,
    }  # fmt: skip
