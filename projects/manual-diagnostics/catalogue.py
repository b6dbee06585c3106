"""Kinds of components, device families and repairs, as the hand-written files of data/ hold them.

families("train")       -> the families of a split
kinds()["contactor"]    -> letter K, "contactor" / "Schütz", what passes through it, spare parts, test limits
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from gretchen.projects.splits import split_of

LANGUAGES = ("en", "de")
LARGE_SUPPLIES = (80, 400)  # volts: forklifts and three-phase devices take the larger spare parts


@dataclass(frozen=True)
class Kind:
    """A kind of component. `source` and `output` are media: voltage, pressure, speed …; "" = it has no input."""

    key: str
    letter: str
    names: dict[str, str]
    source: str
    output: str
    weight: int
    specs: dict[str, tuple[str, ...]]
    large: tuple[str, ...]
    tests: tuple[tuple[float, float, str], ...]
    large_tests: tuple[tuple[float, float, str], ...]
    volts: tuple[int, ...]
    remedy: str
    handling: str

    @property
    def is_passage(self) -> bool:
        """Whether what comes out is what goes in, so that a device does without it."""
        return self.source == self.output and not self.volts


@dataclass(frozen=True)
class Function:
    """What a device does: its parts in order, chains that a part also needs, and what is noticed without it."""

    parts: tuple[str, ...]
    needs: dict[str, tuple[str, ...]]
    symptoms: dict[str, str]


@dataclass(frozen=True)
class Family:
    """A device family: supply in volts, limits of its media, the parts that all functions share, its functions."""

    key: str
    names: dict[str, str]
    supply: int
    has_battery: bool
    limits: dict[str, tuple[float, float]]
    trunk: tuple[str, ...]
    functions: tuple[Function, ...]

    @property
    def group(self) -> str:
        """The key that keeps rows about this family in one split."""
        return f"family:{self.key}"

    @property
    def control(self) -> int:
        """The control voltage."""
        return self.supply if self.supply in (12, 24) else 24


def _data(name: str) -> dict[str, Any]:
    """Return what a file of data/ holds."""
    return yaml.safe_load((Path(__file__).parent / "data" / f"{name}.yaml").read_text(encoding="utf-8"))


@cache
def kinds() -> dict[str, Kind]:
    """Return every kind of component by its key."""
    return {key: _kind(key, values) for key, values in _data("components").items()}


def _kind(key: str, values: dict[str, Any]) -> Kind:
    """Return the kind that an entry of components.yaml describes."""
    source, _, output = values["medium"].partition(" > ")
    specs = tuple(map(str, values["specs"]))
    return Kind(
        key=key,
        letter=values["letter"],
        names={language: values[language] for language in LANGUAGES},
        source=source.strip(),
        output=output or source,
        weight=values["weight"],
        specs={"en": specs, "de": tuple(map(str, values.get("specs_de", specs)))},
        large=tuple(map(str, values.get("large", ()))),
        tests=tuple(map(tuple, values.get("test", ()))),
        large_tests=tuple(map(tuple, values.get("test_large", ()))),
        volts=tuple(values.get("volts", ())),
        remedy=values["remedy"],
        handling=values["handling"],
    )


@cache
def all_families() -> tuple[Family, ...]:
    """Return every device family."""
    return tuple(_family(key, values) for key, values in _data("families").items())


def _family(key: str, values: dict[str, Any]) -> Family:
    """Return the family that an entry of families.yaml describes."""
    functions = [
        Function(
            tuple(entry["parts"]),
            {part: tuple(chain) for part, chain in entry.get("needs", {}).items()},
            {language: entry[language] for language in LANGUAGES},
        )
        for entry in values["functions"]
    ]
    return Family(
        key=key,
        names={language: values[language] for language in LANGUAGES},
        supply=values["supply"],
        has_battery=values.get("battery", False),
        limits={name: tuple(values[name]) for name in ("pressure", "temperature", "speed") if name in values},
        trunk=tuple(values["trunk"]),
        functions=tuple(functions),
    )


@cache
def families(split: str) -> tuple[Family, ...]:
    """Return the families of a split: a function of the hash of their keys."""
    return tuple(family for family in all_families() if split_of(family.group) == split)


@cache
def repairs() -> dict[str, Any]:  # the file as it is: remedies, steps, safety, each by key and language
    """Return remedies, repair steps by handling, and what comes before work by medium."""
    return _data("repairs")
