"""Keys and values with room for the tokens of a round, which are written into it.

transformers' layers copy all that they keep for each token: a third of a decoding step with 22 rows of 1,000 tokens.
"""

from typing import Any

import torch
from transformers.cache_utils import DynamicLayer, DynamicSlidingWindowLayer


class RoomyLayer(DynamicLayer):
    """The rows of a cache's layer, with room for `room` tokens more; `update` raises RuntimeError beyond them."""

    def __init__(self, layer: DynamicLayer, rows: torch.Tensor, room: int) -> None:
        super().__init__()
        self.dtype, self.device, self.is_initialized = layer.dtype, layer.device, True
        self.all_keys = _with_room(layer.keys, rows, room)
        self.all_values = _with_room(layer.values, rows, room)
        self._show(layer.get_seq_length())

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Write the states of new tokens behind the others, and return all, (batch, heads, tokens, head size)."""
        start, count = self.get_seq_length(), key_states.shape[-2]
        self.all_keys.narrow(-2, start, count).copy_(key_states)
        self.all_values.narrow(-2, start, count).copy_(value_states)
        self._show(start + count)
        return self.keys, self.values

    def _show(self, length: int) -> None:
        self.keys, self.values = self.all_keys[..., :length, :], self.all_values[..., :length, :]


def _with_room(states: torch.Tensor, rows: torch.Tensor, room: int) -> torch.Tensor:
    """Return a copy of some rows of (batch, heads, tokens, head size), with `room` tokens behind theirs."""
    _, heads, length, size = states.shape
    roomy = states.new_empty((len(rows), heads, length + room, size))
    roomy[..., :length, :] = states[rows]
    return roomy


def cache_of_rows(cache: Any, rows: torch.Tensor, room: int) -> Any:
    """Return the cache with the keys and values of some of its rows, and with room for more tokens.

    None where rows cannot be selected in all that a model keeps, as in the states of linear attention: then they are
    computed anew.
    """
    layers = getattr(cache, "layers", [])
    if not layers or any(type(each) not in (DynamicLayer, RoomyLayer, DynamicSlidingWindowLayer) for each in layers):
        return None
    for position, layer in enumerate(layers):
        if isinstance(layer, DynamicSlidingWindowLayer):
            layer.batch_select_indices(rows)
        else:
            layers[position] = RoomyLayer(layer, rows, room)
    return cache
