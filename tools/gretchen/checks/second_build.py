"""`python -m gretchen.checks.second_build PROJECT`: print the digests of a builder's first rows, in this process.

gretchen.checks.mistakes.builder compares them with those of its own process.
"""

import itertools
import json
import sys

from gretchen.checks.mistakes.builder import TWICE, digest
from gretchen.projects.builder import offered_formats
from gretchen.projects.modules import load_dataset_module


def main(project: str) -> None:
    """Print {format: digests of its first rows} as JSON."""
    module = load_dataset_module(project)
    rows = {name: itertools.islice(getattr(module, name)(), TWICE) for name in offered_formats(module)}
    print(json.dumps({name: [digest(row) for row in first] for name, first in rows.items()}))


if __name__ == "__main__":
    main(sys.argv[1])
