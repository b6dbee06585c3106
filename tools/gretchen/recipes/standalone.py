"""A loose recipe, from the web or anywhere: which dialect it speaks, which stage it trains, what is wrong with it.

    read_loose(Path("qlora.yml")).engine      -> "axolotl"

A recipe written for the alignment-handbook is turned into today's keys of TRL (translate.py); of axolotl's recipes, the
keys that axolotl leaves aside are named. It belongs to no project: data, model and profiles are not looked at.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from gretchen.errors import UserError
from gretchen.marked_yaml import MarkedYaml, load_marked
from gretchen.recipes import deprecated_axolotl_keys as former_axolotl
from gretchen.recipes.mixture import MIXER
from gretchen.recipes.schema import Fault, faults, load_schema
from gretchen.recipes.stages import find_stage, stage_names
from gretchen.recipes.translate import TEMPLATE, Translation, origins, translate

# axolotl's `rl:` -> the stage; IPO is one of DPO's losses.
RL_STAGES = {"dpo": "dpo", "ipo": "dpo", "simpo": "simpo", "gdpo": "grpo", "kto": "kto", "orpo": "orpo", "grpo": "grpo"}
# What a folder or a file is called after -> the stage.
NAMED_STAGES = {
    "sft": "sft", "cpt": "sft", "dpo": "dpo", "ipo": "dpo", "apo": "dpo", "kto": "kto", "orpo": "orpo", "cpo": "simpo",
    "simpo": "simpo", "reward": "reward", "rm": "reward", "grpo": "grpo", "rloo": "rloo", "ppo": "ppo",
    "gkd": "distill",
}  # fmt: skip
# Other files that lie beside recipes: what they are, and keys that only they have, of which so many must be there.
OTHERS = (
    ("a configuration of accelerate, for `accelerate launch`", 1, {"compute_environment", "distributed_type"}),
    ("a configuration of DeepSpeed", 1, {"zero_optimization", "train_micro_batch_size_per_gpu"}),
    ("a configuration of a cloud, for `axolotl train --cloud`", 1, {"provider"}),
    ("a task of lm-evaluation-harness", 2, {"task", "dataset_path", "output_type", "metric_list"}),
    ("a model's config.json", 2, {"architectures", "hidden_size", "transformers_version"}),
)  # fmt: skip


ASIDE = "axolotl would leave it aside"
MIXTURES = (*MIXER, "dataset_mixture")


@dataclass(frozen=True)
class Loose:
    """A loose recipe: engine, stage, content with lines; `mistakes` and `told`, each "file:line: …".

    `values` are today's, `told` says what was translated and what has no effect. `other` is what a file is that is no
    recipe, whose engine and stage are "".
    """

    engine: str
    stage: str
    marked: MarkedYaml
    mistakes: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    translation: Translation | None = None
    other: str = ""

    @property
    def values(self) -> dict[str, Any]:
        """Return the recipe's values in today's keys."""
        return self.translation.values if self.translation else self.marked.values

    @property
    def verdict(self) -> str:
        """Return "refused", "translated", "fine", or "no recipe"."""
        if self.mistakes:
            return "refused"
        return "no recipe" if self.other else "translated" if self.told else "fine"

    def place(self, key: tuple[Any, ...]) -> str:
        """Return file and line of one of today's keys: where its former name stands."""
        old = origins(self.marked.values, self.translation.edits) if self.translation else {}
        first = old.get(key[0], key[0]) if key else None
        return self.marked.place((first, *key[1:]) if key and first == key[0] else (first,) if key else ())


def read_loose(path: Path, template: str = TEMPLATE, rows: str = "") -> Loose:
    """Return a loose recipe; `template` and `rows` are where translate() says that such things lie.

    Raises UserError where there is no such file, or where it may not be read.
    """
    if not path.is_file():
        raise UserError(f"there is no file {path}", "gretchen check FILE… takes recipes (YAML)")
    try:
        marked = load_marked(path)
    except OSError as failure:
        raise UserError(f"{path} cannot be read: {failure.strerror}") from None
    if marked.faults:
        return Loose("", "", marked, marked.faults)
    if other := other_of(marked.values):
        return Loose("", "", marked, other=other)
    if engine_of(marked.values) == "axolotl":
        return of_axolotl(marked)
    return of_zephyr(marked, path, template, rows)


def of_axolotl(marked: MarkedYaml) -> Loose:
    """Return a loose recipe of axolotl's dialect."""
    stage = axolotl_stage(marked.values)
    loose, schema = Loose("axolotl", stage, marked), load_schema("axolotl", stage)
    for key, value in marked.values.items():
        if value is not None and (warned := schema["properties"].get(key, {}).get("x-deprecated")):
            loose.told.append(f"{marked.place((key,))}: {warned}")
    for number in former_axolotl.sharegpt(marked.values):
        loose.mistakes.append(f"{marked.place(('datasets', number, 'type'))}: {former_axolotl.SHAREGPT}")
    for fault in faults(marked.values, schema):
        if fault.kind == "unknown" and (told := former_axolotl.told(marked.values, fault.path)):
            loose.told.append(f"{marked.place(fault.path)}: {told}")
        elif fault.kind == "unknown":
            refused = former_axolotl.refusal(marked.values, fault.path) or f"{fault}{'' if fault.hint else ','} {ASIDE}"
            loose.mistakes.append(f"{marked.place(fault.path)}: {refused}")
        else:
            loose.mistakes.extend(mistakes(loose, [fault]))
    return loose


