"""A project's own packages: named on its card, pinned, installed by make; a missing one is one sentence."""

import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from gretchen.from_make import used_projects
from gretchen.lifecycle.constraints import pinned_version
from gretchen.projects.card import card_faults, project_slugs
from gretchen.projects.requirements import all_requirements, missing

ROOT = Path(__file__).resolve().parents[1]
CARD = "projects/palette/project.yaml"


def write_wheel(folder: Path, name: str, version: str) -> None:
    """Write a wheel of one module into a folder."""
    stem = f"{name}-{version}"
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(folder / f"{stem}-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{name}.py", f"VERSION = '{version}'\n")
        wheel.writestr(f"{stem}.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        wheel.writestr(f"{stem}.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{stem}.dist-info/RECORD", "")


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """Return a root with a project that requires a package, an environment without it, and a folder with its wheel."""
    root = tmp_path_factory.mktemp("clone")
    project = root / "projects" / "palette"
    shutil.copytree(ROOT / "tests/fixtures/domains/colour-codes", project)
    card = (project / "project.yaml").read_text(encoding="utf-8")
    (project / "project.yaml").write_text(f"{card}requirements: [gretchen-test-paint]\n", encoding="utf-8")
    with (project / "dataset.py").open("a", encoding="utf-8") as dataset:
        dataset.write("\nimport gretchen_test_paint  # noqa: E402, F401\n")
    shutil.copytree(ROOT / "shared_recipes", root / "shared_recipes")
    (root / "constraints.txt").write_text("gretchen-test-paint==1.0\n", encoding="utf-8")
    write_wheel(root / "wheels", "gretchen_test_paint", "1.0")
    write_wheel(root / "wheels", "gretchen_test_paint", "2.0")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", root / ".venv"], check=True)
    shutil.copy(Path(sys.executable).with_name("uv"), root / ".venv" / "bin" / "uv")
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(root / ".venv")}))
    (packages / "ours.pth").write_text(f"{ROOT / 'tools'}\n{sysconfig.get_path('purelib')}\n", encoding="utf-8")
    return root


@pytest.fixture
def verb(clone, environment):
    """Return a verb in the clone's environment: by make (`verb("data")`), or typed (`verb("data", typed=True)`)."""

    def call(name: str, typed: bool = False) -> subprocess.CompletedProcess:
        entry = ["gretchen", name, "--project=palette"] if typed else ["gretchen.from_make", name]
        more = {"GRETCHEN_MAKE": "PROJECT", "GRETCHEN_MAKE_PROJECT": "palette", "GRETCHEN_ROOT": str(clone)}
        more |= {"UV_OFFLINE": "1", "UV_NO_INDEX": "1", "PIP_FIND_LINKS": str(clone / "wheels")}
        command = [str(clone / ".venv/bin/python"), "-m", *entry]
        options = {"cwd": clone, "env": environment(**more), "capture_output": True, "text": True, "check": False}
        return subprocess.run(command, **options)

    return call


def test_a_missing_requirement_is_one_sentence_on_the_command_line(verb):
    done = verb("data", typed=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "error: project 'palette' requires gretchen-test-paint: not installed in this environment\n"
        "hint: make data PROJECT=palette (every make target with PROJECT=palette installs its requirements first)\n"
    )


def test_make_installs_the_pinned_version_once(clone, verb):
    first = verb("data")
    assert first.returncode == 0, first.stderr
    assert first.stdout.startswith("installed for palette: gretchen-test-paint==1.0\ndata of palette: built\n")
    assert verb("data").stdout.startswith("data of palette: unchanged\n")
    assert verb("data", typed=True).returncode == 0
    # The stamp does not count where the package is gone.
    shutil.rmtree(next((clone / ".venv").rglob("gretchen_test_paint-1.0.dist-info")))
    assert verb("data").stdout.startswith("installed for palette: gretchen-test-paint==1.0\n")


def test_a_changed_card_or_pin_is_installed_and_an_impossible_one_is_one_sentence(clone, verb):
    (clone / "constraints.txt").write_text("gretchen-test-paint==2.0\n", encoding="utf-8")
    assert "installed for palette: gretchen-test-paint==2.0\n" in verb("data").stdout
    (clone / "constraints.txt").write_text("", encoding="utf-8")
    assert verb("data").stdout.startswith("constraints.txt does not pin gretchen-test-paint yet: make lock\n")
    card = (clone / CARD).read_text(encoding="utf-8")
    (clone / CARD).write_text(card.replace("[gretchen-test-paint]", "[gretchen-test-paint>=3]"), encoding="utf-8")
    done = verb("data")
    (clone / CARD).write_text(card, encoding="utf-8")
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {CARD}: no versions of the requirements fit together: ")
    assert done.stderr.endswith(f"hint: edit {CARD}\n")


def test_every_requirement_is_pinned():
    assert "biopython" in all_requirements()
    assert [text for text in all_requirements() if pinned_version(Requirement(text).name) is None] == []


def test_what_counts_as_installed():
    assert missing(["pytest", "PyTest>=1", "pytest; sys_platform == 'win32'", "absent; sys_platform == 'win32'"]) == []
    assert missing(["pytest<1", "gretchen-test-absent"]) == ["pytest<1", "gretchen-test-absent"]


@pytest.mark.parametrize("requirement", ["bio python", "x @ https://example.org/x.whl", "-r other.txt"])
def test_a_requirement_is_a_packages_name(requirement, tmp_path, monkeypatch):
    monkeypatch.setenv("GRETCHEN_ROOT", str(tmp_path))
    shutil.copytree(ROOT / "tests/fixtures/domains/colour-codes", tmp_path / "projects/palette")
    with (tmp_path / CARD).open("a", encoding="utf-8") as card:
        card.write(f"requirements: ['{requirement}']\n")
    number = len((tmp_path / CARD).read_text(encoding="utf-8").splitlines())
    assert card_faults("palette") == [
        f"{CARD}:{number}: requirements: '{requirement}' is not a package's name, with or without versions"
    ]


def test_every_target_that_runs_all_projects_code_installs_all_requirements(make):
    for verb in ("check", "lint", "test"):
        assert used_projects(verb, {}) == project_slugs() != []
    assert "-m gretchen.lifecycle.requirements" in make("-n", "test-all").stdout
