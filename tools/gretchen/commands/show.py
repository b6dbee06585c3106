"""`make show PROJECT=… [RECIPE=sft] [PROFILE=tiny] [SET="k=v …"]`: a recipe resolved, each value with its origin.

    make show PROJECT=genome-chatbot PROFILE=gpu-24gb

What it prints is YAML: upstream's own command takes it as it is. It trains nothing and checks no data.
"""

import json
from dataclasses import asdict, replace
from typing import Annotated

import typer
import yaml

from gretchen.projects.profiles import PROFILE_HELP, profile_of
from gretchen.recipes.layers import Origin, words_of
from gretchen.recipes.read import RecipeLayers
from gretchen.recipes.resolve import Request, Resolved, resolve
from gretchen.runs.store import earlier_runs
from gretchen.safe_text import visible

# Comments start in one column, unless a line is longer than this.
WIDEST = 64


def show(
    project: Annotated[str, typer.Option(help="the project's folder in projects/")],
    recipe: Annotated[str, typer.Option(help="a recipe of the project: sft, sft.zephyr …")] = "sft",
    profile: Annotated[str, typer.Option(help=PROFILE_HELP)] = "",
    set_: Annotated[str, typer.Option("--set", help='changed values: "learning_rate=1e-3 seed=7"')] = "",
    as_json: Annotated[bool, typer.Option("--json", help="values and origins as JSON")] = False,
) -> None:
    """Print a recipe as it would be trained, with the file and line that each value comes from."""
    profile = profile_of(project, profile)
    resolved = resolve(Request(project, recipe, profile, words_of(set_)), earlier_runs(project, profile))
    print(visible(as_json_text(resolved) if as_json else commented(resolved)), end="")


def as_json_text(resolved: Resolved) -> str:
    """Return a resolved recipe, its origins and its batch as JSON."""
    origins = {key: str(origin) for key, origin in resolved.origins.items()}
    values = asdict(replace(resolved, layers=RecipeLayers((), ())))
    del values["layers"]  # `origins` says which of them each value comes from
    values |= {"origins": origins, "effective_batch": resolved.effective_batch}
    return json.dumps(values, indent=2, ensure_ascii=False) + "\n"


def commented(resolved: Resolved) -> str:
    """Return a resolved recipe as YAML, the effective batch at the top, an origin behind each line."""
    text = resolved.text()
    lines, keys = text.splitlines(), keys_of_lines(text)
    column = min(WIDEST, max(map(len, lines)))
    body = [f"{line:{column}}  # {origin_of(resolved.origins, keys[number])}" for number, line in enumerate(lines)]
    return "\n".join([*head(resolved), *body]) + "\n"


def head(resolved: Resolved) -> list[str]:
    """Return the comments above a resolved recipe: its name, its profile, its batch, and whether it has a file."""
    lines = [f"# {resolved.name}, profile {resolved.profile}"]
    if resolved.shared_method:
        lines.append(f"# no file in {resolved.project}/recipes: shared_recipes/{resolved.shared_method} as it stands;")
        lines.append(f"# make recipe PROJECT={resolved.project} RECIPE={resolved.name} writes a file to change")
    return [*lines, f"# effective batch {resolved.batch}"]


def origin_of(origins: dict[str, Origin], key: tuple[str, ...]) -> Origin:
    """Return a key's origin; a part without an origin has that of the value around it."""
    while ".".join(key) not in origins:
        key = key[:-1]
    return origins[".".join(key)]


def keys_of_lines(text: str) -> list[tuple[str, ...]]:
    """Return for each line of a YAML text the path of the key that stands on it."""
    starts: dict[int, tuple[str, ...]] = {}
    _mark(yaml.compose(text), (), starts)
    keys, current = [], ("",)
    for number in range(len(text.splitlines())):
        current = starts.get(number, current)
        keys.append(current)
    return keys


def _mark(node: yaml.Node | None, path: tuple[str, ...], starts: dict[int, tuple[str, ...]]) -> None:
    """Note for each line the deepest key that begins on it."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            starts[key.start_mark.line] = (*path, key.value)
            _mark(value, (*path, key.value), starts)
    elif isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            starts[item.start_mark.line] = (*path, str(number))
            _mark(item, (*path, str(number)), starts)
