"""One merge into an empty folder, from start to proof; what it found out is returned, for run.json or merge.json.

The weights are proved one by one (weights.py), the model by its answers where it fits in memory (answers.py). For an
adapter that was trained on a quantized base, the gap to what was trained is measured and kept, and held-out scores of
both where the run belongs to a project. A gap beyond the tolerance is an error.
"""

import shutil
from pathlib import Path
from typing import Any

import psutil

from gretchen import paths
from gretchen.errors import UserError, WorkError
from gretchen.files import no_space
from gretchen.merging.adapter import Adapter, read
from gretchen.merging.by_peft import is_converted, merge_by_peft, require_memory
from gretchen.merging.companions import companions, write_config, write_generation_config
from gretchen.merging.quantized import dequantized as undone
from gretchen.merging.quantized import quantization_of
from gretchen.merging.shards import Weights
from gretchen.merging.stream import Plan, plan, stream
from gretchen.merging.trained import compare_answers
from gretchen.merging.weights import compare_weights
from gretchen.models.files import read_json
from gretchen.silence import quieten

# How far the merged model's logits may be from those of base + adapter: root mean square of the differences, as a share
# of the logits' spread, by number type. Rounding each weight once to bf16 moves the embedded base by 0.0014.
TOLERANCE = {"F32": 0.001, "F16": 0.01, "BF16": 0.05}


def merge(
    base: Path, adapter_folder: Path, target: Path, run: Path | None = None, dequantized: bool = False
) -> dict[str, Any]:
    """Write the merged model into the empty folder `target`, prove it, and return what was done and measured.

    Raises UserError for an adapter that does not fit, WorkError for a merge that is not what was trained.
    """
    quieten()
    config = read_json(base / "config.json")
    if config.get("quantization_config"):
        raise UserError(f"{paths.shown(base)} is quantized itself", "merge into the model that it was made from")
    weights = Weights.of(base)
    adapter = fitting(read(adapter_folder, weights), weights, base, config)
    print(f"merging {paths.shown(adapter_folder)} into {paths.shown(base)}", flush=True)
    if dequantized:
        if adapter.beyond:
            raise WorkError(f"peft has to merge {adapter.beyond}, and it cannot dequantize", "leave DEQUANTIZED out")
        print("  the quantized base stays in memory while its weights are undone", flush=True)
        weights.instead = undone(base, quantization_of(run))
    told = {"base": paths.shown(base), "dequantized": dequantized, "by": "peft" if adapter.beyond else "streaming"}
    if adapter.beyond:
        told |= {"because": adapter.beyond} | by_peft(base, weights, adapter, target)
    else:
        told |= by_streaming(base, plan(weights, adapter, config), target)
    return told | proof_by_answers(base, adapter, target, run, dequantized)


def fitting(adapter: Adapter, weights: Weights, base: Path, config: dict[str, Any]) -> Adapter:
    """Return the adapter, marked as peft's where only that knows how its names belong to the base's.

    Raises UserError naming the first layer that does not fit.
    """
    if adapter.beyond:
        return adapter
    try:
        adapter.require_fit(weights, paths.shown(base))
    except UserError:
        if not is_converted(config):
            raise
        return adapter.for_peft(f"a {config.get('model_type')} base, whose tensors are renamed as they are loaded")
    return adapter


def by_streaming(base: Path, planned: Plan, target: Path) -> dict[str, Any]:
    """Merge shard by shard, prove every tensor, and return what the proof says."""

    adapter = planned.adapter
    ranks = sorted({adapter.rank(name) for name in adapter.layers})
    kind = "DoRA" if adapter.config.get("use_dora") else "rsLoRA" if adapter.config.get("use_rslora") else "LoRA"
    print(f"  {kind} on {len(adapter.layers)} layers, rank {', '.join(map(str, ranks))}; ", end="")
    print(f"{len(adapter.replaced)} tensors replaced" + ("; embeddings untied" if planned.untied else ""))
    print(f"  needs at most {size(planned.bound)} of memory beyond the libraries' own, writes ", end="")
    print(size(planned.bytes_written), flush=True)
    require_space(target, planned.bytes_written)
    stream(planned, target)
    beside(base, adapter, target, planned.untied)
    told = compare_weights(planned, target)
    once_more = f"{told['by_peft']} of them merged by peft once more"
    largest = f"largest difference {told['largest_ulp']} ulp, at most 1"
    print(f"  proof: all {told['tensors']} tensors are right, {once_more} ({largest})", flush=True)
    return {"untied": planned.untied, "weights": told}


