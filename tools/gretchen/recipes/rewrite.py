"""Rewrites a YAML file with some top-level keys replaced; all other text, comments and blank lines included, stays.

    rewrite(text, before, after, {"max_length": "max_seq_length"})

Only the lines of changed keys are written anew. A comment behind a value stays there if the value stays on one line;
otherwise it moves to a line of its own above the new keys. The result is parsed and compared with what it should be: a
file whose anchors do not allow the change is refused. Keys below the top level are never edited alone.
"""

import re
from typing import Any, NamedTuple

import yaml

from gretchen.errors import UserError
from gretchen.recipes.layers import Values


class Replacement(NamedTuple):
    """Text to put in the place of text[start:end]."""

    start: int
    end: int
    text: str


def rewrite(text: str, before: Values, after: Values, origins: dict[str, str]) -> str:
    """Return the text of `before` as the text of `after`; `origins` maps each new key to the old one it replaces.

    Raises UserError for a file written in braces, and for one whose anchors do not allow the change.
    """
    root = yaml.compose(text, yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode) or root.flow_style:
        raise UserError("the keys stand in braces", "write one key a line, then upgrade")
    replacements = []
    for key, value in root.value:
        successors = {new: after[new] for new, old in origins.items() if old == key.value}
        replacements += _replacements(text, (key, value), before.get(key.value), successors)
    for start, end, new in sorted(replacements, reverse=True):
        text = text[:start] + new + text[end:]
    try:
        same = (yaml.safe_load(text) or {}) == after  # a text without keys reads as None
    except yaml.YAMLError:
        same = False
    if not same:
        raise UserError("its anchors, aliases or merge keys hold keys that have to change", "write them out by hand")
    return text


def _replacements(text: str, entry: tuple[yaml.Node, yaml.Node], old: Any, successors: Values) -> list[Replacement]:
    """Return what to replace for one key: nothing, the key alone, key and value, or all its lines."""
    key, value = entry
    if successors == {key.value: old}:
        return []
    start, end = key.start_mark.index, key.end_mark.index
    if len(successors) == 1:
        ((name, new),) = successors.items()
        if new == old and type(new) is type(old):
            return [Replacement(start, end, name)]
        if not isinstance(new, dict | list) and _on_one_line(value):
            new_value = Replacement(value.start_mark.index, value.end_mark.index, _scalar_text(new))
            return [Replacement(start, end, name), new_value]
    first = text.rfind("\n", 0, start) + 1
    last = _line_end(text, max(end, _content_end(text, value)))
    comments = _comments(text, first, last, [key, *scalars(value)])
    block = yaml.safe_dump(successors, sort_keys=False, allow_unicode=True, width=10**6) if successors else ""
    lines = "".join(f"{line}\n" for line in [*comments, *block.splitlines()])
    return [Replacement(first, last, lines.replace("\n", "\r\n" if "\r\n" in text else "\n"))]


def _comments(text: str, start: int, end: int, nodes: list[yaml.Node]) -> list[str]:
    """Return the comments between two positions: on lines of their own, and behind the given keys and values."""
    comments = {}
    for node in nodes:
        if start <= node.start_mark.index <= node.end_mark.index <= end:
            position = _content_end(text, node)
            comments[position] = text[position : _line_end(text, position)].lstrip(" ,:]}-").rstrip()
    for line in re.finditer(r"^[ \t]*(#.*)$", text[start:end], re.MULTILINE):
        inside = any(node.start_mark.index <= start + line.start() < node.end_mark.index - 1 for node in nodes)
        comments |= {} if inside else {start + line.start(): line[1].rstrip()}
    return list(dict.fromkeys(comment for _, comment in sorted(comments.items()) if comment.startswith("#")))


def scalars(node: yaml.Node) -> list[yaml.Node]:
    """Return the scalar nodes below a node, or the node itself where it is a scalar."""
    if isinstance(node, yaml.ScalarNode):
        return [node]
    parts = [part for pair in node.value for part in (pair if isinstance(pair, tuple) else [pair])]
    return [scalar for part in parts for scalar in scalars(part)]


def _on_one_line(value: yaml.Node) -> bool:
    """Return whether a value is a scalar on one line, and not empty."""
    start, end = value.start_mark, value.end_mark
    return isinstance(value, yaml.ScalarNode) and start.line == end.line and start.index < end.index


def _scalar_text(value: Any) -> str:
    """Return a scalar as YAML text."""
    return yaml.safe_dump(value, allow_unicode=True, width=10**6).removesuffix("...\n").strip()


def _content_end(text: str, node: yaml.Node) -> int:
    """Return the position behind a value's last character; the parser's own mark is behind blank lines and comments."""
    if isinstance(node, yaml.ScalarNode):
        return node.start_mark.index + len(text[node.start_mark.index : node.end_mark.index].rstrip())
    if node.flow_style or not node.value:
        return node.end_mark.index
    last = node.value[-1]
    inner = last[1] if isinstance(node, yaml.MappingNode) else last
    before = last[0].end_mark.index if isinstance(node, yaml.MappingNode) else inner.start_mark.index
    # An alias is the node that it points to, which may stand anywhere above.
    return max(before, _content_end(text, inner)) if inner.start_mark.index >= before else before


def _line_end(text: str, index: int) -> int:
    """Return the position behind the line of a character, its line break included."""
    end = text.find("\n", index)
    return len(text) if end < 0 else end + 1
