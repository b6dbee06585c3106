"""Precision: TRL tells the arithmetic (bf16) apart from the weights (dtype), axolotl does both by one key."""

from gretchen.converting.conversion import Conversion


def to_axolotl(c: Conversion) -> None:
    """Write axolotl's precision. TRL's own default is bf16, with weights in float32."""
    said = next((key for key in ("bf16", "fp16", "dtype") if c.says(key)), "")
    fp16 = c.take("fp16", False)
    bf16 = c.take("bf16", not fp16)
    weights = str(c.take("dtype", "float32"))
    c.put("bf16", bf16, "bf16" if c.says("bf16") else said, default="auto")
    c.put("fp16", fp16, "fp16")
    for half, name in ((bf16, "bfloat16"), (fp16, "float16")):
        if half and weights == "float32":
            c.note(
                f"the weights: float32 here, {name} in axolotl, which has one key for weights and arithmetic", "bf16"
            )
    if not bf16 and not fp16 and weights != "float32":
        c.name("dtype", "axolotl keeps weights in the precision that it computes in, which is float32 here")
    c.put("tf32", c.take("tf32", False), "tf32", default="auto")


def to_zephyr(c: Conversion) -> None:
    """Write TRL's precision: axolotl's own default is bf16 where the GPU has it."""
    said = next((key for key in ("bf16", "bfloat16") if c.says(key)), "")
    fp16 = bool(c.take("fp16", False) or c.take("float16", False))
    bf16 = c.take("bf16", "auto") if not c.take("bfloat16", False) else True
    c.take("float32")
    if bf16 == "auto" and not fp16:
        c.note("precision: axolotl takes bf16 where the GPU has it, float16 elsewhere; the twin says bf16", "bf16")
    on = bf16 is True or (bf16 == "auto" and not fp16)
    c.put("bf16", on, said, default=True)
    if fp16 and not on:
        c.put("fp16", True, "fp16" if c.says("fp16") else "float16")
    weights = "bfloat16" if on else "float16" if fp16 else "float32"
    c.put("dtype", weights, default="float32")
    tf32 = c.take("tf32", "auto")
    if isinstance(tf32, bool):
        c.put("tf32", tf32, "tf32")
    else:
        c.note("tf32: axolotl takes it where the GPU has it, TRL where 'tf32: true' says so", "tf32")
