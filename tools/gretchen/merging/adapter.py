"""What an adapter folder holds, and whether it fits a base: read from the headers of its files, nothing is loaded.

    adapter = read(Path("runs/…/adapter"));  adapter.require_fit(weights, "projects/<slug>/base")

`adapter.beyond` says what is in it that the streaming merge does not do itself: then peft merges it.
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gretchen import paths
from gretchen.errors import UserError
from gretchen.merging.arithmetic import Factors
from gretchen.merging.shards import Weights, missing

CONFIG, FILE = "adapter_config.json", "adapter_model.safetensors"
# Keys of adapter_config.json that the streaming merge understands, or that only concern training. Any other one with a
# value hands the adapter to peft: what a later peft adds is never passed over in silence.
UNDERSTOOD = {
    *("peft_type", "task_type", "base_model_name_or_path", "revision", "inference_mode", "auto_mapping"),
    *("peft_version", "corda_config", "lora_bias"),
    *("r", "lora_alpha", "lora_dropout", "use_rslora", "use_dora", "rank_pattern", "alpha_pattern", "bias"),
    *("target_modules", "exclude_modules", "modules_to_save", "layers_to_transform", "layers_pattern"),
    *("init_lora_weights", "megatron_core", "qalora_group_size", "loftq_config", "eva_config", "runtime_config"),
}
# How the matrices began; others (pissa, olora, corda, loftq …) change the base's own weights, which peft does anew.
PLAIN_STARTS = (True, False, "gaussian", "eva", "orthogonal")
LORA = re.compile(
    r"(?P<module>.+)\.(?:lora_(?P<side>[AB])\.weight|lora_embedding_(?P<table>[AB])"
    r"|lora_magnitude_vector(?:\.weight)?)"
)
HEAD, EMBEDDING = "lm_head.weight", "embed_tokens.weight"


@dataclass(frozen=True)
class Layer:
    """The adapter's tensors for one weight of the base, by their names in its file."""

    a: str
    b: str
    magnitude: str | None
    scaling: float
    embedding: bool


@dataclass(frozen=True)
class Adapter:
    """An adapter: {base's tensor: layer} it adds to, {base's tensor: own tensor} it replaces, and what is beyond us."""

    folder: Path
    config: dict[str, Any]
    weights: Weights
    layers: dict[str, Layer]
    replaced: dict[str, str]
    beyond: str

    def factors(self, name: str) -> Factors:
        """Return the tensors of one layer, in float32 (peft's `autocast_adapter_dtype`)."""
        layer = self.layers[name]
        magnitude = self.weights.tensor(layer.magnitude).float() if layer.magnitude else None
        a, b = (self.weights.tensor(one).float() for one in (layer.a, layer.b))
        return Factors(a, b, magnitude, layer.scaling, layer.embedding)

    def rank(self, name: str) -> int:
        """Return the rank of one layer."""
        return self.weights.heads[self.layers[name].a].shape[0]

    @property
    def words(self) -> int | None:
        """The size of the vocabulary where the adapter holds a whole input embedding, else None."""
        own = (name for table, name in self.replaced.items() if table.endswith(EMBEDDING))
        return next((self.weights.heads[name].shape[0] for name in own), None)

    def for_peft(self, reason: str) -> "Adapter":
        """Return the adapter as one that peft has to merge, and why."""
        return replace(self, layers={}, beyond=reason)

    def shape_of(self, name: str, base: Weights) -> tuple[int, ...]:
        """Return the shape that a tensor has before the layer adds to it; () for one that nobody has."""
        if name in self.replaced:
            return self.weights.heads[self.replaced[name]].shape
        return base.heads[name].shape if name in base.heads else ()

    def trained_shape(self, name: str) -> tuple[int, int]:
        """Return the shape of the weight that a layer was trained on: (out, in), or (words, size)."""
        layer = self.layers[name]
        a, b = (self.weights.heads[one].shape for one in (layer.a, layer.b))
        return (a[1], b[0]) if layer.embedding else (b[0], a[1])

    def is_transposed(self, name: str, base: Weights) -> bool:
        """Return whether the base holds a layer's weight as (in, out), as GPT-2 does."""
        trained, found = self.trained_shape(name), self.shape_of(name, base)
        return found != trained and found == trained[::-1]

    def require_fit(self, base: Weights, where: str) -> None:
        """Raise UserError naming the first layer whose shape is not the base's. An embedding may have more words."""
        for name in sorted(self.layers, key=natural):
            module, trained = name.removesuffix(".weight"), self.trained_shape(name)
            found = self.shape_of(name, base)
            if not found:
                raise self._unfit(where, f"{module} is not there")
            if found != trained:
                raise self._unfit(where, f"{module} is {times(found)} there, and the adapter's is {times(trained)}")
        for name in sorted(self.replaced.keys() & base.heads.keys(), key=natural):
            own, found = self.shape_of(name, base), base.heads[name].shape
            free = int(name.endswith((EMBEDDING, HEAD)))
            if own[free:] != found[free:]:
                raise self._unfit(where, f"{name} is {times(found)} there, and the adapter's is {times(own)}")

    def _unfit(self, where: str, reason: str) -> UserError:
        """Return the error for an adapter that was trained on another base."""
        named = self.config.get("base_model_name_or_path") or "no base"
        hint = f"{CONFIG} says it was trained on {named}"
        return UserError(f"{paths.shown(self.folder)} does not fit {where}: {reason}", hint)


