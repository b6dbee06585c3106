"""Placeholders of a recipe: ${model}, ${output}, ${data.<format>[.<split>]}, ${base.<stage>}.

They stand in texts only, and are gone from a resolved recipe.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gretchen import paths
from gretchen.errors import UserError
from gretchen.projects.card import load_card
from gretchen.projects.rows import FORMATS
from gretchen.recipes.schema import stages

SPLITS = ("train", "validation", "test", "hard")
PLACEHOLDER = re.compile(r"\$\{([^}]*)\}")


@dataclass(frozen=True)
class Context:
    """What placeholders are filled from. `output`: the run's folder, shown as it will be named until there is one."""

    project: str
    recipe: str
    engine: str
    profile: str
    output: str | None = None


def known(engine: str) -> list[str]:
    """Return the names of all placeholders in a recipe of an engine."""
    data = [f"data.{name}" for name in FORMATS]
    return [
        "model",
        "output",
        *data,
        *(f"{name}.{split}" for name in data for split in SPLITS),
        *(f"base.{stage}" for stage in stages(engine)),
    ]


def used(value: Any) -> Iterator[str]:
    """Yield the names of the placeholders in a text."""
    if isinstance(value, str):
        yield from PLACEHOLDER.findall(value)


def fill(value: Any, context: Context) -> Any:
    """Return a value with its placeholders filled. Raises UserError for one that has no value yet."""
    if isinstance(value, dict):
        return {key: fill(inner, context) for key, inner in value.items()}
    if isinstance(value, list):
        return [fill(inner, context) for inner in value]
    if isinstance(value, str):
        return PLACEHOLDER.sub(lambda match: meaning(match[1], context), value)
    return value


def meaning(name: str, context: Context) -> str:
    """Return what a known placeholder stands for."""
    head, _, rest = name.partition(".")
    if head == "model":
        model = load_card(context.project).models[context.profile]
        return f"projects/{context.project}/base" if model == "base" else model
    if head == "output":
        return context.output or f"runs/{context.project}/{context.recipe}/<run>"
    if head == "data":
        row_format, _, split = rest.partition(".")
        folder = f"build/{context.project}/{row_format}"
        return f"{folder}/{split}.jsonl" if split else folder
    return earlier(rest, context)


def earlier(stage: str, context: Context) -> str:
    """Return the merged model of an earlier stage, trained by the same engine."""
    latest = paths.runs(context.project) / f"{stage}.{context.engine}" / "latest"
    if not latest.is_dir():
        command = f"make train PROJECT={context.project} RECIPE={stage}.{context.engine} PROFILE={context.profile}"
        raise UserError(f"${{base.{stage}}}: {stage}.{context.engine} has no finished run to start from", command)
    if not (latest / "model").is_dir():
        command = f"make merge PROJECT={context.project} RECIPE={stage}.{context.engine}"
        raise UserError(f"${{base.{stage}}}: {paths.shown(latest)} has no merged model yet", command)
    return paths.shown(latest / "model")
