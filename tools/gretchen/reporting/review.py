"""The review of the course: a table of all projects, and a page for each with the checklist and the reviewer's notes.

    write_review(entries(checkouts("teams.yaml")))      -> build/review/index.html

The pages are files that open from the disk. They read what is stored, and run nothing.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from gretchen import paths
from gretchen.files import write_text
from gretchen.reporting.checklist import Point, checklist
from gretchen.reporting.entries import Entry
from gretchen.reporting.ladder import main_estimate
from gretchen.reporting.notes import notes_file
from gretchen.reporting.page import render
from gretchen.scoring.cells import NONE, Table, difference, estimate


@dataclass(frozen=True)
class Reviewed:
    """A project with its checklist; `is_served`: on a page that edits its notes."""

    entry: Entry
    points: tuple[Point, ...]
    is_served: bool = False

    @property
    def num_ok(self) -> int:
        """How many points are ok."""
        return sum(point.status == "ok" for point in self.points)

    @property
    def num_open(self) -> int:
        """How many points are open."""
        return sum(point.status == "open" for point in self.points)

    @property
    def report_link(self) -> str:
        """The report's address from the review's page, "" where there is none."""
        if self.entry.report and self.is_served:
            return f"reports/{self.entry.page}"
        return os.path.relpath(self.entry.report, folder()) if self.entry.report else ""

    @property
    def notes_file(self) -> str:
        """The file of the reviewer's notes, from the root."""
        return paths.shown(notes_file(self.entry.checkout, self.entry.slug))

    @cached_property
    def train_rows(self) -> int | None:
        """The train rows of the format that has most of them; None where no data are built."""
        card = self.entry.data_card
        return max((summary.rows.get("train", 0) for summary in card.formats.values()), default=0) if card else None

    @property
    def best(self) -> float | None:
        """The main metric of the first result's newest trained model, to sort by."""
        if not self.entry.views:
            return None
        view = self.entry.views[0]
        score = view.main(view.ladder.newest) if view.ladder.newest else None
        return score.value if score else None


def folder() -> Path:
    """Return the folder of the review's pages."""
    return paths.root() / "build" / "review"


def review(entries: Sequence[Entry]) -> list[Reviewed]:
    """Return the projects with their checklists."""
    return [Reviewed(entry, tuple(checklist(entry))) for entry in entries]


def write_review(reviewed: Sequence[Reviewed]) -> Path:
    """Write all pages, remove those of projects that are gone, and return the table's file."""
    pages = {item.entry.page: team_page(item) for item in reviewed} | {"index.html": index_page(reviewed)}
    for old in folder().glob("*.html"):
        if old.name not in pages:
            old.unlink()
    for name, text in pages.items():
        write_text(folder() / name, text)
    return folder() / "index.html"


def team_page(item: Reviewed) -> str:
    """Return a project's page."""
    return render("team.html", "review.js", connects=item.is_served, item=item)


def index_page(reviewed: Sequence[Reviewed]) -> str:
    """Return the page with the table of all projects."""
    stages = list(dict.fromkeys(stage for item in reviewed for stage in item.entry.stages))
    return render("review.html", "review.js", items=reviewed, stages=stages)


def review_table(reviewed: Sequence[Reviewed]) -> Table:
    """Return the review for a terminal: a row for each result of each project, one for a project without any."""
    header = ["project", "team", "stages", "checks", "profile", "metric", "base", "SFT", "aligned", "p", "last run"]
    rows = []
    for item in reviewed:
        entry = item.entry
        who = [entry.slug, entry.team or NONE, " ".join(entry.stages) or NONE, f"{item.num_ok} of {len(item.points)}"]
        results = [result_cells(item, number) for number in range(len(entry.views))]
        for cells in results or [[entry.problem or "no result recorded", *[NONE] * 5]]:
            rows.append([*who, *cells, entry.last_run or NONE])
    return Table(header, rows)


def result_cells(item: Reviewed, number: int) -> list[str]:
    """Return the cells of one result: profile, metric, the ladder's figures, the newest model's p-value."""
    view = item.entry.views[number]
    models = (view.ladder.base, view.ladder.sft, view.ladder.aligned)
    figures = [estimate(main_estimate(view.evaluation, model), seeds=False) for model in models]
    newest = view.ladder.newest
    result = newest.sets.get(view.first) if newest else None
    test = difference(result.against_base).partition(", ")[2] if result and result.against_base else NONE
    return [view.evaluation.profile, view.evaluation.main_metric, *figures, test]
