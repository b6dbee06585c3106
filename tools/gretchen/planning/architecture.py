"""A model's architecture from its config.json: linear layers, norms and embeddings of dense decoders.

    read_architecture(Path("projects/genome-chatbot/base/config.json")).linears

It knows the families that the course trains. A mixture of experts, a multimodal model and an unknown family are refused
in a sentence: no count is better than a wrong one.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gretchen.errors import UserError
from gretchen.names import nearest

EXPECTED = "expected a model's config.json"


@dataclass(frozen=True)
class Family:
    """What a family's code defines beyond config.json; a value in config.json wins over a default here.

    `num_norms`: RMSNorms over the hidden size in a layer. `qk_norm`: "" none, "head" over one head, "all" over all
    heads. `bias` and `output_bias`: of q, k, v, and of o. `num_kv_heads`: None means as many as heads. `fused`: q, k
    and v are one linear layer, and gate and up another.
    """

    num_norms: int = 2
    qk_norm: str = ""
    bias: bool = False
    output_bias: bool = False
    tied: bool = False
    num_kv_heads: int | None = None
    head_dim: int | None = None
    fused: bool = False
    reads_attention_bias: bool = True  # `attention_bias` of config.json has an effect
    reads_mlp_bias: bool = False  # `mlp_bias` of config.json has an effect


FAMILIES = {
    "llama": Family(reads_mlp_bias=True),
    "mistral": Family(num_kv_heads=8, reads_attention_bias=False),
    "qwen2": Family(bias=True, num_kv_heads=32, reads_attention_bias=False),
    "qwen3": Family(qk_norm="head", num_kv_heads=32, head_dim=128),
    "gemma": Family(tied=True, num_kv_heads=16, head_dim=256),
    "gemma2": Family(num_norms=4, tied=True, num_kv_heads=4, head_dim=256),
    "gemma3_text": Family(num_norms=4, qk_norm="head", tied=True, num_kv_heads=4, head_dim=256),
    "phi3": Family(fused=True, reads_attention_bias=False),
    "smollm3": Family(tied=True, num_kv_heads=4, reads_mlp_bias=True),
    "olmo2": Family(qk_norm="all"),
}
REQUIRED = ("vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads")
EXPERT_KEYS = ("num_experts", "num_local_experts", "n_routed_experts", "moe_intermediate_size")
MLP = ("gate_proj", "up_proj", "down_proj", "gate_up_proj")


@dataclass(frozen=True)
class Linear:
    """A linear layer, of one decoder layer or of the whole model."""

    name: str
    in_features: int
    out_features: int
    bias: bool = False

    @property
    def num_weights(self) -> int:
        """Return the size of the weight matrix, without the bias."""
        return self.in_features * self.out_features

    @property
    def num_parameters(self) -> int:
        """Return the size of weight matrix and bias."""
        return self.num_weights + (self.out_features if self.bias else 0)


@dataclass(frozen=True)
class Architecture:
    """A dense decoder. `linears` are those of one layer, in the order of the forward pass.

    `has_reward_head`: a head with one output takes the place of the language model's (a reward model).
    """

    model_type: str
    vocab_size: int
    hidden_size: int
    intermediate_size: int
    num_layers: int
    num_heads: int
    num_kv_heads: int
    head_dim: int
    tied: bool
    family: Family
    linears: tuple[Linear, ...]
    dtype: str
    has_reward_head: bool = False

    @property
    def query_size(self) -> int:
        """Return the width of all query heads together."""
        return self.num_heads * self.head_dim

    @property
    def key_size(self) -> int:
        """Return the width of all key heads together; that of the values is the same."""
        return self.num_kv_heads * self.head_dim

    @property
    def num_qk_norm_weights(self) -> int:
        """Return the weights of a layer's norms on queries and keys."""
        widths = {"": 0, "head": 2 * self.head_dim, "all": self.query_size + self.key_size}
        return widths[self.family.qk_norm]

    @property
    def num_embedding_weights(self) -> int:
        """Return the size of one embedding matrix."""
        return self.vocab_size * self.hidden_size

    @property
    def output_head(self) -> Linear:
        """Return the output head: logits over the vocabulary, or one score."""
        if self.has_reward_head:
            return Linear("score", self.hidden_size, 1)
        return Linear("lm_head", self.hidden_size, self.vocab_size)

    def as_reward_model(self) -> "Architecture":
        """Return the same decoder as a reward model (AutoModelForSequenceClassification), whose head is not tied."""
        return replace(self, has_reward_head=True, tied=False)

    def modules(self) -> Iterator[tuple[str, Linear]]:
        """Yield (full name, linear layer) of the whole model, the head last, named as transformers and peft do."""
        for number in range(self.num_layers):
            for linear in self.linears:
                block = "mlp" if linear.name in MLP else "self_attn"
                yield f"model.layers.{number}.{block}.{linear.name}", linear
        yield self.output_head.name, self.output_head


