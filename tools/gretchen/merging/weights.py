"""The first half of a merge's proof: every written tensor against base and adapter, layer by layer.

Tensors that the adapter does not touch must be the base's, bit for bit; those that it replaces must be the adapter's;
where it adds, peft's own layer merges the same tensors again, and nothing may differ by more than one ulp, the last bit
of the dtype. It needs memory for one layer only. answers.py compares the answers of the models.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gretchen.errors import WorkError
from gretchen.merging.arithmetic import LoraFactors
from gretchen.merging.shards import Weights, row_chunks
from gretchen.merging.stream import MergePlan

TOLERANCE_ULP = 1
# Where W and s·B·A cancel, the last bit of the result is finer than the precision of the float32 sum: a difference
# below this share of the layer's largest weight counts as none.
CANCELLATION = 2.0**-22


@dataclass(frozen=True)
class WeightProof:
    """How many tensors were compared, how many of them peft merged too, and the largest difference in ulp."""

    tensors: int
    by_peft: int
    largest_ulp: int


def compare_weights(plan: MergePlan, target: Path) -> WeightProof:
    """Return the proof of all written tensors. Raises WorkError naming the first tensor that is wrong."""
    written = Weights.of(target)
    largest = 0
    for name, info in plan.tensors.items():
        is_merged = name in plan.adapter.layers
        if is_merged:
            expected = merged_by_peft(plan.rows(name, 0, info.shape[0]), plan.adapter.factors(name))
        for start, stop in row_chunks(info.shape):
            rows = written.rows(name, start, stop)
            if is_merged:
                difference = ulps(rows, expected[start:stop])
                if difference > TOLERANCE_ULP:
                    raise _wrong(name, f"differs from peft's by {difference} units in the last place (at most 1)")
                largest = max(largest, difference)
            elif not same_bits(rows, plan.rows(name, start, stop)):
                raise _wrong(name, "has changed, although the adapter does not add to it")
    return WeightProof(len(plan.tensors), len(plan.adapter.layers), largest)


def same_bits(first: Any, second: Any) -> bool:
    """Return whether two tensors are equal bit for bit (two NaNs may be)."""
    import torch

    return first.dtype == second.dtype and torch.equal(
        *(tensor.contiguous().reshape(-1).view(torch.uint8) for tensor in (first, second))
    )


def ulps(first: Any, second: Any) -> int:
    """Return the largest difference of two tensors of one dtype, in units in the last place."""
    import torch

    if first.dtype != second.dtype:
        return 2**31
    integer = {2: torch.int16, 4: torch.int32, 8: torch.int64}[first.element_size()]
    ordered = []
    for tensor in (first, second):
        bits = tensor.contiguous().view(integer).to(torch.int64)
        # Sign and magnitude become one ordered scale.
        ordered.append(torch.where(bits < 0, torch.iinfo(integer).min - bits, bits))
    difference = (ordered[0] - ordered[1]).abs()
    cancelled = (first.double() - second.double()).abs() <= CANCELLATION * second.double().abs().max()
    return int(difference.masked_fill(cancelled & (difference > TOLERANCE_ULP), 0).max())


def merged_by_peft(weight: Any, factors: LoraFactors) -> Any:
    """Return a weight merged by peft's own layer class."""
    import torch
    from peft import LoraConfig
    from peft.tuners.lora.layer import Embedding, Linear

    rows, columns = weight.shape
    if factors.is_embedding:
        base = torch.nn.Embedding(rows, columns, device="meta")
    else:
        base = torch.nn.Linear(columns, rows, False, "meta")
    base.weight = torch.nn.Parameter(weight.clone(), requires_grad=False)
    rank, use_dora = factors.a.shape[0], factors.magnitude is not None
    config = LoraConfig(r=rank, lora_alpha=rank, init_lora_weights=False, use_dora=use_dora, inference_mode=True)
    layer_class = Embedding if factors.is_embedding else Linear
    layer = layer_class(base, "default", config=config, r=rank, lora_alpha=rank)
    layer.scaling["default"] = factors.scaling
    if factors.is_embedding:
        layer.lora_embedding_A["default"].data, layer.lora_embedding_B["default"].data = factors.a, factors.b
    else:
        layer.lora_A["default"].weight.data, layer.lora_B["default"].weight.data = factors.a, factors.b
    if use_dora:
        layer.lora_magnitude_vector["default"].weight.data = factors.magnitude
    with torch.no_grad():
        layer.merge()
    return layer.get_base_layer().weight.data


def _wrong(name: str, reason: str) -> WorkError:
    """Return the error for a tensor that was merged wrongly."""
    return WorkError(
        f"the merge is wrong, and was not kept: {name} {reason}",
        "is the disk or the memory faulty? Merge again; if it fails again, report it to the maintainers",
    )
