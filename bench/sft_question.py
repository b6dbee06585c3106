"""Do we really need SFT? Chains with and without it, side by side, three seeds: fills docs/sft-question.md.

    .venv/bin/python bench/sft_question.py [MINUTES]

Runs each chain of CHAINS under each seed by `gretchen pipeline` on the embedded base, all chains of one seed before the
next; what is done already is taken as it is, so it goes on where it stopped, or was stopped. After MINUTES no further
chain is begun. After each one the table is written anew between its markers, and says so where it is partial.
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

Told = dict[str, Any]


def gretchen(*words: str) -> str:
    """Return what a verb prints. Ends the script where it fails."""
    command = [sys.executable, "-m", "gretchen", words[0], f"--project={SLUG}", f"--profile={PROFILE}", *words[1:]]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stdout[-2000:] + done.stderr[-2000:])
    return done.stdout


def measured(chain: str, seed: int) -> Told:
    """Train a chain under a seed, and return what the evaluation says of its last model, and of the base."""
    told = gretchen("pipeline", f"--stages={chain}", f"--set=seed={seed}")
    last = re.findall(r'RUNS="([^"]+)"', told)[-1].split()[-1]
    models = json.loads(gretchen("eval", f"--runs={last}", "--json"))["models"]
    return {"base": figures(one(models, "kind", "base")), "chain": figures(one(models, "run", last))}


def one(models: list[Told], key: str, value: str) -> Told:
    """Return the model with a value."""
    return next(model for model in models if model.get(key) == value)


def figures(model: Told) -> dict[str, float]:
    """Return the figures of a model that the table shows."""
    sets = {f"exact, {name}": model["sets"][name]["scores"]["exact"]["value"] for name in model["sets"]}
    return sets | {
        "finished (EOS)": model["sets"]["test"]["ended"],
        "preference accuracy": model["preferences"]["accuracy"]["value"],
    }


def cell(values: list[float]) -> str:
    """Return the mean over seeds, with the least and the most where there are several."""
    mean = f"{statistics.mean(values):.3f}"
    return mean if len(values) == 1 else f"{mean} ({min(values):.3f} to {max(values):.3f})"


def table(found: dict[tuple[str, int], Told]) -> str:
    """Return the table of what is measured so far, as Markdown."""
    base = next(iter(found.values()))["base"]
    rows = [["chain", "seeds", *base], ["---", *["--:"] * (len(base) + 1)]]
    rows.append(["base", "", *(cell([value]) for value in base.values())])
    for chain in CHAINS:
        told = [found[chain, seed]["chain"] for seed in SEEDS if (chain, seed) in found]
        if told:
            rows.append([chain, str(len(told)), *(cell([one[name] for one in told]) for name in base)])
    lines = [f"| {' | '.join(row)} |" for row in rows]
    missing = len(CHAINS) * len(SEEDS) - len(found)
    if missing:
        lines += ["", f"This table is partial: {missing} of {len(CHAINS) * len(SEEDS)} chains are not measured yet."]
    return "\n".join(lines)


def write(found: dict[tuple[str, int], Told]) -> None:
    """Write the table between the page's markers."""
    head, rest = PAGE.read_text(encoding="utf-8").split(START)
    PAGE.write_text(f"{head}{START}\n{table(found)}\n{END}{rest.split(END)[1]}", encoding="utf-8")


def main() -> None:
    """Run the chains, seed by seed, and write the table after each."""
    most = 60 * float(sys.argv[1]) if len(sys.argv) > 1 else float("inf")
    started, found = time.monotonic(), {}
    for seed in SEEDS:
        for chain in CHAINS:
            if time.monotonic() - started > most:
                return
            found[chain, seed] = measured(chain, seed)
            write(found)
            print(
                f"{(time.monotonic() - started) / 60:5.1f} min  {chain}, seed {seed}: {found[chain, seed]['chain']}",
                flush=True,
            )


if __name__ == "__main__":
    main()
