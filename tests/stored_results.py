"""Results as `make train`, `make eval` leave them on disk, for tests that read them and run no model.

    result = store_result("made", {"base": {"id": "answer"}, "sft.zephyr": {…}, "dpo.zephyr": {…}})

The project's own evaluation.py scores the answers; figures, folders and runs are as the real commands write them.
"""

from run_records import write_run

from gretchen import paths
from gretchen.files import write_json, write_jsonl
from gretchen.projects.build import data_hash
from gretchen.projects.card import load_card
from gretchen.projects.rows import Row
from gretchen.scoring.asked_rows import keep_rows
from gretchen.scoring.estimates import score_set
from gretchen.scoring.evaluation import (
    BaseWeights,
    Evaluation,
    GenerationSettings,
    MetricInfo,
    ModelEvaluation,
    ModelResult,
    PromptedSettings,
    RowSet,
    SetResult,
    TrainedRun,
)
from gretchen.scoring.evaluator import load_evaluator
from gretchen.scoring.newest import keep
from gretchen.scoring.scored import Answer
from gretchen.scoring.set_results import References, set_results
from gretchen.scoring.testset import load_set, rows_hash

SETTINGS = {"max_new_tokens": 8, "stop": (), "samples": 1, "temperature": 0.0, "seed": 0}
DATE = "2026-01-02T00:00:00+00:00"


def store_result(project: str, responses: dict[str, dict[str, str]], profile: str = "tiny") -> Evaluation:
    """Write answers ({model: {row id: answer}}, the base first) with all that belongs to them; return the result."""
    evaluator, rows = load_evaluator(project), load_set(project, "test")
    models, base = [], None
    for number, (name, texts) in enumerate(responses.items()):
        answers = [Answer(row["id"], 0, texts[row["id"]], texts[row["id"]] != "cut") for row in rows]
        scored = {"test": score_set(evaluator, rows, answers, load_card(project).closed)}
        base = base or scored
        sets = set_results(scored, References(None if number == 0 else base))
        models.append(store_model(project, name, number, answers, sets, profile))
    evaluation = result_of(project, profile, models, rows)
    keep_rows(project, {"test": rows})
    keep(evaluation)
    return evaluation


def store_model(
    project: str, name: str, number: int, answers: list[Answer], sets: dict[str, SetResult], profile: str
) -> ModelResult:
    """Write one model's answers, and its run where it is none of the base; return its row of the table."""
    key, weights = f"{number:x}" * 16, f"{number + 8:x}" * 16
    run = f"2026010{number}-000000-aaaa" if number else None
    folder = paths.runs(project) / "evaluations" / key
    values = {
        "project": project, "profile": profile, "system": name, "model": f"projects/{project}/base",
        "run": run and f"runs/{project}/{name}/{run}", "weights": weights, "template": "t" * 16, "rows": "r" * 16,
        "data": data_hash(project), "settings": PromptedSettings(prompting="plain", **SETTINGS),
        "num_rows": len(answers), "device": "cpu", "dtype": "float32", "versions": {}, "seconds": 1.0, "date": DATE,
        "sets": sets,
    }  # fmt: skip
    write_json(folder / "evaluation.json", ModelEvaluation(**values).to_json())
    lines = ({"id": a.id, "sample": 0, "prediction": a.prediction, "ended": a.ended} for a in answers)
    write_jsonl(folder / "predictions.jsonl", lines)
    if run:
        store_run(project, name, run, profile)
    trained = (TrainedRun(seed=42, run=run, weights=weights, evaluation=key),) if run else ()
    kind = "run" if run else "base"
    return ModelResult(name=name, kind=kind, weights=weights, run=run, evaluation=key, trained=trained, sets=sets)


def store_run(project: str, recipe: str, run: str, profile: str) -> None:
    """Write a finished run with ten logged steps, an evaluation and answers while training."""
    run_dir = paths.runs(project) / recipe / run
    run_dir.mkdir(parents=True)
    data = data_hash(project)
    write_run(run_dir, data=data, profile=profile, tokens=12_000.0, train_seconds=60.0, peak_memory_gib=1.5)
    (run_dir / "recipe.yaml").write_text("learning_rate: 0.003\nnum_train_epochs: 2\n", encoding="utf-8")
    rows = [{"step": step, "seconds": 6.0 * step, "loss": 1 / step} for step in range(1, 11)]
    rows += [{"step": 10, "seconds": 61.0, "eval_loss": 0.2}]
    rows += [{"step": 10, "seconds": 62.0, "eval_exact": 0.5, "eval_answers": 4, "eval_answers_runtime": 1.0}]
    write_jsonl(run_dir / "metrics.jsonl", rows)


def result_of(project: str, profile: str, models: list[ModelResult], rows: list[Row]) -> Evaluation:
    """Return the comparison of the models, as `make eval` prints it."""
    card, count = load_card(project), len(rows)
    metrics = {name: MetricInfo(unit=m.unit, better=m.better) for name, m in card.evaluation.metrics.items()}
    return Evaluation(
        project=project,
        profile=profile,
        date=DATE,
        git="0" * 12,
        main_metric=card.evaluation.main,
        metrics=metrics,
        base=BaseWeights(model=f"projects/{project}/base", source="embedded", weights="8" * 16),
        data=data_hash(project),
        template="t" * 16,
        training_seeds=1,
        settings=GenerationSettings(**SETTINGS),
        sets={"test": RowSet(num_rows=count, num_available=count, hash=rows_hash(rows))},
        models=models,
    )