def by_peft(base: Path, weights: Weights, adapter: Adapter, target: Path) -> dict[str, Any]:
    """Hand the merge to peft, and say why."""
    print(f"  peft merges it, the whole model in memory: this adapter has {adapter.beyond}", flush=True)
    require_memory(weights, psutil.virtual_memory().available)
    require_space(target, sum(head.nbytes for head in weights.heads.values()))
    merge_by_peft(base, adapter, target)
    companions(base, adapter.folder, target)
    write_generation_config(base, adapter.folder, target)
    return {}


def beside(base: Path, adapter: Adapter, target: Path, untied: bool) -> None:
    """Write what belongs beside the weights."""
    companions(base, adapter.folder, target)
    write_config(base, target, untied, adapter.words)
    write_generation_config(base, adapter.folder, target)


def proof_by_answers(base: Path, adapter: Adapter, target: Path, run: Path | None, dequantized: bool) -> dict[str, Any]:
    """Compare what the merged model says with what was trained, and return the gaps; {} where it does not fit.

    Raises WorkError where the gap is beyond the tolerance.
    """

    told = compare_answers(base, adapter, target, run, dequantized)
    if "skipped" in told:
        print(f"  proof: answers are not compared, because {told['skipped']}", flush=True)
        return {"answers": told}
    tolerance = TOLERANCE[coarsest_type(target)]
    for name, gaps in told.items():
        if name in TITLES:
            print(f"  {TITLES[name]}: {gap_line(gaps, tolerance if name == 'answers' else None)}", flush=True)
    if scores := told.get("scores"):
        figures = f"{estimate_line(scores['trained'])} as trained, {estimate_line(scores['merged'])} merged"
        metric, count = scores["merged"]["metric"], scores["merged"]["count"]
        print(f"  {metric} on {count} held-out rows: {figures}", flush=True)
    if not told["answers"]["relative_gap"] <= tolerance:
        raise WorkError(
            f"the merge is wrong, and was not kept: {gap_line(told['answers'], tolerance)}",
            "base + adapter, unmerged, is what was trained; tell the maintainers",
        )
    told["answers"]["tolerance"] = tolerance
    return told


TITLES = {"answers": "proof", "trained_gap": "against the quantized base + adapter that was trained"}


def estimate_line(told: dict[str, Any]) -> str:
    """Return an estimate with its interval as people read it; "none" where the metric applies to no row."""
    if told["value"] is None:
        return "none"
    return f"{told['value']:.3f}" + (f" ({told['low']:.3f} to {told['high']:.3f})" if told["low"] is not None else "")


def gap_line(gaps: dict[str, Any], tolerance: float | None) -> str:
    """Return a comparison of answers as a line."""
    allowed = f", at most {tolerance:g}" if tolerance else ""
    same = round(gaps["identical_answers"] * gaps["prompts"])
    return (
        f"{gaps['prompts']} prompts, largest logit gap {gaps['logit_gap']:.3g} ({gaps['relative_gap']:.2g} of the "
        f"logits' spread{allowed}), {same} of {gaps['prompts']} greedy answers identical"
    )


def coarsest_type(target: Path) -> str:
    """Return the coarsest number type of a folder's weights that the tolerance knows."""
    found = {head.dtype for head in Weights.of(target).heads.values()}
    return next((name for name in ("BF16", "F16") if name in found), "F32")


def require_space(target: Path, needed: int) -> None:
    """Raise WorkError where the disk has no room for what will be written."""
    if shutil.disk_usage(target).free < needed:
        raise no_space(target)


def size(count: int) -> str:
    """Return bytes as people read them."""
    return f"{count / 2**20:.0f} MiB" if count < 2**30 else f"{count / 2**30:.1f} GiB"
