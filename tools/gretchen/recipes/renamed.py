"""Keys of the alignment-handbook's and TRL's older recipes, with what to write today: the hint beside "unknown key".

A test holds it against the installed TRL: no old name is a key of every stage today, and each new one is a key.
"""

RENAMED: dict[str, str] = {
    "torch_dtype": "today it is 'dtype'",
    "max_seq_length": "today it is 'max_length'",
    "max_prompt_length": "it has no effect today: leave it out",
    "overwrite_output_dir": "it has no effect today: leave it out",
    "warmup_ratio": "today a share of all steps is 'warmup_steps' below 1",
    "evaluation_strategy": "today it is 'eval_strategy'",
    "use_flash_attention_2": "today it is 'attn_implementation: flash_attention_2'",
    "preprocessing_num_workers": "today it is 'dataset_num_proc'",
    "hub_model_revision": "today it is 'hub_revision'",
    "push_to_hub_model_id": "today it is 'hub_model_id'",
    "chat_template": "today it is 'chat_template_path', a file",
    "dataset_mixer": "today it is 'datasets: [{path, split}]'",
    "dataset_splits": "today it is 'datasets: [{path, split}]'",
    "dataset_configs": "today it is 'datasets: [{path, name}]'",
    "dataset_mixture": "today it is 'datasets: [{path, name, split, columns}]' and 'test_split_size'",
    "wandb_entity": "today it is 'env: {WANDB_ENTITY: …}'",
    "wandb_project": "today it is 'env: {WANDB_PROJECT: …}'",
    "wandb_run_group": "today it is 'env: {WANDB_RUN_GROUP: …}'",
    "tokenizer_name_or_path": "the model's own tokenizer is taken: leave it out",
}
