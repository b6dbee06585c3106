"""What one conversion works on: the values of a recipe, those of its twin, and what is said of the rest.

Rules (pairs.py, lora.py, …) take keys from `said`, put keys into `values`, and name what has no twin. A key that no
rule took is named at the end: nothing is dropped in silence.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from gretchen.recipes.coercion import coerce
from gretchen.recipes.layers import Values
from gretchen.recipes.schema import load_schema

NONE = ("none", "null")


class NoTwin(Exception):
    """Raised by a rule for a value that the other engine cannot express; its text says why."""


@dataclass
class Conversion:
    """A recipe of `source` on its way to `target`, for one stage.

    `origins`: key of the twin -> key it comes from; `unsaid`: keys of the twin that the recipe leaves to its engine's
    default, with the target's own default (None where it has none). `named`: (key, why it has no twin). `notes`: what
    stays different though no key says it -> the key of the source that it hangs on, "" for none.
    """

    said: Values
    source: str
    target: str
    stage: str
    values: Values = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    unsaid: dict[str, Any] = field(default_factory=dict)
    named: list[tuple[str, str]] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)

    def take(self, key: str, default: Any = None) -> Any:
        """Return a key's value and count it as dealt with; `default` where it is not said, or said to be null."""
        value = self.said.get(key)
        self.taken.add(key)
        if isinstance(value, str) and value.lower() in NONE and not self.means_text(key):
            return default
        schema = load_schema(self.source, self.stage)["properties"].get(key, {})
        return default if value is None else coerce(value, schema)

    def means_text(self, key: str) -> bool:
        """Return whether "none" is one of a key's own words, and no null: report_to, save_strategy …"""
        return key in ("report_to", "excess_length_strategy")

    def says(self, key: str) -> bool:
        """Return whether the recipe says a key."""
        return self.said.get(key) is not None

    def put(self, key: str, value: Any, origin: str = "", default: Any = None) -> None:
        """Put a key into the twin: `origin` is the key that says it, "" where it is the source's default."""
        self.values[key] = value
        if origin and self.says(origin):
            self.origins[key] = origin
        else:
            self.unsaid[key] = default

    def carry(self, key: str, to: str = "", default: Any = None) -> None:
        """Put a key that is said under its name, or another one; where it is not, `default`, if there is one."""
        value = self.take(key, default)
        if value is not None:
            self.put(to or key, value, key)

    def name(self, key: str, why: str) -> None:
        """Name a key that is said as one without a twin."""
        self.taken.add(key)
        if self.says(key):
            self.named.append((key, why))

    def note(self, told: str, key: str = "") -> None:
        """Note what stays different."""
        self.notes.setdefault(told, key)


Rule = Callable[[Conversion], None]
