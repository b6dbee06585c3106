"""The progress line of an evaluation: model, number of answers, answers per second, time left.

On a terminal the line rewrites itself; elsewhere a new line comes every ten seconds at most. It goes to stderr.
"""

import sys
import time

from gretchen.terminal import QUIET_SECONDS, clock


class Progress:
    """The progress of one model's answers (`unit`); call it with their number so far and in all."""

    def __init__(self, name: str, unit: str = "answers") -> None:
        self.name, self.unit = name, unit
        self.started = self.shown_at = time.monotonic()
        self.known: int | None = None
        self.text = name
        self.terminal = sys.stderr.isatty()

    def __call__(self, done: int, total: int) -> None:
        """Show the line. Answers at the first call came from an earlier, interrupted evaluation."""
        if self.known is None:
            self.known = done
        self.text = self.line(done, total, time.monotonic() - self.started)
        self.show(self.text, is_last=done == total)

    def on_token(self, rows: int, count: int) -> None:
        """Show the line with the answers of the batch that is being generated, and the tokens that they have so far."""
        self.show(f"{self.text} · next {rows:,}: token {count:,}")

    def show(self, text: str, is_last: bool = False) -> None:
        """Write a line: on a terminal in the place of the last one, elsewhere where the last one is old enough."""
        now = time.monotonic()
        if self.terminal:
            sys.stderr.write(f"\r\x1b[K{text}" + ("\n" if is_last else ""))
        elif is_last or now - self.shown_at >= QUIET_SECONDS:
            self.shown_at = now
            sys.stderr.write(f"{text}\n")
        sys.stderr.flush()

    def line(self, done: int, total: int, seconds: float) -> str:
        """Return the line for a state after some seconds."""
        parts = [f"{self.name}: {done:,}/{total:,} {self.unit}"]
        fresh = done - (self.known or 0)
        if done < total and not fresh:
            parts.append("the rest of an interrupted evaluation" if self.known else "starting")
        elif fresh and seconds > 0:
            parts.append(f"{fresh / seconds:.1f}/s")
            parts.append(f"{clock((total - done) * seconds / fresh)} left" if done < total else f"in {clock(seconds)}")
        return " · ".join(parts)
