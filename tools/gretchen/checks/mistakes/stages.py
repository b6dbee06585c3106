"""Stages that cannot learn: a head that is not saved, a teacher that is the student, weights of zero, a second SFT.

stage_mistakes(Subject.of(resolved))      -> problems, each with file and line
"""

import importlib.util
import re
from collections.abc import Iterator

from gretchen.checks.mistakes.problems import Problem, error, warning
from gretchen.checks.mistakes.starts import start_stage
from gretchen.checks.mistakes.subject import GRPO_SECTION, Subject, is_number
from gretchen.checks.mistakes.weights import module_names
from gretchen.hardware import CPU_PROFILES
from gretchen.recipes.batch import PER_DEVICE
from gretchen.recipes.references import listed
from gretchen.recipes.schema import MODEL

HEAD = "score"
SAVED = "lora_modules_to_save"
# Losses that read the chosen answer alone.
WITHOUT_PREFERENCE = ("sft",)


def stage_mistakes(subject: Subject) -> Iterator[Problem]:
    """Yield what keeps a stage from learning."""
    yield from reward_head(subject)
    yield from saved_modules(subject)
    yield from other_models(subject)
    yield from second_time(subject)
    yield from weights_of_losses(subject)
    yield from generation(subject)
    yield from kto_batch(subject)
    yield from best_model(subject)
    yield from trained_parameters(subject)


def reward_head(subject: Subject) -> Iterator[Problem]:
    """Warn of a reward model whose head is not named to be saved; report a task without a next token elsewhere."""
    values = subject.values
    task = values.get("lora_task_type")
    if subject.stage == "reward" and subject.is_lora:
        saved = values.get(SAVED)
        names = [saved] if isinstance(saved, str) else saved or []
        if HEAD not in names:
            key = SAVED if SAVED in values else MODEL[subject.engine]
            listed = f" (it lists {', '.join(map(str, names))})" if names else ""
            yield warning(
                f"{subject.at(key)}: '{SAVED}' lacks the head that gives rewards, which starts at random: "
                f"{SAVED}: [{HEAD}]{listed}"
            )
        if subject.engine == "zephyr" and task != "SEQ_CLS":
            yield error(f"{subject.at('lora_task_type')}: a reward model gives one score: lora_task_type: SEQ_CLS")
    elif task not in (None, "CAUSAL_LM", "none"):
        yield error(f"{subject.at('lora_task_type')}: 'lora_task_type: {task}' has no next token: CAUSAL_LM")


def saved_modules(subject: Subject) -> Iterator[Problem]:
    """Report modules to be trained whole that the model does not have, where its weights are on this disk."""
    modules, saved = module_names(subject.model_dir), subject.values.get(SAVED)
    for number, name in enumerate(saved if isinstance(saved, list) else []):
        known = {module.rpartition(".")[2] for module in modules} | {HEAD, "lm_head"}
        if modules and str(name).rpartition(".")[2] not in known:
            yield error(f"{subject.at(SAVED, number)}: '{SAVED}': the model has no module '{name}'")


def other_models(subject: Subject) -> Iterator[Problem]:
    """Report a teacher or a reward model that is the trained model itself."""
    model = subject.values.get(MODEL[subject.engine])
    for key, problem in (
        ("teacher_model_name_or_path", "the teacher is the student: it has nothing to teach"),
        ("reward_model_path", "the reward model is the trained model itself, which has no head for rewards"),
    ):
        if model and subject.values.get(key) == model:
            yield error(f"{subject.at(key)}: {problem}")


def second_time(subject: Subject) -> Iterator[Problem]:
    """Warn of a stage that starts from a model of the same stage: it is trained on the same rows again."""
    key = MODEL[subject.engine]
    if subject.stage == start_stage(subject):
        yield warning(
            f"{subject.at(key)}: {subject.stage} starts from a model that {subject.stage} has trained already, on the "
            f"same rows: ${{model}} is the base"
        )


def weights_of_losses(subject: Subject) -> Iterator[Problem]:
    """Report losses and rewards that are all weighted by zero, or by less."""
    for key in ("loss_weights", "dpo_loss_weights", "reward_weights"):
        weights, path = subject.value(key)
        if not isinstance(weights, list) or not weights or not all(map(is_number, weights)):
            continue
        if not any(weights):
            yield error(f"{subject.at(*path)}: all of '{key}' are 0: nothing is learned")
        elif min(weights) < 0:
            yield error(f"{subject.at(*path)}: '{key}' has {min(weights):g}: what it weights is learned backwards")
    yield from preference_weight(subject)


