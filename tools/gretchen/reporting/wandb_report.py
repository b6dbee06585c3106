"""A project's report as a W&B Report: its tables as Markdown, live panels on the project's runs.

    address = publish(report)      -> "https://wandb.ai/team/genome-chatbot/reports/…"

It is published where this machine is logged in to W&B and the server answers; else `reason()` says why not. A report
that was published before keeps its address. Answers stay in report.html.
"""

import os
import re
from typing import TYPE_CHECKING

from gretchen.reporting.page import duration
from gretchen.reporting.report import Report, ResultPart
from gretchen.safe_text import markdown_cell, visible
from gretchen.scoring.evaluation import Evaluation
from gretchen.scoring.table import markdown_table
from gretchen.tracking import login
from gretchen.tracking.environment import mode
from gretchen.tracking.secrets import redacted

if TYPE_CHECKING:
    import wandb_workspaces.reports.v2 as wr

RUN_ADDRESS = re.compile(r"https?://[^/]+/([^/]+)/([^/]+)/runs/")
REPORT_ID = re.compile(r"--([A-Za-z0-9=_]+)/?$")
STEP = "train/global_step"  # the names that the engines' W&B callback gives to what the trainer logs


def reason() -> str:
    """Return why a report is not published now, "" where it is."""
    if not login.logged_in():
        return f"this machine is not logged in to W&B ({login.HINT})"
    current = mode()
    if current == "online":
        return ""
    if os.environ.get("WANDB_MODE") or login.settings().get("mode"):
        return f"W&B is {current} by its settings"
    return f"the W&B server at {login.address()} does not answer"


def publish(report: Report) -> str:
    """Publish the report and return its address. Raises whatever W&B's client raises."""
    made = build(report, *project_of(report))
    if published := next((evaluation.report for evaluation in own_results(report) if evaluation.report), None):
        made.id = match[1] if (match := REPORT_ID.search(published)) else ""
    made.save()
    return made.url


def project_of(report: Report) -> tuple[str, str]:
    """Return W&B's entity and project of the report: those of its runs, else of the environment, else the defaults."""
    for evaluation in own_results(report):
        for model in evaluation.models:
            if match := RUN_ADDRESS.match(model.wandb or ""):
                return match[1], match[2]
    return os.environ.get("WANDB_ENTITY") or default_entity(), os.environ.get("WANDB_PROJECT") or report.project


def own_results(report: Report) -> list[Evaluation]:
    """Return the results that are the project's own: a fork must not write into the report of its origin."""
    return [part.evaluation for part in report.parts if not part.evaluation.inherited_from]


def default_entity() -> str:
    """Return the entity of this machine's login; W&B's server is asked."""
    import wandb

    return wandb.Api().default_entity or ""


def build(report: Report, entity: str, project: str, live: bool = True) -> "wr.Report":
    """Return W&B's Report object. With `live` False its panels name no project, and nothing asks W&B's server."""
    import wandb_workspaces.reports.v2 as wr

    blocks = [wr.TableOfContents(), markdown(f"## Card\n\n{card_text(report)}")]
    for part in report.parts:
        evaluation = part.evaluation
        head = f"## Results, profile {evaluation.profile}\n\n"
        blocks.append(markdown(head + markdown_table(evaluation)))
        runs = wr.Runset(entity=entity, project=project, name="runs") if live else wr.Runset(name="runs")
        blocks.append(wr.PanelGrid(runsets=[runs], panels=panels(evaluation.main_metric)))
        blocks.append(markdown(closing_text(part)))
    title = f"{visible(report.card.title)}: report"
    return wr.Report(entity=entity, project=project, title=title, description=visible(report.card.task), blocks=blocks)


def markdown(text: str) -> "wr.MarkdownBlock":
    """Return a block of Markdown, without the keys of this machine."""
    import wandb_workspaces.reports.v2 as wr

    return wr.MarkdownBlock(text=redacted(visible(text)))


def panels(main_metric: str) -> "list[wr.LinePlot]":
    """Return the live curves: training and validation loss, and the project's metric in answers while training."""
    import wandb_workspaces.reports.v2 as wr

    curves = {"training loss": "train/loss", "validation loss": "eval/loss", main_metric: f"eval/{main_metric}"}
    return [
        wr.LinePlot(title=title, x=STEP, y=[name], layout=wr.Layout(x=8 * number, y=0, w=8, h=6))
        for number, (title, name) in enumerate(curves.items())
    ]


def card_text(report: Report) -> str:
    """Return the card as Markdown: task, team, base and data of each result, sources with their licences."""
    card = report.card
    lines = [markdown_cell(card.task), ""]
    lines += [f"- team: {markdown_cell(', '.join(card.team))}"] if card.team else []
    for part in report.parts:
        e = part.evaluation
        base = f"base {markdown_cell(e.base.model)} ({e.base.weights})"
        lines.append(f"- {e.profile}: {base}, data {e.data}, {e.date[:10]}")
    lines += [f"- source: {markdown_cell(source.name)}, {markdown_cell(source.licence)}" for source in card.sources]
    return "\n".join(lines)


def closing_text(part: ResultPart) -> str:
    """Return cost, limits and the commands of a result as Markdown."""
    lines = ["### Cost", ""]
    for cost in part.costs:
        energy = f", {cost.watt_hours:.1f} Wh (estimated)" if cost.watt_hours else ""
        lines.append(f"- {markdown_cell(cost.model)}, seed {cost.seed}: {duration(cost.seconds)}{energy}")
    lines += ["", "### Limits", "", *(f"- {markdown_cell(limit)}" for limit in part.limits)]
    return "\n".join([*lines, "", "### Reproduce", "", "```", *part.commands, "```"])
