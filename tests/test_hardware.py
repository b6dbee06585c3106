"""Hardware detection from real programs and files, and the profile that follows from it."""

import os
from pathlib import Path

import pytest

from gretchen import hardware
from gretchen.errors import UserError
from gretchen.hardware import Gpu, Machine, best_profile, require_profile

# nvidia-smi's output for the query: name, MiB, driver.
H100 = "NVIDIA H100 80GB HBM3, 81559, 550.54.15\n"
RTX4090 = "NVIDIA GeForce RTX 4090, 24564, 550.54.15\n"
T4 = "Tesla T4, 15360, 535.104.05\n"
GTX1650 = "NVIDIA GeForce GTX 1650, 4096, 535.104.05\n"
GB10 = "NVIDIA GB10, [N/A], 580.95.05\n"
BROKEN = "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.\n"


def write_nvidia_smi(folder: Path, output: str, exit_code: int = 0) -> None:
    program = folder / "nvidia-smi"
    program.write_text(f"#!/bin/sh\ncat <<'END'\n{output}END\nexit {exit_code}\n", encoding="utf-8")
    program.chmod(0o755)


@pytest.fixture
def nvidia_smi(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return lambda *output: write_nvidia_smi(tmp_path, *output)


@pytest.mark.parametrize(
    ("output", "profile", "why"),
    [
        (H100, "gpu-80gb", "1 × NVIDIA H100 80GB HBM3 with 80 GB"),
        (RTX4090 * 2, "gpu-24gb", "2 × NVIDIA GeForce RTX 4090 with 24 GB"),
        (T4, "gpu-16gb", "1 × Tesla T4 with 15 GB"),
        (H100 + RTX4090, "gpu-24gb", "2 × NVIDIA H100 80GB HBM3 with 24 GB"),
    ],
)
def test_a_gpu_decides_the_profile(nvidia_smi, output, profile, why):
    nvidia_smi(output)
    machine = hardware.machine()
    assert machine.driver == output.splitlines()[0].rsplit(", ", 1)[1]
    assert best_profile(machine) == (profile, why)


def test_a_small_gpu_is_no_gpu_profile(nvidia_smi):
    nvidia_smi(GTX1650)
    profile, why = best_profile(hardware.machine())
    assert profile in ("tiny", "laptop")
    assert why.endswith("a GPU of only 4 GB")


@pytest.mark.parametrize("output", [(BROKEN, 9), (BROKEN, 0), ("", 0), (GB10, 0)])
def test_an_nvidia_smi_without_memory_figures_is_no_gpu(nvidia_smi, output):
    nvidia_smi(*output)
    assert hardware.nvidia() == ([], "")


def test_no_nvidia_smi_is_no_gpu(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert hardware.nvidia() == ([], "")


def test_the_rest_of_the_machine_is_plausible():
    machine = hardware.machine()
    assert 1 <= machine.cores <= os.cpu_count()
    assert 0.5 < machine.memory_gb < 65536
    assert machine.disk_free_gb > 0
    assert machine.platform == f"{os.uname().sysname} {os.uname().machine}"


@pytest.mark.parametrize(
    ("text", "has"),
    [
        ("processor\t: 0\nflags\t\t: fpu avx512f avx512_bf16 amx_tile\n", True),
        ("processor\t: 0\nflags\t\t: fpu sse2 avx2\n", False),
        ("processor\t: 0\nFeatures\t: fp asimd bf16 i8mm\n", True),
        ("", False),
    ],
)
def test_bf16_is_read_from_the_processors_flags(tmp_path, text, has):
    file = tmp_path / "cpuinfo"
    file.write_text(text, encoding="utf-8")
    assert hardware.cpu_has_bf16(file) is has


def test_without_proc_cpuinfo_bf16_is_not_claimed(tmp_path):
    assert not hardware.cpu_has_bf16(tmp_path / "missing")


def test_without_a_gpu_cores_and_memory_decide():
    assert best_profile(Machine(cores=2, memory_gb=24, disk_free_gb=50))[0] == "tiny"
    assert best_profile(Machine(cores=8, memory_gb=8, disk_free_gb=50))[0] == "tiny"
    assert best_profile(Machine(cores=8, memory_gb=16, disk_free_gb=50)) == (
        "laptop",
        "8 cores, 16 GB of memory, no NVIDIA GPU",
    )


def test_a_slurm_login_node_fits_the_cluster_profile(tmp_path, monkeypatch):
    (tmp_path / "sbatch").write_text("#!/bin/sh\n", encoding="utf-8")
    (tmp_path / "sbatch").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert best_profile(Machine(cores=64, memory_gb=512, disk_free_gb=50))[0] == "cluster"


@pytest.mark.parametrize("profile", ["gpu-16gb", "gpu-24gb", "gpu-80gb", "cluster"])
def test_a_gpu_profile_without_a_gpu_is_refused(profile):
    with pytest.raises(UserError) as raised:
        require_profile(profile, Machine(cores=2, memory_gb=24, disk_free_gb=50))
    assert str(raised.value) == (
        f"error: profile '{profile}' needs an NVIDIA GPU, and this machine has none\n"
        "hint: train here with PROFILE=tiny or laptop; `make doctor` says what fits"
    )


def test_a_gpu_profile_with_a_gpu_and_the_others_anywhere_are_allowed():
    require_profile("gpu-24gb", Machine(2, 24, 50, gpus=[Gpu("NVIDIA L4", 22.5)]))
    require_profile("tiny", Machine(2, 24, 50))
    require_profile("laptop", Machine(2, 24, 50))


def test_an_unknown_profile_is_refused_with_the_nearest():
    with pytest.raises(UserError, match="unknown profile 'gpu-24'") as raised:
        require_profile("gpu-24", Machine(2, 24, 50))
    assert raised.value.hint == "did you mean 'gpu-24gb'?"


def test_a_leftover_of_a_launcher_is_removed_and_named(monkeypatch, capsys):
    for name in (*hardware.LAUNCHER, hardware.TORCHRUN):
        monkeypatch.delenv(name, raising=False)
    hardware.ignore_launcher()
    assert capsys.readouterr().err == ""
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("PMI_SIZE", "4")
    hardware.ignore_launcher()
    assert capsys.readouterr().err.startswith("ignored: WORLD_SIZE=2, PMI_SIZE=4 in the environment")
    assert hardware.launcher_variables(os.environ) == []


def test_torchrun_around_gretchen_is_refused(monkeypatch):
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv(hardware.TORCHRUN, "none")
    with pytest.raises(UserError, match="gretchen was started by torchrun"):
        hardware.ignore_launcher()
