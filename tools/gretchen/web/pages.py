"""How a page that acts is served: the theme and the page's own style, and its place in an app, below the token.

add_style("playground.css")         in the page's function
mount(app, token)                   the page that `@ui.page("/")` made, at /<token>/
"""

from pathlib import Path

from fastapi import FastAPI
from nicegui import ui

from gretchen import theme

FOLDER = Path(__file__).parent
# Importing torch holds up the event loop for seconds on a busy machine: a page that gave up would lose what it shows.
RECONNECT_SECONDS = 180.0


def add_style(name: str) -> None:
    """Give the present page the theme, what all such pages share, and a style sheet of its own."""
    ui.add_css(theme.css() + "".join((FOLDER / file).read_text(encoding="utf-8") for file in ("app.css", name)))
    ui.colors(primary="var(--accent)", page="var(--page)")


def mount(app: FastAPI, token: str) -> None:
    """Serve the pages below /<token>/. NiceGUI holds one page app per process: call it once."""
    ui.run_with(
        app,
        mount_path=f"/{token}",
        dark=None,
        tailwind=False,
        show_welcome_message=False,
        reconnect_timeout=RECONNECT_SECONDS,
    )
