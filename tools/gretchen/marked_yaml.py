"""YAML with the line of every key: for messages that name file and line, and for values that tell where they came from.

Read by PyYAML's safe loader (YAML 1.1, as upstream reads it). A key that stands twice is a fault: YAML would take the
last one in silence.
"""

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from gretchen import paths

Key = tuple[Any, ...]
MOST_PARTS = 100_000  # aliases of aliases would make any number of them
Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, eq=False)
class MarkedYaml:
    """A YAML file's content: plain values, the line of each key (from 1), and what is wrong with it."""

    file: Path
    values: Any
    lines: dict[Key, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def line(self, key: Key) -> int:
        """Return the line of a key, or of the nearest part around it."""
        while key and key not in self.lines:
            key = key[:-1]
        return self.lines.get(key, 1)

    def place(self, key: Key) -> str:
        """Return file and line of a key, as messages name them: projects/x/project.yaml:12."""
        return f"{paths.shown(self.file)}:{self.line(key)}"


def load_marked(file: Path) -> MarkedYaml:
    """Return a file's content with lines and faults: no YAML, no mapping, a key that stands twice."""
    name = paths.shown(file)
    try:
        return _marked(file, name, file.read_text(encoding="utf-8"))
    except UnicodeDecodeError as wrong:
        return MarkedYaml(file, {}, faults=[f"{name}:1: not UTF-8 ({wrong.reason} at byte {wrong.start})"])


@lru_cache(maxsize=256)
def _marked(file: Path, name: str, text: str) -> MarkedYaml:
    """Return what `load_marked` returns for a text; a check asks for the same files once for each profile."""
    try:
        loader = Loader(text)
        node = loader.get_single_node()
        values = loader.construct_document(node) if node is not None else {}
    except yaml.MarkedYAMLError as wrong:
        mark = wrong.problem_mark or wrong.context_mark
        line = mark.line + 1 if mark else 1
        several = wrong.problem == "but found another document"
        told = "holds several documents, expected one: take '---' out" if several else f"not YAML: {wrong.problem}"
        return MarkedYaml(file, {}, faults=[f"{name}:{line}: {told}"])
    except (yaml.YAMLError, ValueError) as wrong:  # a date like 2024-13-45 is a ValueError
        return MarkedYaml(file, {}, faults=[f"{name}:1: not YAML: {' '.join(str(wrong).split())}"])
    except RecursionError:
        return MarkedYaml(file, {}, faults=[f"{name}:1: nested too deeply"])
    lines: dict[Key, int] = {}
    faults: list[str] = []
    if node is not None and not isinstance(node, yaml.MappingNode):
        faults.append(f"{name}:{node.start_mark.line + 1}: expected keys and values")
    elif node is not None:
        try:
            _mark(node, (), lines, faults, name)
        except RecursionError:
            return MarkedYaml(file, {}, faults=[f"{name}:1: an alias holds itself"])
        except OverflowError:
            return MarkedYaml(file, {}, faults=[f"{name}:1: its aliases make more than {MOST_PARTS:,} parts"])
    return MarkedYaml(file, values if isinstance(values, dict) else {}, lines, faults)


def _mark(node: yaml.Node, path: Key, lines: dict[Key, int], faults: list[str], name: str) -> None:
    """Note the line of every key below a node, and the keys that stand twice in one mapping.

    Raises OverflowError where aliases make too much of it.
    """
    if len(lines) > MOST_PARTS:
        raise OverflowError
    if isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            lines[*path, number] = item.start_mark.line + 1
            _mark(item, (*path, number), lines, faults, name)
    elif isinstance(node, yaml.MappingNode):
        seen: dict[str, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if key.value in seen:
                dotted = ".".join(map(str, (*path, key.value)))
                faults.append(f"{name}:{line}: key '{dotted}' stands twice, first on line {seen[key.value]}")
            seen[key.value] = line
            lines[*path, key.value] = line
            _mark(value, (*path, key.value), lines, faults, name)
