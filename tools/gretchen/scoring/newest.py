"""The newest result of each profile and source of the base's weights: recorded in results.json, or only kept here.

    keep(evaluation)                        `make eval` and `make pipeline` write runs/<project>/evaluations/newest/
    newest_results("genome-chatbot")        what `make report` shows

A result of validation rows, or of a smoke test, is not kept.
"""

from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from gretchen import paths
from gretchen.files import write_json
from gretchen.hardware import PROFILES
from gretchen.provenance import is_smoke
from gretchen.scoring.evaluation import Evaluation
from gretchen.scoring.results import read_results, record_evaluation


@dataclass(frozen=True)
class StoredResult:
    """An evaluation, and whether results.json holds it."""

    evaluation: Evaluation
    recorded: bool


def folder(project: str) -> Path:
    """Return the folder of a project's newest results."""
    return paths.runs(project) / "evaluations" / "newest"


def keep(evaluation: Evaluation) -> None:
    """Write an evaluation of test rows as the newest of its profile and source; nothing of a smoke test."""
    if evaluation.split == "test" and not is_smoke():
        name = f"{evaluation.profile}.{evaluation.base.source}.json"
        write_json(folder(evaluation.project) / name, evaluation.to_json())


def with_report(result: StoredResult, address: str) -> StoredResult:
    """Write the address of a result's W&B Report where the result is stored, and return the result with it."""
    evaluation = result.evaluation.model_copy(update={"report": address})
    if result.recorded:
        record_evaluation(evaluation)
    else:
        keep(evaluation)
    return StoredResult(evaluation, result.recorded)


def kept(project: str) -> list[Evaluation]:
    """Return the kept evaluations; a file of another schema version is left out, as `make eval` writes it anew."""
    evaluations = []
    for file in sorted(folder(project).glob("*.json")):
        try:
            evaluations.append(Evaluation.model_validate_json(file.read_bytes()))
        except ValidationError:
            continue
    return evaluations


def newest_results(project: str) -> list[StoredResult]:
    """Return the newest result of each profile and source, in the order of profiles.

    Raises UserError for a results.json that cannot be read.
    """
    newest: dict[tuple[str, str], StoredResult] = {}
    recorded = [StoredResult(evaluation, True) for evaluation in read_results(project).evaluations]
    for result in [*recorded, *(StoredResult(evaluation, False) for evaluation in kept(project))]:
        key = (result.evaluation.profile, result.evaluation.base.source)
        if key not in newest or newest[key].evaluation.date < result.evaluation.date:
            newest[key] = result
    return [newest[key] for key in sorted(newest, key=lambda key: (PROFILES.index(key[0]), key[1]))]
