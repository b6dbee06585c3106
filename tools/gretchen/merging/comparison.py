"""The merged model against what was trained: the answers of both, and for a quantized base their held-out scores.

What was trained is base + adapter; for a QLoRA run it is the quantized base + adapter, while the merge uses the
unquantized base (or, with DEQUANTIZED=1, the dequantized weights). Only one model is in memory at a time.
"""

import gc
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

from gretchen.merging.adapter import Adapter
from gretchen.merging.answers import (
    ModelOutputs,
    OutputGap,
    compare_outputs,
    generate_outputs,
    load_float32,
    prompts_for,
)
from gretchen.merging.quantized import quantization_of
from gretchen.merging.shards import Weights
from gretchen.models.generate import Model, Prompt
from gretchen.projects.card import load_card
from gretchen.provenance import is_smoke
from gretchen.runs.record import read_record
from gretchen.scoring.answers import PromptedRow
from gretchen.scoring.closed_loop import Loop, generate_in_loop
from gretchen.scoring.estimates import score_set
from gretchen.scoring.evaluation import Estimate
from gretchen.scoring.evaluator import load_evaluator
from gretchen.scoring.generation import generate_answers, greedy_settings
from gretchen.scoring.scored import Answer
from gretchen.scoring.testset import conversation, load_set, sample

SCORED_ROWS, SMOKE_ROWS = 100, 6
# float32 weights, and room for activations.
BYTES_PER_WEIGHT = 5
DTYPE_BYTES = {"F64": 8, "F32": 4, "BF16": 2, "F16": 2}


@dataclass(frozen=True)
class HeldOutScores:
    """The main metric on held-out rows, of the model as it was trained and of the merged model."""

    metric: str
    trained: Estimate
    merged: Estimate

    def to_json(self) -> dict[str, Any]:  # JSON
        """Return the scores for run.json: each with the metric's name."""
        name = {"metric": self.metric}
        return {"trained": name | self.trained.to_json(), "merged": name | self.merged.to_json()}


@dataclass(frozen=True)
class AnswerComparison:
    """`merge_gap`: between base + adapter and the merged model; for a QLoRA run `trained_gap`: to what was trained.

    `skipped` is the reason where nothing could be compared.
    """

    skipped: str = ""
    merge_gap: OutputGap | None = None
    trained_gap: OutputGap | None = None
    scores: HeldOutScores | None = None

    def to_json(self, tolerance: float) -> dict[str, Any]:  # JSON
        """Return the comparison for run.json, with the tolerance of the merge's gap."""
        if self.merge_gap is None:
            return {"answers": {"skipped": self.skipped}}
        result = {"answers": asdict(self.merge_gap) | {"tolerance": tolerance}}
        if self.trained_gap:
            result["trained_gap"] = asdict(self.trained_gap)
        if self.scores:
            result["scores"] = self.scores.to_json()
        return result


def compare_answers(
    base: Path, adapter: Adapter, target: Path, run_dir: Path | None, dequantized: bool
) -> AnswerComparison:
    """Compare the answers of the merged model in `target` with those of what was trained."""
    project = read_record(run_dir).project if run_dir else None
    prompts = prompts_for(target, project)
    if reason := why_not_comparable(base, adapter, prompts):
        return AnswerComparison(skipped=reason)
    quantization = quantization_of(run_dir) if run_dir else None
    trained, trained_score = None, None
    if quantization:
        trained, trained_score = _quantized_outputs(base, adapter, quantization, prompts, project)
    reference = trained
    if reference is None or not dequantized:
        unquantized = load_float32(str(base), adapter.folder, vocab_size=adapter.vocab_size)
        reference = generate_outputs(unquantized, prompts)
        del unquantized
        gc.collect()
    model = load_float32(str(target))
    merge_gap = compare_outputs(reference, generate_outputs(model, prompts, reference))
    trained_gap, scores = None, None
    if trained and not dequantized:
        trained_gap = compare_outputs(trained, generate_outputs(model, prompts, trained))
    if trained_score:
        metric, estimate = trained_score
        scores = HeldOutScores(metric, estimate, main_score(model, project)[1])
    return AnswerComparison(merge_gap=merge_gap, trained_gap=trained_gap, scores=scores)


def _quantized_outputs(
    base: Path, adapter: Adapter, quantization: Any, prompts: Sequence[Prompt], project: str | None
) -> tuple[ModelOutputs, tuple[str, Estimate] | None]:
    """Return outputs and main score of the quantized base + adapter, and free its memory."""
    model = load_float32(str(base), adapter.folder, quantization, adapter.vocab_size)
    result = generate_outputs(model, prompts), main_score(model, project)
    del model
    gc.collect()
    return result


def why_not_comparable(base: Path, adapter: Adapter, prompts: Sequence[Prompt]) -> str:
    """Return why answers cannot be compared, "" where they can."""
    if adapter.config.get("task_type") not in (None, "CAUSAL_LM"):
        return f"a {adapter.config['task_type']} model generates none"
    if not prompts:
        return "neither base nor adapter has a tokenizer"
    tensors = Weights.of(base).tensors.values()
    needed = BYTES_PER_WEIGHT * sum(info.nbytes // DTYPE_BYTES.get(info.dtype, 2) for info in tensors)
    free = psutil.virtual_memory().available
    if needed > free:
        return f"the model takes {needed / 2**30:.1f} GiB in float32, and {free / 2**30:.1f} GiB are free"
    return ""


def main_score(model: Model, project: str | None) -> tuple[str, Estimate] | None:
    """Return (metric, estimate) of a model on held-out rows of a project; None where it has no rows."""
    rows = sample(load_set(project, "test"), SMOKE_ROWS if is_smoke() else SCORED_ROWS) if project else []
    if not rows:
        return None
    card, evaluator = load_card(project), load_evaluator(project)
    settings = greedy_settings(evaluator.settings)
    answers: list[Answer] = []
    prompts = [(PromptedRow(row, conversation(row)), 0) for row in rows]
    if evaluator.offers("reply"):
        generate_in_loop(model, settings, Loop(evaluator), prompts, answers.extend)
    else:
        generate_answers(model, settings, prompts, answers.extend)
    scored = score_set(evaluator, rows, answers, card.closed)
    return evaluator.main_metric, scored.without_closed_forms.estimate(evaluator.main_metric)
