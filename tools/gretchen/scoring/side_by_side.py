"""Stored answers side by side: question, reference, what the base answered and what each trained model did.

    rows = compare_answers("genome-chatbot", "tiny")
    select_changes(rows, ["fixed"], metric)         -> those that the newest model answers better than the base

Answers are those of `make eval`, from runs/<project>/evaluations/. They are scored again by the project's
evaluation.py. No model is loaded.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from gretchen import paths
from gretchen.errors import UserError
from gretchen.projects.build import data_hash
from gretchen.projects.card import Metric
from gretchen.projects.profiles import profile_option
from gretchen.projects.rows import Row, prompt_of, reference_of, turn_text
from gretchen.scoring.answers import complete_answers
from gretchen.scoring.evaluation import Evaluation, ModelEvaluation, ModelResult
from gretchen.scoring.evaluator import Evaluator, load_evaluator
from gretchen.scoring.measure import read_record
from gretchen.scoring.request import SETS
from gretchen.scoring.scored import Answer, ScoredRow
from gretchen.scoring.testset import load_set

Change = Literal["fixed", "broken", "wrong"]


@dataclass(frozen=True)
class ModelAnswer:
    """One model's answer to a row; `score` is the main metric's, None where it does not apply."""

    model: str
    answer: str
    score: float | None
    ended: bool


@dataclass(frozen=True)
class ComparedRow:
    """A test row with the base's answer, and then those of the trained models, oldest run first.

    `set` is test or hard; `language` is that of the row's meta, "" where it has none.
    """

    id: str
    form: str
    question: str
    reference: str
    answers: tuple[ModelAnswer, ...]
    set: str = ""
    language: str = ""

    def to_json(self) -> dict[str, Any]:  # JSON has no type of its own
        """Return the row as JSON values."""
        return asdict(self)


@dataclass(frozen=True)
class StoredAnswers:
    """A model's record and its complete answers."""

    record: ModelEvaluation
    answers: list[Answer]


def stored_answers(evaluation: Evaluation) -> dict[str, StoredAnswers | None]:
    """Return {model: its stored answers} of an evaluation's base and runs, None where this machine lacks some."""
    models = [model for model in evaluation.models if model.kind in ("base", "run")]
    return {model.name: answers_of(evaluation.project, model) for model in models}


def answers_of(project: str, model: ModelResult) -> StoredAnswers | None:
    """Return a model's stored answers, None where they are not complete on this machine."""
    folder = paths.runs(project) / "evaluations" / (model.evaluation or "")
    record = read_record(folder) if model.evaluation else None
    answers = complete_answers(folder) if record else None
    return StoredAnswers(record, answers) if record and answers else None


def compare_answers(project: str, profile: str, recipe: str = "", form: str = "") -> list[ComparedRow]:
    """Return the rows that the base and the trained models have answered; of one recipe and one form where named.

    Raises UserError where nothing is stored for the present data, and for a recipe or form without answers.
    """
    stored = chosen(newest_answers(project, profile), project, profile, recipe)
    rows = compare_stored(project, stored, {name: load_set(project, name) for name in SETS["test"]})
    if not form:
        return rows
    forms = sorted({row.form for row in rows})
    if form not in forms:
        raise UserError(f"no answered row of {project} has form '{form}'", f"forms: {', '.join(forms)}")
    return [row for row in rows if row.form == form]


def compare_stored(
    project: str, stored: Sequence[StoredAnswers], sets: Mapping[str, Sequence[Row]]
) -> list[ComparedRow]:
    """Return the rows of some sets that all of these models have answered, scored by the project's evaluation.py."""
    evaluator = load_evaluator(project)
    common = set.intersection(*({answer.id for answer in model.answers} for model in stored))
    names = [model.record.system for model in stored]
    rows = []
    for set_name, set_rows in sets.items():
        of_set = [row for row in set_rows if row["id"] in common]
        scored = [evaluator.score_answers(of_set, model.answers) for model in stored]
        for row, *of_row in zip(of_set, *scored, strict=True):
            rows.append(replace(compared(row, names, of_row, evaluator), set=set_name))
    return rows


def newest_answers(project: str, profile: str) -> list[StoredAnswers]:
    """Return each model's newest complete answers to the present data under a profile, without few-shot and documents.

    The base comes first, then the runs in the order of their ids.
    """
    data, newest = data_hash(project), {}
    for folder in sorted((paths.runs(project) / "evaluations").glob("*")):
        record = read_record(folder)
        if not record or not record.answers_test_set or (record.profile, record.data) != (profile, data):
            continue
        answers = complete_answers(folder)
        key = record.run or ""
        if answers and (key not in newest or newest[key].record.date < record.date):
            newest[key] = StoredAnswers(record, answers)
    return [newest[key] for key in sorted(newest, key=lambda run: (bool(run), run.rpartition("/")[2]))]


def chosen(stored: list[StoredAnswers], project: str, profile: str, recipe: str) -> list[StoredAnswers]:
    """Return the base and the runs, or those of a recipe ("sft" or "sft.zephyr") alone; UserError for none."""
    evaluate = f"make eval PROJECT={project}" + profile_option(project, profile)
    if not stored:
        raise UserError(f"no answers of {project} under PROFILE={profile} to the present data are stored", evaluate)
    if not recipe:
        return stored
    recipes = {(model.record.run or "").split("/")[2] for model in stored if model.record.run}
    matching = [
        model
        for model in stored
        if not model.record.run or recipe in ((name := model.record.run.split("/")[2]), name.partition(".")[0])
    ]
    if not any(model.record.run for model in matching):
        raise UserError(
            f"no answers of recipe '{recipe}' are stored", f"stored: {', '.join(sorted(recipes)) or 'none'}"
        )
    return matching


def compared(row: Row, names: Sequence[str], scored: Sequence[ScoredRow], evaluator: Evaluator) -> ComparedRow:
    """Return one row with each model's first answer."""
    answers = []
    for name, model in zip(names, scored, strict=True):
        score = model.mean(evaluator.main_metric)
        answer = transcript(model.predictions[0])
        answers.append(ModelAnswer(name, answer, None if math.isnan(score) else score, all(model.ended)))
    question = transcript([turn for turn in prompt_of(row) if turn["role"] != "system"])
    language = str(row["meta"].get("language") or "")
    return ComparedRow(row["id"], row.get("form") or "", question, reference_of(row), tuple(answers), language=language)


def transcript(prediction: str | list[dict[str, Any]]) -> str:
    """Return an answer, or several turns as lines "role: content"; one turn alone is its content."""
    if isinstance(prediction, str):
        return prediction
    if len(prediction) == 1:
        return turn_text(prediction[0])
    return "\n".join(f"{turn['role']}: {turn_text(turn)}" for turn in prediction)


def select_changes(rows: list[ComparedRow], changes: Sequence[Change], metric: Metric) -> list[ComparedRow]:
    """Return the rows with one of the changes, all without changes.

    fixed: the newest model scores better than the base; broken: worse; wrong: below the best score of the metric.
    """
    if not changes:
        return rows
    return [row for row in rows if any(is_change(row, change, metric) for change in changes)]


def is_change(row: ComparedRow, change: Change, metric: Metric) -> bool:
    """Return whether the newest model's answer is fixed, broken or wrong; False where the metric does not apply."""
    first, last = row.answers[0].score, row.answers[-1].score
    if first is None or last is None:
        return False
    sign = 1 if metric.better == "higher" else -1
    if change == "wrong":
        best = metric.range[1] if metric.better == "higher" else metric.range[0]
        return sign * last < sign * best
    return sign * last > sign * first if change == "fixed" else sign * last < sign * first
