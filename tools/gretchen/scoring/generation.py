"""Answers from a model, one completion per prompt. Conversations with a simulator: closed_loop.py."""

from gretchen.models.generate import Completion, Model, OnToken, SamplingParams, generate
from gretchen.projects.card import Evaluation as EvaluationSettings
from gretchen.provenance import is_smoke
from gretchen.scoring.answers import OnAnswers, PromptedRow
from gretchen.scoring.evaluation import GenerationSettings
from gretchen.scoring.scored import Answer
from gretchen.scoring.testset import SEED

# Sampling for pass@k (Chen et al. 2021 sample at 0.8 for large k).
SAMPLING_TEMPERATURE = 0.8
Samples = list[tuple[PromptedRow, int]]
SMOKE_TOKENS = 32  # an untrained model never ends its answer


def greedy_settings(card: EvaluationSettings) -> GenerationSettings:
    """Return how one greedy answer in chat form is generated; in a smoke test it has at most SMOKE_TOKENS."""
    max_new_tokens = min(card.max_new_tokens, SMOKE_TOKENS) if is_smoke() else card.max_new_tokens
    return GenerationSettings(
        max_new_tokens=max_new_tokens, stop=tuple(card.stop), samples=1, temperature=0.0, seed=SEED
    )


def chat_settings(card: EvaluationSettings) -> GenerationSettings:
    """Return how answers in chat form are generated: greedily, or sampled where the card asks for several a row."""
    settings = greedy_settings(card)
    if card.samples == 1:
        return settings
    return settings.model_copy(update={"samples": card.samples, "temperature": SAMPLING_TEMPERATURE})


def sampling_params(settings: GenerationSettings) -> SamplingParams:
    """Return how the model generates under an evaluation's settings."""
    return SamplingParams(settings.max_new_tokens, settings.stop, settings.temperature, settings.seed)


def generate_answers(
    model: Model,
    settings: GenerationSettings,
    samples: Samples,
    on_answers: OnAnswers,
    on_token: OnToken | None = None,
) -> None:
    """Answer each (prompt, sample number) once, in batches; `on_token` is that of `generate`."""

    def on_batch(positions: list[int], completions: list[Completion]) -> None:
        pairs = [(samples[i], completion) for i, completion in zip(positions, completions, strict=True)]
        on_answers(
            [
                Answer(prompt.row["id"], sample, completion.text, completion.ended)
                for (prompt, sample), completion in pairs
            ]
        )

    prompts = [prompt.prompt for prompt, _ in samples]
    generate(model, prompts, sampling_params(settings), on_batch=on_batch, on_token=on_token)
