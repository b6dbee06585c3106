"""A recipe, its layers and its placeholders, resolved into the plain YAML that upstream's own command accepts.

    resolve(Request("genome-chatbot", "sft", "tiny", ["learning_rate=1e-3"])).text()

Every value keeps its origin. Mistakes in a recipe's files are collected and told at once; rules that span several
keys are upstream's own (`make check DEEP=1`).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from gretchen import paths
from gretchen.errors import UserError
from gretchen.hardware import PROFILES
from gretchen.names import unknown
from gretchen.projects.card import load_card
from gretchen.recipes import batch
from gretchen.recipes.coercion import coerce
from gretchen.recipes.find import find
from gretchen.recipes.layers import Layer, Values, leaves, merge_all, origin, set_layers
from gretchen.recipes.placeholders import Context, fill, parent_stages
from gretchen.recipes.read import read
from gretchen.recipes.schema import MODEL, load_schema
from gretchen.recipes.standalone import read_standalone
from gretchen.recipes.validation import layer_problems, schema_problems

Origin = tuple[str, int] | str
# The folder, relative to the root, of the run that `${base.<stage>}` stands for, by its recipe's name ("sft.zephyr").
EarlierRuns = Callable[[str], str | None]


@dataclass(frozen=True)
class Request:
    """What is to be resolved: a recipe of a project under a profile, with SET's words.

    `output` is the run's folder, for ${output}; `overrides` is what the machine or a smoke run forces, on top of all.
    `model` is what the training starts from, a folder or hub id, whatever the recipe names, and `parent` the folder of
    the run that made it. Folders are relative to the root.
    """

    project: str
    recipe: str
    profile: str = "tiny"
    set_words: Sequence[str] = ()
    output: str | None = None
    devices: int = 1
    overrides: Values = field(default_factory=dict)
    model: str | None = None
    parent: str | None = None


def no_earlier_runs(recipe: str) -> str | None:
    """Return None for every recipe: `${base.<stage>}` is shown as it will be named once there is such a run."""
    return None


@dataclass(frozen=True)
class Resolved:
    """A resolved recipe. `origins`: dotted key -> (file, line), or "SET", "computed" or "machine".

    `parent_stage` is the earlier stage whose merged model it starts from (`${base.<stage>}`), "" where it is none;
    `uses` are those of other models that it names: the reward model of PPO, the teacher of a distillation.
    """

    name: str
    stage: str
    engine: str
    profile: str
    values: Values
    origins: dict[str, Origin]
    batch: batch.Batch
    parent_stage: str = ""
    uses: tuple[str, ...] = ()

    @property
    def effective_batch(self) -> int:
        """Return the rows of one optimizer step, over all devices."""
        return self.batch.effective

    def location(self, key: tuple[Any, ...]) -> str:
        """Return where the value of a key comes from: "file:line", or the layer's name."""
        origin = self.origins[".".join(map(str, key))]
        return ":".join(map(str, origin)) if isinstance(origin, tuple) else origin

    def text(self) -> str:
        """Return the recipe as upstream's YAML."""
        return dump(self.values)


def resolve(request: Request, earlier_runs: EarlierRuns = no_earlier_runs) -> Resolved:
    """Return a project's recipe resolved, `${base.<stage>}` filled from earlier runs.

    Raises UserError with all mistakes in its files, for an unknown project, recipe or profile, and for a SET that the
    engine does not know.
    """
    load_card(request.project)
    file, profile = find(request.project, request.recipe), request.profile
    if profile not in PROFILES:
        raise UserError(*unknown("profile", profile, PROFILES))
    layers, mistakes = read(file, profile)
    require_none(mistake.told for mistake in mistakes)
    schema = load_schema(file.engine, file.stage)
    layers += known_set(request.set_words, schema)
    if request.overrides:
        layers.append(Layer("machine", request.overrides))
    settled = batch.settle(file.engine, layers, schema, request.devices)
    layers = with_batch(layers, file.engine, settled)
    merged = merge_all(layers)
    start, *others = earlier_stages(merged, file.engine)
    if request.model:
        layers.append(Layer("start", {MODEL[file.engine]: request.model}))
        merged = merge_all(layers)
    runs = {stage: run for stage in (start, *others) if stage and (run := earlier_runs(f"{stage}.{file.engine}"))}
    if request.parent:
        runs[start] = request.parent
    context = Context(request.project, file.name, file.engine, profile, request.output, runs)
    values = finished(merged, schema, context)
    require_none(
        f"{origin_of(layers, problem.path).place(problem.path)}: {problem}"
        for problem in schema_problems(values, schema)
    )
    told = origins(values, layers)
    return Resolved(file.name, file.stage, file.engine, profile, values, told, settled, start, tuple(others))


