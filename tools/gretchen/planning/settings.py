"""What a recipe of either engine asks of a device, in one vocabulary: number types, batch, adapter, loss, steps.

    read_settings(resolved).checkpointing

It reads values; defaults are the engine's own, from its schema. What the engines do with a value was read in their
installed sources (trl 1.9, axolotl 0.19, peft 0.20); each such reading stands at its line.
"""

from dataclasses import dataclass
from typing import Any

from gretchen.planning.parameters import Adapter
from gretchen.recipes.batch import Batch
from gretchen.recipes.resolve import Resolved
from gretchen.recipes.schema import load_schema

PAIRS = ("dpo", "orpo", "simpo", "reward")  # a row has two answers, which go through the model together
REFERENCED = ("dpo", "kto")  # what the model was before is asked too
WRITING = ("grpo", "rloo", "ppo")  # a row is a prompt, and the model writes the answers that it learns from
HALF, FULL = 2, 4  # bytes of a number
BITS = {None: "", "4": "nf4", "8": "int8"}


@dataclass(frozen=True)
class Settings:
    """A recipe's settings, as far as memory and steps depend on them. Sizes of numbers in bytes.

    `stored`: of the weights as they are loaded. `autocast`: products are computed in half precision on top of that.
    `quantized`: "", "nf4" or "int8" for the matrices of the layers; `nested`: their scales are quantized too.
    `padded`: rows of a batch are filled up to the longest; `flattened`: they stand behind one another as one sequence.
    `loss`: "chunked" (the head's output exists in pieces), "full" or "fused" (Liger). `own_loss`: beside that of the
    pair, the chosen answer has one of its own. `mixture`: how distillation mixes both models, 0 to 1.
    `prepares`: axolotl itself makes the rows, and drops long ones. `kept`: a frozen copy of the adapter is kept.

    Of a model that writes: `written`, the tokens that an answer of its own may have; `answers`, how many there are to a
    prompt; `drawn`, how many at once; `iterations`, how often it learns from these; `episodes`, how many are PPO's.
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
    own_loss: bool = False
    mixture: float = 0.0
    written: int = 0
    answers: int = 1
    drawn: int = 0
    iterations: int = 1
    episodes: int = 0
    prepares: bool = False
    kept: bool = False

    @property
    def compute(self) -> int:
        """Return the bytes of a number that a matrix product gives."""
        return HALF if self.autocast else self.stored

    @property
    def masked(self) -> bool:
        """Return whether attention is given a mask; flash-attention needs none."""
        return (self.padded or self.flattened) and not self.attention.startswith("flash_attention")

    @property
    def written_by_policy(self) -> bool:
        """Return whether rows are prompts alone, and the trained model writes the answers."""
        return self.stage in WRITING

    @property
    def sequences(self) -> int:
        """Return the sequences of one forward pass on one device."""
        return self.rows * (2 if self.stage in PAIRS else 1)


def read_settings(resolved: Resolved, cpu: bool) -> Settings:
    """Return a resolved recipe's settings, on a processor (`cpu`) or on a GPU."""
    schema = load_schema(resolved.engine, resolved.stage)["properties"]

    def value(key: str) -> Any:
        said = resolved.values.get(key, schema.get(key, {}).get("default"))
        return None if said == "none" else said

    read = of_zephyr if resolved.engine == "zephyr" else of_axolotl
    return read(value, resolved.stage, resolved.batch, cpu)


def of_zephyr(value: Any, stage: str, batch: Batch, cpu: bool) -> Settings:
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
            saved_of(saved, stage),
            layers,
        )
    # GKDTrainer takes SFT's keys for packing, and its collator, which makes its batches, does neither.
    packed = value("packing_strategy") or "bfd" if value("packing") and stage != "distill" else ""
    free = bool(value("padding_free")) and stage != "distill"
    return Settings(
        engine="zephyr",
        stage=stage,
        rows=batch.per_device,
        accumulation=batch.accumulation,
        devices=batch.devices,
        length=length_of_zephyr(value, stage),
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
        # DPOTrainer, KTOTrainer: with an adapter the reference is the model without it; else they load a second model.
        reference=stage in REFERENCED and adapter is None and not value("precompute_ref_log_probs"),
        cpu=cpu,
        padded=not (packed or free),  # wrapped rows are all full
        # DataCollatorForLanguageModeling(padding_free=…): SFTTrainer sets it for packing that keeps rows whole.
        flattened=packed in ("bfd", "bfd_split") or free,
        # ORPOTrainer: always; CPOTrainer: not where its weight is 0.
        own_loss=stage == "orpo" or (stage == "simpo" and bool(value("cpo_alpha"))),
        mixture=float(value("beta") or 0) if stage == "distill" else 0.0,
        written=written(value, stage),
        answers=int(value("num_generations") or 1) if stage in ("grpo", "rloo") else 1,
        drawn=drawn(value, batch),
        iterations=int(value("num_iterations") or 1),
        episodes=int(value("total_episodes") or 0),
    )


