"""Documents of the base's corpus: a problem with its answer, and drills that read a table cell by cell.

A problem's line names what is asked for, so that the answer is determined by the text before it. It stands below the
report, as in two of three chats, or above it. A drill lists what the cells of a table say, in mixed order: it has no
answer of its own and no gate, and shows a small model five times as many cells for the same tokens. Two of five drills
have a table of one line, from which copying is learned first: there is only one amount to copy.
"""

import random

from .excerpts import draw_concepts, draw_excerpt, draw_pair, draw_years, report_of
from .ledger import draw_company
from .tasks import Problem, compact

MOST_CELLS = 6


def document(rng: random.Random, problem: Problem) -> str:
    """Return the document's text, which ends in the answer."""
    return before_answer(problem, line_first=rng.random() >= 0.67) + problem.answer


def before_answer(problem: Problem, line_first: bool = False) -> str:
    """Return a document up to where its answer begins."""
    first, second = (problem.line, problem.report) if line_first else (problem.report, problem.line)
    return f"{first}\n{second}\n"


def drill(rng: random.Random, language: str, split: str) -> tuple[str, list[str]]:
    """Return a table with a line for each of its cells, and the group keys; raises Mismatch."""
    company, pair = draw_company(rng, language, split), draw_pair(rng, language, hard=False)
    concepts, years = draw_concepts(rng, rng.choice((1, 1, 2, 3, 4))), draw_years(rng, rng.choice((1, 1, 2)))
    excerpt = draw_excerpt(rng, language, company, pair, concepts, years)
    lines = []
    for i, row in enumerate(excerpt.table.rows):
        for j, year in enumerate(excerpt.table.columns):
            quote, value = excerpt.reading(i, j)
            lines.append(f"{year} {row.concept}: {quote} = {compact(value)} {excerpt.unit}")
    rng.shuffle(lines)
    return "\n".join([report_of(rng, excerpt), *lines[:MOST_CELLS]]), [company.key]
