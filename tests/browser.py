"""Pages in a real headless Chromium: what a person types, clicks and sees, and what the page asked of any host.

    with open_page(browser, "file:///…/report.html") as page: page.fill('input[type="search"]', "codon")

The browser is the system's (`apt-get install chromium`), or the one that GRETCHEN_CHROMIUM names.
"""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, Page

NAMES = ("chromium", "chromium-browser", "google-chrome")
NARROW = 400


def chromium_path() -> str | None:
    """Return the path of Chromium, None where there is none."""
    return os.environ.get("GRETCHEN_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


@contextlib.contextmanager
def open_page(browser: Browser, address: str, width: int = 1280, scheme: str = "light") -> Iterator[Page]:
    """Open a page, and assert at the end that it asked no other host, met no error, and ran no script of its texts."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page, problems, requests = context.new_page(), [], []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("request", lambda request: requests.append(request.url))
    page.on("dialog", lambda dialog: problems.append(f"dialog: {dialog.message}"))
    go_to(page, address)
    origin = address.rpartition("/")[0] if address.startswith("file:") else "/".join(address.split("/")[:3])
    try:
        yield page
        assert page.evaluate("window.pwned") is None
        assert problems == []
        assert [url for url in requests if not url.startswith((origin, "data:"))] == []
    finally:
        context.close()


def go_to(page: Page, address: str) -> None:
    """Load a page and wait until it acts: NiceGUI drops events that come before its handshake."""
    page.goto(address)
    page.wait_for_function("window.did_handshake !== false")


def fits(page: Page) -> bool:
    """Return whether the page itself does not scroll sideways: what is wide scrolls inside its own box."""
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def address_of(file: Path) -> str:
    """Return the address of a file."""
    return file.resolve().as_uri()
