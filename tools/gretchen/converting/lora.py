"""Converts adapter and quantization: TRL has use_peft and load_in_4bit, axolotl names the adapter."""

from gretchen.converting.conversion import Conversion

LORA = ("lora_r", "lora_alpha", "lora_dropout")
UNCHANGED = ("lora_target_parameters", "lora_modules_to_save")
VARIANTS = {"use_dora": "peft_use_dora", "use_rslora": "peft_use_rslora"}
QUANTIZED = ("bnb_4bit_quant_type", "bnb_4bit_use_double_quant", "bnb_4bit_quant_storage")
ZEPHYR_LORA = (*LORA, *UNCHANGED, *VARIANTS, "lora_target_modules", "lora_task_type")
ZEPHYR_QUANTIZED = {"bnb_4bit_quant_type": "nf4", "use_bnb_nested_quant": False, "bnb_4bit_quant_storage": "uint8"}
AXOLOTL_QUANTIZED = {"bnb_4bit_quant_type": "nf4", "use_bnb_nested_quant": True, "bnb_4bit_quant_storage": "bfloat16"}
DOUBLE = "bnb_4bit_use_double_quant"


def to_axolotl(c: Conversion) -> None:
    """Write axolotl's adapter."""
    if not c.take("use_peft", False):
        for key in (*ZEPHYR_LORA, *ZEPHYR_QUANTIZED, "load_in_4bit", "load_in_8bit"):
            if c.take(key):
                c.drop(key, "without 'use_peft: true' the twin has no adapter and no quantization")
        return
    four = c.take("load_in_4bit", False)
    c.put("adapter", "qlora" if four else "lora", "use_peft")
    for key, default in zip(LORA, (16, 32, 0.05), strict=True):
        c.put(key, c.take(key, default), key)
    targets = c.take("lora_target_modules")
    if targets == "all-linear":
        c.put("lora_target_linear", True, "lora_target_modules")
    elif targets is not None:
        c.put("lora_target_modules", targets, "lora_target_modules")
    else:
        c.note("which layers LoRA adapts: peft picks them by the model's type, axolotl needs lora_target_modules")
    for key in UNCHANGED:
        c.carry(key)
    for key, other in VARIANTS.items():
        c.put(other, c.take(key, False), key, default=False)
    if c.take("lora_task_type", "CAUSAL_LM") != "CAUSAL_LM":
        c.drop("lora_task_type", "axolotl trains causal models")
    quantization_to_axolotl(c, four)


def quantization_to_axolotl(c: Conversion, four: bool) -> None:
    """Write axolotl's quantization, whose defaults for 4 bits differ from TRL's."""
    c.carry("load_in_8bit")
    options = {key: c.take(key, default) for key, default in ZEPHYR_QUANTIZED.items()}
    if four:
        c.put("load_in_4bit", True, "load_in_4bit")
        options[DOUBLE] = options.pop("use_bnb_nested_quant")
        defaults = AXOLOTL_QUANTIZED | {DOUBLE: True}
        if differing := {key: options[key] for key in QUANTIZED if options[key] != defaults[key]}:
            c.put("bnb_config_kwargs", differing, "load_in_4bit")


def to_zephyr(c: Conversion) -> None:
    """Write TRL's adapter."""
    adapter = c.take("adapter")
    if adapter not in (None, "lora", "qlora"):
        c.drop("adapter", f"TRL's commands have no adapter '{adapter}'")
        return
    if adapter is None:
        return
    c.put("use_peft", True, "adapter")
    for key, default in zip(LORA, (None, None, 0.0), strict=True):
        if (value := c.take(key, default)) is not None:
            c.put(key, value, key, {"lora_dropout": 0.05}.get(key))
    if c.take("lora_target_linear", False):
        c.drop(
            "lora_target_modules", "'lora_target_linear: true' adapts every linear layer, and TRL has one key for both"
        )
        c.put("lora_target_modules", "all-linear", "lora_target_linear")
    else:
        c.carry("lora_target_modules")
    for key in UNCHANGED:
        c.carry(key)
    for key, other in VARIANTS.items():
        c.put(key, c.take(other, False), other, default=False)
    quantization_to_zephyr(c)


def quantization_to_zephyr(c: Conversion) -> None:
    """Write TRL's quantization."""
    c.carry("load_in_8bit")
    options = dict(c.take("bnb_config_kwargs", {}))
    if not c.take("load_in_4bit", False):
        return
    c.put("load_in_4bit", True, "load_in_4bit")
    values = {key: options.pop(key, default) for key, default in AXOLOTL_QUANTIZED.items() if key in QUANTIZED}
    values["use_bnb_nested_quant"] = options.pop(DOUBLE, True)
    for key, value in values.items():
        if value != "uint8":  # bitsandbytes' default, for which TRL sets nothing
            c.put(key, value, "bnb_config_kwargs", ZEPHYR_QUANTIZED[key])
    if options:
        c.drop("bnb_config_kwargs", f"TRL has no key for {', '.join(options)}")
