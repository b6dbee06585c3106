"""Personal data in a team's rows, flagged before training or publishing: mail addresses, phone numbers, IBANs.

    personal_data("Mail: max@example.org")      -> {"e-mail address"}

A flag, no proof: phone numbers are what the phonenumbers library takes for a valid international or German one, IBANs
what python-stdnum validates. Names, addresses and birthdays are not recognised.
"""

import re

EMAIL = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+")
IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
# The library reads a national number by a region's rules.
REGION = "DE"


def personal_data(text: str) -> set[str]:
    """Return the kinds of personal data that a text seems to hold."""
    import phonenumbers
    import stdnum.iban

    kinds = set()
    if EMAIL.search(text):
        kinds.add("e-mail address")
    if any(stdnum.iban.is_valid(match[0]) for match in IBAN.finditer(text)):
        kinds.add("IBAN")
    if any(character.isdigit() for character in text) and phonenumbers.PhoneNumberMatcher(text, REGION).has_next():
        kinds.add("phone number")
    return kinds
