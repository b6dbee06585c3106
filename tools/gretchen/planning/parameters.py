"""How many parameters a model has and how many of them a recipe trains: exact, as transformers and peft make them.

    count(shape, adapter)      -> Count(base=…, trained=…, adapter=…)

LoRA adds r × (in + out) for each matrix it stands beside (Hu et al. 2021), DoRA the length of the outputs besides (Liu
et al. 2024); a module of `modules_to_save` is copied whole, and the copy is trained.
"""

import re
from dataclasses import dataclass

from gretchen.errors import UserError
from gretchen.names import nearest
from gretchen.planning.architecture import Architecture, Linear

EMBEDDING = "embed_tokens"
HEADS = ("lm_head", "score")
# What peft stands LoRA beside where a recipe names no module (peft.utils.constants); it knows no other family.
DEFAULT_TARGETS = ("q_proj", "v_proj")
WITH_DEFAULT = ("llama", "mistral", "qwen2", "qwen3", "gemma", "gemma2", "gemma3_text")


@dataclass(frozen=True)
class Adapter:
    """LoRA as a recipe asks for it. `targets`: "all-linear", a regular expression, or names; None is peft's default.

    `layers`: the numbers of the layers it stands in, None for all. `ranks`: peft's rank_pattern.
    """

    rank: int
    targets: str | tuple[str, ...] | None
    dropout: float = 0.0
    dora: bool = False
    saved: tuple[str, ...] = ()
    layers: tuple[int, ...] | None = None
    ranks: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Beside:
    """A module that LoRA stands beside, and its rank there."""

    name: str
    linear: Linear
    rank: int

    @property
    def parameters(self) -> int:
        """Return the numbers of its two matrices."""
        return self.rank * (self.linear.inputs + self.linear.outputs)


@dataclass(frozen=True)
class Count:
    """Parameters: of the base alone, of what is trained, and of what the adapter adds (its copies included)."""

    base: int
    trained: int
    added: int

    @property
    def all(self) -> int:
        """Return the parameters of the model as it is trained."""
        return self.base + self.added


def base_parameters(shape: Architecture) -> int:
    """Return the parameters of a model; a tied head is the embedding and counts once."""
    layer = sum(one.weights + (one.outputs if one.bias else 0) for one in shape.linears)
    layer += shape.family.norms * shape.hidden + shape.qk_norms
    head = 0 if shape.tied else shape.top.weights
    return shape.embedding + head + shape.layers * layer + shape.hidden


def count(shape: Architecture, adapter: Adapter | None) -> Count:
    """Return how many parameters there are and are trained. Raises UserError as `stands_beside` does."""
    base = base_parameters(shape)
    if adapter is None:
        return Count(base, base, 0)
    beside = stands_beside(shape, adapter)
    added = sum(one.parameters + (one.linear.outputs if adapter.dora else 0) for one in beside)
    added += sum(saved_parameters(shape, name) for name in adapter.saved)
    return Count(base, added, added)


def saved_parameters(shape: Architecture, name: str) -> int:
    """Return the parameters of all modules that a name of `modules_to_save` means. Raises UserError for none."""
    if name == EMBEDDING:
        return shape.embedding
    if name == shape.top.name:
        return shape.top.weights
    named = [one for one in shape.linears if one.name == name]
    if not named:
        close = nearest(name, [EMBEDDING, shape.top.name, *(one.name for one in shape.linears)])
        problem = f"modules to save: '{name}' is none that is counted here"
        raise UserError(
            problem, f"did you mean '{close}'?" if close else f"{EMBEDDING}, {shape.top.name} or a matrix's name"
        )
    return shape.layers * sum(one.weights + (one.outputs if one.bias else 0) for one in named)


def stands_beside(shape: Architecture, adapter: Adapter) -> list[Beside]:
    """Return the modules that LoRA stands beside. Raises UserError where that is none."""
    targets = adapter.targets
    if targets is None:
        if shape.kind not in WITH_DEFAULT:
            raise UserError(f"peft knows no default modules of LoRA for '{shape.kind}'", "name them: all-linear")
        targets = DEFAULT_TARGETS
    modules = [*shape.modules(), (f"model.{EMBEDDING}", Linear(EMBEDDING, shape.vocabulary, shape.hidden))]
    found = [
        Beside(name, one, rank_of(name, adapter))
        for name, one in modules
        if matches(name, one, targets) and in_layers(name, adapter.layers)
    ]
    if not found:
        names = ", ".join(one.name for one in shape.linears)
        raise UserError(f"LoRA stands beside no module: {targets} is none of this model's", f"its modules: {names}")
    return found


def matches(name: str, linear: Linear, targets: str | tuple[str, ...]) -> bool:
    """Return whether peft takes a module for a target (peft.tuners.tuners_utils.check_target_module_exists)."""
    if targets == "all-linear":
        return linear.name not in (*HEADS, EMBEDDING)
    if isinstance(targets, str):
        return re.fullmatch(targets, name) is not None
    return any(name == target or name.endswith(f".{target}") for target in targets)


def in_layers(name: str, layers: tuple[int, ...] | None) -> bool:
    """Return whether a module stands in one of the layers that LoRA is limited to."""
    if layers is None:
        return True
    number = re.search(r"\.layers\.(\d+)\.", name)
    return number is not None and int(number[1]) in layers


def rank_of(name: str, adapter: Adapter) -> int:
    """Return LoRA's rank at a module: that of the first pattern that fits its name's end, or the general one."""
    return next((r for pattern, r in adapter.ranks if re.match(rf"(.*\.)?({pattern})$", name)), adapter.rank)
