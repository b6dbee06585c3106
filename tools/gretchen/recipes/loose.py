"""A loose recipe, from the web or anywhere: which dialect it speaks, which stage it trains, what is wrong with it.

    read_loose(Path("qlora.yml")).engine      -> "axolotl"

It belongs to no project: data, model and profiles are not looked at.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gretchen.errors import UserError
from gretchen.marked_yaml import MarkedYaml, load_marked
from gretchen.recipes.schema import SAME_AS, faults, load_schema, stages

# axolotl's `rl:` -> the stage; its losses of DPO's kin are DPO here.
RL_STAGES = {"dpo": "dpo", "ipo": "dpo", "simpo": "dpo", "gdpo": "grpo", "kto": "kto", "orpo": "orpo", "grpo": "grpo"}


@dataclass(frozen=True)
class Loose:
    """A loose recipe: engine, stage, content with lines, and its mistakes, each "file:line: …"."""

    engine: str
    stage: str
    marked: MarkedYaml
    mistakes: list[str]

    @property
    def values(self) -> dict[str, Any]:
        """Return the recipe's values."""
        return self.marked.values


def read_loose(path: Path) -> Loose:
    """Return a loose recipe. Raises UserError where there is no such file."""
    if not path.is_file():
        raise UserError(f"there is no file {path}", "gretchen check FILE… takes recipes (YAML)")
    marked = load_marked(path)
    engine = engine_of(marked.values)
    stage = axolotl_stage(marked.values) if engine == "axolotl" else zephyr_stage(marked.values)
    found = list(marked.faults)
    if not found:
        wrong = faults(marked.values, load_schema(engine, stage))
        # A key without a value is upstream's default in both dialects.
        found = [f"{marked.place(f.path)}: {f}" for f in wrong if f.kind != "value" or not blank(marked, f.path)]
    return Loose(engine, stage, marked, found)


def blank(marked: MarkedYaml, path: tuple[Any, ...]) -> bool:
    """Return whether a key stands without a value."""
    value: Any = marked.values
    for part in path:
        value = value[part]
    return value is None


def engine_of(values: dict[str, Any]) -> str:
    """Return whose dialect a recipe speaks: by its model's key, else by whose keys it has more of."""
    if "base_model" in values:
        return "axolotl"
    if "model_name_or_path" in values:
        return "zephyr"
    known = {"axolotl": load_schema("axolotl", "sft"), "zephyr": load_schema("zephyr", zephyr_stage(values))}
    return max(("zephyr", "axolotl"), key=lambda engine: len(values.keys() & known[engine]["properties"].keys()))


def axolotl_stage(values: dict[str, Any]) -> str:
    """Return the stage of an axolotl recipe."""
    if values.get("reward_model") or values.get("process_reward_model"):
        return "reward"
    if values.get("rl"):
        return RL_STAGES.get(str(values["rl"]), "dpo")
    return "pretrain" if values.get("pretraining_dataset") else "sft"


def zephyr_stage(values: dict[str, Any]) -> str:
    """Return the stage whose schema knows most of a recipe's keys, the first one among equals: SFT, then DPO."""
    ordered = [stage for stage in stages("zephyr") if stage not in SAME_AS]
    return max(ordered, key=lambda stage: len(values.keys() & load_schema("zephyr", stage)["properties"].keys()))
