"""What a check found, one line a check: `[3/7] chat template … ok`, or failed, or skipped with the reason."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from gretchen.errors import UserError

WARNING = "warning: "


@dataclass(frozen=True)
class Check:
    """One check: "ok" (`lines` are what to know), "failed" (the mistakes) or "skipped" (the reasons).

    `note` says what an "ok" covers: 200 rows, 6 profiles.
    """

    name: str
    state: str
    lines: list[str] = field(default_factory=list)
    note: str = ""


@dataclass(frozen=True)
class Report:
    """The checks of one project or one recipe."""

    subject: str
    checks: list[Check]

    @property
    def failed(self) -> list[str]:
        """Return the mistakes of all failed checks, each told once."""
        return list(dict.fromkeys(line for check in self.checks if check.state == "failed" for line in check.lines))

    @property
    def warnings(self) -> list[str]:
        """Return what may be a mistake, each told once, without the word "warning" before it."""
        told = (line for check in self.checks if check.state == "ok" for line in check.lines)
        return list(dict.fromkeys(line.removeprefix(WARNING) for line in told if line.startswith(WARNING)))

    def raise_if_failed(self) -> None:
        """Raise UserError with all mistakes, if there is any."""
        if self.failed:
            raise UserError("\n".join(self.failed))

    def text(self) -> str:
        """Return the report as people read it."""
        lines = [self.subject]
        for number, check in enumerate(self.checks, start=1):
            head = f"[{number}/{len(self.checks)}] {check.name} … {check.state}"
            if check.state == "failed":
                lines += [head, *(f"      {line}" for told in check.lines for line in told.splitlines())]
            elif check.state == "skipped":
                lines.append(f"{head}, because {'; '.join(check.lines)}")
            else:
                lines += [head + (f" ({check.note})" if check.note else ""), *(f"      {line}" for line in check.lines)]
        return "\n".join(lines)

    def plain(self) -> dict[str, Any]:
        """Return the report as plain values, for JSON."""
        return asdict(self) | {"failed": bool(self.failed)}


def checked(name: str, mistakes: Iterable[str], note: str = "") -> Check:
    """Return a check that ran: failed with its mistakes, each once, or ok."""
    lines = list(dict.fromkeys(mistakes))
    return Check(name, "failed", lines) if lines else Check(name, "ok", note=note)


def warned(name: str, warnings: Iterable[str], note: str = "") -> Check:
    """Return a check that ran and lets everything pass, with what may be a mistake, each told once."""
    return Check(name, "ok", [WARNING + line for line in dict.fromkeys(warnings)], note)


def judged(name: str, errors: Iterable[str], warnings: Iterable[str], note: str = "") -> Check:
    """Return a check that ran: failed with its errors; where there is none, ok with what may be a mistake."""
    found = checked(name, errors, note)
    return found if found.state == "failed" else warned(name, warnings, note)


def skipped(name: str, *reasons: str) -> Check:
    """Return a check that did not run."""
    return Check(name, "skipped", list(reasons))
