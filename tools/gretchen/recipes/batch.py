"""The effective batch: what a recipe states stays, whatever the profile and the number of devices.

A recipe states it in upstream's keys, as per-device batch times accumulation on one device. A profile's per-device
batch says what its memory holds; from it follow the largest per-device batch within that and the accumulation that keep
the effective batch. A recipe's profile that sets the accumulation, and SET, state the effective batch anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gretchen.errors import UserError
from gretchen.recipes.layers import Layer, LayerKind, Values, merge_all

PER_DEVICE = {"zephyr": "per_device_train_batch_size", "axolotl": "micro_batch_size"}
ACCUMULATION = "gradient_accumulation_steps"
# The layers that state the effective batch; a hardware profile only says what its memory holds.
STATING = (LayerKind.METHOD, LayerKind.METHOD_PROFILE, LayerKind.RECIPE)


@dataclass(frozen=True)
class Batch:
    """Rows per optimizer step, as per-device batch × accumulation × devices."""

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


def fit_batch(engine: str, layers: Sequence[Layer], schema: dict[str, Any], devices: int) -> Batch:
    """Return the batch under all layers. Raises UserError where the devices cannot share the effective batch."""
    key = PER_DEVICE[engine]
    values = merge_all(layers)
    forced = [layer for layer in layers if layer.kind in (LayerKind.SET, LayerKind.MACHINE)]
    if any(name in layer.values for layer in forced for name in (key, ACCUMULATION)):
        return batch_of(engine, values, schema, devices)
    stated = merge_all([layer for layer in layers if layer.kind in STATING])
    if any(layer.kind is LayerKind.RECIPE_PROFILE and ACCUMULATION in layer.values for layer in layers):
        stated = values
    effective = batch_of(engine, stated, schema).effective
    if effective % devices:
        problem = f"an effective batch of {effective} cannot be shared by {devices} devices"
        raise UserError(problem, f"SET='{key}=… {ACCUMULATION}=…' states another one")
    share = effective // devices
    largest = min(positive(values, key, schema), share)
    per_device = next(size for size in range(largest, 0, -1) if share % size == 0)
    return Batch(per_device, share // per_device, devices)


def batch_of(engine: str, values: Values, schema: dict[str, Any], devices: int = 1) -> Batch:
    """Return the batch that values state as they are. Raises UserError for a size below 1."""
    return Batch(positive(values, PER_DEVICE[engine], schema), positive(values, ACCUMULATION, schema), devices)


def positive(values: Values, key: str, schema: dict[str, Any]) -> int:
    """Return a key's positive integer, or upstream's default. Raises UserError for anything below 1."""
    value = int(values.get(key, schema["properties"][key].get("default", 1)))
    if value < 1:
        raise UserError(f"'{key}' is {value}, expected at least 1")
    return value
