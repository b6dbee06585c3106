"""How the memory of a training grows on a processor where batches have many lengths, and what malloc_trim(3) saves.

    .venv/bin/python bench/freed_memory.py [--steps 60] [--layers 6]

Trains LoRA on a random model of SmolLM2's width in bf16, eight rows of 40 to 200 tokens a step, once as it is and once
returning freed memory every tenth step, each in a process of its own. Prints the anonymous memory that is resident
after the steps, the process's peak, and the CPU time. Linux with glibc only.
"""

import argparse
import ctypes
import re
import subprocess
import sys
import time
from pathlib import Path

WIDTH, VOCABULARY, ROWS, CHUNK, TRIM_STEPS = 576, 49_152, 8, 256, 10


def main() -> None:
    """Run both trainings, or one of them in this process."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--mode", choices=["as it is", "trimmed"])
    options = parser.parse_args()
    if options.mode:
        train(options.steps, options.layers, options.mode == "trimmed")
        return
    for mode in ("as it is", "trimmed"):
        words = ["--mode", mode, "--steps", str(options.steps), "--layers", str(options.layers)]
        print(f"{mode}:", flush=True)
        subprocess.run([sys.executable, __file__, *words], check=True)


def train(steps: int, layers: int, trims: bool) -> None:
    """Train and print the memory after every twentieth step."""
    import torch
    from peft import LoraConfig, get_peft_model
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
    network = LlamaForCausalLM(config).to(torch.bfloat16)
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
        if trims and step % TRIM_STEPS == 0:
            ctypes.CDLL(None).malloc_trim(0)
        if step % 20 == 0:
            resident, peak = memory_mib()
            seconds = time.process_time() - started
            print(f"  step {step}: {resident:,} MiB resident, peak {peak:,} MiB, {seconds:.0f} s of CPU", flush=True)


def memory_mib() -> tuple[int, int]:
    """Return the anonymous memory that is resident, and the peak of the process, in MiB."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    resident, peak = (int(re.search(rf"{name}:\s+(\d+)", status)[1]) // 1024 for name in ("RssAnon", "VmHWM"))
    return resident, peak


if __name__ == "__main__":
    main()
