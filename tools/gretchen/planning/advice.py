"""What to change where a plan does not fit: SET words whose own plan fits, the smallest change first.

    advice(plan, replan)      -> ["gradient_checkpointing=true"]

Each proposal is planned by the same formula before it is made.
"""

from collections.abc import Callable, Iterator

from gretchen.planning.plan import Plan
from gretchen.planning.settings import FP32_BYTES
from gretchen.recipes.batch import ACCUMULATION, PER_DEVICE
from gretchen.recipes.schema import MAX_LENGTH, load_schema

# Plans the recipe again with further SET words.
Replan = Callable[[list[str]], Plan]
Change = dict[str, str]
MIN_BATCH_SIZE = {"kto": 2}  # KTOTrainer pairs each prompt with another row's completion
MIN_LENGTH = 128  # tokens; a shorter limit would train something else


def advice(plan: Plan, replan: Replan) -> list[str] | None:
    """Return the SET words with which the recipe fits, None where no known change makes it fit.

    The plan's peak is known. Changes add up in an order in which each costs more than the one before: time
    (checkpointing, smaller batches), then accuracy (LoRA, 16 and 4 bits), then data (shorter rows).
    """
    known = load_schema(plan.settings.engine, plan.settings.stage)["properties"]
    tried: dict[str, Change] = {}
    for kind, change in changes(plan):
        if not known.keys() >= change.keys():
            continue  # this stage has no such key
        tried[kind] = change
        if replan(_words(tried)).fits:
            return _words(_needed(tried, replan))
    return None


def changes(plan: Plan) -> Iterator[tuple[str, Change]]:
    """Yield the changes to try, each of a kind; a later one replaces an earlier one of its kind."""
    settings, engine = plan.settings, plan.settings.engine
    if not settings.checkpointing:
        yield "checkpointing", {"gradient_checkpointing": "true"}
    yield from (("batch", change) for change in _smaller_batches(plan))
    if settings.lora is None:
        yield "adapter", _lora(engine) | (_reward_head(engine) if settings.stage == "reward" else {})
    if engine == "zephyr" and settings.weight_bytes == FP32_BYTES and settings.autocast:
        yield "weights", {"dtype": "bfloat16"}
    if not settings.quantization and not settings.cpu:
        yield "quantization", _four_bits(engine)
    length = plan.sequence_length
    while length // 2 >= MIN_LENGTH:
        length //= 2
        yield "length", {MAX_LENGTH[engine]: str(length)}


def _words(tried: dict[str, Change]) -> list[str]:
    """Return changes as SET words."""
    return [f"{key}={value}" for change in tried.values() for key, value in change.items()]


def _needed(tried: dict[str, Change], replan: Replan) -> dict[str, Change]:
    """Return the changes without those that later ones made unnecessary."""
    for kind in list(tried):
        fewer = {other: change for other, change in tried.items() if other != kind}
        if fewer and replan(_words(fewer)).fits:
            tried = fewer
    return tried


def _smaller_batches(plan: Plan) -> Iterator[Change]:
    """Yield halved batch sizes with more accumulation, so that the effective batch stays."""
    settings, effective = plan.settings, plan.resolved.effective_batch
    size = settings.batch_size
    while size // 2 >= MIN_BATCH_SIZE.get(settings.stage, 1):
        size //= 2
        accumulation = effective // (size * settings.devices)
        if size * accumulation * settings.devices == effective:
            yield {PER_DEVICE[settings.engine]: str(size), ACCUMULATION: str(accumulation)}


def _lora(engine: str) -> Change:
    """Return the values that turn a full fine-tune into LoRA."""
    if engine == "axolotl":
        return {"adapter": "lora", "lora_r": "16", "lora_alpha": "32", "lora_target_linear": "true"}
    return {"use_peft": "true", "lora_r": "16", "lora_alpha": "32", "lora_target_modules": "all-linear"}


def _reward_head(engine: str) -> Change:
    """Return what LoRA needs for a reward model: its head is trained in full."""
    return {"lora_modules_to_save": "[score]"} | ({"lora_task_type": "SEQ_CLS"} if engine == "zephyr" else {})


def _four_bits(engine: str) -> Change:
    """Return the values that load the base in four bits."""
    if engine == "axolotl":
        return {"adapter": "qlora", "load_in_4bit": "true"}
    return {"load_in_4bit": "true", "bnb_4bit_quant_type": "nf4", "use_bnb_nested_quant": "true"}
