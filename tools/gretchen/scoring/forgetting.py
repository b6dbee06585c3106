"""What was forgotten: questions that the training did not train, asked of the base and of each run.

    forgetting_of(scorer, selection)      -> Forgetting, None where there is nothing to ask

A chat model gets the 120 short questions of shared_recipes/general_knowledge.yaml, by its chat template and greedily.
An embedded base knows nothing of the world: it and its runs are asked in the form of its documents, up to 120 test rows
or held-out documents. Answers are kept as in measure.py. It compares; what caused a difference it does not say.
"""

import dataclasses
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import SimpleNamespace

from gretchen.models.locate import weights_source
from gretchen.projects.card import Evaluation as EvaluationSettings
from gretchen.projects.card import Metric
from gretchen.projects.rows import Row
from gretchen.provenance import is_smoke
from gretchen.scoring.documents import score_documents
from gretchen.scoring.estimates import Estimator, ScoredSet, main_difference, over_seeds, score_set
from gretchen.scoring.evaluation import Forgetting, ForgettingResult, Probe
from gretchen.scoring.evaluator import Evaluator
from gretchen.scoring.fixed_questions import KnowledgeQuestion, general_knowledge
from gretchen.scoring.measure import Answered, answers_of
from gretchen.scoring.plan import EvaluationPlan
from gretchen.scoring.scored import Answer
from gretchen.scoring.scorer import Scorer
from gretchen.scoring.short_answers import is_right
from gretchen.scoring.systems import Selection, System, SystemKind
from gretchen.scoring.testset import SMOKE_LIMIT, rows_hash, sample

MAX_DOCUMENTS = 120
# Enough for a sentence that repeats the question; a longer answer is cut, and judged by what it holds so far.
MAX_NEW_TOKENS = 24
RIGHT = "right"


@dataclass(frozen=True)
class Questions:
    """What every model is asked: the rows, the plan and the kind of prompt to ask them by, and how they are scored.

    `base_plan` is the plan by which the base has answered them, among others. `kind` None asks each model as it is.
    """

    probe: Probe
    rows: list[Row]
    plan: EvaluationPlan
    base_plan: EvaluationPlan
    kind: SystemKind | None
    label: str
    score: Callable[[list[Answer]], ScoredSet]


def forgetting_of(scorer: Scorer, selection: Selection) -> Forgetting | None:
    """Return what the runs of a selection forgot; None where there is no run, or nothing to ask the base."""
    questions = questions_for(scorer.plan, is_embedded=weights_source(selection.base.model) == "embedded")
    if not questions or not selection.answering:
        return None

    known: dict[str, tuple[Answered, ScoredSet]] = {}  # by weights: what one run started from is often another's row

    def asked(system: System) -> tuple[Answered, ScoredSet]:
        if system.weights not in known:
            answered = answers_to(scorer, questions, system)
            known[system.weights] = answered, questions.score(answered.answers)
        return known[system.weights]

    def estimator(seeds: Sequence[System]) -> Estimator:
        return over_seeds([asked(seed)[1] for seed in seeds]).without_closed_forms

    base, models = estimator(selection.base.seeds), []
    for system in (selection.base, *selection.answering):
        own, parents = base if system.kind == "base" else estimator(system.seeds), scorer.parents.of(system)
        better, worse = (None, None) if system.kind == "base" else changes(own, base)
        models.append(
            ForgettingResult(
                name=system.name,
                score=own.estimate(own.evaluator.main_metric),
                fixed=better,
                broken=worse,
                against_base=None if system.kind == "base" else main_difference(own, base),
                against_parent=main_difference(own, estimator(parents)) if parents else None,
                evaluation=asked(system)[0].folder.name,
            )
        )
    metric, count = base.evaluator.main_metric, len(questions.rows)
    hashed = rows_hash(questions.rows)
    return Forgetting(probe=questions.probe, metric=metric, num_questions=count, hash=hashed, models=models)


def questions_for(plan: EvaluationPlan, is_embedded: bool) -> Questions | None:
    """Return what is asked: general knowledge, or an embedded base's documents; None where it has no documents."""
    if not is_embedded:
        return knowledge_questions(plan)
    if plan.beginnings:
        return document_questions(plan)
    return held_out_documents(plan) if plan.documents else None


