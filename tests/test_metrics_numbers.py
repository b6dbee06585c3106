"""Numbers as documents print them, read with Decimal: cases worked by hand, and a property against a formatter."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gretchen.scoring.metrics.numbers import decimals_of, read_number


@pytest.mark.parametrize(
    ("text", "decimal", "value"),
    [
        ("1.204,5", ",", "1204.5"),
        ("1,204.5", ".", "1204.5"),
        ("(1,204.5)", ".", "-1204.5"),
        ("( 1,204.5 )", ".", "-1204.5"),
        ("\u22121\u202f204,5", ",", "-1204.5"),
        ("1\u00a0234\u00a0567", ",", "1234567"),
        ("1’204.50", ".", "1204.50"),
        ("12,34,567.00", ".", "1234567.00"),
        ("1204,5", ",", "1204.5"),
        ("1.204,5-", ",", "-1204.5"),
        ("–", ",", "0"),
        ("—", ".", "0"),
        ("-", ".", "0"),
        ("$ (1,204)", ".", "-1204"),
        ("2,35 €", ",", "2.35"),
        ("CHF 1’204.5", ".", "1204.5"),
        ("&nbsp;12", ".", "12"),
        ("0", ".", "0"),
        ("1.234", ",", "1234"),
        ("1.234", ".", "1.234"),
    ],
)
def test_amounts(text, decimal, value):
    assert read_number(text, decimal) == Decimal(value)


@pytest.mark.parametrize(
    "text",
    ["", " ", "n/a", "1,23", "1.234.5", "1,2345", "1..2", "1.2.3", "--5", "(5", "12 %", "1.", "٣", "1e5", "9" * 5000,
     "\ud800", "1,234,56", None, 5],
)  # fmt: skip
def test_what_is_no_amount_is_none(text):
    assert read_number(text, ".") is None


@given(st.integers(-(10**12), 10**12), st.sampled_from([(",", "."), (".", ","), ("\u202f", ","), ("’", ".")]))
def test_grouped_numbers_are_read_as_they_were_printed(cents, marks):
    group, decimal = marks
    whole, fraction = divmod(abs(cents), 100)
    text = f"{whole:,}".replace(",", group) + f"{decimal}{fraction:02d}"
    assert read_number(f"-{text}" if cents < 0 else text, decimal) == Decimal(cents) / 100


@given(st.text(max_size=30), st.sampled_from([".", ","]))
def test_nothing_raises(text, decimal):
    value = read_number(text, decimal)
    assert value is None or value.is_finite()


def test_digits_behind_the_mark():
    assert [decimals_of(text, ",") for text in ("1.204,50", "1.204", "(0,5)")] == [2, 0, 1]
