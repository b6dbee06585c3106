"""A standalone recipe, from the web or elsewhere: its dialect and stage, and what is wrong with it.

    read_standalone(Path("qlora.yml")).engine      -> "axolotl"

A recipe of the alignment-handbook is translated to TRL's current keys (translate.py); in a recipe of axolotl, keys that
axolotl ignores are reported. A standalone recipe belongs to no project: data, model and profiles are not checked.
"""

import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from gretchen.errors import UserError
from gretchen.marked_yaml import NO_MAPPING, Key, MarkedYaml, load_marked
from gretchen.recipes import deprecated_axolotl_keys, handbook
from gretchen.recipes.dataset_kinds import read_datasets
from gretchen.recipes.edits import Translation, origins
from gretchen.recipes.layers import Values
from gretchen.recipes.mixture import MIXER
from gretchen.recipes.schema import load_schema
from gretchen.recipes.stages import find_stage, stage_names
from gretchen.recipes.translate import TEMPLATE, translate
from gretchen.recipes.validation import Problem, schema_problems

# axolotl's `rl:` -> the stage; IPO is one of DPO's losses.
RL_STAGES = {"dpo": "dpo", "ipo": "dpo", "simpo": "simpo", "gdpo": "grpo", "kto": "kto", "orpo": "orpo", "grpo": "grpo"}
# Words in the names of folders and files -> the stage.
NAMED_STAGES = {
    "sft": "sft", "cpt": "sft", "dpo": "dpo", "ipo": "dpo", "apo": "dpo", "kto": "kto", "orpo": "orpo", "cpo": "simpo",
    "simpo": "simpo", "reward": "reward", "rm": "reward", "grpo": "grpo", "rloo": "rloo", "ppo": "ppo",
    "gkd": "distill",
}  # fmt: skip
# Other files that lie beside recipes: (what it is, how many of the following keys it must have, keys only it has).
OTHER_KINDS = (
    ("a configuration of accelerate, for `accelerate launch`", 1, {"compute_environment", "distributed_type"}),
    ("a configuration of DeepSpeed", 1, {"zero_optimization", "train_micro_batch_size_per_gpu"}),
    ("a configuration of a cloud, for `axolotl train --cloud`", 1, {"provider"}),
    ("a task of lm-evaluation-harness", 2, {"task", "dataset_path", "output_type", "metric_list"}),
    ("a model's config.json", 2, {"architectures", "hidden_size", "num_attention_heads"}),
)  # fmt: skip
IGNORED = "axolotl would ignore it"
MIXTURES = (*MIXER, "dataset_mixture")


@dataclass(frozen=True)
class StandaloneRecipe:
    """A standalone recipe: engine, stage, and the file's content with line numbers.

    `mistakes` and `notes` are lines "file:line: …"; the notes say what was translated and what has no effect.
    `other_kind` says what a file is that is no recipe; its engine and stage are "".
    """

    engine: str
    stage: str
    marked: MarkedYaml
    mistakes: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    translation: Translation | None = None
    other_kind: str = ""

    @property
    def values(self) -> Values:
        """Return the recipe's values in current keys."""
        return self.translation.values if self.translation else self.marked.values

    @property
    def verdict(self) -> str:
        """Return "refused", "translated", "fine", or "no recipe"."""
        if self.mistakes:
            return "refused"
        return "no recipe" if self.other_kind else "translated" if self.notes else "fine"

    def location(self, key: Key) -> str:
        """Return file and line of a current key, which may stand in the file under a deprecated name."""
        old = origins(self.marked.values, self.translation.edits) if self.translation else {}
        first = old.get(key[0], key[0]) if key else None
        return self.marked.location((first, *key[1:]) if key and first == key[0] else (first,) if key else ())


def read_standalone(path: Path, template_path: str = TEMPLATE, rows_path: str = "") -> StandaloneRecipe:
    """Return a standalone recipe, translated with the two paths as translate() takes them.

    Raises UserError where the file is missing or not readable.
    """
    if not path.is_file():
        raise UserError(f"there is no file {path}", "gretchen check FILE… takes recipes (YAML)")
    try:
        marked = load_marked(path)
    except OSError as failure:
        raise UserError(f"{path} cannot be read: {failure.strerror}") from None
    if any(problem.endswith(NO_MAPPING) for problem in marked.problems):
        return StandaloneRecipe("", "", marked, other_kind="a file without keys and values")
    if marked.problems:
        return StandaloneRecipe("", "", marked, marked.problems)
    if other_kind := _other_kind(marked.values):
        return StandaloneRecipe("", "", marked, other_kind=other_kind)
    if _engine_of(marked.values) == "axolotl":
        return _read_axolotl(marked)
    return _read_zephyr(marked, template_path, rows_path)


def read_valid(path: Path, template_path: str = TEMPLATE, rows_path: str = "") -> StandaloneRecipe:
    """Return a standalone recipe as read_standalone does. Raises UserError also for a refused one and for no recipe."""
    recipe = read_standalone(path, template_path, rows_path)
    if recipe.other_kind:
        raise UserError(f"{path} is no recipe, but {recipe.other_kind}")
    if recipe.mistakes:
        raise UserError("\n".join(recipe.mistakes))
    return recipe


