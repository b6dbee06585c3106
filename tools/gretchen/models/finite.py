"""Are a model's weights finite? A NaN or an infinity in one of them spoils every answer.

    require_finite(run_dir / "adapter")        -> raises WorkError for weights with NaN or infinity

Weight files are read tensor by tensor: memory for one tensor is enough.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gretchen import paths
from gretchen.errors import WorkError
from gretchen.models.locate import weights

SMALLER_STEPS = "a smaller learning_rate, more warmup_steps, or max_grad_norm=1.0"


def non_finite(tensors: Iterable[tuple[str, Any]]) -> list[str]:
    """Return the names of the tensors that hold NaN or infinity; quantized and integer tensors are skipped.

    bitsandbytes stores four-bit weights as numbers of any type, which mean nothing by themselves.
    """
    import torch

    return [
        name
        for name, tensor in tensors
        if tensor.is_floating_point()
        and tensor.element_size() > 1
        and not hasattr(tensor, "quant_state")
        and not bool(torch.isfinite(tensor).all())
    ]


def weight_problem(names: list[str]) -> str:
    """Return the problem with tensors as a clause: "model.norm.weight holds NaN or infinity"."""
    if len(names) == 1:
        return f"{names[0]} holds NaN or infinity"
    return f"{len(names)} tensors hold NaN or infinity, the first of them {names[0]}"


def require_finite(folder: Path) -> None:
    """Raise WorkError where a folder's weights hold NaN or infinity."""
    from safetensors import safe_open

    names: list[str] = []
    for file in weights(folder):
        with safe_open(file, "pt") as tensors:
            names += non_finite((name, tensors.get_tensor(name)) for name in tensors.keys())  # noqa: SIM118 (no dict)
    if names:
        problem = f"the trained weights in {paths.shown(folder)} are not finite: {weight_problem(names)}"
        raise WorkError(problem, f"train anew without RESUME=1, with {SMALLER_STEPS}")
