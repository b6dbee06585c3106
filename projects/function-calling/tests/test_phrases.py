"""The phrase grammars, on cases that a speaker of each language wrote down."""

import random
from datetime import date
from decimal import Decimal

import pytest


@pytest.mark.parametrize(
    ("value", "language", "expected"),
    [
        ("1250.5", "en", "1,250.5"), ("1250.5", "de", "1.250,5"), ("1250.5", "fr", "1 250,5"),
        ("1250.5", "es", "1.250,5"), ("1250.5", "tr", "1.250,5"), ("1250.5", "ar", "1,250.5"), ("12", "de", "12"),
    ],
)  # fmt: skip
def test_written_numbers(part, value, language, expected):
    assert part("numerals").written(Decimal(value), language) == expected


@pytest.mark.parametrize(
    ("value", "language", "expected"),
    [
        (2, "ar", "دقيقتين"), (5, "ar", "5 دقائق"), (11, "ar", "11 دقيقة"), (15, "de", "15 Minuten"),
        (15, "tr", "15 dakika"), (15, "fr", "15 minutes"), (15, "es", "15 minutos"),
    ],
)  # fmt: skip
def test_counted_nouns(part, value, language, expected):
    assert part("numerals").counted(random.Random(1), value, "minutes", language) == expected


@pytest.mark.parametrize(
    ("clock", "language", "expected"),
    [
        ((14, 30), "de", "um halb drei nachmittags"), ((8, 45), "de", "um Viertel vor neun morgens"),
        ((14, 30), "en", "at half past two in the afternoon"), ((7, 0), "en", "at seven o'clock in the morning"),
        ((14, 30), "fr", "à deux heures et demie de l'après-midi"),
        ((20, 45), "fr", "à neuf heures moins le quart du soir"),
        ((13, 15), "es", "a la una y cuarto de la tarde"), ((20, 45), "es", "a las nueve menos cuarto de la noche"),
        ((14, 30), "tr", "öğleden sonra saat iki buçukta"), ((7, 15), "tr", "sabah yediyi çeyrek geçe"),
        ((19, 45), "tr", "akşam sekize çeyrek kala"), ((14, 30), "ar", "الساعة الثانية والنصف بعد الظهر"),
    ],
)  # fmt: skip
def test_times_in_words(part, clock, language, expected):
    assert part("moments")._in_words(*clock, language) == expected


@pytest.mark.parametrize(
    ("clock", "expected"),
    [
        ((14, 30), "saat 14.30'da"), ((9, 0), "saat 09.00'da"), ((20, 0), "saat 20.00'de"), ((8, 15), "saat 08.15'te"),
        ((16, 40), "saat 16.40'ta"), ((13, 0), "saat 13.00'te"), ((10, 0), "saat 10.00'da"), ((6, 5), "saat 06.05'te"),
    ],
)  # fmt: skip
def test_turkish_endings(part, clock, expected):
    assert part("moments")._in_digits(random.Random(1), *clock, "tr") == expected


def test_days(part):
    moments, now = part("moments"), date(2026, 3, 10)  # a Tuesday
    said = {
        language: moments.day_phrase(random.Random(1), date(2026, 3, 13), now, language)[0] for language in moments.ON
    }
    assert said["de"] == "diesen Freitag" and said["fr"] == "ce vendredi" and said["tr"] == "bu cuma"
    near = [moments.day_phrase(random.Random(1), date(2026, 3, 12), now, language)[0] for language in ("de", "es")]
    assert near == ["übermorgen", "pasado mañana"]
    first = moments.date_phrase(random.Random(1), date(2026, 4, 1), "fr", numeric=False)
    assert first == "1er avril 2026"


def test_requests_leave_out_words_with_their_value(part):
    from datetime import datetime

    write, function = part("requests").write, part("catalogue").FUNCTIONS["set_timer"]
    request = write(random.Random(1), function, "de", datetime(2026, 3, 10), frozenset({"minutes"}))
    assert request.text == "Stell einen Timer." and request.arguments == {}
    capital = part("requests").capitalised
    assert capital("için", "tr") == "İçin" and capital("plan.pdf dosyasını sil.", "tr") == "plan.pdf dosyasını sil."
