"""What a recipe of either engine asks of a device, in one vocabulary: number types, batch, adapter, loss, steps.

    read_settings(resolved).checkpointing

It reads values; defaults are the engine's own, from its schema. What the engines do with a value was read in their
installed sources (trl 1.9, axolotl 0.19, peft 0.20); each such reading stands at its line.
"""

from dataclasses import dataclass, replace
from typing import Any

from gretchen.errors import UserError
from gretchen.planning.parameters import Adapter
from gretchen.recipes.batch import PER_DEVICE
from gretchen.recipes.resolve import Resolved
from gretchen.recipes.schema import load_schema

PLANNED = ("pretrain", "sft", "dpo")
PAIRS = ("dpo",)  # a row has two answers
HALF, FULL = 2, 4  # bytes of a number
BITS = {None: "", "4": "nf4", "8": "int8"}


@dataclass(frozen=True)
class Settings:
    """A recipe's settings, as far as memory and steps depend on them. Sizes of numbers in bytes.

    `stored`: of the weights as they are loaded. `autocast`: products are computed in half precision on top of that.
    `quantized`: "", "nf4" or "int8" for the matrices of the layers; `nested`: their scales are quantized too.
    `padded`: rows of a batch are filled up to the longest; `flattened`: they stand behind one another as one sequence.
    `loss`: "chunked" (the head's output exists in pieces), "full" or "fused" (Liger).
    """

    engine: str
    stage: str
    rows: int
    accumulation: int
    devices: int
    length: int | None
    packing: str
    stored: int
    autocast: bool
    quantized: str
    nested: bool
    adapter: Adapter | None
    adapter_bytes: int
    checkpointing: bool
    attention: str
    loss: str
    optimizer: str
    epochs: float
    max_steps: int
    reference: bool
    cpu: bool
    padded: bool = True
    flattened: bool = False

    @property
    def compute(self) -> int:
        """Return the bytes of a number that a matrix product gives."""
        return HALF if self.autocast else self.stored

    @property
    def masked(self) -> bool:
        """Return whether attention is given a mask; flash-attention needs none."""
        return (self.padded or self.flattened) and not self.attention.startswith("flash_attention")

    @property
    def sequences(self) -> int:
        """Return the sequences of one forward pass on one device."""
        return self.rows * (2 if self.stage in PAIRS else 1)


def read_settings(resolved: Resolved, cpu: bool) -> Settings:
    """Return a resolved recipe's settings, on a processor (`cpu`) or on a GPU.

    Raises UserError for a stage that is not planned.
    """
    if resolved.stage not in PLANNED:
        raise UserError(f"stage '{resolved.stage}' is not planned", f"planned are {', '.join(PLANNED)}")
    schema = load_schema(resolved.engine, resolved.stage)["properties"]

    def value(key: str) -> Any:
        said = resolved.values.get(key, schema.get(key, {}).get("default"))
        return None if said == "none" else said

    read = of_zephyr if resolved.engine == "zephyr" else of_axolotl
    settings = read(value, resolved.stage, cpu)
    batch = resolved.batch
    return replace(settings, rows=batch.per_device, accumulation=batch.accumulation, devices=batch.devices)


def of_zephyr(value: Any, stage: str, cpu: bool) -> Settings:
    """Return the settings of a TRL recipe."""
    bits = "nf4" if value("load_in_4bit") else "int8" if value("load_in_8bit") else ""
    # SFTConfig: bf16 unless fp16 or bf16 is said; create_model_from_path: float32 unless dtype is said.
    bf16 = not value("fp16") if value("bf16") is None else bool(value("bf16"))
    stored = HALF if value("dtype") in ("bfloat16", "float16", "auto") else FULL
    adapter = None
    if value("use_peft"):
        saved, layers = value("lora_modules_to_save"), None
        adapter = Adapter(
            int(value("lora_r")),
            targets_of(value("lora_target_modules")),
            float(value("lora_dropout") or 0),
            bool(value("use_dora")),
            names(saved),
            layers,
        )
    packed = value("packing_strategy") or "bfd" if value("packing") else ""
    return Settings(
        engine="zephyr",
        stage=stage,
        rows=int(value(PER_DEVICE["zephyr"])),
        accumulation=1,
        devices=1,
        length=value("max_length"),
        packing=packed,
        stored=stored,
        autocast=bf16 or bool(value("fp16")),
        quantized=bits,
        nested=bool(value("use_bnb_nested_quant")),
        adapter=adapter,
        # SFTTrainer, DPOTrainer: an adapter beside quantized weights becomes bf16; peft makes any other float32.
        adapter_bytes=HALF if bits else FULL,
        checkpointing=bool(value("gradient_checkpointing")),
        attention=str(value("attn_implementation") or "sdpa"),
        loss=loss_of_zephyr(value, stage),
        optimizer=str(value("optim")),
        epochs=float(value("num_train_epochs")),
        max_steps=int(value("max_steps") or -1),
        # DPOTrainer: with an adapter the reference is the model without it; else it loads a second model.
        reference=stage == "dpo" and adapter is None and not value("precompute_ref_log_probs"),
        cpu=cpu,
        padded=not (packed or value("padding_free")),  # wrapped rows are all full
        # DataCollatorForLanguageModeling(padding_free=…): SFTTrainer sets it for packing that keeps rows whole.
        flattened=packed in ("bfd", "bfd_split") or bool(value("padding_free")),
    )


