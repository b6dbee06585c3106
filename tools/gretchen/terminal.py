"""Lines on a terminal: how a duration is written, how often a line is printed, and text that comes from elsewhere."""

import re

QUIET_SECONDS = 10.0  # between two progress lines where no terminal can rewrite one
# Control characters, tab and line feed aside: a terminal would obey them.
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def printable(text: str) -> str:
    """Return a text without characters that a terminal obeys: a model's answer moves no cursor and sets no colour."""
    return CONTROL.sub("", text.replace("\r\n", "\n"))


def clock(seconds: float) -> str:
    """Return a duration as 0:07, 12:30 or 1:02:03."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
