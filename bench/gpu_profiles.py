"""The GPU profiles measured: ten optimizer steps of SFT on random weights of each profile's model, under its limit.

    python bench/gpu_profiles.py                       every profile that this card can hold, both engines
    python bench/gpu_profiles.py gpu-24gb --engine zephyr
    python bench/gpu_profiles.py --dry-run             a model of two small layers, on a processor, two steps

Prints a table for docs/plan.md: peak memory beside `make plan`, tokens per second and MFU. Nothing is downloaded: a
model is its config, given below, with random weights, and each row is as long as the recipe allows. Each training runs
in a process of its own that may take 16, 24 or 80 GB of the card. Memory and speed do not depend on the values of the
weights; the loss means nothing. One device.

A bare CUDA machine needs torch, PYTHONPATH=tools, and wheels: accelerate bitsandbytes datasets liger-kernel peft psutil
pydantic pyyaml transformers trl with what they require, and axolotl for its engine. Elsewhere, for the same Python:
`uv pip compile` these names with `-c constraints.txt`, `pip download --no-deps -d wheels -r` the result without torch
and CUDA's packages; on the bare machine `pip install --no-index --no-deps wheels/*.whl`.
"""

import argparse
import contextlib
import importlib.util
import json
import os
import shutil
import sys
import tempfile
import traceback
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PROJECT, RECIPE = "genome-chatbot", "sft"
LIMITS_GB = {"gpu-16gb": 16, "gpu-24gb": 24, "gpu-80gb": 80}
ENGINES = ("zephyr", "axolotl")
NUM_STEPS, WARM_UP_STEPS = 10, 2
SIZES = ("hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "tie_word_embeddings")
QWEN3 = {"model_type": "qwen3", "head_dim": 128, "num_key_value_heads": 8, "vocab_size": 151936}
# The shapes of the models' published config.json.
CONFIGS: dict[str, dict[str, Any]] = {
    "Qwen/Qwen3-1.7B": QWEN3 | dict(zip(SIZES, (2048, 6144, 28, 16, True), strict=True)),
    "Qwen/Qwen3-4B": QWEN3 | dict(zip(SIZES, (2560, 9728, 36, 32, True), strict=True)),
    "Qwen/Qwen3-8B": QWEN3 | dict(zip(SIZES, (4096, 12288, 36, 32, False), strict=True)),
}
SCALED_DOWN = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4}
SCALED_DOWN |= {"num_key_value_heads": 2, "head_dim": 64, "vocab_size": 4096}
# Dense bf16 tensor-core TFLOP/s from NVIDIA's data sheets, by a part of the card's name; the first that fits counts.
PEAK_TFLOPS = {
    "H200": 989, "H100 PCIe": 756, "H100": 989, "A100": 312, "L40S": 362, "L4": 121, "A10G": 70, "A10": 125,
    "RTX 4090": 165, "RTX 3090": 71, "RTX A6000": 155, "T4": 65,
}  # fmt: skip


TABLE_HEAD = """| profile | engine | model | peak, GiB | planned, GiB | off | tokens/s | MFU |
|---|---|---|---|---|---|---|---|"""


@dataclass(frozen=True)
class Case:
    """One training to measure: a profile, an engine, the model that the card names, and how large it is made."""

    profile: str
    engine: str
    model: str
    dry_run: bool

    @property
    def num_steps(self) -> int:
        """Optimizer steps to train."""
        return WARM_UP_STEPS + 1 if self.dry_run else NUM_STEPS

    @property
    def config(self) -> dict[str, Any]:
        """The keys of the model's config."""
        return CONFIGS[self.model] | (SCALED_DOWN if self.dry_run else {})


@dataclass(frozen=True)
class Measurement:
    """What one training took. Memory in GiB, None on a CPU; `problem` is the reason for missing figures."""

    tokens_per_second: float = 0.0
    mfu: float | None = None
    peak_gib: float | None = None
    planned_gib: float | None = None
    problem: str = ""


def make_root(root: Path, case: Case) -> None:
    """Fill a repository root of its own: projects and shared recipes, and a folder `model` with random weights."""
    import torch
    from transformers import CONFIG_MAPPING, AutoModelForCausalLM

    for part in ("projects", "shared_recipes"):
        (root / part).symlink_to(ROOT / part)
    config = CONFIG_MAPPING[case.config["model_type"]](**case.config, eos_token_id=2, pad_token_id=0)
    torch.manual_seed(0)
    with torch.device("cuda" if torch.cuda.is_available() else "cpu"):
        model = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
    model.save_pretrained(root / "model")
    for file in (ROOT / "shared_recipes" / "tiny" / "architecture").iterdir():
        if file.name != "config.json":
            shutil.copy(file, root / "model")


