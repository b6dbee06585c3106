"""The text of a twin: the recipe's own, comments and order kept, with the other engine's keys in the place of its own.

Only lines whose keys change are written anew (recipes/rewrite.py). Keys that the recipe leaves to defaults, or inherits
from a shared recipe without a sibling, are appended at the end.
"""

import re
from typing import Any, NamedTuple

import yaml

from gretchen.converting.conversion import Conversion
from gretchen.marked_yaml import MarkedYaml
from gretchen.recipes.layers import Values
from gretchen.recipes.rewrite import rewrite, scalars

ENGINE = {"zephyr": "zephyr engine (TRL)", "axolotl": "axolotl engine"}
UNMEASURED = "# tiny: not measured. laptop, gpu-*, cluster: not measured."
WIDTH = 120


class Head(NamedTuple):
    """What the head of a project's twin names: the project, the recipe that it comes from, its own name."""

    project: str
    recipe: str
    twin: str


class Span(NamedTuple):
    """Positions of a node in a text."""

    start: int
    end: int


class BlockDumper(yaml.SafeDumper):
    """Writes lists of scalars on one line, and everything else one key a line, lists indented."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Indent a list below its key, as the recipes do."""
        super().increase_indent(flow, False)


def _represent_list(dumper: BlockDumper, values: list[Any]) -> yaml.Node:
    plain = not any(isinstance(value, dict | list) for value in values)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", values, flow_style=plain)


BlockDumper.add_representer(list, _represent_list)


def dump(values: Values) -> str:
    """Return values as YAML, in their order."""
    return yaml.dump(values, Dumper=BlockDumper, sort_keys=False, allow_unicode=True, width=10**6)


def twin_text(
    marked: MarkedYaml,
    c: Conversion,
    values: Values,
    extends: list[str] | None = None,
    profiles: dict[str, Values] | None = None,
    head: Head | None = None,
) -> str:
    """Return the text of a twin with `values`; `head` is for a project's recipe.

    Raises UserError where the recipe's anchors do not allow that its keys are replaced.
    """
    is_file = marked.file.is_file()  # a recipe that is a shared method has no file of its own
    text = marked.file.read_text(encoding="utf-8") if is_file else dump(marked.values)
    text = _without_inner_comments(_rename(text, extends, profiles))
    before = yaml.safe_load(text)
    origins = {key: origin for key, origin in c.origins.items() if key in values and origin in before}
    after = {key: values[key] for key in values if key in origins}
    for key, whole in (("extends", extends), ("profiles", profiles)):
        if whole and key in before:
            origins[key], after[key] = key, whole
    body = rewrite(text, before, after, origins)
    for key, value in after.items():
        block = yaml.safe_dump({key: value}, sort_keys=False, allow_unicode=True, width=10**6)
        body = body.replace(f"\n{block}", f"\n{dump({key: value})}")
    body = "".join(_rename_recipes(line, c) for line in body.splitlines(keepends=True))
    rest = {key: value for key, value in values.items() if key not in origins}
    if profiles and "profiles" not in before:
        rest["profiles"] = profiles
    return "\n".join([*_with_head(body, c, head), *_appended(rest, c)]).rstrip("\n") + "\n"


def _rename(text: str, extends: list[str] | None, profiles: dict[str, Values] | None) -> str:
    """Return a text with the files that it extends, and the keys within profiles, renamed in place."""
    changes: list[tuple[Span, str]] = []
    for key, value in yaml.compose(text, yaml.SafeLoader).value:
        if key.value == "extends" and extends and len(extends) == len(value.value):
            changes += [(_span(old), name) for old, name in zip(value.value, extends, strict=True)]
        elif key.value == "extends":  # the key is removed, and its comment with it
            end = value.end_mark.index
            changes.append((Span(end, end + len(re.match(r"([ \t]+#[^\n]*)?", text[end:])[0])), ""))
        elif key.value == "profiles" and isinstance(value, yaml.MappingNode):
            for name, section in value.value:
                changes += _renamed_keys(section, (profiles or {}).get(name.value, {}))
    for (start, end), new in sorted(changes, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def _span(node: yaml.Node) -> Span:
    """Return the positions of a node in its text."""
    return Span(node.start_mark.index, node.end_mark.index)


def _without_inner_comments(text: str) -> str:
    """Return a text without the comments inside data sets, which describe keys that the twin does not have."""
    ends = []
    for key, value in yaml.compose(text, yaml.SafeLoader).value:
        if isinstance(value, yaml.SequenceNode) and key.value in ("datasets", "test_datasets"):
            ends += [node.end_mark.index for node in scalars(value)]
    for end in sorted(ends, reverse=True):
        text = text[:end] + re.sub(r"\A(\]?)[ \t]+#[^\n]*", r"\1", text[end:])
    return text


def _renamed_keys(section: yaml.Node, values: Values) -> list[tuple[Span, str]]:
    """Return the new names of a profile's keys where the section keeps its values, in order, under other names."""
    if not isinstance(section, yaml.MappingNode):
        return []
    old = yaml.safe_load(yaml.serialize(section))
    new = list(values)
    if len(old) == len(new) and all(old[a] == values[b] for a, b in zip(old, new, strict=True)):
        return [(_span(key), name) for (key, _), name in zip(section.value, new, strict=True)]
    return []


def _rename_recipes(line: str, c: Conversion) -> str:
    """Return a line whose comment names recipes of the other engine: sft.zephyr for sft.axolotl, and back."""
    code, mark, comment = line.partition("#")
    other = {c.source: c.target, c.target: c.source}
    return code + mark + re.sub(r"\b([a-z][a-z0-9-]*)\.(zephyr|axolotl)\b", lambda m: f"{m[1]}.{other[m[2]]}", comment)


def _with_head(body: str, c: Conversion, head: Head | None) -> list[str]:
    """Return a twin's lines with its head: what it is, the command, and the keys without an equivalent."""
    lines = body.splitlines()
    end = next((n for n, line in enumerate(lines) if not line.startswith("#")), len(lines))
    first, rest = lines[:end], lines[end:]
    if head:
        first = [_head_line(line, c, head) for line in first]
        first.append(f"# The twin of {head.recipe}.yaml, written by make convert.")
    elif c.target == "zephyr" and c.stage != "sft":
        first.append(f"# For the stage {c.stage}, which is not part of a TRL recipe.")
    return [*first, *(f"# Without an equivalent, {key}: {reason}"[:WIDTH] for key, reason in c.dropped), *rest]


def _head_line(line: str, c: Conversion, head: Head) -> str:
    """Return a line of a project's recipe head as the twin's."""
    if "make train" in line:
        return f"#   make train PROJECT={head.project} RECIPE={head.twin}"
    if line.startswith("# tiny:"):
        return UNMEASURED
    return line.replace(ENGINE[c.source], ENGINE[c.target])


def _appended(rest: Values, c: Conversion) -> list[str]:
    """Return the lines of keys that replace none in the recipe's own text."""
    converted = {key: value for key, value in rest.items() if key not in c.defaults}
    defaults = {key: value for key, value in rest.items() if key in c.defaults}
    lines = dump(converted).splitlines() if converted else []
    if defaults:
        lines += [f"# {c.source}'s defaults, where {c.target}'s differ:", *dump(defaults).splitlines()]
    return lines
