"""The report of a project, as values: everything that report.html shows, from what earlier commands left on disk.

    report = make_report("genome-chatbot")
    html = page(report)

The same files give the same report, byte for byte. No model is loaded; answers are scored by the project's own code.
"""

import re
from dataclasses import dataclass, replace

from gretchen.errors import UserError
from gretchen.projects.build import intact_data_card
from gretchen.projects.card import Card, load_card
from gretchen.projects.datacard import DataCard
from gretchen.projects.profiles import profile_of, profile_option
from gretchen.reporting import limits
from gretchen.reporting.answers import AnswerTable, answer_table
from gretchen.reporting.charts import svg
from gretchen.reporting.cost import METHOD, Cost, costs
from gretchen.reporting.curves import stage_curves
from gretchen.reporting.ladder import Ladder
from gretchen.reporting.page import render
from gretchen.reporting.recipe_changes import RecipeView, recipe_view
from gretchen.reporting.result_view import ResultView, result_view
from gretchen.reporting.saved_presets import SavedPreset, saved_presets
from gretchen.runs.record import Run
from gretchen.runs.store import list_runs
from gretchen.scoring import table
from gretchen.scoring.cells import Table
from gretchen.scoring.evaluation import Evaluation, ModelResult
from gretchen.scoring.forgetting_table import forgetting_tables
from gretchen.scoring.newest import StoredResult, newest_results, with_report
from gretchen.scoring.results import SOURCES

RECIPE = re.compile(r"[a-z][a-z0-9-]*(\.(zephyr|axolotl))?")


@dataclass(frozen=True)
class Chart:
    """A chart as SVG, with the model that it is of."""

    model: str
    svgs: tuple[str, ...]


@dataclass(frozen=True)
class ResultPart:
    """What the report says of one evaluation: one profile and source of the base's weights."""

    evaluation: Evaluation
    recorded: bool
    name: str
    source: str
    view: ResultView
    tables: tuple[tuple[str, Table], ...]
    notes: tuple[str, ...]
    charts: tuple[Chart, ...]
    recipes: tuple[RecipeView, ...]
    costs: tuple[Cost, ...]
    answers: AnswerTable
    limits: tuple[str, ...]
    commands: tuple[str, str]


@dataclass(frozen=True)
class Report:
    """A project's report; `parts` are its results, one for each profile and source of weights.

    `presets` are the questions that the team saved in the playground.
    """

    project: str
    card: Card
    data_card: DataCard | None
    parts: tuple[ResultPart, ...]
    presets: tuple[SavedPreset, ...] = ()
    cost_method: str = METHOD


def make_report(project: str, profile: str = "") -> Report:
    """Return a project's report, of one profile where it is named.

    Raises UserError for an unknown project or profile, and where no result is stored.
    """
    card = load_card(project)
    chosen = profile_of(project, profile) if profile else ""
    results = [result for result in newest_results(project) if chosen in ("", result.evaluation.profile)]
    if not results:
        under = f" under PROFILE={chosen}" if chosen else ""
        option = profile_option(project, chosen) if chosen else ""
        raise UserError(f"no result of {project}{under} is stored", f"make eval PROJECT={project}{option}")
    runs = {run.name: run for run in list_runs(project)}
    parts = tuple(part_of(result, card, runs) for result in results)
    return Report(project, card, intact_data_card(project), parts, saved_presets(project))


def with_address(report: Report, address: str) -> Report:
    """Write the address of the W&B Report where the results are stored, and return the report with it."""
    parts = []
    for part in report.parts:
        stored = with_report(StoredResult(part.evaluation, part.recorded), address)
        parts.append(replace(part, evaluation=stored.evaluation))
    return replace(report, parts=tuple(parts))


def part_of(result: StoredResult, card: Card, runs: dict[str, Run]) -> ResultPart:
    """Return what the report says of one evaluation; `runs` are the runs of this machine by id."""
    evaluation = result.evaluation
    view = result_view(evaluation, card)
    spent = costs(evaluation, runs)
    answers = answer_table(evaluation, card)
    return ResultPart(
        evaluation=evaluation,
        recorded=result.recorded,
        name=f"{evaluation.profile}-{evaluation.base.source}",
        source=SOURCES[evaluation.base.source],
        view=view,
        tables=tuple(other_tables(evaluation)),
        notes=(*table.document_lines(evaluation), *table.notes(evaluation), *table.error_lines(evaluation)),
        charts=tuple(charts(evaluation, runs)),
        recipes=tuple(recipe_view(m.name, runs[m.run]) for m in evaluation.models if m.run in runs),
        costs=tuple(spent),
        answers=answers,
        limits=tuple(limits.limits(view, answers, has_runs=bool(spent))),
        commands=commands(evaluation, view.ladder, card),
    )


def charts(evaluation: Evaluation, runs: dict[str, Run]) -> list[Chart]:
    """Return the curves of each trained model whose runs are on this machine."""
    return [
        Chart(curves.model, tuple(svg(panel, f"{curves.model}: {panel.title}") for panel in curves.panels))
        for curves in stage_curves(evaluation, runs)
    ]


def other_tables(evaluation: Evaluation) -> list[tuple[str, Table]]:
    """Return title and table of what stages gain and lose, of preference pairs, and of what was forgotten."""
    tables = []
    for name in evaluation.sets:
        parents = table.parent_table(evaluation, name)
        if parents.rows:
            tables.append((f"{name} set: {table.PARENTS.format(evaluation.main_metric)}", parents))
    tables += [*table.pair_tables(evaluation), *forgetting_tables(evaluation)]
    return [(table.sentence(title), rows) for title, rows in tables]


def commands(evaluation: Evaluation, models: Ladder, card: Card) -> tuple[str, str]:
    """Return the two commands that repeat a result: the trainings of the ladder, and the evaluation."""
    project, option = evaluation.project, profile_option(evaluation.project, evaluation.profile)
    words = [recipe_word(model, card.engine) for _, model in models.steps if model.kind == "run"]
    stages = [word for word in words if RECIPE.fullmatch(word)]  # what is pasted into a shell holds nothing else
    train = f'make pipeline PROJECT={project}{option} STAGES="{" ".join(stages)}"'
    if not stages:
        train = f"make data PROJECT={project}{option}"
    return train, f"make eval PROJECT={project}{option} RECORD=1"


def recipe_word(model: ModelResult, engine: str) -> str:
    """Return a model's recipe as a command names it: "sft" with the card's engine, "sft.axolotl" with the other one."""
    recipe = model.name.partition(" ")[0]
    return recipe.removesuffix(f".{engine}")


def page(report: Report) -> str:
    """Return the report as one self-contained page."""
    return render("report.html", "report.js", report=report)
