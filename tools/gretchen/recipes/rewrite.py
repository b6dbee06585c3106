"""A YAML file's text with some top-level keys replaced: every other character, comments and blank lines, stays.

    rewritten(text, before, after, {"max_length": "max_seq_length"})

Only the lines of changed keys are written anew. A comment behind a value stays where the value stays on one line; else
it gets a line of its own above what stands there now. What comes out is read again and compared: a file is refused
whose anchors forbid the change. It edits no key below the top level by itself.
"""

import re
from typing import Any

import yaml

from gretchen.errors import UserError
from gretchen.recipes.layers import Values

Span = tuple[int, int, str]


def rewritten(text: str, before: Values, after: Values, origin: dict[str, str]) -> str:
    """Return the text of `before` as the text of `after`; `origin` names for each new key the old one in its place.

    Raises UserError for a file in braces, and for one whose anchors forbid it.
    """
    root = yaml.compose(text, yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode) or root.flow_style:
        raise UserError("the keys stand in braces", "write one key a line, then upgrade")
    spans = []
    for key, value in root.value:
        successors = {new: after[new] for new, old in origin.items() if old == key.value}
        spans += span_of(text, key, value, before.get(key.value), successors)
    for start, end, new in sorted(spans, reverse=True):
        text = text[:start] + new + text[end:]
    try:
        same = yaml.safe_load(text) == after
    except yaml.YAMLError:
        same = False
    if not same:
        raise UserError("its anchors, aliases or merge keys hold keys that have to change", "write them out by hand")
    return text


def span_of(text: str, key: yaml.Node, value: yaml.Node, present: Any, successors: Values) -> list[Span]:
    """Return what to replace for one key: nothing, the key alone, key and value, or its whole lines."""
    if successors == {key.value: present}:
        return []
    first = (key.start_mark.index, key.end_mark.index)
    if len(successors) == 1:
        ((name, today),) = successors.items()
        if today == present and type(today) is type(present):
            return [(*first, name)]
        if not isinstance(today, dict | list) and on_one_line(value):
            return [(*first, name), (value.start_mark.index, value.end_mark.index, scalar(today))]
    start = text.rfind("\n", 0, first[0]) + 1
    end = line_end(text, max(first[1], content_end(text, value)))
    comments = comments_between(text, start, end, [key, *scalars(value)])
    block = yaml.safe_dump(successors, sort_keys=False, allow_unicode=True, width=10**6) if successors else ""
    lines = [f"{line}\n" for line in [*comments, *block.splitlines()]]
    return [(start, end, "".join(lines).replace("\n", "\r\n" if "\r\n" in text else "\n"))]


def comments_between(text: str, start: int, end: int, values: list[yaml.Node]) -> list[str]:
    """Return the comments of some lines: lines of their own, and those behind the keys and values that stand there."""
    found = {}
    for value in values:
        if start <= value.start_mark.index <= value.end_mark.index <= end:
            place = content_end(text, value)
            found[place] = text[place : line_end(text, place)].lstrip(" ,:]}-").rstrip()
    for line in re.finditer(r"^[ \t]*(#.*)$", text[start:end], re.MULTILINE):
        inside = any(v.start_mark.index <= start + line.start() < v.end_mark.index - 1 for v in values)
        found |= {} if inside else {start + line.start(): line[1].rstrip()}
    return list(dict.fromkeys(told for _, told in sorted(found.items()) if told.startswith("#")))


def scalars(node: yaml.Node) -> list[yaml.Node]:
    """Return the scalars that a value holds, itself where it is one."""
    if isinstance(node, yaml.ScalarNode):
        return [node]
    parts = [part for pair in node.value for part in (pair if isinstance(pair, tuple) else [pair])]
    return [one for part in parts for one in scalars(part)]


def on_one_line(value: yaml.Node) -> bool:
    """Return whether a value is a scalar that stands on one line, and is there."""
    here = value.start_mark, value.end_mark
    return isinstance(value, yaml.ScalarNode) and here[0].line == here[1].line and here[0].index < here[1].index


def scalar(value: Any) -> str:
    """Return a scalar as YAML writes it."""
    return yaml.safe_dump(value, allow_unicode=True, width=10**6).removesuffix("...\n").strip()


def content_end(text: str, node: yaml.Node) -> int:
    """Return where a value's last character stands: the parser's own mark lies behind blank lines and comments."""
    if isinstance(node, yaml.ScalarNode):
        return node.start_mark.index + len(text[node.start_mark.index : node.end_mark.index].rstrip())
    if node.flow_style or not node.value:
        return node.end_mark.index
    last = node.value[-1]
    inner = last[1] if isinstance(node, yaml.MappingNode) else last
    before = last[0].end_mark.index if isinstance(node, yaml.MappingNode) else inner.start_mark.index
    # An alias is the node that it points to, which may stand anywhere above.
    return max(before, content_end(text, inner)) if inner.start_mark.index >= before else before


def line_end(text: str, index: int) -> int:
    """Return where the line of a character ends, its line break included."""
    found = text.find("\n", index)
    return len(text) if found < 0 else found + 1
