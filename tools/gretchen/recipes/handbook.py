"""Keys of the alignment-handbook's recipes, and of older TRL and transformers, with what to write today: one table.

    hint("torch_dtype")   -> "today it is 'dtype'", which `check` and `explain` say beside an unknown key

translate.py turns a recipe by this table; docs/handbook.md shows it. Old names are from the handbook's 0.1 to 0.4 and
from TRL 0.7 to 0.24; a test holds each new one against the installed TRL. Not in it: keys of TRL's former PPO and RLOO
scripts, which the handbook never had.
"""

from typing import Any

import yaml

# The value stays as it is.
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

# Beside today's name they said another thing, of no matter for what is trained: how many processes, elsewhere.
YIELDING = ("preprocessing_num_workers",)

# Values of keys that are still there.
RENAMED_VALUES: dict[tuple[str, Any], Any] = {
    ("packing_strategy", "ffd"): "bfd",
    ("scale_rewards", True): "group",
    ("scale_rewards", False): "none",
}
GONE_VALUES: dict[tuple[str, Any], str] = {("loss_type", "kto_pair"): "TRL has no loss 'kto_pair' any more: stage kto"}

# What they said has no effect today, whatever the value.
WITHOUT_EFFECT: dict[str, str] = {
    "overwrite_output_dir": "a run's folder is never overwritten",
    "max_prompt_length": "max_length limits prompt and answer together",
    "max_completion_length": "max_length limits prompt and answer together",
    "max_source_length": "it was for encoder-decoder models",
    "max_target_length": "it was for encoder-decoder models",
    "max_train_samples": "it changed the number of rows in a log, not the rows",
    "max_eval_samples": "it changed the number of rows in a log, not the rows",
    "truncation_mode": "only sft and dpo know it, the others cut answers at their end",
    "truncation_side": "TRL cuts what is longer than max_length at its end",
    "auto_insert_empty_system_msg": "the chat template alone decides on a system message",
    "dataset_num_proc": "grpo and rloo prepare no rows beforehand",
    "dataset_batch_size": "the rows' preparation chooses it",
    "num_of_sequences": "packing needs no such guess any more",
    "chars_per_token": "packing needs no such guess any more",
    "is_encoder_decoder": "the model's own config says it",
    "label_pad_token_id": "the collator's own",
    "padding_value": "the tokenizer's own pad token is taken",
    "generate_during_eval": "it logged sample answers and trained nothing",
    "base_model_attribute_name": "TRL finds that part of the model itself",
    "use_logits_to_keep": "TRL keeps no more logits than it needs",
    "use_num_logits_to_keep": "TRL keeps no more logits than it needs",
    "prompt_sample_size": "it was for the loss 'bco' of KTO",
    "min_density_ratio": "it was for the loss 'bco' of KTO",
    "max_density_ratio": "it was for the loss 'bco' of KTO",
    "vllm_device": "vLLM shares the training's devices, or runs as a server",
    "vllm_dtype": "vLLM takes the model's",
    "vllm_enable_prefix_caching": "vLLM's own default",
    "push_to_hub_revision": "what is pushed, push_to_hub says",
    "overwrite_hub_revision": "what is pushed, push_to_hub says",
    "benchmarks": "it started evaluations on the handbook's own cluster",
    "callbacks": "they were the handbook's own",
    "save_safetensors": "weights are always saved as safetensors",
    "include_tokens_per_second": "the trainer logs it",
    "fp16_backend": "there is one backend left",
    "half_precision_backend": "there is one backend left",
    "fp16_opt_level": "it was for apex",
    "jit_mode_eval": "transformers dropped it",
    "mp_parameters": "it was for SageMaker's launcher",
    "past_index": "transformers dropped it",
    "ray_scope": "it was for hyperparameter search",
    "tpu_metrics_debug": "it was for TPUs",
    "tpu_num_cores": "it was for TPUs",
    "use_ipex": "transformers dropped it",
    "use_legacy_prediction_loop": "transformers dropped it",
    "use_mps_device": "Apple's GPU is taken where there is one",
}

