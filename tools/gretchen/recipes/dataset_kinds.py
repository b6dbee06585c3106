"""Which kind of data set axolotl takes an entry of `datasets` for, and which of the entry's keys it drops for that.

    read_datasets(values, schema)      -> values without the dropped keys, and a DroppedKey for each

axolotl's validate_config reads an entry of `datasets` as the kind that `rl` names, else as one for SFT; its pydantic
model reads an entry of `test_datasets` as the kind most of whose fields it sets, the first of several. The keys of the
other kinds are dropped without a word. Keys that no kind has are left: they are mistakes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gretchen.marked_yaml import Key
from gretchen.recipes.layers import Values
from gretchen.recipes.schema import Schema, deref
from gretchen.recipes.validation import fits

LISTS = ("datasets", "test_datasets")
SFT, SYNTHETIC = "SFTDataset", "SyntheticDataset"
BY_RL = {"dpo": "DPODataset", "ipo": "DPODataset", "simpo": "DPODataset", "kto": "KTODataset"}
NAMES = {
    SFT: "SFT", "DPODataset": "DPO", "KTODataset": "KTO", "StepwiseSupervisedDataset": "a process reward model",
    SYNTHETIC: "synthetic rows",
}  # fmt: skip
# Older names, which the SFT kind replaces by `message_property_mappings` before its fields are counted.
LEGACY = {"message_field_role": "role", "message_field_content": "content"}
MAPPINGS, TEMPLATE = "message_property_mappings", "chat_template"
# What axolotl takes where a key is dropped: dropping the same value changes nothing.
DEFAULTS: dict[str, Any] = LEGACY | {
    "field_messages": "messages", "field_chosen": "chosen", "field_rejected": "rejected", "step_separator": "\n",
    "train_on_last_step_only": False, "trust_remote_code": False,
}  # fmt: skip


@dataclass(frozen=True)
class DroppedKey:
    """A key of a data set that axolotl drops for the data set's kind; `is_default`: it takes the same without it."""

    path: Key
    kind: str
    is_default: bool

    def __str__(self) -> str:
        name = f"{self.path[0]}[{self.path[1]}].{self.path[2]}"
        drops = f"axolotl reads this data set as one for {NAMES[self.kind]}, and drops it"
        if self.is_default:
            return f"'{name}' has no effect: {drops}; without it, axolotl takes the same"
        return f"'{name}' would be lost: {drops}"


def read_datasets(values: Values, schema: Schema) -> tuple[Values, list[DroppedKey]]:
    """Return a recipe's values without the keys of data sets that axolotl drops, and these keys."""
    kept, dropped = dict(values), []
    for top in LISTS:
        entries = values.get(top)
        for number, entry in enumerate(entries if isinstance(entries, list) else []):
            if isinstance(entry, dict):
                keys = _dropped_keys(entry, (top, number), values.get("rl"), schema)
                dropped += keys
                names = {key.path[-1] for key in keys}
                remaining = {name: value for name, value in entry.items() if name not in names}
                kept[top] = [*kept[top][:number], remaining, *kept[top][number + 1 :]]
    return kept, dropped


def kind_of(entry: Mapping[str, Any], top: str, rl: Any, schema: Schema) -> str:
    """Return the kind that axolotl takes an entry of a list for, in a recipe with `rl`."""
    if top == "datasets":
        return BY_RL.get(str(rl)) or (SYNTHETIC if entry.get("type") == "_synthetic" else SFT)
    counts = {kind: _fields_set(entry, kind, schema) for kind in _kinds(schema)}
    return max(counts, key=lambda kind: counts[kind])


def _kinds(schema: Schema) -> list[str]:
    """Return the names of the kinds, in axolotl's order."""
    lists = schema["properties"][LISTS[0]]["anyOf"]
    items = next(option["items"] for option in lists if "items" in option)
    return [option["$ref"].rsplit("/", 1)[1] for option in items["anyOf"]]


def _dropped_keys(entry: Mapping[str, Any], path: Key, rl: Any, schema: Schema) -> list[DroppedKey]:
    """Return the keys of an entry that its kind lacks and another one has."""
    kind = kind_of(entry, path[0], rl, schema)
    known = schema["$defs"][kind]["properties"]
    others = {key for other in _kinds(schema) for key in schema["$defs"][other]["properties"]}
    names = [key for key in entry if key not in known and key in others]
    return [DroppedKey((*path, key), kind, _is_default(key, entry[key])) for key in names]


def _is_default(key: str, value: Any) -> bool:
    """Return whether axolotl takes the same value where a key is dropped."""
    if value is None or key == "ds_type":  # a local file's own name says its type
        return True
    if key in (MAPPINGS, "roles") and isinstance(value, dict):
        return all(source in (name, [name]) for name, source in value.items())
    return key in DEFAULTS and value == DEFAULTS[key]


def _fields_set(entry: Mapping[str, Any], kind: str, schema: Schema) -> int:
    """Return how many fields of a kind an entry sets, those of a mapping included; -1 where a value does not fit."""
    known = schema["$defs"][kind]["properties"]
    fields = {key: value for key, value in entry.items() if key in known}
    if not all(fits(value, known[key], schema) for key, value in fields.items()):
        return -1
    count = len(fields)
    if kind == SFT:
        count += (MAPPINGS not in entry) - len(LEGACY.keys() & fields.keys())
        count += entry.get("type") == TEMPLATE and not entry.get(TEMPLATE)
    options = [deref(option, schema) for option in known.get("type", {}).get("anyOf", [])]
    nested = [len(option["properties"].keys() & fields["type"].keys()) for option in options
              if "properties" in option and isinstance(fields.get("type"), dict)]  # fmt: skip
    return count + max(nested, default=0)
