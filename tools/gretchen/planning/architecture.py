"""A model's shape from its config.json: its matrices, norms and embeddings, for dense decoders.

    read_architecture(Path("projects/genome-chatbot/base/config.json")).linears

It knows the families that the course trains. A mixture of experts, a model with images and an unknown family are
refused in a sentence: a wrong count would be worse than none.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gretchen.errors import UserError
from gretchen.names import nearest


@dataclass(frozen=True)
class Family:
    """What a family's code says beyond its config.json; a value there wins over a default here.

    `norms`: RMSNorms over the hidden size in a layer. `qk_norm`: "" none, "head" over one head, "all" over all heads.
    `bias` and `output_bias`: of q, k, v, and of o. `heads_kv`: None as many as there are heads. `fused`: q, k, v are
    one matrix, and gate, up another.
    """

    norms: int = 2
    qk_norm: str = ""
    bias: bool = False
    output_bias: bool = False
    tied: bool = False
    heads_kv: int | None = None
    head_dim: int | None = None
    fused: bool = False
    bias_key: bool = True  # `attention_bias` of the config counts
    mlp_bias_key: bool = False  # `mlp_bias` of the config counts


FAMILIES = {
    "llama": Family(mlp_bias_key=True),
    "mistral": Family(heads_kv=8, bias_key=False),
    "qwen2": Family(bias=True, heads_kv=32, bias_key=False),
    "qwen3": Family(qk_norm="head", heads_kv=32, head_dim=128),
    "gemma": Family(tied=True, heads_kv=16, head_dim=256),
    "gemma2": Family(norms=4, tied=True, heads_kv=4, head_dim=256),
    "gemma3_text": Family(norms=4, qk_norm="head", tied=True, heads_kv=4, head_dim=256),
    "phi3": Family(fused=True, bias_key=False),
    "smollm3": Family(tied=True, heads_kv=4, mlp_bias_key=True),
    "olmo2": Family(qk_norm="all"),
}
NEEDED = ("vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads")
EXPERTS = ("num_experts", "num_local_experts", "n_routed_experts", "moe_intermediate_size")


@dataclass(frozen=True)
class Linear:
    """One matrix of a layer (or of the whole model): how many numbers go in and out; `bias`: it has one."""

    name: str
    inputs: int
    outputs: int
    bias: bool = False

    @property
    def weights(self) -> int:
        """Return the matrix's own numbers, without its bias."""
        return self.inputs * self.outputs


@dataclass(frozen=True)
class Architecture:
    """A dense decoder. `query` and `key`: widths of all query heads and of all key heads together.

    `scores`: a head of one number stands in the place of the language model's (a reward model).
    """

    kind: str
    vocabulary: int
    hidden: int
    intermediate: int
    layers: int
    heads: int
    heads_kv: int
    head: int
    tied: bool
    family: Family
    linears: tuple[Linear, ...]
    dtype: str
    scores: bool = False

    @property
    def query(self) -> int:
        """Return the width of all query heads together."""
        return self.heads * self.head

    @property
    def key(self) -> int:
        """Return the width of all key heads together; the values' is the same."""
        return self.heads_kv * self.head

    @property
    def qk_norms(self) -> int:
        """Return the numbers of a layer's norms on queries and keys."""
        widths = {"": 0, "head": 2 * self.head, "all": self.query + self.key}
        return widths[self.family.qk_norm]

    @property
    def embedding(self) -> int:
        """Return the numbers of one embedding matrix."""
        return self.vocabulary * self.hidden

    @property
    def top(self) -> Linear:
        """Return the output head: one number for each word, or a score alone."""
        return Linear("score", self.hidden, 1) if self.scores else Linear("lm_head", self.hidden, self.vocabulary)

    def scoring(self) -> "Architecture":
        """Return the same decoder as a reward model (AutoModelForSequenceClassification): no embedding is its head."""
        return replace(self, scores=True, tied=False)

    def modules(self) -> Iterator[tuple[str, Linear]]:
        """Yield (full name, matrix) of every linear layer, the head last, as peft and transformers name them."""
        for number in range(self.layers):
            for one in self.linears:
                part = "mlp" if one.name in ("gate_proj", "up_proj", "down_proj", "gate_up_proj") else "self_attn"
                yield f"model.layers.{number}.{part}.{one.name}", one
        yield self.top.name, self.top


