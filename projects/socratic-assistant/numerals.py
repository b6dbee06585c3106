"""Whole numbers in digits and words, English and German, found in a sentence.

    mentions("That makes twelve.", "12")        -> True
    mentions("Es sind 1.200 Meter.", "1200")    -> True

"one", "ein" and "eine" are pronouns and articles, so 1 counts in digits and as "eins" alone. Words are known up to
9,999.
"""

import re
from functools import cache

SMALL_EN = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
TENS_EN = (
    "_", "_", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
)  # fmt: skip
SMALL_DE = (
    "null", "ein", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn", "elf", "zwölf",
    "dreizehn", "vierzehn", "fünfzehn", "sechzehn", "siebzehn", "achtzehn", "neunzehn",
)  # fmt: skip
TENS_DE = (
    "_", "_", "zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig",
)  # fmt: skip
DIGITS = re.compile(r"(?<![\w.,])-?\d{1,15}(?:[.,'\u00a0\u202f]\d{1,15})*", re.ASCII)
GROUPED = re.compile(r"-?\d{1,3}([.,'\u00a0\u202f])\d{3}(?:\1\d{3})*", re.ASCII)
NUMBER = re.compile(r"-?\d{1,15}(?:\.\d{1,15})?", re.ASCII)
MOST = 9_999


def english(number: int) -> str:
    """Return a number from 0 to 9,999 in English words, without "and"."""
    if number < 20:
        return SMALL_EN[number]
    if number < 100:
        return TENS_EN[number // 10] + (f" {SMALL_EN[number % 10]}" if number % 10 else "")
    unit, name = (1000, "thousand") if number >= 1000 else (100, "hundred")
    rest = f" {english(number % unit)}" if number % unit else ""
    return f"{english(number // unit)} {name}{rest}"


def german(number: int) -> str:
    """Return a number from 0 to 9,999 in a German word."""
    if number == 1:
        return "eins"
    if number < 20:
        return SMALL_DE[number]
    if number < 100:
        ones, tens = number % 10, TENS_DE[number // 10]
        return f"{SMALL_DE[ones]}und{tens}" if ones else tens
    unit, name = (1000, "tausend") if number >= 1000 else (100, "hundert")
    head = "ein" if number // unit == 1 else german(number // unit)
    return f"{head}{name}{german(number % unit) if number % unit else ''}"


def numbers_in(text: str) -> set[float]:
    """Return the numbers that a text writes in digits; `1.200` and `1,200` are read both ways."""
    found: set[float] = set()
    for match in DIGITS.finditer(text):
        plain = match[0]
        if GROUPED.fullmatch(plain):
            found.add(float(re.sub(r"[^\d-]", "", plain)))
        pieces = plain.replace(",", ".")
        if NUMBER.fullmatch(pieces):
            found.add(float(pieces))
    return found


def mentions(text: str, value: str) -> bool:
    """Return whether a text says a number, in digits or in words of either language."""
    if not NUMBER.fullmatch(value):
        return False
    number = float(value)
    if number in numbers_in(text):
        return True
    return number.is_integer() and any(f" {words} " in _as_words(text) for words in _words(abs(int(number))))


@cache
def _words(number: int) -> tuple[str, ...]:
    """Return a number in words, as _as_words writes them; "one" is none."""
    if number > MOST:
        return ()
    return (german(number),) if number == 1 else (english(number), german(number), f"{german(number)}e")


def _as_words(text: str) -> str:
    """Return a text as words between blanks, without hyphens and without "and" between numerals."""
    words = re.findall(r"[a-zäöüß]+", text.lower())
    joined = f" {' '.join(words)} "
    return re.sub(r"(hundred|thousand) and ", r"\1 ", joined).replace(" a hundred ", " one hundred ")
