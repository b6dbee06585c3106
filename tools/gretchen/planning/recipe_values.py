"""Values of a resolved recipe with the engine's own defaults, and how both engines read LoRA's module names."""

from collections.abc import Callable
from typing import Any

from gretchen.recipes.batch import Batch
from gretchen.recipes.resolve import Resolved
from gretchen.recipes.schema import load_schema

# Returns the value of a key, or the engine's default; None for "none".
ValueOf = Callable[[str], Any]


def values_of(resolved: Resolved) -> ValueOf:
    """Return the function that looks up a recipe's values."""
    schema = load_schema(resolved.engine, resolved.stage)["properties"]

    def value_of(key: str) -> Any:
        value = resolved.values.get(key, schema.get(key, {}).get("default"))
        return None if value == "none" else value

    return value_of


def generation_batch_size(value_of: ValueOf, batch: Batch) -> int:
    """Return the completions that GRPO or RLOO generates at once (GRPOConfig.__post_init__)."""
    steps = int(value_of("steps_per_generation") or batch.accumulation)
    return int(value_of("generation_batch_size") or batch.per_device * batch.devices * steps)


def quantization(value_of: ValueOf) -> str:
    """Return the type of a quantized base: "", "nf4" or "int8"."""
    return "nf4" if value_of("load_in_4bit") else "int8" if value_of("load_in_8bit") else ""


def lora_targets(value: Any) -> str | tuple[str, ...] | None:
    """Return LoRA's target modules as peft takes them: a single string is "all-linear" or a regular expression."""
    if isinstance(value, str):
        # TRL's get_peft_config makes a list of a string that is not all-linear, unless it is an expression.
        return value if value == "all-linear" or not value.isidentifier() else (value,)
    if isinstance(value, list) and len(value) == 1:
        return lora_targets(value[0])
    return tuple(value) if value else None


def modules_to_save(value: Any, stage: str) -> tuple[str, ...]:
    """Return the modules that are trained in full beside LoRA; peft adds a reward model's head (TaskType.SEQ_CLS)."""
    names = (value,) if isinstance(value, str) else tuple(value or ())
    return (*names, "score") if stage == "reward" and "score" not in names else names
