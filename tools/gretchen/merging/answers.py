"""The second half of a merge's proof: held-out prompts through base + adapter and through the merged model.

Both compute in float32 from the numbers that their files hold, so that the gap between their logits is what merging
rounds off, and not what a batch or a kernel does. Prompts are answered greedily; logits are compared at each token of
the first model's answers. Nothing is scored.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gretchen.models.generate import Completion, Model, Prompt, SamplingParams, encode, generate
from gretchen.scoring.templates import template_text
from gretchen.scoring.testset import conversation, load_set, sample

PROMPTS, NEW_TOKENS = 16, 32
# For a merge outside any project, whose held-out rows would be asked.
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
class Said:
    """What a model answers to prompts, and its logits (tokens × words, float32) where the answers were written."""

    completions: list[Completion]
    logits: list[Any]


def load_exact(base: str, adapter: Path | None = None, quantization: Any = None, words: int | None = None) -> Model:
    """Return a model in float32 on the CPU, or quantized with float32 arithmetic, with an adapter on it.

    `words` is the size of the adapter's vocabulary where it is another one than the base's.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig

    place = str(adapter) if adapter and (adapter / "tokenizer_config.json").is_file() else base
    tokenizer = AutoTokenizer.from_pretrained(place)
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32, quantization_config=quantization)
    ends = model.generation_config.eos_token_id
    model.generation_config = GenerationConfig(eos_token_id=ends)
    if words:
        model.resize_token_embeddings(words, mean_resizing=False)
    if adapter:
        from peft import PeftModel

        model = PeftModel.from_pretrained(model, str(adapter))
    return Model(tokenizer, model.eval())


def say(model: Model, prompts: Sequence[Prompt], told: Said | None = None) -> Said:
    """Return a model's greedy answers, and its logits along them, or along the answers `told` by another model."""
    import torch

    completions = generate(model, prompts, SamplingParams(NEW_TOKENS))
    logits = []
    for prompt, one in zip(prompts, (told or Said(completions, [])).completions, strict=True):
        asked = encode(model, prompt)
        ids = asked + model.tokenizer.encode(one.text, add_special_tokens=False)
        with torch.inference_mode():
            # From the last token of the prompt on: that is where the answer's first token is chosen.
            logits.append(
                model.model(input_ids=torch.tensor([ids], device=model.model.device))
                .logits[0, len(asked) - 1 :]
                .float()
                .cpu()
            )
    return Said(completions, logits)


def gap(one: Said, two: Said) -> dict[str, Any]:
    """Return how two models differ on the same prompts, a dict for run.json.

    `logit_gap`: the largest difference of a logit; `relative_gap`: the root mean square of all differences, as a share
    of the spread (standard deviation) of the first model's logits; `identical_answers`: the share of greedy answers
    that are the same, letter by letter.
    """
    import torch

    apart = torch.cat([(a - b).flatten() for a, b in zip(one.logits, two.logits, strict=True)])
    spread = torch.cat([a.flatten() for a in one.logits]).std()
    same = sum(a == b for a, b in zip(one.completions, two.completions, strict=True))
    return {
        "prompts": len(one.completions),
        "logit_gap": float(apart.abs().max()),
        "relative_gap": float(apart.square().mean().sqrt() / spread),
        "identical_answers": same / len(one.completions),
    }


def prompts_for(folder: Path, project: str | None) -> list[Prompt]:
    """Return held-out prompts: test rows of the project whose run is merged, or general questions.

    [] where the model folder has no tokenizer to ask with.
    """

    if not (folder / "tokenizer_config.json").is_file():
        return []
    if template_text(folder) is None:
        return list(QUESTIONS)
    if project and (rows := load_set(project, "test")):
        return [conversation(row) for row in sample(rows, PROMPTS)]
    return [[{"role": "user", "content": question}] for question in QUESTIONS]
