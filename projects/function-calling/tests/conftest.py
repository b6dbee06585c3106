"""This project's modules, loaded as the tools load them; a fork's tests find the fork."""

import importlib
import itertools
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

SLUG = Path(__file__).resolve().parents[1].name
ROWS = 3000  # about 190 of each form


@pytest.fixture(scope="session")
def dataset() -> ModuleType:
    """dataset.py."""
    from gretchen.projects.modules import load_dataset_module

    return load_dataset_module(SLUG)


@pytest.fixture(scope="session")
def part(dataset: ModuleType) -> Callable[[str], ModuleType]:
    """A function from a module's name to the builder's module of that name."""
    return lambda name: importlib.import_module(f".{name}", dataset.__package__)


@pytest.fixture(scope="session")
def evaluation() -> ModuleType:
    """evaluation.py."""
    from gretchen.projects.modules import load_evaluation_module

    return load_evaluation_module(SLUG)


@pytest.fixture(scope="session")
def chats(dataset: ModuleType) -> list[dict]:
    """Rows of all forms."""
    return list(itertools.islice(dataset.chats(), ROWS))


@pytest.fixture(scope="session")
def pairs(dataset: ModuleType) -> list[dict]:
    """Preference rows of all forms."""
    return list(itertools.islice(dataset.preferences(), 2000))
