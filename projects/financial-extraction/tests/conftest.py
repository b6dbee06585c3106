"""This project's modules, loaded as the tools load them; a fork's tests find the fork."""

import importlib
import itertools
from pathlib import Path

import pytest

SLUG = Path(__file__).resolve().parents[1].name


@pytest.fixture(scope="session")
def dataset():
    """dataset.py."""
    from gretchen.projects.modules import load_dataset_module

    return load_dataset_module(SLUG)


@pytest.fixture(scope="session")
def part(dataset):
    """A function from a module's name to the builder's module of that name."""
    return lambda name: importlib.import_module(f".{name}", dataset.__package__)


@pytest.fixture(scope="session")
def evaluation():
    """evaluation.py."""
    from gretchen.projects.modules import load_evaluation_module

    return load_evaluation_module(SLUG)


@pytest.fixture(scope="session")
def chats(dataset):
    """The rows of the tiny profile."""
    return list(itertools.islice(dataset.chats(), 5000))


@pytest.fixture(scope="session")
def documents(dataset):
    """A prefix of the base's corpus."""
    return list(itertools.islice(dataset.texts(), 5000))
