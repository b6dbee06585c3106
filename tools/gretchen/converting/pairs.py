"""The table of twins: each key of the zephyr engine (TRL) with axolotl's key for the same thing.

    for pair in PAIRS: pair.zephyr, pair.axolotl, pair.axolotl_default

A key that a recipe leaves out means its engine's default: where the two defaults differ, the twin says it. TRL's
defaults are those of its exported schema; axolotl's often stand in its code, so they are written here. Keys that are
said together with others have rules of their own: lora.py, precision.py, rows.py, schedule.py.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gretchen.converting.conversion import Conversion, NoTwin
from gretchen.recipes.schema import load_schema

ALL = ("sft", "dpo", "kto", "orpo")
SFT, DPO, KTO, ORPO = ("sft",), ("dpo",), ("kto",), ("orpo",)
Turn = Callable[[Any], Any]


def same(value: Any) -> Any:
    """Return a value as it is."""
    return value


@dataclass(frozen=True)
class Pair:
    """Two keys that mean the same. A turn translates a value, and raises NoTwin for one that has none.

    `axolotl_default` is what axolotl does without the key, in axolotl's own words, None where it does nothing. Where
    `matters` is False the defaults differ and no step of the training does: they are not written out.
    """

    zephyr: str
    axolotl: str
    axolotl_default: Any = None
    stages: tuple[str, ...] = ALL
    to_axolotl: Turn = same
    to_zephyr: Turn = same
    matters: bool = True

    def key(self, engine: str) -> str:
        """Return the pair's key for an engine."""
        return self.axolotl if engine == "axolotl" else self.zephyr

    def default(self, engine: str, stage: str) -> Any:
        """Return what an engine does without the key, None for nothing, and where it does not matter."""
        if not self.matters:
            return None
        if engine == "axolotl":
            return self.axolotl_default
        return load_schema("zephyr", stage)["properties"].get(self.zephyr, {}).get("default")


def known_to_both(scheduler: str) -> str:
    """Return a learning rate schedule of transformers; axolotl has two of its own."""
    if scheduler in ("one_cycle", "rex"):
        raise NoTwin(f"the schedule {scheduler} is axolotl's own, and TRL's default is linear")
    return scheduler


def words_of(options: Any) -> str:
    """Return optimizer options as TRL takes them: "key=value,key=value"."""
    return ",".join(f"{k}={v}" for k, v in options.items()) if isinstance(options, dict) else options


def whole(steps: float) -> int:
    """Return a number of steps: TRL takes a share of all steps too, axolotl does not."""
    if steps < 1:
        raise NoTwin("axolotl takes a whole number of steps, no share of them")
    return int(steps)


def listed(losses: Any) -> list[str]:
    """Return DPO's losses as axolotl takes them: a list."""
    return losses if isinstance(losses, list) else [losses]


def only(one: str) -> Turn:
    """Return the turn of a key of which the other engine knows one value, and has no key for it."""

    def turn(value: Any) -> None:
        if value != one:
            raise NoTwin(f"axolotl knows '{one}' alone here")

    return turn


def switch(value: Any) -> bool:
    """Return a value that is on or off; anything finer has no twin."""
    if not isinstance(value, bool):
        raise NoTwin(f"TRL knows on and off, not '{value}'")
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
    Pair("optim_args", "optim_args", to_zephyr=words_of),
    Pair("optim_target_modules", "optim_target_modules"),
    Pair("lr_scheduler_type", "lr_scheduler", "cosine", to_zephyr=known_to_both),
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
    # rows on their way
    Pair("dataset_num_proc", "dataset_num_proc"),
    Pair("dataloader_num_workers", "dataloader_num_workers", 1, matters=False),
    Pair("dataloader_pin_memory", "dataloader_pin_memory", True, matters=False),
    Pair("dataloader_prefetch_factor", "dataloader_prefetch_factor", 256, matters=False),
    Pair("dataloader_drop_last", "dataloader_drop_last", False, SFT),
    # what is kept and told
    Pair("logging_steps", "logging_steps", 0.005, to_axolotl=whole),
    Pair("save_only_model", "save_only_model", False),
    Pair("load_best_model_at_end", "load_best_model_at_end", False, SFT),
    Pair("metric_for_best_model", "metric_for_best_model", None, SFT),
    Pair("greater_is_better", "greater_is_better", None, SFT),
    # preference training
    Pair("beta", "rl_beta", 0.1, (*DPO, *KTO)),
    Pair("beta", "orpo_alpha", 0.1, ORPO),
    Pair("loss_type", "dpo_loss_type", ["sigmoid"], DPO, to_axolotl=listed),
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

