"""The settings of a zephyr recipe. What TRL 1.9 and peft 0.20 do with a value was read in their installed sources.

Each reading is noted at its line.
"""

from gretchen.planning.parameters import Lora
from gretchen.planning.recipe_values import (
    ValueOf,
    generation_batch_size,
    lora_targets,
    modules_to_save,
    quantization,
    values_of,
)
from gretchen.planning.settings import FP16_BYTES, FP32_BYTES, GENERATING_STAGES, REFERENCE_STAGES, Settings
from gretchen.recipes.resolve import Resolved

# ORPOTrainer, CPOTrainer: 512 by default; DataCollatorForChatML: 1024, or less where the tokenizer's limit is less.
DEFAULT_MAX_LENGTH = {"orpo": 512, "simpo": 512, "distill": 1024}


def trl_settings(resolved: Resolved, cpu: bool) -> Settings:
    """Return the settings of a TRL recipe, on a CPU or on a GPU."""
    value_of, stage, batch = values_of(resolved), resolved.stage, resolved.batch
    # SFTConfig: bf16 unless fp16 or bf16 is set; create_model_from_path: float32 unless dtype is set.
    bf16 = not value_of("fp16") if value_of("bf16") is None else bool(value_of("bf16"))
    lora, bits = _lora(value_of, stage), quantization(value_of)
    # GKDTrainer accepts SFT's keys for packing; its collator, which makes the batches, ignores them.
    packing = value_of("packing_strategy") or "bfd" if value_of("packing") and stage != "distill" else ""
    padding_free = bool(value_of("padding_free")) and stage != "distill"
    return Settings(
        engine="zephyr",
        stage=stage,
        batch_size=batch.per_device,
        accumulation=batch.accumulation,
        devices=batch.devices,
        max_length=value_of("max_length") or DEFAULT_MAX_LENGTH.get(stage),
        packing=packing,
        weight_bytes=FP16_BYTES if value_of("dtype") in ("bfloat16", "float16", "auto") else FP32_BYTES,
        autocast=bf16 or bool(value_of("fp16")),
        quantization=bits,
        double_quantization=bool(value_of("use_bnb_nested_quant")),
        lora=lora,
        # SFTTrainer, DPOTrainer: an adapter on quantized weights becomes bf16; peft makes any other float32.
        adapter_bytes=FP16_BYTES if bits else FP32_BYTES,
        checkpointing=bool(value_of("gradient_checkpointing")),
        attention=str(value_of("attn_implementation") or "sdpa"),
        loss=_loss(value_of, stage),
        optimizer=str(value_of("optim")),
        epochs=float(value_of("num_train_epochs")),
        max_steps=int(value_of("max_steps") or -1),
        # DPOTrainer, KTOTrainer: with an adapter the reference is the model without it; else they load a second model.
        has_reference_model=stage in REFERENCE_STAGES and lora is None and not value_of("precompute_ref_log_probs"),
        cpu=cpu,
        padded=not (packing or padding_free),  # wrapped rows are all full
        # DataCollatorForLanguageModeling(padding_free=…): SFTTrainer sets it for packing that keeps rows whole.
        padding_free=packing in ("bfd", "bfd_split") or padding_free,
        # ORPOTrainer: always; CPOTrainer: not where its weight is 0.
        chosen_nll=stage == "orpo" or (stage == "simpo" and bool(value_of("cpo_alpha"))),
        jsd_beta=float(value_of("beta") or 0) if stage == "distill" else 0.0,
        max_new_tokens=_max_new_tokens(value_of, stage),
        num_generations=int(value_of("num_generations") or 1) if stage in ("grpo", "rloo") else 1,
        generation_batch_size=generation_batch_size(value_of, batch),
        num_iterations=int(value_of("num_iterations") or 1),
        total_episodes=int(value_of("total_episodes") or 0),
    )


def _lora(value_of: ValueOf, stage: str) -> Lora | None:
    """Return the recipe's LoRA, None for a full fine-tune."""
    if not value_of("use_peft"):
        return None
    return Lora(
        rank=int(value_of("lora_r")),
        targets=lora_targets(value_of("lora_target_modules")),
        dropout=float(value_of("lora_dropout") or 0),
        dora=bool(value_of("use_dora")),
        modules_to_save=modules_to_save(value_of("lora_modules_to_save"), stage),
    )


def _loss(value_of: ValueOf, stage: str) -> str:
    """Return how TRL's trainer computes its loss from the head's output."""
    # With Liger, ORPO's, CPO's and the reward model's trainers change the layers and compute their loss as without it.
    if value_of("use_liger_kernel") and stage not in ("orpo", "simpo", "reward"):
        return "fused"
    # SFTConfig.__post_init__: chunked_nll, unless loss_type is set. GKDTrainer has its own loss.
    is_chunked = stage in ("pretrain", "sft") and value_of("loss_type") in (None, "chunked_nll")
    return "chunked" if is_chunked else "full"


def _max_new_tokens(value_of: ValueOf, stage: str) -> int:
    """Return the token limit of a generated completion, 0 where the model generates none."""
    if stage == "distill":  # GKDTrainer.training_step: in a share of the batches; or the teacher in the others
        return int(value_of("max_new_tokens")) if value_of("lmbda") or value_of("seq_kd") else 0
    key = "response_length" if stage == "ppo" else "max_completion_length"
    return int(value_of(key) or 0) if stage in GENERATING_STAGES else 0
