"""A recipe's values in the other engine's words.

    converted = twin({"model_name_or_path": "m", "learning_rate": 2e-5}, "zephyr", "sft")
    converted.values, converted.named, converted.notes

It reads and writes no file. `values` holds every key that the twin could say, also those that the recipe leaves to its
engine's defaults (`unsaid`): recipe.py keeps of these what differs.
"""

from typing import Any

from gretchen.converting import lengths, lora, precision, rows, schedule
from gretchen.converting.conversion import Conversion, Rule
from gretchen.converting.pairs import ALL, WITHOUT, convert_pairs
from gretchen.errors import UserError
from gretchen.recipes.layers import Values
from gretchen.recipes.schema import load_schema
from gretchen.recipes.validation import schema_problems

OTHER = {"zephyr": "axolotl", "axolotl": "zephyr"}
# axolotl says the stage by a key, TRL by its command.
RL = {"dpo": "dpo", "ipo": "dpo", "kto": "kto", "orpo": "orpo", None: "sft"}
# Of no meaning to the other engine, and of no effect on the training.
SILENT = {"zephyr": ("use_cpu", "disable_tqdm", "do_train", "do_eval"), "axolotl": ("strict",)}
TO_AXOLOTL: tuple[Rule, ...] = (lora.to_axolotl, precision.to_axolotl, rows.to_axolotl, lengths.to_axolotl,
                                schedule.to_axolotl)  # fmt: skip
TO_ZEPHYR: tuple[Rule, ...] = (lora.to_zephyr, precision.to_zephyr, rows.to_zephyr, lengths.to_zephyr,
                               schedule.to_zephyr)  # fmt: skip


def require_convertible(values: Values, engine: str, stage: str) -> None:
    """Raise UserError for a stage that has no twin."""
    rl = values.get("rl") if engine == "axolotl" else None
    if stage not in ALL or rl not in RL or (engine == "axolotl" and RL[rl] != stage):
        trained = f"rl: {rl}" if rl else f"stage {stage}"
        raise UserError(f"{trained} of {engine} has no twin", f"convert knows {', '.join(ALL)}")


def twin(values: Values, engine: str, stage: str) -> Conversion:
    """Return the conversion of a recipe of an engine and stage. Raises UserError for a stage that has no twin."""
    require_convertible(values, engine, stage)
    c = Conversion(values, engine, OTHER[engine], stage)
    stage_key(c)
    for rule in TO_AXOLOTL if c.target == "axolotl" else TO_ZEPHYR:
        rule(c)
    convert_pairs(c)
    for key in values:
        if key not in c.taken and key not in SILENT[engine]:
            c.name(key, WITHOUT[engine].get(key, f"{c.target} has no such key"))
    drop_refused(c)
    return c


def stage_key(c: Conversion) -> None:
    """Write axolotl's `rl`, or read what it says beside the stage."""
    if c.target == "axolotl":
        if c.stage != "sft":
            c.values["rl"], c.origins["rl"] = c.stage, ""  # TRL's command says it
        return
    rl = c.take("rl")
    if rl == "ipo":
        c.said = {**c.said, "dpo_loss_type": ["ipo"]}
    if c.stage == "orpo" and c.says("rl_beta"):  # axolotl prefers it to orpo_alpha
        c.said = {**c.said, "orpo_alpha": c.said["rl_beta"]}
        c.taken.add("rl_beta")


def drop_refused(c: Conversion) -> None:
    """Name the keys whose value the other engine's schema refuses, and leave them out."""
    for problem in schema_problems(c.values, load_schema(c.target, c.stage)):
        if problem.path and problem.path[0] in c.values:
            key = problem.path[0]
            del c.values[key]
            c.named.append((c.origins.get(key, key), f"in {c.target}, {problem}"))


def differs(c: Conversion, key: str, below: Values) -> bool:
    """Return whether an unsaid key must be written: `below` (shared recipes) or the target's default differs."""
    there: Any = below[key] if key in below else c.unsaid[key]
    return there != c.values[key]
