"""Translates a recipe of the alignment-handbook, of any year, to TRL's current keys; nothing is dropped silently.

    translation = translate(values, "sft")
    translation.values, [edit.message for edit in translation.edits], translation.problems

Each edit is one deprecated key, its replacement, and a message. The tables are in handbook.py. No file is read or
written.
"""

from collections.abc import Collection
from typing import Any

from gretchen.recipes import handbook
from gretchen.recipes.edits import Edit, Target, Translation, shown
from gretchen.recipes.layers import Values
from gretchen.recipes.mixture import MIXER, MixtureError, TrlDatasets, read_mixture, trl_datasets
from gretchen.recipes.schema import load_schema
from gretchen.recipes.validation import Problem

TEMPLATE = "chat_template.jinja"
UNCHANGED_FILE = "`gretchen train` of this file as it is"


def translate(values: Values, stage: str, template_path: str = TEMPLATE, rows_path: str = "") -> Translation:
    """Return a recipe of a stage in current keys; edits.Target says what the two paths are."""
    target = Target(stage, load_schema("zephyr", stage)["properties"].keys(), template_path, rows_path)
    translation = Translation(values, target)
    # A mixture comes last: its rule reads other keys by their current names.
    for key in sorted(values, key=lambda name: name in ("dataset_mixer", "dataset_mixture")):
        value = values[key]
        if key not in target.keys:
            _translate_key(translation, key, value)
        elif isinstance(value, str | bool) and (key, value) in handbook.RENAMED_VALUES:
            new = handbook.RENAMED_VALUES[key, value]
            translation.edits.append(Edit(key, {key: new}, f"'{key}: {shown(value)}' is now '{key}: {new}'"))
            translation.values[key] = new
        elif key == "resume_from_checkpoint" and value is not None:
            translation.drop(key, f"'{key}' has no effect: `gretchen train FILE --resume` continues a run")
        elif isinstance(value, str) and (key, value) in handbook.REMOVED_VALUES:
            translation.refuse(key, handbook.REMOVED_VALUES[key, value])
        elif key == "dataset_kwargs" and isinstance(value, dict):
            _dataset_kwargs(translation, value)
    return translation


def _translate_key(t: Translation, key: str, value: Any) -> None:
    """Translate one key that the stage does not know; a key in no table is left for the schema to refuse."""
    if key in handbook.NO_EFFECT:
        removed_rows = key == "max_prompt_length" and t.target.stage == "orpo" and "dataset_mixer" in t.original
        why = handbook.ORPO_PROMPTS if removed_rows else handbook.NO_EFFECT[key]
        t.drop(key, f"'{key}' no longer has any effect: {why}")
    elif key in handbook.REMOVED_KEYS:
        defaults, why = handbook.REMOVED_KEYS[key]
        if value in defaults:
            t.drop(key, f"'{key}' no longer exists, and had its default value")
        else:
            t.refuse(key, f"'{key}' no longer exists: {why}")
    elif key not in handbook.deprecated_keys():
        return
    elif value is None and key not in ("dataset_splits", "dataset_configs"):
        t.drop(key, f"'{key}' has no value: TRL's default applies")
    elif key in handbook.RENAMED:
        _renamed(t, key, value)
    elif key in handbook.SWITCHES:
        new = handbook.SWITCHES[key] if value else {}
        t.replace(key, new, f"'{key}' is now '{handbook.inline(new)}'" if new else f"'{key}' is off: leave it out")
    elif key in handbook.BLOCKS:
        block, name = handbook.BLOCKS[key]
        new = {block: {name: _environment_string(value) if block == "env" else value}}
        t.replace(key, new, f"'{key}' is now '{name}' in the block '{block}'")
    else:
        _computed(t, key, value)


def _environment_string(value: Any) -> str:
    """Return a value as an environment variable holds it, a list with commas."""
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _renamed(t: Translation, key: str, value: Any) -> None:
    """Replace a renamed key by its current name."""
    new = handbook.RENAMED[key]
    if new not in t.target.keys:
        t.drop(key, f"'{key}' has no effect in {t.target.stage}, which has no '{new}'")
    elif t.values.get(new) == value:
        t.drop(key, f"'{key}' repeats '{new}'")
    elif key in handbook.IGNORED_BESIDE_NEW_NAME and t.values.get(new) is not None:
        t.drop(key, f"'{key}' is ignored, because '{new}' is set too")
    else:
        t.replace(key, {new: value}, f"'{key}' is now '{new}'")


def _computed(t: Translation, key: str, value: Any) -> None:
    """Translate a key whose rule is more than a new name."""
    if key == "warmup_ratio":
        _warmup(t, value)
    elif key == "rpo_alpha":
        _rpo_alpha(t, value)
    elif key in ("dataset_mixer", "dataset_mixture"):
        _mixture(t, key)
    elif key in MIXER:
        mixed = t.mixture or t.values.get("dataset_mixer")
        t.drop(key, "" if mixed else f"'{key}' has no effect without 'dataset_mixer'")
    elif key == "chat_template":
        _chat_template(t, str(value))
    elif key == "tokenizer_name_or_path":
        _tokenizer(t, value)
    elif key == "base_model_revision":
        _base_revision(t, str(value))


def _chat_template(t: Translation, template: str) -> None:
    """Replace an inline chat template by a file, where the stage has a key for one."""
    t.template = template
    if "chat_template_path" in t.target.keys:
        new = {"chat_template_path": t.target.template_path}
        t.replace("chat_template", new, "'chat_template' is now 'chat_template_path', a file")
    else:
        where = f"{UNCHANGED_FILE} sets it on the tokenizer"
        t.drop("chat_template", f"'chat_template' is no longer a key of {t.target.stage}: {where}")


