"""The report of a project, as values: everything that report.html shows, from what earlier commands left on disk.

    report = make_report("genome-chatbot")
    html = page(report)

The same files give the same report, byte for byte. No model is loaded; answers are scored by the project's own code.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gretchen import paths
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
from gretchen.reporting.intervals import Scale, scale_of
from gretchen.reporting.ladder import Ladder, ladder, stage_of
from gretchen.reporting.page import render
from gretchen.reporting.recipe_changes import RecipeView, recipe_view
from gretchen.runs.record import Run
from gretchen.runs.store import list_runs
from gretchen.scoring import table
from gretchen.scoring.cells import Table
from gretchen.scoring.evaluation import Estimate, Evaluation, ModelResult
from gretchen.scoring.forgetting_table import forgetting_tables
from gretchen.scoring.newest import StoredResult, newest_results
from gretchen.scoring.results import SOURCES

FILE = "report.html"


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
    ladder: Ladder
    scale: Scale
    titles: dict[str, str]
    tables: tuple[tuple[str, Table], ...]
    notes: tuple[str, ...]
    charts: tuple[Chart, ...]
    recipes: tuple[RecipeView, ...]
    costs: tuple[Cost, ...]
    answers: AnswerTable
    limits: tuple[str, ...]
    commands: tuple[str, str]

    @property
    def has_seeds(self) -> bool:
        """Whether a model was trained with several seeds."""
        return any(len(model.trained) > 1 for model in self.evaluation.models)

    def estimates(self, set_name: str) -> list[tuple[ModelResult, Estimate | None]]:
        """Return each model of a set with its main metric."""
        main = self.evaluation.main_metric
        models = [model for model in self.evaluation.models if set_name in model.sets]
        return [(model, model.sets[set_name].scores.get(main)) for model in models]

    def forms(self, set_name: str) -> list[str]:
        """Return the forms of a set, open ones first."""
        results = [model.sets[set_name] for model in self.evaluation.models if set_name in model.sets]
        names = [form for result in results for form in result.forms]
        names += [form for result in results for form in result.closed]
        return list(dict.fromkeys(names))

    def form_estimate(self, model: ModelResult, set_name: str, form: str) -> Estimate | None:
        """Return a model's main metric in a form, None where it has none."""
        result = model.sets.get(set_name)
        return (result.forms | result.closed).get(form) if result else None


@dataclass(frozen=True)
class Report:
    """A project's report; `parts` are its results, one for each profile and source of weights."""

    project: str
    card: Card
    data_card: DataCard | None
    parts: tuple[ResultPart, ...]
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
    return Report(project, card, intact_data_card(project), parts)


def part_of(result: StoredResult, card: Card, runs: dict[str, Run]) -> ResultPart:
    """Return what the report says of one evaluation; `runs` are the runs of this machine by id."""
    evaluation = result.evaluation
    metric = card.evaluation.metrics.get(evaluation.main_metric)
    limits_of_metric = tuple(metric.range) if metric else (float("-inf"), float("inf"))
    models = ladder(evaluation, card.engine)
    spent = costs(evaluation, runs)
    answers = answer_table(evaluation, card)
    return ResultPart(
        evaluation=evaluation,
        recorded=result.recorded,
        name=f"{evaluation.profile}-{evaluation.base.source}",
        source=SOURCES[evaluation.base.source],
        ladder=models,
        scale=scale_of(estimates_of(evaluation), limits_of_metric),
        titles={name: table.sentence(table.title(evaluation, name)) for name in evaluation.sets},
        tables=tuple(other_tables(evaluation)),
        notes=(*table.document_lines(evaluation), *table.notes(evaluation), *table.error_lines(evaluation)),
        charts=tuple(charts(evaluation, runs)),
        recipes=tuple(recipe_view(m.name, runs[m.run]) for m in evaluation.models if m.run in runs),
        costs=tuple(spent),
        answers=answers,
        limits=tuple(limits.limits(evaluation, answers, has_runs=bool(spent))),
        commands=commands(evaluation, models, card),
    )


def charts(evaluation: Evaluation, runs: dict[str, Run]) -> list[Chart]:
    """Return the curves of each trained model whose runs are on this machine."""
    return [
        Chart(curves.model, tuple(svg(panel, f"{curves.model}: {panel.title}") for panel in curves.panels))
        for curves in stage_curves(evaluation, runs)
    ]


def estimates_of(evaluation: Evaluation) -> list[Estimate | None]:
    """Return the main metric of all models in all sets."""
    main = evaluation.main_metric
    return [result.scores.get(main) for model in evaluation.models for result in model.sets.values()]


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
    stages = [recipe_word(model, card.engine) for _, model in models.steps if model.kind == "run"]
    train = f'make pipeline PROJECT={project}{option} STAGES="{" ".join(stages)}"'
    if not stages:
        train = f"make data PROJECT={project}{option}"
    return train, f"make eval PROJECT={project}{option} RECORD=1"


def recipe_word(model: ModelResult, engine: str) -> str:
    """Return a model's recipe as a command names it: "sft" with the card's engine, "sft.axolotl" with the other one."""
    recipe = model.name.partition(" ")[0]
    return recipe.removesuffix(f".{engine}")


def stages_reached(results: Sequence[StoredResult]) -> list[str]:
    """Return the stages that any result has a model of, in the tables' order."""
    names = [model.name for result in results for model in result.evaluation.models if model.kind == "run"]
    return list(dict.fromkeys(stage_of(name) for name in names))


def page(report: Report) -> str:
    """Return the report as one self-contained page."""
    return render("report.html", "report.js", report=report)


def report_file(project: str) -> Path:
    """Return the path of a project's report."""
    return paths.runs(project) / FILE
