"""The state of one conversion: a recipe's values, its twin's values, and what has no equivalent.

The rules (pairs.py, lora.py, …) take keys from the source, put keys into the twin, and report keys without an
equivalent. A key that no rule took is reported at the end: nothing is dropped silently.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from gretchen.recipes.coercion import coerce
from gretchen.recipes.layers import Values
from gretchen.recipes.schema import load_schema

NONE = ("none", "null")
# Keys for which "none" is a value of its own, and not null.
NONE_IS_A_VALUE = ("report_to", "excess_length_strategy")


class NoEquivalent(Exception):
    """Raised by a rule for a value that the other engine cannot express; its text says why."""


class Dropped(NamedTuple):
    """A key of the source without an equivalent, and the reason."""

    key: str
    reason: str


@dataclass
class Conversion:
    """A recipe of the engine `source` on its way to the engine `target`, for one stage.

    `origins`: key of the twin -> the source's key that sets it. `defaults`: keys of the twin that the source leaves to
    its engine's default, with the target's own default (None where it has none). `dropped`: keys without an equivalent.
    `notes`: what differs although no key shows it -> the source's key that it depends on, "" for none.
    """

    source_values: Values
    source: str
    target: str
    stage: str
    values: Values = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    defaults: Values = field(default_factory=dict)
    dropped: list[Dropped] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)

    def take(self, key: str, default: Any = None) -> Any:
        """Return a key's value and count it as converted; `default` where it is absent or null."""
        value = self.source_values.get(key)
        self.taken.add(key)
        if isinstance(value, str) and value.lower() in NONE and key not in NONE_IS_A_VALUE:
            return default
        schema = load_schema(self.source, self.stage)["properties"].get(key, {})
        return default if value is None else coerce(value, schema)

    def has(self, key: str) -> bool:
        """Return whether the source sets a key."""
        return self.source_values.get(key) is not None

    def put(self, key: str, value: Any, origin: str = "", default: Any = None) -> None:
        """Set a key of the twin; `origin` is the source's key for it, "" where the value is the source's default."""
        self.values[key] = value
        if origin and self.has(origin):
            self.origins[key] = origin
        else:
            self.defaults[key] = default

    def carry(self, key: str, to: str = "", default: Any = None) -> None:
        """Copy a key under its name, or under `to`; where the source does not set it, `default` if there is one."""
        value = self.take(key, default)
        if value is not None:
            self.put(to or key, value, key)

    def drop(self, key: str, reason: str) -> None:
        """Report a key that the source sets as one without an equivalent."""
        self.taken.add(key)
        if self.has(key):
            self.dropped.append(Dropped(key, reason))

    def note(self, difference: str, key: str = "") -> None:
        """Report a difference that no key shows."""
        self.notes.setdefault(difference, key)


Rule = Callable[[Conversion], None]
