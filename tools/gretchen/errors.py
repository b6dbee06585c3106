"""The two ways a command fails, each reported in one sentence with a hint.

`UserError` (exit code 2): the input is wrong. `WorkError` (exit code 1): the input is right, the work failed.
Any other exception is a bug of Gretchen and keeps its traceback.
"""

from collections.abc import Sequence

MAX_PROBLEMS = 10  # of a file, that are shown


class GretchenError(Exception):
    """A failure to report to the person who typed the command.

    `problem` is one sentence: what, where, which value. `hint` says what to do about it.
    """

    exit_code = 1

    def __init__(self, problem: str, hint: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.hint = hint

    def __str__(self) -> str:
        return f"error: {self.problem}" + (f"\nhint: {self.hint}" if self.hint else "")


class UserError(GretchenError):
    """The user's input is wrong: a name, a key, a row, a variable. Exit code 2."""

    exit_code = 2


def line_problems(problems: Sequence[str], hint: str) -> UserError:
    """Return the error of a file with faulty lines: the first MAX_PROBLEMS, and how many more there are."""
    more = len(problems) - MAX_PROBLEMS
    shown = [*problems[:MAX_PROBLEMS], *([f"… and {more} more"] if more > 0 else [])]
    return UserError("\n".join(shown), hint)


class WorkError(GretchenError):
    """The work failed although the input is right: no space, hub out of reach, run busy. Exit code 1."""
