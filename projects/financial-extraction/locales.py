"""How eight locales print amounts: grouping, decimal mark, currency, and the words for a scale.

The marks are CLDR's. Reading back is the second route: gretchen.scoring.metrics.numbers.

Not covered: native digits, accounting currency formats of other locales.
"""

from dataclasses import dataclass

NBSP, NARROW = "\u00a0", "\u202f"


@dataclass(frozen=True)
class Locale:
    """`group` stands between groups of three digits (of two beyond the first three for `lakhs`)."""

    name: str
    group: str
    decimal: str
    currency: str
    symbol: str
    lakhs: bool = False
    least_grouped: int = 4  # the fewest digits that are grouped: Spanish leaves four together

    def number(self, units: int, decimals: int) -> str:
        """Return an amount, given in units of its last printed digit: `number(12045, 1)` is `1.204,5` in de-DE."""
        digits = f"{abs(units):0{decimals + 1}d}"
        whole, fraction = (digits[:-decimals], digits[-decimals:]) if decimals else (digits, "")
        return self._grouped(whole) + (self.decimal + fraction if fraction else "")

    def _grouped(self, whole: str) -> str:
        """Return digits in groups."""
        if len(whole) < self.least_grouped:
            return whole
        head, groups = whole[:-3], [whole[-3:]]
        size = 2 if self.lakhs else 3
        while head:
            head, group = head[:-size], head[-size:]
            groups.insert(0, group)
        return self.group.join(groups)


LOCALES = {
    locale.name: locale
    for locale in (
        Locale("en-US", ",", ".", "USD", "$"),
        Locale("en-GB", ",", ".", "GBP", "£"),
        Locale("en-IN", ",", ".", "INR", "₹", lakhs=True),
        Locale("de-DE", ".", ",", "EUR", "€"),
        Locale("de-AT", NBSP, ",", "EUR", "€"),
        Locale("de-CH", "\u2019", ".", "CHF", "CHF"),
        Locale("fr-FR", NARROW, ",", "EUR", "€"),
        Locale("es-ES", ".", ",", "EUR", "€", least_grouped=5),
    )
}
# Which locales' numbers stand in reports of a language; French and Spanish numbers come under labels of both.
OF_LANGUAGE = {
    "en": ("en-US", "en-US", "en-GB", "en-GB", "en-IN", "fr-FR", "es-ES"),
    "de": ("de-DE", "de-DE", "de-DE", "de-AT", "de-CH", "fr-FR", "es-ES"),
}
# What a heading or a footnote says of the scale; {c} is the currency. The power of ten is the key.
SCALES = {
    "en": {0: ("in {c}",), 3: ("in thousands of {c}", "{c} thousand", "in {c} 000"),
           6: ("in millions of {c}", "{c} million")},
    "de": {0: ("in {c}",), 3: ("in T{c}", "in Tsd. {c}", "in Tausend {c}"), 6: ("in Mio. {c}", "in Millionen {c}")},
}  # fmt: skip
SCALE_NAMES = {0: "", 3: "thousand", 6: "million"}  # as TAT-QA calls them
