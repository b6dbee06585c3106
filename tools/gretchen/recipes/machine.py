"""A recipe as this machine can run it: resolved, with the values that the hardware overrides, and a note on each.

    resolved, notes = resolve_for(Request("genome-chatbot", "sft", "tiny", ["seed=7"]), machine())

Reads recipes; writes nothing.
"""

import importlib.util
from dataclasses import dataclass, field, replace

from gretchen.hardware import Machine
from gretchen.provenance import is_smoke
from gretchen.recipes.layers import Values
from gretchen.recipes.resolve import EarlierRuns, Request, Resolved, no_earlier_runs, resolve

SMOKE = {"max_steps": 4, "eval_strategy": "no"}


@dataclass(frozen=True)
class HardwareOverrides:
    """The values that a machine needs instead of a recipe's, and a note that says why for each."""

    values: Values = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def resolve_for(
    request: Request, machine: Machine, earlier_runs: EarlierRuns = no_earlier_runs
) -> tuple[Resolved, list[str]]:
    """Return the recipe resolved as this machine can run it, and a note for each value that the hardware overrides."""
    request = replace(request, devices=max(1, len(machine.gpus)))
    resolved = resolve(request, earlier_runs)
    overrides = hardware_overrides(resolved.values, machine)
    values = overrides.values | (SMOKE if is_smoke() else {})
    if values:
        resolved = resolve(replace(request, overrides=values), earlier_runs)
    return resolved, overrides.notes


def hardware_overrides(values: Values, machine: Machine) -> HardwareOverrides:
    """Return the values that this machine needs instead of a recipe's."""
    changes, notes = {}, []
    if values.get("bf16") and not machine.gpus and not machine.bf16 and not machine.apple_silicon:
        changes |= {"bf16": False} | ({"dtype": "float32"} if "dtype" in values else {})  # axolotl has no such key
        notes.append("this processor has no bf16 arithmetic: training in float32")
    attention = str(values.get("attn_implementation") or "")
    if attention.startswith("flash_attention") and importlib.util.find_spec("flash_attn") is None:
        changes["attn_implementation"] = "sdpa"
        notes.append("flash-attn is not installed: attention falls back to SDPA (`make doctor` says how to get it)")
        packing = [key for key in ("packing", "sample_packing") if values.get(key)]
        if packing and values.get("packing_strategy") != "wrapped":  # wrapped documents attend to each other anyway
            changes[packing[0]] = False
            notes.append("rows are not packed: without flash-attn, packed rows would attend to each other")
    return HardwareOverrides(changes, notes)
