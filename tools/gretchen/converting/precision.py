"""Converts precision: TRL has keys for the autocast (bf16) and for the weights (dtype), axolotl has one for both."""

from gretchen.converting.conversion import Conversion


def to_axolotl(c: Conversion) -> None:
    """Write axolotl's precision. TRL's default is bf16 autocast with float32 weights."""
    origin = next((key for key in ("bf16", "fp16", "dtype") if c.has(key)), "")
    fp16 = c.take("fp16", False)
    bf16 = c.take("bf16", not fp16)
    weights = str(c.take("dtype", "float32"))
    c.put("bf16", bf16, "bf16" if c.has("bf16") else origin, default="auto")
    c.put("fp16", fp16, "fp16")
    for half, name in ((bf16, "bfloat16"), (fp16, "float16")):
        if half and weights == "float32":
            c.note(
                f"dtype of the weights: float32 in TRL, {name} in axolotl, which has one key for weights and autocast",
                "bf16",
            )
    if not bf16 and not fp16 and weights != "float32":
        c.drop("dtype", "axolotl keeps the weights in the precision that it computes in, here float32")
    c.put("tf32", c.take("tf32", False), "tf32", default="auto")


def to_zephyr(c: Conversion) -> None:
    """Write TRL's precision: axolotl's default is bf16 where the GPU supports it."""
    origin = next((key for key in ("bf16", "bfloat16") if c.has(key)), "")
    fp16 = bool(c.take("fp16", False) or c.take("float16", False))
    bf16 = c.take("bf16", "auto") if not c.take("bfloat16", False) else True
    c.take("float32")
    if bf16 == "auto" and not fp16:
        c.note("precision: axolotl uses bf16 where the GPU supports it, else float16; the twin sets bf16", "bf16")
    on = bf16 is True or (bf16 == "auto" and not fp16)
    c.put("bf16", on, origin, default=True)
    if fp16 and not on:
        c.put("fp16", True, "fp16" if c.has("fp16") else "float16")
    weights = "bfloat16" if on else "float16" if fp16 else "float32"
    c.put("dtype", weights, default="float32")
    tf32 = c.take("tf32", "auto")
    if isinstance(tf32, bool):
        c.put("tf32", tf32, "tf32")
    else:
        c.note("tf32: axolotl uses it where the GPU supports it, TRL only with 'tf32: true'", "tf32")
