"""What to change where a plan does not fit: values of SET whose own plan fits, the least change first.

    advice(plan, again)      -> ["gradient_checkpointing=true"]

Each proposal is a plan of its own, made by the same formula; nothing is proposed that was not worked out.
"""

from collections.abc import Callable, Iterator

from gretchen.planning.plan import Plan
from gretchen.planning.settings import FULL
from gretchen.recipes.batch import ACCUMULATION, PER_DEVICE
from gretchen.recipes.schema import load_schema

Again = Callable[[list[str]], Plan]
LENGTH = {"zephyr": "max_length", "axolotl": "sequence_len"}
LEAST_ROWS = {"kto": 2}  # KTOTrainer pairs each prompt with another row's answer
SHORTEST = 128  # tokens; a shorter limit than this would train something else


def advice(plan: Plan, again: Again) -> list[str] | None:
    """Return SET's words with which the recipe fits, None where nothing of what is known here makes it fit.

    The plan's peak is known. `again` makes the plan anew under some words. Changes add up in an order in which each
    costs more than the one before: time (checkpointing, smaller batches), then accuracy (LoRA, 16 and 4 bits), then
    data (shorter rows).
    """
    known = load_schema(plan.settings.engine, plan.settings.stage)["properties"]
    tried: dict[str, dict[str, str]] = {}
    for kind, change in changes(plan):
        if not known.keys() >= change.keys():
            continue  # this stage has no such key
        tried[kind] = change
        if again(words(tried)).fits:
            return words(needed(tried, again))
    return None


def words(tried: dict[str, dict[str, str]]) -> list[str]:
    """Return changes as SET's words."""
    return [f"{key}={value}" for change in tried.values() for key, value in change.items()]


def needed(tried: dict[str, dict[str, str]], again: Again) -> dict[str, dict[str, str]]:
    """Return the changes without those that the later ones made needless."""
    for kind in list(tried):
        fewer = {other: change for other, change in tried.items() if other != kind}
        if fewer and again(words(fewer)).fits:
            tried = fewer
    return tried


def changes(plan: Plan) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the changes to try, each of a kind; a later one replaces an earlier one of its kind."""
    settings, engine = plan.settings, plan.settings.engine
    if not settings.checkpointing:
        yield "checkpointing", {"gradient_checkpointing": "true"}
    rows = settings.rows
    while rows // 2 >= LEAST_ROWS.get(settings.stage, 1):
        rows //= 2
        together = plan.resolved.effective_batch // (rows * settings.devices)
        if rows * together * settings.devices == plan.resolved.effective_batch:
            yield "batch", {PER_DEVICE[engine]: str(rows), ACCUMULATION: str(together)}
    if settings.adapter is None:
        yield "adapter", lora(engine) | (score(engine) if settings.stage == "reward" else {})
    if engine == "zephyr" and settings.stored == FULL and settings.autocast:
        yield "weights", {"dtype": "bfloat16"}
    if not settings.quantized and not settings.cpu:
        yield "quantized", quantized(engine)
    length = plan.length
    while length // 2 >= SHORTEST:
        length //= 2
        yield "length", {LENGTH[engine]: str(length)}


def lora(engine: str) -> dict[str, str]:
    """Return the values that make a full fine-tune LoRA."""
    if engine == "axolotl":
        return {"adapter": "lora", "lora_r": "16", "lora_alpha": "32", "lora_target_linear": "true"}
    return {"use_peft": "true", "lora_r": "16", "lora_alpha": "32", "lora_target_modules": "all-linear"}


def score(engine: str) -> dict[str, str]:
    """Return what LoRA needs beside it for a reward model: its head is trained whole."""
    return {"lora_modules_to_save": "[score]"} | ({"lora_task_type": "SEQ_CLS"} if engine == "zephyr" else {})


def quantized(engine: str) -> dict[str, str]:
    """Return the values that keep the base in four bits."""
    if engine == "axolotl":
        return {"adapter": "qlora", "load_in_4bit": "true"}
    return {"load_in_4bit": "true", "bnb_4bit_quant_type": "nf4", "use_bnb_nested_quant": "true"}