def earlier_stages(merged: Values, engine: str) -> list[str]:
    """Return the stage that a recipe starts from ("" for the base itself), then those whose models it uses beside."""
    start = next(iter(parent_stages({"": merged.get(MODEL[engine])})), "")
    return [start, *(stage for stage in parent_stages(merged) if stage != start)]


def origin_of(layers: Sequence[Layer], key: tuple[Any, ...]) -> Layer:
    """Return the layer that a key comes from, the recipe itself for a key that is nowhere."""
    return origin(layers, key) if key else next(layer for layer in layers if layer.role == "recipe")


def require_none(mistakes: Iterable[str]) -> None:
    """Raise UserError with all mistakes at once, if there is any."""
    found = list(mistakes)
    if found:
        raise UserError("\n".join(found))


def known_set(words: Sequence[str], schema: dict[str, Any]) -> list[Layer]:
    """Return SET's layers. Raises UserError for keys and values that the engine does not know."""
    layers = set_layers(words)
    require_none(f"SET: {problem}" for layer in layers for problem in layer_problems(layer.values, schema))
    return layers


def with_batch(layers: list[Layer], engine: str, settled: batch.Batch) -> list[Layer]:
    """Return the layers with the batch laid on top, where it differs from what they say."""
    wanted = {batch.PER_DEVICE[engine]: settled.per_device, batch.ACCUMULATION: settled.accumulation}
    said = merge_all(layers)
    changed = {key: value for key, value in wanted.items() if said.get(key) != value}
    return [*layers, Layer("computed", changed)] if changed else layers


def finished(values: Values, schema: dict[str, Any], context: Context) -> Values:
    """Return merged values with placeholders filled and numbers as upstream's parser reads them."""
    filled = fill(values, context)
    known = schema["properties"]
    return {key: coerce(value, known.get(key, {})) for key, value in filled.items()}


def origins(values: Values, layers: Sequence[Layer]) -> dict[str, Origin]:
    """Return where each value comes from, by dotted key; a list's parts are numbered from 0."""
    found: dict[str, Origin] = {}
    for key, _ in leaves(values):
        for depth in range(1, len(key) + 1):
            layer = origin(layers, key[:depth])
            found[".".join(map(str, key[:depth]))] = (layer.file, layer.line(key[:depth])) if layer.file else layer.role
    return found


def dump(values: Values) -> str:
    """Return values as YAML, in their order, a long text on one line."""
    return yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=10**6)


def resolve_file(path: Path) -> Resolved:
    """Return a loose recipe as it is, with engine and stage detected from its keys. Raises UserError as check does."""

    loose = read_standalone(path)
    require_none(loose.mistakes)
    layer = Layer("recipe", loose.values, paths.shown(path), loose.marked.lines)
    schema = load_schema(loose.engine, loose.stage)
    sizes = [batch.number(loose.values, key, schema) for key in (batch.PER_DEVICE[loose.engine], batch.ACCUMULATION)]
    settled = batch.Batch(*sizes, devices=1)
    return Resolved(path.stem, loose.stage, loose.engine, "", loose.values, origins(loose.values, [layer]), settled)


def set_on(resolved: Resolved, set_words: Sequence[str]) -> Resolved:
    """Return a loose recipe with SET's values laid on it. Raises UserError for what the engine does not know."""
    schema = load_schema(resolved.engine, resolved.stage)
    values = merge_all([Layer("recipe", resolved.values), *known_set(set_words, schema)])
    values = {key: coerce(value, schema["properties"].get(key, {})) for key, value in values.items()}
    sizes = [batch.number(values, key, schema) for key in (batch.PER_DEVICE[resolved.engine], batch.ACCUMULATION)]
    return replace(resolved, values=values, batch=batch.Batch(*sizes, devices=1))
