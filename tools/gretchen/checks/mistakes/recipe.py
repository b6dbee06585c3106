"""Mistakes in a recipe's values: the engine accepts them, and they spoil the training.

    find_mistakes(Subject.of(resolved))      -> problems, each with file and line

Only files on this disk are read: of a model on the hub nothing is known but its name. To add a check, write a generator
of problems and list it in CHECKS.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gretchen import paths
from gretchen.checks.mistakes.model import template_tokens, vocabulary
from gretchen.checks.mistakes.problems import Problem, error, warning
from gretchen.models.files import read_json
from gretchen.models.locate import model_folder
from gretchen.recipes.references import files_of
from gretchen.recipes.resolve import Resolved
from gretchen.recipes.schema import MAX_LENGTH, MODEL

# Stage -> the usual learning rate for a full fine-tune, and for LoRA. LoRA takes ten times a full fine-tune's (Thinking
# Machines, LoRA Without Regret, 2025); SFT and DPO as in alignment-handbook's recipes and TRL's examples, KTO as in
# TRL's documentation, ORPO near its paper's 8e-6 (Hong et al. 2024).
USUAL_RATES = {
    "sft": (2e-5, 2e-4), "dpo": (5e-7, 5e-6), "kto": (5e-7, 5e-6), "simpo": (5e-7, 5e-6), "orpo": (5e-6, 5e-5),
    "reward": (1e-5, 1e-4),
}  # fmt: skip
# A rate is too high from this multiple of the usual one on; preference training spreads wider, up to SFT's rates.
TOO_HIGH = {"sft": 10, "orpo": 10, "reward": 10, "dpo": 40, "kto": 40, "simpo": 40}
# ... and too low below this fraction: LoRA at a full fine-tune's rate learns next to nothing; large models take small
# rates.
TOO_LOW = {"LoRA": 10, "full": 100}
# The right rate falls with a model's width: below this size (bytes of weights, 50M parameters in bf16) none is judged.
SMALL_MODEL_BYTES = 100_000_000
BASE_MODEL = re.compile(r"projects/[\w-]+/base|.*[-_.](base|pt|pretrain(ed)?)([-_.].*)?", re.IGNORECASE)
FLASH = re.compile(r"flash|flex|varlen", re.IGNORECASE)
MIN_SCALE, MAX_SCALE = 0.1, 32.0
HELD_OUT_SPLIT = re.compile(r"(test|hard)(\[|$)")


@dataclass(frozen=True)
class Subject:
    """A resolved recipe under inspection.

    `model_dir` is where its model would be on this disk; `location` returns "file:line" of a key; `embedded_base` says
    that the model is an embedded base, which may not be built yet.
    """

    engine: str
    stage: str
    values: dict[str, Any]
    model_dir: Path
    location: Callable[[tuple[Any, ...]], str]
    embedded_base: bool

    @classmethod
    def of(cls, resolved: Resolved) -> "Subject":
        """Return the subject for a resolved recipe. Under `tiny`, models are the embedded bases."""
        model = str(resolved.values.get(MODEL[resolved.engine]))
        model_dir = model_folder(model) or paths.root() / model
        embedded = resolved.profile == "tiny"
        return cls(resolved.engine, resolved.stage, resolved.values, model_dir, resolved.location, embedded)

    @property
    def is_lora(self) -> bool:
        """Return whether an adapter is trained, and not all weights."""
        return bool(self.values.get("use_peft") or self.values.get("adapter"))

    @property
    def has_small_model(self) -> bool:
        """Return whether the model is an embedded base, or a small one on this disk."""
        size = 0 if self.embedded_base else sum(f.stat().st_size for f in self.model_dir.glob("*.safetensors"))
        return self.embedded_base or 0 < size < SMALL_MODEL_BYTES

    def at(self, *key: Any) -> str:
        """Return "file:line" of a key."""
        return self.location(key)

    def model_config(self) -> dict[str, Any]:  # the model's own keys
        """Return the model's config.json; {} where it is not on this disk."""
        return read_json(self.model_dir / "config.json")


def find_mistakes(subject: Subject) -> Iterator[Problem]:
    """Yield the mistakes in a resolved recipe."""
    for check in CHECKS:
        yield from check(subject)
    yield from vocabulary(subject.model_dir)
    if subject.stage != "pretrain":
        yield from template_tokens(subject.model_dir, subject.values)


def learning_rate(subject: Subject) -> Iterator[Problem]:
    """Warn of a learning rate that is off by a factor of ten for the stage and the method."""
    rate, stage = subject.values.get("learning_rate"), subject.stage
    if not isinstance(rate, int | float) or stage not in USUAL_RATES or subject.has_small_model:
        return
    full, lora = USUAL_RATES[stage]
    method, usual = ("LoRA", lora) if subject.is_lora else ("full", full)
    rounding = 1 + 1e-9
    if rate * rounding >= usual * TOO_HIGH[stage] or rate <= usual / TOO_LOW[method] * rounding:
        direction = "high" if rate > usual else "low"
        trained = "a LoRA adapter" if subject.is_lora else "all weights"
        yield warning(
            f"{subject.at('learning_rate')}: 'learning_rate' {rate:g} is very {direction} for {stage} of {trained}: "
            f"{short(usual)} is usual (full fine-tune {short(full)}, LoRA {short(lora)})"
        )


