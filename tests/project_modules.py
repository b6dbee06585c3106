"""Fixtures of a project's modules and rows for its conftest.py, loaded as the tools load them; in a fork the fork's.

dataset, part, evaluation = module_fixtures(Path(__file__))
chats = rows_fixture("chats", 2000)
"""

import importlib
import itertools
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from gretchen.projects.modules import load_dataset_module, load_evaluation_module


def module_fixtures(conftest: Path) -> tuple[Any, Any, Any]:
    """Return the fixtures `dataset`, `part` and `evaluation` of the project whose tests/conftest.py is named."""
    slug = conftest.resolve().parents[1].name

    @pytest.fixture(scope="session")
    def dataset() -> ModuleType:
        """dataset.py."""
        return load_dataset_module(slug)

    @pytest.fixture(scope="session")
    def part(dataset: ModuleType) -> Callable[[str], ModuleType]:
        """A function from a module's name to the builder's module of that name."""
        return lambda name: importlib.import_module(f".{name}", dataset.__package__)

    @pytest.fixture(scope="session")
    def evaluation() -> ModuleType:
        """evaluation.py."""
        return load_evaluation_module(slug)

    return dataset, part, evaluation


def rows_fixture(row_format: str, count: int) -> Any:
    """Return the fixture of the builder's first rows of a format; it needs the fixture `dataset`."""

    @pytest.fixture(scope="session")
    def rows(dataset: ModuleType) -> list[dict]:
        """The first rows of a format."""
        return list(itertools.islice(getattr(dataset, row_format)(), count))

    return rows
