"""Answers from a model: one completion per prompt, or a conversation with the project's simulator in a closed loop."""

from typing import Any

from gretchen.models.generate import Completion, Conversation, Model, OnToken, SamplingParams, generate
from gretchen.projects.card import Evaluation as EvaluationSettings
from gretchen.provenance import is_smoke
from gretchen.scoring.answers import OnAnswers, PromptedRow
from gretchen.scoring.evaluation import GenerationSettings
from gretchen.scoring.evaluator import Evaluator
from gretchen.scoring.scored import Answer
from gretchen.scoring.testset import SEED

# Sampling for pass@k (Chen et al. 2021 sample at 0.8 for large k).
SAMPLING_TEMPERATURE = 0.8
# Conversations of a closed loop that run at the same time.
LOOP_BATCH = 64
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


def generate_in_loop(
    model: Model,
    settings: GenerationSettings,
    evaluator: Evaluator,
    samples: Samples,
    on_answers: OnAnswers,
    on_token: OnToken | None = None,
) -> None:
    """Hold a conversation with the project's simulator for each sample, LOOP_BATCH at a time.

    `on_answers` gets the conversations that ended, after each round of turns.
    """
    for start in range(0, len(samples), LOOP_BATCH):
        _hold_conversations(model, settings, evaluator, samples[start : start + LOOP_BATCH], on_answers, on_token)


def _hold_conversations(
    model: Model,
    settings: GenerationSettings,
    evaluator: Evaluator,
    samples: Samples,
    on_answers: OnAnswers,
    on_token: OnToken | None,
) -> None:
    """Hold one batch of conversations; an answer holds all turns of its conversation."""
    turns: list[list[dict[str, Any]]] = [[] for _ in samples]
    ended = [True] * len(samples)
    active = list(range(len(samples)))
    while active:
        prompts = [_continued(samples[i][0], turns[i]) for i in active]
        completions = generate(model, prompts, sampling_params(settings), on_token=on_token)
        over, next_active = [], []
        for i, completion in zip(active, completions, strict=True):
            prompt, number = samples[i]
            turns[i].append({"role": "assistant", "content": completion.text})
            ended[i] &= completion.ended
            reply = evaluator.reply(prompt.row, turns[i])
            if reply is None:
                over.append(Answer(prompt.row["id"], number, turns[i], ended[i]))
            else:
                turns[i].append({"role": "user", "content": reply})
                next_active.append(i)
        on_answers(over)
        active = next_active


def _continued(prompt: PromptedRow, turns: list[dict[str, Any]]) -> Conversation:
    """Return the prompt's conversation with the turns that followed."""
    assert isinstance(prompt.prompt, Conversation), "a document has no turns"
    return Conversation([*prompt.prompt.messages, *turns], prompt.prompt.tools)
