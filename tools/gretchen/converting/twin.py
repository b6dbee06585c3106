"""Converts a recipe's values to the other engine's keys.

    conversion = twin({"model_name_or_path": "m", "learning_rate": 2e-5}, "zephyr", "sft")
    conversion.values, conversion.dropped, conversion.notes

No file is read or written. `values` holds every key that the twin could set, also those that the recipe leaves to its
engine's defaults (`defaults`); recipe.py keeps those that differ.
"""

from typing import Any

from gretchen.converting import lengths, lora, precision, rows, schedule
from gretchen.converting.conversion import Conversion, Dropped, Rule
from gretchen.converting.pairs import ALL, REASONS, convert_pairs
from gretchen.errors import UserError
from gretchen.recipes.layers import Values
from gretchen.recipes.schema import load_schema
from gretchen.recipes.validation import schema_problems

OTHER = {"zephyr": "axolotl", "axolotl": "zephyr"}
# axolotl's `rl:` -> the stage; in TRL the command is the stage.
RL = {"dpo": "dpo", "ipo": "dpo", "kto": "kto", "orpo": "orpo", None: "sft"}
# Keys that mean nothing to the other engine and have no effect on the training: dropped without a message.
IGNORED = {"zephyr": ("use_cpu", "disable_tqdm", "do_train", "do_eval"), "axolotl": ("strict",)}
TO_AXOLOTL: tuple[Rule, ...] = (lora.to_axolotl, precision.to_axolotl, rows.to_axolotl, lengths.to_axolotl,
                                schedule.to_axolotl)  # fmt: skip
TO_ZEPHYR: tuple[Rule, ...] = (lora.to_zephyr, precision.to_zephyr, rows.to_zephyr, lengths.to_zephyr,
                               schedule.to_zephyr)  # fmt: skip


def require_convertible(values: Values, engine: str, stage: str) -> None:
    """Raise UserError for a stage that the other engine cannot train in the same way."""
    rl = values.get("rl") if engine == "axolotl" else None
    if stage not in ALL or rl not in RL or (engine == "axolotl" and RL[rl] != stage):
        what = f"rl: {rl}" if rl else f"stage {stage}"
        raise UserError(f"convert cannot convert {what} of {engine}", f"it converts {', '.join(ALL)}")


def twin(values: Values, engine: str, stage: str) -> Conversion:
    """Return the conversion of a recipe. Raises UserError for a stage that cannot be converted."""
    require_convertible(values, engine, stage)
    c = Conversion(values, engine, OTHER[engine], stage)
    stage_key(c)
    for rule in TO_AXOLOTL if c.target == "axolotl" else TO_ZEPHYR:
        rule(c)
    convert_pairs(c)
    for key in values:
        if key not in c.taken and key not in IGNORED[engine]:
            c.drop(key, REASONS[engine].get(key, f"{c.target} has no such key"))
    drop_refused(c)
    return c


def stage_key(c: Conversion) -> None:
    """Write axolotl's `rl`, or read what it sets beside the stage."""
    if c.target == "axolotl":
        if c.stage != "sft":
            c.values["rl"], c.origins["rl"] = c.stage, ""  # in TRL it is the command
        return
    rl = c.take("rl")
    if rl == "ipo":
        c.source_values = {**c.source_values, "dpo_loss_type": ["ipo"]}
    if c.stage == "orpo" and c.has("rl_beta"):  # axolotl prefers it to orpo_alpha
        c.source_values = {**c.source_values, "orpo_alpha": c.source_values["rl_beta"]}
        c.taken.add("rl_beta")


def drop_refused(c: Conversion) -> None:
    """Drop the keys whose value the other engine's schema refuses."""
    for problem in schema_problems(c.values, load_schema(c.target, c.stage)):
        if problem.path and problem.path[0] in c.values:
            key = problem.path[0]
            del c.values[key]
            c.dropped.append(Dropped(c.origins.get(key, key), f"in {c.target}, {problem}"))


def differs(c: Conversion, key: str, below: Values) -> bool:
    """Return whether a default must be written: `below` (shared recipes) or the target's default differs."""
    inherited: Any = below[key] if key in below else c.defaults[key]
    return inherited != c.values[key]
