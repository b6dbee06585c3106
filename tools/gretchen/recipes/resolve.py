"""A recipe, its layers and its placeholders, resolved into the plain YAML that upstream's own command accepts.

    resolve(Request("genome-chatbot", "sft", "tiny", ["learning_rate=1e-3"])).text()

Every value keeps its origin. All mistakes in a recipe's files are reported at once; rules that span several keys are
upstream's own (`make check DEEP=1`).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from gretchen import paths
from gretchen.errors import UserError
from gretchen.hardware import PROFILES
from gretchen.marked_yaml import Key
from gretchen.names import unknown
from gretchen.projects.profiles import require_model
from gretchen.recipes.batch import ACCUMULATION, PER_DEVICE, Batch, batch_of, fit_batch
from gretchen.recipes.coercion import coerce
from gretchen.recipes.find import RecipeFile, find
from gretchen.recipes.layers import (
    Layer,
    LayerKind,
    Origin,
    Values,
    keys_held,
    leaves,
    merge_all,
    origin_layer,
    set_layers,
)
from gretchen.recipes.placeholders import Context, fill, parent_stages
from gretchen.recipes.read import RecipeLayers, read_recipe
from gretchen.recipes.schema import MODEL, load_schema
from gretchen.recipes.standalone import read_valid
from gretchen.recipes.validation import layer_problems, schema_problems

# The folder, relative to the root, of the run that `${base.<stage>}` stands for, by its recipe's name ("sft.zephyr").
EarlierRuns = Callable[[str], str | None]


@dataclass(frozen=True)
class Request:
    """What is to be resolved: a recipe of a project under a profile, with SET's words.

    `output` is the run's folder, for ${output}; `overrides` is what the machine or a smoke run forces, above all other
    layers. `model` is what the training starts from, a folder or hub id, whatever the recipe names, and `parent` the
    folder of the run that made it. Folders are relative to the root.
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
    """Return None for every recipe: `${base.<stage>}` is then shown with `<run>` for the run's name."""
    return None


@dataclass(frozen=True)
class Resolved:
    """A resolved recipe; `origins` has the dotted key of each value.

    `parent_stage` is the earlier stage whose merged model it starts from (`${base.<stage>}`), "" where there is none;
    `uses` are the stages of other models that it names: the reward model of PPO, the teacher of a distillation. A
    standalone recipe has neither project nor profile. `shared_method` is the file of shared_recipes/ that the recipe
    is, where the project has no file of its own. `layers` are those of its files, without SET's and the machine's.
    """

    name: str
    stage: str
    engine: str
    profile: str
    values: Values
    origins: dict[str, Origin]
    batch: Batch
    parent_stage: str = ""
    uses: tuple[str, ...] = ()
    project: str = ""
    shared_method: str = ""
    layers: RecipeLayers = RecipeLayers((), ())

    @property
    def effective_batch(self) -> int:
        """Return the rows of one optimizer step, over all devices."""
        return self.batch.effective

    def location(self, key: Key) -> str:
        """Return where the value of a key comes from: "file:line", or the layer's name."""
        return str(self.origins[".".join(map(str, key))])

    def text(self) -> str:
        """Return the recipe as upstream's YAML."""
        return dump(self.values)


def resolve(request: Request, earlier_runs: EarlierRuns = no_earlier_runs) -> Resolved:
    """Return a project's recipe resolved, `${base.<stage>}` filled from earlier runs.

    Raises UserError with all mistakes in its files, for an unknown project, recipe or profile, and for a SET that the
    engine does not know.
    """
    require_model(request.project, request.profile)
    recipe = find(request.project, request.recipe)
    schema = load_schema(recipe.engine, recipe.stage)
    recipe_layers = read_layers(recipe, request.profile)
    layers = [*recipe_layers.layers, *upper_layers(request, schema)]
    batch = fit_batch(recipe.engine, layers, schema, request.devices)
    layers += batch_layers(layers, recipe.engine, batch)
    start, *others = earlier_stages(merge_all(layers), recipe.engine)
    if request.model:
        layers.append(Layer(LayerKind.START, {MODEL[recipe.engine]: request.model}))
    runs = {stage: run for stage in (start, *others) if stage and (run := earlier_runs(f"{stage}.{recipe.engine}"))}
    if request.parent:
        runs[start] = request.parent
    context = Context(request.project, recipe.name, recipe.engine, request.profile, request.output, runs)
    values = finish(merge_all(layers), schema, context)
    problems = schema_problems(values, schema)
    require_none(f"{layer_of(layers, problem.path).location(problem.path)}: {problem}" for problem in problems)
    return Resolved(
        name=recipe.name,
        stage=recipe.stage,
        engine=recipe.engine,
        profile=request.profile,
        values=values,
        origins=origins(values, layers),
        batch=batch,
        parent_stage=start,
        uses=tuple(others),
        project=request.project,
        shared_method=recipe.method if recipe.is_shared else "",
        layers=recipe_layers,
    )