def preference_weight(subject: Subject) -> Iterator[Problem]:
    """Report a preference loss in which the rejected answer does not count."""
    key, weights_key = (
        ("dpo_loss_type", "dpo_loss_weights") if subject.engine == "axolotl" else ("loss_type", "loss_weights")
    )
    losses, weights = subject.values.get(key), subject.values.get(weights_key)
    if subject.stage != "dpo" or losses is None:
        return
    losses = listed(losses)
    weights = weights if isinstance(weights, list) else [1] * len(losses)
    counted = [loss for loss, weight in zip(losses, weights, strict=False) if weight and loss not in WITHOUT_PREFERENCE]
    if not counted:
        at = subject.at(weights_key if weights_key in subject.values else key)
        yield error(f"{at}: '{key}' {losses} with weights {weights}: the rejected answers do not count")


def generation(subject: Subject) -> Iterator[Problem]:
    """Report stages whose model generates, where it cannot."""
    values = subject.values
    section = values.get(GRPO_SECTION) if isinstance(values.get(GRPO_SECTION), dict) else {}
    if subject.stage in ("grpo", "rloo"):
        rewards = values.get("reward_funcs") or section.get("reward_funcs")
        at = subject.at("reward_funcs" if "reward_funcs" in values else GRPO_SECTION)
        if not rewards and not values.get("reward_model_name_or_path"):
            yield error(f'{at}: no reward: reward_funcs: ["${{reward}}"] is the project\'s own')
        on_cpu = subject.resolved.profile in CPU_PROFILES
        if (values.get("use_vllm") or section.get("use_vllm")) and on_cpu and not importlib.util.find_spec("vllm"):
            yield error(f"{at}: 'use_vllm: true', but vLLM needs a GPU, and is not installed: use_vllm: false")


def kto_batch(subject: Subject) -> Iterator[Problem]:
    """Report KTO with one row a batch: its reference point is the mean over the other rows."""
    key = PER_DEVICE[subject.engine]
    if subject.stage == "kto" and subject.resolved.batch.per_device < 2:
        yield error(f"{subject.at(key)}: KTO compares a row with the others of its batch: '{key}' of at least 2")


def best_model(subject: Subject) -> Iterator[Problem]:
    """Report the worst checkpoint taken for the best, and checkpoints that nothing compares."""
    values = subject.values
    metric, greater = str(values.get("metric_for_best_model") or ""), values.get("greater_is_better")
    if metric.endswith("loss") and greater is True:
        yield error(
            f"{subject.at('greater_is_better')}: the checkpoint with the highest loss would be kept as the best one"
        )
    if values.get("load_best_model_at_end") is True and subject.setting("eval_strategy") in ("no", False):
        has_evaluations = any(values.get(key) for key in ("eval_steps", "evals_per_epoch", "val_set_size"))
        if subject.engine == "zephyr" or not has_evaluations:
            yield error(f"{subject.at('load_best_model_at_end')}: no checkpoint is validated: eval_strategy: epoch")


def trained_parameters(subject: Subject) -> Iterator[Problem]:
    """Report expressions and layers that name no weight of the model, so that nothing would be trained."""
    names, values = module_names(subject.model_dir), subject.values
    expressions = values.get("unfrozen_parameters")
    if names and isinstance(expressions, list) and expressions:
        parameters = [f"{name}.weight" for name in names]
        if not any(matches(str(e).partition("[")[0], name) for e in expressions for name in parameters):
            yield error(
                f"{subject.at('unfrozen_parameters')}: 'unfrozen_parameters' match no weight: nothing is trained"
            )
    layers, count = values.get("peft_layers_to_transform"), subject.model_config().get("num_hidden_layers")
    outside = [n for n in listed(layers) if isinstance(n, int) and isinstance(count, int) and not 0 <= n < count]
    if outside:
        at = subject.at("peft_layers_to_transform")
        yield error(f"{at}: 'peft_layers_to_transform': the model has layers 0 to {count - 1}, and none {outside[0]}")


def matches(expression: str, name: str) -> bool:
    """Return whether an expression matches a parameter's name; a broken one matches nothing."""
    try:
        return re.match(expression, name) is not None
    except re.error:
        return False
