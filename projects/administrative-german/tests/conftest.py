"""This project's modules and rows; a fork's tests find the fork."""

import itertools
from pathlib import Path
from types import ModuleType

import pytest
from project_modules import module_fixtures

ROWS = 1500  # at least 80 of each form
dataset, part, evaluation = module_fixtures(Path(__file__))


@pytest.fixture(scope="session")
def chats(dataset: ModuleType) -> list[dict]:
    """Rows of all forms."""
    return list(itertools.islice(dataset.chats(), ROWS))


@pytest.fixture(scope="session")
def pairs(dataset: ModuleType) -> list[dict]:
    """Preference rows of all forms."""
    return list(itertools.islice(dataset.preferences(), 500))
