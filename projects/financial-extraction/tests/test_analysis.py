"""The larger forms, computed once more from the rendered tables: parts and totals, thresholds, changes, ratios."""

import json
import re
from decimal import Decimal

import pytest

from gretchen.scoring.metrics.numbers import read_number

POINT = ("en-US", "en-GB", "en-IN", "de-CH")


@pytest.fixture
def grid(part):
    """A function from a row to its table's cells, the heading first, amounts as Decimals."""
    tables = part("tables")

    def cells_of(row):
        mark = "." if row["meta"]["locale"] in POINT else ","
        text, layout = row["messages"][-2]["content"], row["meta"]["layout"]
        starts = {"markdown": "| ", "html": "<table>"}.get(layout, ("Item", "Posten"))
        lines = text.split("\n")
        start = next(i for i, line in enumerate(lines) if line.startswith(starts))
        end = next((i for i in range(start, len(lines)) if not lines[i]), len(lines))
        cells_of_table = tables.parse("\n".join(lines[start:end]), layout, "," if mark == "." else ";")
        return [
            cells_of_table[0],
            *([cells[0], *(read_number(cell, mark) for cell in cells[1:])] for cells in cells_of_table[1:]),
        ]

    return cells_of


def of_form(chats, form):
    rows = [row for row in chats if row["form"] == form]
    assert len(rows) >= 60, form
    return [(row, json.loads(row["messages"][-1]["content"])) for row in rows]


def test_spans_and_counts(chats, grid):
    for form in ("spans", "count"):
        for row, answer in of_form(chats, form):
            shown = dict(grid(row)[1:])
            named = [label for label in shown if any(quote.startswith(f"{label} ") for quote in answer["quote"])]
            others = [value for label, value in shown.items() if label not in named]
            assert len(named) == len(answer["quote"]) and min(shown[label] for label in named) > max(others), row["id"]
            assert answer["answer"] == ([str(len(named))] if form == "count" else named), row["id"]


def test_changes(chats, grid):
    for row, answer in of_form(chats, "arithmetic"):
        heading, line = grid(row)[:2]
        values = dict(zip(heading[1:], line[1:], strict=True))
        first, last = sorted(values)
        change = values[last] - values[first]
        if answer["scale"] == "percent":
            assert abs(Decimal(answer["answer"][0]) - change / values[first] * 100) <= Decimal("0.005"), row["id"]
        else:
            assert Decimal(answer["answer"][0]) == change, row["id"]


def test_the_year_that_does_not_add_up(chats, grid):
    for row, answer in of_form(chats, "broken-sum"):
        cells = grid(row)
        year_of_answer = cells[0].index(answer["answer"][0])
        digit = Decimal(1).scaleb(min(v.as_tuple().exponent for line in cells[1:] for v in line[1:]))
        for column in range(1, len(cells[0])):
            *parts, total = [line[column] for line in cells[1:]]
            gaps = [abs(total - sum(parts)), abs(total - (parts[0] - sum(parts[1:])))]
            adds_up = min(gaps) <= digit * len(cells) / 2
            assert adds_up == (column != year_of_answer), (row["id"], gaps)


def test_segments_add_up_to_the_group(chats, grid, part):
    execute = part("finqa").execute
    for row, answer in of_form(chats, "segments"):
        assert execute(answer["program"]) == pytest.approx(float(sum(line[1] for line in grid(row)[1:]))), row["id"]


def test_a_total_and_its_parts_are_all_asked_for_and_add_up(chats, grid, part):
    identities = part("concepts").IDENTITIES
    for row, answer in of_form(chats, "total"):
        values = {fact["concept"]: Decimal(str(fact["value"])) for fact in answer["facts"]}
        name, parts = next((name, parts) for name, parts in identities if {name, *parts} == set(values))
        half = Decimal(row["meta"]["facts"][0]["half_digit"])
        assert abs(values[name] - sum(sign * values[part] for part, sign in parts.items())) <= 3 * half, row["id"]
        shown = [line[1] for line in grid(row)[1:]]
        assert {value / number for value, number in zip(values.values(), shown, strict=True) if number} <= {
            1, 1000, 10**6,
        }, row["id"]  # fmt: skip


def test_ratios_divide_two_lines_of_the_table(chats, grid):
    for row, answer in of_form(chats, "ratio"):
        values = {line[1] for line in grid(row)[1:]}
        top, bottom = re.fullmatch(r"divide\((\S+), (\S+)\)", answer["program"]).groups()
        assert {Decimal(top), Decimal(bottom)} <= values, row["id"]


def test_earnings_per_share_are_not_scaled(chats, grid):
    for row, answer in of_form(chats, "per-share"):
        shown = grid(row)[2][1]
        fact = next(fact for fact in answer["facts"] if fact["concept"] == "EarningsPerShare")
        assert Decimal(str(fact["value"])) == shown and fact["unit"].endswith("/share"), row["id"]


def test_restated_facts_come_from_the_column_that_was_asked_for(chats, grid):
    seen = set()
    for row, answer in of_form(chats, "restated"):
        heading, *lines = grid(row)
        asked = row["messages"][-2]["content"]
        column = 2 if re.search("as restated|nach Anpassung", asked) else 3
        seen.add(column)
        for fact in answer["facts"]:
            line = next(line for line in lines if fact["quote"].startswith(f"{line[0]} "))
            ratio = Decimal(str(fact["value"])) / line[column]
            assert ratio in (1, 1000, 10**6) and fact["period"] == heading[3], row["id"]
    assert seen == {2, 3}
