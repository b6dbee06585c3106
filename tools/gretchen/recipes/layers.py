"""Layers of a recipe and the one rule that merges them: mappings merge, lists and scalars replace, null deletes.

    extends (left to right) < the recipe < the shared profile < the recipe's own profile < SET < computed < machine

Because null deletes, upstream's own null is written `none`, which its parsers read as null.
"""

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import yaml

from gretchen import paths
from gretchen.errors import UserError
from gretchen.marked_yaml import Key, Loader, MarkedYaml

Values = dict[str, Any]
BOOLEAN = "tag:yaml.org,2002:bool"


class Bare(Loader):
    """YAML 1.2's booleans, for SET: the shell takes the quotes of eval_strategy="no" away before YAML sees them."""

    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in found if tag != BOOLEAN]
        for first, found in Loader.yaml_implicit_resolvers.items()
    }


Bare.add_implicit_resolver(BOOLEAN, re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))


@dataclass(frozen=True, eq=False)
class Layer:
    """One layer: its role in the order above, its values, and where they stand (a file and lines, or no file)."""

    role: str
    values: Values
    file: str = ""
    lines: dict[Key, int] = field(default_factory=dict)

    def place(self, key: Key) -> str:
        """Return where a key stands, as messages name it: projects/x/recipes/sft.zephyr.yaml:12."""
        return f"{self.file}:{self.line(key)}" if self.file else self.role

    def line(self, key: Key) -> int:
        """Return the line of a key, or of the nearest part around it."""
        while key and key not in self.lines:
            key = key[:-1]
        return self.lines.get(key, 1)


@lru_cache(maxsize=4096)
def section(role: str, marked: MarkedYaml, *path: str) -> Layer:
    """Return the mapping at `path` of a file as a layer, the same one each time; an empty one where there is none."""
    values: Any = marked.values
    for part in path:
        values = values.get(part) if isinstance(values, dict) else None
    lines = {key[len(path) :]: line for key, line in marked.lines.items() if key[: len(path)] == path}
    return Layer(role, values if isinstance(values, dict) else {}, paths.shown(marked.file), lines)


def set_layers(words: Sequence[str]) -> list[Layer]:
    """Return a layer for each of SET's words, `dotted.key=YAML value`. Raises UserError for a word of another form."""
    layers = []
    for word in words:
        key, equals, text = word.partition("=")
        if not equals or not all(key.split(".")):
            raise UserError(f"SET: '{word}' is not key=value", "SET='learning_rate=1e-3 lora_r=8'")
        try:
            value = yaml.load(text, Bare)
        except yaml.YAMLError:
            raise UserError(f"SET: the value of '{key}' is not YAML: {text}", f"quote it: SET=\"{key}='…'\"") from None
        for part in reversed(key.split(".")):
            value = {part: value}
        layers.append(Layer("SET", value))
    return layers


def words_of(text: str) -> list[str]:
    """Return SET's text as shell words. Raises UserError for a quote that is never closed."""
    try:
        return shlex.split(text)
    except ValueError as wrong:
        raise UserError(f"SET: {wrong}: {text}", "close the quote") from None


def merge(lower: Values, upper: Values) -> Values:
    """Return `upper` laid on `lower`; neither is changed."""
    merged = dict(lower)
    for key, value in upper.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict):
            below = merged.get(key)
            merged[key] = merge(below if isinstance(below, dict) else {}, value)
        else:
            merged[key] = value
    return merged


def merge_all(layers: Sequence[Layer]) -> Values:
    """Return all layers merged, later ones on top."""
    values: Values = {}
    for layer in layers:
        values = merge(values, layer.values)
    return values


def origin(layers: Sequence[Layer], key: Key) -> Layer:
    """Return the layer that a merged value comes from: the last one in which it stands."""
    return next(layer for layer in reversed(layers) if holds(layer.values, key))


def holds(values: Any, key: Key) -> bool:
    """Return whether a value stands at `key`; a null is none, but for a null inside a list, which deletes nothing."""
    for part in key:
        if isinstance(values, dict):
            values = values.get(part)
        elif isinstance(values, list) and isinstance(part, int) and part < len(values):
            values = values[part]
        else:
            return False
    return values is not None or any(isinstance(part, int) for part in key)


def leaves(value: Any, path: Key = ()) -> Iterator[tuple[Key, Any]]:
    """Yield every (key, value) below a value that holds nothing further itself; empty ones count."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    empty = True
    for part, below in inner:
        empty = False
        yield from leaves(below, (*path, part))
    if empty and path:
        yield path, value
