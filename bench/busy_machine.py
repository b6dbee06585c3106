"""How fast a training step is on a quiet and on a busy machine, by how OpenMP's threads wait.

    python bench/busy_machine.py                         the embedded base, a minute and a half
    python bench/busy_machine.py --model DIR --seconds 20

Each setting trains in a process of its own, alone and beside one other process that computes without end. The settings
take turns, and the median of the rounds is printed, with the machine's load before each: figures from a machine whose
load is above zero at the start are no quiet machine's. It evaluates nothing.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WAITING = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME")
SETTINGS = {
    "default (300,000 spins)": {},
    "GOMP_SPINCOUNT=30000": {"GOMP_SPINCOUNT": "30000"},
    "GOMP_SPINCOUNT=3000": {"GOMP_SPINCOUNT": "3000"},
    "OMP_WAIT_POLICY=passive": {"OMP_WAIT_POLICY": "passive"},
    "one thread": {"OMP_NUM_THREADS": "1"},
}
ROWS, TOKENS = 16, 96  # of a batch


def main() -> None:
    """Measure all settings, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=str(ROOT / "projects/genome-chatbot/base"), help="a folder in hub format")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(options.model, options.seconds)))
        return
    print(f"load before: {os.getloadavg()[0]:.1f} on {len(os.sched_getaffinity(0))} cores", flush=True)
    speeds: dict[tuple[str, bool], list[float]] = {}
    for _ in range(options.rounds):
        for busy in (False, True):
            for name, variables in SETTINGS.items():
                speed = in_process(options, variables, busy)
                speeds.setdefault((name, busy), []).append(speed)
                state = "busy" if busy else "alone"
                print(f"  {name:24} {state:6} {speed:8,.0f} tokens/s, load {os.getloadavg()[0]:.1f}", flush=True)
    print("\n| threads wait by | alone, tokens/s | beside one busy process |\n|---|--:|--:|")
    for name in SETTINGS:
        alone, busy = (statistics.median(speeds[name, state]) for state in (False, True))
        print(f"| {name} | {alone:,.0f} | {busy:,.0f} |")


def in_process(options: argparse.Namespace, variables: dict[str, str], busy: bool) -> float:
    """Return the tokens per second of one setting, measured in a process of its own."""
    environment = {name: value for name, value in os.environ.items() if name not in (*WAITING, "OMP_NUM_THREADS")}
    command = [sys.executable, __file__, "--measure", "--model", options.model, "--seconds", str(options.seconds)]
    other = subprocess.Popen([sys.executable, "-c", "while True: pass"]) if busy else None
    try:
        done = subprocess.run(command, env=environment | variables, capture_output=True, text=True, check=True)
    finally:
        if other:
            other.kill()
            other.wait()
    return json.loads(done.stdout.splitlines()[-1])


def measure(model_dir: str, seconds: float) -> float:
    """Return the tokens per second of training steps (forward, backward, AdamW) on random tokens."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    import torch
    from transformers import AutoModelForCausalLM

    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_pretrained(model_dir, dtype=torch.float32)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5)
    batch = torch.randint(0, model.config.vocab_size, (ROWS, TOKENS))

    def step() -> None:
        model(input_ids=batch, labels=batch).loss.backward()
        optimizer.step()
        optimizer.zero_grad()

    step()  # threads and memory are allocated here
    started, steps = time.monotonic(), 0
    while time.monotonic() - started < seconds:
        step()
        steps += 1
    return steps * ROWS * TOKENS / (time.monotonic() - started)


if __name__ == "__main__":
    main()
