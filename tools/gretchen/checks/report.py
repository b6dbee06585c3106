"""What a check returns, and how a report prints it: `[3/7] chat template … ok`, failed, or skipped with the reason.

outcome(errors, scope="27 recipes")      ok without errors, else failed
outcome_of(problems)                     the same from Problem objects, warnings included
skipped("nothing is built")
"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from gretchen.checks.mistakes.problems import Level, Problem, messages
from gretchen.errors import UserError
from gretchen.safe_text import visible

WARNING = "warning: "


class State(StrEnum):
    """How a check ended."""

    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Outcome:
    """How a check ended, and why.

    `errors` only where it failed; `warnings` and `notes` (facts worth knowing) only where it passed. `scope` says what
    an "ok" covers ("200 rows of 4 files"), `reason` why the check was skipped.
    """

    state: State
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    scope: str = ""
    reason: str = ""


def outcome(
    errors: Iterable[str] = (), warnings: Iterable[str] = (), notes: Iterable[str] = (), scope: str = ""
) -> Outcome:
    """Return the outcome of a check that ran, each message once. A failed check shows its errors alone."""
    unique = tuple(dict.fromkeys(errors))
    if unique:
        return Outcome(State.FAILED, errors=unique)
    return Outcome(State.OK, warnings=tuple(dict.fromkeys(warnings)), notes=tuple(notes), scope=scope)


def outcome_of(problems: Iterable[Problem], scope: str = "") -> Outcome:
    """Return the outcome of a check that found these problems."""
    listed = list(problems)
    return outcome(messages(listed, Level.ERROR), messages(listed, Level.WARNING), scope=scope)


def skipped(reason: str) -> Outcome:
    """Return the outcome of a check that did not run."""
    return Outcome(State.SKIPPED, reason=reason)


@dataclass(frozen=True)
class CheckResult:
    """A check's name and its outcome."""

    name: str
    outcome: Outcome

    def lines(self, position: str) -> Iterator[str]:
        """Yield the check as people read it; `position` is "3/7"."""
        end, outcome = self.outcome.state, self.outcome
        if outcome.state == State.SKIPPED:
            end = f"{end}, because {outcome.reason}"
        elif outcome.scope:
            end = f"{end} ({outcome.scope})"
        yield f"[{position}] {self.name} … {end}"
        details = [*outcome.errors, *(WARNING + line for line in outcome.warnings), *outcome.notes]
        yield from (f"      {line}" for detail in details for line in detail.splitlines())

    def to_json(self) -> dict[str, Any]:  # JSON
        """Return the result for JSON: the outcome's fields beside the name."""
        return {"name": self.name, **asdict(self.outcome)}


@dataclass(frozen=True)
class Report:
    """The checks of one project or one recipe."""

    subject: str
    results: tuple[CheckResult, ...] = ()

    @property
    def failed(self) -> bool:
        """Return whether any check failed."""
        return any(result.outcome.state == State.FAILED for result in self.results)

    @property
    def errors(self) -> list[str]:
        """Return the errors of all checks, each once."""
        return list(dict.fromkeys(line for result in self.results for line in result.outcome.errors))

    @property
    def warnings(self) -> list[str]:
        """Return the warnings of all checks, each once."""
        return list(dict.fromkeys(line for result in self.results for line in result.outcome.warnings))

    def raise_if_failed(self) -> None:
        """Raise UserError with all errors, if there are any."""
        if self.errors:
            raise UserError("\n".join(self.errors))

    def text(self) -> str:
        """Return the report as people read it."""
        count = len(self.results)
        numbered = enumerate(self.results, start=1)
        lines = (line for n, result in numbered for line in result.lines(f"{n}/{count}"))
        return visible("\n".join([self.subject, *lines]))

    def to_json(self) -> dict[str, Any]:  # JSON
        """Return the report for JSON."""
        results = [result.to_json() for result in self.results]
        return {"subject": self.subject, "failed": self.failed, "checks": results}
