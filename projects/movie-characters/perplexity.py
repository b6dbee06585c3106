"""A model's perplexity on the reference answers of some rows: exp of the mean loss of their tokens.

Tokens are the model's own, so two models compare only if they share a tokenizer.
"""

import math
from pathlib import Path
from typing import Any

from gretchen.projects.rows import prompt_of


def perplexity(model_dir: Path, rows: list[tuple[dict[str, Any], str]]) -> float:
    """Return the perplexity of a model in a folder on (row, reference) pairs, by its own chat template."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(model_dir)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    dtype = torch.bfloat16 if device == "cuda" else torch.float32
    model = AutoModelForCausalLM.from_pretrained(model_dir, dtype=dtype).to(device).eval()
    losses, count = 0.0, 0
    for row, reference in rows:
        beginning = tokenizer.apply_chat_template(prompt_of(row), tokenize=False, add_generation_prompt=True)
        prompt = tokenizer(beginning, add_special_tokens=False)["input_ids"]
        answer = tokenizer(reference, add_special_tokens=False)["input_ids"]
        tokens = torch.tensor([prompt + answer], device=device)
        labels = tokens.clone()
        labels[0, : len(prompt)] = -100
        with torch.no_grad():
            loss = model(input_ids=tokens, labels=labels).loss
        losses, count = losses + float(loss) * len(answer), count + len(answer)
    return math.exp(min(losses / count, 50.0))
