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
from gretchen.runs.folder import TO_THE_END
from gretchen.scoring.documents import is_answered

ACCURACY = 0.9
DOCUMENTS = 40
# A form of which no document was completed in so many looks, past this share of the steps, will not pass its gate. (The
# genome chatbot's slowest form was at 0 in five looks, until 30 % of the steps, and passed.)
HOPELESS_LOOKS, HOPELESS_SHARE = 3, 0.5


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


def unreachable(looks: list[dict[str, float]], share_of_steps: float) -> list[str]:
    """Return the forms that no document was completed of in the last looks, past half of the training."""
    if len(looks) < HOPELESS_LOOKS or share_of_steps < HOPELESS_SHARE:
        return []
    return [form for form in looks[-1] if all(look.get(form) == 0 for look in looks[-HOPELESS_LOOKS:])]


class Gate(TrainerCallback):
    """Measure the gate at every checkpoint; end the training when every form passes, or when one never will."""

    def __init__(self, run: Path, documents: Path) -> None:
        self.path = run / "gates.jsonl"
        self.forms = documents_by_form(documents)
        self.started = time.monotonic()
        self.looks = [look["accuracy"] for look in read_jsonl(self.path)] if self.path.is_file() else []

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """Write one line to gates.jsonl, and stop the training once every form passes, or one cannot."""
        if not self.forms or not state.is_world_process_zero:
            return
        model = kwargs["model"]
        model.eval()
        scores = accuracy(model, kwargs["processing_class"], self.forms)
        model.train()
        self.looks.append(scores)
        hopeless = unreachable(self.looks, state.global_step / state.max_steps)
        line = {"step": state.global_step, "seconds": time.monotonic() - self.started, "accuracy": scores}
        line |= {"required": ACCURACY, "unreachable": [] if (self.path.parent / TO_THE_END).exists() else hopeless}
        with self.path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(line) + "\n")
        if min(scores.values()) >= ACCURACY or line["unreachable"]:
            control.should_training_stop = True