def times(shape: tuple[int, ...]) -> str:
    """Return a shape as people read it: 128 × 64."""
    return " × ".join(map(str, shape))


def natural(name: str) -> list[tuple[int, str]]:
    """Return a key that sorts layer 10 behind layer 9."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in name.split(".")]


def read(folder: Path, base: Weights) -> Adapter:
    """Return an adapter folder's content, its tensors named as the base names them.

    Raises UserError where the folder is no adapter, is not whole, or holds a pickle.
    """
    if not (folder / CONFIG).is_file():
        raise UserError(f"{paths.shown(folder)} holds no {CONFIG}", "name the folder that an adapter was saved into")
    if not (folder / FILE).is_file():
        raise missing(folder, FILE)
    try:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    except ValueError as fault:
        raise UserError(f"{paths.shown(folder / CONFIG)} is no JSON: {fault}", "was it copied whole?") from None
    weights = Weights.in_files([folder / FILE])
    parts: dict[str, dict[str, str]] = {}
    replaced = {}
    for name in weights.heads:
        own = name.removeprefix("base_model.model.").replace(".base_layer.", ".").replace(".modules_to_save.", ".")
        found = LORA.fullmatch(own)
        if found:
            parts.setdefault(in_base(f"{found['module']}.weight", base), {})[part_of(found)] = name
        else:
            replaced[in_base(own, base)] = name
    beyond = beyond_streaming(config, weights, replaced, base)
    layers = {} if beyond else {name: layer(name, found, config, weights) for name, found in parts.items()}
    adapter = Adapter(folder, config, weights, layers, replaced, beyond)
    if any(adapter.is_transposed(name, base) for name in layers):
        return adapter.for_peft("weights that are stored as (in, out)")
    return adapter


def in_base(name: str, base: Weights) -> str:
    """Return a tensor's name as the base's file has it: bases of some families leave out the first part."""
    inner = name.partition(".")[2]
    return inner if name not in base.heads and inner in base.heads else name


def part_of(found: re.Match[str]) -> str:
    """Return which part of a layer a tensor is: "A", "B", "table A", "table B" or "magnitude"."""
    return found["side"] or (f"table {found['table']}" if found["table"] else "magnitude")


def layer(name: str, parts: Mapping[str, str], config: dict[str, Any], weights: Weights) -> Layer:
    """Return a layer from the names of its parts. Raises UserError for half a layer, and for a rank that is not so."""
    module = name.removesuffix(".weight")
    embedding = "table A" in parts or "table B" in parts
    a, b = (parts.get(f"table {side}" if embedding else side) for side in "AB")
    if a is None or b is None or (config.get("use_dora") and "magnitude" not in parts):
        raise UserError(f"the adapter's {module} is not whole", "copy the adapter's folder again")
    rank, scaling = scaling_of(module, config)
    if {weights.heads[a].shape[0], weights.heads[b].shape[1]} != {rank}:
        raise UserError(
            f"the adapter's {module} has rank {weights.heads[a].shape[0]}, and {CONFIG} says {rank}",
            "are both files of one training?",
        )
    return Layer(a, b, parts.get("magnitude"), scaling, embedding)


def scaling_of(module: str, config: dict[str, Any]) -> tuple[int, float]:
    """Return rank and s = alpha / r, or alpha / √r for rsLoRA; both are the module's own where a pattern names it.

    Patterns match as in peft.utils.other.get_pattern_key.
    """

    def own(patterns: Mapping[str, Any] | None, default: Any) -> Any:
        fits = (value for key, value in (patterns or {}).items() if re.match(rf"(.*\.)?({key})$", module))
        return next(fits, default)

    rank = own(config.get("rank_pattern"), config["r"])
    alpha = own(config.get("alpha_pattern"), config["lora_alpha"])
    return rank, alpha / math.sqrt(rank) if config.get("use_rslora") else alpha / rank


def beyond_streaming(config: dict[str, Any], weights: Weights, replaced: Mapping[str, str], base: Weights) -> str:
    """Return what of an adapter the streaming merge does not do, "" where it does it all."""
    if config.get("peft_type") != "LORA":
        return f"{config.get('peft_type')}, which is no LoRA"
    if config.get("task_type") not in (None, "CAUSAL_LM"):
        return f"the head of a {config['task_type']} model"
    if config.get("init_lora_weights", True) not in PLAIN_STARTS:
        return f"init_lora_weights: {config['init_lora_weights']}, which changes the base's own weights"
    for key, value in config.items():
        if value and key not in UNDERSTOOD:
            return f"{key}: {json.dumps(value)}"
    for own, name in replaced.items():
        if own not in base.heads and own != HEAD:
            return f"the tensor {name}"
    if any(len(head.shape) > 2 for head in weights.heads.values()):
        return "convolutions"
    return ""
