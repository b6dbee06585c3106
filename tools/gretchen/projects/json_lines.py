"""Public data in JSON lines: objects with their line numbers, and a fault for each line that holds none.

for item in json_objects(Path("train.jsonl")): ...
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gretchen.projects.rows import Fault


def json_objects(file: Path) -> Iterator[tuple[int, dict[str, Any]] | Fault]:  # JSON of another project's format
    """Yield (line number, object) of a file of JSON objects, and a fault for each other line that is not blank.

    Bytes that are not UTF-8 become U+FFFD.
    """
    text = file.read_text(encoding="utf-8-sig", errors="replace")
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            entry, problem = json.loads(line), ""
        except json.JSONDecodeError as error:
            entry, problem = None, f": {error.msg} at character {error.colno}"
        except (ValueError, RecursionError) as error:  # a number of thousands of digits, thousands of brackets
            entry, problem = None, f": {error}"
        yield (number, entry) if isinstance(entry, dict) else Fault(str(file), number, f"no JSON object{problem}")