def loss_of_zephyr(value: Any, stage: str) -> str:
    """Return how TRL's trainer makes its loss from the head's output."""
    # ORPO's, CPO's and the reward model's trainers let Liger change the layers, and make their loss as they always do.
    if value("use_liger_kernel") and stage not in ("orpo", "simpo", "reward"):
        return "fused"
    # SFTConfig.__post_init__: chunked_nll, unless loss_type is said. GKDTrainer has a loss of its own.
    chunks = stage in ("pretrain", "sft") and value("loss_type") in (None, "chunked_nll")
    return "chunked" if chunks else "full"


def length_of_zephyr(value: Any, stage: str) -> int | None:
    """Return the tokens that TRL's trainer cuts a row at, None for no limit."""
    # ORPOTrainer, CPOTrainer: 512 where none is said; DataCollatorForChatML: 1024, or less where the tokenizer says so.
    instead = {"orpo": 512, "simpo": 512, "distill": 1024}
    return value("max_length") or instead.get(stage)


def written(value: Any, stage: str) -> int:
    """Return the tokens that an answer of the model's own may have in a TRL stage, 0 where it writes none."""
    if stage == "distill":  # GKDTrainer.training_step: in a share of the batches, or the teacher in the others
        return int(value("max_new_tokens")) if value("lmbda") or value("seq_kd") else 0
    return int(value("response_length" if stage == "ppo" else "max_completion_length") or 0) if stage in WRITING else 0


def drawn(value: Any, batch: Batch) -> int:
    """Return the answers that GRPO or RLOO writes at once (GRPOConfig.__post_init__)."""
    together = int(value("steps_per_generation") or batch.accumulation)
    return int(value("generation_batch_size") or batch.per_device * batch.devices * together)


def of_axolotl(value: Any, stage: str, batch: Batch, cpu: bool) -> Settings:
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
            saved_of(value("lora_modules_to_save"), stage),
            None if layers is None else tuple(layers if isinstance(layers, list) else [layers]),
        )
    packed = "bins" if value("sample_packing") else ""
    trl = of_trl_key(value) if stage == "grpo" else {}
    return Settings(
        engine="axolotl",
        stage=stage,
        rows=batch.per_device,
        accumulation=batch.accumulation,
        devices=batch.devices,
        length=value("sequence_len") if stage not in WRITING else None,  # GRPO cuts no prompt
        packing=packed,
        stored=HALF if half else FULL,
        autocast=half,
        quantized=bits,
        nested=bits == "nf4",  # axolotl sets bnb_4bit_use_double_quant itself
        adapter=adapter,
        adapter_bytes=FULL,
        checkpointing=bool(value("gradient_checkpointing")),
        attention=attention_of_axolotl(value),
        loss=loss_of_axolotl(value, stage),
        optimizer=str(value("optimizer")),
        epochs=float(value("num_epochs")),
        max_steps=int(value("max_steps") or -1),
        reference=stage in REFERENCED and adapter is None and not value("precompute_ref_log_probs"),
        cpu=cpu,
        padded=not packed,
        own_loss=stage == "orpo" or (stage == "simpo" and value("cpo_alpha") != 0),  # CPOConfig: 1 where none is said
        written=int(trl.get("max_completion_length", 0)),
        answers=int(trl.get("num_generations", 1)),
        drawn=drawn(trl.get, batch),
        iterations=int(trl.get("num_iterations") or 1),
        # GRPOTrainer copies an adapter that was made before it, as axolotl makes it, where there is a penalty.
        kept=adapter is not None and bool(trl.get("beta")),
        prepares=stage in ("dpo", "kto", "orpo", "simpo") and not value("skip_prepare_dataset"),
    )


def of_trl_key(value: Any) -> dict[str, Any]:
    """Return what axolotl hands on to TRL's GRPO under `trl:`, beside TRL's own defaults (GRPOStrategy)."""
    theirs = load_schema("zephyr", "grpo")["properties"]
    said = {key: told for key, told in (value("trl") or {}).items() if told is not None}
    return {key: told["default"] for key, told in theirs.items() if "default" in told} | said


def loss_of_axolotl(value: Any, stage: str) -> str:
    """Return how the loss of an axolotl recipe is made from the head's output."""
    # Both are keys of plugins, without which they do nothing, and take the place of the loss that the model itself
    # makes: TRL's preference trainers do not ask it for one.
    keys = {"liger.": "liger_fused_linear_cross_entropy", "cut_cross_entropy.": "cut_cross_entropy"}
    plugins = value("plugins") or []
    there = any(value(key) and any(part in plugin for plugin in plugins) for part, key in keys.items())
    return "fused" if there and stage in ("pretrain", "sft") else "full"


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


def saved_of(said: Any, stage: str) -> tuple[str, ...]:
    """Return the modules that are trained whole beside LoRA; peft adds a reward model's head (TaskType.SEQ_CLS)."""
    saved = names(said)
    return (*saved, "score") if stage == "reward" and "score" not in saved else saved


def names(said: Any) -> tuple[str, ...]:
    """Return one name or several as a tuple."""
    return (said,) if isinstance(said, str) else tuple(said or ())
