"""One mistake that a check reports: an error stops a training; a warning is printed and the training goes on."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How serious a problem is."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Problem:
    """A problem and its message, which begins with file and line where there are any."""

    level: Level
    message: str


def error(message: str) -> Problem:
    """Return a problem that stops a training."""
    return Problem(Level.ERROR, message)


def warning(message: str) -> Problem:
    """Return a problem that may be intended: it is printed, and the training goes on."""
    return Problem(Level.WARNING, message)


def messages(problems: Iterable[Problem], level: Level) -> list[str]:
    """Return the messages of one level."""
    return [problem.message for problem in problems if problem.level == level]
