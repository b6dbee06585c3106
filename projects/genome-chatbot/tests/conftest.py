"""This project's modules and rows; a fork's tests find the fork."""

import itertools
from pathlib import Path

import pytest
from project_modules import module_fixtures

dataset, part, evaluation = module_fixtures(Path(__file__))


@pytest.fixture(scope="session")
def chats(dataset):
    """Return the rows of the tiny profile."""
    return list(itertools.islice(dataset.chats(), 5000))


@pytest.fixture(scope="session")
def documents(dataset):
    """Return the first documents of the base's corpus."""
    return list(itertools.islice(dataset.texts(), 5000))
