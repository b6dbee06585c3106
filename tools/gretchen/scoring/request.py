"""What a person asks of an evaluation: project, profile, runs, rows, and the split that the rows are from."""

from dataclasses import dataclass
from typing import Literal, get_args

from gretchen.errors import UserError
from gretchen.names import unknown
from gretchen.projects.profiles import profile_option

Split = Literal["test", "validation"]
# Settings are chosen on validation rows, so that the test rows measure a model that was not chosen by them.
SETS: dict[Split, tuple[str, ...]] = {"test": ("test", "hard"), "validation": ("validation",)}


@dataclass(frozen=True)
class EvaluationRequest:
    """What to evaluate: run ids (none: the newest run of each recipe), and at most `limit` rows of each set.

    `limit` 0 takes all rows; None takes the profile's default (plan.py), all rows with a GPU. `profile` "" is the
    project's default.
    """

    project: str
    profile: str = ""
    runs: tuple[str, ...] = ()
    limit: int | None = None
    split: Split = "test"

    def __post_init__(self) -> None:
        """Raise UserError for a limit below 0 and for an unknown split."""
        if self.limit is not None and self.limit < 0:
            raise UserError(f"LIMIT={self.limit} is below 0", "LIMIT=0 takes all rows")
        if self.split not in SETS:
            problem, hint = unknown("split", self.split, get_args(Split))
            raise UserError(problem, f"{hint}; SPLIT=validation is for choosing settings, test for the result")

    @property
    def variables(self) -> str:
        """The variables of make that differ from their defaults and are no runs or rows, each after a blank."""
        profile = profile_option(self.project, self.profile) if self.profile else ""
        return profile + ("" if self.split == "test" else f" SPLIT={self.split}")
