"""Days and times of day as each language says them; a phrase is written from the moment and never parsed back.

    time_phrase(rng, 14, 30, "de")          -> ("um halb drei nachmittags", "14:30")
    day_phrase(rng, day, now, "fr")         -> ("après-demain", "après-demain")

Each returns (as part of a sentence, alone). Quarters and halves may be said in words, with the part of the day.

Not covered: "next Friday" (it means two days), dates without a day.
"""

import random
from datetime import date

from .numerals import data

MONTHS = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "tr": "Ocak Şubat Mart Nisan Mayıs Haziran Temmuz Ağustos Eylül Ekim Kasım Aralık",
    "ar": "يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر",
}
NEAR = {
    "en": ("today", "tomorrow", "the day after tomorrow"), "de": ("heute", "morgen", "übermorgen"),
    "fr": ("aujourd'hui", "demain", "après-demain"), "es": ("hoy", "mañana", "pasado mañana"),
    "tr": ("bugün", "yarın", "öbür gün"), "ar": ("اليوم", "غدًا", "بعد غد"),
}  # fmt: skip
THIS = {
    "en": "this {}",
    "de": "diesen {}",
    "fr": "ce {}",
    "es": "este {}",
    "tr": "bu {}",
    "ar": "يوم {} من هذا الأسبوع",
}
ON = {"en": "on {}", "de": "am {}", "fr": "le {}", "es": "el {}", "tr": "{} günü", "ar": "يوم {}"}
NUMERIC = {"de": "{d:02}.{m:02}.{y}", "fr": "{d:02}/{m:02}/{y}", "es": "{d:02}/{m:02}/{y}", "tr": "{d:02}.{m:02}.{y}",
           "ar": "{d}/{m}/{y}"}  # fmt: skip
PARTS = {  # until noon, until six, later
    "en": ("in the morning", "in the afternoon", "in the evening"), "de": ("morgens", "nachmittags", "abends"),
    "fr": ("du matin", "de l'après-midi", "du soir"), "es": ("de la mañana", "de la tarde", "de la tarde"),
    "tr": ("sabah", "öğleden sonra", "akşam"), "ar": ("صباحًا", "بعد الظهر", "مساءً"),
}  # fmt: skip
HOURS = {
    "en": "one two three four five six seven eight nine ten eleven twelve",
    "de": "eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf",
    "fr": "une deux trois quatre cinq six sept huit neuf dix onze douze",
    "es": "una dos tres cuatro cinco seis siete ocho nueve diez once doce",
    "ar": "الواحدة الثانية الثالثة الرابعة الخامسة السادسة السابعة الثامنة التاسعة العاشرة الحادية-عشرة الثانية-عشرة",
}
TURKISH = {  # the hour as it is, past (accusative), to (dative), at (locative)
    "": "bir iki üç dört beş altı yedi sekiz dokuz on on-bir on-iki",
    "past": "biri ikiyi üçü dördü beşi altıyı yediyi sekizi dokuzu onu on-biri on-ikiyi",
    "to": "bire ikiye üçe dörde beşe altıya yediye sekize dokuza ona on-bire on-ikiye",
    "at": "birde ikide üçte dörtte beşte altıda yedide sekizde dokuzda onda on-birde on-ikide",
}
UNITS_AT = ("", "de", "de", "te", "te", "te", "da", "de", "de", "da")  # bir'de, iki'de, üç'te … dokuz'da
TENS_AT = {10: "da", 20: "de", 30: "da", 40: "ta", 50: "de"}


def date_phrase(rng: random.Random, day: date, language: str, with_year: bool = True, numeric: bool = True) -> str:
    """Return a date in the order of the language, in words or, where nobody mistakes it, in digits."""
    if numeric and with_year and language in NUMERIC and rng.random() < 0.4:
        return NUMERIC[language].format(d=day.day, m=day.month, y=day.year)
    month, year = MONTHS[language].split()[day.month - 1], f" {day.year}" if with_year else ""
    if language == "en":
        if rng.random() < 0.5:
            return f"{month} {day.day}{',' if year else ''}{year}"
        return f"{day.day} {month}{year}"
    if language == "es":
        return f"{day.day} de {month}{' de' if year else ''}{year}"
    number = f"{day.day}." if language == "de" else "1er" if language == "fr" and day.day == 1 else str(day.day)
    return f"{number} {month}{year}"