def _tokenizer(t: Translation, value: Any) -> None:
    """Drop the tokenizer's key; a tokenizer other than the model's is kept for the training."""
    t.tokenizer = None if value == t.values.get("model_name_or_path") else str(value)
    used = f"the model's tokenizer is used, but {UNCHANGED_FILE} uses this one" if t.tokenizer else "it is the model's"
    t.drop("tokenizer_name_or_path", f"'tokenizer_name_or_path' is no longer a key: {used}")


def _base_revision(t: Translation, revision: str) -> None:
    """Drop the revision of an adapter's base; another one than its newest is kept for the training."""
    t.base_revision = revision
    used = (
        "it is the newest"
        if revision == "main"
        else f"an adapter's base is its newest, but {UNCHANGED_FILE} uses this one"
    )
    t.drop("base_model_revision", f"'base_model_revision' is no longer a key: {used}")


def _warmup(t: Translation, value: Any) -> None:
    """Replace a fraction of all steps by `warmup_steps` below 1; a `warmup_steps` other than 0 took precedence."""
    try:
        fraction = float(value)
    except (TypeError, ValueError):
        fraction = -1.0
    if not 0 <= fraction < 1:
        t.refuse("warmup_ratio", f"'warmup_ratio' is {value}, expected a fraction of all steps, below 1")
    elif fraction == 0:
        t.drop("warmup_ratio", "'warmup_ratio: 0' has no effect: there is no warm-up")
    elif _is_count(t.values.get("warmup_steps")):
        t.drop("warmup_ratio", "'warmup_ratio' has no effect beside 'warmup_steps', as before")
    else:
        overwrite = ["warmup_steps"] if not t.values.get("warmup_steps") else []
        t.replace(
            "warmup_ratio", {"warmup_steps": fraction}, "'warmup_ratio' is now 'warmup_steps', below 1", overwrite
        )


def _is_count(steps: Any) -> bool:
    """Return whether `warmup_steps` is a number of steps, as in recipes that also have `warmup_ratio`."""
    return isinstance(steps, int | float) and steps >= 1


def _rpo_alpha(t: Translation, value: Any) -> None:
    """Replace RPO's weight of the chosen response's NLL by a second loss, `sft`, beside DPO's."""
    if not isinstance(value, int | float):
        t.refuse("rpo_alpha", f"'rpo_alpha' is {value!r}, expected a number")
        return
    losses = t.values.get("loss_type") or "sigmoid"
    losses = list(losses) if isinstance(losses, list) else [losses]
    new = {"loss_type": [*losses, "sft"], "loss_weights": [*([1.0] * len(losses)), float(value)]}
    t.replace("rpo_alpha", new, f"'rpo_alpha' is now '{handbook.inline(new)}'", ["loss_type"])


def _mixture(t: Translation, key: str) -> None:
    """Write a mixture in TRL's keys, or name the folder of the rows mixed by the handbook's rule."""
    rows = t.target.rows_path
    try:
        t.mixture = read_mixture(t.original)
        datasets = TrlDatasets({"dataset_name": rows}) if rows else trl_datasets(t.mixture)
    except MixtureError as error:
        t.problems.append(Problem(error.key, str(error)))
        return
    old = [name for name in MIXER if name in t.original] if key in MIXER else [key]
    if rows:
        notes = [f"{_listed(old)}: the rows are mixed by the handbook's rule into {rows}"]
    else:
        notes = [f"{_listed(old)} {'is' if len(old) == 1 else 'are'} now {_listed(datasets.values)}"]
    new = dict(datasets.values)
    if key == "dataset_mixer" and t.target.stage == "sft" and t.values.get("packing") is None:
        new |= handbook.ALWAYS_PACKED
        notes.append(f"with it, the handbook always packed rows: '{handbook.inline(handbook.ALWAYS_PACKED)}'")
    notes += datasets.differences
    if t.target.stage in ("dpo", "orpo") and not rows and not any(part.columns for part in t.mixture.train):
        notes.append(handbook.WHOLE_CONVERSATIONS)
    untested = not t.mixture.test and t.mixture.test_size is None
    not_split = untested or ("datasets" in datasets.values and "test_split_size" not in datasets.values)
    if not_split and t.values.get("eval_strategy", "no") != "no":
        t.replace("eval_strategy", {"eval_strategy": "no"}, "", ["eval_strategy"])
        kept = f"TRL's 'datasets' has no test split, so 'eval_strategy' is no, but {UNCHANGED_FILE} keeps both"
        notes.append("no split to evaluate on is named, so 'eval_strategy' is no" if untested else kept)
    t.replace(key, new, "; ".join(notes), handbook.ALWAYS_PACKED)


def _listed(keys: Collection[str]) -> str:
    """Return keys as a sentence lists them: 'a', 'b' and 'c'."""
    quoted = [f"'{key}'" for key in keys]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"


def _dataset_kwargs(t: Translation, value: Values) -> None:
    """Remove the keys of `dataset_kwargs` that no longer have any effect."""
    unused = [name for name in handbook.DATASET_KWARGS_NO_EFFECT if name in value]
    if unused:
        remaining = {name: inner for name, inner in value.items() if name not in unused}
        new = {"dataset_kwargs": remaining} if remaining else {}
        verb = "has" if len(unused) == 1 else "have"
        message = f"{_listed(unused)} of 'dataset_kwargs' no longer {verb} any effect"
        t.edits.append(Edit("dataset_kwargs", new, message))
        t.values = {k: new.get(k, v) for k, v in t.values.items() if k != "dataset_kwargs" or new}
