"""The edits that turn an old recipe into one with TRL's current keys, and the recipe while it is being edited."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from gretchen.recipes import handbook
from gretchen.recipes.layers import Values
from gretchen.recipes.mixture import Mixture
from gretchen.recipes.validation import Problem


@dataclass(frozen=True)
class Edit:
    """One deprecated key, the keys that replace it, and a message ("" where another edit's message covers it)."""

    old: str
    new: Values
    message: str


@dataclass(frozen=True)
class Target:
    """What a recipe is translated to: a stage, the keys that it knows, and where other parts of the recipe go.

    `template_path` is the file of an inline chat template, `rows_path` the folder of the mixed rows; where it is "",
    the mixture is written in TRL's own keys.
    """

    stage: str
    keys: Collection[str]
    template_path: str
    rows_path: str = ""


@dataclass
class Translation:
    """A recipe while it is translated to current keys.

    `original` is the recipe as written, `values` the recipe now. `problems` are keys that contradict each other, or
    values that no longer exist. Beside the keys a training may need four things: `template`, the text of a chat
    template; `tokenizer`, one other than the model's; `base_revision`, that of the base of an adapter to start from;
    `mixture`, rows mixed by the handbook's rule.
    """

    original: Values
    target: Target
    values: Values = field(default_factory=dict)
    edits: list[Edit] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    template: str | None = None
    tokenizer: str | None = None
    base_revision: str | None = None
    mixture: Mixture | None = None

    def __post_init__(self) -> None:
        self.values = dict(self.original)

    def replace(self, old: str, new: Values, message: str, overwrite: Collection[str] = ()) -> None:
        """Replace a key by `new`; a problem where one of its keys, not in `overwrite`, has another value already."""
        for key, value in new.items():
            present = self.values.get(key)
            if key in overwrite or present is None:
                continue
            differs = conflicting(present, value) if isinstance(value, dict) else present != value
            if differs:
                both = f"{shown(self.original[old])} and {shown(self.values[key])}"
                self.refuse(old, f"'{old}' and '{key}' mean the same and differ ({both}): keep '{key}'")
                return
        replaced = [key for key in new if key in self.values and key != old and not isinstance(new[key], dict)]
        self.edits += [Edit(key, {}, "") for key in replaced]
        self.edits.append(Edit(old, new, message))
        self.values = apply_edit(self.values, self.edits[-1])

    def drop(self, key: str, message: str) -> None:
        """Remove a key."""
        self.replace(key, {}, message)

    def refuse(self, key: str, message: str) -> None:
        """Add a problem with a top-level key."""
        self.problems.append(Problem((key,), message))


def shown(value: Any) -> str:
    """Return a value as a message shows it."""
    return "…" if isinstance(value, dict | list) else handbook.inline({"": value}).removeprefix(": ")


def conflicting(present: Any, block: Values) -> bool:
    """Return whether an existing block has another value for a key of `block`, or is no block."""
    return not isinstance(present, dict) or any(str(present.get(k, value)) != str(value) for k, value in block.items())


def origins(values: Values, edits: list[Edit]) -> dict[str, str]:
    """Return {current key: the key of the original recipe that it replaces}."""
    keys = {key: key for key in values}
    for edit in edits:
        replaced = keys.pop(edit.old)
        keys = {key: keys.get(key, replaced) for key in [*keys, *edit.new]}
    return keys


def apply_edit(values: Values, edit: Edit) -> Values:
    """Return values with an edit's new keys in the position of its old one; an existing block is extended in place."""
    edited: Values = {}
    blocks = {k for k, v in edit.new.items() if isinstance(v, dict) and isinstance(values.get(k), dict)} - {edit.old}
    for key, value in values.items():
        if key == edit.old:
            edited |= {k: v for k, v in edit.new.items() if k not in blocks}
        elif key in blocks:
            edited[key] = value | edit.new[key]
        elif key not in edit.new:
            edited[key] = value
    return edited
