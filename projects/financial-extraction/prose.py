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


def stated_amount(rng: random.Random, style: Style, concept: str, cents: int, language: str) -> str:
    """Return a concept with its amount, scale and currency as a sentence states them."""
    amount = rng.choice(AMOUNTS[language][style.scale]).format(n=style.cell(cents), c=LOCALES[style.locale].currency)
    of = "of" if language == "en" else "von"
    return f"{rng.choice(CONCEPTS[concept].phrases[language])} {of} {amount}"


def sentence(rng: random.Random, company: str, year: str, stated: list[str], language: str) -> str:
    """Return one sentence that states these amounts."""
    last = "and" if language == "en" else "und"
    listed = f"{', '.join(stated[:-1])} {last} {stated[-1]}" if len(stated) > 1 else stated[0]
    return rng.choice(SENTENCES[language]).format(y=year, w=company, x=listed)
