"""The projects of a review: what each has stored, read from its folder and, in this clone, from build/ and runs/.

    entries(checkouts("teams.yaml"))      -> one Entry for each project

Only files are read. A file that cannot be read is a problem of its project, and ends nothing.
"""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gretchen import paths
from gretchen.errors import GretchenError
from gretchen.files import text_hash
from gretchen.projects.build import intact_data_card
from gretchen.projects.card import Card, card_in
from gretchen.projects.datacard import DataCard
from gretchen.reporting.checkouts import Checkout, read_text
from gretchen.reporting.files import report_file
from gretchen.reporting.ladder import stage_of
from gretchen.reporting.notes import notes_file, read_notes
from gretchen.reporting.result_view import ResultView, result_view
from gretchen.scoring.results import Results, parse_results

RUN = re.compile(r"\d{8}-\d{6}-[0-9a-f]{4}")
MAX_TITLE, MAX_PROBLEM = 120, 400  # characters
MAX_STEM = 100  # characters of a page's name for a project or a checkout
# All but small letters, digits and single hyphens: capitals and small letters may be the same to a file system.
ESCAPED = re.compile(r"[^a-z0-9-]|(?<=-)-|^-|-$")
UNREADABLE = "{} is a link, no text, or larger than a few MB: it is not read"
STAGES = ("pretrain", "sft", "distill", "reward", "dpo", "kto", "orpo", "simpo", "grpo", "rloo", "ppo")


@dataclass(frozen=True)
class Entry:
    """One project of a review. `team` is the checkout's name, or the card's team; `problem` is what cannot be read.

    `recipes` maps each recipe that has runs in this clone to its newest run; `report` is its report's file. `notes` are
    the reviewer's own, `team_notes` the REVIEW.md of another checkout.
    """

    slug: str
    checkout: str
    team: str
    card: Card | None
    views: tuple[ResultView, ...]
    data_card: DataCard | None
    recipes: dict[str, str]
    num_runs: int
    report: Path | None
    notes: str
    team_notes: str
    problem: str

    @property
    def title(self) -> str:
        """The card's title, a long one without its end; without a card the folder's name."""
        title = self.card.title if self.card else self.slug
        return title if len(title) <= MAX_TITLE else f"{title[:MAX_TITLE]} …"

    @property
    def page(self) -> str:
        """The name of the project's page, which no other project has: folders of other checkouts bear any name."""
        if self.checkout:
            return f"{file_stem(self.checkout)}--{file_stem(self.slug)}.html"
        return f"{file_stem(self.slug)}.html"

    @property
    def stages(self) -> list[str]:
        """The stages that are in a result or were run, in the order of training."""
        models = [model.name for view in self.views for model in view.evaluation.models if model.kind == "run"]
        reached = {stage_of(name) for name in [*models, *self.recipes]}
        known = [stage for stage in STAGES if stage in reached]
        return [*known, *sorted(reached - {*STAGES, "base"})]

    @property
    def last_run(self) -> str:
        """The day of the newest run, 2026-11-26; "" without one."""
        ids = [*self.recipes.values()]
        ids += [model.run for view in self.views for model in view.evaluation.models if model.run]
        newest = max((run for run in ids if RUN.fullmatch(run)), default="")
        return f"{newest[:4]}-{newest[4:6]}-{newest[6:8]}" if newest else ""

    @property
    def wandb(self) -> str | None:
        """The W&B address of the newest evaluation that has one."""
        addresses = [view.evaluation.wandb for view in self.views if view.evaluation.wandb]
        return addresses[-1] if addresses else None


def file_stem(name: str) -> str:
    """Return a name as a part of a file's, another one for every name: `a.b` is a_2eb, `a_b` is a_5fb."""
    stem = ESCAPED.sub(
        lambda match: "".join(f"_{byte:02x}" for byte in match[0].encode("utf-8", "surrogatepass")), name
    )
    if len(stem) > MAX_STEM:
        return f"{stem[:MAX_STEM]}_{text_hash(stem)}_"
    return "index_" if stem == "index" else stem  # index.html is the table's


def entries(sources: Iterable[Checkout]) -> list[Entry]:
    """Return all projects; copies in other checkouts that have the same card and results as this clone are left out."""
    return [entry for source in sources for entry in entries_of(source)]


def entries_of(source: Checkout) -> Iterator[Entry]:
    """Yield the projects of a checkout; one entry with the problem for a checkout that could not be read."""
    if source.problem:
        yield empty_entry(source)
        return
    for folder in source.project_dirs():
        if not source.name or not is_copy(folder):
            yield entry_of(source, folder)


def empty_entry(source: Checkout) -> Entry:
    """Return the entry of a checkout that has no project to read."""
    return Entry("(none)", source.name, source.name, None, (), None, {}, 0, None, "", "", source.problem)


def is_copy(folder: Path) -> bool:
    """Return whether this clone has the same project with the same card and results."""
    own = paths.projects() / folder.name
    return all(read_text(folder / name) == read_text(own / name) for name in ("project.yaml", "results.json"))


def entry_of(source: Checkout, folder: Path) -> Entry:
    """Return one project's entry."""
    slug, is_own = folder.name, not source.name
    card, problems = card_of(folder)
    results, faults = results_of(folder)
    recipes, num_runs = local_runs(slug) if is_own else ({}, 0)
    report = report_file(slug)
    return Entry(
        slug=slug,
        checkout=source.name,
        team=source.name or ", ".join(card.team if card else []),
        card=card,
        views=tuple(result_view(evaluation, card) for evaluation in results.evaluations),
        data_card=intact_data_card(slug) if is_own else None,
        recipes=recipes,
        num_runs=num_runs,
        report=report if is_own and report.is_file() else None,
        notes=read_notes(notes_file(source.name, slug)).text,
        team_notes="" if is_own else read_text(folder / "REVIEW.md") or "",
        problem="; ".join([*problems, *faults])[:MAX_PROBLEM],
    )


def card_of(folder: Path) -> tuple[Card | None, list[str]]:
    """Return a project's card, or None and what is wrong with it."""
    if read_text(folder / "project.yaml") is None:
        return None, [UNREADABLE.format("project.yaml")]
    card = card_in(folder / "project.yaml")
    return (card, []) if isinstance(card, Card) else (None, card[:1])


def results_of(folder: Path) -> tuple[Results, list[str]]:
    """Return a project's recorded results; none, and what is wrong, where the file cannot be read."""
    none = Results(evaluations=[])
    if not os.path.lexists(folder / "results.json"):
        return none, []
    text = read_text(folder / "results.json")
    if text is None:
        return none, [UNREADABLE.format("results.json")]
    try:
        return parse_results(text, folder.name), []
    except GretchenError as failure:
        return none, [failure.problem]


def local_runs(project: str) -> tuple[dict[str, str], int]:
    """Return {recipe: its newest run} of a project in this clone, and the number of runs, by the folders' names."""
    newest, count = {}, 0
    folder = paths.runs(project)
    for recipe in sorted(os.listdir(folder)) if folder.is_dir() else []:
        if recipe == "evaluations" or not (folder / recipe).is_dir():
            continue
        runs = [name for name in os.listdir(folder / recipe) if RUN.fullmatch(name)]
        if runs:
            newest[recipe] = max(runs)
        count += len(runs)
    return newest, count
