"""What a recipe's key does, in a line of our own: for keys that an engine describes with their own name, or not at all.

    key_note("lora_r")      -> "rank of the adapter's matrices: …", None for a key that has no note

TRL and axolotl call some keys differently; such keys share a note.
"""

KEY_NOTES = {
    ("lora_r",): "rank of the adapter's matrices, its capacity: 8 to 64 is usual; twice the rank trains twice as many "
    "parameters. A new format needs little, new knowledge more.",
    ("lora_alpha",): "strength of the adapter: its output is multiplied by lora_alpha / lora_r. 1 or 2 times lora_r "
    "is usual; a change acts like one of the learning rate.",
    ("lora_dropout",): "share of the adapter's inputs that is dropped at random in each step: 0 to 0.1, against "
    "overfitting on few rows.",
    ("lora_target_modules", "lora_target_linear"): "which layers get an adapter: all linear layers is usual and "
    "better than attention alone.",
    ("lora_modules_to_save",): "layers that are trained in full beside the adapter, such as a reward model's head.",
    ("adapter", "use_peft"): "whether a LoRA adapter is trained while the model's own weights stay as they are; "
    "without it all weights are trained.",
    ("learning_rate",): "size of an optimizer step, the value to try first: too high and the loss jumps or answers "
    "repeat one word, too low and the model answers like its base. LoRA takes ten times a full fine-tune's.",
    ("num_epochs", "num_train_epochs"): "how often the training rows are seen. 1 to 4 is usual; when the validation "
    "loss rises, it was too often.",
    ("max_steps",): "optimizer steps after which the training ends, whatever the epochs say; -1 or none: the epochs.",
    ("micro_batch_size", "per_device_train_batch_size"): "rows on one device at a time: memory grows with it. The "
    "effective batch is this × gradient_accumulation_steps × devices.",
    ("gradient_accumulation_steps",): "how many small batches are added up for one optimizer step: a large effective "
    "batch in little memory.",
    ("sequence_len", "max_length"): "longest row in tokens; what is longer is truncated or left out. Memory grows "
    "with it. `make inspect` shows the lengths.",
    ("max_completion_length", "max_new_tokens"): "longest answer that is generated, in tokens: a limit below the "
    "references' length makes right answers impossible.",
    ("warmup_steps", "warmup_ratio"): "the first steps, in which the learning rate rises from 0; a value below 1 is a "
    "share of all steps.",
    ("lr_scheduler", "lr_scheduler_type"): "how the learning rate falls during the training: cosine and linear end "
    "near 0, constant does not fall.",
    ("optimizer", "optim"): "the algorithm of a step: AdamW variants differ in memory and speed, not in their rates; "
    "SGD and others need rates of their own.",
    ("weight_decay",): "pull of all weights towards 0 in each step: 0 to 0.1.",
    ("max_grad_norm",): "gradients longer than this are shortened to it: 1.0 is usual, against single wild steps.",
    ("skip_prepare_dataset",): "axolotl makes no tokens of the rows itself: the trainer does (RL).",
    ("remove_unused_columns",): "whether columns that the model does not take are dropped: false where a reward reads "
    "them.",
    ("trl",): "axolotl's settings of TRL's RL trainers: number and length of answers, rewards, generation.",
    ("reward_funcs",): "what scores an answer in RL: import paths of functions; gretchen.rewards.project is the "
    "project's own metric.",
    ("response_length",): "longest answer that PPO generates, in tokens.",
    ("kl_coef",): "PPO's price for moving away from the model it started from: higher stays closer.",
    ("packing_strategy",): "how rows share a sequence: bfd puts whole rows together, wrapped cuts at the limit.",
    ("bnb_4bit_quant_type",): "the 4-bit format of QLoRA: nf4 is made for weights, fp4 is not.",
    ("beta", "rl_beta"): "how strongly the model is held to where it started (preference training, RL): 0.01 moves "
    "freely, 0.5 stays close.",
    ("loss_type", "dpo_loss_type"): "which loss preference training minimizes: sigmoid is DPO's own, ipo resists "
    "overfitting, sft adds the chosen answer's own loss.",
    ("loss_weights", "dpo_loss_weights"): "the factor of each loss in the list of losses.",
    ("num_generations",): "answers per prompt that are compared with each other in RL: at least 2, 4 to 16 is usual.",
    ("temperature",): "randomness of generated answers: 0 always takes the likeliest token, 1 samples as the model "
    "believes.",
    ("packing", "sample_packing"): "several short rows in one sequence: faster, and safe only with flash attention, "
    "since other kernels let the rows see each other.",
    ("assistant_only_loss", "roles_to_train"): "whether the loss is on the assistant's turns alone: the model learns "
    "to answer, not to ask.",
    ("base_model", "model_name_or_path"): "the model that the training starts from: a folder or a name on the hub. "
    "${model} is the card's, ${base.sft} the newest SFT run, merged.",
    ("output_dir",): "the run's folder, ${output}: Gretchen names it.",
    ("seed",): "start of all random numbers: order of rows, initial adapter, dropout. Another seed gives another "
    "model; the difference is what a single training leaves open.",
    ("eval_strategy",): "when the validation loss is computed: no, steps (each eval_steps), epoch.",
    ("save_strategy",): "when a checkpoint is written, from which RESUME=1 continues: no, steps, epoch.",
    ("save_total_limit",): "how many checkpoints are kept, the newest ones.",
    ("logging_steps",): "after how many steps the loss is logged.",
    ("gradient_checkpointing",): "activations are computed again instead of kept: a third less speed for much less "
    "memory.",
    ("bf16",): "computes in 16 bits with the range of 32: right for GPUs from 2020 on.",
    ("fp16",): "computes in 16 bits with a small range: for older GPUs; models trained in bf16 overflow in it.",
    ("load_in_4bit",): "the model's own weights in 4 bits (QLoRA): a quarter of the memory, for adapters alone.",
    ("attn_implementation",): "the attention kernel: sdpa works everywhere, flash_attention_2 is faster on NVIDIA "
    "GPUs and needed for packing.",
    ("chat_template",): "how turns become one string with markers; a trained model must be asked in the template it "
    "was trained with.",
    ("use_rslora", "peft_use_rslora"): "scales the adapter by lora_alpha / √lora_r: higher ranks keep their effect.",
    ("use_dora", "peft_use_dora"): "trains direction and length of the weights apart (DoRA): slower, sometimes better "
    "at small ranks.",
    ("dataset_name", "datasets"): "the rows: ${data.chats} and its kin are what `make data` built.",
}  # fmt: skip
BY_KEY = {key: note for keys, note in KEY_NOTES.items() for key in keys}


def key_note(key: str) -> str | None:
    """Return our own line on a key, None where there is none."""
    return BY_KEY.get(key)
