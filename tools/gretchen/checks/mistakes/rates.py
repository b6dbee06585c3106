"""Learning rates: too high or too low for stage, method, optimizer and model, and schedules that do not fall.

Large models are judged by the rates that papers and public recipes use; a small one, such as an embedded base, by the
rate that the shared method states for its profile.
"""

from collections.abc import Iterator

from gretchen import paths
from gretchen.checks.mistakes.by_profile import effective_overrides
from gretchen.checks.mistakes.problems import Problem, error, warning
from gretchen.checks.mistakes.subject import Subject, is_number
from gretchen.marked_yaml import load_marked
from gretchen.recipes.layers import value_at

# Stage -> the usual learning rate for a full fine-tune, and for LoRA. LoRA takes ten times a full fine-tune's (Thinking
# Machines, LoRA Without Regret, 2025); SFT and DPO as in alignment-handbook's recipes and TRL's examples, KTO as in
# TRL's documentation, ORPO near its paper's 8e-6 (Hong et al. 2024), GRPO as TRL's default.
USUAL_RATES = {
    "sft": (2e-5, 2e-4), "dpo": (5e-7, 5e-6), "kto": (5e-7, 5e-6), "simpo": (5e-7, 5e-6), "orpo": (5e-6, 5e-5),
    "reward": (1e-5, 1e-4), "distill": (2e-5, 2e-4), "grpo": (1e-6, 1e-5), "rloo": (1e-6, 1e-5), "ppo": (1e-6, 1e-5),
}  # fmt: skip
# A rate is too high from this multiple of the usual one on; preference training spreads wider, up to SFT's rates.
TOO_HIGH = {"sft": 10, "orpo": 10, "reward": 10, "distill": 10, "dpo": 40, "kto": 40, "simpo": 40, "grpo": 40,
            "rloo": 40, "ppo": 40}  # fmt: skip
# ... and too low below this fraction: LoRA at a full fine-tune's rate learns next to nothing; large models take small
# rates.
TOO_LOW = {"LoRA": 10, "full": 100}
SMALL_MODEL_FACTOR = 10
# Adam and its kin move each weight by about the rate itself in each step, whatever the gradient.
MAX_RATE = 0.1
SGD_RATE = 1e-2
OPTIMIZER = ("optim", "optimizer")
LION_SHARE = 0.5  # of Adam's usual rate, that Lion takes at most (Chen et al. 2023: 3 to 10 times smaller)
RATE_IS_FACTOR = ("prodigy", "dadapt")  # these find the rate themselves, and multiply it by the recipe's
OTHER_SCALES = ("sgd", "lion", "muon", "adafactor", "adagrad", "schedule_free", "lomo", "dion", *RATE_IS_FACTOR)


def learning_rate(subject: Subject) -> Iterator[Problem]:
    """Report a learning rate at which nothing is learned, warn of one that is off by a factor of ten."""
    rate, optimizer = subject.values.get("learning_rate"), str(subject.setting(*OPTIMIZER) or "").lower()
    if not is_number(rate):
        return
    at = subject.at("learning_rate")
    if not rate > 0:
        yield error(f"{at}: 'learning_rate' is {rate:g}: nothing is learned")
    elif optimizer.startswith(RATE_IS_FACTOR):
        if rate < SGD_RATE:
            yield warning(f"{at}: 'learning_rate' {rate:g} with {optimizer}, which finds the rate itself: 1 is usual")
    elif optimizer.startswith("sgd"):
        if rate < SGD_RATE:
            problem = f"'learning_rate' {rate:g} is one for Adam: SGD takes a hundred to a thousand times as much"
            yield warning(f"{at}: {problem}, or optimizer adamw_torch")
    elif rate > MAX_RATE:
        yield error(f"{at}: 'learning_rate' is {rate:g}: each step moves the weights by more than they are large")
    elif not optimizer.startswith(OTHER_SCALES):
        yield from off_by_ten(subject, rate)
    elif "lion" in optimizer and (usual := usual_rate(subject)) and rate > LION_SHARE * usual:
        yield warning(
            f"{at}: 'learning_rate' {rate:g} is one for Adam: {optimizer} steps by the sign alone, and takes a "
            f"third to a tenth of Adam's {short(usual)}"
        )


def off_by_ten(subject: Subject, rate: float) -> Iterator[Problem]:
    """Warn of a rate for Adam that is off by a factor of ten for the stage, the method and the model."""
    stage, at = subject.stage, subject.at("learning_rate")
    if subject.has_small_model:
        # A recipe's own rate is compared with its method's by by_profile.py.
        stated = any(override.key == "learning_rate" for override in effective_overrides(subject.resolved))
        usual = None if stated else rate_of_method(subject)
        if usual and not usual / SMALL_MODEL_FACTOR < rate < usual * SMALL_MODEL_FACTOR:
            direction = "high" if rate > usual else "low"
            profile = subject.resolved.profile or "small"
            yield warning(
                f"{at}: 'learning_rate' {rate:g} is very {direction} for {profile}'s small model: the shared method "
                f"takes {short(usual)} (under `profiles: {profile}:` a rate counts for that profile alone)"
            )
        return
    if stage not in USUAL_RATES:
        return
    full, lora = USUAL_RATES[stage]
    method, usual = ("LoRA", lora) if subject.is_lora else ("full", full)
    rounding = 1 + 1e-9
    if rate * rounding >= usual * TOO_HIGH[stage] or rate <= usual / TOO_LOW[method] * rounding:
        direction = "high" if rate > usual else "low"
        trained = "a LoRA adapter" if subject.is_lora else "all weights"
        yield warning(
            f"{at}: 'learning_rate' {rate:g} is very {direction} for {stage} of {trained}: "
            f"{short(usual)} is usual (full fine-tune {short(full)}, LoRA {short(lora)})"
        )


def usual_rate(subject: Subject) -> float | None:
    """Return Adam's usual rate for the model, the stage and the method; None where none is known."""
    if subject.has_small_model:
        return rate_of_method(subject)
    full, lora = USUAL_RATES.get(subject.stage, (None, None))
    return lora if subject.is_lora else full


def rate_of_method(subject: Subject) -> float | None:
    """Return the rate that the shared method of a stage states for the recipe's profile; None where it states none."""
    names = [subject.resolved.name.partition(".")[0], subject.stage if subject.is_lora else f"{subject.stage}-full"]
    for name in [*names, subject.stage]:
        file = paths.shared_recipes() / subject.engine / f"{name}.yaml"
        if file.is_file():
            rate = value_at(load_marked(file).values, ("profiles", subject.resolved.profile, "learning_rate"))
            if is_number(rate):
                return rate
    return None


def short(value: float) -> str:
    """Return a number as recipes write it: 2e-5."""
    text = f"{value:.0e}" if float(f"{value:.0e}") == value else f"{value:.1e}"
    return text.replace("e-0", "e-")


def rate_schedule(subject: Subject) -> Iterator[Problem]:
    """Report a schedule that ends above its start; warn of one that falls and rises again and again."""
    rate = subject.values.get("learning_rate")
    kwargs = subject.values.get("lr_scheduler_kwargs")
    if not is_number(rate) or not isinstance(kwargs, dict):
        return
    for key, limit in (("min_lr", rate), ("lr_end", rate), ("min_lr_rate", 1)):
        if is_number(kwargs.get(key)) and kwargs[key] >= limit:
            at = subject.at("lr_scheduler_kwargs", key)
            yield error(
                f"{at}: '{key}' {kwargs[key]:g} is not below 'learning_rate' {rate:g}: the rate would never fall"
            )
