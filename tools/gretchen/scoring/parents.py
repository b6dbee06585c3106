"""The systems that runs started from: those of the table, and earlier runs that it does not show.

parents = Parents(request, selection)
parents.of(system)     -> a system for each seed of the run; () where it started from the base
"""

from dataclasses import dataclass
from functools import cached_property

from gretchen import paths
from gretchen.errors import WorkError
from gretchen.runs.record import Run, read_record
from gretchen.scoring.systems import Selection, System, refusal, system


@dataclass(frozen=True)
class Parents:
    """Finds the system that each run of a selection started from."""

    selection: Selection
    profile: str
    data: str

    @cached_property
    def known(self) -> dict[str, System]:
        """{run's folder, from the root: its system} of the table."""
        return {paths.shown(seed.run.path): seed for run in self.selection.answering for seed in run.seeds if seed.run}

    def of(self, run: System) -> tuple[System, ...]:
        """Return what each seed of a run started from, once where all started from the same run.

        () where it started from the base, or where an earlier run is missing or cannot be compared on the same rows.
        """
        earlier = [self.system(seed.parent) for seed in run.seeds]
        if None in earlier:
            return ()
        distinct = {parent.run_id for parent in earlier}
        return tuple(earlier[:1] if len(distinct) == 1 else earlier)

    def system(self, folder: str | None) -> System | None:
        """Return the system of an earlier run by its folder, None where it cannot be compared."""
        if folder is None or folder in self.known:
            return self.known.get(folder or "")
        run_dir = paths.root() / folder
        try:
            run = Run(run_dir, read_record(run_dir))
            is_comparable = refusal(run.record, self.selection.base.weights, self.profile, self.data) is None
            return system(run, alone=False) if is_comparable and run.record.stage != "reward" else None
        except WorkError:
            return None
