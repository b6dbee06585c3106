"""Set-up: which PyTorch for which machine, no CUDA without a GPU, nothing done twice, completes after a failure."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from gretchen.commands import setup
from gretchen.errors import UserError, WorkError
from gretchen.lifecycle import installer, locking
from gretchen.lifecycle.constraints import pinned

ROOT = Path(__file__).resolve().parents[1]
CPU_WHEEL = f"torch-{pinned('torch')}+cpu-cp311-cp311-manylinux_2_28_x86_64.whl"
INSTALL = [".venv/bin/uv", "pip", "install", "--python", ".venv/bin/python", "-c", "constraints.txt", "-e", "."]
INSTALL += ["--group", "dev"]


@pytest.mark.parametrize(
    ("machine", "torch"),
    [
        (("Linux", "x86_64", True, []), ["--torch-backend=auto"]),
        (("Linux", "x86_64", True, [CPU_WHEEL]), ["--torch-backend=auto"]),
        (("Linux", "x86_64", False, []), ["--torch-backend=cpu"]),
        (("Linux", "aarch64", False, []), ["--torch-backend=cpu"]),
        (("Linux", "x86_64", False, [CPU_WHEEL]), []),
        (("Linux", "aarch64", False, [CPU_WHEEL]), ["--torch-backend=cpu"]),
        (("Linux", "x86_64", False, [CPU_WHEEL.replace("cp311", "cp312")]), ["--torch-backend=cpu"]),
        (("Linux", "x86_64", False, [CPU_WHEEL.replace("+cpu", "")]), ["--torch-backend=cpu"]),
        (
            ("Linux", "x86_64", False, ["torch-1.0.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl"]),
            ["--torch-backend=cpu"],
        ),
        (("Darwin", "arm64", False, []), []),
    ],
)
def test_the_plan_chooses_pytorch_for_the_machine(machine, torch):
    assert setup.plan(*machine, python=(3, 11)) == INSTALL + torch


@pytest.mark.parametrize(
    ("machine", "problem"),
    [
        (("Darwin", "x86_64"), "PyTorch has no builds for Intel Macs"),
        (("Windows", "AMD64"), "Linux and macOS, not Win"),
    ],
)
def test_a_machine_without_a_pytorch_build_is_refused(machine, problem):
    with pytest.raises(UserError, match=problem):
        setup.plan(*machine, False, [], (3, 11))


def test_cuda_packages_are_refused_before_they_are_installed():
    resolved = " + numpy==2.3.5\n + nvidia-ml-py==12.560.30\n + nvidia-cublas==13.1.1.3\n + torch==2.13.0\n"
    with pytest.raises(WorkError, match=r"CUDA build was about to be installed .* \(nvidia-cublas==13\.1\.1\.3 …\)"):
        setup.refuse_cuda(resolved)
    setup.refuse_cuda(" + nvidia-ml-py==12.560.30\n + torch==2.13.0+cpu\n")


def test_this_environment_holds_no_cuda_without_a_gpu():
    from gretchen.hardware import nvidia

    if nvidia()[0]:
        pytest.skip("this machine has a GPU")
    uv = Path(sys.executable).with_name("uv")
    listed = subprocess.run([uv, "pip", "freeze", "--python", sys.executable], capture_output=True, text=True).stdout
    setup.refuse_cuda("".join(f" + {line}\n" for line in listed.splitlines()))
    assert "torch==" in listed


def test_wheel_folders_may_be_several_and_relative(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"{folder}-1.0-py3-none-any.whl").touch()
    monkeypatch.setenv("PIP_FIND_LINKS", f"one  {tmp_path}/two https://example.org/wheels")
    assert installer.find_links() == [f"{tmp_path}/one", f"{tmp_path}/two", "https://example.org/wheels"]
    assert installer.wheels() == ["one-1.0-py3-none-any.whl", "two-1.0-py3-none-any.whl"]
    monkeypatch.setenv("PIP_FIND_LINKS", f"file://{tmp_path}/one")
    assert installer.wheels() == ["one-1.0-py3-none-any.whl"]


def test_an_unsupported_python_is_refused_with_those_that_are_supported(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "version_info", (3, 9, 18))
    with pytest.raises(UserError, match=r"Gretchen needs Python 3\.11 to 3\.12, and python3 is ") as raised:
        setup.use_supported_python()
    assert "brew install python@3.12" in raised.value.hint


def test_set_up_parses_on_an_old_python_and_imports_the_standard_library_alone():
    # macOS comes with Python 3.9, which must parse far enough to print which Python is needed.
    modules = ("commands/setup", "lifecycle/constraints", "lifecycle/installer", "errors", "hardware", "names", "paths")
    for module in modules:
        tree = ast.parse((ROOT / "tools/gretchen" / f"{module}.py").read_text(), feature_version=(3, 8))
        names = {alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names}
        names |= {node.module for node in tree.body if isinstance(node, ast.ImportFrom)}
        outside = {name.split(".")[0] for name in names} - set(sys.stdlib_module_names)
        assert outside <= {"gretchen"}
    alone = [
        sys.executable,
        "-I",
        "-S",
        "-c",
        "import sys; sys.path.insert(0, 'tools'); import gretchen.commands.setup",
    ]
    assert subprocess.run(alone, cwd=ROOT).returncode == 0


def test_the_pythons_of_set_up_are_those_of_pyproject():
    text = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    assert text == f">=3.{setup.OLDEST[1]},<3.{setup.NEWEST[1] + 1}"


@pytest.mark.parametrize("program", ["uv", "pip"])
def test_no_network_is_one_sentence(program, monkeypatch, tmp_path):
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path))
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    nowhere = ["--index-url", "http://127.0.0.1:9/simple"]
    command = {
        "uv": [str(Path(sys.executable).with_name("uv")), "pip", "install", "--python", sys.executable],
        "pip": [sys.executable, "-m", "pip", "install", "--retries=0", "--timeout=1"],
    }[program]
    with pytest.raises(WorkError) as raised:
        installer.run([*command, "--dry-run", *nowhere, "a-package-that-does-not-exist"], quiet=True)
    assert raised.value.problem.startswith("set-up cannot reach a package index")
    assert raised.value.hint.startswith("connect to the network, or name a folder of wheels in PIP_FIND_LINKS")


def test_a_full_disk_is_one_sentence():
    with pytest.raises(WorkError, match="no space left on the disk"):
        installer.run(["sh", "-c", "echo 'error: failed to write: No space left on device (os error 28)'; exit 1"])


def test_other_failures_show_the_installers_last_lines():
    with pytest.raises(WorkError, match="set-up failed:\nit broke"):
        installer.run(["sh", "-c", "echo it broke; exit 1"])


def test_an_interrupted_environment_is_made_anew(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".venv/lib/half").mkdir(parents=True)
    setup.make_venv()
    assert setup.works()
    assert not (tmp_path / ".venv/lib/half").exists()


@pytest.fixture
def clone(tmp_path):
    """A clone whose package asks for nothing, with the environment that an interrupted set-up left: Python and uv."""
    for name in ("Makefile", "README.md", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "tools", tmp_path / "tools", ignore=shutil.ignore_patterns("*.egg-info", "__pycache__"))
    text = (ROOT / "pyproject.toml").read_text()
    text = re.sub(r"^(dependencies|dev) = \[.*?^\]", r"\1 = []", text, flags=re.MULTILINE | re.DOTALL)
    (tmp_path / "pyproject.toml").write_text(text)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", ".venv"], cwd=tmp_path, check=True)
    shutil.copy(Path(sys.executable).with_name("uv"), tmp_path / ".venv/bin/uv")
    return tmp_path


@pytest.fixture
def make_setup(clone, make):
    """Return `make setup` in the clone, with no network and with more programs on the PATH."""

    def call(*programs):
        folder = clone / "programs"
        folder.mkdir(exist_ok=True)
        for name, script in programs:
            (folder / name).write_text(f"#!/bin/sh\n{script}\n")
            (folder / name).chmod(0o755)
        return make("setup", in_=clone, UV_OFFLINE="1", PATH=f"{folder}{os.pathsep}{os.environ['PATH']}")

    return call


def test_set_up_completes_and_then_has_nothing_to_do(clone, make_setup):
    done = make_setup()
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("set up: .venv is ready\n")
    assert "making .venv" not in done.stdout
    stamp = clone / ".venv/.gretchen-setup"
    again = make_setup()
    assert (again.returncode, again.stdout) == (0, "")
    # The files' times changed, their content did not.
    os.utime(clone / "pyproject.toml", (stamp.stat().st_mtime + 5,) * 2)
    again = make_setup()
    assert (again.returncode, again.stdout) == (0, "")
    with (clone / "constraints.txt").open("a") as stream:
        stream.write("# changed\n")
    os.utime(clone / "constraints.txt", (stamp.stat().st_mtime + 9,) * 2)
    assert make_setup().stdout.endswith("set up: .venv is ready\n")


def test_a_failed_set_up_leaves_no_stamp_and_the_next_one_completes_it(clone, make_setup):
    good = (clone / "pyproject.toml").read_text()
    (clone / "pyproject.toml").write_text(good.replace("dependencies = []", 'dependencies = ["uv==0.0.0"]'))
    failed = make_setup()
    assert failed.returncode == 2
    assert failed.stderr.startswith("error: set-up")
    assert "Traceback" not in failed.stderr
    assert not (clone / ".venv/.gretchen-setup").exists()
    (clone / "pyproject.toml").write_text(good)
    assert make_setup().stdout.endswith("set up: .venv is ready\n")


# Both Gretchen and uv run it, uv for the driver's version alone.
GPU = ("nvidia-smi", "case $* in *memory*) echo 'NVIDIA L4, 23034, 550.54.15';; *) echo 550.54.15;; esac")


def test_without_a_wheel_and_without_a_compiler_flash_attn_is_left_out_with_one_line(clone, make_setup):
    if shutil.which("nvcc"):
        pytest.skip("this machine has nvcc")
    done = make_setup(GPU)
    assert done.returncode == 0
    assert "installing PyTorch for CUDA" in done.stdout
    assert "flash-attn: neither a prebuilt wheel nor nvcc, recipes use SDPA\n" in done.stdout


def test_a_flash_attn_that_cannot_be_built_costs_one_line(clone, make_setup):
    done = make_setup(GPU, ("nvcc", "exit 1"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "flash-attn: could not be installed, recipes use SDPA\n" in done.stdout
    assert done.stdout.endswith("set up: .venv is ready\n")


def test_every_target_that_needs_the_environment_makes_it_first(clone, make):
    for target in ("doctor", "train", "test", "lint"):
        commands = make("-n", target, in_=clone).stdout
        assert "-m gretchen.commands.setup" in commands.splitlines()[0], target


def test_constraints_hold_names_and_versions_alone():
    lines = (ROOT / "constraints.txt").read_text().splitlines()[1:]
    assert len(lines) > 200
    for line in lines:
        name, _, version = line.partition(" ;")[0].partition("==")
        assert name and version and "+" not in version and "/" not in line, line
    assert not [line for line in lines if locking.CUDA.match(line)]


def test_the_lock_leaves_out_what_belongs_to_one_build_of_pytorch():
    resolved = (
        "# a comment\nnvidia-cublas==13.1 ; sys_platform == 'linux'\nnvidia-ml-py==12.5\ncuda-toolkit==13.0\n"
        "torch==2.13.0+cpu ; sys_platform == 'linux'\n"
    )
    expected = locking.HEAD + "nvidia-ml-py==12.5\ntorch==2.13.0 ; sys_platform == 'linux'\n"
    assert locking.without_builds(resolved) == expected
    assert locking.without_builds(expected) == expected


def test_what_is_installed_is_what_constraints_say():
    import importlib.metadata

    lines = (ROOT / "constraints.txt").read_text().splitlines()[1:]
    pins = dict(line.split("==") for line in lines if ";" not in line)
    for name in ("axolotl", "transformers", "trl", "peft", "torch", "pytest", "ruff"):
        assert importlib.metadata.version(name).split("+")[0] == pins[name], name
