"""The SEC's Financial Statement Data Sets, read as chat rows: a statement as a table, its tagged amounts as facts.

    sub.txt    one line per filing: adsh, name, period (YYYYMMDD), fp …
    num.txt    one line per amount: adsh, tag, version, ddate, qtrs, uom, value, coreg, segments or footnote …
    pre.txt    one line per line of a statement: adsh, report, line, stmt (BS, IS, CF …), tag, version, plabel …

All are tab-separated UTF-8 with a header (aqfs documentation, SEC DERA). Used are the amounts of the filing's own
period, of the registrant itself (no coreg, no segments), instants (qtrs 0) or the longest duration. Values are as
filed, in full units; a statement with fewer than two amounts is left out. The data is public domain.

Not covered: tag.txt (definitions), text blocks, restated comparatives.
"""

import csv
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from gretchen.projects.rows import Fault

from .tasks import compact, fact, facts_meta
from .wordings import SYSTEM

COLUMNS = {
    "sub.txt": ("adsh", "name", "period"),
    "num.txt": ("adsh", "tag", "version", "ddate", "qtrs", "uom", "value"),
    "pre.txt": ("adsh", "report", "line", "stmt", "tag", "version", "plabel"),
}
STATEMENTS = {"BS": "Balance sheet", "IS": "Income statement", "CF": "Cash flow statement"}
MOST_LINES = 12
Line = tuple[int, dict[str, str]]


def read(folder: Path) -> Iterator[dict | Fault]:
    """Yield a row per filing and statement, and a fault for each line that cannot be used."""
    lines: dict[str, list[Line]] = {}
    for name, columns in COLUMNS.items():
        lines[name] = []
        for item in _lines(folder / name, columns):
            if isinstance(item, Fault):
                yield item
            else:
                lines[name].append(item)
    filings = {line["adsh"]: line for _, line in lines["sub.txt"]}
    amounts: dict[tuple[str, str, str], tuple[int, Decimal, str]] = {}
    for number, line in lines["num.txt"]:
        amount = _amount(line, filings)
        if isinstance(amount, str):
            yield Fault(str(folder / "num.txt"), number, amount)
        elif amount:
            key = line["adsh"], line["tag"], line["version"]
            amounts[key] = max(amounts.get(key, amount), amount, key=lambda candidate: candidate[0])
    statements = defaultdict(list)
    for number, line in lines["pre.txt"]:
        if not line["line"].isdigit():
            yield Fault(str(folder / "pre.txt"), number, f"line is {line['line']!r}, expected a number")
        elif line["stmt"] in STATEMENTS and (line["adsh"], line["tag"], line["version"]) in amounts:
            statements[line["adsh"], line["stmt"], line["report"]].append(line)
    for (adsh, statement, report), shown in sorted(statements.items()):
        row = _row(filings[adsh], statement, report, sorted(shown, key=lambda line: int(line["line"])), amounts)
        if row:
            yield row


def _lines(file: Path, columns: tuple[str, ...]) -> Iterator[Line | Fault]:
    """Yield (number, line) of a tab-separated file, a fault for one of another width, or for a file without columns."""
    if not file.is_file():
        yield Fault(str(file), 1, "the file is missing beside num.txt")
        return
    with file.open(encoding="utf-8", errors="replace", newline="") as stream:
        rows = csv.reader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)
        header = next(rows, [])
        missing = [column for column in columns if column not in header]
        if missing:
            yield Fault(str(file), 1, f"no column {', '.join(missing)}")
            return
        for number, cells in enumerate(rows, start=2):
            if len(cells) != len(header):
                yield Fault(str(file), number, f"{len(cells)} fields, the header has {len(header)}")
            else:
                yield number, dict(zip(header, cells, strict=True))


def _amount(line: dict[str, str], filings: dict[str, dict[str, str]]) -> tuple[int, Decimal, str] | str | None:
    """Return (quarters, value, unit); what is wrong with the line; or None where the amount is not used."""
    filing = filings.get(line["adsh"])
    if filing is None:
        return f"adsh {line['adsh']} is not in sub.txt"
    if line.get("coreg") or line.get("segments") or line["ddate"] != filing["period"]:
        return None
    if not line["value"].strip():
        return "value is empty"
    try:
        quarters, value = int(line["qtrs"]), Decimal(line["value"])
    except (InvalidOperation, ValueError):
        value = Decimal("NaN")
    if not value.is_finite():
        return f"qtrs {line['qtrs']!r} or value {line['value']!r} is no number"
    return quarters, value, line["uom"]


def _row(
    filing: dict[str, str], statement: str, report: str, shown: list[dict[str, str]], amounts: dict[Any, Any]
) -> dict[str, Any] | None:
    """Return the chat row of a statement, None where it has fewer than two amounts."""
    lines = list({(line["tag"], line["version"]): line for line in shown}.values())[:MOST_LINES]
    if len(lines) < 2:
        return None
    tagged = [(line, amounts[filing["adsh"], line["tag"], line["version"]]) for line in lines]
    period = f"{filing['period'][:4]}-{filing['period'][4:6]}-{filing['period'][6:8]}"
    facts = [fact(period, line["tag"], f"{line['plabel']} {value:,}", value, unit) for line, (_, value, unit) in tagged]
    table = ["| Item | Tag | Unit | Value |", "| --- | --- | --- | --- |"]
    table += [f"| {line['plabel']} | {line['tag']} | {unit} | {value:,} |" for line, (_, value, unit) in tagged]
    head = f"{filing['name']}, {STATEMENTS[statement]}, period ended {period}, full units"
    asked = f"Extract {', '.join(line['tag'] for line in lines)}; period as {period}."
    half = Decimal("0.5").scaleb(min(value.as_tuple().exponent for _, (_, value, _) in tagged))
    meta = {"kind": "facts", "source": "SEC", "language": "en", **facts_meta(facts, half)}
    messages = [
        {"role": "system", "content": SYSTEM["facts"]["en"]},
        {"role": "user", "content": "\n".join([head, *table, "", asked])},
        {"role": "assistant", "content": compact({"facts": facts})},
    ]
    name, form = f"sec-{filing['adsh']}-{statement}-{report}", f"sec-{statement.lower()}"
    group = f"sec:{filing.get('cik') or filing['adsh']}"  # all filings of a company
    return {"id": name, "form": form, "group": group, "messages": messages, "meta": meta}
