"""The table of equivalent keys: each key of the zephyr engine (TRL) with axolotl's key for the same thing.

    for pair in PAIRS: pair.zephyr, pair.axolotl, pair.axolotl_default

A key that a recipe leaves out means its engine's default: where the two defaults differ, the twin sets the key. TRL's
defaults are in its exported schema; axolotl's are often in its code, so they are listed here. Keys that depend on
others have rules of their own: lora.py, precision.py, rows.py, lengths.py, schedule.py.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gretchen.converting.conversion import Conversion, NoEquivalent
from gretchen.recipes.schema import load_schema

ALL = ("sft", "dpo", "kto", "orpo")
SFT, DPO, KTO, ORPO = ("sft",), ("dpo",), ("kto",), ("orpo",)
ValueMap = Callable[[Any], Any]


def unchanged(value: Any) -> Any:
    """Return a value as it is."""
    return value


@dataclass(frozen=True)
class Pair:
    """Two keys that mean the same.

    `to_axolotl` and `to_zephyr` convert a value, and raise NoEquivalent for one that has none. `axolotl_default` is
    axolotl's value without the key, None where it has none. `affects_training` is False where the defaults differ but
    no training step does: such a default is not written out.
    """

    zephyr: str
    axolotl: str
    axolotl_default: Any = None
    stages: tuple[str, ...] = ALL
    to_axolotl: ValueMap = unchanged
    to_zephyr: ValueMap = unchanged
    affects_training: bool = True

    def key(self, engine: str) -> str:
        """Return the pair's key for an engine."""
        return self.axolotl if engine == "axolotl" else self.zephyr

    def default(self, engine: str, stage: str) -> Any:
        """Return an engine's value without the key, None where it has none or where it does not affect the training."""
        if not self.affects_training:
            return None
        if engine == "axolotl":
            return self.axolotl_default
        return load_schema("zephyr", stage)["properties"].get(self.zephyr, {}).get("default")


def common_scheduler(scheduler: str) -> str:
    """Return a learning rate schedule of transformers; axolotl has two more."""
    if scheduler in ("one_cycle", "rex"):
        raise NoEquivalent(f"only axolotl has the schedule {scheduler}; TRL's default is linear")
    return scheduler


def optimizer_string(options: Any) -> str:
    """Return optimizer arguments in TRL's form: "key=value,key=value"."""
    return ",".join(f"{k}={v}" for k, v in options.items()) if isinstance(options, dict) else options


def step_count(steps: float) -> int:
    """Return a number of steps; TRL also takes a fraction of all steps, axolotl does not."""
    if steps < 1:
        raise NoEquivalent("axolotl takes a number of steps, not a fraction of them")
    return int(steps)


def loss_list(losses: Any) -> list[str]:
    """Return DPO's losses as a list, as axolotl takes them."""
    return losses if isinstance(losses, list) else [losses]


def only(supported: str) -> ValueMap:
    """Return the conversion of a key for which the other engine supports one value, without a key for it."""

    def require(value: Any) -> None:
        if value != supported:
            raise NoEquivalent(f"axolotl supports only '{supported}'")

    return require


def switch(value: Any) -> bool:
    """Return a boolean value; anything else has no equivalent."""
    if not isinstance(value, bool):
        raise NoEquivalent(f"TRL has only true and false, not '{value}'")
    return value


PAIRS = (
    Pair("model_name_or_path", "base_model"),
    Pair("model_revision", "model_revision", "main"),
    Pair("trust_remote_code", "trust_remote_code", False),
    Pair("attn_implementation", "attn_implementation"),
    Pair("output_dir", "output_dir"),
    Pair("resume_from_checkpoint", "resume_from_checkpoint"),
    # steps
    Pair("learning_rate", "learning_rate"),
    Pair("num_train_epochs", "num_epochs", 1.0),
    Pair("max_steps", "max_steps", to_axolotl=lambda n: n if n > 0 else None),
    Pair("per_device_train_batch_size", "micro_batch_size", 1),
    Pair("gradient_accumulation_steps", "gradient_accumulation_steps", 1),
    Pair("auto_find_batch_size", "auto_find_batch_size", False, SFT),
    Pair("optim", "optimizer", "adamw_torch_fused"),
    Pair("optim_args", "optim_args", to_zephyr=optimizer_string),
    Pair("optim_target_modules", "optim_target_modules"),
    Pair("lr_scheduler_type", "lr_scheduler", "cosine", to_zephyr=common_scheduler),
    Pair("lr_scheduler_kwargs", "lr_scheduler_kwargs"),
    Pair("weight_decay", "weight_decay", 0.0),
    Pair("adam_beta1", "adam_beta1", 0.9),
    Pair("adam_beta2", "adam_beta2", 0.999),
    Pair("adam_epsilon", "adam_epsilon", 1e-8),
    Pair("max_grad_norm", "max_grad_norm", 1.0),
    Pair("neftune_noise_alpha", "neftune_noise_alpha", None, SFT),
    Pair("seed", "seed", 42),
    # memory and speed
    Pair("gradient_checkpointing", "gradient_checkpointing", False, to_zephyr=switch),
    Pair("gradient_checkpointing_kwargs", "gradient_checkpointing_kwargs"),
    Pair("activation_offloading", "activation_offloading", False, (*SFT, *DPO, *KTO), to_zephyr=switch),
    Pair("torch_compile", "torch_compile", False, to_zephyr=switch),
    Pair("torch_compile_backend", "torch_compile_backend"),
    Pair("torch_compile_mode", "torch_compile_mode"),
    Pair("torch_empty_cache_steps", "torch_empty_cache_steps"),
    Pair("deepspeed", "deepspeed"),
    Pair("ddp_timeout", "ddp_timeout", 1800, SFT),
    Pair("ddp_bucket_cap_mb", "ddp_bucket_cap_mb", None, SFT),
    Pair("ddp_broadcast_buffers", "ddp_broadcast_buffers", None, SFT),
    Pair("ddp_find_unused_parameters", "ddp_find_unused_parameters"),
    Pair("accelerator_config", "accelerator_config"),
    # data loading
    Pair("dataset_num_proc", "dataset_num_proc"),
    Pair("dataloader_num_workers", "dataloader_num_workers", 1, affects_training=False),
    Pair("dataloader_pin_memory", "dataloader_pin_memory", True, affects_training=False),
    Pair("dataloader_prefetch_factor", "dataloader_prefetch_factor", 256, affects_training=False),
    Pair("dataloader_drop_last", "dataloader_drop_last", False, SFT),
    # checkpoints and logging
    Pair("logging_steps", "logging_steps", 0.005, to_axolotl=step_count),
    Pair("save_only_model", "save_only_model", False),
    Pair("load_best_model_at_end", "load_best_model_at_end", False, SFT),
    Pair("metric_for_best_model", "metric_for_best_model", None, SFT),
    Pair("greater_is_better", "greater_is_better", None, SFT),
    # preference training
    Pair("beta", "rl_beta", 0.1, (*DPO, *KTO)),
    Pair("beta", "orpo_alpha", 0.1, ORPO),
    Pair("loss_type", "dpo_loss_type", ["sigmoid"], DPO, to_axolotl=loss_list),
    Pair("loss_weights", "dpo_loss_weights", None, DPO),
    Pair("label_smoothing", "dpo_label_smoothing", 0.0, DPO),
    Pair("use_weighting", "dpo_use_weighting", False, DPO),
    Pair("padding_free", "dpo_padding_free", False, DPO),
    Pair("use_liger_kernel", "dpo_use_liger_kernel", False, DPO),
    Pair("precompute_ref_log_probs", "precompute_ref_log_probs", False, DPO),
    Pair("pad_to_multiple_of", "pad_to_multiple_of", None, DPO),
    Pair("loss_type", "", None, KTO, to_axolotl=only("kto")),
    Pair("desirable_weight", "kto_desirable_weight", 1.0, KTO),
    Pair("undesirable_weight", "kto_undesirable_weight", 1.0, KTO),
)

