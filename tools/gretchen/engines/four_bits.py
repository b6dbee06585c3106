"""Weights in 4 bits on a processor: kept in the form that gradients pass through.

On a processor with AVX512-BF16, bitsandbytes 0.50 packs a 4-bit layer anew at its first evaluation, and never back.
What is trained after that goes through `gemv_4bit`, which has no gradient: every adapter below the last layers would
stand still, in silence (bitsandbytes/nn/modules.py, Linear4bit.forward; autograd/_functions.py, matmul_4bit).
"""

from typing import Any


def keep_trainable(model: Any) -> None:
    """Let the model's 4-bit layers, if it has any, keep their weights as they were loaded."""
    for module in model.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            module.support_avx512bf16_for_cpu = False
