"""The provenance that run.json records for every run: commit, versions, hardware, command, time."""

import importlib.metadata
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime

from gretchen import paths
from gretchen.hardware import Machine, machine

PACKAGES = ("torch", "transformers", "trl", "peft", "datasets", "accelerate", "axolotl", "tokenizers")


@dataclass(frozen=True)
class Provenance:
    """When, from which code, with which packages, on what hardware and by which command a run was started."""

    started: str
    git: str
    versions: dict[str, str]
    hardware: str
    command: str
    smoke: bool


def is_smoke() -> bool:
    """Return whether GRETCHEN_SMOKE=1 asks for a chain of seconds instead of a result."""
    return os.environ.get("GRETCHEN_SMOKE", "") not in ("", "0")


def smoke_note() -> str:
    """Return the sentence that this is a smoke test and measures nothing; "" where it is none."""
    if not is_smoke():
        return ""
    return "smoke test (GRETCHEN_SMOKE=1): a few rows and steps, no result; `unset GRETCHEN_SMOKE` for a real one"


def now() -> str:
    """Return the time as ISO 8601 in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def commit() -> str:
    """Return the git commit, with `+changes` where the tree differs from it; "" outside a checkout."""
    options = {"cwd": paths.root(), "capture_output": True, "text": True, "check": False}
    try:
        head = subprocess.run(["git", "rev-parse", "--short=12", "HEAD"], **options)
        changed = subprocess.run(["git", "status", "--porcelain", "--untracked-files=no"], **options)
    except FileNotFoundError:
        return ""
    return head.stdout.strip() + ("+changes" if changed.stdout.strip() else "") if head.returncode == 0 else ""


def versions() -> dict[str, str]:
    """Return the installed versions of the packages that a result depends on, and Python's."""
    installed = {"python": sys.version.split()[0]}
    for name in PACKAGES:
        try:
            installed[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return installed


def command() -> str:
    """Return what the person typed: make's command line, or this program's."""
    return os.environ.get("GRETCHEN_COMMAND") or " ".join(sys.argv[1:])


def describe(machine: Machine) -> str:
    """Return a machine in one line: "16 cores, 64 GB, NVIDIA L4 (24 GB)"."""
    gpus = ", ".join(f"{gpu.name} ({gpu.memory_gb:.0f} GB)" for gpu in machine.gpus)
    return f"{machine.cores} cores, {machine.memory_gb:.0f} GB, {gpus or 'no GPU'}"


def provenance() -> Provenance:
    """Return the provenance of a run that starts now, on this machine."""
    return Provenance(now(), commit(), versions(), describe(machine()), command(), is_smoke())
