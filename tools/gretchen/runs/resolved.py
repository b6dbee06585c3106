"""A recipe as this machine can run it: resolved, with the values that had to give way, and a line for each of them.

    resolved, notes = resolved_for("genome-chatbot", "sft", "tiny", "seed=7", machine())

Reads recipes and what this machine has; writes nothing.
"""

from collections.abc import Mapping
from typing import Any

from gretchen.recipes.layers import words_of
from gretchen.recipes.resolve import Resolved, resolve
from gretchen.runs.hardware import Machine, best_profile, require_profile
from gretchen.runs.record import is_smoke

SMOKE = {"max_steps": 4, "eval_strategy": "no"}


def chosen_profile(profile: str, here: Machine) -> str:
    """Return the profile by name, `auto` resolved by hardware. Raises UserError where this machine can't do it."""
    if profile == "auto":
        return best_profile(here)[0]
    require_profile(profile, here)
    return profile


def resolved_for(
    project: str,
    recipe: str,
    profile: str,
    set_: str,
    here: Machine,
    output: str | None = None,
    parent: str | None = None,
    uses: Mapping[str, str] | None = None,
    model: str | None = None,
) -> tuple[Resolved, list[str]]:
    """Return the resolved recipe as this machine can run it, and a line for each value that had to give way."""
    into = {"output": output, "parent": parent, "uses": uses, "model": model, "devices": max(1, len(here.gpus))}
    resolved = resolve(project, recipe, profile, words_of(set_), **into)
    changes, notes = allowances(resolved.values, here)
    if is_smoke():
        changes |= SMOKE
    if changes:
        resolved = resolve(project, recipe, profile, words_of(set_), **into, overrides=changes)
    return resolved, notes


def allowances(values: dict[str, Any], here: Machine) -> tuple[dict[str, Any], list[str]]:
    """Return the values that this machine needs otherwise, each with a line that says why."""
    import importlib.util

    changes, notes = {}, []
    if values.get("bf16") and not here.gpus and not here.bf16 and not here.apple_silicon:
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