def day_phrase(rng: random.Random, day: date, now: date, language: str) -> tuple[str, str]:
    """Return a day as seen from `now`: a near one by its name, one of this week by its weekday, another by its date."""
    distance = (day - now).days
    if distance <= 2:
        return NEAR[language][distance], NEAR[language][distance]
    if distance + now.weekday() <= 4:
        name = data("replies")["weekdays"][language][day.weekday()]
        phrase = THIS[language].format(name.lower() if language == "tr" else name)
        return phrase, phrase
    phrase = date_phrase(rng, day, language, with_year=day.year != now.year or rng.random() < 0.5)
    return ON[language].format(phrase), phrase


def time_phrase(rng: random.Random, hour: int, minute: int, language: str) -> tuple[str, str]:
    """Return a time of day, in words or in digits."""
    if minute % 15 == 0 and hour not in (11, 12) and rng.random() < 0.5:
        return _in_words(hour, minute, language), f"{hour:02}:{minute:02}"
    return _in_digits(rng, hour, minute, language), f"{hour:02}:{minute:02}"


def _in_digits(rng: random.Random, hour: int, minute: int, language: str) -> str:
    """Return a time with its preposition, in digits."""
    if language == "en" and rng.random() < 0.5:
        return f"at {(hour - 1) % 12 + 1}:{minute:02} {'am' if hour < 12 else 'pm'}"
    if language == "fr":
        return f"à {hour} h {minute:02}" if minute else f"à {hour} h"
    if language == "tr":
        return f"saat {hour:02}.{minute:02}'{_locative(minute or hour)}"
    frame = {"en": "at {}", "de": "um {} Uhr", "es": "a las {}", "ar": "الساعة {}"}[language]
    return frame.format(f"{hour}:{minute:02}" if language == "de" else f"{hour:02}:{minute:02}")


def _locative(number: int) -> str:
    """Return the Turkish ending "at" for a number written in digits, by its last spoken word."""
    return UNITS_AT[number % 10] if number % 10 else TENS_AT[number]


def _in_words(hour: int, minute: int, language: str) -> str:
    """Return a full, quarter or half hour in words, with the part of the day."""
    spoken = hour + (minute == 45)
    part = PARTS[language][0 if spoken < 12 else 1 if spoken < 18 else 2]
    if language == "es" and spoken >= 21:
        part = "de la noche"
    this, after = (hour - 1) % 12, hour % 12
    if language == "tr":
        return f"{part} {_turkish(this, after, minute)}"
    names = HOURS[language].split()
    if language == "de":
        full = "ein" if this == 0 else names[this]
        said = {
            0: f"{full} Uhr",
            15: f"Viertel nach {names[this]}",
            30: f"halb {names[after]}",
            45: f"Viertel vor {names[after]}",
        }
        return f"um {said[minute]} {part}"
    if language == "en":
        said = {
            0: f"{names[this]} o'clock",
            15: f"quarter past {names[this]}",
            30: f"half past {names[this]}",
            45: f"quarter to {names[after]}",
        }
        return f"at {said[minute]} {part}"
    return _romance_or_arabic(names[after if minute == 45 else this], minute, part, language)


def _romance_or_arabic(name: str, minute: int, part: str, language: str) -> str:
    """Return the time in French, Spanish or Arabic: all count the last quarter back from the next hour."""
    if language == "fr":
        added = {0: "", 15: " et quart", 30: " et demie", 45: " moins le quart"}[minute]
        return f"à {name} heure{'s' if name != 'une' else ''}{added} {part}"
    if language == "es":
        added = {0: "", 15: " y cuarto", 30: " y media", 45: " menos cuarto"}[minute]
        return f"a la{'s' if name != 'una' else ''} {name}{added} {part}"
    added = {0: "", 15: " والربع", 30: " والنصف", 45: " إلا الربع"}[minute]
    return f"الساعة {name.replace('-', ' ')}{added} {part}"


def _turkish(this: int, after: int, minute: int) -> str:
    """Return the time in Turkish, whose hours take the ending that past, to and at ask for."""
    plain, past, to, at = (TURKISH[form].split() for form in ("", "past", "to", "at"))
    if minute == 15:
        said = f"{past[this]} çeyrek geçe"
    elif minute == 45:
        said = f"{to[after]} çeyrek kala"
    else:
        said = f"saat {plain[this]} buçukta" if minute else f"saat {at[this]}"
    return said.replace("-", " ")
