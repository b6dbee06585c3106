"""Deprecated keys of the alignment-handbook's recipes, and of older TRL and transformers, with their replacements.

    hint("torch_dtype")   -> "use 'dtype'", which `check` and `explain` print for an unknown key

translate.py applies these tables; docs/handbook.md prints them. The old names are from the handbook's 0.1 to 0.4 and
from TRL 0.7 to 0.24; a test compares each new one with the installed TRL. Keys of TRL's former PPO and RLOO scripts,
which the handbook never had, are left out.
"""

from typing import Any

import yaml

# Renamed keys, whose values stay as they are.
RENAMED: dict[str, str] = {
    "torch_dtype": "dtype",
    "max_seq_length": "max_length",
    "evaluation_strategy": "eval_strategy",
    "preprocessing_num_workers": "dataset_num_proc",
    "block_size": "max_length",
    "text_column": "dataset_text_field",
    "dataset_train_name": "dataset_train_split",
    "dataset_test_name": "dataset_test_split",
    "hub_model_revision": "hub_revision",
    "push_to_hub_model_id": "hub_model_id",
    "push_to_hub_token": "hub_token",
    "no_cuda": "use_cpu",
    "per_gpu_train_batch_size": "per_device_train_batch_size",
    "per_gpu_eval_batch_size": "per_device_eval_batch_size",
    "torchdynamo": "torch_compile_backend",
    "use_liger": "use_liger_kernel",
    "use_liger_loss": "use_liger_kernel",
    "vllm_guided_decoding_regex": "vllm_structured_outputs_regex",
    "vllm_max_model_len": "vllm_max_model_length",
    "wandb_log_unique_prompts": "log_unique_prompts",
}

# Renamed keys that are ignored where the new name is set too: both change speed only, not what is trained.
IGNORED_BESIDE_NEW_NAME = ("preprocessing_num_workers",)

# Renamed and removed values of keys that still exist.
RENAMED_VALUES: dict[tuple[str, Any], Any] = {
    ("packing_strategy", "ffd"): "bfd",
    ("scale_rewards", True): "group",
    ("scale_rewards", False): "none",
}
REMOVED_VALUES: dict[tuple[str, Any], str] = {
    ("loss_type", "kto_pair"): "TRL no longer has the loss 'kto_pair': use the stage kto"
}

# Keys that no longer have any effect, whatever their value, and why.
NO_EFFECT: dict[str, str] = {
    "overwrite_output_dir": "a run's folder is never overwritten",
    "max_prompt_length": "max_length limits prompt and answer together",
    "max_completion_length": "max_length limits prompt and answer together",
    "max_source_length": "it was for encoder-decoder models",
    "max_target_length": "it was for encoder-decoder models",
    "max_train_samples": "it changed the number of rows in a log, not the rows",
    "max_eval_samples": "it changed the number of rows in a log, not the rows",
    "truncation_mode": "only sft and dpo have it; the other stages truncate the end of an answer",
    "truncation_side": "TRL truncates the end of a row longer than max_length",
    "auto_insert_empty_system_msg": "the chat template alone decides on a system message",
    "dataset_num_proc": "grpo and rloo do not preprocess the data set",
    "dataset_batch_size": "TRL chooses it when it preprocesses the data set",
    "num_of_sequences": "packing no longer needs this estimate",
    "chars_per_token": "packing no longer needs this estimate",
    "is_encoder_decoder": "the model's config.json sets it",
    "label_pad_token_id": "the data collator sets it",
    "padding_value": "the tokenizer's pad token is used",
    "generate_during_eval": "it logged sample generations and did not change the training",
    "base_model_attribute_name": "TRL finds the base model itself",
    "use_logits_to_keep": "TRL keeps only the logits that it needs",
    "use_num_logits_to_keep": "TRL keeps only the logits that it needs",
    "prompt_sample_size": "it was for the loss 'bco' of KTO",
    "min_density_ratio": "it was for the loss 'bco' of KTO",
    "max_density_ratio": "it was for the loss 'bco' of KTO",
    "vllm_device": "vLLM runs on the training's devices, or as a server",
    "vllm_dtype": "vLLM uses the model's dtype",
    "vllm_enable_prefix_caching": "vLLM's default applies",
    "push_to_hub_revision": "push_to_hub decides what is pushed",
    "overwrite_hub_revision": "push_to_hub decides what is pushed",
    "benchmarks": "it started evaluations on the handbook's own cluster",
    "callbacks": "they were part of the handbook's package",
    "save_safetensors": "weights are always saved as safetensors",
    "include_tokens_per_second": "the trainer logs it",
    "fp16_backend": "only one backend is left",
    "half_precision_backend": "only one backend is left",
    "fp16_opt_level": "it was for apex",
    "jit_mode_eval": "transformers dropped it",
    "mp_parameters": "it was for SageMaker's launcher",
    "past_index": "transformers dropped it",
    "ray_scope": "it was for hyperparameter search",
    "tpu_metrics_debug": "it was for TPUs",
    "tpu_num_cores": "it was for TPUs",
    "use_ipex": "transformers dropped it",
    "use_legacy_prediction_loop": "transformers dropped it",
    "use_mps_device": "Apple's GPU is used where present",
}

