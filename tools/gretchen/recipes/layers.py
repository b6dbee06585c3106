"""Layers of a recipe and the one rule that merges them: mappings merge, lists and scalars replace, null deletes.

    for each method that the recipe extends: the method, its profile
    < the recipe < the hardware profile < the recipe's profile < SET < computed < machine

Because null deletes, upstream's own null is written `none`, which upstream's parsers read as null.
"""

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Any

from gretchen import paths
from gretchen.bounded_yaml import Loader, YamlFault, parse
from gretchen.errors import UserError
from gretchen.marked_yaml import Key, MarkedYaml

Values = dict[str, Any]  # upstream's own keys and values
BOOLEAN = "tag:yaml.org,2002:bool"
# Keys of a recipe that are Gretchen's; every other key is upstream's.
OWN_KEYS = ("extends", "profiles")


class LayerKind(StrEnum):
    """What a layer is; its value is what messages call it."""

    METHOD = "shared method"
    METHOD_PROFILE = "shared method's profile"
    RECIPE = "recipe"
    HARDWARE = "hardware profile"
    RECIPE_PROFILE = "recipe's profile"
    SET = "SET"
    COMPUTED = "computed"
    MACHINE = "machine"
    START = "start"


class SetLoader(Loader):
    """YAML 1.2's booleans, for SET: the shell removes the quotes of eval_strategy="no" before YAML sees them."""

    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != BOOLEAN]
        for first, resolvers in Loader.yaml_implicit_resolvers.items()
    }


SetLoader.add_implicit_resolver(BOOLEAN, re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))


@dataclass(frozen=True)
class Origin:
    """Where a resolved value comes from: a kind of layer, with file and line where the layer is a file's."""

    kind: LayerKind
    file: str = ""
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.file else str(self.kind)


@dataclass(frozen=True, eq=False)
class Layer:
    """One layer: its kind, its values, and their file (relative to the root, "" for none) with the line of each key."""

    kind: LayerKind
    values: Values
    file: str = ""
    lines: dict[Key, int] = field(default_factory=dict)

    def origin(self, key: Key) -> Origin:
        """Return where a key stands."""
        return Origin(self.kind, self.file, self.line(key)) if self.file else Origin(self.kind)

    def location(self, key: Key) -> str:
        """Return where a key stands, as messages name it: projects/x/recipes/sft.zephyr.yaml:12."""
        return str(self.origin(key))

    def line(self, key: Key) -> int:
        """Return the line of a key, or of the nearest key around it."""
        while key and key not in self.lines:
            key = key[:-1]
        return self.lines.get(key, 1)


@lru_cache(maxsize=4096)
def section(kind: LayerKind, marked: MarkedYaml, *path: str) -> Layer:
    """Return the mapping at `path` of a file as a layer, the same one each time; an empty one where there is none."""
    values: Any = marked.values
    for part in path:
        values = values.get(part) if isinstance(values, dict) else None
    lines = {key[len(path) :]: line for key, line in marked.lines.items() if key[: len(path)] == path}
    return Layer(kind, values if isinstance(values, dict) else {}, paths.shown(marked.file), lines)


@lru_cache(maxsize=256)
def body(kind: LayerKind, marked: MarkedYaml) -> Layer:
    """Return a file without `extends` and `profiles` as a layer, the same one each time."""
    whole = section(kind, marked)
    return Layer(kind, {k: v for k, v in whole.values.items() if k not in OWN_KEYS}, whole.file, whole.lines)


def set_layers(words: Sequence[str]) -> list[Layer]:
    """Return a layer for each of SET's words, `dotted.key=YAML value`. Raises UserError for a word of another form."""
    layers = []
    for word in words:
        key, equals, text = word.partition("=")
        if not equals or not all(key.split(".")):
            raise UserError(f"SET: '{word}' is not key=value", "SET='learning_rate=1e-3 lora_r=8'")
        try:
            _, value = parse(text, SetLoader)
        except YamlFault:
            raise UserError(f"SET: the value of '{key}' is not YAML: {text}", f"quote it: SET=\"{key}='…'\"") from None
        for part in reversed(key.split(".")):
            value = {part: value}
        layers.append(Layer(LayerKind.SET, value))
    return layers


def words_of(text: str) -> list[str]:
    """Return SET's text as shell words. Raises UserError for a quote that is never closed."""
    try:
        return shlex.split(text)
    except ValueError as failure:
        raise UserError(f"SET: {failure}: {text}", "close the quote") from None


def merge(lower: Values, upper: Values) -> Values:
    """Return `upper` merged over `lower`; neither is changed."""
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
    """Return all layers merged, later ones over earlier ones."""
    values: Values = {}
    for layer in layers:
        values = merge(values, layer.values)
    return values


def origin_layer(layers: Sequence[Layer], key: Key) -> Layer:
    """Return the layer that a merged value comes from: the last one that holds it."""
    return next(layer for layer in reversed(layers) if holds(layer.values, key))


@lru_cache(maxsize=8192)
def keys_held(layer: Layer) -> tuple[Key, ...]:
    """Return the keys of a layer at which a value stands, those of mappings and lists included."""
    keys = {key[:depth] for key, _ in leaves(layer.values) for depth in range(1, len(key) + 1)}
    return tuple(key for key in keys if holds(layer.values, key))


def value_at(values: Any, key: Key) -> Any:
    """Return the value at `key`, None where nothing stands there."""
    for part in key:
        if isinstance(values, dict):
            values = values.get(part)
        elif isinstance(values, list) and isinstance(part, int) and part < len(values):
            values = values[part]
        else:
            return None
    return values


def holds(values: Any, key: Key) -> bool:
    """Return whether a value stands at `key`. A null counts inside a list only, where it deletes nothing."""
    if value_at(values, key) is not None:
        return True
    return any(isinstance(part, int) for part in key) and key in dict(leaves(values))


def leaves(value: Any, path: Key = ()) -> Iterator[tuple[Key, Any]]:
    """Yield (key, value) of every value that contains no others; empty mappings and lists count."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    is_leaf = True
    for part, inner in items:
        is_leaf = False
        yield from leaves(inner, (*path, part))
    if is_leaf and path:
        yield path, value
