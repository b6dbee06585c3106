"""The merge, shard by shard and tensor by tensor: base + adapter -> the same shards with merged weights.

Memory stays at a few chunks of a tensor, whatever the size of model and shards: a shard is memory-mapped, a tensor is
processed in chunks of rows, and each chunk is written at once. A tensor keeps its dtype. Where the adapter changes one
of two tied embeddings, they are written untied, as they were trained.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gretchen.files import write_json
from gretchen.merging.adapter import Adapter
from gretchen.merging.arithmetic import merged_rows
from gretchen.merging.names import EMBEDDING, HEAD
from gretchen.merging.shards import INDEX, TensorInfo, Weights, row_chunks, write_safetensors

# What a chunk takes while it is merged, and what the matrix product and the allocator keep: 51 to 83 MiB were measured.
CHUNKS_BYTES = 2**27


@dataclass(frozen=True)
class MergePlan:
    """What is written: `tensors` by name (their `file` is the base's shard).

    `sources` names the base's tensor that a tensor starts from; `untied`: embeddings that were tied no longer are.
    """

    base: Weights
    adapter: Adapter
    tensors: dict[str, TensorInfo]
    sources: dict[str, str]
    untied: bool

    @property
    def nbytes(self) -> int:
        """The size of all weights that are written."""
        return sum(info.nbytes for info in self.tensors.values())

    @property
    def memory_bound(self) -> int:
        """The most bytes of memory that the merge takes, beyond what the libraries take themselves."""
        rows = [info.nbytes // info.shape[0] for info in self.tensors.values() if info.shape and info.shape[0]]
        own = [info.nbytes for info in self.adapter.weights.tensors.values()]
        return CHUNKS_BYTES + 2 * max(rows, default=0) + 3 * max(own, default=0)

    def rows(self, name: str, start: int, stop: int) -> Any:
        """Return rows of a tensor before a layer adds to it: the base's, or the adapter's that replace them."""
        if name in self.adapter.replaced:
            rows = self.adapter.weights.rows(self.adapter.replaced[name], start, stop)
            return rows.to(torch_dtype(self.tensors[name].dtype))
        return self.base.rows(self.sources[name], start, stop)

    def chunks(self, name: str) -> Iterator[Any]:
        """Yield a tensor's merged rows in chunks."""
        shape = self.tensors[name].shape
        if name in self.adapter.layers:
            factors = self.adapter.factors(name)
            yield from merged_rows(lambda start, stop: self.rows(name, start, stop), shape, factors)
        else:
            yield from (self.rows(name, start, stop) for start, stop in row_chunks(shape))


def torch_dtype(name: str) -> Any:
    """Return torch's dtype for safetensors' name of it."""
    import torch

    return {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "F64": torch.float64}[name]


def plan_merge(base: Weights, adapter: Adapter, config: dict[str, Any]) -> MergePlan:
    """Return what the merge writes. `config` is the base's config.json."""
    changed = set(adapter.layers) | set(adapter.replaced)
    embedding = next((name for name in base.tensors if name.endswith(EMBEDDING)), None)
    is_tied = bool(embedding) and (HEAD not in base.tensors or bool(config.get("tie_word_embeddings")))
    untied = is_tied and bool({HEAD, embedding} & changed) and not _replaces_both(adapter, embedding)
    sources = {name: name for name in base.tensors}
    tensors = {name: _resized(info, name, adapter) for name, info in base.tensors.items()}
    if untied:
        sources[HEAD] = str(embedding)
        if ".base_layer." in adapter.replaced.get(str(embedding), ""):
            # Saved below a layer that adds to it, it is still the one tensor that both share.
            adapter = replace(adapter, replaced={HEAD: adapter.replaced[str(embedding)]} | adapter.replaced)
        tensors[HEAD] = _resized(base.tensors[str(embedding)], HEAD, adapter)
    return MergePlan(base, adapter, tensors, sources, untied)


def stream(plan: MergePlan, target: Path) -> None:
    """Write the merged weights into `target`, in the base's shards, with an index where there are several."""
    shards = {file: {n: info for n, info in plan.tensors.items() if info.file == file} for file in plan.base.files}
    for number, (file, tensors) in enumerate(shards.items(), start=1):
        write_safetensors(target / file.name, tensors, plan.chunks)
        if len(shards) > 1:
            print(f"  shard {number} of {len(shards)}: {file.name}", flush=True)
    if len(shards) > 1:
        weight_map = {name: info.file.name for name, info in plan.tensors.items()}
        write_json(target / INDEX, {"metadata": {"total_size": plan.nbytes}, "weight_map": weight_map})


def _replaces_both(adapter: Adapter, embedding: str | None) -> bool:
    """Return whether the adapter replaces input and output embedding by equal tensors, and adds to neither."""
    import torch

    if {HEAD, embedding} & set(adapter.layers) or not {HEAD, embedding} <= set(adapter.replaced):
        return False
    head, table = (adapter.weights.tensor(adapter.replaced[name]) for name in (HEAD, str(embedding)))
    return torch.equal(head, table)


def _resized(info: TensorInfo, name: str, adapter: Adapter) -> TensorInfo:
    """Return a tensor's info with the adapter's shape, where that replaces the tensor (a larger vocabulary)."""
    if name not in adapter.replaced:
        return info
    shape = adapter.weights.tensors[adapter.replaced[name]].shape
    return replace(info, shape=shape, nbytes=info.nbytes // max(1, math.prod(info.shape)) * math.prod(shape))