# The handbook's ORPO, as long as it had `dataset_mixer`, left out rows with longer prompts.
ORPO_PROMPTS = "the handbook left out rows with a longer prompt; now max_length truncates them"
# Its SFT packed all rows as long as it had `dataset_mixer` (until 2025), and had no key for it.
ALWAYS_PACKED = {"packing": True, "packing_strategy": "wrapped"}
# What TRL alone makes of UltraFeedback's rows.
WHOLE_CONVERSATIONS = (
    "if the rows have a string as prompt beside whole conversations (UltraFeedback), TRL alone fails, and "
    "`gretchen train` leaves out that column: `datasets: [{path: …, columns: [chosen, rejected]}]` does so too"
)

# Removed keys without a replacement: (values that change nothing and are dropped, what to do about any other).
REMOVED_KEYS: dict[str, tuple[tuple[Any, ...], str]] = {
    "model_code_revision": ((None, "main"), "the code comes from model_revision"),
    "system_prompt": ((None,), "put it into the rows as a system message"),
    "reference_free": ((None, False), "DPO needs its reference model"),
    "force_use_ref_model": ((None, False), "with an adapter, the model without the adapter is the reference"),
    "model_adapter_name": ((None,), "the reference is the model without its adapter"),
    "ref_adapter_name": ((None,), "the reference is the model without its adapter"),
    "ref_model_init_kwargs": ((None, {}), "the reference model is loaded like the model itself"),
    "tools": ((None,), "put them into the rows, as a column 'tools'"),
    "push_to_hub_organization": ((None,), "write it into hub_model_id, as owner/name"),
    "sanity_check": ((None, False), "max_steps limits a trial run"),
}

# Boolean switches: a true one becomes these keys, a false one is dropped.
SWITCHES: dict[str, dict[str, Any]] = {
    "use_flash_attention_2": {"attn_implementation": "flash_attention_2"},
    "group_by_length": {"train_sampling_strategy": "group_by_length"},
    "adafactor": {"optim": "adafactor"},
    "include_inputs_for_metrics": {"include_for_metrics": ["inputs"]},
}

# Keys that moved into a block: {deprecated key: (block, the key in it)}. The block `env` holds strings.
BLOCKS: dict[str, tuple[str, str]] = {
    "logging_dir": ("env", "TENSORBOARD_LOGGING_DIR"),
    "wandb_entity": ("env", "WANDB_ENTITY"),
    "wandb_project": ("env", "WANDB_PROJECT"),
    "wandb_run_group": ("env", "WANDB_RUN_GROUP"),
    "wandb_run_id": ("env", "WANDB_RUN_ID"),
    "wandb_tags": ("env", "WANDB_TAGS"),
    "dispatch_batches": ("accelerator_config", "dispatch_batches"),
    "split_batches": ("accelerator_config", "split_batches"),
    "fsdp_min_num_params": ("fsdp_config", "min_num_params"),
    "fsdp_transformer_layer_cls_to_wrap": ("fsdp_config", "transformer_layer_cls_to_wrap"),
    "gradient_checkpointing_use_reentrant": ("gradient_checkpointing_kwargs", "use_reentrant"),
}

# Keys whose translation takes more than a new name: the rules are in translate.py and mixture.py.
COMPUTED: dict[str, str] = {
    "warmup_ratio": "'warmup_steps', where a number below 1 is a fraction of all steps; ignored beside 'warmup_steps'",
    "rpo_alpha": "'loss_type: [sigmoid, sft]' and 'loss_weights: [1.0, rpo_alpha]'",
    "dataset_mixer": "'dataset_name' and its splits; of several data sets, 'datasets: [{path, name, split}]'",
    "dataset_splits": "'dataset_train_split' and 'dataset_test_split'; of several data sets, 'datasets: [{split}]'",
    "dataset_configs": "'dataset_config'; of several data sets, 'datasets: [{name}]'",
    "dataset_mixture": "'datasets: [{path, name, split, columns}]' and 'test_split_size'",
    "chat_template": "'chat_template_path', a file, in sft and reward; elsewhere the tokenizer's own template",
    "tokenizer_name_or_path": "the model's own tokenizer; 'gretchen train FILE' uses the one that is named",
    "base_model_revision": "an adapter's base in its newest commit; 'gretchen train FILE' uses the one that is named",
}
# Keys of the block `dataset_kwargs`, which itself still exists.
DATASET_KWARGS_NO_EFFECT = ("add_special_tokens", "append_concat_token")


def inline(values: dict[str, Any]) -> str:
    """Return keys and values as YAML on one line."""
    return ", ".join(
        f"{key}: {yaml.safe_dump(value, default_flow_style=True).split(chr(10))[0]}" for key, value in values.items()
    )


def deprecated_keys() -> dict[str, str]:
    """Return {deprecated key: its replacement, or why it has none}, in the order of the tables."""
    replacements = {old: f"'{new}'" for old, new in RENAMED.items()}
    replacements |= {old: f"'{inline(new)}'" for old, new in SWITCHES.items()}
    replacements |= {old: f"'{block}: {{{name}: …}}'" for old, (block, name) in BLOCKS.items()}
    replacements |= COMPUTED
    replacements |= {old: f"no effect: {why}" for old, why in NO_EFFECT.items()}
    return replacements | {old: f"removed: {why}" for old, (_, why) in REMOVED_KEYS.items()}


def hint(key: str) -> str:
    """Return what to write instead of a deprecated key, "" for any other key."""
    replacement = deprecated_keys().get(key, "")
    return f"use {replacement}" if replacement and not replacement.startswith(("no effect", "removed")) else replacement
