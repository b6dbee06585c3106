"""A problem as a document of the base's corpus: the report, the task in a line, the answer.

The line names what is asked for, so that the answer is determined by the text before it. It stands below the report,
as in two of three chats, or above it.
"""

import random

from .tasks import Problem


def document(rng: random.Random, problem: Problem) -> str:
    """Return the document's text, which ends in the answer."""
    if rng.random() < 0.67:
        return f"{problem.report}\n{problem.line}\n{problem.answer}"
    return f"{problem.line}\n{problem.report}\n{problem.answer}"
