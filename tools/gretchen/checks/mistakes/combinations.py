"""Values that an engine refuses together, minutes later: after the model is loaded, or at the first validation.

combination_mistakes(Subject.of(resolved))      -> problems, each with file and line

TRL's and transformers' own rules, read from their sources; tests/test_combinations.py compares the tables with them.
"""

import re
from collections.abc import Iterator

from gretchen.checks.mistakes.problems import Problem, error, warning
from gretchen.checks.mistakes.subject import Subject, is_number
from gretchen.hardware import CPU_PROFILES
from gretchen.names import counted, nearest
from gretchen.recipes.references import listed

# Scheduler -> the settings in `lr_scheduler_kwargs` of which it needs one.
SCHEDULER_NEEDS = {
    "cosine_with_min_lr": ("min_lr", "min_lr_rate"),
    "cosine_warmup_with_min_lr": ("min_lr", "min_lr_rate"),
    "warmup_stable_decay": ("num_decay_steps",),
}
MAX_RESTARTS = 20
DPO_LOSSES = ("sigmoid", "hinge", "ipo", "exo_pair", "nca_pair", "robust", "bco_pair", "sppo_hard", "aot",
              "aot_unpaired", "apo_zero", "apo_down", "discopop", "sft", "sigmoid_norm")  # fmt: skip
# What trainers report of a validation, without the prefix `eval_`.
REPORTED = re.compile(
    r"(eval_)?(loss|.*_loss|mean_token_accuracy|entropy|num_tokens|perplexity|ppl|accuracy|runtime|samples_per_second|"
    r"steps_per_second|epoch|reward.*|min_reward|max_reward|mean_reward|margin|kl|logps.*|logits.*|completions.*|"
    r"frac_reward.*|objective.*|sacrebleu|comet|ter|chrf|.*/.*|nll.*|log_odds.*)"
)
GROUPED = ("grpo", "rloo")


def combination_mistakes(subject: Subject) -> Iterator[Problem]:
    """Yield the values of a recipe that its engine refuses together."""
    yield from scheduler_settings(subject)
    yield from counts_of_weights(subject)
    yield from group_in_batch(subject)
    yield from dpo_settings(subject)
    yield from best_checkpoint(subject)
    yield from gpu_kernels(subject)


def scheduler_settings(subject: Subject) -> Iterator[Problem]:
    """Report a scheduler without the setting that it needs; warn of one that restarts again and again."""
    key = next((name for name in ("lr_scheduler_type", "lr_scheduler") if subject.values.get(name)), "")
    name, kwargs = str(subject.values.get(key)), subject.values.get("lr_scheduler_kwargs") or {}
    if not isinstance(kwargs, dict):
        return
    needs = SCHEDULER_NEEDS.get(name, ())
    ratio = subject.number("cosine_min_lr_ratio")
    if needs and not any(kwargs.get(need) is not None for need in needs) and not ratio:
        yield error(
            f"{subject.at(key)}: '{key}: {name}' needs {' or '.join(needs)}: lr_scheduler_kwargs: {{{needs[-1]}: …}}"
        )
    cycles = kwargs.get("num_cycles")
    if name == "cosine_with_restarts" and is_number(cycles) and cycles > MAX_RESTARTS:
        at = subject.at("lr_scheduler_kwargs", "num_cycles")
        yield warning(
            f"{at}: 'num_cycles' {cycles:g}: the rate falls and jumps back that often, and never settles: 1 to 4 is "
            "usual"
        )


def counts_of_weights(subject: Subject) -> Iterator[Problem]:
    """Report weights of losses or rewards that are not as many as these."""
    for items_key, weights_key in (
        ("loss_type", "loss_weights"),
        ("dpo_loss_type", "dpo_loss_weights"),
        ("reward_funcs", "reward_weights"),
    ):
        items = listed(subject.value(items_key)[0])
        weights, path = subject.value(weights_key)
        if isinstance(weights, list) and items != [None] and len(items) != len(weights):
            yield error(
                f"{subject.at(*path)}: '{weights_key}' has {counted(len(weights), 'weight')}, '{items_key}' "
                f"{len(items)} ({', '.join(map(str, items))}): one weight for each"
            )


