"""A recipe written for the alignment-handbook, in any year, in today's keys of TRL: nothing is lost in silence.

    translation = translate(values, "sft", known_keys)
    translation.values, [edit.told for edit in translation.edits], translation.faults

Each edit is one former key, what stands in its place, and a sentence that says so. The table is handbook.py. It reads
and writes no file.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from gretchen.marked_yaml import Key
from gretchen.recipes import handbook
from gretchen.recipes.layers import Values
from gretchen.recipes.mixture import MIXER, Mixture, MixtureFault, read_mixture, trl_keys

TEMPLATE = "chat_template.jinja"
AS_IT_IS = "`gretchen train` of this file as it is"


@dataclass(frozen=True)
class Edit:
    """One former key, the keys that stand in its place today, and the sentence that tells it ("": another tells it)."""

    old: str
    new: Values
    told: str


@dataclass
class Translation:
    """A recipe in today's keys. `faults`: (key, sentence) where it says two things, or one that no longer exists.

    `said` is the recipe as it was, `values` as it is today. Beside the keys it may want three things: `template`, a
    chat template's text; `tokenizer`, another one than the model's; `mixture`, rows mixed by the handbook's rule.
    """

    said: Values
    values: Values
    edits: list[Edit] = field(default_factory=list)
    faults: list[tuple[Key, str]] = field(default_factory=list)
    template: str | None = None
    tokenizer: str | None = None
    mixture: Mixture | None = None

    def replace(self, old: str, new: Values, told: str, over: Collection[str] = ()) -> None:
        """Put `new` in the place of a key; a fault where one of its keys, not in `over`, says another thing already."""
        for key, value in new.items():
            present = self.values.get(key)
            if key in over or present is None:
                continue
            clash = clashing(present, value) if isinstance(value, dict) else present != value
            if clash:
                both = f"{shown(self.said[old])} and {shown(self.values[key])}"
                self.faults.append(((old,), f"'{old}' and '{key}' mean the same and differ ({both}): keep '{key}'"))
                return
        replaced = [key for key in new if key in self.values and key != old and not isinstance(new[key], dict)]
        self.edits += [Edit(key, {}, "") for key in replaced]
        self.edits.append(Edit(old, new, told))
        self.values = applied(self.values, [Edit(old, new, told)])


def shown(value: Any) -> str:
    """Return a value as a sentence shows it."""
    return "…" if isinstance(value, dict | list) else handbook.inline({"": value}).removeprefix(": ")


def clashing(present: Any, block: Values) -> bool:
    """Return whether a block that is there says another value for one of a new one's keys, or is none."""
    return not isinstance(present, dict) or any(str(present.get(key, one)) != str(one) for key, one in block.items())


def origins(values: Values, edits: list[Edit]) -> dict[str, str]:
    """Return {today's key: the key of the recipe as it was in whose place it stands}."""
    found = {key: key for key in values}
    for edit in edits:
        place = found.pop(edit.old)
        found = {key: found.get(key, place) for key in [*found, *edit.new]}
    return found


def applied(values: Values, edits: list[Edit]) -> Values:
    """Return values with each edit's new keys in the place of its old one; a block grows where it stands."""
    for edit in edits:
        turned: Values = {}
        blocks = {k for k, v in edit.new.items() if isinstance(v, dict) and isinstance(values.get(k), dict)} - {
            edit.old
        }
        for key, value in values.items():
            if key == edit.old:
                turned |= {k: v for k, v in edit.new.items() if k not in blocks}
            elif key in blocks:
                turned[key] = value | edit.new[key]
            elif key not in edit.new:
                turned[key] = value
        values = turned
    return values


