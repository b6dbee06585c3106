"""A page that acts in a process of its own: starts a command, and reads the page's address from what it prints."""

import contextlib
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ADDRESS = r"(?:playground|label) +(http://127\.0\.0\.1:\d+/[\w-]{32}/)\n"


@dataclass(frozen=True)
class Served:
    """A page's address, and the process that serves it."""

    address: str
    process: subprocess.Popen


@contextlib.contextmanager
def serving(command: list[str], folder: Path, environment: dict[str, str]) -> Iterator[Served]:
    """Run a command that serves a page, and give its address; at the end it is stopped by Ctrl-C."""
    with (folder / "errors.log").open("w", encoding="utf-8") as errors:
        options = {"stdout": subprocess.PIPE, "stderr": errors, "text": True, "cwd": folder, "env": environment}
        process = subprocess.Popen(command, **options)
    try:
        lines = iter(process.stdout.readline, "")
        found = next(filter(None, (re.fullmatch(ADDRESS, line) for line in lines)), None)
        assert found, (folder / "errors.log").read_text(encoding="utf-8")
        yield Served(found[1], process)
    finally:
        process.send_signal(2)
        process.wait(90)


@contextlib.contextmanager
def served(command: list[str], folder: Path, environment: dict[str, str]) -> Iterator[str]:
    """Run a command that serves a page, and give the page's address alone."""
    with serving(command, folder, environment) as page:
        yield page.address


def run_prompt(page, prompt: str | None = None) -> None:
    """Type a prompt, run it by Ctrl+Enter, and wait until all columns are answered."""
    field = page.get_by_label("Prompt", exact=True)
    if prompt is not None:
        field.fill(prompt)
    page.evaluate("document.querySelectorAll('.model').forEach(model => model.classList.add('earlier'))")
    field.press("Control+Enter")
    page.locator(".model:not(.earlier)").first.wait_for()
    answered = "/log probability on/.test(column.innerText) && column.querySelector('.token')"
    ready = f"document.querySelector('.model') && [...document.querySelectorAll('.model')].every(column => {answered})"
    page.wait_for_function(ready, timeout=300_000)
    page.get_by_role("button", name="Run").wait_for()
