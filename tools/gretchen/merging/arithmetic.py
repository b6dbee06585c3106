"""What a LoRA or DoRA adapter adds to one weight, in pieces of rows: peft's arithmetic, step by step in its order.

    W' = W + s·B·A,   s = alpha / r, or alpha / √r for rsLoRA                    (Hu et al. 2021; Kalajdzievski 2023)
    W' = m / ‖W + s·B·A‖ · (W + s·B·A), the norm of each output's row, for DoRA  (Liu et al. 2024)

Matrices of the adapter are taken as float32, the sum is made in float32 and rounded once to the weight's own type: so
peft does in tuners/lora/layer.py (get_delta_weight, merge) and variants.py (DoraLinearVariant.merge_unsafe). The proof
in weights.py asks peft itself. Convolutions, and weights stored as (in, out), are not done here.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from gretchen.merging.shards import pieces


@dataclass(frozen=True)
class Factors:
    """An adapter's tensors for one weight: A (r × in), B (out × r), for DoRA the magnitudes m; `scaling` is s.

    For an embedding A is (r × words), B is (size × r), and m has one magnitude for each place of the vectors.
    """

    a: Any
    b: Any
    magnitude: Any
    scaling: float
    embedding: bool


def merged(rows: Callable[[int, int], Any], shape: tuple[int, ...], factors: Factors) -> Iterator[Any]:
    """Return the merged weight in pieces of rows, in its own number type."""
    norm = column_norms(rows, shape, factors) if factors.magnitude is not None and factors.embedding else None
    for start, stop in pieces(shape):
        weight, added = rows(start, stop), delta(factors, start, stop)
        if factors.embedding and factors.magnitude is None:
            added = added.to(weight.dtype)  # peft rounds here too, in Embedding.merge
        yield with_magnitude(weight + added, factors, start, stop, norm).to(weight.dtype)


def delta(factors: Factors, start: int, stop: int) -> Any:
    """Return rows of s·B·A, in float32."""
    if factors.embedding:
        return (factors.b @ factors.a[:, start:stop]).T * factors.scaling
    return (factors.b[start:stop] @ factors.a) * factors.scaling


def with_magnitude(total: Any, factors: Factors, start: int, stop: int, norm: Any) -> Any:
    """Return rows of W + s·B·A scaled to DoRA's magnitudes; LoRA has none and leaves them as they are."""
    import torch

    if factors.magnitude is None:
        return total
    if factors.embedding:
        return (factors.magnitude / norm).view(1, -1) * total
    return (factors.magnitude[start:stop] / torch.linalg.norm(total, dim=1)).view(-1, 1) * total


def column_norms(rows: Callable[[int, int], Any], shape: tuple[int, ...], factors: Factors) -> Any:
    """Return the norm of each column of W + s·B·A, which an embedding's DoRA divides by; summed in float64."""
    import torch

    squares = torch.zeros(shape[1], dtype=torch.float64)
    for start, stop in pieces(shape):
        squares += (rows(start, stop) + delta(factors, start, stop)).double().square().sum(dim=0)
    return squares.sqrt().float()
