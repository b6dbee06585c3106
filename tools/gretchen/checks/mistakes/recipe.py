"""Mistakes in a recipe's values: the engine accepts them, and they spoil the training.

    find_mistakes(Subject.of(resolved))      -> problems, each with file and line

Only files on this disk are read: of a model on the hub nothing is known but its name. To add a check, write a generator
of problems and list it in CHECKS.
"""

import re
from collections.abc import Callable, Collection, Iterator

from gretchen.checks.mistakes.columns import column_mistakes
from gretchen.checks.mistakes.combinations import combination_mistakes
from gretchen.checks.mistakes.datasets import data_mistakes
from gretchen.checks.mistakes.model import template_date, template_tokens, template_turns, vocabulary
from gretchen.checks.mistakes.numbers import number_mistakes
from gretchen.checks.mistakes.problems import Problem, error, warning
from gretchen.checks.mistakes.rates import learning_rate, rate_schedule
from gretchen.checks.mistakes.schedule import schedule_mistakes
from gretchen.checks.mistakes.stages import stage_mistakes
from gretchen.checks.mistakes.starts import start_mistakes
from gretchen.checks.mistakes.subject import Subject
from gretchen.checks.mistakes.weights import folder_mistakes, module_names
from gretchen.engines.axolotl.capabilities import ADAPTER_KEY, trains_on
from gretchen.recipes.schema import MAX_LENGTH, MODEL

BASE_MODEL = re.compile(r"projects/[\w-]+/base|.*[-_.](base|pt|pretrain(ed)?)([-_.].*)?", re.IGNORECASE)
FLASH = re.compile(r"flash|flex|varlen", re.IGNORECASE)
MIN_SCALE, MAX_SCALE = 0.1, 32.0


def find_mistakes(subject: Subject) -> Iterator[Problem]:
    """Yield the mistakes in a resolved recipe."""
    for check in CHECKS:
        yield from check(subject)
    yield from vocabulary(subject.model_dir)
    yield from folder_mistakes(subject.model_dir)
    if subject.stage != "pretrain":
        yield from template_tokens(subject.model_dir, subject.values)
        yield from template_date(subject.model_dir, subject.values)
        yield from template_turns(subject.model_dir, subject.values)


def dpo_start(subject: Subject) -> Iterator[Problem]:
    """Warn of DPO that starts from a base model without SFT; KTO and ORPO may."""
    key = MODEL[subject.engine]
    if subject.stage == "dpo" and BASE_MODEL.fullmatch(str(subject.values.get(key))):
        yield warning(
            f"{subject.at(key)}: DPO starts from {subject.values[key]}, a base model without SFT: `${{base.sft}}` "
            "starts from the newest SFT run (ORPO and KTO may start from a base model)"
        )


def ignored_adapter(subject: Subject) -> Iterator[Problem]:
    """Report an adapter to start from that axolotl ignores: the training would start from the plain base."""
    values, stage = subject.values, subject.stage
    if subject.engine == "axolotl" and values.get(ADAPTER_KEY) and not trains_on(values, stage):
        method = stage if values.get("adapter") else f"{stage} without adapter: lora"
        yield error(
            f"{subject.at(ADAPTER_KEY)}: axolotl ignores '{ADAPTER_KEY}' in {method}, and would start from the plain "
            f"base: name a merged model in '{MODEL['axolotl']}', as `${{base.sft}}` does"
        )


def lora_scale(subject: Subject) -> Iterator[Problem]:
    """Warn of a LoRA update that is scaled to almost nothing, or to very much: alpha / r, or alpha / √r for rsLoRA."""
    values = subject.values
    rank, alpha = values.get("lora_r"), values.get("lora_alpha")
    if not subject.is_lora or not isinstance(rank, int) or not isinstance(alpha, int | float) or rank < 1:
        return
    rank_stabilized = values.get("use_rslora") or values.get("peft_use_rslora")
    scale = alpha / (rank**0.5 if rank_stabilized else rank)
    if not MIN_SCALE <= scale <= MAX_SCALE:
        yield warning(
            f"{subject.at('lora_alpha')}: 'lora_alpha' {alpha} with 'lora_r' {rank} scales the adapter by {scale:g}: "
            "1 or 2 times lora_r is usual"
        )
    width = subject.model_config().get("hidden_size")
    if isinstance(width, int) and rank >= width:
        yield warning(
            f"{subject.at('lora_r')}: 'lora_r' {rank} is no less than the model's width, {width}: the adapter has more "
            "weights than the model: 8 to 64 is usual, or a full fine-tune"
        )


