"""The concepts of a statement: taxonomy names, the labels that statements print, and the identities between them.

Names are those of the IFRS taxonomy (ifrs-full), shortened where it needs a whole sentence. Labels are the usual ones
of IFRS, HGB and US-GAAP statements: the first two of a language are the common ones (profile `tiny`), the third is a
synonym that only form `synonyms` uses.

Not covered: statements of changes in equity, disclosures.
"""

from collections.abc import Sequence
from dataclasses import dataclass

INCOME, BALANCE, CASH_FLOW = "income statement", "balance sheet", "cash flow statement"


@dataclass(frozen=True)
class Concept:
    """A taxonomy name with its labels; `phrases` are its two common labels as they stand in a sentence."""

    name: str
    statement: str
    labels: dict[str, tuple[str, ...]]
    phrases: dict[str, tuple[str, str]]


def _concept(name: str, statement: str, english: str, german: str, phrase: str, satz: str) -> Concept:
    """A concept from labels separated by '|'."""
    labels = {"en": tuple(english.split("|")), "de": tuple(german.split("|"))}
    return Concept(name, statement, labels, {"en": tuple(phrase.split("|")), "de": tuple(satz.split("|"))})


_ALL = (
    _concept("Revenue", INCOME, "Revenue|Net sales|Turnover", "Umsatzerlöse|Umsatz|Erlöse aus Verträgen mit Kunden",
             "revenue|net sales", "Umsatzerlöse|einen Umsatz"),
    _concept("CostOfSales", INCOME, "Cost of sales|Cost of goods sold|Cost of revenue",
             "Umsatzkosten|Herstellungskosten|Herstellungskosten des Umsatzes",
             "cost of sales|cost of goods sold", "Umsatzkosten|Herstellungskosten"),
    _concept("GrossProfit", INCOME, "Gross profit|Gross margin|Gross income",
             "Bruttoergebnis|Bruttogewinn|Bruttoergebnis vom Umsatz",
             "a gross profit|a gross margin", "ein Bruttoergebnis|einen Bruttogewinn"),
    _concept("OperatingExpense", INCOME, "Operating expenses|Operating costs|Selling and administrative expenses",
             "Betriebsaufwand|Betriebskosten|Vertriebs- und Verwaltungskosten",
             "operating expenses|operating costs", "einen Betriebsaufwand|Betriebskosten"),
    _concept("FinanceCosts", INCOME, "Finance costs|Interest expense|Borrowing costs",
             "Zinsaufwand|Finanzierungskosten|Zinsen und ähnliche Aufwendungen",
             "finance costs|interest expense", "einen Zinsaufwand|Finanzierungskosten"),
    _concept("IncomeTaxExpense", INCOME, "Income tax|Tax expense|Provision for income taxes",
             "Ertragsteuern|Steueraufwand|Steuern vom Einkommen und vom Ertrag",
             "income tax|a tax expense", "Ertragsteuern|einen Steueraufwand"),
    # One year in five ends in a loss, so its labels allow for one (a negative "Jahresüberschuss" is none).
    _concept("ProfitLoss", INCOME, "Net result|Profit (loss) for the year|Net income (loss)",
             "Jahresergebnis|Ergebnis nach Steuern|Jahresüberschuss/-fehlbetrag",
             "a net result|a result for the year", "ein Jahresergebnis|ein Ergebnis nach Steuern"),
    _concept("NoncurrentAssets", BALANCE, "Non-current assets|Fixed assets|Long-lived assets",
             "Anlagevermögen|Langfristige Vermögenswerte|Langfristiges Vermögen",
             "non-current assets|fixed assets", "ein Anlagevermögen|langfristige Vermögenswerte"),
    _concept("Inventories", BALANCE, "Inventories|Stocks|Inventory, net",
             "Vorräte|Vorratsvermögen|Vorräte und Waren", "inventories|stocks", "Vorräte|ein Vorratsvermögen"),
    _concept("TradeReceivables", BALANCE, "Trade receivables|Receivables|Accounts receivable, net",
             "Forderungen|Kundenforderungen|Forderungen aus Lieferungen und Leistungen",
             "trade receivables|receivables", "Forderungen|Kundenforderungen"),
    _concept("Cash", BALANCE, "Cash|Cash at bank|Cash in hand and at bank",
             "Liquide Mittel|Bankguthaben|Kassenbestand und Bankguthaben",
             "cash|cash at bank", "liquide Mittel|ein Bankguthaben"),
    _concept("CurrentAssets", BALANCE, "Current assets|Total current assets|Short-term assets",
             "Umlaufvermögen|Kurzfristige Vermögenswerte|Kurzfristiges Vermögen",
             "current assets|total current assets", "ein Umlaufvermögen|kurzfristige Vermögenswerte"),
    _concept("Assets", BALANCE, "Total assets|Assets|Assets, total", "Bilanzsumme|Summe Aktiva|Vermögenswerte gesamt",
             "total assets|assets", "eine Bilanzsumme|Aktiva"),
    _concept("Equity", BALANCE, "Equity|Total equity|Shareholders' equity",
             "Eigenkapital|Summe Eigenkapital|Eigenkapital der Anteilseigner",
             "equity|total equity", "ein Eigenkapital|ein gesamtes Eigenkapital"),
    _concept("NoncurrentLiabilities", BALANCE,
             "Non-current liabilities|Long-term liabilities|Liabilities due after more than one year",
             "Langfristige Schulden|Langfristiges Fremdkapital|Langfristige Verbindlichkeiten",
             "non-current liabilities|long-term liabilities", "langfristige Schulden|ein langfristiges Fremdkapital"),
    _concept("CurrentLiabilities", BALANCE,
             "Current liabilities|Short-term liabilities|Liabilities due within one year",
             "Kurzfristige Schulden|Kurzfristiges Fremdkapital|Kurzfristige Verbindlichkeiten",
             "current liabilities|short-term liabilities", "kurzfristige Schulden|ein kurzfristiges Fremdkapital"),
    _concept("Liabilities", BALANCE, "Total liabilities|Liabilities|Liabilities, total",
             "Schulden|Fremdkapital|Summe der Schulden", "total liabilities|liabilities", "Schulden|Fremdkapital"),
    _concept("OperatingCashFlow", CASH_FLOW,
             "Operating cash flow|Cash flow from operations|Net cash from operating activities",
             "Operativer Cashflow|Cashflow aus dem Betrieb|Cashflow aus laufender Geschäftstätigkeit",
             "an operating cash flow|a cash flow from operations",
             "einen operativen Cashflow|einen Cashflow aus dem Betrieb"),
    _concept("InvestingCashFlow", CASH_FLOW,
             "Investing cash flow|Cash flow from investing|Net cash used in investing activities",
             "Investiver Cashflow|Cashflow aus Investitionen|Cashflow aus der Investitionstätigkeit",
             "an investing cash flow|a cash flow from investing",
             "einen investiven Cashflow|einen Cashflow aus Investitionen"),
    _concept("FinancingCashFlow", CASH_FLOW,
             "Financing cash flow|Cash flow from financing|Net cash from financing activities",
             "Finanzieller Cashflow|Cashflow aus Finanzierung|Cashflow aus der Finanzierungstätigkeit",
             "a financing cash flow|a cash flow from financing",
             "einen finanziellen Cashflow|einen Cashflow aus Finanzierung"),
    _concept("CashFlow", CASH_FLOW, "Change in cash|Net cash flow|Net change in cash and cash equivalents",
             "Veränderung der Mittel|Cashflow gesamt|Veränderung des Finanzmittelbestands",
             "a change in cash|a net cash flow", "eine Veränderung der Mittel|einen gesamten Cashflow"),
)  # fmt: skip
CONCEPTS = {concept.name: concept for concept in _ALL}
BY_STATEMENT = {kind: [c.name for c in _ALL if c.statement == kind] for kind in (INCOME, BALANCE, CASH_FLOW)}