# What they said cannot be said today: refused, but for the values that said nothing.
UNAVAILABLE: dict[str, tuple[tuple[Any, ...], str]] = {
    "base_model_revision": ((None, "main"), "merge the adapter into its base first, and start from that"),
    "model_code_revision": ((None, "main"), "the code is that of model_revision"),
    "system_prompt": ((None,), "put it into the rows as a system message"),
    "reference_free": ((None, False), "DPO compares with its reference"),
    "force_use_ref_model": ((None, False), "with an adapter, the model without it is the reference"),
    "model_adapter_name": ((None,), "the reference is the model without its adapter"),
    "ref_adapter_name": ((None,), "the reference is the model without its adapter"),
    "ref_model_init_kwargs": ((None, {}), "the reference is loaded as the model is"),
    "tools": ((None,), "put them into the rows, as a column 'tools'"),
    "push_to_hub_organization": ((None,), "write it into hub_model_id, as owner/name"),
    "sanity_check": ((None, False), "max_steps ends a trial early"),
}


# A switch that is on says these keys today; one that is off says nothing.
SWITCHES: dict[str, dict[str, Any]] = {
    "use_flash_attention_2": {"attn_implementation": "flash_attention_2"},
    "group_by_length": {"train_sampling_strategy": "group_by_length"},
    "adafactor": {"optim": "adafactor"},
    "include_inputs_for_metrics": {"include_for_metrics": ["inputs"]},
}

# They stand in a block today: {former key: (block, the key in it)}. Those of `env` are variables: texts.
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

# What takes more than a table to translate: translate.py and mixture.py hold the rules.
COMPUTED: dict[str, str] = {
    "warmup_ratio": "'warmup_steps', where a number below 1 is a share of all steps; none beside 'warmup_steps'",
    "rpo_alpha": "'loss_type: [sigmoid, sft]' and 'loss_weights: [1.0, rpo_alpha]'",
    "dataset_mixer": "'dataset_name' and its splits; of several data sets, 'datasets: [{path, name, split}]'",
    "dataset_splits": "'dataset_train_split' and 'dataset_test_split'; of several data sets, 'datasets: [{split}]'",
    "dataset_configs": "'dataset_config'; of several data sets, 'datasets: [{name}]'",
    "dataset_mixture": "'datasets: [{path, name, split, columns}]' and 'test_split_size'",
    "chat_template": "'chat_template_path', a file, in sft and reward; elsewhere part of the tokenizer",
    "tokenizer_name_or_path": "part of the model; 'gretchen train FILE' takes the one that is named",
}
# Of `dataset_kwargs`, which is still there.
DATASET_KWARGS_WITHOUT_EFFECT = ("add_special_tokens", "append_concat_token")


def inline(values: dict[str, Any]) -> str:
    """Return keys and values as YAML on one line."""
    return ", ".join(
        f"{key}: {yaml.safe_dump(value, default_flow_style=True).split(chr(10))[0]}" for key, value in values.items()
    )


def former() -> dict[str, str]:
    """Return {old key: what to write today, or why nothing}, in the order of the tables."""
    found = {old: f"'{new}'" for old, new in RENAMED.items()}
    found |= {old: f"'{inline(new)}'" for old, new in SWITCHES.items()}
    found |= {old: f"'{block}: {{{name}: …}}'" for old, (block, name) in BLOCKS.items()}
    found |= COMPUTED
    found |= {old: f"no effect today: {why}" for old, why in WITHOUT_EFFECT.items()}
    return found | {old: f"no such key today: {why}" for old, (_, why) in UNAVAILABLE.items()}


def hint(key: str) -> str | None:
    """Return what to write today instead of a former key, None for any other."""
    told = former().get(key)
    return f"today it is {told}" if told and not told.startswith("no ") else told
