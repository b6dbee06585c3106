"""What to change where a plan does not fit: values of SET whose own plan fits, the least change first.

    advice(plan, again)      -> ["gradient_checkpointing=true"]

Each proposal is a plan of its own, made by the same formula; nothing is proposed that was not worked out.
"""

from collections.abc import Callable, Iterator

from gretchen.planning.plan import Plan
from gretchen.recipes.batch import ACCUMULATION, PER_DEVICE

Again = Callable[[list[str]], Plan]
LENGTH = {"zephyr": "max_length", "axolotl": "sequence_len"}
SHORTEST = 128  # tokens; a shorter limit than this would train something else


def advice(plan: Plan, again: Again) -> list[str] | None:
    """Return SET's words with which the recipe fits, None where nothing of what is known here makes it fit.

    `again` makes the plan anew under some words. Changes add up in an order in which each costs more than the one
    before: time (checkpointing, smaller batches), then accuracy (LoRA, 4 bits), then data (shorter rows).
    """
    words: dict[str, str] = {}
    for change in changes(plan):
        words |= change
        said = [f"{key}={value}" for key, value in words.items()]
        if again(said).fits:
            return said
    return None


def changes(plan: Plan) -> Iterator[dict[str, str]]:
    """Yield the changes to try, each on top of those before."""
    settings, engine = plan.settings, plan.settings.engine
    if not settings.checkpointing:
        yield {"gradient_checkpointing": "true"}
    rows = settings.rows
    while rows > 1:
        rows //= 2
        together = plan.resolved.effective_batch // (rows * settings.devices)
        if rows * together * settings.devices == plan.resolved.effective_batch:
            yield {PER_DEVICE[engine]: str(rows), ACCUMULATION: str(together)}
    if settings.adapter is None:
        yield lora(engine)
    if not settings.quantized and not settings.cpu:
        yield quantized(engine)
    length = plan.length
    while length // 2 >= SHORTEST:
        length //= 2
        yield {LENGTH[engine]: str(length)}


def lora(engine: str) -> dict[str, str]:
    """Return the values that make a full fine-tune LoRA."""
    if engine == "axolotl":
        return {"adapter": "lora", "lora_r": "16", "lora_alpha": "32", "lora_target_linear": "true"}
    return {"use_peft": "true", "lora_r": "16", "lora_alpha": "32", "lora_target_modules": "all-linear"}


def quantized(engine: str) -> dict[str, str]:
    """Return the values that keep the base in four bits."""
    if engine == "axolotl":
        return {"adapter": "qlora", "load_in_4bit": "true"}
    return {"load_in_4bit": "true", "bnb_4bit_quant_type": "nf4", "use_bnb_nested_quant": "true"}
