"""The first half of a merge's proof: every tensor that was written, against base and adapter, layer by layer.

What the adapter does not touch must be the base's, bit for bit; what it replaces must be the adapter's; where it adds,
peft's own layer merges the same tensors once more, and nothing may differ by more than one ulp, the last bit of the
number type. It needs memory for one layer, so that a model of any size is proved. What the model then says is compared
in answers.py.
"""

from pathlib import Path
from typing import Any

from gretchen.errors import WorkError
from gretchen.merging.arithmetic import Factors
from gretchen.merging.shards import Weights, pieces
from gretchen.merging.stream import Plan

TOLERANCE_ULP = 1
# Where W and s·B·A cancel, the last bit of what is left is finer than float32 can sum the two: a difference below this
# share of the layer's largest weight counts as none.
CANCELLED = 2.0**-22


def compare_weights(plan: Plan, target: Path) -> dict[str, Any]:
    """Return {"tensors": how many, "by_peft": how many of them peft merged, "largest_ulp": the largest difference}.

    Raises WorkError naming the first tensor that is not what it should be.
    """
    written = Weights.of(target)
    largest = 0
    for name in plan.heads:
        if name in plan.adapter.layers:
            wanted = merged_by_peft(plan.rows(name, 0, plan.heads[name].shape[0]), plan.adapter.factors(name))
        for start, stop in pieces(plan.heads[name].shape):
            found = written.rows(name, start, stop)
            if name in plan.adapter.layers:
                apart = ulps(found, wanted[start:stop])
                if apart > TOLERANCE_ULP:
                    raise wrong(name, f"differs from peft's by {apart} units in the last place (at most 1)")
                largest = max(largest, apart)
            elif not same(found, plan.rows(name, start, stop)):
                raise wrong(name, "is not what it was, and the adapter does not add to it")
    return {"tensors": len(plan.heads), "by_peft": len(plan.adapter.layers), "largest_ulp": largest}


def wrong(name: str, reason: str) -> WorkError:
    """Return the error for a tensor that was merged wrongly."""
    return WorkError(
        f"the merge is wrong, and was not kept: {name} {reason}",
        "is the disk or the memory faulty? Merge once more; if it stays so, tell the maintainers",
    )


def same(one: Any, two: Any) -> bool:
    """Return whether two tensors are the same bit for bit (two NaNs may be)."""
    import torch

    return one.dtype == two.dtype and torch.equal(
        *(part.contiguous().reshape(-1).view(torch.uint8) for part in (one, two))
    )


def ulps(one: Any, two: Any) -> int:
    """Return the largest difference of two tensors of one type, in units in the last place."""
    import torch

    if one.dtype != two.dtype:
        return 2**31
    whole = {2: torch.int16, 4: torch.int32, 8: torch.int64}[one.element_size()]
    places = []
    for part in (one, two):
        bits = part.contiguous().view(whole).to(torch.int64)
        # Numbers in order: sign and magnitude become one scale.
        places.append(torch.where(bits < 0, torch.iinfo(whole).min - bits, bits))
    apart = (places[0] - places[1]).abs()
    cancelled = (one.double() - two.double()).abs() <= CANCELLED * two.double().abs().max()
    return int(apart.masked_fill(cancelled & (apart > TOLERANCE_ULP), 0).max())


def merged_by_peft(weight: Any, factors: Factors) -> Any:
    """Return a weight merged by peft's own layer class."""
    import torch
    from peft import LoraConfig
    from peft.tuners.lora.layer import Embedding, Linear

    words, size = weight.shape
    base = (
        torch.nn.Embedding(words, size, device="meta")
        if factors.embedding
        else torch.nn.Linear(size, words, False, "meta")
    )
    base.weight = torch.nn.Parameter(weight.clone(), requires_grad=False)
    rank = factors.a.shape[0]
    config = LoraConfig(
        r=rank, lora_alpha=rank, init_lora_weights=False, use_dora=factors.magnitude is not None, inference_mode=True
    )
    layer = (Embedding if factors.embedding else Linear)(base, "default", config=config, r=rank, lora_alpha=rank)
    layer.scaling["default"] = factors.scaling
    if factors.embedding:
        layer.lora_embedding_A["default"].data, layer.lora_embedding_B["default"].data = factors.a, factors.b
    else:
        layer.lora_A["default"].weight.data, layer.lora_B["default"].weight.data = factors.a, factors.b
    if factors.magnitude is not None:
        layer.lora_magnitude_vector["default"].weight.data = factors.magnitude
    with torch.no_grad():
        layer.merge()
    return layer.get_base_layer().weight.data
