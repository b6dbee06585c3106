"""What an adapter folder contains, and whether it fits a base: read from the headers of its files, nothing is loaded.

    adapter = read_adapter(Path("runs/…/adapter"), weights)
    adapter.require_fit(weights, "projects/<slug>/base")

`adapter.unsupported` names what the streaming merge does not support: then peft merges the adapter.
"""

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gretchen import paths
from gretchen.errors import UserError
from gretchen.merging.adapter_layers import LoraTensors, layer_tensors, tensor_kind, unsupported_feature
from gretchen.merging.arithmetic import LoraFactors
from gretchen.merging.names import CONFIG, EMBEDDING, FILE, HEAD
from gretchen.merging.shards import Weights, missing_weights

LORA = re.compile(
    r"(?P<module>.+)\.(?:lora_(?P<side>[AB])\.weight|lora_embedding_(?P<embedding_side>[AB])"
    r"|lora_magnitude_vector(?:\.weight)?)"
)


@dataclass(frozen=True)
class Adapter:
    """An adapter: {base's tensor: LoRA tensors} it adds to, and {base's tensor: own tensor} it replaces.

    `unsupported` is "", or what the streaming merge does not support.
    """

    folder: Path
    config: dict[str, Any]
    weights: Weights
    layers: dict[str, LoraTensors]
    replaced: dict[str, str]
    unsupported: str

    def factors(self, name: str) -> LoraFactors:
        """Return the tensors of one layer, in float32 (peft's `autocast_adapter_dtype`)."""
        layer = self.layers[name]
        magnitude = self.weights.tensor(layer.magnitude).float() if layer.magnitude else None
        a, b = self.weights.tensor(layer.a).float(), self.weights.tensor(layer.b).float()
        return LoraFactors(a, b, magnitude, layer.scaling, layer.is_embedding)

    def rank(self, name: str) -> int:
        """Return the rank of one layer."""
        return self.weights.tensors[self.layers[name].a].shape[0]

    @property
    def vocab_size(self) -> int | None:
        """The size of the vocabulary where the adapter contains a whole input embedding, else None."""
        own = (name for replaced, name in self.replaced.items() if replaced.endswith(EMBEDDING))
        return next((self.weights.tensors[name].shape[0] for name in own), None)

    def for_peft(self, reason: str) -> "Adapter":
        """Return the adapter as one that peft has to merge, and why."""
        return replace(self, layers={}, unsupported=reason)

    def shape_before(self, name: str, base: Weights) -> tuple[int, ...]:
        """Return the shape of a tensor before the layer adds to it; () for one that does not exist."""
        if name in self.replaced:
            return self.weights.tensors[self.replaced[name]].shape
        return base.tensors[name].shape if name in base.tensors else ()

    def trained_shape(self, name: str) -> tuple[int, int]:
        """Return the shape of the weight that a layer was trained on: (out, in), or (vocabulary, hidden)."""
        layer = self.layers[name]
        a, b = self.weights.tensors[layer.a].shape, self.weights.tensors[layer.b].shape
        return (a[1], b[0]) if layer.is_embedding else (b[0], a[1])

    def is_transposed(self, name: str, base: Weights) -> bool:
        """Return whether the base stores a layer's weight as (in, out), as GPT-2 does."""
        trained, stored = self.trained_shape(name), self.shape_before(name, base)
        return stored != trained and stored == trained[::-1]

    def require_fit(self, base: Weights, base_name: str) -> None:
        """Raise UserError naming the first layer whose shape differs from the base's. A vocabulary may have grown."""
        for name in sorted(self.layers, key=natural_order):
            module, trained = name.removesuffix(".weight"), self.trained_shape(name)
            stored = self.shape_before(name, base)
            if not stored:
                raise self._misfit(base_name, f"it has no {module}")
            if stored != trained:
                raise self._misfit(base_name, f"its {module} is {times(stored)}, the adapter's is {times(trained)}")
        for name in sorted(self.replaced.keys() & base.tensors.keys(), key=natural_order):
            own, stored = self.shape_before(name, base), base.tensors[name].shape
            first = int(name.endswith((EMBEDDING, HEAD)))
            if own[first:] != stored[first:]:
                raise self._misfit(base_name, f"its {name} is {times(stored)}, the adapter's is {times(own)}")

    def _misfit(self, base_name: str, reason: str) -> UserError:
        """Return the error for an adapter that was trained on another base."""
        trained_on = self.config.get("base_model_name_or_path") or "no base"
        hint = f"according to {CONFIG} it was trained on {trained_on}"
        return UserError(f"{paths.shown(self.folder)} does not fit {base_name}: {reason}", hint)


def times(shape: tuple[int, ...]) -> str:
    """Return a shape as people read it: 128 × 64."""
    return " × ".join(map(str, shape))


def natural_order(name: str) -> list[tuple[int, str]]:
    """Return a sort key that puts layer 10 after layer 9."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in name.split(".")]


def read_adapter(folder: Path, base: Weights) -> Adapter:
    """Return an adapter folder's content, its tensors named as in the base.

    Raises UserError where the folder is not an adapter, is incomplete, or contains a pickle.
    """
    config = _read_config(folder)
    weights = Weights.in_files([folder / FILE])
    parts: dict[str, dict[str, str]] = {}
    replaced = {}
    for name in weights.tensors:
        own = name.removeprefix("base_model.model.").replace(".base_layer.", ".").replace(".modules_to_save.", ".")
        match = LORA.fullmatch(own)
        if match:
            kind = tensor_kind(match["side"], match["embedding_side"])
            parts.setdefault(_name_in_base(f"{match['module']}.weight", base), {})[kind] = name
        else:
            replaced[_name_in_base(own, base)] = name
    unsupported = unsupported_feature(config, weights, replaced, base)
    layers = {}
    if not unsupported:
        layers = {name: layer_tensors(name, kinds, config, weights) for name, kinds in parts.items()}
    adapter = Adapter(folder, config, weights, layers, replaced, unsupported)
    if any(adapter.is_transposed(name, base) for name in layers):
        return adapter.for_peft("weights that are stored as (in, out)")
    return adapter


def _read_config(folder: Path) -> dict[str, Any]:
    """Return an adapter's configuration. Raises UserError where the folder is not a complete adapter."""
    if not (folder / CONFIG).is_file():
        raise UserError(f"{paths.shown(folder)} has no {CONFIG}", "name the folder that an adapter was saved into")
    if not (folder / FILE).is_file():
        raise missing_weights(folder, FILE)
    try:
        return json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    except ValueError as failure:
        problem = f"{paths.shown(folder / CONFIG)} is not JSON: {failure}"
        raise UserError(problem, "was it copied completely?") from None


def _name_in_base(name: str, base: Weights) -> str:
    """Return a tensor's name in the base's file: bases of some families omit the first part."""
    inner = name.partition(".")[2]
    return inner if name not in base.tensors and inner in base.tensors else name
