"""Functions of the domains units, maths, money, health and text: they compute, or note what they are told to note."""

import math
import random
from statistics import mean

from .kinds import (
    AMOUNT,
    CAPITAL,
    NUMBER,
    PERCENT,
    RATE,
    SENTENCE,
    TIME,
    TIP,
    TONGUE,
    WHEN,
    WORD,
    enum,
    flag,
    integer,
    noun,
    number,
    several,
)  # fmt: skip
from .registry import State, function, noted

METRES = {"m": 1, "cm": 0.01, "km": 1000, "mi": 1609.344, "ft": 0.3048, "in": 0.0254}
KILOGRAMS = {"kg": 1, "g": 0.001, "lb": 0.45359237, "oz": 0.028349523125, "t": 1000}
LITRES = {"l": 1, "ml": 0.001, "gal": 3.785411784, "cup": 0.2365882365}
METRES_PER_SECOND = {"km/h": 1 / 3.6, "mph": 0.44704, "m/s": 1, "kn": 1852 / 3600}
SQUARE_METRES = {"m2": 1, "ha": 10_000, "acre": 4046.8564224, "km2": 1_000_000}
SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86_400}
KILOBYTES = {"KB": 1, "MB": 1000, "GB": 1_000_000, "TB": 1_000_000_000}
EUROS = {"EUR": 1.0, "USD": 0.9, "GBP": 1.2, "CHF": 1.05, "JPY": 0.006, "TRY": 0.025}  # made up, and fixed


def _converted(value: float, unit: str, to: str, table: dict[str, float]) -> float:
    """Return a value in another unit."""
    return round(value * table[unit] / table[to], 4)


@function("units", value=NUMBER, unit=enum("length"), to=enum("length"))
def convert_length(state: State, value: float, unit: str, to: str) -> float:
    """Convert a length."""
    return _converted(value, unit, to, METRES)


@function("units", value=NUMBER, unit=enum("mass"), to=enum("mass"))
def convert_weight(state: State, value: float, unit: str, to: str) -> float:
    """Convert a weight."""
    return _converted(value, unit, to, KILOGRAMS)


@function("units", value=number(2, 120), unit=enum("temperature"), to=enum("temperature"))
def convert_temperature(state: State, value: float, unit: str, to: str) -> float:
    """Convert a temperature."""
    kelvin = {"celsius": value + 273.15, "fahrenheit": (value + 459.67) * 5 / 9, "kelvin": value}[unit]
    return round({"celsius": kelvin - 273.15, "fahrenheit": kelvin * 9 / 5 - 459.67, "kelvin": kelvin}[to], 2)


@function("units", value=NUMBER, unit=enum("volume"), to=enum("volume"))
def convert_volume(state: State, value: float, unit: str, to: str) -> float:
    """Convert a volume."""
    return _converted(value, unit, to, LITRES)


@function("units", value=NUMBER, unit=enum("speed"), to=enum("speed"))
def convert_speed(state: State, value: float, unit: str, to: str) -> float:
    """Convert a speed."""
    return _converted(value, unit, to, METRES_PER_SECOND)


@function("units", value=NUMBER, unit=enum("area"), to=enum("area"))
def convert_area(state: State, value: float, unit: str, to: str) -> float:
    """Convert an area."""
    return _converted(value, unit, to, SQUARE_METRES)


@function("units", value=NUMBER, unit=enum("time_unit"), to=enum("time_unit"))
def convert_duration(state: State, value: float, unit: str, to: str) -> float:
    """Convert a duration."""
    return _converted(value, unit, to, SECONDS)


@function("units", value=NUMBER, unit=enum("data_size"), to=enum("data_size"))
def convert_data_size(state: State, value: float, unit: str, to: str) -> float:
    """Convert a data size."""
    return _converted(value, unit, to, KILOBYTES)


@function("maths", numbers=several(integer(2, 99), 2, 4))
def sum_numbers(state: State, numbers: list[float]) -> float:
    """Add numbers."""
    return sum(numbers)


@function("maths", numbers=several(integer(2, 30), 2, 3))
def multiply_numbers(state: State, numbers: list[float]) -> float:
    """Multiply numbers."""
    return math.prod(numbers)


@function("maths", numbers=several(integer(2, 99), 3, 4))
def mean_of_numbers(state: State, numbers: list[float]) -> float:
    """Compute the mean of numbers."""
    return round(mean(numbers), 4)


@function("maths", base=integer(2, 30), exponent=integer(2, 9, words=True))
def raise_to_power(state: State, base: int, exponent: int) -> int:
    """Raise a number to a power."""
    if exponent > 100 or base > 1_000_000:
        raise ValueError("too large")
    return base**exponent


@function("maths", value=integer(2, 900))
def square_root(state: State, value: int) -> float:
    """Compute a square root."""
    return round(math.sqrt(value), 4)


@function("maths", percent=PERCENT, value=NUMBER)
def percentage_of(state: State, percent: float, value: float) -> float:
    """Compute a percentage of a value."""
    return round(value * percent / 100, 4)


@function("maths", a=integer(12, 600), b=integer(12, 600))
def greatest_common_divisor(state: State, a: int, b: int) -> int:
    """Compute the greatest common divisor."""
    return math.gcd(a, b)


