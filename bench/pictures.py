"""The pictures of README.md: docs/pictures/*.webp, taken of this clone's real pages in headless Chromium.

    make pipeline PROJECT=genome-chatbot STAGES="sft dpo"
    .venv/bin/python bench/pictures.py [report review playground]

It writes report and review anew from what is stored in this clone, starts the playground with the project's newest
runs, and takes a picture of each. A picture is below 200 kB.
"""

import argparse
import contextlib
import io
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))
FOLDER = ROOT / "docs" / "pictures"
PROJECT = "genome-chatbot"
SIZE = {"width": 1200, "height": 800}
MAX_BYTES = 200_000
PROMPT = "What is the reverse complement of ATG AAA CCC?"


def gretchen(*words: str) -> None:
    """Run a command in this clone."""
    subprocess.run([sys.executable, "-m", "gretchen", *words], cwd=ROOT, check=True)


def save(page: Page, name: str) -> None:
    """Write what a page shows as docs/pictures/<name>.webp."""
    from PIL import Image

    FOLDER.mkdir(parents=True, exist_ok=True)
    file = FOLDER / f"{name}.webp"
    Image.open(io.BytesIO(page.screenshot())).save(file, quality=80, method=6)
    assert file.stat().st_size < MAX_BYTES, f"{file} has {file.stat().st_size:,} bytes"
    print(f"wrote {file.relative_to(ROOT)} ({file.stat().st_size / 1000:.0f} kB)")


def report(browser: Browser) -> None:
    """The report: answers that training fixed, those of base, SFT and aligned model side by side."""
    gretchen("report", f"--project={PROJECT}")
    page = browser.new_page(viewport=SIZE)
    page.goto((ROOT / "runs" / PROJECT / "report.html").as_uri())
    page.get_by_role("button", name="fixed").first.click()
    page.locator("section.answers").first.scroll_into_view_if_needed()
    page.evaluate("document.querySelector('section.answers').scrollIntoView()")
    save(page, "report")


def review(browser: Browser) -> None:
    """The review: the table of all projects, those with a result first."""
    gretchen("review")
    page = browser.new_page(viewport=SIZE | {"height": 560})
    page.goto((ROOT / "build" / "review" / "index.html").as_uri())
    page.get_by_role("button", name="base → SFT → aligned").click()
    save(page, "review")


def playground(browser: Browser) -> None:
    """The playground: one question to base, SFT and aligned model, the alternatives to a token beside it."""
    from served_playground import run_prompt

    with served_playground() as address:
        page = browser.new_page(viewport=SIZE | {"height": 900})
        page.goto(address)
        run_prompt(page, PROMPT)
        page.locator(".model").first.locator(".token").nth(5).click()
        expect(page.locator("table").last).to_be_visible()
        save(page, "playground")


@contextlib.contextmanager
def served_playground() -> Iterator[str]:
    """Serve the playground, and give its address."""
    command = [sys.executable, "-m", "gretchen", "playground", f"--project={PROJECT}"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield re.search(r"http://\S+", process.stdout.readline())[0]
        finally:
            process.send_signal(2)


PAGES = {"report": report, "review": review, "playground": playground}


def main() -> None:
    """Take the pictures that are named, or all."""
    from browser import chromium_path

    parser = argparse.ArgumentParser()
    parser.add_argument("pages", nargs="*", choices=[*PAGES], default=[*PAGES])
    names = parser.parse_args().pages
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), chromium_sandbox=False)
        for name in names:
            PAGES[name](browser)


if __name__ == "__main__":
    main()