def read_architecture(file: Path) -> Architecture:
    """Return the shape that a config.json tells.

    Raises UserError where there is no such file, where it is no JSON, and for a model that is not a dense decoder of a
    known family.
    """
    try:
        config = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        raise UserError(f"there is no config.json at {file}", "name the file, or a folder that holds it") from None
    except ValueError as wrong:
        raise UserError(f"{file}: not JSON ({wrong})", "a model's config.json is wanted") from None
    if not isinstance(config, dict):
        raise UserError(f"{file}: no mapping", "a model's config.json is wanted")
    require_known(config, file)
    return architecture(config, file)


def require_known(config: dict[str, Any], file: Path) -> None:
    """Raise UserError for a model that is not a dense decoder of a known family."""
    kind = str(config.get("model_type", ""))
    known = f"planned are {', '.join(FAMILIES)}"
    experts = [key for key in EXPERTS if key in config]
    if experts or "moe" in kind or kind == "mixtral":
        why = f" ('{experts[0]}')" if experts else ""
        raise UserError(f"{file}: '{kind}' is a mixture of experts{why}, which is not planned", known)
    if "vision_config" in config or "text_config" in config:
        raise UserError(f"{file}: '{kind}' reads images beside text, which is not planned", known)
    if kind not in FAMILIES:
        close = nearest(kind, FAMILIES)
        hint = f"did you mean '{close}'? {known}" if close else known
        raise UserError(f"{file}: model_type '{kind}' is not known here", hint)
    missing = [key for key in NEEDED if not isinstance(config.get(key), int) or config[key] < 1]
    if missing:
        raise UserError(f"{file}: '{missing[0]}' is missing or no positive integer", "a model's config.json is wanted")


def architecture(config: dict[str, Any], file: Path) -> Architecture:
    """Return the shape of a known family's config."""
    family = FAMILIES[config["model_type"]]
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    head = config.get("head_dim") or family.head_dim or hidden // heads
    heads_kv = config.get("num_key_value_heads") or family.heads_kv or heads
    if heads % heads_kv:
        raise UserError(f"{file}: {heads} heads cannot share {heads_kv} key heads", "a model's config.json is wanted")
    if family.bias_key and "attention_bias" in config:
        family = replace(family, bias=bool(config["attention_bias"]), output_bias=bool(config["attention_bias"]))
    shape = Architecture(
        kind=config["model_type"],
        vocabulary=config["vocab_size"],
        hidden=hidden,
        intermediate=config["intermediate_size"],
        layers=config["num_hidden_layers"],
        heads=heads,
        heads_kv=heads_kv,
        head=head,
        tied=bool(config.get("tie_word_embeddings", family.tied)),
        family=family,
        linears=(),
        dtype=str(config.get("dtype") or config.get("torch_dtype") or "float32"),
    )
    return replace(shape, linears=tuple(linears(shape, family.mlp_bias_key and bool(config.get("mlp_bias")))))


def linears(shape: Architecture, mlp_bias: bool) -> Iterator[Linear]:
    """Yield one layer's matrices, in the order of the forward pass."""
    hidden, inner, family = shape.hidden, shape.intermediate, shape.family
    if family.fused:
        yield Linear("qkv_proj", hidden, shape.query + 2 * shape.key)
    else:
        yield Linear("q_proj", hidden, shape.query, family.bias)
        yield Linear("k_proj", hidden, shape.key, family.bias)
        yield Linear("v_proj", hidden, shape.key, family.bias)
    yield Linear("o_proj", shape.query, hidden, family.output_bias)
    if family.fused:
        yield Linear("gate_up_proj", hidden, 2 * inner)
    else:
        yield Linear("gate_proj", hidden, inner, mlp_bias)
        yield Linear("up_proj", hidden, inner, mlp_bias)
    yield Linear("down_proj", inner, hidden, mlp_bias)
