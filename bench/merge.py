"""`gretchen merge` against peft's own merge: seconds and peak memory of both, each in a process of its own.

    .venv/bin/python bench/merge.py [FOLDER]

Makes a random Llama of 0.5B parameters in bf16 and five shards, and an adapter with rsLoRA, DoRA and per-module ranks,
in FOLDER (or a temporary one; about 4 GB); merges them by both; compares every tensor. Peak memory is measured
from after the imports, mapped files included. The proof of `gretchen merge` is measured by itself. Linux only.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SIZES = {"vocab_size": 32000, "hidden_size": 1024, "intermediate_size": 5120, "num_hidden_layers": 24}
SIZES |= {"num_attention_heads": 16, "num_key_value_heads": 16, "tie_word_embeddings": True}
RANKS = {"q_proj": 8, "k_proj": 8, "down_proj": 64, "layers.3.mlp.up_proj": 4}
SHARD, SHARDS, BOUND = "240MB", 5, 1.5


def make(folder: Path) -> None:
    """Write base/ and adapter/ with random weights, as if trained."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    torch.set_default_dtype(torch.bfloat16)
    model = LlamaForCausalLM(LlamaConfig(**SIZES))
    model.save_pretrained(folder / "base", max_shard_size=SHARD)
    settings = {"r": 16, "lora_alpha": 32, "use_rslora": True, "use_dora": True, "rank_pattern": RANKS}
    model = get_peft_model(model, LoraConfig(target_modules="all-linear", task_type="CAUSAL_LM", **settings))
    with torch.no_grad():
        for name, tensor in model.named_parameters():
            if "lora_B" in name:
                tensor.normal_(std=0.02)
            elif "magnitude" in name:
                tensor.mul_(1 + 0.05 * torch.randn_like(tensor))
    model.save_pretrained(folder / "adapter")


def memory(key: str) -> int:
    """Return bytes of this process from /proc: VmRSS now, VmHWM at its peak."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(key))


def measure(what: str, folder: Path) -> dict[str, float]:
    """Run one of the jobs in this process; return seconds and bytes of its imports and of its work."""
    started = time.monotonic()
    job = {"peft": by_peft, "gretchen": by_gretchen, "proof": proof}[what](folder)
    imported, own = time.monotonic(), memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")  # the peak is counted from here
    job()
    result = {"imports_s": imported - started, "work_s": time.monotonic() - imported, "imports_bytes": own}
    return result | {"work_bytes": memory("VmHWM") - own}


def by_peft(folder: Path):  # noqa: ANN201 (a function without arguments)
    """Import what peft's merge needs, and return it."""
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, LlamaForCausalLM  # noqa: F401 (imported lazily otherwise)

    def job() -> None:
        model = AutoModelForCausalLM.from_pretrained(folder / "base", dtype="auto")
        model = PeftModel.from_pretrained(model, folder / "adapter").merge_and_unload()
        model.save_pretrained(folder / "by_peft", max_shard_size=SHARD)

    return job


def by_gretchen(folder: Path):  # noqa: ANN201
    """Import what the streaming merge needs, and return it."""
    import safetensors.torch  # noqa: F401 (imported lazily otherwise)

    from gretchen.merging.stream import stream

    def job() -> None:
        plan = plan_of(folder)
        (folder / "by_gretchen").mkdir()
        stream(plan, folder / "by_gretchen")

    return job


def proof(folder: Path):  # noqa: ANN201
    """Import what the proof of the weights needs, and return it."""
    import peft  # noqa: F401

    from gretchen.merging.weights import compare_weights

    return lambda: compare_weights(plan_of(folder), folder / "by_gretchen")


def plan_of(folder: Path):  # noqa: ANN201
    """Return the merge's plan for the folders in `folder`."""
    from gretchen.merging.adapter import read_adapter
    from gretchen.merging.shards import Weights
    from gretchen.merging.stream import plan_merge

    base = Weights.of(folder / "base")
    config = json.loads((folder / "base" / "config.json").read_text("utf-8"))
    return plan_merge(base, read_adapter(folder / "adapter", base), config)


def largest_ulp(folder: Path) -> tuple[int, int, int]:
    """Return how many tensors there are, how many of them are not bit-equal, and the largest difference in ulp."""
    from gretchen.merging.shards import Weights
    from gretchen.merging.weights import same_bits, ulps

    ours, theirs = Weights.of(folder / "by_gretchen"), Weights.of(folder / "by_peft")
    assert ours.tensors.keys() == theirs.tensors.keys()
    different = [name for name in ours.tensors if not same_bits(ours.tensor(name), theirs.tensor(name))]
    largest = max((ulps(ours.tensor(name), theirs.tensor(name)) for name in different), default=0)
    return len(ours.tensors), len(different), largest


def run_job(what: str, folder: Path) -> dict[str, float]:
    """Run a job in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--job", what, folder], stdout=subprocess.PIPE, check=True, text=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def main(folder: Path) -> int:
    """Create, merge by both, compare, print; return 1 where the merge is slower, larger or different."""
    subprocess.run([sys.executable, __file__, "--job", "make", folder], check=True, capture_output=True)
    shards = [file.stat().st_size for file in (folder / "base").glob("*.safetensors")]
    print(f"base: {sum(shards) / 2**20:.0f} MiB in {len(shards)} shards, the largest {max(shards) / 2**20:.0f} MiB")
    results = {what: run_job(what, folder) for what in ("gretchen", "peft", "proof")}
    names = {"gretchen": "gretchen, streaming", "peft": "peft, merge_and_unload", "proof": "gretchen, proof of weights"}
    for what, result in results.items():
        print(
            f"{names[what]:27} work {result['work_s']:6.1f} s, imports {result['imports_s']:5.1f} s; peak "
            f"{result['work_bytes'] / 2**20:5.0f} MiB ({result['work_bytes'] / max(shards):.2f} shards) "
            f"beyond the imports' {result['imports_bytes'] / 2**20:.0f} MiB"
        )
    count, different, ulp = largest_ulp(folder)
    print(f"{count} tensors, {count - different} bit-equal to peft's; largest difference {ulp} ulp of bf16")
    bound = plan_of(folder).memory_bound
    ours, theirs = results["gretchen"], results["peft"]
    checks = {
        f"{SHARDS} shards": len(shards) == SHARDS,
        f"peak under its own bound, {bound / 2**20:.0f} MiB": ours["work_bytes"] < bound,
        f"peak under {BOUND} shards": ours["work_bytes"] < BOUND * max(shards),
        "no slower than peft": ours["work_s"] <= theirs["work_s"],
        "within 1 ulp": ulp <= 1,
    }
    print("; ".join(f"{check}: {'ok' if passed else 'FAILED'}" for check, passed in checks.items()))
    return 0 if all(checks.values()) else 1


if __name__ == "__main__":
    if sys.argv[1:2] == ["--job"]:
        what, folder = sys.argv[2], Path(sys.argv[3])
        print(json.dumps(make(folder) if what == "make" else measure(what, folder)))
        sys.exit()
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp(prefix="merge-"))
    folder.mkdir(exist_ok=True)
    try:
        code = main(folder)
    finally:
        if len(sys.argv) == 1:
            shutil.rmtree(folder)
    sys.exit(code)
