"""What this machine has, and which profile fits it.

`machine()` asks the operating system and nvidia-smi, and imports no torch, so that quick verbs and set-up can use it.
It measures nothing, and does not see how much of a GPU other programs use.
"""

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gretchen import paths
from gretchen.errors import UserError
from gretchen.names import unknown

PROFILES = ("tiny", "laptop", "gpu-16gb", "gpu-24gb", "gpu-80gb", "cluster")
CPU_PROFILES = ("tiny", "laptop")
QUERY = ["--query-gpu=name,memory.total,driver_version", "--format=csv,noheader,nounits"]
# A card sold as 24 GB reports a little less: a profile fits from nine tenths of its name's figure.
GPU_PROFILES = {"gpu-80gb": 80, "gpu-24gb": 24, "gpu-16gb": 16}
# A process's place among several: torch's names, and those of MPI that accelerate reads.
LAUNCHER = (
    *("RANK", "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "NODE_RANK", "GROUP_RANK"),
    *("PMI_RANK", "PMI_SIZE", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK"),
    *("MV2_COMM_WORLD_RANK", "MV2_COMM_WORLD_SIZE", "MV2_COMM_WORLD_LOCAL_RANK"),
)
# How the threads of an OpenMP region wait: OpenMP's own variable, libgomp's and LLVM's.
WAITING = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME")
SPIN_COUNT = 30_000  # libgomp's default is 300,000
TORCHRUN = "TORCHELASTIC_RUN_ID"  # torchrun sets it in each process that it starts
LAPTOP_CORES, LAPTOP_GB = 4, 15  # `auto` takes laptop from here on
# The memory that a profile is planned for, GiB: a small laptop's, and a cluster's A100 or H100.
PROFILE_GB = {"tiny": 8, "laptop": 8} | dict(reversed(GPU_PROFILES.items())) | {"cluster": 80}


@dataclass(frozen=True)
class Gpu:
    """One NVIDIA GPU; `memory_gb` in GiB, as nvidia-smi reports it."""

    name: str
    memory_gb: float


@dataclass(frozen=True)
class Machine:
    """This machine. Memory and free disk in GiB; `bf16`: the processor has bfloat16 arithmetic."""

    cores: int
    memory_gb: float
    disk_free_gb: float
    gpus: list[Gpu] = field(default_factory=list)
    driver: str = ""
    system: str = "Linux"
    architecture: str = "x86_64"
    bf16: bool = False

    @property
    def platform(self) -> str:
        """Return system and architecture: "Linux x86_64"."""
        return f"{self.system} {self.architecture}"

    @property
    def apple_silicon(self) -> bool:
        """Return whether this is a Mac with Apple's own processor."""
        return self.system == "Darwin" and self.architecture == "arm64"


def is_main_process() -> bool:
    """Return whether this process is the only one of a training, or the first of several (torchrun's RANK)."""
    return os.environ.get("RANK", "0") == "0"


def launcher_variables(environment: Mapping[str, str]) -> list[str]:
    """Return the variables with which a launcher (torchrun, mpirun) numbers its processes, as NAME=value."""
    return [f"{name}={environment[name]}" for name in LAUNCHER if name in environment]


def ignore_launcher() -> None:
    """Remove leftover variables of a launcher from this process's environment, and say so on stderr.

    Gretchen starts the processes of a training itself. With WORLD_SIZE=2 from an earlier session the libraries would
    wait for a second process. Raises UserError where torchrun itself started this process.
    """
    variables = launcher_variables(os.environ)
    if not variables:
        return
    if TORCHRUN in os.environ:
        hint = "start it without torchrun: it starts one process for each GPU itself"
        raise UserError(f"gretchen was started by torchrun ({', '.join(variables)})", hint)
    print(f"ignored: {', '.join(variables)} in the environment (no launcher started this command)", file=sys.stderr)
    for variable in variables:
        del os.environ[variable.partition("=")[0]]


def bound_spinning() -> None:
    """Let OpenMP's waiting threads give up their core after a short spin, unless the user has set how they wait.

    Two threads that wait for each other spin, and take the core from a process beside them, which delays them in turn.
    It has to be called before torch is imported. bench/busy_machine.py measures it.
    """
    if not any(os.environ.get(name) for name in WAITING):
        os.environ["GOMP_SPINCOUNT"] = str(SPIN_COUNT)


def load_average() -> float:
    """Return how many processes wanted a core, on average over the last minute; 0 where the system does not say."""
    try:
        return os.getloadavg()[0]
    except (AttributeError, OSError):
        return 0.0


def machine() -> Machine:
    """Return what this machine has."""
    gpus, driver = nvidia()
    return Machine(
        cores=cores(),
        memory_gb=memory_bytes() / 2**30,
        disk_free_gb=shutil.disk_usage(paths.root()).free / 2**30,
        gpus=gpus,
        driver=driver,
        system=platform.system(),
        architecture=platform.machine(),
        bf16=cpu_has_bf16(),
    )


def cores() -> int:
    """Return how many cores this process may use; a cluster's scheduler often grants fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def memory_bytes() -> int:
    """Return the machine's memory in bytes (Linux and macOS)."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def nvidia() -> tuple[list[Gpu], str]:
    """Return the NVIDIA GPUs and the driver's version; ([], "") where nvidia-smi is missing, fails or hangs."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return [], ""
    try:
        output = subprocess.run([program, *QUERY], capture_output=True, text=True, timeout=20, check=True).stdout
    except (subprocess.SubprocessError, OSError):
        return [], ""
    gpus, driver = [], ""
    for line in output.splitlines():
        columns = [column.strip() for column in line.rsplit(",", 2)]
        # "[N/A]" stands for the memory of chips that share it with the processor.
        if len(columns) == 3 and columns[1].replace(".", "", 1).isdigit():
            gpus.append(Gpu(columns[0], float(columns[1]) / 1024))
            driver = columns[2]
    return gpus, driver


def cpu_has_bf16(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Return whether the processor has bf16 arithmetic (AVX512-BF16, AMX-BF16, or Arm's bf16); False where unknown."""
    try:
        text = cpuinfo.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    flags = next((line for line in text.splitlines() if line.lower().startswith(("flags", "features"))), "")
    return bool({"avx512_bf16", "amx_bf16", "bf16"} & set(flags.split()))


def best_profile(machine: Machine) -> tuple[str, str]:
    """Return (profile, why); `why` completes the sentence "this machine has …"."""
    has = f"{machine.cores} cores, {machine.memory_gb:.0f} GB of memory"
    if machine.gpus:
        smallest = min(gpu.memory_gb for gpu in machine.gpus)
        why = f"{len(machine.gpus)} × {machine.gpus[0].name} with {smallest:.0f} GB"
        for profile, size in GPU_PROFILES.items():
            if smallest >= 0.9 * size:
                return profile, why
        has += f", a GPU of only {smallest:.0f} GB"
    elif shutil.which("sbatch"):
        return "cluster", "no GPU of its own, but a SLURM cluster behind it"
    else:
        has += ", no NVIDIA GPU"
    roomy = machine.cores >= LAPTOP_CORES and machine.memory_gb >= LAPTOP_GB
    return ("laptop" if roomy else "tiny"), has


def require_profile(profile: str, machine: Machine) -> None:
    """Raise UserError for an unknown profile, and for one that needs a GPU on a machine without."""
    if profile not in PROFILES:
        raise UserError(*unknown("profile", profile, [*PROFILES, "auto"]))
    if profile.startswith(("gpu-", "cluster")) and not machine.gpus:
        raise UserError(
            f"profile '{profile}' needs an NVIDIA GPU, and this machine has none",
            "train here with PROFILE=tiny or laptop; `make doctor` says what fits",
        )
