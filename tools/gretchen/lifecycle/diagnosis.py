"""What `make doctor` looks at: the machine, installed versions, the hub and W&B, and the problems among them.

    diagnose(machine()).problems        -> [Problem("not logged in to W&B", ".venv/bin/wandb login")]

It asks the operating system, nvidia-smi, installed packages and two servers, and changes nothing. It does not test
whether the GPU computes, nor whether a login is still valid.
"""

import importlib.metadata
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from gretchen.hardware import Machine, best_profile, load_average
from gretchen.lifecycle.constraints import pinned
from gretchen.services import answers, hub_token_file
from gretchen.tracking import login

PACKAGES = ("torch", "transformers", "trl", "peft", "datasets", "accelerate", "axolotl", "wandb", "flash-attn")
DISK_GB, MEMORY_GB = 5, 6
BUSY_SHARE = 0.5  # of the cores
SET_UP_AGAIN = "rm -f .venv/.gretchen-setup && make setup"


@dataclass(frozen=True)
class Service:
    """A server: its address, whether it answers within two seconds, whether one is logged in."""

    address: str
    reachable: bool
    logged_in: bool


@dataclass(frozen=True)
class Problem:
    """A problem, and the command that fixes it."""

    what: str
    fix: str


@dataclass(frozen=True)
class Diagnosis:
    """Everything that `make doctor` prints; `why` completes the sentence "this machine has …".

    `load`: the average number of processes that wanted a core, over the last minute.
    """

    machine: Machine
    versions: dict[str, str | None]
    services: dict[str, Service]
    profile: str
    why: str
    problems: list[Problem]
    load: float = 0.0


def diagnose(machine: Machine) -> Diagnosis:
    """Return machine, versions, services, the profile that fits, and the problems."""
    load = load_average()  # before this command adds to it
    versions, services = installed_versions(), find_services()
    problems = [
        *package_problems(machine, versions),
        *hardware_problems(machine),
        *load_problems(machine, load),
        *hub_problems(services["hub"]),
        *wandb_problems(services["W&B"]),
    ]
    return Diagnosis(machine, versions, services, *best_profile(machine), problems, load)


def installed_versions() -> dict[str, str | None]:
    """Return the versions of Python and of the packages that train; None for one that is not installed."""
    versions: dict[str, str | None] = {"python": sys.version.split()[0]}
    for name in PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = None
    return versions


def find_services() -> dict[str, Service]:
    """Return the hub and W&B."""
    hub = os.environ.get("HF_ENDPOINT", "https://huggingface.co")
    wandb = login.address()
    with ThreadPoolExecutor() as pool:
        reachable = list(pool.map(answers, (hub, wandb)))
    hub_login = bool(os.environ.get("HF_TOKEN")) or hub_token_file().is_file()
    return {"hub": Service(hub, reachable[0], hub_login), "W&B": Service(wandb, reachable[1], login.logged_in())}


def package_problems(machine: Machine, versions: dict[str, str | None]) -> list[Problem]:
    """Return the problems with installed packages."""
    problems = []
    missing = [name for name in PACKAGES if versions[name] is None and name != "flash-attn"]
    torch = versions["torch"] or ""
    if missing:
        problems.append(Problem(f"{', '.join(missing)} not installed", SET_UP_AGAIN))
    elif torch.split("+")[0] != pinned("torch"):
        problems.append(Problem(f"torch is {torch}, constraints.txt pins {pinned('torch')}", SET_UP_AGAIN))
    if machine.gpus and "+cpu" in torch:
        problems.append(Problem("PyTorch's CPU build beside an NVIDIA GPU", "rm -rf .venv && make setup"))
    if machine.gpus and versions["flash-attn"] is None:
        fix = f"install nvcc (the CUDA toolkit), then {SET_UP_AGAIN}"
        problems.append(Problem("flash-attn is not installed, recipes use SDPA", fix))
    return problems


def hardware_problems(machine: Machine) -> list[Problem]:
    """Return the problems with driver, disk and memory."""
    problems = []
    if not machine.gpus and shutil.which("lspci") and has_nvidia_card():
        problems.append(
            Problem("an NVIDIA card, but no driver that answers", "install NVIDIA's driver, then: nvidia-smi")
        )
    if machine.disk_free_gb < DISK_GB:
        problems.append(Problem(f"only {machine.disk_free_gb:.1f} GB free on the disk", "make clean; old runs: runs/"))
    if machine.memory_gb < MEMORY_GB:
        problems.append(
            Problem(f"only {machine.memory_gb:.1f} GB of memory", "close other programs; PROFILE=tiny needs 4 GB")
        )
    return problems


def load_problems(machine: Machine, load: float) -> list[Problem]:
    """Return the problem that other programs need this machine's cores."""
    if load < BUSY_SHARE * machine.cores:
        return []
    what = f"other programs keep this machine busy: a load of {load:.1f} on {machine.cores} cores"
    return [
        Problem(what, "end them before training (`top` names them): times and throughput are not a quiet machine's")
    ]


def hub_problems(hub: Service) -> list[Problem]:
    """Return the problem with the hub."""
    if not hub.reachable:
        return [Problem("the hub cannot be reached (PROFILE=tiny needs none)", "export HF_HUB_OFFLINE=1")]
    if not hub.logged_in:
        return [Problem("not logged in to the hub (gated models, uploads)", ".venv/bin/hf auth login")]
    return []


def wandb_problems(wandb: Service) -> list[Problem]:
    """Return the problem with W&B."""
    if not wandb.reachable:
        return [Problem("W&B cannot be reached (nothing in Gretchen needs it)", "export WANDB_MODE=offline")]
    return [] if wandb.logged_in else [Problem("not logged in to W&B", ".venv/bin/wandb login")]


def has_nvidia_card() -> bool:
    """Return whether the machine has an NVIDIA card, driver or not (lspci)."""
    output = subprocess.run(["lspci"], capture_output=True, text=True, check=False).stdout
    return "NVIDIA" in output
