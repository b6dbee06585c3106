"""YAML with the line of every key, for messages that name file and line and for the origin of each value.

Read by PyYAML's safe loader (YAML 1.1, as upstream reads it). A duplicate key is an error: YAML would silently take
the last one.
"""

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from gretchen import paths
from gretchen.bounded_yaml import MAX_BYTES, YamlFault, parse
from gretchen.files import unreadable
from gretchen.yaml_faults import missing_blank

Key = tuple[Any, ...]
NO_MAPPING = "expected keys and values"  # the problem of a file that holds a list or a text


@dataclass(frozen=True, eq=False)
class MarkedYaml:
    """A YAML file's content: plain values, the line of each key (from 1), and its problems, each "file:line: …"."""

    file: Path
    values: Any
    lines: dict[Key, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def line(self, key: Key) -> int:
        """Return the line of a key, or of the nearest mapping or list around it."""
        while key and key not in self.lines:
            key = key[:-1]
        return self.lines.get(key, 1)

    def location(self, key: Key) -> str:
        """Return file and line of a key, as messages name them: projects/x/project.yaml:12."""
        return f"{paths.shown(self.file)}:{self.line(key)}"


def load_marked(file: Path) -> MarkedYaml:
    """Return a file's content with lines and problems: invalid YAML, no mapping, a duplicate key."""
    status = file.stat()
    return _marked(file, paths.shown(file), (status.st_mtime_ns, status.st_size, status.st_ino))


@lru_cache(maxsize=1024)
def _marked(file: Path, name: str, state: tuple[int, int, int]) -> MarkedYaml:
    """Return what `load_marked` returns for a file in one state: time, size, inode; a check asks once per profile."""
    if problem := unreadable(file, MAX_BYTES):
        return MarkedYaml(file, {}, problems=[f"{name}:1: {problem}"])
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        return MarkedYaml(file, {}, problems=[f"{name}:1: not UTF-8 ({error.reason} at byte {error.start})"])
    try:
        node, values = parse(text)
    except YamlFault as fault:
        return MarkedYaml(file, {}, problems=[f"{name}:{fault.line}: {fault.problem}"])
    lines: dict[Key, int] = {}
    problems: list[str] = []
    if node is not None and not isinstance(node, yaml.MappingNode):
        fault = missing_blank(str(node.value)) or NO_MAPPING
        problems.append(f"{name}:{node.start_mark.line + 1}: {fault}")
    elif node is not None:
        _mark(node, MarkedLines(name, lines, problems), ())
    return MarkedYaml(file, values if isinstance(values, dict) else {}, lines, problems)


@dataclass(frozen=True)
class MarkedLines:
    """What a walk over a file's nodes collects: the line of each key, and duplicate keys as problems."""

    name: str
    lines: dict[Key, int]
    problems: list[str]


def _mark(node: yaml.Node, marks: MarkedLines, path: Key) -> None:
    """Collect the line of every key below a node, and the duplicate keys of each mapping."""
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            marks.lines[*path, index] = item.start_mark.line + 1
            _mark(item, marks, (*path, index))
    elif isinstance(node, yaml.MappingNode):
        first_lines: dict[str, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if key.value in first_lines:
                dotted = ".".join(map(str, (*path, key.value)))
                first = first_lines[key.value]
                marks.problems.append(f"{marks.name}:{line}: duplicate key '{dotted}', first on line {first}")
            first_lines[key.value] = line
            marks.lines[*path, key.value] = line
            if (fault := missing_blank(key.value)) and value.value == "":
                marks.problems.append(f"{marks.name}:{line}: {fault}")
            _mark(value, marks, (*path, key.value))