def read_layers(recipe: RecipeFile, profile: str) -> RecipeLayers:
    """Return the layers of a recipe's files. Raises UserError with all mistakes in them, and for an unknown profile."""
    if profile not in PROFILES:
        raise UserError(*unknown("profile", profile, PROFILES))
    recipe_layers = read_recipe(recipe, profile)
    require_none(mistake.message for mistake in recipe_layers.mistakes)
    return recipe_layers


def upper_layers(request: Request, schema: dict[str, Any]) -> list[Layer]:
    """Return the layers above a recipe's files: SET's and the machine's. Raises UserError for a SET with mistakes."""
    layers = known_set(request.set_words, schema)
    return [*layers, Layer(LayerKind.MACHINE, request.overrides)] if request.overrides else layers


def earlier_stages(values: Values, engine: str) -> list[str]:
    """Return the stage that a recipe starts from ("" for the base itself), then those of other models that it names."""
    start = next(iter(parent_stages({"": values.get(MODEL[engine])})), "")
    return [start, *(stage for stage in parent_stages(values) if stage != start)]


def layer_of(layers: Sequence[Layer], key: Key) -> Layer:
    """Return the layer that a key comes from; the recipe itself for the whole recipe."""
    if key:
        return origin_layer(layers, key)
    return next(layer for layer in layers if layer.kind is LayerKind.RECIPE)


def require_none(mistakes: Iterable[str]) -> None:
    """Raise UserError with all mistakes at once, if there is any."""
    messages = list(mistakes)
    if messages:
        raise UserError("\n".join(messages))


def known_set(words: Sequence[str], schema: dict[str, Any]) -> list[Layer]:
    """Return SET's layers. Raises UserError for keys and values that the engine does not know."""
    layers = set_layers(words)
    require_none(f"SET: {problem}" for layer in layers for problem in layer_problems(layer.values, schema))
    return layers


def batch_layers(layers: Sequence[Layer], engine: str, batch: Batch) -> list[Layer]:
    """Return a layer with the batch where it differs from what the layers say, else none."""
    sizes = {PER_DEVICE[engine]: batch.per_device, ACCUMULATION: batch.accumulation}
    values = merge_all(layers)
    changed = {key: size for key, size in sizes.items() if values.get(key) != size}
    return [Layer(LayerKind.COMPUTED, changed)] if changed else []


def finish(values: Values, schema: dict[str, Any], context: Context) -> Values:
    """Return merged values with placeholders filled and numbers as upstream's parser reads them."""
    known = schema["properties"]
    return {key: coerce(value, known.get(key, {})) for key, value in fill(values, context).items()}


def origins(values: Values, layers: Sequence[Layer]) -> dict[str, Origin]:
    """Return where each value comes from, by dotted key; a list's items are numbered from 0."""
    holder = {key: layer for layer in layers for key in keys_held(layer)}  # the last layer that holds a key
    by_key: dict[str, Origin] = {}
    for key, _ in leaves(values):
        for depth in range(1, len(key) + 1):
            part = key[:depth]
            by_key[".".join(map(str, part))] = holder[part].origin(part)
    return by_key


def dump(values: Values) -> str:
    """Return values as YAML, in their order, a long string on one line."""
    return yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=10**6)


def resolve_file(path: Path) -> Resolved:
    """Return a standalone recipe, with engine and stage detected from its keys; upstream's nulls are left out.

    Raises UserError for a refused recipe, and for a file that is none.
    """
    recipe = read_valid(path)
    layer = Layer(LayerKind.RECIPE, recipe.values, paths.shown(path), recipe.marked.lines)
    values = merge_all([layer])
    batch = batch_of(recipe.engine, values, load_schema(recipe.engine, recipe.stage))
    return Resolved(path.stem, recipe.stage, recipe.engine, "", values, origins(values, [layer]), batch)


def set_on(resolved: Resolved, set_words: Sequence[str]) -> Resolved:
    """Return a standalone recipe with SET's values. Raises UserError for what the engine does not know."""
    schema = load_schema(resolved.engine, resolved.stage)
    values = merge_all([Layer(LayerKind.RECIPE, resolved.values), *known_set(set_words, schema)])
    values = {key: coerce(value, schema["properties"].get(key, {})) for key, value in values.items()}
    return replace(resolved, values=values, batch=batch_of(resolved.engine, values, schema))
