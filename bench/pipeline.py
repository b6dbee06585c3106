"""`make pipeline` against the same chain by single commands: CPU and wall seconds of both, and their ratio.

    .venv/bin/python bench/pipeline.py ["sft dpo"]

Smoke sizes (four steps a stage, twelve rows a set), both ways in a fresh copy of the flagship and on one thread: the
overhead of a chain is measured, not its trainings. Both ways end with an evaluation of all stages; the single commands
merge in between, as `make train` does, and evaluate once, at the end.
"""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SLUG = "genome-chatbot"


def measure(commands: list[list[str]]) -> tuple[float, float]:
    """Return CPU and wall seconds of some commands of gretchen, one after another in a fresh copy."""
    with tempfile.TemporaryDirectory() as folder:
        for part in (f"projects/{SLUG}", "shared_recipes"):
            shutil.copytree(ROOT / part, Path(folder) / part)
        environment = {"GRETCHEN_ROOT": folder, "GRETCHEN_SMOKE": "1", "OMP_NUM_THREADS": "1", "WANDB_MODE": "offline"}
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        for words in commands:
            command = [sys.executable, "-m", "gretchen", words[0], f"--project={SLUG}", *words[1:]]
            done = subprocess.run(
                command, cwd=folder, env=os.environ | environment, capture_output=True, text=True, check=False
            )
            if done.returncode:
                sys.exit(done.stdout[-2000:] + done.stderr[-2000:])
        after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic() - started
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


def main() -> None:
    """Measure both ways and print them."""
    stages = (sys.argv[1] if len(sys.argv) > 1 else "sft dpo").split()
    single = [*(["train", f"--recipe={stage}"] for stage in stages), ["eval"]]
    rows = {"single commands": measure(single), "pipeline": measure([["pipeline", f"--stages={' '.join(stages)}"]])}
    for name, (cpu, wall) in rows.items():
        print(f"{name:16} {cpu:6.0f} s of CPU  {wall:6.0f} s")
    (cpu, wall), (cpu_chain, wall_chain) = rows.values()
    print(f"{' '.join(stages)}: pipeline takes {cpu_chain / cpu:.2f} of the CPU, {wall_chain / wall:.2f} of the time")


if __name__ == "__main__":
    main()
