"""The second half of a merge's proof: held-out prompts through base + adapter and through the merged model.

Both compute in float32 from the weights in their files, so that the gap between their logits is the rounding of the
merge, not an effect of batches or kernels. Prompts are answered greedily; logits are compared at each token of the
first model's answers. Nothing is scored.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gretchen.models.generate import Completion, Model, Prompt, SamplingParams, encode, generate
from gretchen.scoring.templates import template_text
from gretchen.scoring.testset import conversation, load_set, sample

NUM_PROMPTS, MAX_NEW_TOKENS = 16, 32
# For a merge outside any project, which has no held-out rows.
QUESTIONS = (
    "What is the capital of France?",
    "Name three primary colours.",
    "Write one sentence about the sea.",
    "What is 17 + 25?",
    "Translate into German: Good morning.",
    "Explain in one sentence what a gene is.",
    "List the days of the week.",
    "Is water wet? Answer yes or no.",
)


@dataclass(frozen=True)
class ModelOutputs:
    """A model's completions of prompts, and its logits (tokens × vocabulary, float32) along the completions."""

    completions: list[Completion]
    logits: list[Any]


@dataclass(frozen=True)
class OutputGap:
    """How two models differ on the same prompts.

    `logit_gap`: the largest difference of a logit; `relative_gap`: the root mean square of all differences, as a share
    of the standard deviation of the first model's logits; `identical_answers`: the share of greedy answers that are
    equal, character by character.
    """

    prompts: int
    logit_gap: float
    relative_gap: float
    identical_answers: float

    def text(self, tolerance: float | None = None) -> str:
        """Return the comparison on one line."""
        allowed = f", at most {tolerance:g}" if tolerance else ""
        identical = round(self.identical_answers * self.prompts)
        return (
            f"{self.prompts} prompts, largest logit gap {self.logit_gap:.3g} ({self.relative_gap:.2g} of the logits' "
            f"spread{allowed}), {identical} of {self.prompts} greedy answers identical"
        )


def load_float32(
    base: str, adapter: Path | None = None, quantization: Any = None, vocab_size: int | None = None
) -> Model:
    """Return a model in float32 on the CPU, or quantized with float32 arithmetic, optionally with an adapter.

    `vocab_size` is the adapter's, where it differs from the base's.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig

    has_tokenizer = adapter is not None and (adapter / "tokenizer_config.json").is_file()
    tokenizer = AutoTokenizer.from_pretrained(str(adapter) if has_tokenizer else base)
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32, quantization_config=quantization)
    model.generation_config = GenerationConfig(eos_token_id=model.generation_config.eos_token_id)
    if vocab_size:
        model.resize_token_embeddings(vocab_size, mean_resizing=False)
    if adapter:
        from peft import PeftModel

        model = PeftModel.from_pretrained(model, str(adapter))
    return Model(tokenizer, model.eval())


def generate_outputs(model: Model, prompts: Sequence[Prompt], along: ModelOutputs | None = None) -> ModelOutputs:
    """Return a model's greedy completions, and its logits along them, or along the completions of another model."""
    import torch

    completions = generate(model, prompts, SamplingParams(MAX_NEW_TOKENS))
    logits = []
    for prompt, completion in zip(prompts, along.completions if along else completions, strict=True):
        prompt_ids = encode(model, prompt)
        ids = prompt_ids + model.tokenizer.encode(completion.text, add_special_tokens=False)
        with torch.inference_mode():
            output = model.model(input_ids=torch.tensor([ids], device=model.model.device))
            # From the last prompt token on: its logits choose the first token of the answer.
            logits.append(output.logits[0, len(prompt_ids) - 1 :].float().cpu())
    return ModelOutputs(completions, logits)


def compare_outputs(first: ModelOutputs, second: ModelOutputs) -> OutputGap:
    """Return how two models differ on the same prompts."""
    import torch

    pairs = zip(first.logits, second.logits, strict=True)
    difference = torch.cat([(a - b).flatten() for a, b in pairs])
    spread = torch.cat([logits.flatten() for logits in first.logits]).std()
    identical = sum(a == b for a, b in zip(first.completions, second.completions, strict=True))
    return OutputGap(
        prompts=len(first.completions),
        logit_gap=float(difference.abs().max()),
        relative_gap=float(difference.square().mean().sqrt() / spread),
        identical_answers=identical / len(first.completions),
    )


def prompts_for(folder: Path, project: str | None) -> list[Prompt]:
    """Return held-out prompts: test rows of the project whose run is merged, or general questions.

    [] where the model folder has no tokenizer.
    """
    if not (folder / "tokenizer_config.json").is_file():
        return []
    if template_text(folder) is None:
        return list(QUESTIONS)
    if project and (rows := load_set(project, "test")):
        return [conversation(row) for row in sample(rows, NUM_PROMPTS)]
    return [[{"role": "user", "content": question}] for question in QUESTIONS]
