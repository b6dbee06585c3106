"""Near-duplicate rows: external rows that nearly repeat another row are removed.

Nearly: alike by MinHash (similar.py), and different in nothing that identifies (subjects.py), so that two questions of
one template about two genes both stay. In the builder's own rows they are only counted. builder.py removes exact
duplicates before.
"""

from collections.abc import Sequence

from gretchen.projects.builder import SplitRow
from gretchen.projects.rows import prompt_text
from gretchen.projects.similar import first_similar
from gretchen.projects.subjects import same_subject, subject

# How many of the builder's rows are looked at: 2,000 rows a second are hashed.
SAMPLE = 1000


def repeated_rows(rows: Sequence[SplitRow], known: Sequence[SplitRow] = ()) -> list[SplitRow | None]:
    """Return for each row the `known` row, or the earlier one of `rows`, whose prompt it nearly repeats, or None."""
    if not rows:
        return []
    placed_rows = [*known, *rows]
    subjects = [subject(prompt_text(placed.row)) for placed in placed_rows]
    firsts = first_similar(
        [placed.prompt for placed in placed_rows],
        agree=lambda first, second: same_subject(subjects[first], subjects[second]),
    )
    repeated = [None if first == number else placed_rows[first] for number, first in enumerate(firsts)]
    return repeated[len(known) :]
