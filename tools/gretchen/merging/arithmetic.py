"""What a LoRA or DoRA adapter adds to a weight, in chunks of rows: peft's arithmetic, step by step in its order.

    W' = W + s·B·A,   s = alpha / r, or alpha / √r for rsLoRA                    (Hu et al. 2021; Kalajdzievski 2023)
    W' = m / ‖W + s·B·A‖ · (W + s·B·A), the norm of each output's row, for DoRA  (Liu et al. 2024)

The adapter's matrices are taken as float32, the sum is computed in float32 and rounded once to the weight's dtype, as
peft does in tuners/lora/layer.py (get_delta_weight, merge) and variants.py (DoraLinearVariant.merge_unsafe). The proof
in weights.py runs peft itself. Convolutions and weights stored as (in, out) are not supported.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from gretchen.merging.shards import row_chunks

# Returns the rows from `start` to `stop` of a weight.
RowsOf = Callable[[int, int], Any]


@dataclass(frozen=True)
class LoraFactors:
    """An adapter's tensors for one weight: A (r × in), B (out × r), for DoRA the magnitudes m; `scaling` is s.

    For an embedding A is (r × vocabulary), B is (hidden × r), and m has one magnitude for each hidden dimension.
    """

    a: Any
    b: Any
    magnitude: Any
    scaling: float
    is_embedding: bool


def merged_rows(rows_of: RowsOf, shape: tuple[int, ...], factors: LoraFactors) -> Iterator[Any]:
    """Yield the merged weight in chunks of rows, in its own dtype."""
    is_dora_embedding = factors.magnitude is not None and factors.is_embedding
    norm = _column_norms(rows_of, shape, factors) if is_dora_embedding else None
    for start, stop in row_chunks(shape):
        weight, delta = rows_of(start, stop), _delta(factors, start, stop)
        if factors.is_embedding and factors.magnitude is None:
            delta = delta.to(weight.dtype)  # peft rounds here too, in Embedding.merge
        yield _with_magnitude(weight + delta, factors, start, stop, norm).to(weight.dtype)


def _delta(factors: LoraFactors, start: int, stop: int) -> Any:
    """Return rows of s·B·A, in float32."""
    if factors.is_embedding:
        return (factors.b @ factors.a[:, start:stop]).T * factors.scaling
    return (factors.b[start:stop] @ factors.a) * factors.scaling


def _with_magnitude(total: Any, factors: LoraFactors, start: int, stop: int, norm: Any) -> Any:
    """Return rows of W + s·B·A scaled to DoRA's magnitudes; for LoRA they are returned unchanged."""
    import torch

    if factors.magnitude is None:
        return total
    if factors.is_embedding:
        return (factors.magnitude / norm).view(1, -1) * total
    return (factors.magnitude[start:stop] / torch.linalg.norm(total, dim=1)).view(-1, 1) * total


def _column_norms(rows_of: RowsOf, shape: tuple[int, ...], factors: LoraFactors) -> Any:
    """Return the norm of each column of W + s·B·A, which an embedding's DoRA divides by; summed in float64."""
    import torch

    squares = torch.zeros(shape[1], dtype=torch.float64)
    for start, stop in row_chunks(shape):
        squares += (rows_of(start, stop) + _delta(factors, start, stop)).double().square().sum(dim=0)
    return squares.sqrt().float()
