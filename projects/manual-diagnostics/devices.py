"""Devices: a graph of components between measuring points, each component with one possible fault and its prior.

    device.chains       -> (("supply", "F2", "MP1", "K4", "M3"), ("B1", "A2", "MP5", "K4"))

In a chain each element feeds the next; "K4" at the end of the second one waits for that chain too. A measuring point
reads right if everything before it works; a component's own test, without power, reads right if that component works.
"""

from dataclasses import dataclass
from functools import cached_property

import networkx as nx

from .catalogue import Family, Function, Kind, repairs
from .quantities import Limit

SUPPLY = "supply"


@dataclass(frozen=True)
class Part:
    """A component of a device, by its designation."""

    id: str
    kind: Kind
    spec: dict[str, str]
    limit: Limit | None = None  # of a test of the part itself

    def name(self, language: str) -> str:
        """Return kind and designation: "contactor K3"."""
        return f"{self.kind.names[language]} {self.id}"

    @property
    def hazard(self) -> str:
        """What must be made safe before work on it: a medium."""
        output = self.kind.output
        return "signal" if output in ("raw", "control") else "voltage" if output == "light" else output


@dataclass(frozen=True)
class Test:
    """A measurement that the manual has limits for: at a point, or of a part itself."""

    name: str
    limit: Limit
    at_point: bool


@dataclass(frozen=True)
class Device:
    """A device whose function does not work, for one of its parts' sake."""

    family: Family
    model: str
    function: Function
    code: str
    codes: tuple[tuple[str, dict[str, str]], ...]
    parts: dict[str, Part]
    chains: tuple[tuple[str, ...], ...]
    tests: dict[str, Test]
    priors: dict[str, int]
    waits: dict[str, int]
    page_missing: bool = False

    def title(self, language: str) -> str:
        """Return family and model."""
        return f"{self.family.names[language]} {self.model}"

    def symptom(self, language: str) -> str:
        """Return what is noticed when the function fails."""
        return self.function.symptoms[language]

    @cached_property
    def points(self) -> tuple[str, ...]:
        """Every measuring point on the plan, in order, with limits in the manual or without."""
        return tuple(name for chain in self.chains for name in chain if name.startswith("MP"))

    @cached_property
    def graph(self) -> nx.DiGraph:
        """Parts and measuring points, each with an edge to what it feeds."""
        graph = nx.DiGraph()
        for chain in self.chains:
            nx.add_path(graph, chain)
        return graph

    @cached_property
    def bad(self) -> dict[str, frozenset[str]]:
        """For each test the faults that make it read wrong."""
        parts = frozenset(self.parts)
        return {
            name: frozenset(nx.ancestors(self.graph, name)) & parts if test.at_point else frozenset({name})
            for name, test in self.tests.items()
        }

    def safety(self, part: Part, language: str) -> str:
        """Return what comes before work on a part."""
        measure = self.measure_of(part)
        return repairs()["safety"][measure][language].format(n=self.waits[measure])

    def measure_of(self, part: Part) -> str:
        """Return the key of what comes before work on a part."""
        if part.hazard == "voltage":
            return "battery" if self.family.has_battery else "mains"
        return part.hazard