def write_rows(root: Path, num_rows: int, num_tokens: int) -> int:
    """Write conversations of at most `num_tokens` tokens, all of one length, and return that length."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(root / "model")

    def conversation(num_words: int) -> list[dict[str, str]]:
        answer = {"role": "assistant", "content": " ".join(["ACGT"] * num_words)}
        return [{"role": "user", "content": "Transcribe."}, answer]

    def length(num_words: int) -> int:
        return len(tokenizer.apply_chat_template(conversation(num_words), return_dict=True)["input_ids"])

    per_word = length(2) - length(1)
    num_words = 1 + (num_tokens - length(1)) // per_word
    row = {"id": "row", "group": "row", "form": "transcription", "meta": "{}", "messages": conversation(num_words)}
    folder = root / "build" / PROJECT / "chats"
    folder.mkdir(parents=True)
    for split, count in (("train", num_rows), ("validation", 1)):
        lines = (json.dumps(row | {"id": f"{split}-{number}"}) for number in range(count))
        (folder / f"{split}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return length(num_words)


def resolve_case(case: Case, output: str):  # noqa: ANN201 (gretchen's Resolved, imported late)
    """Return the profile's recipe for the model in `model`, as this machine can run it, for a few steps."""
    from gretchen.hardware import machine
    from gretchen.recipes.machine import hardware_overrides
    from gretchen.recipes.resolve import Request, resolve
    from gretchen.recipes.schema import MAX_LENGTH
    from gretchen.training.adapt import cpu_overrides

    def resolved(overrides: dict[str, Any]):  # noqa: ANN202
        recipe = f"{RECIPE}.{case.engine}"
        return resolve(Request(PROJECT, recipe, case.profile, output=output, model="model", overrides=overrides))

    steps = {"max_steps": case.num_steps, "eval_strategy": "no", "save_strategy": "no", "logging_steps": 1}
    if case.engine == "axolotl":
        steps |= {"test_datasets": None}  # with them it evaluates once in any case
    if case.dry_run:
        steps |= {MAX_LENGTH[case.engine]: 64}
    values = resolved(steps).values
    hardware = hardware_overrides(values, machine())
    changes, notes = dict(hardware.values), list(hardware.notes)
    if not machine().gpus:
        on_cpu, cpu_notes = cpu_overrides(values, case.engine)
        changes, notes = changes | on_cpu, notes + cpu_notes
        if case.engine == "axolotl":
            changes |= {key: None for key in values if key == "plugins" or key.startswith("liger_")}  # CUDA's kernels
    for note in notes:
        print(f"{case.profile}, {case.engine}: {note}", file=sys.stderr)
    return resolved(steps | changes)


def planned_gib(resolved: Any, root: Path, num_tokens: int) -> float:
    """Return the plan's peak for rows of one length, in GiB."""
    from gretchen.planning.architecture import read_architecture
    from gretchen.planning.memory import peak_memory
    from gretchen.planning.read_settings import read_settings

    settings = replace(read_settings(resolved, cpu=False), padded=False)
    return peak_memory(read_architecture(root / "model" / "config.json"), settings, num_tokens).total / 2**30


def flops_per_token(resolved: Any, root: Path, num_tokens: int) -> float:
    """Return the floating-point operations that the model needs for one trained token, recomputation not counted.

    Two for each weight forward and two for the gradient of its input; for weights that are trained two more (Kaplan et
    al. 2020, section 2.1). Causal attention adds 2 × length × width a layer forward, and twice that backward.
    """
    from gretchen.planning.architecture import read_architecture
    from gretchen.planning.parameters import count_parameters
    from gretchen.planning.read_settings import read_settings

    model, lora = read_architecture(root / "model" / "config.json"), read_settings(resolved, cpu=False).lora
    parameters = count_parameters(model, lora)
    config = json.loads((root / "model" / "config.json").read_text(encoding="utf-8"))
    embedding = 0 if config["tie_word_embeddings"] else config["vocab_size"] * config["hidden_size"]  # looked up only
    width = config["num_attention_heads"] * config["head_dim"]
    attention = 6 * num_tokens * width * config["num_hidden_layers"]
    return 4 * (parameters.total - embedding) + 2 * parameters.trained + attention