@function("maths", value=number(2, 950, decimals=3), digits=(noun("digits", 2, 2), 0))
def round_number(state: State, value: float, digits: int) -> float:
    """Round a number."""
    return round(value, digits)


@function("money", amount=AMOUNT, currency=enum("currency"), to=enum("currency"))
def convert_currency(state: State, amount: float, currency: str, to: str) -> float:
    """Convert an amount of money."""
    return round(amount * EUROS[currency] / EUROS[to], 2)


@function("money", amount=CAPITAL, rate=RATE, years=noun("years", 2, 30))
def loan_payment(state: State, amount: float, rate: float, years: int) -> float:
    """Compute the monthly payment of a loan."""
    monthly = rate / 1200
    return round(amount * monthly / (1 - (1 + monthly) ** (-12 * years)), 2)


@function("money", amount=AMOUNT, people=noun("people", 2, 12))
def split_bill(state: State, amount: float, people: int) -> float:
    """Split a bill evenly."""
    return round(amount / people, 2)


@function("money", amount=AMOUNT, percent=(TIP, 10))
def add_tip(state: State, amount: float, percent: float) -> float:
    """Add a tip to a bill."""
    return round(amount * (1 + percent / 100), 2)


@function("money", amount=AMOUNT, category=enum("budget"))
def set_budget(state: State, amount: float, category: str) -> str:
    """Set a monthly budget."""
    state[f"budget {category}"] = amount
    return "saved"


@function("money", amount=AMOUNT, category=enum("budget"))
def log_expense(state: State, amount: float, category: str) -> str:
    """Record an expense."""
    return noted(state, "expenses", {"amount": amount, "category": category})


@function("money", amount=CAPITAL, rate=RATE, years=noun("years", 2, 30))
def compound_interest(state: State, amount: float, rate: float, years: int) -> float:
    """Compute a capital with compound interest."""
    return round(amount * (1 + rate / 100) ** years, 2)


@function("health", millilitres=noun("millilitres", 150, 950, 50))
def log_water(state: State, millilitres: int) -> str:
    """Record water that was drunk."""
    return noted(state, "water", millilitres)


@function("health", kilograms=noun("kilograms", 45, 99, decimals=True))
def log_weight(state: State, kilograms: float) -> str:
    """Record the body weight."""
    return noted(state, "weight", kilograms)


@function("health", kilograms=noun("kilograms", 45, 99), centimetres=noun("centimetres", 150, 195))
def body_mass_index(state: State, kilograms: float, centimetres: int) -> float:
    """Compute the body mass index."""
    return round(kilograms / (centimetres / 100) ** 2, 1)


@function("health", specialty=enum("specialty"), when=WHEN)
def book_doctor(state: State, specialty: str, when: str) -> str:
    """Book an appointment with a doctor."""
    return noted(state, "appointments", {"specialty": specialty, "when": when})


@function("health", medicine=enum("medicine"), time=TIME)
def set_medication_reminder(state: State, medicine: str, time: str) -> str:
    """Remind daily of a medicine."""
    return noted(state, "medication", {"medicine": medicine, "time": time})


@function("health", sport=enum("sport"), minutes=noun("minutes", 10, 90, 5))
def log_workout(state: State, sport: str, minutes: int) -> str:
    """Record a workout."""
    return noted(state, "workouts", {"sport": sport, "minutes": minutes})


@function("health", steps=noun("steps", 4000, 15000, 500))
def set_step_goal(state: State, steps: int) -> str:
    """Set the daily step goal."""
    state["step goal"] = steps
    return "saved"


@function("health", hours=noun("hours", 4, 10, decimals=True))
def log_sleep(state: State, hours: float) -> str:
    """Record hours of sleep."""
    return noted(state, "sleep", hours)


@function("text", text=SENTENCE, target=TONGUE)
def translate_text(state: State, text: str, target: str) -> str:
    """Translate a text."""
    return f"[{target}] {text}"


@function("text", text=SENTENCE)
def count_words(state: State, text: str) -> int:
    """Count the words of a text."""
    return len(text.split())


@function("text", text=SENTENCE)
def reverse_text(state: State, text: str) -> str:
    """Write a text backwards."""
    return text[::-1]


@function("text", word=WORD)
def define_word(state: State, word: str) -> str:
    """Look up a word's meaning."""
    return f"entry {word}"


@function("text", word=WORD)
def find_synonyms(state: State, word: str) -> str:
    """Look up synonyms."""
    return f"synonyms of {word}"


@function("text", length=(noun("characters", 8, 24), 12), symbols=(flag("symbols"), False))
def generate_password(state: State, length: int, symbols: bool) -> str:
    """Make a password."""
    letters = "abcdefghkmnpqrstuvwxyz23456789" + "!?#%" * symbols
    rng = random.Random(f"{length} {symbols}")
    return "".join(rng.choice(letters) for _ in range(min(length, 200)))


@function("text", low=integer(2, 40), high=integer(50, 500))
def random_number(state: State, low: int, high: int) -> int:
    """Draw a random number."""
    return random.Random(f"{low} {high}").randint(low, high)


@function("text", text=SENTENCE)
def check_spelling(state: State, text: str) -> str:
    """Check the spelling of a text."""
    return "no mistakes"
