"""Mistakes in what a recipe asks for: values that its engine takes, and that spoil the training.

    found = look_at(resolved.engine, resolved.stage, resolved.values, place)
    found.errors, found.warnings

`place` says where a key stands. Only files of this disk are read: of a model on the hub nothing is known but its name.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gretchen import paths
from gretchen.checks.mistakes.model import markers, vocabulary
from gretchen.checks.mistakes.problems import Found
from gretchen.models.files import read_json
from gretchen.recipes.references import files_of
from gretchen.recipes.schema import MODEL

Place = Callable[[tuple[Any, ...]], str]
# Stage -> the usual learning rate for all weights, and for LoRA. LoRA takes ten times a full fine-tune's (Thinking
# Machines, LoRA Without Regret, 2025); SFT and DPO as in alignment-handbook's recipes and TRL's examples, KTO as in
# TRL's documentation, ORPO near its paper's 8e-6 (Hong et al. 2024).
USUAL = {
    "sft": (2e-5, 2e-4), "dpo": (5e-7, 5e-6), "kto": (5e-7, 5e-6), "simpo": (5e-7, 5e-6), "orpo": (5e-6, 5e-5),
    "reward": (1e-5, 1e-4),
}  # fmt: skip
# Told from so many times the usual rate on: preference training spreads wider, up to SFT's rates.
TOO_HIGH = {"sft": 10, "orpo": 10, "reward": 10, "dpo": 40, "kto": 40, "simpo": 40}
# ... and from such a part on: LoRA at a full fine-tune's rate learns next to nothing; large models take small rates.
TOO_LOW = {"LoRA": 10, "full": 100}
# The right rate falls with a model's width: below this size (bytes of weights, 50M parameters in bf16) nothing is said.
SMALL_BYTES = 100_000_000
SEEN_NO_SFT = re.compile(r"projects/[\w-]+/base|.*[-_.](base|pt|pretrain(ed)?)([-_.].*)?", re.IGNORECASE)
FLASH = re.compile(r"flash|flex|varlen", re.IGNORECASE)
LEAST_SCALE, MOST_SCALE = 0.1, 32.0
HELD_OUT = re.compile(r"(test|hard)(\[|$)")


def look_at(engine: str, stage: str, values: dict[str, Any], place: Place, small: bool = False) -> Found:
    """Return the mistakes of a resolved recipe; `small`: its model is an embedded base, though not on this disk yet."""
    found = Found()
    folder = paths.root() / str(values.get(MODEL[engine]))
    if not small:
        rate(engine, stage, values, folder, place, found)
    for check in (start, scale, targets, four_bits, half, positions, packing, beta, held_out, watched):
        check(engine, stage, values, folder, place, found)
    vocabulary(folder, found)
    if stage != "pretrain":
        markers(folder, values, found)
    return found


def method(values: dict[str, Any]) -> str:
    """Return "LoRA" or "full": what a recipe trains."""
    return "LoRA" if values.get("use_peft") or values.get("adapter") else "full"


def rate(engine: str, stage: str, values: dict[str, Any], folder: Path, place: Place, found: Found) -> None:
    """Warn of a learning rate that is off by a factor of ten for the stage and the method."""
    told = values.get("learning_rate")
    small = 0 < sum(file.stat().st_size for file in folder.glob("*.safetensors")) < SMALL_BYTES
    if not isinstance(told, int | float) or stage not in USUAL or small:
        return
    full, lora = USUAL[stage]
    way = method(values)
    usual = lora if way == "LoRA" else full
    near = 1 + 1e-9
    if told * near >= usual * TOO_HIGH[stage] or told <= usual / TOO_LOW[way] * near:
        off = "high" if told > usual else "low"
        trained = "a LoRA adapter" if way == "LoRA" else "all weights"
        found.warnings.append(
            f"{place(('learning_rate',))}: 'learning_rate' {told:g} is very {off} for {stage} of {trained}: usual is "
            f"{short(usual)} (all weights {short(full)}, LoRA {short(lora)})"
        )


def short(value: float) -> str:
    """Return a number as recipes write it: 2e-5."""
    return f"{value:.0e}".replace("e-0", "e-")


def start(engine: str, stage: str, values: dict[str, Any], folder: Path, place: Place, found: Found) -> None:
    """Warn of DPO that starts from a base which never saw SFT; KTO and ORPO may."""
    key = MODEL[engine]
    if stage == "dpo" and SEEN_NO_SFT.fullmatch(str(values.get(key))):
        found.warnings.append(
            f"{place((key,))}: DPO starts from {values[key]}, a base that never saw SFT: `${{base.sft}}` starts from "
            "the newest SFT run (ORPO and KTO may start here)"
        )


def scale(engine: str, stage: str, values: dict[str, Any], folder: Path, place: Place, found: Found) -> None:
    """Warn of a LoRA whose part is scaled to almost nothing, or to very much: alpha / r, or alpha / √r."""
    rank, alpha = values.get("lora_r"), values.get("lora_alpha")
    if method(values) != "LoRA" or not isinstance(rank, int) or not isinstance(alpha, int | float) or rank < 1:
        return
    stable = values.get("use_rslora") or values.get("peft_use_rslora")
    told = alpha / (rank**0.5 if stable else rank)
    if not LEAST_SCALE <= told <= MOST_SCALE:
        found.warnings.append(
            f"{place(('lora_alpha',))}: 'lora_alpha' {alpha} with 'lora_r' {rank} scales the adapter by {told:g}: "
            "1 or 2 times lora_r is usual"
        )


def targets(engine: str, stage: str, values: dict[str, Any], folder: Path, place: Place, found: Found) -> None:
    """Tell LoRA targets that are no modules of the model, where its weights lie on this disk."""
    named = values.get("lora_target_modules")
    known = modules(folder)
    if not known or not isinstance(named, list):
        return
    for number, name in enumerate(named):
        if not any(module == name or module.endswith(f".{name}") for module in known):
            last = sorted({module.rpartition(".")[2] for module in known if module.endswith("_proj")})
            found.errors.append(
                f"{place(('lora_target_modules', number))}: 'lora_target_modules': the model has no module '{name}' "
                f"(it has {', '.join(last) or 'others'})"
            )


def modules(folder: Path) -> set[str]:
    """Return the names of the modules whose weights lie in a folder, read from the heads of its safetensors files."""
    names: set[str] = set()
    for file in folder.glob("*.safetensors"):
        with file.open("rb") as stream:
            size = int.from_bytes(stream.read(8), "little")
            head = json.loads(stream.read(size) or "{}")
        names |= {name.rpartition(".")[0] for name in head if name != "__metadata__"}
    return names


def four_bits(engine: str, stage: str, values: dict[str, Any], folder: Path, place: Place, found: Found) -> None:
    """Tell a base in 4 or 8 bits that is to be trained without an adapter: its weights have no gradients."""
    for key in ("load_in_4bit", "load_in_8bit"):
        if values.get(key) is True and method(values) == "full":
            mend = "adapter: qlora" if engine == "axolotl" else "use_peft: true"
            found.errors.append(f"{place((key,))}: '{key}' without LoRA: quantized weights cannot be trained: {mend}")


def half(engine: str, stage: str, values: dict[str, Any], folder: Path, place: Place, found: Found) -> None:
    """Tell fp16 on fp16 weights, whose gradients cannot be scaled; warn of fp16 for a model that was made in bf16."""
    if values.get("fp16") is not True:
        return
    if values.get("dtype") == "float16" and method(values) == "full":
        found.errors.append(
            f"{place(('dtype',))}: 'dtype: float16' with 'fp16: true': gradients of half-precision weights cannot be "
            "unscaled: dtype: float32"
        )
    config = read_json(folder / "config.json")
    if (config.get("dtype") or config.get("torch_dtype")) == "bfloat16":
        found.warnings.append(
            f"{place(('fp16',))}: 'fp16: true', but the model was made in bf16, whose numbers are too large for fp16: "
            "bf16: true, or neither"
        )


def positions(engine: str, stage: str, values: dict[str, Any], folder: Path, place: Place, found: Found) -> None:
    """Warn of a length limit beyond the model's positions."""
    key = "sequence_len" if engine == "axolotl" else "max_length"
    longest = read_json(folder / "config.json").get("max_position_embeddings")
    told = values.get(key)
    if isinstance(told, int) and isinstance(longest, int) and told > longest:
        found.warnings.append(
            f"{place((key,))}: '{key}' {told} is beyond the model's {longest} positions: longer rows are noise to it"
        )