def translate(
    values: Values, stage: str, known: Collection[str], template: str = TEMPLATE, rows: str = ""
) -> Translation:
    """Return a recipe in today's keys, of which `known` are those of its stage.

    `template` is the file that an inline chat template will lie in, `rows` the folder of mixed rows: without one, the
    mixture is said in TRL's own keys.
    """
    found = Translation(values, dict(values))
    # A mixture comes last: it looks at other keys as they are today.
    for key in sorted(values, key=lambda name: name in ("dataset_mixer", "dataset_mixture")):
        value = values[key]
        if key not in known:
            former_key(found, key, value, stage, known, template, rows)
        elif isinstance(value, str | bool) and (key, value) in handbook.RENAMED_VALUES:
            today = handbook.RENAMED_VALUES[key, value]
            found.edits.append(Edit(key, {key: today}, f"'{key}: {shown(value)}' is '{key}: {today}' today"))
            found.values[key] = today
        elif isinstance(value, str) and (key, value) in handbook.GONE_VALUES:
            found.faults.append(((key,), handbook.GONE_VALUES[key, value]))
        elif key == "dataset_kwargs" and isinstance(value, dict):
            dataset_kwargs(found, value)
    return found


def former_key(
    found: Translation, key: str, value: Any, stage: str, known: Collection[str], template: str, rows: str
) -> None:
    """Translate one key that the stage does not know; one that no table has is left for the schema to refuse."""
    if key in handbook.WITHOUT_EFFECT:
        found.replace(key, {}, f"'{key}' has no effect today: {handbook.WITHOUT_EFFECT[key]}")
    elif key in handbook.UNAVAILABLE:
        nothing, why = handbook.UNAVAILABLE[key]
        if value in nothing:
            found.replace(key, {}, f"'{key}' says nothing here")
        else:
            found.faults.append(((key,), f"'{key}' does not exist today: {why}"))
    elif key not in handbook.former():
        return
    elif value is None and key not in MIXER:
        found.replace(key, {}, f"'{key}' has no value: TRL's default is taken")
    elif key in handbook.RENAMED:
        renamed(found, key, value, stage, known)
    elif key in handbook.SWITCHES:
        new = handbook.SWITCHES[key] if value else {}
        found.replace(
            key, new, f"'{key}' is '{handbook.inline(new)}' today" if new else f"'{key}' is off: leave it out"
        )
    elif key in handbook.BLOCKS:
        block, name = handbook.BLOCKS[key]
        new = {block: {name: variable(value) if block == "env" else value}}
        found.replace(key, new, f"'{key}' is '{name}' in the block '{block}' today")
    else:
        computed(found, key, value, stage, known, template, rows)


def variable(value: Any) -> str:
    """Return a value as an environment variable says it, a list with commas."""
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def renamed(found: Translation, key: str, value: Any, stage: str, known: Collection[str]) -> None:
    """Put today's name in the place of a renamed key."""
    today = handbook.RENAMED[key]
    if today not in known:
        found.replace(key, {}, f"'{key}' has no effect in {stage} today: it has no '{today}'")
    elif found.values.get(today) == value:
        found.replace(key, {}, f"'{key}' says what '{today}' says here too")
    elif key in handbook.YIELDING and found.values.get(today) is not None:
        found.replace(key, {}, f"'{key}' gives way to '{today}', which stands here too")
    else:
        found.replace(key, {today: value}, f"'{key}' is '{today}' today")


def computed(
    found: Translation, key: str, value: Any, stage: str, known: Collection[str], template: str, rows: str
) -> None:
    """Translate a key whose rule is more than a name."""
    if key == "warmup_ratio":
        warmup(found, value)
    elif key == "rpo_alpha":
        chosen_loss(found, value)
    elif key in ("dataset_mixer", "dataset_mixture"):
        mixture(found, key, rows)
    elif key in MIXER:
        told = (
            ""
            if found.mixture or found.values.get("dataset_mixer")
            else f"'{key}' says nothing without 'dataset_mixer'"
        )
        found.replace(key, {}, told)
    elif key == "chat_template":
        found.template = str(value)
        if "chat_template_path" in known:
            found.replace(key, {"chat_template_path": template}, f"'{key}' is 'chat_template_path' today, a file")
        else:
            found.replace(key, {}, f"'{key}' is no key of {stage} today, but the tokenizer's: {AS_IT_IS} sets it")
    elif key == "tokenizer_name_or_path":
        found.tokenizer = None if value == found.values.get("model_name_or_path") else str(value)
        told = (
            f"the model's own is taken, but {AS_IT_IS} takes that one" if found.tokenizer else "it is the model's own"
        )
        found.replace(key, {}, f"'{key}' is no key today: {told}")