def lora_targets(subject: Subject) -> Iterator[Problem]:
    """Report LoRA targets that are no modules of the model, where its weights are on this disk."""
    targets = subject.values.get("lora_target_modules")
    modules = module_names(subject.model_dir)
    if isinstance(targets, str) and targets not in ("all-linear", "none"):
        yield from target_expression(subject, targets, modules)
    if not modules or not isinstance(targets, list):
        return
    if not targets:
        yield error(f"{subject.at('lora_target_modules')}: 'lora_target_modules' is empty: all-linear fits every model")
    for number, name in enumerate(targets):
        if not any(module == name or module.endswith(f".{name}") for module in modules):
            projections = sorted({module.rpartition(".")[2] for module in modules if module.endswith("_proj")})
            yield error(
                f"{subject.at('lora_target_modules', number)}: 'lora_target_modules': the model has no module "
                f"'{name}' (it has {', '.join(projections) or 'others'})"
            )


def target_expression(subject: Subject, targets: str, modules: Collection[str]) -> Iterator[Problem]:
    """Report an expression for LoRA's targets that matches no module of the model; a name is one of TRL's own."""
    try:
        hits = [name for name in modules if re.fullmatch(targets, name) or name.endswith(f".{targets}")]
    except re.error as failure:
        yield error(f"{subject.at('lora_target_modules')}: 'lora_target_modules' is no expression: {failure}")
        return
    if modules and not hits:
        at = subject.at("lora_target_modules")
        yield error(f"{at}: 'lora_target_modules': the model has no module '{targets}': all-linear fits every model")


def quantized_full(subject: Subject) -> Iterator[Problem]:
    """Report a base in 4 or 8 bits that is trained without an adapter: quantized weights have no gradients."""
    for key in ("load_in_4bit", "load_in_8bit"):
        if subject.values.get(key) is True and not subject.is_lora:
            fix = "adapter: qlora" if subject.engine == "axolotl" else "use_peft: true"
            yield error(f"{subject.at(key)}: '{key}' without LoRA: quantized weights cannot be trained: {fix}")


def fp16(subject: Subject) -> Iterator[Problem]:
    """Report fp16 on fp16 weights, whose gradients cannot be unscaled; warn of fp16 for a model trained in bf16."""
    if subject.values.get("fp16") is not True:
        return
    if subject.values.get("dtype") == "float16" and not subject.is_lora:
        yield error(
            f"{subject.at('dtype')}: 'dtype: float16' with 'fp16: true': gradients of half-precision weights cannot be "
            "unscaled: dtype: float32"
        )
    config = subject.model_config()
    if (config.get("dtype") or config.get("torch_dtype")) == "bfloat16":
        yield warning(
            f"{subject.at('fp16')}: 'fp16: true', but the model was trained in bf16, whose values overflow in fp16: "
            "bf16: true, or neither"
        )


def max_positions(subject: Subject) -> Iterator[Problem]:
    """Warn of a length limit beyond the model's position embeddings."""
    key = MAX_LENGTH[subject.engine]
    positions = subject.model_config().get("max_position_embeddings")
    limit = subject.values.get(key)
    if isinstance(limit, int) and isinstance(positions, int) and limit > positions:
        yield warning(
            f"{subject.at(key)}: '{key}' {limit} is beyond the model's {positions} positions: it has never seen such "
            "long rows"
        )


def packing(subject: Subject) -> Iterator[Problem]:
    """Warn of packed rows that attend to each other, because attention is not a flash kernel."""
    key = "sample_packing" if subject.engine == "axolotl" else "packing"
    attention = str(subject.values.get("attn_implementation") or "")
    if subject.values.get(key) is True and subject.stage != "pretrain" and not FLASH.search(attention):
        yield warning(
            f"{subject.at(key)}: '{key}: true' with {attention or 'the default'} attention: packed rows attend to each "
            f"other: attn_implementation: flash_attention_2, or {key}: false"
        )


def beta(subject: Subject) -> Iterator[Problem]:
    """Warn of a DPO or KTO beta that ignores the reference model, or ties the policy to it."""
    key = "rl_beta" if subject.engine == "axolotl" else "beta"
    value = subject.values.get(key)
    if subject.stage in ("dpo", "kto") and isinstance(value, int | float) and not 0 < value <= 1:
        consequence = "at 0 nothing is learned" if value <= 0 else "this value hardly lets the policy move"
        problem = error if value <= 0 else warning
        yield problem(f"{subject.at(key)}: '{key}' is {value:g}: 0.01 to 0.5 is usual, {consequence}")


CHECKS: tuple[Callable[[Subject], Iterator[Problem]], ...] = (
    number_mistakes,
    learning_rate,
    rate_schedule,
    schedule_mistakes,
    dpo_start,
    ignored_adapter,
    lora_scale,
    lora_targets,
    quantized_full,
    fp16,
    max_positions,
    packing,
    beta,
    data_mistakes,
    column_mistakes,
    stage_mistakes,
    start_mistakes,
    combination_mistakes,
)
