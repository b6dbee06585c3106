"""`make setup`: the environment .venv, with the versions of constraints.txt and the PyTorch build for this machine.

    make setup           (every other target does this first, where it must)

It runs on the bare `python3`, before anything is installed: it imports the standard library alone, and it parses on an
old Python, to print which one is needed. Ctrl-C leaves an environment that the next call completes.
PyTorch: the CUDA build where there is an NVIDIA GPU, the CPU build on Linux without one, Apple's as it is. A folder of
wheels in PIP_FIND_LINKS is honoured. It installs no driver, no compiler and no Python.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

from gretchen import paths
from gretchen.errors import GretchenError, UserError, WorkError
from gretchen.hardware import machine
from gretchen.lifecycle import installer
from gretchen.lifecycle.constraints import pinned

OLDEST, NEWEST = (3, 11), (3, 12)
VENV = Path(".venv")
PYTHON = str(VENV / "bin" / "python")
STAMP = VENV / ".gretchen-setup"
INPUTS = ("pyproject.toml", "constraints.txt")
FLASH_ATTN = "flash-attn==2.8.3"
FLASH_ATTN_SECONDS = 1800


def setup() -> None:
    """Make or complete .venv; nothing to do where it holds what pyproject.toml and constraints.txt ask for."""
    os.chdir(paths.root())
    current = fingerprint()
    if STAMP.is_file() and STAMP.read_text(encoding="utf-8") == current and works():
        STAMP.touch()
        return
    device = machine()
    has_gpu = bool(device.gpus)
    STAMP.unlink(missing_ok=True)
    install = plan(device.system, device.architecture, has_gpu, installer.wheels(), sys.version_info[:2])
    if not (VENV / "bin" / "uv").is_file():
        print(f"making .venv with Python {platform.python_version()} …", flush=True)
        make_venv()
        installer.run([PYTHON, "-m", "pip", "install", "--quiet", "-c", "constraints.txt", "uv"], quiet=True)
    print(f"installing PyTorch for {build_name(device.system, has_gpu)} and the pinned packages …", flush=True)
    if device.system == "Linux" and not has_gpu:
        refuse_cuda(installer.run([*install, "--dry-run"], quiet=True))
    installer.run(install)
    if has_gpu:
        flash_attn()
    STAMP.write_text(current, encoding="utf-8")
    print("set up: .venv is ready")


def fingerprint() -> str:
    """Return a line that changes when .venv must be set up anew: the hash of both files."""
    digest = hashlib.sha256(b"".join(Path(name).read_bytes() for name in INPUTS))
    return digest.hexdigest() + "\n"


def works() -> bool:
    """Return whether .venv's Python still starts (an upgrade of the system's Python can take it away)."""
    try:
        return subprocess.run([PYTHON, "-c", ""], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def plan(system: str, architecture: str, gpu: bool, wheel_names: list[str], python: tuple[int, int]) -> list[str]:
    """Return the command that installs everything, with the PyTorch build for such a machine.

    `wheel_names` are the files of the wheel folders. Raises UserError for a machine that PyTorch has no build for.
    """
    command = [str(VENV / "bin" / "uv"), "pip", "install", "--python", PYTHON]
    command += ["-c", "constraints.txt", "-e", ".", "--group", "dev"]
    if system == "Darwin":
        if architecture != "arm64":
            raise UserError("PyTorch has no builds for Intel Macs any more", "use Linux, or a Mac with Apple silicon")
        return command
    if system != "Linux":
        raise UserError(f"set-up supports Linux and macOS, not {system}", "on Windows, clone and run it inside WSL 2")
    if gpu:
        return [*command, "--torch-backend=auto"]
    if any(fits(name, architecture, python) for name in wheel_names):
        return command
    return [*command, "--torch-backend=cpu"]


def fits(wheel: str, architecture: str, python: tuple[int, int]) -> bool:
    """Return whether a file is a CPU wheel of the pinned PyTorch for this Python and processor."""
    version = pinned("torch")
    tag = f"cp{python[0]}{python[1]}"
    return wheel.startswith(f"torch-{version}+cpu-{tag}-") and wheel.endswith(f"_{architecture}.whl")


def build_name(system: str, gpu: bool) -> str:
    """Return the name of the PyTorch build for such a machine."""
    return "CUDA" if gpu else "Apple silicon" if system == "Darwin" else "the CPU"


def refuse_cuda(resolved: str) -> None:
    """Raise WorkError where the resolution for a machine without a GPU holds CUDA packages: gigabytes without use."""
    cuda = re.findall(r"^ \+ ((?:nvidia|cuda)-\S+)", resolved, re.MULTILINE)
    # nvidia-ml-py is a few kilobytes of Python that reads the driver; axolotl requires it everywhere.
    cuda = [name for name in cuda if not name.startswith("nvidia-ml-py")]
    if cuda:
        raise WorkError(
            f"PyTorch's CUDA build was about to be installed on a machine without a GPU ({cuda[0]} …)",
            "put the CPU wheel into a folder and name it in PIP_FIND_LINKS",
        )


def make_venv() -> None:
    """Make an empty .venv, replacing what an interrupted set-up left. Raises UserError where Python has no venv."""
    made = subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], capture_output=True, text=True)
    if made.returncode:
        installer.refuse_full_disk(made.stdout + made.stderr)
        tag = f"{sys.version_info[0]}.{sys.version_info[1]}"
        raise UserError(
            f"Python {tag} cannot make a virtual environment", f"install its venv module: apt install python{tag}-venv"
        )


def flash_attn() -> None:
    """Install flash-attn where there is a wheel or the CUDA compiler; a failure prints a line and stops nothing."""
    ready_made = any(name.startswith("flash_attn-") for name in installer.wheels())
    if not ready_made and shutil.which("nvcc") is None:
        print("flash-attn: neither a prebuilt wheel nor nvcc, recipes use SDPA")
        return
    if not ready_made:
        print("building flash-attn (up to half an hour; Ctrl-C goes on without it) …", flush=True)
    command = [str(VENV / "bin" / "uv"), "pip", "install", "--python", PYTHON, "--no-build-isolation", FLASH_ATTN]
    limits = {"timeout": FLASH_ATTN_SECONDS, "env": installer.environment()}
    try:
        done = subprocess.run(command, capture_output=True, check=False, **limits).returncode == 0
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        done = False
    print("flash-attn: installed" if done else "flash-attn: could not be installed, recipes use SDPA")


def use_supported_python() -> None:
    """Restart under a supported Python where this one is not. Raises UserError where there is none."""
    if OLDEST <= sys.version_info[:2] <= NEWEST:
        return
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        program = shutil.which(f"python3.{minor}")
        if program and subprocess.run([program, "-c", ""], capture_output=True).returncode == 0:
            os.execv(program, [program, "-m", "gretchen.commands.setup"])
    raise UserError(
        f"Gretchen needs Python {OLDEST[0]}.{OLDEST[1]} to {NEWEST[0]}.{NEWEST[1]}, and python3 is "
        + platform.python_version(),
        "install one (python.org; brew install python@3.12; apt install python3.12-venv), then run the command again",
    )


def main() -> int:
    """Run set-up as a script and return the exit code."""
    try:
        use_supported_python()
        setup()
    except GretchenError as failure:
        print(failure, file=sys.stderr)
        return failure.exit_code
    except KeyboardInterrupt:
        print("\nstopped: run the same command again to continue", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
