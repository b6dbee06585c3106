"""`make data HTML=1` on a large project: CPU seconds, the page's size, and how soon it reacts.

    .venv/bin/python bench/data_page.py [--rows 100000]

The project is made in a temporary root: chats of about 400 characters in two languages. The page is opened in
headless Chromium, where the machine has one: milliseconds until its rows are shown, and for a search that finds one
row, another one, a sort of all rows, the next page, and a row opened.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

BODY = """
WORDS = "river town old long short near the of which names says sentence number Größe Straße gene codon".split()

def chats():
    for number in range({rows}):
        words = " ".join(WORDS[(number * step) % len(WORDS)] for step in range(1, 30))
        meta = {{"language": "de" if number % 2 else "en"}}
        yield chat(f"row-{{number}}", f"thing:{{number}}", f"Question #{{number}}: {{words}}?", answer=words, meta=meta)
"""


def generate(root: Path, rows: int) -> None:
    """Write the project `made` with that many rows."""
    from made_project import MadeProject

    project = MadeProject(root)
    project.write(BODY.format(rows=rows))
    card = project.folder / "project.yaml"
    lines = card.read_text(encoding="utf-8").splitlines()
    limits = f"rows: {{tiny: {rows}, laptop: {rows}, full: {rows}}}"
    card.write_text("\n".join(limits if line.startswith("rows:") else line for line in lines) + "\n", encoding="utf-8")


def measure_command(root: Path, *words: str) -> float:
    """Return the CPU seconds of one `gretchen data`, start and imports included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "gretchen", "data", "--project=made", *words]
    subprocess.run(command, env=os.environ | {"GRETCHEN_ROOT": str(root)}, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure_page(file: Path) -> dict[str, float]:
    """Return the milliseconds until the rows are shown, and of what a person does then."""
    from browser import chromium_path
    from playwright.sync_api import expect, sync_playwright

    if not (path := chromium_path()):
        return {}
    times = {}
    with sync_playwright() as playwright:
        page = playwright.chromium.launch(executable_path=path, chromium_sandbox=False).new_page()
        page.set_default_timeout(120_000)
        status = page.locator(".count")

        def timed(name: str, act, text: str) -> None:
            start = time.perf_counter()
            act()
            expect(status).to_have_text(text, timeout=120_000)
            times[name] = 1000 * (time.perf_counter() - start)

        start = time.perf_counter()
        page.goto(file.as_uri())
        everything = status.inner_text()
        times["rows shown"] = 1000 * (time.perf_counter() - start)
        total = everything.rpartition(" ")[2]
        search = page.locator('input[type="search"]')
        timed("first search", lambda: search.fill("#777:"), f"1 to 1 of 1 (of {total})")
        timed("search again", lambda: search.fill("#778:"), f"1 to 1 of 1 (of {total})")
        timed("search cleared", lambda: search.fill(""), everything)
        timed("sort", page.get_by_role("button", name="tokens").click, everything)
        timed("next page", page.get_by_role("button", name="next →").click, f"51 to 100 of {total}")
        start = time.perf_counter()
        page.locator("tr.data-row").first.click()
        page.wait_for_selector("tr.opened")
        times["row opened"] = 1000 * (time.perf_counter() - start)
    return times


def main() -> None:
    """Generate, measure, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=100_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        generate(root, arguments.rows)
        print(f"make data: {measure_command(root):.0f} CPU s")
        print(f"make data HTML=1 on built data: {measure_command(root, '--html'):.0f} CPU s")
        for name, milliseconds in measure_page(root / "build" / "made" / "data.html").items():
            print(f"page, {name}: {milliseconds:.0f} ms")


if __name__ == "__main__":
    main()
