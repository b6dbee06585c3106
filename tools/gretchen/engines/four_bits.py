"""4-bit weights on a CPU, kept in the layout that gradients pass through.

On a CPU with AVX512-BF16, bitsandbytes 0.50 repacks a 4-bit layer for good at its first forward pass in eval mode. From
then on training goes through `gemv_4bit`, which has no gradient: every adapter below the last layers would silently
stop learning (bitsandbytes/nn/modules.py, Linear4bit.forward; autograd/_functions.py, matmul_4bit).
"""

from typing import Any


def keep_trainable(model: Any) -> None:
    """Keep the weights of the model's 4-bit layers, if it has any, in the layout in which they were loaded."""
    for module in model.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            module.support_avx512bf16_for_cpu = False