def group_in_batch(subject: Subject) -> Iterator[Problem]:
    """Report groups of answers that do not fill the batch: TRL refuses them when the model is loaded."""
    found = subject.number("num_generations")
    if subject.stage not in GROUPED or not found or not isinstance(found[1], int) or found[1] < 2:
        return
    key, group = found
    batch = subject.resolved.batch
    steps = subject.number("steps_per_generation")
    size = subject.number("generation_batch_size")
    per_generation = int(steps[1]) if steps else batch.accumulation
    answers = int(size[1]) if size else batch.per_device * batch.devices * per_generation
    if answers % group:
        yield error(
            f"{subject.at(*key.split('.'))}: '{key}' is {group}, and a batch has {answers} answers: it must hold whole "
            f"groups: {nearest_divisor(answers, group)}"
        )


def nearest_divisor(number: int, near: int) -> int:
    """Return the divisor of a number, above 1, that is nearest to another one."""
    return min((d for d in range(2, number + 1) if number % d == 0), key=lambda d: abs(d - near), default=number)


def dpo_settings(subject: Subject) -> Iterator[Problem]:
    """Report a loss that DPO does not have, and a reference that would follow an adapter."""
    if subject.stage != "dpo":
        return
    key = "dpo_loss_type" if subject.engine == "axolotl" else "loss_type"
    losses = subject.values.get(key)
    for loss in listed(losses) if losses else []:
        if str(loss) not in DPO_LOSSES:
            others = {"simpo": "RECIPE=simpo", "orpo": "RECIPE=orpo", "kto": "RECIPE=kto", "kto_pair": "RECIPE=kto"}
            fix = others.get(str(loss)) or nearest(str(loss), DPO_LOSSES) or ", ".join(DPO_LOSSES)
            yield error(f"{subject.at(key)}: '{key}: {loss}' is no loss of DPO: {fix}")
    if subject.values.get("sync_ref_model") is True and subject.is_lora:
        yield error(
            f"{subject.at('sync_ref_model')}: 'sync_ref_model' with LoRA: the reference is the model without its "
            "adapter, so nothing can follow: leave it out"
        )


def best_checkpoint(subject: Subject) -> Iterator[Problem]:
    """Report a best checkpoint by a figure that no trainer reports, or at steps at which nothing is validated."""
    values = subject.values
    metric = values.get("metric_for_best_model")
    if metric and not REPORTED.fullmatch(str(metric)):
        yield error(
            f"{subject.at('metric_for_best_model')}: 'metric_for_best_model: {metric}': the trainer reports no such "
            "figure while it trains (the card's metrics are `make eval`'s): eval_loss"
        )
    if values.get("load_best_model_at_end") is not True or subject.engine != "zephyr":
        return
    evaluated, saved = subject.setting("eval_strategy"), subject.setting("save_strategy")
    at = subject.at("load_best_model_at_end")
    if evaluated not in ("no", False) and saved not in (evaluated, "best"):
        yield error(
            f"{at}: 'load_best_model_at_end' compares checkpoints, but 'save_strategy' is {saved} and 'eval_strategy' "
            f"{evaluated}: the same for both"
        )
    every, save = subject.number("eval_steps"), subject.number("save_steps")
    if evaluated == saved == "steps" and every and save and every[1] >= 1 and save[1] % every[1]:
        yield error(f"{at}: 'save_steps' {save[1]:g} is no multiple of 'eval_steps' {every[1]:g}")


def gpu_kernels(subject: Subject) -> Iterator[Problem]:
    """Report kernels that only a GPU has, on a profile without one."""
    if subject.resolved.profile not in CPU_PROFILES:
        return
    for key, value in subject.values.items():
        if (key == "use_liger_kernel" or key.startswith("liger_")) and value is True:
            yield error(
                f"{subject.at(key)}: '{key}: true': Liger's kernels need a GPU, and {subject.resolved.profile} has "
                "none: set it under `profiles:` of a GPU"
            )