def _read_axolotl(marked: MarkedYaml) -> StandaloneRecipe:
    """Return a standalone recipe of axolotl's dialect."""
    values, stage = marked.values, _axolotl_stage(marked.values)
    schema = load_schema("axolotl", stage)
    mistakes, notes = [], []
    for key, value in values.items():
        if value is not None and (warning := schema["properties"].get(key, {}).get("x-deprecated")):
            notes.append(f"{marked.location((key,))}: {warning}")
    for index in deprecated_axolotl_keys.sharegpt_datasets(values):
        mistakes.append(f"{marked.location(('datasets', index, 'type'))}: {deprecated_axolotl_keys.SHAREGPT}")
    kept, dropped = read_datasets(values, schema)
    for key in dropped:
        (notes if key.is_default else mistakes).append(f"{marked.location(key.path)}: {key}")
    for problem in schema_problems(kept, schema):
        location = marked.location(problem.path)
        if problem.kind != "unknown":
            mistakes.append(f"{location}: {problem}")
        elif deprecation := deprecated_axolotl_keys.deprecation(values, problem.path):
            notes.append(f"{location}: {deprecation}")
        else:
            ignored = f"{problem}{'' if problem.hint else ','} {IGNORED}"
            mistakes.append(f"{location}: {deprecated_axolotl_keys.refusal(values, problem.path) or ignored}")
    return StandaloneRecipe("axolotl", stage, marked, mistakes, notes)


def _read_zephyr(marked: MarkedYaml, template_path: str, rows_path: str) -> StandaloneRecipe:
    """Return a standalone recipe of TRL's or the handbook's dialect, translated."""
    stage = zephyr_stage(marked.values, marked.file)
    if stage not in stage_names("zephyr"):
        untrained = f"by its name this is a recipe of stage {stage}, which the zephyr engine does not train"
        trained = f"it trains {', '.join(stage_names('zephyr'))}"
        return StandaloneRecipe("zephyr", stage, marked, [f"{marked.location(())}: {untrained} ({trained})"])
    translation = translate(marked.values, stage, template_path, rows_path)
    reported = {problem.path[:1] for problem in translation.problems}
    if reported & {(key,) for key in MIXTURES}:
        reported |= {(key,) for key in MIXTURES}
    rest = schema_problems(translation.values, load_schema("zephyr", stage))
    rest = [problem for problem in rest if problem.path[:1] not in reported and not _no_value(translation, problem)]
    recipe = StandaloneRecipe("zephyr", stage, marked, translation=translation)
    mistakes = [f"{marked.location(problem.path)}: {problem}" for problem in translation.problems]
    mistakes += [f"{recipe.location(problem.path)}: {problem}" for problem in rest]
    edits = sorted((edit for edit in translation.edits if edit.message), key=lambda edit: marked.line((edit.old,)))
    return replace(
        recipe, mistakes=mistakes, notes=[f"{marked.location((edit.old,))}: {edit.message}" for edit in edits]
    )


def _no_value(translation: Translation, problem: Problem) -> bool:
    """Return whether a problem is only that a key has no value: TRL's default applies then."""
    value: Any = translation.values
    for part in problem.path if problem.kind == "value" else ():
        value = value[part]
    return value is None


def _other_kind(values: Values) -> str:
    """Return what a file is that is no recipe, "" for a recipe."""
    if not values:
        return "an empty file"
    if values.keys() & {"base_model", "model_name_or_path"}:
        return ""
    for name, least, keys in OTHER_KINDS:
        if len(values.keys() & keys) >= least:
            return name
    known = [load_schema(engine, "sft")["properties"].keys() for engine in ("axolotl", "zephyr")]
    count = max(len(values.keys() & keys) for keys in (known[0], known[1] | handbook.deprecated_keys().keys()))
    if not count:
        return "a file without a key of either engine"
    # Without a model it is a recipe only if most of its keys are a recipe's: `name` or `path` stand in many files.
    if 2 * count >= len(values):
        return ""
    return f"a file of another program: it names no model, and an engine knows {count} of its {len(values)} keys"


def _engine_of(values: Values) -> str:
    """Return the engine whose dialect a recipe is in: by its model's key, else by the number of keys known."""
    if "base_model" in values:
        return "axolotl"
    if "model_name_or_path" in values:
        return "zephyr"
    known = {"axolotl": load_schema("axolotl", "sft"), "zephyr": load_schema("zephyr", "sft")}
    return max(("zephyr", "axolotl"), key=lambda engine: len(values.keys() & known[engine]["properties"].keys()))


def _axolotl_stage(values: Values) -> str:
    """Return the stage of an axolotl recipe."""
    if values.get("reward_model") or values.get("process_reward_model"):
        return "reward"
    if values.get("rl"):
        return RL_STAGES.get(str(values["rl"]), "dpo")
    datasets = values.get("datasets") or []
    plain = (
        isinstance(datasets, list)
        and bool(datasets)
        and all(isinstance(data, dict) and data.get("type") == "completion" for data in datasets)
    )
    return "pretrain" if values.get("pretraining_dataset") or plain else "sft"


def zephyr_stage(values: Values, path: Path) -> str:
    """Return the stage that knows most of a recipe's keys, deprecated ones included.

    If several do, the one named by the file, its folder, `output_dir` or `run_name` counts, else SFT: the handbook's
    DPO and ORPO had the same keys. A name may also be of a stage that has no schema.
    """
    ordered = [stage for stage in stage_names("zephyr") if not find_stage("zephyr", stage).same_as]  # SFT first
    num_unknown = {stage: len(_unknown_keys(values, stage)) for stage in ordered}
    best = [stage for stage in ordered if num_unknown[stage] == min(num_unknown.values())]
    named = (str(values.get(key)) for key in ("output_dir", "hub_model_id", "run_name"))
    for name in (path.stem, path.resolve().parent.name, *named):
        for word in re.findall(r"[a-z]+", name.lower()):
            stage = NAMED_STAGES.get(word)
            if stage in best or (stage and stage not in ordered and "dpo" in best):
                return stage
    return best[0]


def _unknown_keys(values: Values, stage: str) -> set[str]:
    """Return the keys that a stage knows neither by their current nor by a deprecated name."""
    return translate(values, stage).values.keys() - load_schema("zephyr", stage)["properties"].keys()
