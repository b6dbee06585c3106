"""How many parameters a model has and how many of them a recipe trains: exact, as transformers and peft create them.

    count_parameters(model, lora)      -> ParameterCount(base=…, trained=…, added=…)

LoRA adds r × (in + out) to each linear layer it targets (Hu et al. 2021), DoRA a magnitude per output (Liu et al.
2024); a module of `modules_to_save` is copied, and the copy is trained.
"""

import re
from dataclasses import dataclass

from gretchen.errors import UserError
from gretchen.names import nearest
from gretchen.planning.architecture import Architecture, Linear

EMBEDDING = "embed_tokens"
HEADS = ("lm_head", "score")
# What peft targets where a recipe names no module (peft.utils.constants), and the families for which it does.
DEFAULT_TARGETS = ("q_proj", "v_proj")
FAMILIES_WITH_DEFAULT = ("llama", "mistral", "qwen2", "qwen3", "gemma", "gemma2", "gemma3_text")


@dataclass(frozen=True)
class Lora:
    """LoRA as a recipe configures it. `targets`: "all-linear", a regular expression, or names; None: peft's default.

    `layers`: the numbers of the layers to adapt, None for all. `ranks`: peft's rank_pattern.
    """

    rank: int
    targets: str | tuple[str, ...] | None
    dropout: float = 0.0
    dora: bool = False
    modules_to_save: tuple[str, ...] = ()
    layers: tuple[int, ...] | None = None
    ranks: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class LoraModule:
    """A module with a LoRA adapter, and its rank."""

    name: str
    linear: Linear
    rank: int

    @property
    def num_parameters(self) -> int:
        """Return the size of the two LoRA matrices."""
        return self.rank * (self.linear.in_features + self.linear.out_features)


@dataclass(frozen=True)
class ParameterCount:
    """Parameters of the base model, those that are trained, and those that the adapter adds (copies included)."""

    base: int
    trained: int
    added: int

    @property
    def total(self) -> int:
        """Return the parameters of the model as it is trained."""
        return self.base + self.added


def base_parameters(model: Architecture) -> int:
    """Return the parameters of a model; a tied head is the embedding and counts once."""
    layer = sum(linear.num_parameters for linear in model.linears)
    layer += model.family.num_norms * model.hidden_size + model.num_qk_norm_weights
    head = 0 if model.tied else model.output_head.num_weights
    return model.num_embedding_weights + head + model.num_layers * layer + model.hidden_size


def count_parameters(model: Architecture, lora: Lora | None) -> ParameterCount:
    """Return how many parameters there are and are trained. Raises UserError as `lora_modules` does."""
    base = base_parameters(model)
    if lora is None:
        return ParameterCount(base, base, 0)
    modules = lora_modules(model, lora)
    added = sum(module.num_parameters + (module.linear.out_features if lora.dora else 0) for module in modules)
    added += sum(_saved_parameters(model, name) for name in lora.modules_to_save)
    return ParameterCount(base, added, added)


def lora_modules(model: Architecture, lora: Lora) -> list[LoraModule]:
    """Return the modules that get a LoRA adapter. Raises UserError where there is none."""
    targets = lora.targets
    if targets is None:
        if model.model_type not in FAMILIES_WITH_DEFAULT:
            problem = f"peft has no default LoRA targets for '{model.model_type}'"
            raise UserError(problem, "name them: all-linear")
        targets = DEFAULT_TARGETS
    embedding = Linear(EMBEDDING, model.vocab_size, model.hidden_size)
    modules = [
        LoraModule(name, linear, _rank_of(name, lora))
        for name, linear in [*model.modules(), (f"model.{EMBEDDING}", embedding)]
        if _is_target(name, linear, targets) and _is_in_layers(name, lora.layers)
    ]
    if not modules:
        names = ", ".join(linear.name for linear in model.linears)
        raise UserError(f"LoRA targets no module of this model: {targets}", f"its modules: {names}")
    return modules


def _saved_parameters(model: Architecture, name: str) -> int:
    """Return the parameters of all modules that a name of `modules_to_save` stands for. Raises UserError for none."""
    if name == EMBEDDING:
        return model.num_embedding_weights
    if name == model.output_head.name:
        return model.output_head.num_weights
    named = [linear for linear in model.linears if linear.name == name]
    if not named:
        known = [EMBEDDING, model.output_head.name, *(linear.name for linear in model.linears)]
        close = nearest(name, known)
        hint = f"did you mean '{close}'?" if close else f"known: {', '.join(known)}"
        raise UserError(f"modules to save: the plan does not know a module '{name}'", hint)
    return model.num_layers * sum(linear.num_parameters for linear in named)


def _is_target(name: str, linear: Linear, targets: str | tuple[str, ...]) -> bool:
    """Return whether peft adapts a module (peft.tuners.tuners_utils.check_target_module_exists)."""
    if targets == "all-linear":
        return linear.name not in (*HEADS, EMBEDDING)
    if isinstance(targets, str):
        return re.fullmatch(targets, name) is not None
    return any(name == target or name.endswith(f".{target}") for target in targets)


def _is_in_layers(name: str, layers: tuple[int, ...] | None) -> bool:
    """Return whether a module is in one of the layers that LoRA is limited to."""
    if layers is None:
        return True
    number = re.search(r"\.layers\.(\d+)\.", name)
    return number is not None and int(number[1]) in layers


def _rank_of(name: str, lora: Lora) -> int:
    """Return LoRA's rank at a module: that of the first pattern that matches its name's end, or the general one."""
    return next((rank for pattern, rank in lora.ranks if re.match(rf"(.*\.)?({pattern})$", name)), lora.rank)
