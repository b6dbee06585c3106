"""Placeholders of a recipe: ${model}, ${output}, ${data.<format>[.<split>]}, ${base.<stage>}, ${reward}.

`${base.sft}` is the merged model of an earlier stage, trained by the same engine under the same profile; `${reward}` is
the import path of the project's own reward, for `reward_funcs`. Placeholders stand in strings only, and a resolved
recipe has none.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gretchen.projects.card import model_of
from gretchen.projects.rows import FORMATS
from gretchen.recipes.layers import leaves
from gretchen.recipes.stages import stage_names

SPLITS = ("train", "validation", "test", "hard")
REWARDS = "gretchen.rewards"  # the module whose attributes are the projects' rewards, by its import path
PLACEHOLDER = re.compile(r"\$\{([^}]*)\}")


@dataclass(frozen=True)
class Context:
    """What placeholders are filled from.

    `output` is the run's folder, `earlier` {stage: run folder} for `${base.<stage>}`. Without a run, `<run>` stands in
    its place.
    """

    project: str
    recipe: str
    engine: str
    profile: str
    output: str | None = None
    earlier: Mapping[str, str] = field(default_factory=dict)


def known(engine: str) -> list[str]:
    """Return the names of all placeholders in a recipe of an engine."""
    data = [f"data.{name}" for name in FORMATS]
    return [
        "model",
        "output",
        "reward",
        *data,
        *(f"{name}.{split}" for name in data for split in SPLITS),
        *(f"base.{stage}" for stage in stage_names(engine)),
    ]


def used(value: Any) -> Iterator[str]:
    """Yield the names of the placeholders in a string."""
    if isinstance(value, str):
        yield from PLACEHOLDER.findall(value)


def fill(value: Any, context: Context) -> Any:
    """Return a value with its placeholders filled."""
    if isinstance(value, dict):
        return {key: fill(inner, context) for key, inner in value.items()}
    if isinstance(value, list):
        return [fill(inner, context) for inner in value]
    if isinstance(value, str):
        return PLACEHOLDER.sub(lambda match: filled(match[1], context), value)
    return value


def filled(name: str, context: Context) -> str:
    """Return what a known placeholder is filled with."""
    head, _, rest = name.partition(".")
    if head == "model":
        return model_of(context.project, context.profile)
    if head == "output":
        return context.output or f"runs/{context.project}/{context.recipe}/<run>"
    if head == "data":
        row_format, _, split = rest.partition(".")
        folder = f"build/{context.project}/{row_format}"
        return f"{folder}/{split}.jsonl" if split else folder
    if head == "reward":
        return f"{REWARDS}.{context.project.replace('-', '_')}"
    return f"{context.earlier.get(rest) or f'runs/{context.project}/{rest}.{context.engine}/<run>'}/model"


def parent_stages(values: Any) -> list[str]:
    """Return the earlier stages whose models a recipe's values name: ["sft"] for `${base.sft}`."""
    names = [name for _, value in leaves(values) for name in used(value)]
    return list(dict.fromkeys(name.removeprefix("base.") for name in names if name.startswith("base.")))
