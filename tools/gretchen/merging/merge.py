"""One merge into an empty folder, with its proof; the report is for run.json or merge.json.

The weights are proved one by one (weights.py), the model by its answers where it fits into memory (answers.py). For an
adapter that was trained on a quantized base, the gap to what was trained is measured too, with held-out scores of both
where the run belongs to a project. A gap beyond the tolerance is an error.
"""

import shutil
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import psutil

from gretchen import paths
from gretchen.errors import UserError, WorkError
from gretchen.files import no_space
from gretchen.merging.adapter import Adapter, read_adapter
from gretchen.merging.by_peft import merge_by_peft, renames_tensors, require_memory
from gretchen.merging.companions import copy_companions, write_config, write_generation_config
from gretchen.merging.comparison import AnswerComparison, HeldOutScores, compare_answers
from gretchen.merging.quantized import dequantized_weights, quantization_of
from gretchen.merging.shards import Weights
from gretchen.merging.stream import MergePlan, plan_merge, stream
from gretchen.merging.weights import WeightProof, compare_weights
from gretchen.models.files import read_json
from gretchen.scoring.evaluation import Estimate
from gretchen.silence import quieten

# How far the merged model's logits may be from those of base + adapter: root mean square of the differences, as a share
# of the logits' spread, by dtype. Rounding each weight once to bf16 changes the embedded base's by 0.0014.
TOLERANCE = {"F32": 0.001, "F16": 0.01, "BF16": 0.05}


@dataclass(frozen=True)
class MergeReport:
    """How a merge was done, and its proof.

    `because` is the reason where peft merged it; `weights` and `untied` are those of a streaming merge.
    """

    base: str
    dequantized: bool
    by: str
    because: str
    untied: bool
    weights: WeightProof | None
    answers: AnswerComparison
    tolerance: float

    def to_json(self) -> dict[str, Any]:  # JSON
        """Return the report for run.json and merge.json."""
        result = {"base": self.base, "dequantized": self.dequantized, "by": self.by}
        if self.because:
            result["because"] = self.because
        if self.weights:
            result |= {"untied": self.untied, "weights": asdict(self.weights)}
        return result | self.answers.to_json(self.tolerance)


def merge(
    base: Path, adapter_dir: Path, target: Path, run_dir: Path | None = None, dequantized: bool = False
) -> MergeReport:
    """Write the merged model into the empty folder `target`, and prove it.

    Raises UserError for an adapter that does not fit, WorkError for a merge that differs from what was trained.
    """
    quieten()
    config = read_json(base / "config.json")
    if config.get("quantization_config"):
        raise UserError(f"{paths.shown(base)} is quantized itself", "merge into the model that it was quantized from")
    weights = Weights.of(base)
    adapter = with_fit(read_adapter(adapter_dir, weights), weights, base, config)
    print(f"merging {paths.shown(adapter_dir)} into {paths.shown(base)}", flush=True)
    if dequantized:
        weights = _dequantize(weights, base, adapter, run_dir)
    untied, proof = False, None
    if adapter.unsupported:
        _merge_by_peft(base, weights, adapter, target)
    else:
        plan = plan_merge(weights, adapter, config)
        untied, proof = plan.untied, _merge_by_streaming(base, plan, target)
    tolerance = TOLERANCE[coarsest_dtype(target)]
    answers = compare_answers(base, adapter, target, run_dir, dequantized)
    _require_close(answers, tolerance)
    return MergeReport(
        base=paths.shown(base),
        dequantized=dequantized,
        by="peft" if adapter.unsupported else "streaming",
        because=adapter.unsupported,
        untied=untied,
        weights=proof,
        answers=answers,
        tolerance=tolerance,
    )


def with_fit(adapter: Adapter, weights: Weights, base: Path, config: dict[str, Any]) -> Adapter:
    """Return the adapter, marked for peft where only peft knows how its tensor names map to the base's.

    Raises UserError naming the first layer that does not fit.
    """
    if adapter.unsupported:
        return adapter
    try:
        adapter.require_fit(weights, paths.shown(base))
    except UserError:
        if not renames_tensors(config):
            raise
        return adapter.for_peft(f"a {config.get('model_type')} base, whose tensors are renamed while loading")
    return adapter


def coarsest_dtype(target: Path) -> str:
    """Return the coarsest dtype among a folder's weights that has a tolerance."""
    dtypes = {info.dtype for info in Weights.of(target).tensors.values()}
    return next((name for name in ("BF16", "F16") if name in dtypes), "F32")


