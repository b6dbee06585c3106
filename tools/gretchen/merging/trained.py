"""The merged model beside what was trained: the answers of both, and for a quantized base their held-out scores.

What was trained is base + adapter; for a QLoRA run it is the quantized base + adapter, and the merge goes into the base
as it was (or, DEQUANTIZED=1, into the dequantized weights). Only one model is in memory at a time.
"""

import gc
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil

from gretchen.merging.adapter import Adapter
from gretchen.merging.answers import gap, load_exact, prompts_for, say
from gretchen.merging.quantized import quantization_of
from gretchen.merging.shards import Weights
from gretchen.models.generate import Model, Prompt
from gretchen.projects.card import load_card
from gretchen.provenance import is_smoke
from gretchen.runs.record import read_record
from gretchen.scoring.answers import PromptedRow
from gretchen.scoring.estimates import score_set
from gretchen.scoring.evaluation import GenerationSettings
from gretchen.scoring.evaluator import load_evaluator
from gretchen.scoring.generation import generate_answers, generate_in_loop
from gretchen.scoring.scored import Answer
from gretchen.scoring.testset import conversation, load_set, sample

SCORED_ROWS, SMOKE_ROWS = 100, 6
# float32 weights, and room for what is computed from them.
BYTES_PER_WEIGHT = 5
BYTES = {"F64": 8, "F32": 4, "BF16": 2, "F16": 2}


def compare_answers(base: Path, adapter: Adapter, target: Path, run: Path | None, dequantized: bool) -> dict[str, Any]:
    """Return {"answers": gap of the merge}, and for a QLoRA run "trained_gap" and, where it has rows, "scores".

    "scores" holds the main metric's name and its estimates, with count and interval, "trained" and "merged".
    {"skipped": why} where nothing can be compared.
    """
    project = read_record(run).project if run else None
    prompts = prompts_for(target, project)
    if reason := hindrance(base, adapter, prompts):
        return {"skipped": reason}
    quantization = quantization_of(run) if run else None
    told: dict[str, Any] = {}
    trained, as_trained = None, None
    if quantization:
        model = load_exact(str(base), adapter.folder, quantization, adapter.words)
        trained = say(model, prompts)
        as_trained = score(model, project)
        del model
        gc.collect()
    reference = trained
    if reference is None or not dequantized:
        reference = say(load_exact(str(base), adapter.folder, words=adapter.words), prompts)
        gc.collect()
    model = load_exact(str(target))
    told["answers"] = gap(reference, say(model, prompts, reference))
    if trained and not dequantized:
        told["trained_gap"] = gap(trained, say(model, prompts, trained))
    if as_trained:
        told["scores"] = {"trained": as_trained, "merged": score(model, project)}
    return told


def hindrance(base: Path, adapter: Adapter, prompts: Sequence[Prompt]) -> str:
    """Return why answers cannot be compared, "" where they can."""
    if adapter.config.get("task_type") not in (None, "CAUSAL_LM"):
        return f"a {adapter.config['task_type']} model gives none"
    if not prompts:
        return "neither base nor adapter has a tokenizer"
    heads = Weights.of(base).heads.values()
    needed = BYTES_PER_WEIGHT * sum(head.nbytes // BYTES.get(head.dtype, 2) for head in heads)
    free = psutil.virtual_memory().available
    if needed > free:
        return f"the model takes {needed / 2**30:.1f} GiB in float32, and {free / 2**30:.1f} GiB are free"
    return ""


def score(model: Model, project: str | None) -> dict[str, Any] | None:
    """Return a model's main metric on held-out rows of a project, as an estimate; None where it has no rows."""

    rows = sample(load_set(project, "test"), SMOKE_ROWS if is_smoke() else SCORED_ROWS) if project else []
    if not rows:
        return None
    card, evaluator = load_card(project), load_evaluator(project)
    settings = GenerationSettings(
        max_new_tokens=evaluator.settings.max_new_tokens,
        stop=tuple(evaluator.settings.stop),
        samples=1,
        temperature=0.0,
        seed=0,
    )
    answers: list[Answer] = []
    prompts = [(PromptedRow(row, conversation(row)), 0) for row in rows]
    if evaluator.offers("reply"):
        generate_in_loop(model, settings, evaluator, prompts, answers.extend)
    else:
        generate_answers(model, settings, prompts, answers.extend)
    scored = score_set(evaluator, rows, answers, card.closed)
    return {"metric": evaluator.main_metric} | scored.without_closed_forms.estimate(evaluator.main_metric).to_json()
