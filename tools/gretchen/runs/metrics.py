"""A run's metrics.jsonl: what its trainer logged, a JSON object a line."""

import json
from pathlib import Path
from typing import Any


def read(run: Path) -> list[dict[str, Any]]:
    """Return the whole lines of the run's metrics.jsonl so far."""
    file = run / "metrics.jsonl"
    if not file.is_file():
        return []
    return [json.loads(text) for text in file.read_text(encoding="utf-8").splitlines(keepends=True) if text[-1] == "\n"]