def of_zephyr(marked: MarkedYaml, path: Path, template: str, rows: str) -> Loose:
    """Return a loose recipe of TRL's or the handbook's dialect, translated."""
    stage = zephyr_stage(marked.values, path)
    if stage not in stage_names("zephyr"):
        told = f"by its name this is a recipe of stage {stage}, which the zephyr engine does not train"
        trained = ", ".join(stage_names("zephyr"))
        return Loose("zephyr", stage, marked, [f"{marked.place(())}: {told} (it trains {trained})"])
    schema = load_schema("zephyr", stage)
    translation = translate(marked.values, stage, schema["properties"].keys(), template, rows)
    loose = Loose("zephyr", stage, marked, translation=translation)
    spoken = sorted((edit for edit in translation.edits if edit.told), key=lambda edit: marked.line((edit.old,)))
    named = {key[:1] for key, _ in translation.faults}
    if named & {(key,) for key in MIXTURES}:
        named |= {(key,) for key in MIXTURES}
    found = [f"{marked.place(key)}: {sentence}" for key, sentence in translation.faults]
    found += mistakes(loose, [f for f in faults(translation.values, schema) if f.path[:1] not in named])
    return replace(loose, mistakes=found, told=[f"{marked.place((edit.old,))}: {edit.told}" for edit in spoken])


def mistakes(loose: Loose, found: Iterable[Fault]) -> list[str]:
    """Return faults as lines; for TRL a key without a value is none, but its default."""
    lenient = loose.engine == "zephyr"
    faulty = [f for f in found if f.kind != "value" or not (lenient and blank(loose.values, f.path))]
    return [f"{loose.place(fault.path)}: {fault}" for fault in faulty]


def blank(values: Any, path: tuple[Any, ...]) -> bool:
    """Return whether a key stands without a value."""
    for part in path:
        values = values[part]
    return values is None


def other_of(values: dict[str, Any]) -> str:
    """Return what a file is that is no recipe, "" for a recipe."""
    if not values:
        return "an empty file"
    if values.keys() & {"base_model", "model_name_or_path"}:
        return ""
    for name, least, keys in OTHERS:
        if len(values.keys() & keys) >= least:
            return name
    known = load_schema("axolotl", "sft")["properties"].keys() | load_schema("zephyr", "sft")["properties"].keys()
    return "" if values.keys() & known else "a file without a key of either engine"


def engine_of(values: dict[str, Any]) -> str:
    """Return whose dialect a recipe speaks: by its model's key, else by whose keys it has more of."""
    if "base_model" in values:
        return "axolotl"
    if "model_name_or_path" in values:
        return "zephyr"
    known = {"axolotl": load_schema("axolotl", "sft"), "zephyr": load_schema("zephyr", "sft")}
    return max(("zephyr", "axolotl"), key=lambda engine: len(values.keys() & known[engine]["properties"].keys()))


def axolotl_stage(values: dict[str, Any]) -> str:
    """Return the stage of an axolotl recipe."""
    if values.get("reward_model") or values.get("process_reward_model"):
        return "reward"
    if values.get("rl"):
        return RL_STAGES.get(str(values["rl"]), "dpo")
    sets = values.get("datasets") or []
    plain = bool(sets) and all(isinstance(one, dict) and one.get("type") == "completion" for one in sets)
    return "pretrain" if values.get("pretraining_dataset") or plain else "sft"


def zephyr_stage(values: dict[str, Any], path: Path) -> str:
    """Return the stage whose schema, with its former keys, knows most of a recipe's keys.

    Among equals it is the one that the file, its folder or `output_dir` is named after, else SFT. DPO and ORPO had the
    same keys in the handbook: a name may also be of a stage that has no schema.
    """
    ordered = [stage for stage in stage_names("zephyr") if not find_stage("zephyr", stage).same_as]  # SFT first
    left = {stage: len(untranslated(values, stage)) for stage in ordered}
    best = [stage for stage in ordered if left[stage] == min(left.values())]
    for name in (path.stem, path.resolve().parent.name, str(values.get("output_dir")), str(values.get("hub_model_id"))):
        for word in re.findall(r"[a-z]+", name.lower()):
            stage = NAMED_STAGES.get(word)
            if stage in best or (stage and stage not in ordered and "dpo" in best):
                return stage
    return best[0]


def untranslated(values: dict[str, Any], stage: str) -> set[str]:
    """Return the keys that a stage knows neither today nor by a former name of one of its own."""
    known = load_schema("zephyr", stage)["properties"].keys()
    return {key for key in translate(values, stage, known).values if key not in known}
