"""`make show PROJECT=… [RECIPE=sft] [PROFILE=tiny] [SET="k=v …"]`: a recipe resolved, each value with its origin.

    make show PROJECT=genome-chatbot PROFILE=gpu-24gb

What it prints is YAML: upstream's own command takes it as it is. It trains nothing and checks no data.
"""

import json
from dataclasses import asdict
from typing import Annotated

import typer
import yaml

from gretchen.recipes.layers import words_of
from gretchen.recipes.resolve import Origin, Request, Resolved, resolve
from gretchen.runs.store import earlier_runs

# Comments stand in one column, unless a line is longer than this.
WIDEST = 64


def show(
    project: Annotated[str, typer.Option(help="the project's folder in projects/")],
    recipe: Annotated[str, typer.Option(help="a recipe of the project: sft, sft.zephyr …")] = "sft",
    profile: Annotated[str, typer.Option(help="the hardware: tiny, laptop, gpu-16gb …")] = "tiny",
    set_: Annotated[str, typer.Option("--set", help='changed values: "learning_rate=1e-3 seed=7"')] = "",
    as_json: Annotated[bool, typer.Option("--json", help="values and origins as JSON")] = False,
) -> None:
    """Print a recipe as it would be trained, with the file and line that each value comes from."""
    resolved = resolve(Request(project, recipe, profile, words_of(set_)), earlier_runs(project, profile))
    print(plain(resolved) if as_json else commented(resolved), end="")


def plain(resolved: Resolved) -> str:
    """Return a resolved recipe, its origins and its batch as JSON."""
    told = {key: ":".join(map(str, o)) if isinstance(o, tuple) else o for key, o in resolved.origins.items()}
    values = asdict(resolved) | {"origins": told, "effective_batch": resolved.effective_batch}
    return json.dumps(values, indent=2, ensure_ascii=False) + "\n"


def commented(resolved: Resolved) -> str:
    """Return a resolved recipe as YAML, the effective batch on top, an origin behind each line."""
    text = resolved.text()
    lines, keys = text.splitlines(), keys_of_lines(text)
    column = min(WIDEST, max(map(len, lines)))
    head = [f"# {resolved.name}, profile {resolved.profile}", f"# effective batch {resolved.batch}"]
    body = [f"{line:{column}}  # {told(resolved.origins, keys[number])}" for number, line in enumerate(lines)]
    return "\n".join(head + body) + "\n"


def told(origins: dict[str, Origin], key: tuple[str, ...]) -> str:
    """Return a key's origin as file:line; a part without one of its own has that of what it belongs to."""
    while ".".join(key) not in origins:
        key = key[:-1]
    origin = origins[".".join(key)]
    return ":".join(map(str, origin)) if isinstance(origin, tuple) else origin


def keys_of_lines(text: str) -> list[tuple[str, ...]]:
    """Return for each line of a YAML text the key, as a path, of what stands on it."""
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
