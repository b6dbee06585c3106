"""What the `laptop` profile costs: batch, precision, checkpointing and threads, measured on this machine.

    .venv/bin/python bench/laptop_profile.py [--engine zephyr] [--stage sft] [--quick]

Each setting trains the genome chatbot's SFT (or another stage that starts from the base) on SmolLM2-135M-Instruct for a
few optimizer steps of 16 rows, in a process of its own. The table has tokens per second, per second of CPU time (both
from the second step on), and peak memory. Rows are those of `make data PROJECT=genome-chatbot PROFILE=laptop`. On a
machine with other work (see the load) compare tokens per second of CPU time, at one thread: waiting threads use time
too. It writes nothing into the repository; what is chosen from it goes to shared_recipes/*/profiles/laptop.yaml.
"""

import argparse
import os
import resource
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

PROJECT, PROFILE = "genome-chatbot", "laptop"
NUM_STEPS, EFFECTIVE_BATCH = 3, 16


@dataclass(frozen=True)
class Setting:
    """One way to train: rows of a batch, bf16 or float32, checkpointing, threads, and how these wait for work."""

    batch: int
    bf16: bool = True
    checkpointing: bool = False
    threads: int = 2
    wait_policy: str = "active"

    def overrides(self, engine: str) -> dict[str, Any]:
        """Return the recipe's keys for this setting."""
        from gretchen.recipes.batch import ACCUMULATION, PER_DEVICE

        values = {PER_DEVICE[engine]: self.batch, ACCUMULATION: EFFECTIVE_BATCH // self.batch}
        values |= {"gradient_checkpointing": self.checkpointing, "max_steps": NUM_STEPS, "logging_steps": 1}
        values |= {"eval_strategy": "no", "save_strategy": "no"}
        if engine == "axolotl":
            return values | {"test_datasets": None}
        return values | {"bf16": self.bf16, "dtype": "bfloat16" if self.bf16 else "float32"}


SETTINGS = [
    *(Setting(batch) for batch in (2, 4, 8, 16)),
    *(Setting(batch, checkpointing=True) for batch in (8, 16)),
    Setting(16, bf16=False),
    Setting(16, threads=1),
    Setting(16, wait_policy="passive"),
]
QUICK = [Setting(2, checkpointing=True), Setting(2), Setting(8), Setting(16), Setting(16, bf16=False)]


@dataclass(frozen=True)
class Measurement:
    """Tokens per second and per second of CPU time from the second step on, and the peak memory in GiB."""

    tokens_per_second: float
    tokens_per_cpu_second: float
    peak_gib: float


def measure(setting: Setting, engine: str, stage: str) -> Measurement:
    """Train in this process, and measure it."""
    from gretchen.engines import callbacks
    from gretchen.engines.axolotl import train as axolotl
    from gretchen.engines.zephyr import train as zephyr
    from gretchen.models.locate import loadable, locate
    from gretchen.recipes.resolve import Request, resolve
    from gretchen.runs.metrics import read_metrics

    os.dup2(2, 1)
    cpu_seconds: dict[int, float] = {}
    log = callbacks.Metrics.on_log

    def log_with_cpu_time(self: Any, args: Any, state: Any, *more: Any, **named: Any) -> None:
        cpu_seconds.setdefault(state.global_step, time.process_time())
        log(self, args, state, *more, **named)

    callbacks.Metrics.on_log = log_with_cpu_time
    with tempfile.TemporaryDirectory(prefix="laptop-") as folder:
        run, model = Path(folder), loadable(locate(PROJECT, PROFILE))
        overrides = setting.overrides(engine)
        resolved = resolve(
            Request(PROJECT, f"{stage}.{engine}", PROFILE, output=folder, model=model, overrides=overrides)
        )
        (run / "recipe.yaml").write_text(resolved.text(), encoding="utf-8")
        (axolotl if engine == "axolotl" else zephyr).train(run / "recipe.yaml", stage)
        rows = [row for row in read_metrics(run) if "loss" in row]
    tokens = [row.get("num_tokens") or row.get("tokens/total") for row in rows]
    num_tokens = tokens[-1] - tokens[0]
    unit = 2**30 if sys.platform == "darwin" else 2**20
    return Measurement(
        num_tokens / (rows[-1]["seconds"] - rows[0]["seconds"]),
        num_tokens / (cpu_seconds[rows[-1]["step"]] - cpu_seconds[rows[0]["step"]]),
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit,
    )


def in_process(setting: Setting, engine: str, stage: str) -> Measurement:
    """Measure in a fresh process, whose threads OpenMP sets up as the setting says."""
    os.environ |= {"OMP_NUM_THREADS": str(setting.threads), "OMP_WAIT_POLICY": setting.wait_policy.upper()}
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(measure, setting, engine, stage).result()


def main(arguments: list[str]) -> int:
    """Measure every setting, or a few, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", choices=("zephyr", "axolotl"), default="zephyr")
    parser.add_argument("--stage", default="sft")
    parser.add_argument(
        "--quick", action="store_true", help="five settings at one thread, for a machine with other work"
    )
    given = parser.parse_args(arguments)
    from gretchen.models.locate import locate, require_reachable
    from gretchen.projects.build import ensure_built

    require_reachable(locate(PROJECT, PROFILE))
    ensure_built(PROJECT, PROFILE)
    print(f"{given.stage}.{given.engine}, {os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}\n")
    print("| batch | precision | checkpointing | threads | waiting | tokens/s | tokens/CPU s | peak, GiB | load |")
    print("|---|---|---|---|---|---|---|---|---|", flush=True)
    for setting in [replace(setting, threads=1) for setting in QUICK] if given.quick else SETTINGS:
        measured = in_process(setting, given.engine, given.stage)
        cells = [setting.batch, "bf16" if setting.bf16 else "float32", "yes" if setting.checkpointing else "no"]
        cells += [setting.threads, setting.wait_policy, f"{measured.tokens_per_second:.0f}"]
        cells += [f"{measured.tokens_per_cpu_second:.0f}", f"{measured.peak_gib:.2f}", f"{os.getloadavg()[0]:.1f}"]
        print(f"| {' | '.join(map(str, cells))} |", flush=True)
    return 0


if __name__ == "__main__":
    os.environ |= {"HF_HUB_OFFLINE": "1", "WANDB_MODE": "disabled", "TOKENIZERS_PARALLELISM": "false"}
    sys.exit(main(sys.argv[1:]))