# (total, its parts with their signs): each holds in cents for every ledger.
IDENTITIES: tuple[tuple[str, dict[str, int]], ...] = (
    ("GrossProfit", {"Revenue": 1, "CostOfSales": -1}),
    ("ProfitLoss", {"GrossProfit": 1, "OperatingExpense": -1, "FinanceCosts": -1, "IncomeTaxExpense": -1}),
    ("CurrentAssets", {"Inventories": 1, "TradeReceivables": 1, "Cash": 1}),
    ("Assets", {"NoncurrentAssets": 1, "CurrentAssets": 1}),
    ("Assets", {"Equity": 1, "Liabilities": 1}),
    ("Liabilities", {"NoncurrentLiabilities": 1, "CurrentLiabilities": 1}),
    ("CashFlow", {"OperatingCashFlow": 1, "InvestingCashFlow": 1, "FinancingCashFlow": 1}),
)


def violations(amounts: dict[str, int]) -> list[str]:
    """Return the totals that the amounts contradict; an identity without all its parts says nothing."""
    return [
        total
        for total, parts in IDENTITIES
        if total in amounts
        and all(part in amounts for part in parts)
        and amounts[total] != sum(sign * amounts[part] for part, sign in parts.items())
    ]


def is_derivable(name: str, known: Sequence[str]) -> bool:
    """Return whether an identity gives a concept that is not shown from concepts that are."""
    for total, parts in IDENTITIES:
        members = {total, *parts}
        if name in members and members - {name} <= set(known):
            return True
    return False
