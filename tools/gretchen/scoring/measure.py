"""One model's part of an evaluation: its answers, from disk or generated, and their scores.

runs/<project>/evaluations/<key>/ keeps both. A model is loaded only where its answers are not on disk yet.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pydantic import ValidationError

from gretchen import paths
from gretchen.files import text_hash, write_json
from gretchen.models.generate import Model
from gretchen.projects.rows import Row
from gretchen.provenance import now, versions
from gretchen.runs.locks import writer_lock
from gretchen.scoring import answers as answer_files
from gretchen.scoring.answers import PromptedRow
from gretchen.scoring.closed_loop import Loop, PromptOf, generate_in_loop
from gretchen.scoring.document_form import generate_as_documents
from gretchen.scoring.documents import before_answer
from gretchen.scoring.estimates import ScoredSet, score_set
from gretchen.scoring.evaluation import ModelEvaluation, PromptedSettings, SetResult
from gretchen.scoring.few_shot import EXAMPLES, FewShot, WorkedExamples
from gretchen.scoring.generation import generate_answers
from gretchen.scoring.loader import ModelLoader
from gretchen.scoring.plan import EvaluationPlan
from gretchen.scoring.progress import Progress
from gretchen.scoring.score_errors import write_first_trace
from gretchen.scoring.scored import Answer
from gretchen.scoring.set_results import References, mean_properties, set_results
from gretchen.scoring.systems import System
from gretchen.scoring.testset import conversation, rows_hash

FILE = "evaluation.json"


@dataclass(frozen=True)
class Answered:
    """A system with its answers, and the folder that holds them."""

    system: System
    answers: list[Answer]
    folder: Path


def score_sets(plan: EvaluationPlan, sets: Mapping[str, list[Row]], answers: list[Answer]) -> dict[str, ScoredSet]:
    """Return {set: its scored rows}."""
    return {name: score_set(plan.evaluator, rows, answers, plan.closed) for name, rows in sets.items()}


def measure(
    plan: EvaluationPlan, answered: Answered, scored: dict[str, ScoredSet], references: References
) -> tuple[dict[str, SetResult], dict[str, float]]:
    """Return a model's results, {set: result}, and its properties, and write them into its evaluation.json."""
    record = read_record(answered.folder)
    assert record is not None, "complete answers have a record"
    properties = properties_of(plan, answered.system, record)
    results = set_results(scored, references, mean_properties([properties]), plan.needs_eos(answered.system.kind))
    scored_record = record.model_copy(update={"code": plan.project_code, "properties": properties, "sets": results})
    write_json(answered.folder / FILE, scored_record.to_json())
    write_first_trace([row for scored_set in scored.values() for row in scored_set.rows], answered.folder)
    return results, properties


def properties_of(plan: EvaluationPlan, system: System, record: ModelEvaluation) -> dict[str, float]:
    """Return the properties of the model itself, measured again only where the project's code has changed."""
    if record.code == plan.project_code:
        return record.properties
    return plan.evaluator.properties(system.folder) if system.folder and system.kind in ("base", "run") else {}


def answers_of(plan: EvaluationPlan, system: System, loader: ModelLoader) -> Answered:
    """Return a system's answers, from disk or generated."""
    settings = plan.settings(system.kind)
    rows = rows_of(plan, system)
    prompts_hash = rows_hash(rows)
    if system.kind == "few-shot":
        # Examples come from the train split, so other data gives others; as many as the window of documents holds.
        window = f"{plan.form.window} tokens" if plan.form else ""
        prompts_hash += plan.data + f"{EXAMPLES} examples" + window
    if system.kind in ("few-shot", "as-document") and plan.beginnings:
        prompts_hash += text_hash(*plan.beginnings.values())
    simulator = plan.project_code if plan.in_loop(system) else ""
    key = answer_files.evaluation_key(system.weights, plan.template_hash, prompts_hash, settings, simulator)
    folder = paths.runs(plan.project) / "evaluations" / key
    answers = answer_files.complete_answers(folder) if read_record(folder) else None
    if answers is None:
        with writer_lock(folder, f"the evaluation {paths.shown(folder)}"):
            answers = generated(plan, system, settings, loader, folder)
    return Answered(system, answers, folder)


def generated(
    plan: EvaluationPlan, system: System, settings: PromptedSettings, loader: ModelLoader, folder: Path
) -> list[Answer]:
    """Generate a system's answers, and write them and their circumstances into `folder`."""
    started = time.monotonic()
    progress = Progress(system.name)
    model = loader.get(system)
    prompt_of = prompter(plan, system, model)
    prompts = [PromptedRow(row, prompt_of(row)) for row in rows_of(plan, system)]
    generate = partial(generate_answers, model, settings, on_token=progress.on_token)
    if plan.in_loop(system):
        loop = Loop(plan.evaluator, prompt_of)
        generate = partial(generate_in_loop, model, settings, loop, on_token=progress.on_token)
    elif system.kind != "document" and settings.prompting in ("document", "few-shot-document"):
        generate = partial(generate_as_documents, generate)
    answers = answer_files.collect(folder, prompts, settings.samples, generate, progress)
    record = ModelEvaluation(
        project=plan.project,
        profile=plan.profile,
        split=plan.split,
        questions=plan.questions,
        system=system.name,
        model=system.model,
        run=paths.shown(system.run.path) if system.run else None,
        weights=system.weights,
        template=plan.template_hash,
        settings=settings,
        data=plan.data,
        rows=rows_hash([prompt.row for prompt in prompts]),
        num_rows=len(prompts),
        device=str(model.model.device),
        dtype=str(model.model.dtype).removeprefix("torch."),
        versions=versions(),
        seconds=round(time.monotonic() - started, 1),
        date=now(),
    )
    write_json(folder / FILE, record.to_json())
    answer_files.write_complete(folder, answers)  # last: complete answers have a record
    return answers


def rows_of(plan: EvaluationPlan, system: System) -> list[Row]:
    """Return the rows that a system is asked, in order."""
    if system.kind == "document":
        return plan.documents
    return [row for rows in plan.sets_of(system).values() for row in rows]


def prompter(plan: EvaluationPlan, system: System, model: Model) -> PromptOf:
    """Return how the system is asked a row."""
    if system.kind == "document":
        return before_answer
    if system.kind == "few-shot":
        return FewShot(model, WorkedExamples(plan.train), plan.evaluator.settings.max_new_tokens, plan.form).prompt_of
    if system.kind == "as-document" and plan.form:
        return plan.form.prompt_of
    return conversation


def read_record(folder: Path) -> ModelEvaluation | None:
    """Return evaluation.json; None where there is none of this schema version."""
    try:
        return ModelEvaluation.model_validate(json.loads((folder / FILE).read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, ValidationError):
        return None
