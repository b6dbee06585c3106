"""`make review` on a large course: CPU seconds for 300 projects with 5,000 runs, and how soon its page reacts.

    .venv/bin/python bench/review.py [--projects 300] [--runs 5000]

The projects are copies of the genome chatbot's card and result in a temporary root, the runs folders with a run.json
each. The page is opened in headless Chromium, where the machine has one: milliseconds until it is loaded, and for a
search and a sort of all rows.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))


def generate(root: Path, projects: int, runs: int) -> None:
    """Write a course: each project a copy of the flagship's card and result, and its share of the runs."""
    from run_records import write_run

    for number in range(projects):
        folder = root / "projects" / f"project-{number:03}"
        folder.mkdir(parents=True)
        for name in ("project.yaml", "results.json"):
            shutil.copy(ROOT / "projects" / "genome-chatbot" / name, folder)
    for number in range(runs):
        recipe = ("sft.zephyr", "dpo.zephyr", "sft.axolotl")[number % 3]
        project = f"project-{number % projects:03}"
        write_run(root / "runs" / project / recipe / f"202601{1 + number % 28:02}-{number % 86400:06}-{number:04x}")


def measure_command(root: Path) -> float:
    """Return the CPU seconds of one review, start and imports included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "gretchen", "review"]
    subprocess.run(command, env=os.environ | {"GRETCHEN_ROOT": str(root)}, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure_page(index: Path) -> dict[str, float]:
    """Return the milliseconds until the page is loaded, and of a search and a sort."""
    from browser import chromium_path
    from playwright.sync_api import sync_playwright

    if not (path := chromium_path()):
        return {}
    with sync_playwright() as playwright:
        page = playwright.chromium.launch(executable_path=path).new_page()
        times, start = {}, time.perf_counter()
        page.goto(index.as_uri())
        times["loaded"] = time.perf_counter() - start
        start = time.perf_counter()
        page.fill("#search", "project-007")
        page.wait_for_function("document.getElementById('count').textContent.startsWith('1 of')")
        times["search"] = time.perf_counter() - start
        page.fill("#search", "")
        start = time.perf_counter()
        page.get_by_role("button", name="last run").click()
        page.wait_for_selector("[aria-sort]")
        times["sort"] = time.perf_counter() - start
    return {name: 1000 * seconds for name, seconds in times.items()}


def main() -> None:
    """Generate, measure, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--projects", type=int, default=300)
    parser.add_argument("--runs", type=int, default=5000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        generate(root, arguments.projects, arguments.runs)
        print(f"review: {measure_command(root):.1f} CPU s")
        for name, milliseconds in measure_page(root / "build" / "review" / "index.html").items():
            print(f"page, {name}: {milliseconds:.0f} ms")


if __name__ == "__main__":
    main()
