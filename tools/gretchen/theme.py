"""The theme of all pages: one style sheet for light and dark, screen and paper.

    <style>{theme.css()}</style>

Pages that are files hold it inline; pages that are served add it to their head. Its colours are CSS variables
(`var(--accent)`), which charts use too. It asks no other host for anything: fonts are the system's.
"""

from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("theme.css")


@cache
def css() -> str:
    """Return the style sheet."""
    return FILE.read_text(encoding="utf-8")
