"""Shared fixtures: the repository's root, copies of it, and the two entry points (make, the command line)."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import absl.logging
import hypothesis
import pytest
from made_project import MadeProject
from warm import WarmProcess

from gretchen.hardware import bound_spinning

ROOT = Path(__file__).resolve().parents[1]

# Tests use no network, and nothing of what this machine's user has fetched but pip's and uv's packages.
USERS_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
for tool in ("PIP", "UV"):
    os.environ.setdefault(f"{tool}_CACHE_DIR", str(USERS_CACHE / tool.lower()))
bound_spinning()  # the tests run beside each other
hypothesis.settings.load_profile("ci")  # the same examples each time, and no limits on time: the machine may be busy
OWN_CACHE = tempfile.TemporaryDirectory(prefix="gretchen-cache-")
os.environ.update(HF_HUB_OFFLINE="1", WANDB_MODE="offline", XDG_CACHE_HOME=OWN_CACHE.name)
# absl, which rouge_score imports, closes its handler's stream when axolotl sets up logging: pytest's own, in a test.
absl.logging.get_absl_handler().python_handler.stream = sys.__stderr__


def clean_environment(**more: str) -> dict[str, str]:
    """Return the environment without the variables of an outer make or Gretchen, and with `more`."""
    outer = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "GRETCHEN_")) and k != "MFLAGS"}
    return outer | more


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def users_cache() -> Path:
    """Return the cache of this machine's user, where a real pretrained model may have been fetched to."""
    return USERS_CACHE


@pytest.fixture(scope="session")
def environment() -> Callable[..., dict[str, str]]:
    """Return the environment of a person's shell: `environment(NAME="value")`."""
    return clean_environment


@pytest.fixture(scope="module")
def flagship(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repository root of the module's own, with the flagship and what its recipes extend in it."""
    root = tmp_path_factory.mktemp("root")
    for part in ("projects/genome-chatbot", "shared_recipes"):
        shutil.copytree(ROOT / part, root / part)
    return root


@pytest.fixture(scope="module")
def few_rows(flagship: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """Make `flagship` Gretchen's root for the module's tests, with ROWS (of the module) rows built."""
    from gretchen.projects.build import build

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRETCHEN_ROOT", str(flagship))
        patch.chdir(flagship)
        card = flagship / "projects/genome-chatbot/project.yaml"
        card.write_text(re.sub(r"tiny: \d+", f"tiny: {request.module.ROWS}", card.read_text("utf-8")), encoding="utf-8")
        build("genome-chatbot", "tiny")
        patch.setattr(sys, "argv", sys.argv[:1])  # axolotl reads sys.argv
        yield flagship


@pytest.fixture
def copied(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a root of the test's own with the flagship (no base) and the shared recipes, set as Gretchen's root."""
    for part in ("projects/genome-chatbot", "shared_recipes"):
        shutil.copytree(root / part, tmp_path / part, ignore=shutil.ignore_patterns("base", "__pycache__"))
    monkeypatch.setenv("GRETCHEN_ROOT", str(tmp_path))
    return tmp_path


@pytest.fixture
def made_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Return a function that writes a builder of the project `made` (made_project.py), in a root of the test's own."""
    monkeypatch.setenv("GRETCHEN_ROOT", str(tmp_path))
    return MadeProject(tmp_path).write


@pytest.fixture
def built_root(built: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the root that a module's own fixture `built` made, set as Gretchen's root."""
    monkeypatch.setenv("GRETCHEN_ROOT", str(built))
    monkeypatch.chdir(built)
    return built


@pytest.fixture
def make() -> Callable[..., subprocess.CompletedProcess]:
    """Return make itself: `make("train", "PROFIL=x", in_=folder, PROJECT="from the environment")`."""

    def call(*words: str, in_: Path = ROOT, **environment: str) -> subprocess.CompletedProcess:
        options = {"cwd": in_, "env": clean_environment(**environment), "capture_output": True, "text": True}
        return subprocess.run(["make", *words], check=False, timeout=300, **options)

    return call


@pytest.fixture
def gretchen() -> Callable[..., subprocess.CompletedProcess]:
    """Return the command line in a process of its own: `gretchen("check", "--project=x")`."""

    def call(*words: str, in_: Path = ROOT, **environment: str) -> subprocess.CompletedProcess:
        options = {"cwd": in_, "env": clean_environment(**environment), "capture_output": True, "text": True}
        return subprocess.run([sys.executable, "-m", "gretchen", *words], check=False, timeout=300, **options)

    return call


@pytest.fixture(scope="session")
def warm() -> Iterator[WarmProcess]:
    """Return the command line in forks of a process with the libraries loaded: `warm.run(words, {name: value})`."""
    with WarmProcess() as process:
        yield process


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    """Return a headless Chromium, for a module's pages; the test is skipped where the machine has none.

    It does not outlive its module: a process that a later test forks would hold its pipes, and closing it would wait.
    """
    from browser import chromium_path
    from playwright.sync_api import sync_playwright

    path = chromium_path()
    if path is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium, or name it by GRETCHEN_CHROMIUM")
    with sync_playwright() as playwright:
        # Without its sandbox Chromium starts as root, too, as in a container.
        chromium = playwright.chromium.launch(executable_path=path, chromium_sandbox=False)
        yield chromium
        chromium.close()
