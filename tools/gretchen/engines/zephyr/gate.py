"""The gate of a pretraining: the share of held-out documents, per form, whose answer the model completes.

Not a benchmark of the chat model: documents are continued as plain text, without a template.
"""

import json
import random
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from gretchen.files import read_jsonl
from gretchen.models.generate import Model, SamplingParams, generate
from gretchen.scoring.documents import is_answered

ACCURACY = 0.9
DOCUMENTS = 40


def documents_by_form(path: Path, count: int = DOCUMENTS) -> dict[str, list[tuple[str, str]]]:
    """Return {form: [(text before the answer, answer)]}, the same `count` documents of each form every time."""
    forms = defaultdict(list)
    for row in read_jsonl(path):
        answer = json.loads(row.get("meta") or "{}").get("answer")
        if answer:
            forms[row["form"]].append((row["text"].removesuffix(answer), answer))
    rng = random.Random(0)
    return {form: rng.sample(pairs, min(count, len(pairs))) for form, pairs in sorted(forms.items())}


def accuracy(model: Any, tokenizer: Any, forms: dict[str, list[tuple[str, str]]]) -> dict[str, float]:
    """Return {form: share of documents whose answer the model completes exactly}."""
    scores = {}
    for form, pairs in forms.items():
        longest = max(len(tokenizer(answer)["input_ids"]) for _, answer in pairs)
        completions = generate(
            Model(model=model, tokenizer=tokenizer),
            [prefix.rstrip(" ") for prefix, _ in pairs],
            SamplingParams(max_new_tokens=longest + 4),  # room for EOS, or for the line break after the answer
        )
        num_correct = sum(
            is_answered(completion.text, answer) for completion, (_, answer) in zip(completions, pairs, strict=True)
        )
        scores[form] = num_correct / len(pairs)
    return scores


class Gate(TrainerCallback):
    """Measure the gate at every checkpoint, and end the training when every form is above ACCURACY."""

    def __init__(self, run: Path, documents: Path) -> None:
        self.path = run / "gates.jsonl"
        self.forms = documents_by_form(documents)
        self.started = time.monotonic()

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """Write one line to gates.jsonl, and stop the training once every form passes."""
        if not self.forms or not state.is_world_process_zero:
            return
        model = kwargs["model"]
        model.eval()
        scores = accuracy(model, kwargs["processing_class"], self.forms)
        model.train()
        line = {"step": state.global_step, "seconds": time.monotonic() - self.started, "accuracy": scores}
        with self.path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(line) + "\n")
        if min(scores.values()) >= ACCURACY:
            control.should_training_stop = True