def warmup(found: Translation, value: Any) -> None:
    """A share of all steps is `warmup_steps` below 1; beside it, `warmup_steps` won, where it was not 0."""
    try:
        share = float(value)
    except (TypeError, ValueError):
        share = -1.0
    if not 0 <= share < 1:
        found.faults.append((("warmup_ratio",), f"'warmup_ratio' is {value}, expected a share of all steps below 1"))
    elif share == 0:
        found.replace("warmup_ratio", {}, "'warmup_ratio: 0' says nothing: there is no warm-up")
    elif is_count(found.values.get("warmup_steps")):
        found.replace("warmup_ratio", {}, "'warmup_ratio' had no effect beside 'warmup_steps', and has none")
    else:
        over = ["warmup_steps"] if not found.values.get("warmup_steps") else []
        told = "'warmup_ratio' is 'warmup_steps' below 1 today"
        found.replace("warmup_ratio", {"warmup_steps": share}, told, over)


def is_count(steps: Any) -> bool:
    """Return whether a `warmup_steps` is one of the years when it was a number of steps, and says one."""
    return isinstance(steps, int | float) and steps >= 1


def chosen_loss(found: Translation, value: Any) -> None:
    """RPO: the chosen answer's own loss beside DPO's, weighted by alpha."""
    if not isinstance(value, int | float):
        found.faults.append((("rpo_alpha",), f"'rpo_alpha' is {value!r}, expected a number"))
        return
    losses = found.values.get("loss_type") or "sigmoid"
    losses = list(losses) if isinstance(losses, list) else [losses]
    new = {"loss_type": [*losses, "sft"], "loss_weights": [*([1.0] * len(losses)), float(value)]}
    found.replace("rpo_alpha", new, f"'rpo_alpha' is '{handbook.inline(new)}' today", ["loss_type"])


def mixture(found: Translation, key: str, rows: str) -> None:
    """Say a mixture in TRL's keys, or name the folder of the rows that were mixed by the handbook's rule."""
    try:
        found.mixture = read_mixture(found.said)
        new, lost = ({"dataset_name": rows}, []) if rows else trl_keys(found.mixture)
    except MixtureFault as wrong:
        found.faults.append((wrong.key, str(wrong)))
        return
    old = names([name for name in MIXER if name in found.said]) if key in MIXER else f"'{key}'"
    is_ = "is" if old.count("'") == 2 else "are"
    told = f"{old} {is_} {names(new)} today" if not rows else f"{old}: rows mixed by the handbook's rule lie in {rows}"
    untested = not found.mixture.test and found.mixture.test_size is None
    unsaid = untested or ("datasets" in new and "test_split_size" not in new)
    if unsaid and found.values.get("eval_strategy", "no") != "no":
        found.replace("eval_strategy", {"eval_strategy": "no"}, "", ["eval_strategy"])
        kept = f"TRL's 'datasets' has no test split, so 'eval_strategy' is no, but {AS_IT_IS} keeps both"
        lost.append("no split to test on is named, so 'eval_strategy' is no" if untested else kept)
    found.replace(key, new, "; ".join([told, *lost]))


def names(new: Collection[str]) -> str:
    """Return keys as a sentence lists them: 'a', 'b' and 'c'."""
    quoted = [f"'{key}'" for key in new]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"


def dataset_kwargs(found: Translation, value: Values) -> None:
    """Take out of `dataset_kwargs` what has no effect today."""
    idle = [name for name in handbook.DATASET_KWARGS_WITHOUT_EFFECT if name in value]
    if idle:
        kept = {name: one for name, one in value.items() if name not in idle}
        new = {"dataset_kwargs": kept} if kept else {}
        told = f"{names(idle)} of 'dataset_kwargs' {'has' if len(idle) == 1 else 'have'} no effect today"
        found.edits.append(Edit("dataset_kwargs", new, told))
        found.values = {k: new.get(k, v) for k, v in found.values.items() if k != "dataset_kwargs" or new}
