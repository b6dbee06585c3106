"""What a trained recipe changes against the shared method that it extends: key, value, the method's value, its line.

    recipe_view(run).changes      -> (Change("num_train_epochs", "2", "1", "projects/…/sft.zephyr.yaml:5"), …)

Changes are read from the project's present files, the recipe's text from the run's own recipe.yaml.
"""

from dataclasses import dataclass
from typing import Any

from gretchen.errors import GretchenError
from gretchen.recipes.coercion import as_written
from gretchen.recipes.layers import LayerKind, leaves, merge_all, words_of
from gretchen.recipes.resolve import Request, Resolved, resolve
from gretchen.runs.record import Run

METHOD = (LayerKind.METHOD, LayerKind.METHOD_PROFILE)
SHOWN = (LayerKind.RECIPE, LayerKind.RECIPE_PROFILE, LayerKind.HARDWARE, LayerKind.SET)
NOT_SET = "not set"


@dataclass(frozen=True)
class Change:
    """A value that differs from the shared method's; `origin` is its file and line, or SET."""

    key: str
    value: str
    method_value: str
    origin: str
    hardware: bool


@dataclass(frozen=True)
class RecipeView:
    """A run's recipe: what differs from the shared method, and the whole of it; `problem`: why changes are unknown."""

    model: str
    run: str
    command: str
    methods: tuple[str, ...]
    changes: tuple[Change, ...]
    text: str
    problem: str = ""

    @property
    def own(self) -> list[Change]:
        """The changes of the recipe itself, and of SET."""
        return [change for change in self.changes if not change.hardware]

    @property
    def hardware(self) -> list[Change]:
        """The changes of the hardware profile."""
        return [change for change in self.changes if change.hardware]


def recipe_view(model: str, run: Run) -> RecipeView:
    """Return the recipe of a model's run."""
    record, file = run.record, run.path / "recipe.yaml"
    text = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
    try:
        resolved = resolve(Request(record.project, record.recipe, record.profile, words_of(record.set)))
    except GretchenError as failure:
        problem = failure.problem.splitlines()[0]
        return RecipeView(model, run.name, record.command, (), (), text, f"the recipe does not resolve now: {problem}")
    files = [layer.file for layer in resolved.layers.layers if layer.kind is LayerKind.METHOD and layer.file]
    return RecipeView(model, run.name, record.command, tuple(dict.fromkeys(files)), changes_of(resolved), text)


def changes_of(resolved: Resolved) -> tuple[Change, ...]:
    """Return the values that differ from those of the shared methods, in the recipe's order."""
    method = dict(leaves(merge_all([layer for layer in resolved.layers.layers if layer.kind in METHOD])))
    changes = []
    for key, value in leaves(resolved.values):
        name = ".".join(map(str, key))
        origin = resolved.origins[name]
        if origin.kind in SHOWN and not is_same(value, method.get(key)):
            before = as_written(method[key]) if key in method else NOT_SET
            changes.append(Change(name, as_written(value), before, str(origin), origin.kind is LayerKind.HARDWARE))
    return tuple(changes)


def is_same(value: Any, other: Any) -> bool:
    """Return whether two values are the same, numbers that YAML reads as strings (2e-4) included."""
    if value == other:
        return True
    try:
        return not isinstance(other, bool) and float(other) == value
    except (TypeError, ValueError):
        return False
