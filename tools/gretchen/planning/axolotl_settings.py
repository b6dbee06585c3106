"""The settings of an axolotl recipe. What axolotl 0.19 does with a value was read in its installed sources.

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
from gretchen.recipes.schema import load_schema

# Keys of plugins, without which they have no effect. They replace the loss that the model itself computes; TRL's
# preference trainers do not use that one.
FUSED_LOSSES = {"liger.": "liger_fused_linear_cross_entropy", "cut_cross_entropy.": "cut_cross_entropy"}
ATTENTION_KEYS = {"flash_attention": "flash_attention_2", "sdp_attention": "sdpa", "eager_attention": "eager"}


def axolotl_settings(resolved: Resolved, cpu: bool) -> Settings:
    """Return the settings of an axolotl recipe, on a CPU or on a GPU."""
    value_of, stage, batch = values_of(resolved), resolved.stage, resolved.batch
    # normalize_config: `auto` is bf16 on a GPU that has it, and float32 on a CPU; weights are loaded in that dtype.
    bf16 = not cpu if value_of("bf16") == "auto" else bool(value_of("bf16"))
    half_precision = bf16 or bool(value_of("fp16"))
    lora, bits = _lora(value_of, stage), quantization(value_of)
    packing = "bins" if value_of("sample_packing") else ""
    grpo = _grpo_values(value_of) if stage == "grpo" else {}.get
    return Settings(
        engine="axolotl",
        stage=stage,
        batch_size=batch.per_device,
        accumulation=batch.accumulation,
        devices=batch.devices,
        max_length=value_of("sequence_len") if stage not in GENERATING_STAGES else None,  # GRPO cuts no prompt
        packing=packing,
        weight_bytes=FP16_BYTES if half_precision else FP32_BYTES,
        autocast=half_precision,
        quantization=bits,
        double_quantization=bits == "nf4",  # axolotl sets bnb_4bit_use_double_quant itself
        lora=lora,
        adapter_bytes=FP32_BYTES,
        checkpointing=bool(value_of("gradient_checkpointing")),
        attention=_attention(value_of),
        loss=_loss(value_of, stage),
        optimizer=str(value_of("optimizer")),
        epochs=float(value_of("num_epochs")),
        max_steps=int(value_of("max_steps") or -1),
        has_reference_model=stage in REFERENCE_STAGES and lora is None and not value_of("precompute_ref_log_probs"),
        cpu=cpu,
        padded=not packing,
        chosen_nll=stage == "orpo" or (stage == "simpo" and value_of("cpo_alpha") != 0),  # CPOConfig: 1 by default
        max_new_tokens=int(grpo("max_completion_length") or 0),
        num_generations=int(grpo("num_generations") or 1),
        generation_batch_size=generation_batch_size(grpo, batch),
        num_iterations=int(grpo("num_iterations") or 1),
        # GRPOTrainer with a KL penalty copies an adapter that was created before it, as axolotl creates it.
        copies_adapter=lora is not None and bool(grpo("beta")),
        drops_long_rows=stage in ("dpo", "kto", "orpo", "simpo") and not value_of("skip_prepare_dataset"),
    )


def _lora(value_of: ValueOf, stage: str) -> Lora | None:
    """Return the recipe's LoRA, None for a full fine-tune."""
    if not value_of("adapter"):
        return None
    all_linear, layers = value_of("lora_target_linear"), value_of("peft_layers_to_transform")
    return Lora(
        rank=int(value_of("lora_r") or 8),
        targets="all-linear" if all_linear else lora_targets(value_of("lora_target_modules")),
        dropout=float(value_of("lora_dropout") or 0),
        dora=bool(value_of("peft_use_dora")),
        modules_to_save=modules_to_save(value_of("lora_modules_to_save"), stage),
        layers=None if layers is None else tuple(layers if isinstance(layers, list) else [layers]),
    )


def _grpo_values(value_of: ValueOf) -> ValueOf:
    """Return the lookup of what axolotl passes to TRL's GRPO under `trl:`, with TRL's own defaults (GRPOStrategy)."""
    schema = load_schema("zephyr", "grpo")["properties"]
    defaults = {key: entry["default"] for key, entry in schema.items() if "default" in entry}
    configured = {key: value for key, value in (value_of("trl") or {}).items() if value is not None}
    return (defaults | configured).get


def _loss(value_of: ValueOf, stage: str) -> str:
    """Return how the loss of an axolotl recipe is computed from the head's output."""
    plugins = value_of("plugins") or []
    is_fused = any(value_of(key) and any(part in name for name in plugins) for part, key in FUSED_LOSSES.items())
    return "fused" if is_fused and stage in ("pretrain", "sft") else "full"


def _attention(value_of: ValueOf) -> str:
    """Return the attention kernel of an axolotl recipe, from the current key or from one of the older ones."""
    older = (name for key, name in ATTENTION_KEYS.items() if value_of(key))
    return str(value_of("attn_implementation") or next(older, "sdpa"))
