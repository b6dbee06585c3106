"""A twin's text: the recipe's own, comments and order kept, with the other engine's keys in the place of its own.

Only lines whose keys change are written anew (recipes/rewrite.py). Keys that the recipe leaves to defaults, or takes
from a shared recipe without a sibling, come at the end.
"""

import re
from typing import Any

import yaml

from gretchen.converting.conversion import Conversion
from gretchen.marked_yaml import MarkedYaml
from gretchen.recipes.layers import Values
from gretchen.recipes.rewrite import rewrite, scalars

ENGINE = {"zephyr": "zephyr engine (TRL)", "axolotl": "axolotl engine"}
UNMEASURED = "# tiny: not measured. laptop, gpu-*, cluster: not measured."
WIDTH = 120
Head = tuple[str, str, str]


class Block(yaml.SafeDumper):
    """Writes lists of plain values on one line, and everything else one key a line, lists indented."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Indent a list below its key, as the recipes do."""
        super().increase_indent(flow, False)


def _list(dumper: Block, values: list[Any]) -> yaml.Node:
    plain = not any(isinstance(value, dict | list) for value in values)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", values, flow_style=plain)


Block.add_representer(list, _list)


def dumped(values: Values) -> str:
    """Return values as YAML, in their order."""
    return yaml.dump(values, Dumper=Block, sort_keys=False, allow_unicode=True, width=10**6)


def twin_text(
    marked: MarkedYaml,
    c: Conversion,
    values: Values,
    extends: list[str] | None = None,
    profiles: dict[str, Values] | None = None,
    head: Head | None = None,
) -> str:
    """Return the text of a twin that says `values`; `head` is (project, recipe, twin) for a project's recipe.

    Raises UserError where the recipe's anchors forbid that its keys are replaced.
    """
    text = marked.file.read_text(encoding="utf-8")
    text = without_inner_comments(renamed(text, extends, profiles))
    before = yaml.safe_load(text)
    places = {key: said for key, said in c.origins.items() if key in values and said in before}
    after = {key: values[key] for key in values if key in places}
    for key, whole in (("extends", extends), ("profiles", profiles)):
        if whole and key in before:
            places[key], after[key] = key, whole
    body = rewrite(text, before, after, places)
    for key, value in after.items():
        block = yaml.safe_dump({key: value}, sort_keys=False, allow_unicode=True, width=10**6)
        body = body.replace(f"\n{block}", f"\n{dumped({key: value})}")
    # A comment told of this recipe's engine, and tells of the twin's from here on.
    body = "".join(comment_of_twin(line, c) for line in body.splitlines(keepends=True))
    rest = {key: value for key, value in values.items() if key not in places}
    if profiles and "profiles" not in before:
        rest["profiles"] = profiles
    return "\n".join([*headed(body, c, head), *appended(rest, c)]).rstrip("\n") + "\n"


def renamed(text: str, extends: list[str] | None, profiles: dict[str, Values] | None) -> str:
    """Return a text with what it extends, and keys within profiles, renamed where they stand."""
    spans = []
    for key, value in yaml.compose(text, yaml.SafeLoader).value:
        if key.value == "extends" and extends and len(extends) == len(value.value):
            spans += [(span(old), name) for old, name in zip(value.value, extends, strict=True)]
        elif key.value == "extends":  # its comment goes with it
            end = value.end_mark.index
            spans.append(((end, end + len(re.match(r"([ \t]+#[^\n]*)?", text[end:])[0])), ""))
        elif key.value == "profiles" and isinstance(value, yaml.MappingNode):
            for name, part in value.value:
                spans += renamed_keys(part, (profiles or {}).get(name.value, {}))
    for (start, end), new in sorted(spans, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def span(node: yaml.Node) -> tuple[int, int]:
    """Return where a node stands in its text."""
    return node.start_mark.index, node.end_mark.index


def without_inner_comments(text: str) -> str:
    """Return a text without the comments inside data sets: they tell of keys that will be gone."""
    inner = []
    for key, value in yaml.compose(text, yaml.SafeLoader).value:
        if isinstance(value, yaml.SequenceNode) and key.value in ("datasets", "test_datasets"):
            inner += [node.end_mark.index for node in scalars(value)]
    for end in sorted(inner, reverse=True):
        text = text[:end] + re.sub(r"\A(\]?)[ \t]+#[^\n]*", r"\1", text[end:])
    return text


def renamed_keys(part: yaml.Node, values: Values) -> list[tuple[tuple[int, int], str]]:
    """Return (key's place, new name) where a profile's section keeps its values under other names, in order."""
    if not isinstance(part, yaml.MappingNode):
        return []
    old = yaml.safe_load(yaml.serialize(part))
    new = list(values)
    if len(old) == len(new) and all(old[a] == values[b] for a, b in zip(old, new, strict=True)):
        return [(span(key), name) for (key, _), name in zip(part.value, new, strict=True)]
    return []


def comment_of_twin(line: str, c: Conversion) -> str:
    """Return a line whose comment names recipes of the other engine: sft.zephyr for sft.axolotl, and back."""
    code, mark, comment = line.partition("#")
    other = {c.source: c.target, c.target: c.source}
    return code + mark + re.sub(r"\b([a-z][a-z0-9-]*)\.(zephyr|axolotl)\b", lambda m: f"{m[1]}.{other[m[2]]}", comment)


def headed(body: str, c: Conversion, head: Head | None) -> list[str]:
    """Return a twin's lines with its head: what it is, the command, and what has no twin."""
    lines = body.splitlines()
    end = next((n for n, line in enumerate(lines) if not line.startswith("#")), len(lines))
    first, rest = lines[:end], lines[end:]
    if head:
        project, recipe, name = head
        first = [project_line(line, c, project, name) for line in first]
        first.append(f"# The twin of {recipe}.yaml, written by make convert.")
    elif c.target == "zephyr" and c.stage != "sft":
        first.append(f"# For the stage {c.stage}: TRL's recipes do not say theirs.")
    return [*first, *(f"# Without a twin, {key}: {why}"[:WIDTH] for key, why in c.named), *rest]


def project_line(line: str, c: Conversion, project: str, name: str) -> str:
    """Return a line of a project's recipe head as the twin's."""
    if "make train" in line:
        return f"#   make train PROJECT={project} RECIPE={name}"
    if line.startswith("# tiny:"):
        return UNMEASURED
    return line.replace(ENGINE[c.source], ENGINE[c.target])


def appended(rest: Values, c: Conversion) -> list[str]:
    """Return the lines of keys that have no place in the recipe's own text."""
    taken = {key: value for key, value in rest.items() if key not in c.unsaid}
    unsaid = {key: value for key, value in rest.items() if key in c.unsaid}
    lines = dumped(taken).splitlines() if taken else []
    if unsaid:
        lines += [f"# {c.source}'s defaults, where {c.target}'s differ:", *dumped(unsaid).splitlines()]
    return lines