def knowledge_questions(plan: EvaluationPlan) -> Questions:
    """Return the questions of general knowledge: all of them, whatever LIMIT and SPLIT are; a few in a smoke test."""
    asked = sample([knowledge_row(question) for question in general_knowledge()], SMOKE_LIMIT if is_smoke() else None)
    metric = Metric(unit="share", better="higher", range=[0.0, 1.0])
    settings = EvaluationSettings(main=RIGHT, metrics={RIGHT: metric}, max_new_tokens=MAX_NEW_TOKENS)
    evaluator = Evaluator(plan.project, settings, SimpleNamespace(score=score_knowledge))
    own = dataclasses.replace(
        plan,
        questions="general-knowledge",
        evaluator=evaluator,
        closed=(),
        sets={"general-knowledge": asked},
        documents=[],
        form=None,
        beginnings={},
    )

    def score(answers: list[Answer]) -> ScoredSet:
        # The limit is short: an answer that it cuts may hold what was asked.
        return score_set(evaluator, asked, [dataclasses.replace(answer, ended=True) for answer in answers])

    return Questions("general-knowledge", asked, own, own, None, "general questions", score)


def knowledge_row(question: KnowledgeQuestion) -> Row:
    """Return a question of general knowledge as a row."""
    messages = [{"role": "user", "content": question.question}, {"role": "assistant", "content": question.answers[0]}]
    return {"id": question.id, "form": question.field, "messages": messages, "meta": question.model_dump()}


def score_knowledge(prediction: str, row: Row) -> dict[str, float]:
    """Return whether the answer to a question of general knowledge is right."""
    return {RIGHT: float(is_right(prediction, KnowledgeQuestion(**row["meta"])))}


def document_questions(plan: EvaluationPlan) -> Questions | None:
    """Return a sample of the first set's rows, evenly over open forms, as documents; None where none has that form."""
    name, answered = next(iter(plan.sets.items()))
    open_rows = [row for row in answered if row.get("form", "") not in plan.closed]
    rows = sample([row for row in open_rows if row["id"] in plan.beginnings], MAX_DOCUMENTS)
    if not rows:
        return None
    beginnings = {row["id"]: plan.beginnings[row["id"]] for row in rows}
    own = dataclasses.replace(plan, sets={name: rows}, beginnings=beginnings)
    return Questions(
        "as-document",
        rows,
        own,
        plan,
        "as-document",
        "as document",
        lambda answers: score_set(plan.evaluator, rows, answers),
    )


def held_out_documents(plan: EvaluationPlan) -> Questions:
    """Return a sample of the held-out documents that end in an answer, for a project without as_document()."""
    rows = sample(plan.documents, MAX_DOCUMENTS)
    own = dataclasses.replace(plan, documents=rows)
    return Questions(
        "documents",
        rows,
        own,
        plan,
        "document",
        "documents",
        lambda answers: score_documents(plan.project, rows, answers),
    )


def answers_to(scorer: Scorer, questions: Questions, system: System) -> Answered:
    """Return one model's answers, from disk or generated."""
    plan = questions.base_plan if system.kind == "base" else questions.plan
    asked = dataclasses.replace(system, kind=questions.kind or system.kind, name=f"{system.name}, {questions.label}")
    return answers_of(plan, asked, scorer.loader)


def changes(model: Estimator, base: Estimator) -> tuple[int | None, int | None]:
    """Return the numbers of rows that a model answers better, and worse, than the base in the main metric.

    (None, None) for several seeds, and where the metric has no value for each row.
    """
    main = model.evaluator.main_metric
    sign = 1 if model.evaluator.settings.metrics[main].better == "higher" else -1
    gains = [sign * (own - before) for own, before in zip(model.row_means(main), base.row_means(main), strict=True)]
    if len(model.seeds) > 1 or any(map(math.isnan, gains)):
        return None, None
    return sum(gain > 0 for gain in gains), sum(gain < 0 for gain in gains)
