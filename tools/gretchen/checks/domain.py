"""Check that a fork's embedded base has met the fork's domain: the base is inherited, the rows may be others."""

from gretchen.checks.report import Outcome, outcome
from gretchen.scoring.domain import inherited_mismatch


def base_domain(project: str) -> Outcome:
    """Check that a project's documents are not foreign to an inherited base; measured once for weights and rows."""
    mismatch = inherited_mismatch(project)
    return outcome(warnings=[mismatch.removeprefix("warning: ")] if mismatch else [])