def loss_of_zephyr(value: Any, stage: str) -> str:
    """Return how TRL's trainer makes its loss from the head's output."""
    if value("use_liger_kernel"):
        return "fused"
    if stage == "dpo":
        return "full"
    # SFTConfig.__post_init__: chunked_nll, unless loss_type is said.
    return "chunked" if value("loss_type") in (None, "chunked_nll") else "full"


def of_axolotl(value: Any, stage: str, cpu: bool) -> Settings:
    """Return the settings of an axolotl recipe."""
    bits = "nf4" if value("load_in_4bit") else "int8" if value("load_in_8bit") else ""
    # normalize_config: `auto` is bf16 on a GPU that has it, and float32 on a processor; weights are loaded in it.
    bf16 = not cpu if value("bf16") == "auto" else bool(value("bf16"))
    half = bf16 or bool(value("fp16"))
    adapter = None
    if value("adapter"):
        targets = "all-linear" if value("lora_target_linear") else targets_of(value("lora_target_modules"))
        layers = value("peft_layers_to_transform")
        adapter = Adapter(
            int(value("lora_r") or 8),
            targets,
            float(value("lora_dropout") or 0),
            bool(value("peft_use_dora")),
            names(value("lora_modules_to_save")),
            None if layers is None else tuple(layers if isinstance(layers, list) else [layers]),
        )
    liger = value("liger_fused_linear_cross_entropy") or value("cut_cross_entropy")
    packed = "bins" if value("sample_packing") else ""
    return Settings(
        engine="axolotl",
        stage=stage,
        rows=int(value(PER_DEVICE["axolotl"]) or 1),
        accumulation=1,
        devices=1,
        length=value("sequence_len"),
        packing=packed,
        stored=HALF if half else FULL,
        autocast=half,
        quantized=bits,
        nested=bits == "nf4",  # axolotl sets bnb_4bit_use_double_quant itself
        adapter=adapter,
        adapter_bytes=FULL,
        checkpointing=bool(value("gradient_checkpointing")),
        attention=attention_of_axolotl(value),
        loss="fused" if liger else "full",
        optimizer=str(value("optimizer")),
        epochs=float(value("num_epochs")),
        max_steps=int(value("max_steps") or -1),
        reference=stage == "dpo" and adapter is None and not value("precompute_ref_log_probs"),
        cpu=cpu,
        padded=not packed,
    )


def attention_of_axolotl(value: Any) -> str:
    """Return the attention that an axolotl recipe names, by its newer key or by one of the older ones."""
    older = {"flash_attention": "flash_attention_2", "sdp_attention": "sdpa", "eager_attention": "eager"}
    return str(value("attn_implementation") or next((name for key, name in older.items() if value(key)), "sdpa"))


def targets_of(said: Any) -> str | tuple[str, ...] | None:
    """Return LoRA's target modules as peft takes them: one text is "all-linear" or an expression."""
    if isinstance(said, str):
        # TRL's get_peft_config makes a list of one of a text that is not all-linear, unless it stands for several.
        return said if said == "all-linear" or not said.isidentifier() else (said,)
    if isinstance(said, list) and len(said) == 1:
        return targets_of(said[0])
    return tuple(said) if said else None


def names(said: Any) -> tuple[str, ...]:
    """Return one name or several as a tuple."""
    return (said,) if isinstance(said, str) else tuple(said or ())