def read_architecture(file: Path) -> Architecture:
    """Return the architecture that a config.json describes.

    Raises UserError where there is no such file, where it is not JSON, and for a model that is not a dense decoder of a
    known family.
    """
    try:
        config = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        raise UserError(f"there is no config.json at {file}", "name the file, or a folder that contains it") from None
    except ValueError as failure:
        raise UserError(f"{file}: not JSON ({failure})", EXPECTED) from None
    if not isinstance(config, dict):
        raise UserError(f"{file}: not a JSON object", EXPECTED)
    require_known(config, file)
    return architecture(config, file)


def require_known(config: dict[str, Any], file: Path) -> None:
    """Raise UserError for a model that is not a dense decoder of a known family."""
    model_type = str(config.get("model_type", ""))
    supported = f"supported are {', '.join(FAMILIES)}"
    experts = [key for key in EXPERT_KEYS if key in config]
    if experts or "moe" in model_type or model_type == "mixtral":
        key = f" ('{experts[0]}')" if experts else ""
        raise UserError(f"{file}: '{model_type}' is a mixture of experts{key}, which is not supported", supported)
    if "vision_config" in config or "text_config" in config:
        raise UserError(f"{file}: '{model_type}' is multimodal, which is not supported", supported)
    if model_type not in FAMILIES:
        close = nearest(model_type, FAMILIES)
        hint = f"did you mean '{close}'? {supported}" if close else supported
        raise UserError(f"{file}: unknown model_type '{model_type}'", hint)
    missing = [key for key in REQUIRED if not isinstance(config.get(key), int) or config[key] < 1]
    if missing:
        raise UserError(f"{file}: '{missing[0]}' is missing or not a positive integer", EXPECTED)


def architecture(config: dict[str, Any], file: Path) -> Architecture:
    """Return the architecture of a known family's config. Raises UserError where heads cannot share the key heads."""
    family = FAMILIES[config["model_type"]]
    hidden_size, num_heads = config["hidden_size"], config["num_attention_heads"]
    num_kv_heads = config.get("num_key_value_heads") or family.num_kv_heads or num_heads
    if num_heads % num_kv_heads:
        raise UserError(f"{file}: {num_heads} heads cannot share {num_kv_heads} key heads", EXPECTED)
    if family.reads_attention_bias and "attention_bias" in config:
        family = replace(family, bias=bool(config["attention_bias"]), output_bias=bool(config["attention_bias"]))
    model = Architecture(
        model_type=config["model_type"],
        vocab_size=config["vocab_size"],
        hidden_size=hidden_size,
        intermediate_size=config["intermediate_size"],
        num_layers=config["num_hidden_layers"],
        num_heads=num_heads,
        num_kv_heads=num_kv_heads,
        head_dim=config.get("head_dim") or family.head_dim or hidden_size // num_heads,
        tied=bool(config.get("tie_word_embeddings", family.tied)),
        family=family,
        linears=(),
        dtype=str(config.get("dtype") or config.get("torch_dtype") or "float32"),
    )
    return replace(model, linears=tuple(layer_linears(model, family.reads_mlp_bias and bool(config.get("mlp_bias")))))


def layer_linears(model: Architecture, mlp_bias: bool) -> Iterator[Linear]:
    """Yield one layer's linear layers, in the order of the forward pass."""
    hidden, inner, family = model.hidden_size, model.intermediate_size, model.family
    if family.fused:
        yield Linear("qkv_proj", hidden, model.query_size + 2 * model.key_size)
    else:
        yield Linear("q_proj", hidden, model.query_size, family.bias)
        yield Linear("k_proj", hidden, model.key_size, family.bias)
        yield Linear("v_proj", hidden, model.key_size, family.bias)
    yield Linear("o_proj", model.query_size, hidden, family.output_bias)
    if family.fused:
        yield Linear("gate_up_proj", hidden, 2 * inner)
    else:
        yield Linear("gate_proj", hidden, inner, mlp_bias)
        yield Linear("up_proj", hidden, inner, mlp_bias)
    yield Linear("down_proj", inner, hidden, mlp_bias)
