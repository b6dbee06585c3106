"""A recipe as this machine can run it: resolved, with the values that had to give way, and a line for each of them.

    resolved, notes = resolve_for(Request("genome-chatbot", "sft", "tiny", ["seed=7"]), machine())

Reads recipes; writes nothing.
"""

import importlib.util
from dataclasses import replace
from typing import Any

from gretchen.hardware import Machine
from gretchen.provenance import is_smoke
from gretchen.recipes.resolve import EarlierRuns, Request, Resolved, no_earlier_runs, resolve

SMOKE = {"max_steps": 4, "eval_strategy": "no"}


def resolve_for(
    request: Request, machine: Machine, earlier_runs: EarlierRuns = no_earlier_runs
) -> tuple[Resolved, list[str]]:
    """Return the recipe resolved as this machine can run it, and a line for each value that had to give way."""
    request = replace(request, devices=max(1, len(machine.gpus)))
    resolved = resolve(request, earlier_runs)
    overrides, notes = hardware_overrides(resolved.values, machine)
    if is_smoke():
        overrides |= SMOKE
    if overrides:
        resolved = resolve(replace(request, overrides=overrides), earlier_runs)
    return resolved, notes


def hardware_overrides(values: dict[str, Any], machine: Machine) -> tuple[dict[str, Any], list[str]]:
    """Return the values that this machine needs otherwise, each with a line that says why."""
    changes, notes = {}, []
    if values.get("bf16") and not machine.gpus and not machine.bf16 and not machine.apple_silicon:
        changes |= {"bf16": False, "dtype": "float32"}
        notes.append("this processor has no bf16 arithmetic: training in float32")
    asked = str(values.get("attn_implementation") or "")
    if asked.startswith("flash_attention") and importlib.util.find_spec("flash_attn") is None:
        changes["attn_implementation"] = "sdpa"
        notes.append("flash-attn is not installed: attention falls back to SDPA (`make doctor` says how to get it)")
        packed = [key for key in ("packing", "sample_packing") if values.get(key)]
        if packed and values.get("packing_strategy") != "wrapped":  # wrapped documents see each other anyway
            changes[packed[0]] = False
            notes.append("rows are not packed: without flash-attn those in one would see each other")
    return changes, notes
