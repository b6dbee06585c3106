"""What answers while training cost: the seconds of the answers against those of the whole training, in one run.

    .venv/bin/python bench/answers_while_training.py [RECIPE ["max_steps=100 …"]]

Trains a recipe of the genome chatbot (sft.zephyr) on tiny in a fresh copy, and reads the run's metrics.jsonl. Both
figures are from the same process, so that their ratio holds on a busy machine too. With fewer steps the share is larger
than that of the whole recipe, whose evaluations are further apart.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SLUG = "genome-chatbot"


def train(folder: Path, recipe: str, changes: str) -> Path:
    """Train in a folder with the project, and return the run's folder. Ends the script where the training fails."""
    for part in (f"projects/{SLUG}", "shared_recipes"):
        shutil.copytree(ROOT / part, folder / part)
    command = [sys.executable, "-m", "gretchen", "train", f"--project={SLUG}", f"--recipe={recipe}", f"--set={changes}"]
    environment = os.environ | {"GRETCHEN_ROOT": str(folder), "WANDB_MODE": "disabled"}
    done = subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(done.stdout[-2000:])
    (run,) = (folder / "runs" / SLUG / recipe).glob("2*")
    return run


def main() -> None:
    """Train and print the share of the answers, and of the trainer's own evaluations."""
    from gretchen.runs.metrics import ANSWERS, ANSWERS_RUNTIME, read_metrics

    recipe, changes = (*sys.argv[1:], *("sft.zephyr", "")[len(sys.argv) - 1 :])
    with tempfile.TemporaryDirectory() as folder:
        rows = read_metrics(train(Path(folder), recipe, changes))
    (whole,) = [row["train_runtime"] for row in rows if "train_runtime" in row]
    answered = [row for row in rows if ANSWERS in row]
    for row in answered:
        print(f"step {row['step']:5}: {row[ANSWERS]} rows in {row[ANSWERS_RUNTIME]:.2f} s")
    answers = sum(row[ANSWERS_RUNTIME] for row in answered)
    evaluations = sum(row["eval_runtime"] for row in rows if "eval_runtime" in row)
    print(f"{recipe} {changes}: {rows[-1]['steps']} steps in {whole:.1f} s")
    print(f"answers {answers:.1f} s, {answers / whole:.1%}; the trainer's evaluations {evaluations / whole:.1%}")


if __name__ == "__main__":
    main()
