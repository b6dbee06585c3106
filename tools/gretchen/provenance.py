"""The circumstances that run.json keeps of every run: commit, versions, hardware, command, time."""

import importlib.metadata
import os
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

from gretchen import paths
from gretchen.hardware import machine

PACKAGES = ("torch", "transformers", "trl", "peft", "datasets", "accelerate", "axolotl", "tokenizers")


def is_smoke() -> bool:
    """Return whether GRETCHEN_SMOKE=1 asks for a chain of seconds instead of a result."""
    return os.environ.get("GRETCHEN_SMOKE", "") not in ("", "0")


def now() -> str:
    """Return the time as ISO 8601 in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def commit() -> str:
    """Return the git commit, with `+changes` where the tree differs from it; "" outside a checkout."""
    asked = {"cwd": paths.root(), "capture_output": True, "text": True, "check": False}
    try:
        head = subprocess.run(["git", "rev-parse", "--short=12", "HEAD"], **asked)
        changed = subprocess.run(["git", "status", "--porcelain", "--untracked-files=no"], **asked)
    except FileNotFoundError:
        return ""
    return head.stdout.strip() + ("+changes" if changed.stdout.strip() else "") if head.returncode == 0 else ""


def versions() -> dict[str, str]:
    """Return the installed versions of the packages that a result depends on, and Python's."""
    found = {"python": sys.version.split()[0]}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def command() -> str:
    """Return what the person typed: make's command line, or this program's."""
    return os.environ.get("GRETCHEN_COMMAND") or " ".join(sys.argv[1:])


def circumstances() -> dict[str, Any]:
    """Return the keys of run.json that say where and by what a run was started."""

    here = machine()
    gpus = ", ".join(f"{gpu.name} ({gpu.memory_gb:.0f} GB)" for gpu in here.gpus)
    return {
        "started": now(),
        "git": commit(),
        "versions": versions(),
        "hardware": f"{here.cores} cores, {here.memory_gb:.0f} GB" + (f", {gpus}" if gpus else ", no GPU"),
        "command": command(),
        "smoke": is_smoke(),
    }
