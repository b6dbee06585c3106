"""The effective batch: what a recipe states stays, whatever the profile and the number of devices.

A recipe states it in upstream's words, as per-device batch times accumulation on one device. A profile's per-device
batch says what its memory holds; here follow the largest per-device batch within it, and the accumulation, that keep
the effective batch. Whoever sets both in `profiles:` or SET states the effective batch anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gretchen.errors import UserError
from gretchen.recipes.layers import Layer, Values, merge_all

PER_DEVICE = {"zephyr": "per_device_train_batch_size", "axolotl": "micro_batch_size"}
ACCUMULATION = "gradient_accumulation_steps"


@dataclass(frozen=True)
class Batch:
    """Rows per optimizer step, and how they come together."""

    per_device: int
    accumulation: int
    devices: int

    @property
    def effective(self) -> int:
        """Return the rows of one optimizer step."""
        return self.per_device * self.accumulation * self.devices

    def __str__(self) -> str:
        devices = "1 device" if self.devices == 1 else f"{self.devices} devices"
        return f"{self.effective} = {self.per_device} per device × {self.accumulation} accumulated × {devices}"


def settle(engine: str, layers: Sequence[Layer], schema: dict[str, Any], devices: int) -> Batch:
    """Return the batch under all layers. Raises UserError where the devices cannot share the effective batch."""
    key = PER_DEVICE[engine]
    values = merge_all(layers)
    typed = [layer for layer in layers if layer.role in ("SET", "machine") and {key, ACCUMULATION} & set(layer.values)]
    if typed:
        return Batch(number(values, key, schema), number(values, ACCUMULATION, schema), devices)
    stated = merge_all([layer for layer in layers if layer.role in ("extends", "recipe")])
    for layer in layers:
        if layer.role == "recipe's profile" and ACCUMULATION in layer.values:
            stated = values
    effective = number(stated, key, schema) * number(stated, ACCUMULATION, schema)
    if effective % devices:
        problem = f"an effective batch of {effective} cannot be shared by {devices} devices"
        raise UserError(problem, f"SET='{key}=… {ACCUMULATION}=…' states another one")
    share = effective // devices
    most = min(number(values, key, schema), share)
    per_device = next(size for size in range(most, 0, -1) if share % size == 0)
    return Batch(per_device, share // per_device, devices)


def number(values: Values, key: str, schema: dict[str, Any]) -> int:
    """Return a key's positive integer, or upstream's default. Raises UserError for anything below 1."""
    value = int(values.get(key, schema["properties"][key].get("default", 1)))
    if value < 1:
        raise UserError(f"'{key}' is {value}, expected at least 1")
    return value