def packing(engine: str, stage: str, values: dict[str, Any], folder: Path, place: Place, found: Found) -> None:
    """Warn of packed rows that see each other, for want of flash attention."""
    key = "sample_packing" if engine == "axolotl" else "packing"
    attention = str(values.get("attn_implementation") or "")
    if values.get(key) is True and stage != "pretrain" and not FLASH.search(attention):
        found.warnings.append(
            f"{place((key,))}: '{key}: true' with {attention or 'the default'} attention: packed rows see each other: "
            f"attn_implementation: flash_attention_2, or {key}: false"
        )


def beta(engine: str, stage: str, values: dict[str, Any], folder: Path, place: Place, found: Found) -> None:
    """Warn of a DPO or KTO beta that lets the reference count for nothing, or holds the model fast to it."""
    key = "rl_beta" if engine == "axolotl" else "beta"
    told = values.get(key)
    if stage in ("dpo", "kto") and isinstance(told, int | float) and not 0 < told <= 1:
        found.warnings.append(
            f"{place((key,))}: '{key}' is {told:g}: 0.01 to 0.5 is usual, "
            + ("at 0 nothing is learned" if told <= 0 else "so large a one hardly lets the model move")
        )


def held_out(engine: str, stage: str, values: dict[str, Any], folder: Path, place: Place, found: Found) -> None:
    """Tell held-out rows among those that are trained."""
    split = str(values.get("dataset_train_split", "train"))
    if HELD_OUT.match(split):
        found.errors.append(f"{place(('dataset_train_split',))}: the test rows are trained: dataset_train_split: train")
    for number, one in enumerate(values.get("datasets") or []):
        if isinstance(one, dict) and (is_held_out(one.get("path")) or HELD_OUT.match(str(one.get("split") or ""))):
            found.errors.append(
                f"{place(('datasets', number, 'path'))}: the test rows are trained: {one.get('path')} is for `make "
                "eval` alone"
            )


