"""Is SFT necessary? Chains with and without it, three seeds: writes the table of docs/sft-question.md.

    .venv/bin/python bench/sft_question.py [MINUTES]

Runs each chain of CHAINS under each seed by `gretchen pipeline` on the embedded base, all chains of one seed before the
next. Finished trainings are reused, so it continues where it was stopped. After MINUTES no further chain is started.
The table is rewritten between its markers after each chain, and says so where it is partial.
"""

import json
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "sft-question.md"
START, END = "<!-- table -->", "<!-- /table -->"
SLUG, PROFILE = "genome-chatbot", "tiny"
CHAINS = ("orpo", "kto", "sft", "sft dpo", "sft kto", "sft orpo")
SEEDS = (1, 2, 3)

# A model's entry in the evaluation's JSON.
Entry = dict[str, Any]


def gretchen(*words: str) -> str:
    """Return what a verb prints. Ends the script where it fails."""
    command = [sys.executable, "-m", "gretchen", words[0], f"--project={SLUG}", f"--profile={PROFILE}", *words[1:]]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stdout[-2000:] + done.stderr[-2000:])
    return done.stdout


def measure(chain: str, seed: int) -> dict[str, dict[str, float]]:
    """Train a chain under a seed, and return the figures of its last model and of the base."""
    output = gretchen("pipeline", f"--stages={chain}", f"--set=seed={seed}")
    last = re.findall(r'RUNS="([^"]+)"', output)[-1].split()[-1]
    models = json.loads(gretchen("eval", f"--runs={last}", "--json"))["models"]
    return {"base": figures(find_model(models, "kind", "base")), "chain": figures(find_model(models, "run", last))}


def find_model(models: list[Entry], key: str, value: str) -> Entry:
    """Return the model whose entry has a value."""
    return next(model for model in models if model.get(key) == value)


def figures(model: Entry) -> dict[str, float]:
    """Return the figures of a model that the table shows."""
    sets = {f"exact, {name}": model["sets"][name]["scores"]["exact"]["value"] for name in model["sets"]}
    return sets | {
        "finished (EOS)": model["sets"]["test"]["ended"],
        "preference accuracy": model["preferences"]["accuracy"]["value"],
    }


def cell(values: list[float]) -> str:
    """Return the mean over seeds, with minimum and maximum where there are several."""
    mean = f"{statistics.mean(values):.3f}"
    return mean if len(values) == 1 else f"{mean} ({min(values):.3f} to {max(values):.3f})"


def table(results: dict[tuple[str, int], dict[str, dict[str, float]]]) -> str:
    """Return the table of what is measured so far, as Markdown."""
    base = next(iter(results.values()))["base"]
    rows = [["chain", "seeds", *base], ["---", *["--:"] * (len(base) + 1)]]
    rows.append(["base", "", *(cell([value]) for value in base.values())])
    for chain in CHAINS:
        runs = [results[chain, seed]["chain"] for seed in SEEDS if (chain, seed) in results]
        if runs:
            rows.append([chain, str(len(runs)), *(cell([run[name] for run in runs]) for name in base)])
    lines = [f"| {' | '.join(row)} |" for row in rows]
    missing = len(CHAINS) * len(SEEDS) - len(results)
    if missing:
        lines += ["", f"This table is partial: {missing} of {len(CHAINS) * len(SEEDS)} chains are not measured yet."]
    return "\n".join(lines)


def write(results: dict[tuple[str, int], dict[str, dict[str, float]]]) -> None:
    """Write the table between the page's markers."""
    head, rest = PAGE.read_text(encoding="utf-8").split(START)
    PAGE.write_text(f"{head}{START}\n{table(results)}\n{END}{rest.split(END)[1]}", encoding="utf-8")


def main() -> None:
    """Run the chains, seed by seed, and write the table after each."""
    limit = 60 * float(sys.argv[1]) if len(sys.argv) > 1 else float("inf")
    started, results = time.monotonic(), {}
    for seed in SEEDS:
        for chain in CHAINS:
            if time.monotonic() - started > limit:
                return
            results[chain, seed] = measure(chain, seed)
            write(results)
            print(
                f"{(time.monotonic() - started) / 60:5.1f} min  {chain}, seed {seed}: {results[chain, seed]['chain']}",
                flush=True,
            )


if __name__ == "__main__":
    main()
