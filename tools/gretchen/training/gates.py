"""gates.jsonl as it grows: the accuracy gates of a pretraining, one line on the screen for each look at them.

gates at step 600: 3 of 16 passed; lowest: gc-count 0%, orf 2%, hgvs-read 5%
"""

import json
from collections.abc import Iterator
from pathlib import Path

FILE = "gates.jsonl"
LOWEST = 3  # forms that a line names


class GateReader:
    """The lines that a training has added to gates.jsonl since the last look; none where it measures no gates.

    A resumed run's earlier lines are not shown again.
    """

    def __init__(self, run_dir: Path) -> None:
        self.file = run_dir / FILE
        self.offset = self.file.stat().st_size if self.file.is_file() else 0

    def poll(self) -> Iterator[str]:
        """Yield a text for each complete new line."""
        if not self.file.is_file():
            return
        with self.file.open("rb") as stream:
            stream.seek(self.offset)
            complete, newline, _ = stream.read().rpartition(b"\n")
        self.offset += len(complete) + len(newline)
        yield from map(gate_line, complete.splitlines())


def gate_line(line: bytes) -> str:
    """Return the text for one line of gates.jsonl."""
    look = json.loads(line)
    accuracy = sorted(look["accuracy"].items(), key=lambda item: item[1])
    passed = sum(share >= look["required"] for _, share in accuracy)
    lowest = ", ".join(f"{form} {share:.0%}" for form, share in accuracy[:LOWEST] if share < look["required"])
    text = f"gates at step {look['step']:,}: {passed} of {len(accuracy)} passed"
    text += f"; lowest: {lowest}" if lowest else ""
    if look["unreachable"]:
        forms = ", ".join(look["unreachable"])
        text += f"\nended early: {forms} stayed at 0% in the last looks (KEEP=1 trains to the end)"
    return text
