"""The merge itself, shard by shard and tensor by tensor: base + adapter -> the same shards with merged weights.

Memory stays at a few pieces of a tensor, whatever the sizes of model and shards: a shard is mapped, a tensor is handled
in pieces of its rows, and each piece is written at once. A tensor keeps its number type. Where the adapter changes the
input or the output embedding of a model in which both are one (tied), the two are written apart, as they were trained.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gretchen.files import write_json
from gretchen.merging.adapter import EMBEDDING, HEAD, Adapter
from gretchen.merging.arithmetic import merged
from gretchen.merging.shards import INDEX, Head, Weights, pieces, write

# What a piece takes while it is merged, and what the matrix product and the allocator keep: 51 to 83 MiB were seen.
PIECES_BYTES = 2**27


@dataclass(frozen=True)
class Plan:
    """What is written: {tensor: head, `file` being the base's shard}, where each comes from, and whether ties hold.

    `sources` names the base's tensor that a tensor starts from.
    """

    base: Weights
    adapter: Adapter
    heads: dict[str, Head]
    sources: dict[str, str]
    untied: bool

    @property
    def bytes_written(self) -> int:
        """The size of all weights that are written."""
        return sum(head.nbytes for head in self.heads.values())

    @property
    def bound(self) -> int:
        """The most bytes of memory that the merge takes, beyond what the libraries take themselves."""
        rows = [head.nbytes // head.shape[0] for head in self.heads.values() if head.shape and head.shape[0]]
        own = [head.nbytes for head in self.adapter.weights.heads.values()]
        return PIECES_BYTES + 2 * max(rows, default=0) + 3 * max(own, default=0)

    def rows(self, name: str, start: int, stop: int) -> Any:
        """Return rows of a tensor before a layer adds to it: the base's, or what the adapter holds in its place."""
        if name in self.adapter.replaced:
            rows = self.adapter.weights.rows(self.adapter.replaced[name], start, stop)
            return rows.to(number_type(self.heads[name].dtype))
        return self.base.rows(self.sources[name], start, stop)

    def data(self, name: str) -> Iterator[Any]:
        """Return a tensor's merged rows in pieces."""
        shape = self.heads[name].shape
        if name in self.adapter.layers:
            yield from merged(lambda start, stop: self.rows(name, start, stop), shape, self.adapter.factors(name))
        else:
            yield from (self.rows(name, start, stop) for start, stop in pieces(shape))


def number_type(name: str) -> Any:
    """Return torch's type for a safetensors name of one."""
    import torch

    return {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "F64": torch.float64}[name]


def plan(base: Weights, adapter: Adapter, config: dict[str, Any]) -> Plan:
    """Return what the merge writes. `config` is the base's config.json."""
    changed = set(adapter.layers) | set(adapter.replaced)
    table = next((name for name in base.heads if name.endswith(EMBEDDING)), None)
    is_tied = bool(table) and (HEAD not in base.heads or bool(config.get("tie_word_embeddings")))
    untied = is_tied and bool({HEAD, table} & changed) and not replaced_by_one(adapter, table)
    sources = {name: name for name in base.heads}
    heads = {name: reshaped(head, name, adapter) for name, head in base.heads.items()}
    if untied:
        sources[HEAD] = str(table)
        if ".base_layer." in adapter.replaced.get(str(table), ""):
            # Saved below a layer that adds to it, it is still the one tensor that both share.
            adapter = replace(adapter, replaced={HEAD: adapter.replaced[str(table)]} | adapter.replaced)
        heads[HEAD] = reshaped(base.heads[str(table)], HEAD, adapter)
    return Plan(base, adapter, heads, sources, untied)


def replaced_by_one(adapter: Adapter, table: str | None) -> bool:
    """Return whether the adapter holds one and the same tensor as input and as output embedding, and adds to none."""
    import torch

    if {HEAD, table} & set(adapter.layers) or not {HEAD, table} <= set(adapter.replaced):
        return False
    one, two = (adapter.weights.tensor(adapter.replaced[name]) for name in (HEAD, str(table)))
    return torch.equal(one, two)


def reshaped(head: Head, name: str, adapter: Adapter) -> Head:
    """Return a tensor's head with the adapter's shape, where that replaces the tensor (a larger vocabulary)."""
    if name not in adapter.replaced:
        return head
    shape = adapter.weights.heads[adapter.replaced[name]].shape
    return replace(head, shape=shape, nbytes=head.nbytes // max(1, math.prod(head.shape)) * math.prod(shape))


def stream(plan: Plan, target: Path) -> None:
    """Write the merged weights into `target`, in the base's shards, with their index where there are many."""
    shards = {file: {name: head for name, head in plan.heads.items() if head.file == file} for file in plan.base.files}
    for number, (file, heads) in enumerate(shards.items(), start=1):
        write(target / file.name, heads, plan.data)
        if len(shards) > 1:
            print(f"  shard {number} of {len(shards)}: {file.name}", flush=True)
    if len(shards) > 1:
        places = {name: head.file.name for name, head in plan.heads.items()}
        write_json(target / INDEX, {"metadata": {"total_size": plan.bytes_written}, "weight_map": places})