def _dequantize(weights: Weights, base: Path, adapter: Adapter, run_dir: Path) -> Weights:
    """Return the base's weights with the dequantized ones in place of those that the run quantized."""
    if adapter.unsupported:
        problem = f"peft has to merge {adapter.unsupported}, and it cannot dequantize"
        raise WorkError(problem, "leave DEQUANTIZED out")
    print("  the quantized base stays in memory while its weights are dequantized", flush=True)
    return replace(weights, overrides=dequantized_weights(base, quantization_of(run_dir)))


def _merge_by_streaming(base: Path, plan: MergePlan, target: Path) -> WeightProof:
    """Merge shard by shard, and return the proof of every tensor."""
    adapter = plan.adapter
    ranks = sorted({adapter.rank(name) for name in adapter.layers})
    method = "DoRA" if adapter.config.get("use_dora") else "rsLoRA" if adapter.config.get("use_rslora") else "LoRA"
    print(f"  {method} on {len(adapter.layers)} layers, rank {', '.join(map(str, ranks))}; ", end="")
    print(f"{len(adapter.replaced)} tensors replaced" + ("; embeddings untied" if plan.untied else ""))
    print(f"  needs at most {size_text(plan.memory_bound)} of memory beyond the libraries' own, ", end="")
    print(f"writes {size_text(plan.nbytes)}", flush=True)
    require_space(target, plan.nbytes)
    stream(plan, target)
    copy_companions(base, adapter.folder, target)
    write_config(base, target, plan.untied, adapter.vocab_size)
    write_generation_config(base, adapter.folder, target)
    proof = compare_weights(plan, target)
    by_peft = f"{proof.by_peft} of them merged by peft as well"
    largest = f"largest difference {proof.largest_ulp} ulp, at most 1"
    print(f"  proof: all {proof.tensors} tensors are right, {by_peft} ({largest})", flush=True)
    return proof


def _merge_by_peft(base: Path, weights: Weights, adapter: Adapter, target: Path) -> None:
    """Let peft merge the adapter, and print why."""
    print(f"  peft merges it, the whole model in memory: this adapter has {adapter.unsupported}", flush=True)
    require_memory(weights, psutil.virtual_memory().available)
    require_space(target, weights.nbytes)
    merge_by_peft(base, adapter, target)
    copy_companions(base, adapter.folder, target)
    write_generation_config(base, adapter.folder, target)


def _require_close(answers: AnswerComparison, tolerance: float) -> None:
    """Print the comparison of answers. Raises WorkError where the merge's gap is beyond the tolerance."""
    gap = answers.merge_gap
    if gap is None:
        print(f"  proof: answers are not compared, because {answers.skipped}", flush=True)
        return
    print(f"  proof: {gap.text(tolerance)}", flush=True)
    if answers.trained_gap:
        print(f"  against the quantized base + adapter that was trained: {answers.trained_gap.text()}", flush=True)
    if answers.scores:
        print(f"  {_scores_text(answers.scores)}", flush=True)
    if not gap.relative_gap <= tolerance:
        raise WorkError(
            f"the merge is wrong, and was not kept: {gap.text(tolerance)}",
            "base + adapter, unmerged, is what was trained; report it to the maintainers",
        )


def _scores_text(scores: HeldOutScores) -> str:
    """Return held-out scores on one line."""
    trained, merged = _estimate_text(scores.trained), _estimate_text(scores.merged)
    return f"{scores.metric} on {scores.merged.count} held-out rows: {trained} as trained, {merged} merged"


def _estimate_text(estimate: Estimate) -> str:
    """Return an estimate with its interval; "none" where the metric applies to no row."""
    if estimate.value is None:
        return "none"
    interval = f" ({estimate.low:.3f} to {estimate.high:.3f})" if estimate.low is not None else ""
    return f"{estimate.value:.3f}{interval}"


def require_space(target: Path, needed: int) -> None:
    """Raise WorkError where the disk has no space for what will be written."""
    if shutil.disk_usage(target).free < needed:
        raise no_space(target)


def size_text(num_bytes: int) -> str:
    """Return bytes as people read them."""
    return f"{num_bytes / 2**20:.0f} MiB" if num_bytes < 2**30 else f"{num_bytes / 2**30:.1f} GiB"
