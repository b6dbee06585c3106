"""`make check [PROJECT=…] [DEEP=1]`, `gretchen check FILE… FOLDER…`: cards, recipes and data, before a training.

    make check PROJECT=genome-chatbot
    gretchen check qlora.yml                 a standalone recipe in axolotl's, TRL's or the handbook's dialect
    gretchen check recipes/                  each recipe of a folder: fine, translated or refused, and why

Without PROJECT it checks every project. It lists what it checked, and what it skipped and why. Exit code 2 when a check
failed. DEEP=1 loads the training stack (half a minute) and also checks the first rows as tokens.
"""

import json
from pathlib import Path
from typing import Annotated

import typer

from gretchen.checks.collection import FileVerdict, check_folder, file_verdict, summary
from gretchen.checks.report import Report
from gretchen.checks.runner import check_file, check_projects
from gretchen.safe_text import visible


def check(
    files: Annotated[list[Path] | None, typer.Argument(help="standalone recipes, or folders of them")] = None,
    project: Annotated[str, typer.Option(help="the project's folder in projects/; without it, all projects")] = "",
    deep: Annotated[bool, typer.Option(help="also the engine's validators and the first rows as tokens")] = False,
    profile: Annotated[str, typer.Option(help="the hardware of DEEP=1; without it as in train")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="the report as JSON")] = False,
) -> None:
    """Check recipes, cards and data, and list every problem with file, line and fix."""
    if files and any(file.is_dir() for file in files):
        verdicts = [v for f in files for v in (check_folder(f, deep) if f.is_dir() else [file_verdict(f, deep)])]
        print_verdicts(verdicts, deep, as_json)
    else:
        reports = [check_file(file, deep) for file in files] if files else check_projects(project, deep, profile)
        print_reports(reports, as_json)


def print_reports(reports: list[Report], as_json: bool) -> None:
    """Print reports, and end with exit code 2 when a check failed."""
    if as_json:
        print(visible(json.dumps([report.to_json() for report in reports], indent=2, ensure_ascii=False)))
    else:
        print("\n\n".join(report.text() for report in reports))
    if any(report.failed for report in reports):
        raise typer.Exit(2)


def print_verdicts(verdicts: list[FileVerdict], deep: bool, as_json: bool) -> None:
    """Print the verdict on each file of a folder, and end with exit code 2 when one is refused."""
    if as_json:
        print(visible(json.dumps([verdict.to_json() for verdict in verdicts], indent=2, ensure_ascii=False)))
    else:
        print("\n".join([*(verdict.text() for verdict in verdicts), "", summary(verdicts, deep)]))
    if any(verdict.verdict == "refused" for verdict in verdicts):
        raise typer.Exit(2)
