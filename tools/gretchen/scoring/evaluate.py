"""One evaluation: base, baselines and runs answer the same rows; the answers are scored, estimated and compared.

    evaluation, left_out = evaluate(EvaluationRequest("genome-chatbot"))
    print(text_table(evaluation))

Models are loaded only where their answers are not on disk yet, one at a time. It trains and merges nothing.
"""

import dataclasses

from gretchen.hardware import machine
from gretchen.models.locate import locate, require_reachable, weights_source
from gretchen.projects.build import data_hash, ensure_built
from gretchen.projects.profiles import chosen_profile
from gretchen.provenance import commit, now
from gretchen.scoring.asked_rows import keep_rows
from gretchen.scoring.baselines import baselines
from gretchen.scoring.documents import score_documents
from gretchen.scoring.evaluation import (
    BaseWeights,
    Evaluation,
    GenerationSettings,
    MetricInfo,
    ModelResult,
    PreferenceResult,
    RowSet,
    SetScores,
)
from gretchen.scoring.few_shot import exchange
from gretchen.scoring.forgetting import forgetting_of
from gretchen.scoring.loader import ModelLoader
from gretchen.scoring.measure import answers_of, score_sets
from gretchen.scoring.parents import Parents
from gretchen.scoring.plan import EvaluationPlan, plan_evaluation
from gretchen.scoring.preferences import preference_result
from gretchen.scoring.request import EvaluationRequest
from gretchen.scoring.reward_models import evaluate_reward_models
from gretchen.scoring.scorer import Scorer
from gretchen.scoring.set_results import References, ScoredSets, set_results
from gretchen.scoring.systems import Selection, System, select
from gretchen.scoring.testset import rows_hash


def evaluate(request: EvaluationRequest) -> tuple[Evaluation, list[str]]:
    """Return the evaluation, and a message for each recipe that is not in it. Builds the data where it is stale.

    Raises UserError or WorkError where profile, base, data or a requested run do not allow it.
    """
    request = dataclasses.replace(request, profile=chosen_profile(request.project, request.profile, machine()))
    project, profile = request.project, request.profile
    model = locate(project, profile)
    require_reachable(model)
    ensure_built(project, profile)
    selection = select(request, model, data_hash(project))
    left_out = list(selection.left_out)
    if not selection.runs:
        own = " with its recipe's own values" if left_out else ""
        left_out.append(f"no finished run of {project}{own} to compare: make train PROJECT={project}")
    return compare(plan_evaluation(request, selection), selection), left_out


def compare(plan: EvaluationPlan, selection: Selection) -> Evaluation:
    """Return the evaluation of the selected models, in the table's order: baselines, the base in its forms, runs."""
    keep_rows(plan.project, plan.sets)
    scorer = Scorer(plan, ModelLoader(plan.template), Parents(selection, plan.profile, plan.data))
    systems = [*base_systems(plan, selection.base), *selection.answering]
    scored = [scorer.scored(system) for system in systems]
    few_shot = next((model.sets for model in scored if model.system.kind == "few-shot"), None)
    references = References(scored[0].sets, few_shot)
    preferences = preferences_of(scorer, systems)
    return describe(plan, selection.base).model_copy(
        update={
            "training_seeds": min((len(run.seeds) for run in selection.answering), default=1),
            "models": [
                *baseline_results(plan, scored[0].sets),
                *(scorer.result(model, references, preferences.get(model.system.name)) for model in scored),
            ],
            "reward_models": evaluate_reward_models(selection.reward_models, plan.pairs),
            "documents": documents_of(plan, selection.base, scorer.loader),
            "forgetting": forgetting_of(scorer, selection),
        }
    )


def base_systems(plan: EvaluationPlan, base: System) -> list[System]:
    """Return the base as it is, few-shot where train rows have answers, and as document where rows have that form."""
    systems = [base]
    if any(map(exchange, plan.train)):
        systems.append(dataclasses.replace(base, name="base, few-shot", kind="few-shot"))
    if plan.beginnings:
        systems.append(dataclasses.replace(base, name="base, as document", kind="as-document"))
    return systems


def baseline_results(plan: EvaluationPlan, base: ScoredSets) -> list[ModelResult]:
    """Return the results of the baselines that need no model."""
    answers_by_baseline = baselines(plan.evaluator, plan.rows, plan.train)
    scored = {name: score_sets(plan, plan.sets, answers) for name, answers in answers_by_baseline.items()}
    return [
        ModelResult(name=name, kind="baseline", sets=set_results(sets, References(base), has_eos=False))
        for name, sets in scored.items()
    ]


def documents_of(plan: EvaluationPlan, base: System, loader: ModelLoader) -> SetScores | None:
    """Return the base's scores on documents, without chat form; None where it is not asked."""
    if not plan.documents:
        return None
    system = dataclasses.replace(base, name="base, documents", kind="document")
    return score_documents(plan.project, plan.documents, answers_of(plan, system, loader).answers).scores()


def preferences_of(scorer: Scorer, systems: list[System]) -> dict[str, PreferenceResult]:
    """Return {system: its result on preference pairs}, which are chats: not for few-shot prompts and documents.

    A run is compared with the base, and with the run that it started from.
    """
    pairs, base = scorer.plan.pairs, systems[0]
    if not pairs.rows:
        return {}
    results = {}
    for system in systems:
        if system.kind in ("base", "run"):
            margins, is_run = scorer.margins(system.seeds), system.kind == "run"
            parents = scorer.parents.of(system) if is_run else ()
            results[system.name] = preference_result(
                margins,
                pairs.rows,
                base=scorer.margins((base,)) if is_run else None,
                parent=scorer.margins(parents) if parents else None,
            )
    return results


def describe(plan: EvaluationPlan, base: System) -> Evaluation:
    """Return what holds for the whole table, without any model yet."""
    settings = plan.settings("base")
    return Evaluation(
        project=plan.project,
        profile=plan.profile,
        split=plan.split,
        date=now(),
        git=commit(),
        main_metric=plan.evaluator.main_metric,
        metrics={
            name: MetricInfo(unit=metric.unit, better=metric.better)
            for name, metric in plan.evaluator.settings.metrics.items()
        },
        base=BaseWeights(model=base.model, source=weights_source(base.model), weights=base.weights),
        data=plan.data,
        template=plan.template_hash,
        training_seeds=1,
        settings=GenerationSettings.model_validate(settings.model_dump(exclude={"prompting"})),
        sets={
            name: RowSet(num_rows=len(rows), num_available=plan.num_available[name], hash=rows_hash(rows))
            for name, rows in plan.sets.items()
        },
        models=[],
    )
