"""What a chain of stages adds: a line after each stage, and one table of base and stages at the end.

Both are made from an Evaluation; nothing is computed here.
"""

from gretchen.scoring.cells import CI, NONE, Table, aligned, difference, estimate, share
from gretchen.scoring.evaluation import Evaluation
from gretchen.scoring.forgetting_table import forgetting_tables
from gretchen.scoring.table import notes

PREFERENCE_ACCURACY = f"preference accuracy {CI}"


def stage_line(evaluation: Evaluation, run: str) -> str:
    """Return the result of a run, by its id: its main metric on the first set, or a reward model's accuracy."""
    for reward_model in evaluation.reward_models:
        if reward_model.run == run:
            result = reward_model.preferences
            accuracy = estimate(result.accuracy)
            return f"{reward_model.name}: preference accuracy {accuracy} on {result.num_pairs:,} held-out pairs"
    model = next((model for model in evaluation.models if run in {each.run for each in model.trained}), None)
    if model is None:
        return "no held-out pairs to evaluate a reward model on"
    name, main = next(iter(evaluation.sets)), evaluation.main_metric
    result = model.sets[name]
    score = result.scores.get(main)
    rows = f"{score.count:,} {name} rows" if score else f"no {name} row"
    return f"{model.name}: {main} {estimate(score)} on {rows}, against the base {difference(result.against_base)}"


def chain_table(evaluation: Evaluation) -> str:
    """Return the chain as one table: a row for the base, each stage, and each reward model, in the order of runs."""
    main, first = evaluation.main_metric, next(iter(evaluation.sets))
    sets = [f"{main}, {name} {CI}" for name in evaluation.sets]
    header = ["model", *sets, f"against base, {first}", "finished (EOS)", PREFERENCE_ACCURACY]
    rows: list[tuple[str, list[str]]] = []  # (run id, cells)
    for model in evaluation.models:
        if model.kind == "baseline" or first not in model.sets:
            continue
        scores = [
            estimate(model.sets[name].scores.get(main) if name in model.sets else None) for name in evaluation.sets
        ]
        result = model.sets[first]
        accuracy = estimate(model.preferences.accuracy if model.preferences else None)
        cells = [model.name, *scores, difference(result.against_base), share(result.ended), accuracy]
        rows.append((model.run or "", cells))
    for reward_model in evaluation.reward_models:
        accuracy = estimate(reward_model.preferences.accuracy)
        rows.append((reward_model.run, [reward_model.name, *[NONE] * (len(header) - 2), accuracy]))
    table = Table(header, [cells for _, cells in sorted(rows, key=lambda row: row[0])])
    lines = [heading(evaluation), *aligned(table, indent="  ")]
    for title, forgotten in forgetting_tables(evaluation):
        lines += ["", title, *aligned(forgotten, indent="  ")]
    return "\n".join([*lines, *notes(evaluation)])


def heading(evaluation: Evaluation) -> str:
    """Return the title of the table."""
    metric = evaluation.metrics[evaluation.main_metric]
    sets = ", ".join(
        f"{rows.num_rows:,} of {rows.num_available:,} {name} rows" for name, rows in evaluation.sets.items()
    )
    main = f"{evaluation.main_metric} ({metric.unit}, {metric.better} is better)"
    return f"{evaluation.project}, profile {evaluation.profile}: {main} in {sets}"