def watched(engine: str, stage: str, values: dict[str, Any], folder: Path, place: Place, found: Found) -> None:
    """Tell a validation that looks at the training rows; warn of one that looks at the test rows."""
    if engine == "zephyr" and values.get("eval_strategy", "no") not in ("no", False):
        trained = values.get("dataset_train_split", "train")
        split, key = values.get("dataset_test_split", "test"), "dataset_test_split"
        where = place((key,) if key in values else ("eval_strategy",))
        if split == trained:
            found.errors.append(f"{where}: validation looks at the training rows: dataset_test_split: validation")
        elif HELD_OUT.match(str(split)) and any(files_of(values)):
            found.warnings.append(
                f"{where}: validation looks at the test rows, which choices then depend on: dataset_test_split: "
                "validation"
            )
    trained = {one.get("path") for one in values.get("datasets") or [] if isinstance(one, dict)}
    for number, one in enumerate(values.get("test_datasets") or []):
        where, name = place(("test_datasets", number, "path")), one.get("path")
        if name in trained and not values.get("dataset_name") and one.get("split") in (None, "train"):
            found.errors.append(f"{where}: validation looks at the training rows: {name} is trained too")
        elif is_held_out(name):
            found.warnings.append(f"{where}: validation looks at the test rows, which choices then depend on: {name}")


def is_held_out(name: Any) -> bool:
    """Return whether a path is a built file of held-out rows."""
    return isinstance(name, str) and Path(name).name in ("test.jsonl", "hard.jsonl")