# axolotl's former switches of attention, and what it makes of them.
ATTENTION = {"flash_attention": "flash_attention_2", "sdp_attention": "sdpa", "eager_attention": "eager",
             "flex_attention": "flex_attention"}  # fmt: skip

# Why a key has no twin, where more can be said than that the other engine has no such key.
WITHOUT: dict[str, dict[str, str]] = {
    "zephyr": {
        "average_tokens_across_devices": "axolotl averages each device's own loss",
        "data_seed": "axolotl draws rows by 'seed'",
        "disable_dropout": "axolotl leaves it to TRL, which turns dropout off",
        "full_determinism": "axolotl has no such switch",
        "logging_strategy": "axolotl logs by steps",
        "logging_first_step": "axolotl logs the first step of preference training, and none of SFT's",
        "label_smoothing_factor": "axolotl has smoothing for DPO alone",
        "model_init_kwargs": "axolotl takes 'model_kwargs', for its own loader",
        "use_cpu": "axolotl takes the processor where there is no GPU",
        "fsdp": "axolotl's fsdp_config has keys of its own",
        "fsdp_config": "axolotl's fsdp_config has keys of its own",
        "lora_task_type": "axolotl trains causal models",
    },
    "axolotl": {
        "cosine_min_lr_ratio": "TRL says it as lr_scheduler_type: cosine_with_min_lr and lr_scheduler_kwargs",
        "cut_cross_entropy": "TRL computes the same loss, in more memory",
        "dataset_prepared_path": "TRL caches prepared rows itself",
        "ddp": "TRL takes it from the number of processes",
        "early_stopping_patience": "TRL's command has no early stopping",
        "fsdp": "axolotl's fsdp_config has keys of its own",
        "fsdp_config": "axolotl's fsdp_config has keys of its own",
        "lora_embedding_kernel": "a CUDA kernel for the same computation",
        "lora_mlp_kernel": "a CUDA kernel for the same computation",
        "lora_o_kernel": "a CUDA kernel for the same computation",
        "lora_qkv_kernel": "a CUDA kernel for the same computation",
        "lora_model_dir": "TRL starts a new adapter: merge that one first",
        "plugins": "plugins are axolotl's own",
        "remove_unused_columns": "each engine keeps the columns that it needs",
        "special_tokens": "TRL takes the tokenizer as it lies with the model",
        "tokenizer_type": "TRL takes the tokenizer as it lies with the model",
        "tokens": "TRL takes the tokenizer as it lies with the model",
        "model_type": "TRL takes the class that config.json names",
        "strict": "zephyr's keys are always checked",
    },
}


def convert_pairs(c: Conversion) -> None:
    """Carry every key of the table, and what the source does without it."""
    for pair in PAIRS:
        old, new = pair.key(c.source), pair.key(c.target)
        if c.stage not in pair.stages or not old:
            continue
        turn = pair.to_axolotl if c.target == "axolotl" else pair.to_zephyr
        value = c.take(old, pair.default(c.source, c.stage))
        try:
            value = None if value is None else turn(value)
        except NoTwin as why:
            c.name(old, str(why))
            continue
        if value is not None and new:
            c.put(new, value, old, pair.default(c.target, c.stage))
    if c.source == "axolotl":
        for key, name in ATTENTION.items():
            if c.take(key, False):
                c.put("attn_implementation", name, key)