def measure(case: Case) -> Measurement:
    """Train one case in this process and measure it."""
    import torch

    from gretchen.engines.axolotl import train as axolotl
    from gretchen.engines.zephyr import train as zephyr
    from gretchen.recipes.schema import MAX_LENGTH
    from gretchen.runs.metrics import read_metrics

    root, run = Path(os.environ["GRETCHEN_ROOT"]), Path("runs/bench/run")
    resolved = resolve_case(case, str(run))
    batch = resolved.effective_batch
    num_tokens = write_rows(root, batch * case.num_steps, int(resolved.values[MAX_LENGTH[case.engine]]))
    run.mkdir(parents=True)
    (run / "recipe.yaml").write_text(resolved.text(), encoding="utf-8")
    planned, on_gpu = planned_gib(resolved, root, num_tokens), torch.cuda.is_available()
    if on_gpu:
        total = torch.cuda.get_device_properties(0).total_memory
        torch.cuda.set_per_process_memory_fraction(min(1.0, LIMITS_GB[case.profile] * 10**9 / total))
    try:
        (axolotl if case.engine == "axolotl" else zephyr).train(run / "recipe.yaml", RECIPE)
    except torch.OutOfMemoryError:
        return Measurement(planned_gib=planned, problem="out of memory")
    seconds = {row["step"]: row["seconds"] for row in read_metrics(run) if "loss" in row}
    rate = batch * num_tokens * (case.num_steps - WARM_UP_STEPS) / (seconds[case.num_steps] - seconds[WARM_UP_STEPS])
    if not on_gpu:
        return Measurement(rate, planned_gib=planned)
    tflops = peak_tflops(torch.cuda.get_device_name())
    mfu = rate * flops_per_token(resolved, root, num_tokens) / (tflops * 1e12) if tflops else None
    return Measurement(rate, mfu, torch.cuda.max_memory_allocated() / 2**30, planned)


def peak_tflops(card: str) -> int | None:
    """Return a card's dense bf16 TFLOP/s, None for a card that is not in the list."""
    return next((tflops for part, tflops in PEAK_TFLOPS.items() if part in card), None)


def in_process(job: Callable[..., Any], *arguments: Any) -> Any:
    """Return what a job returns in a fresh process; a Measurement with the reason where that fails."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(guarded, job, *arguments).result()


def guarded(job: Callable[..., Any], *arguments: Any) -> Any:
    """Do a job; what goes wrong becomes a row of the table; traces and the trainer's output go to stderr."""
    os.dup2(2, 1)
    try:
        return job(*arguments)
    except (Exception, SystemExit) as failure:
        traceback.print_exc()
        return Measurement(problem=f"failed: {type(failure).__name__}")


def measure_case(case: Case) -> Measurement:
    """Measure one case under a root of its own, the model made and trained in two processes."""
    with tempfile.TemporaryDirectory(prefix="gpu-profiles-") as folder:
        os.environ["GRETCHEN_ROOT"] = folder
        with contextlib.chdir(folder):
            return in_process(make_root, Path(folder), case) or in_process(measure, case)


def table_row(case: Case, measured: Measurement) -> str:
    """Return a case's row of the table."""
    peak, planned = measured.peak_gib, measured.planned_gib
    cells = [case.profile, case.engine, "scaled down" if case.dry_run else case.model]
    cells += [f"{peak:.2f}" if peak else measured.problem or "—", f"{planned:.2f}" if planned else "—"]
    cells += [f"{planned / peak - 1:+.1%}" if peak and planned else "—"]
    cells += [f"{measured.tokens_per_second:,.0f}" if measured.tokens_per_second else "—"]
    cells += [f"{measured.mfu:.1%}" if measured.mfu else "—"]
    return f"| {' | '.join(cells)} |"


def cases(profiles: list[str], engines: list[str], dry_run: bool) -> list[Case]:
    """Return what is to be measured: all profiles or those named, with each engine that is installed."""
    from gretchen.projects.card import load_card

    installed = {"zephyr": "trl", "axolotl": "axolotl"}
    present = [engine for engine in engines or ENGINES if importlib.util.find_spec(installed[engine])]
    models = load_card(PROJECT).models
    return [Case(profile, engine, models[profile], dry_run) for profile in profiles or LIMITS_GB for engine in present]


def main(arguments: list[str]) -> int:
    """Measure and print the table; return 1 where a case has no figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("profiles", nargs="*", metavar="PROFILE", help=", ".join(LIMITS_GB))
    parser.add_argument("--engine", action="append", choices=ENGINES, default=[], help="by default both")
    parser.add_argument("--dry-run", action="store_true", help="a scaled-down model, on a CPU too")
    given = parser.parse_args(arguments)
    if unknown := set(given.profiles) - set(LIMITS_GB):
        parser.error(f"unknown profile {', '.join(sorted(unknown))}: known are {', '.join(LIMITS_GB)}")
    import torch

    if not torch.cuda.is_available() and not given.dry_run:
        parser.error("no CUDA GPU: --dry-run tries the script on a CPU")
    print(torch.cuda.get_device_name() if torch.cuda.is_available() else "a CPU", torch.__version__, end="\n\n")
    print(TABLE_HEAD, flush=True)
    problems = 0
    for case in cases(given.profiles, given.engine, given.dry_run):
        measured = measure_case(case)
        problems += bool(measured.problem)
        print(table_row(case, measured), flush=True)
    return int(problems > 0)


if __name__ == "__main__":
    os.environ |= {"HF_HUB_OFFLINE": "1", "WANDB_MODE": "disabled", "TOKENIZERS_PARALLELISM": "false"}
    sys.exit(main(sys.argv[1:]))
