"""Amounts in sentences, as a management report states them.

Not covered: changes in percent, amounts written out in words.
"""

import random

from .concepts import CONCEPTS
from .locales import LOCALES
from .tables import Style

AMOUNTS = {
    "en": {0: ("{c} {n}",), 3: ("{c} {n} thousand",), 6: ("{c} {n} million", "{n} million {c}")},
    "de": {0: ("{n} {c}",), 3: ("{n} T{c}", "{n} Tsd. {c}"), 6: ("{n} Mio. {c}", "{n} Millionen {c}")},
}
SENTENCES = {
    "en": ("In {y}, {w} reported {x}.", "For {y}, {w} shows {x}.", "{w} closed {y} with {x}.",
           "The report of {w} for {y} states {x}."),
    "de": ("Für {y} weist {w} {x} aus.", "Im Jahr {y} berichtet {w} über {x}.", "{w} meldet für {y} {x}.",
           "Der Bericht von {w} nennt für {y} {x}."),
}  # fmt: skip


def amount_in_words(rng: random.Random, style: Style, cents: int, language: str) -> str:
    """Return an amount with its scale and currency in words."""
    pattern = rng.choice(AMOUNTS[language][style.scale])
    return pattern.format(n=style.cell(cents), c=LOCALES[style.locale].currency)


def sentence(rng: random.Random, company: str, year: str, amounts: list[tuple[str, str]], language: str) -> str:
    """Return one sentence that states the amounts of these concepts."""
    of, last = ("of", "and") if language == "en" else ("von", "und")
    parts = [f"{rng.choice(CONCEPTS[name].phrases[language])} {of} {amount}" for name, amount in amounts]
    listed = f"{', '.join(parts[:-1])} {last} {parts[-1]}" if len(parts) > 1 else parts[0]
    return rng.choice(SENTENCES[language]).format(y=year, w=company, x=listed)
