"""`make check [PROJECT=…] [DEEP=1]`, `gretchen check FILE… FOLDER…`: cards, recipes and data, before a training.

    make check PROJECT=genome-chatbot
    gretchen check qlora.yml                 a loose recipe from the web: axolotl's, TRL's or the handbook's dialect
    gretchen check recipes/                  each recipe of a folder: fine, translated or refused, and why

Without PROJECT it checks every project. It says what it checked, what it skipped and why, and nothing of the rest.
Exit code 2 when something failed. DEEP=1 loads the training stack (half a minute).
"""

import json
from pathlib import Path
from typing import Annotated

import typer

from gretchen import paths
from gretchen.checks.check import check_deep, check_file, check_project
from gretchen.checks.collection import Told, check_folder, summary, verdict
from gretchen.checks.report import Report, skipped
from gretchen.files import write_text
from gretchen.hardware import machine
from gretchen.projects.card import card_file, project_slugs
from gretchen.recipes.find import recipes_of
from gretchen.recipes.machine import resolve_for
from gretchen.recipes.resolve import Request
from gretchen.recipes.schema import MODEL
from gretchen.runs.store import earlier_runs


def check(
    files: Annotated[list[Path] | None, typer.Argument(help="loose recipes, or folders of them")] = None,
    project: Annotated[str, typer.Option(help="the project's folder in projects/; without it, all projects")] = "",
    deep: Annotated[bool, typer.Option(help="also the engine's validators and the first rows as tokens")] = False,
    profile: Annotated[str, typer.Option(help="the hardware of DEEP=1")] = "tiny",
    as_json: Annotated[bool, typer.Option("--json", help="the report as JSON")] = False,
) -> None:
    """Check recipes, cards and data, and list every mistake with file, line and what would be right."""
    if files and any(file.is_dir() for file in files):
        told = [one for file in files for one in (check_folder(file, deep) if file.is_dir() else [verdict(file, deep)])]
        print_verdicts(told, deep, as_json)
        return
    found = [check_file(file, deep) for file in files] if files else project_reports(project, deep, profile)
    if as_json:
        print(json.dumps([report.plain() for report in found], indent=2, ensure_ascii=False))
    else:
        print("\n\n".join(report.text() for report in found))
    if any(report.failed for report in found):
        raise typer.Exit(2)


def print_verdicts(told: list[Told], deep: bool, as_json: bool) -> None:
    """Print the verdict on each file of a folder, and end with exit code 2 when one is refused."""
    if as_json:
        print(json.dumps([one.plain() for one in told], indent=2, ensure_ascii=False))
    else:
        print("\n".join([*(one.text() for one in told), "", summary(told, deep)]))
    if any(one.verdict == "refused" for one in told):
        raise typer.Exit(2)


def project_reports(project: str, deep: bool, profile: str) -> list[Report]:
    """Return the reports on one project, or on all."""

    if project:
        card_file(project)  # an unknown project is an error, with the nearest name
    found = []
    for slug in [project] if project else project_slugs():
        static = check_project(slug)
        found.append(static)
        if deep:
            found += deep_reports(slug, profile, bool(static.failed))
    return found


def deep_reports(project: str, profile: str, failed: bool) -> list[Report]:
    """Return the deep reports on a project's recipes, each resolved as this machine would run it.

    What was checked stays in build/<project>/check/, where upstream's own command can be tried on it.
    """

    if failed:
        return [Report(f"{project}, deep", [skipped("recipes", "what is above failed")])]
    found = []
    for name in recipes_of(project):
        resolved, _ = resolve_for(Request(project, name, profile), machine(), earlier_runs(project, profile))
        start = str(resolved.values[MODEL[resolved.engine]])
        if resolved.parent_stage and not (paths.root() / start).is_dir():
            reason = f"it starts from {resolved.parent_stage}, and there is no {start} yet"
            found.append(Report(f"{project}, {name}, deep", [skipped("recipe", reason)]))
            continue
        file = paths.build(project) / "check" / f"{name}.{profile}.yaml"
        write_text(file, resolved.text())
        found.append(check_deep(project, file))
    return found
