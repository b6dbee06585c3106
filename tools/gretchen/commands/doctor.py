"""`make doctor [JSON=1]`: what this machine has, which profile fits and why, and what is amiss, each with its mend.

It looks (at the system, at nvidia-smi, at installed versions, at two addresses) and changes nothing. It does not test
whether the GPU computes, nor whether a login is still valid.
"""

import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Annotated, Any

import typer

from gretchen.commands.setup import STAMP
from gretchen.hardware import Machine, best_profile, machine
from gretchen.lifecycle.constraints import pinned
from gretchen.services import answers, hub_token_file
from gretchen.tracking import login

PACKAGES = ("torch", "transformers", "trl", "peft", "datasets", "accelerate", "axolotl", "wandb", "flash-attn")
DISK_GB, MEMORY_GB = 5, 6


def doctor(as_json: Annotated[bool, typer.Option("--json", help="the findings as JSON")] = False) -> None:
    """Say what this machine has, which profile fits, and what is amiss."""
    here = machine()
    found = findings(here)
    print(json.dumps(found, indent=2, ensure_ascii=False) if as_json else told(here, found))


def findings(here: Machine) -> dict[str, Any]:
    """Return all that is known: machine, versions, services, profile and the list of what is amiss."""
    versions, services = installed(), reached()
    profile, why = best_profile(here)
    return {
        "machine": asdict(here),
        "versions": versions,
        "services": services,
        "profile": profile,
        "why": why,
        "amiss": amiss(here, versions, services),
    }


def installed() -> dict[str, str | None]:
    """Return the versions of Python and of the packages that train; None for one that is not installed."""
    found: dict[str, str | None] = {"python": sys.version.split()[0]}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = None
    return found


def reached() -> dict[str, dict[str, Any]]:
    """Return for the hub and for W&B: address, whether it answers within two seconds, whether one is logged in."""
    hub = os.environ.get("HF_ENDPOINT", "https://huggingface.co")
    wandb = login.address()
    with ThreadPoolExecutor() as pool:
        reachable = list(pool.map(answers, (hub, wandb)))
    hub_login = bool(os.environ.get("HF_TOKEN")) or hub_token_file().is_file()
    return {
        "hub": {"address": hub, "reachable": reachable[0], "logged_in": hub_login},
        "W&B": {"address": wandb, "reachable": reachable[1], "logged_in": login.logged_in()},
    }


def amiss(here: Machine, versions: dict[str, str | None], services: dict[str, Any]) -> list[dict[str, str]]:
    """Return what is amiss, each as {"what": …, "mend": the command that mends it}."""
    again = f"rm -f {STAMP} && make setup"
    faults = []
    missing = [name for name in PACKAGES if versions[name] is None and name != "flash-attn"]
    if missing:
        faults.append((f"{', '.join(missing)} not installed", again))
    elif not same(versions["torch"], pinned("torch")):
        what = f"torch is {versions['torch']}, constraints.txt says {pinned('torch')}"
        faults.append((what, again))
    if here.gpus and "+cpu" in (versions["torch"] or ""):
        faults.append(("PyTorch's CPU build beside an NVIDIA GPU", "rm -rf .venv && make setup"))
    if here.gpus and versions["flash-attn"] is None:
        faults.append(
            ("flash-attn is not installed, recipes use SDPA", f"install nvcc (the CUDA toolkit), then {again}")
        )
    if not here.gpus and shutil.which("lspci") and nvidia_card():
        faults.append(("an NVIDIA card, but no driver that answers", "install NVIDIA's driver, then: nvidia-smi"))
    if here.disk_free_gb < DISK_GB:
        faults.append((f"only {here.disk_free_gb:.1f} GB free on the disk", "make clean; old runs lie in runs/"))
    if here.memory_gb < MEMORY_GB:
        faults.append((f"only {here.memory_gb:.1f} GB of memory", "close other programs; PROFILE=tiny needs 4 GB"))
    hub, wandb = services["hub"], services["W&B"]
    if not hub["reachable"]:
        faults.append(("the hub cannot be reached (PROFILE=tiny needs none)", "export HF_HUB_OFFLINE=1"))
    elif not hub["logged_in"]:
        faults.append(("not logged in to the hub (gated models, uploads)", ".venv/bin/hf auth login"))
    if not wandb["reachable"]:
        faults.append(("W&B cannot be reached (nothing here needs it)", "export WANDB_MODE=offline"))
    elif not wandb["logged_in"]:
        faults.append(("not logged in to W&B", ".venv/bin/wandb login"))
    return [{"what": what, "mend": mend} for what, mend in faults]


def same(version: str | None, wanted: str) -> bool:
    """Return whether a version is the pinned one, whatever its local part (+cpu, +cu130)."""
    return (version or "").split("+")[0] == wanted


def nvidia_card() -> bool:
    """Return whether the machine holds an NVIDIA card, driver or not (lspci)."""
    answer = subprocess.run(["lspci"], capture_output=True, text=True, check=False).stdout
    return "NVIDIA" in answer


def told(here: Machine, found: dict[str, Any]) -> str:
    """Return the findings as people read them."""
    cards = ", ".join(f"{gpu.name} ({gpu.memory_gb:.0f} GB)" for gpu in here.gpus)
    versions = [f"{name} {version}" for name, version in found["versions"].items() if version]
    lines = [
        f"machine    {here.platform}, {here.cores} cores, {here.memory_gb:.0f} GB of memory, "
        f"{here.disk_free_gb:.0f} GB free on the disk",
        "processor  " + ("bf16 arithmetic" if here.bf16 else "no bf16 arithmetic: trains in float32"),
        "GPU        " + (f"{cards}, driver {here.driver}" if cards else "no NVIDIA GPU"),
        "versions   " + ", ".join(versions[:5]),
        "           " + ", ".join(versions[5:]),
    ]
    for name, service in found["services"].items():
        state = "reachable" if service["reachable"] else "not reachable"
        lines.append(f"{name:10} {state}, {'logged in' if service['logged_in'] else 'not logged in'}")
    lines += [f"profile    {found['profile']}: this machine has {found['why']}", ""]
    lines += ["nothing amiss"] if not found["amiss"] else ["amiss, and what mends it:"]
    lines += [f"  {fault['what']}\n      {fault['mend']}" for fault in found["amiss"]]
    return "\n".join(lines)