# axolotl's deprecated switches of attention, and their values of attn_implementation.
ATTENTION = {"flash_attention": "flash_attention_2", "sdp_attention": "sdpa", "eager_attention": "eager",
             "flex_attention": "flex_attention"}  # fmt: skip

# Why a key has no equivalent, where there is more to say than that the other engine has no such key.
REASONS: dict[str, dict[str, str]] = {
    "zephyr": {
        "average_tokens_across_devices": "axolotl averages each device's own loss",
        "data_seed": "axolotl samples rows by 'seed'",
        "disable_dropout": "axolotl leaves it to TRL, which disables dropout",
        "full_determinism": "axolotl has no such switch",
        "logging_strategy": "axolotl logs by steps",
        "logging_first_step": "axolotl logs the first step in preference training, not in SFT",
        "label_smoothing_factor": "axolotl has label smoothing for DPO only",
        "model_init_kwargs": "axolotl has 'model_kwargs', for its own loader",
        "use_cpu": "axolotl uses the CPU where there is no GPU",
        "fsdp": "axolotl's fsdp_config has keys of its own",
        "fsdp_config": "axolotl's fsdp_config has keys of its own",
        "lora_task_type": "axolotl trains causal models",
    },
    "axolotl": {
        "cosine_min_lr_ratio": "in TRL it is lr_scheduler_type: cosine_with_min_lr with lr_scheduler_kwargs",
        "cut_cross_entropy": "TRL computes the same loss, in more memory",
        "dataset_prepared_path": "TRL caches prepared rows itself",
        "ddp": "TRL decides it by the number of processes",
        "early_stopping_patience": "TRL's commands have no early stopping",
        "fsdp": "axolotl's fsdp_config has keys of its own",
        "fsdp_config": "axolotl's fsdp_config has keys of its own",
        "lora_embedding_kernel": "a CUDA kernel for the same computation",
        "lora_mlp_kernel": "a CUDA kernel for the same computation",
        "lora_o_kernel": "a CUDA kernel for the same computation",
        "lora_qkv_kernel": "a CUDA kernel for the same computation",
        "lora_model_dir": "TRL starts a new adapter: name the old one as the model and `gretchen train` merges it",
        "plugins": "plugins are axolotl's own",
        "remove_unused_columns": "each engine keeps the columns that it needs",
        "tokenizer_type": "TRL uses the model's tokenizer unchanged",
        "tokens": "TRL uses the model's tokenizer unchanged",
        "model_type": "TRL uses the class that config.json names",
        "strict": "zephyr's keys are always checked",
    },
}


def convert_pairs(c: Conversion) -> None:
    """Convert every key of the table, and the source's default where it does not set the key."""
    for pair in PAIRS:
        old, new = pair.key(c.source), pair.key(c.target)
        if c.stage not in pair.stages or not old:
            continue
        convert = pair.to_axolotl if c.target == "axolotl" else pair.to_zephyr
        value = c.take(old, pair.default(c.source, c.stage))
        try:
            value = None if value is None else convert(value)
        except NoEquivalent as error:
            c.drop(old, str(error))
            continue
        if value is not None and new:
            c.put(new, value, old, pair.default(c.target, c.stage))
    if c.source == "axolotl":
        for key, name in ATTENTION.items():
            if c.take(key, False):
                c.put("attn_implementation", name, key)
