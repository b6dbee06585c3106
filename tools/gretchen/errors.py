"""The two ways a command fails, each reported in one sentence with a hint.

`UserError` (exit code 2): the input is wrong. `WorkError` (exit code 1): the input is right, the work failed.
Any other exception is a bug of Gretchen and keeps its traceback.
"""


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


class WorkError(GretchenError):
    """The work failed although the input is right: no space, hub out of reach, run busy. Exit code 1."""
