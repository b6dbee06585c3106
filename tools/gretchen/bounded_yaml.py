"""YAML from anywhere, parsed within bounds: size, depth, expanded aliases, digits of a number.

    node, value = parse(text)       the root node with its marks, and the plain value; (None, None) for an empty text

A few lines of YAML can hang a parser or end the process: brackets in brackets, aliases of aliases, merges of merges.
It raises YamlFault, and nothing else.
"""

from collections.abc import Iterator
from typing import Any

import yaml

from gretchen.yaml_faults import yaml_fault

Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
MAX_BYTES = 1_000_000
MAX_DEPTH = 100
MAX_NODES = 20_000  # after the expansion of aliases
MAX_DIGITS = 1_000
NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")


class YamlFault(ValueError):
    """What is wrong with a text, in words, and on which line (from 1)."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(problem)
        self.line = line
        self.problem = problem


def parse(text: str, loader_type: type = Loader) -> tuple[yaml.Node | None, Any]:
    """Return a text's root node and value. Raises YamlFault for text that is not YAML, or beyond the bounds."""
    try:
        _require_shallow(text, loader_type)
        loader = loader_type(text)
        node = loader.get_single_node()
        if node is None:
            return None, None
        _require_small(node)
        return node, _constructed(loader, node)
    except yaml.MarkedYAMLError as error:
        raise YamlFault(*yaml_fault(error, text)) from None
    except (yaml.YAMLError, ValueError) as error:
        if isinstance(error, YamlFault):
            raise
        raise YamlFault(1, f"not YAML: {' '.join(str(error).split())}") from None


def _require_shallow(text: str, loader_type: type) -> None:
    """Raise YamlFault for a text that is too long, or whose nodes are nested too deeply.

    Events are read without recursion; libyaml builds nodes with it, and would overflow the stack.
    """
    if len(text) > MAX_BYTES:
        raise YamlFault(1, f"{len(text):,} characters, expected at most {MAX_BYTES:,}")
    depth = 0
    for event in yaml.parse(text, loader_type):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise YamlFault(event.start_mark.line + 1, f"nested more than {MAX_DEPTH} levels deep")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _require_small(root: yaml.Node) -> None:
    """Raise YamlFault where aliases expand to too many nodes or contain themselves, and for an endless number."""
    sizes: dict[int, int] = {}  # an alias is the very node that it names

    def size(node: yaml.Node) -> int:
        if id(node) in sizes:
            if not sizes[id(node)]:
                raise YamlFault(node.start_mark.line + 1, "an alias contains itself")
            return sizes[id(node)]
        sizes[id(node)] = 0
        if isinstance(node, yaml.ScalarNode) and node.tag in NUMBERS and len(node.value) > MAX_DIGITS:
            raise YamlFault(node.start_mark.line + 1, f"a number of {len(node.value):,} characters")
        total = 1 + sum(size(child) for child in _children(node))
        if total > MAX_NODES:
            raise YamlFault(node.start_mark.line + 1, f"its aliases expand to more than {MAX_NODES:,} nodes")
        sizes[id(node)] = total
        return total

    size(root)


def _children(node: yaml.Node) -> Iterator[yaml.Node]:
    """Yield the nodes directly below a node; a mapping's keys and values."""
    if isinstance(node, yaml.MappingNode):
        for pair in node.value:
            yield from pair
    elif isinstance(node, yaml.SequenceNode):
        yield from node.value


def _constructed(loader: Any, node: yaml.Node) -> Any:
    """Return the value of a node. Raises YamlFault for a value that its tag does not fit: `!!bool maybe`."""
    try:
        return loader.construct_document(node)
    except yaml.MarkedYAMLError:
        raise
    except Exception as error:  # PyYAML's constructors raise what the conversion raises: KeyError, AttributeError …
        scalar = next((scalar for scalar in _scalars(node) if not _fits(type(loader), scalar)), node)
        value = f"'{scalar.value}'" if isinstance(scalar, yaml.ScalarNode) else "a value"
        kind = scalar.tag.rpartition(":")[2]
        raise YamlFault(scalar.start_mark.line + 1, f"not YAML: {value:.60} is no {kind} ({error})") from None


def _scalars(node: yaml.Node) -> Iterator[yaml.ScalarNode]:
    """Yield the scalars below a node."""
    if isinstance(node, yaml.ScalarNode):
        yield node
    for child in _children(node):
        yield from _scalars(child)


def _fits(loader_type: type, scalar: yaml.ScalarNode) -> bool:
    """Return whether a scalar can be converted to the type that its tag names."""
    try:
        loader_type("").construct_document(scalar)
    except Exception:  # as above
        return False
    return True