def short(value: float) -> str:
    """Return a number as recipes write it: 2e-5."""
    return f"{value:.0e}".replace("e-0", "e-")


def dpo_start(subject: Subject) -> Iterator[Problem]:
    """Warn of DPO that starts from a base model without SFT; KTO and ORPO may."""
    key = MODEL[subject.engine]
    if subject.stage == "dpo" and BASE_MODEL.fullmatch(str(subject.values.get(key))):
        yield warning(
            f"{subject.at(key)}: DPO starts from {subject.values[key]}, a base model without SFT: `${{base.sft}}` "
            "starts from the newest SFT run (ORPO and KTO may start from a base model)"
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


def lora_targets(subject: Subject) -> Iterator[Problem]:
    """Report LoRA targets that are no modules of the model, where its weights are on this disk."""
    targets = subject.values.get("lora_target_modules")
    modules = module_names(subject.model_dir)
    if not modules or not isinstance(targets, list):
        return
    for number, name in enumerate(targets):
        if not any(module == name or module.endswith(f".{name}") for module in modules):
            projections = sorted({module.rpartition(".")[2] for module in modules if module.endswith("_proj")})
            yield error(
                f"{subject.at('lora_target_modules', number)}: 'lora_target_modules': the model has no module "
                f"'{name}' (it has {', '.join(projections) or 'others'})"
            )


def module_names(folder: Path) -> set[str]:
    """Return the names of the modules in a folder, from the headers of its safetensors files."""
    names: set[str] = set()
    for file in folder.glob("*.safetensors"):
        with file.open("rb") as stream:
            size = int.from_bytes(stream.read(8), "little")
            header = json.loads(stream.read(size) or "{}")
        names |= {name.rpartition(".")[0] for name in header if name != "__metadata__"}
    return names


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
        yield warning(f"{subject.at(key)}: '{key}' is {value:g}: 0.01 to 0.5 is usual, {consequence}")


def trained_test_rows(subject: Subject) -> Iterator[Problem]:
    """Report held-out rows among the training rows."""
    values = subject.values
    if HELD_OUT_SPLIT.match(str(values.get("dataset_train_split", "train"))):
        fix = "dataset_train_split: train"
        yield error(f"{subject.at('dataset_train_split')}: the model is trained on the test rows: {fix}")
    for number, dataset in enumerate(values.get("datasets") or []):
        if not isinstance(dataset, dict):
            continue
        path, split = dataset.get("path"), str(dataset.get("split") or "")
        if is_held_out(path) or HELD_OUT_SPLIT.match(split):
            where = subject.at("datasets", number, "path")
            yield error(f"{where}: the model is trained on the test rows: {path} is for `make eval` alone")


def validation_split(subject: Subject) -> Iterator[Problem]:
    """Report a TRL validation on the training rows; warn of one on the test rows."""
    values, key = subject.values, "dataset_test_split"
    if subject.engine != "zephyr" or values.get("eval_strategy", "no") in ("no", False):
        return
    split, fix = values.get(key, "test"), "dataset_test_split: validation"
    where = subject.at(key if key in values else "eval_strategy")
    if split == values.get("dataset_train_split", "train"):
        yield error(f"{where}: validation uses the training rows: {fix}")
    elif HELD_OUT_SPLIT.match(str(split)) and any(files_of(values)):
        yield warning(f"{where}: validation uses the test rows, so that choices depend on them: {fix}")


def validation_files(subject: Subject) -> Iterator[Problem]:
    """Report an axolotl validation on the training rows; warn of one on the test rows."""
    values = subject.values
    trained = {dataset.get("path") for dataset in values.get("datasets") or [] if isinstance(dataset, dict)}
    for number, dataset in enumerate(values.get("test_datasets") or []):
        where, name = subject.at("test_datasets", number, "path"), dataset.get("path")
        if name in trained and not values.get("dataset_name") and dataset.get("split") in (None, "train"):
            yield error(f"{where}: validation uses the training rows: the model is trained on {name} too")
        elif is_held_out(name):
            yield warning(f"{where}: validation uses the test rows, so that choices depend on them: {name}")


def is_held_out(name: Any) -> bool:
    """Return whether a path is a built file of held-out rows."""
    return isinstance(name, str) and Path(name).name in ("test.jsonl", "hard.jsonl")


CHECKS: tuple[Callable[[Subject], Iterator[Problem]], ...] = (
    learning_rate,
    dpo_start,
    lora_scale,
    lora_targets,
    quantized_full,
    fp16,
    max_positions,
    packing,
    beta,
    trained_test_rows,
    validation_split,
    validation_files,
)
