"""This project's modules, loaded as the tools load them; in a fork they are the fork's."""

import importlib
import itertools
from pathlib import Path

import pytest

from gretchen.projects.modules import load_dataset_module, load_evaluation_module

SLUG = Path(__file__).resolve().parents[1].name


@pytest.fixture(scope="session")
def dataset():
    """Return dataset.py."""
    return load_dataset_module(SLUG)


@pytest.fixture(scope="session")
def part(dataset):
    """Return a function that imports a module of this project by its name."""
    return lambda name: importlib.import_module(f".{name}", dataset.__package__)


@pytest.fixture(scope="session")
def evaluation():
    """Return evaluation.py."""
    return load_evaluation_module(SLUG)


@pytest.fixture(scope="session")
def chats(dataset):
    """Return the rows of the tiny profile."""
    return list(itertools.islice(dataset.chats(), 5000))


@pytest.fixture(scope="session")
def documents(dataset):
    """Return the first documents of the base's corpus."""
    return list(itertools.islice(dataset.texts(), 5000))
