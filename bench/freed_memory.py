"""What trainings and answers on a processor gain in memory and time where glibc is told when to return freed memory.

    .venv/bin/python bench/freed_memory.py [--steps 60] [--layers 6] [--dtype bfloat16]
    .venv/bin/python bench/freed_memory.py --prompts 16 [--prompt-tokens 600] [--steps 16] [--layers 30]

Trains LoRA on a random model of SmolLM2's width, eight rows of 40 to 200 tokens a step: as it is (glibc returns large
blocks at once, and grows with batches of many lengths), returning what is free every tenth step with malloc_trim(3),
and keeping large blocks until then, as trainings do. Each runs in a process of its own. Prints the anonymous memory
that is resident after the steps, the process's peak, and the CPU time. With --prompts the same model continues
so many prompts at once, by as many tokens as there are steps; 30 layers are SmolLM2-135M's. Linux with glibc only.
"""

import argparse
import ctypes
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

WIDTH, VOCABULARY, ROWS, CHUNK = 576, 49_152, 8, 256
MODES = ("as it is", "trimmed", "kept and trimmed")


def main() -> None:
    """Run all modes, each in its process, or one of them in this one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--dtype", default="bfloat16", choices=["bfloat16", "float32"])
    parser.add_argument("--prompts", type=int, default=0)
    parser.add_argument("--prompt-tokens", type=int, default=600)
    parser.add_argument("--mode", choices=MODES)
    options = parser.parse_args()
    if options.mode and options.prompts:
        answer(options)
        return
    if options.mode:
        train(options.steps, options.layers, options.dtype, options.mode)
        return
    for mode in ("as it is", "kept and trimmed") if options.prompts else MODES:
        print(f"{mode}:", flush=True)
        subprocess.run([sys.executable, __file__, *sys.argv[1:], "--mode", mode], check=True)


def train(steps: int, layers: int, dtype: str, mode: str) -> None:
    """Train and print the memory after every twentieth step."""
    import torch
    from peft import LoraConfig, get_peft_model

    from gretchen.engines.callbacks import TRIM_STEPS
    from gretchen.engines.freed_memory import keep_freed_memory

    if mode == "kept and trimmed":
        keep_freed_memory()
    network = random_model(layers, dtype)
    model = get_peft_model(network, LoraConfig(r=16, lora_alpha=32, target_modules="all-linear"))
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-3)
    head, started = network.get_output_embeddings().weight, time.process_time()
    for step in range(1, steps + 1):
        rows = torch.randint(0, VOCABULARY, (ROWS, int(torch.randint(40, 200, (1,)))))
        hidden = network.model(input_ids=rows).last_hidden_state.reshape(-1, WIDTH)
        losses = [  # the logits in chunks, as TRL's SFT computes them
            torch.nn.functional.cross_entropy((chunk @ head.T).float(), labels, reduction="sum")
            for chunk, labels in zip(hidden.split(CHUNK), rows.reshape(-1).split(CHUNK), strict=True)
        ]
        (sum(losses) / len(hidden)).backward()
        optimizer.step()
        optimizer.zero_grad()
        if mode != "as it is" and step % TRIM_STEPS == 0:
            ctypes.CDLL(None).malloc_trim(0)
        if step % 20 == 0:
            resident, peak = memory_mib()
            seconds = time.process_time() - started
            print(f"  step {step}: {resident:,} MiB resident, peak {peak:,} MiB, {seconds:.0f} s of CPU", flush=True)


def answer(options: argparse.Namespace) -> None:
    """Continue the prompts, and print the memory and the time of the new tokens, without the first."""
    import torch

    from gretchen.engines.freed_memory import keep_freed_memory

    network = random_model(options.layers, options.dtype).eval()
    prompts = torch.randint(0, VOCABULARY, (options.prompts, options.prompt_tokens))
    if options.mode == "kept and trimmed":
        keep_freed_memory()
    with torch.inference_mode():
        output = network(prompts, use_cache=True, logits_to_keep=1)
        started, cpu = time.monotonic(), time.process_time()
        for _ in range(options.steps):
            newest = output.logits[:, -1:].argmax(-1)
            output = network(newest, past_key_values=output.past_key_values, use_cache=True)
    seconds, cpu = time.monotonic() - started, time.process_time() - cpu
    rate, (_, peak) = options.prompts * options.steps / seconds, memory_mib()
    print(
        f"  {rate:.0f} tokens/s, {cpu / options.steps:.3f} s of CPU a token of all answers, peak {peak:,} MiB",
        flush=True,
    )


def random_model(layers: int, dtype: str) -> Any:
    """Return a random model of SmolLM2's width, with fewer layers."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    config = LlamaConfig(
        hidden_size=WIDTH,
        intermediate_size=1536,
        num_hidden_layers=layers,
        num_attention_heads=9,
        num_key_value_heads=3,
        vocab_size=VOCABULARY,
        tie_word_embeddings=True,
    )
    return LlamaForCausalLM(config).to(getattr(torch, dtype))


def memory_mib() -> tuple[int, int]:
    """Return the anonymous memory that is resident, and the peak of the process, in MiB."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    resident, peak = (int(re.search(rf"{name}:\s+(\d+)", status)[1]) // 1024 for name in ("RssAnon", "VmHWM"))
    return resident, peak


if __name__ == "__main__":
    main()
