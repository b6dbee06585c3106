"""Conversations with a project's simulator: the model answers, the simulator replies, until one of them is done.

    generate_in_loop(model, settings, Loop(evaluator), samples, answers.extend)

Each turn is prompted anew by the row whose conversation has gone on so far. So a system that is asked in the form of
its documents is asked every turn in that form, with as many examples as its window holds then.
"""

from collections.abc import Callable
from dataclasses import dataclass

from gretchen.models.generate import Conversation, Message, Model, OnToken, generate
from gretchen.projects.rows import Row
from gretchen.scoring.answers import OnAnswers, PromptedRow
from gretchen.scoring.document_form import answer_in
from gretchen.scoring.evaluation import GenerationSettings
from gretchen.scoring.evaluator import Evaluator
from gretchen.scoring.generation import Samples, sampling_params
from gretchen.scoring.scored import Answer
from gretchen.scoring.testset import conversation

BATCH = 64  # conversations at the same time
PromptOf = Callable[[Row], str | Conversation]


@dataclass(frozen=True)
class Loop:
    """The simulator of a closed loop, and how the model is asked a row's next turn."""

    evaluator: Evaluator
    prompt_of: PromptOf = conversation


def generate_in_loop(
    model: Model,
    settings: GenerationSettings,
    loop: Loop,
    samples: Samples,
    on_answers: OnAnswers,
    on_token: OnToken | None = None,
) -> None:
    """Hold a conversation with the project's simulator for each sample, BATCH at a time.

    `on_answers` gets the conversations that ended, after each round of turns.
    """
    for start in range(0, len(samples), BATCH):
        _hold_conversations(model, settings, loop, samples[start : start + BATCH], on_answers, on_token)


def row_after(row: Row, turns: list[Message]) -> Row:
    """Return a row whose conversation has gone on by some turns."""
    if "messages" in row:
        *asked, reference = row["messages"]
        return row | {"messages": [*asked, *turns, reference]}
    return row | {"prompt": [*row["prompt"], *turns]}


def _next_prompt(loop: Loop, prompted: PromptedRow, turns: list[Message]) -> str | Conversation:
    """Return the prompt of a conversation's next turn."""
    return loop.prompt_of(row_after(prompted.row, turns)) if turns else prompted.prompt


def _hold_conversations(
    model: Model,
    settings: GenerationSettings,
    loop: Loop,
    samples: Samples,
    on_answers: OnAnswers,
    on_token: OnToken | None,
) -> None:
    """Hold one batch of conversations; an answer holds all turns of its conversation."""
    turns: list[list[Message]] = [[] for _ in samples]
    ended = [True] * len(samples)
    active = list(range(len(samples)))
    while active:
        prompts = [_next_prompt(loop, samples[i][0], turns[i]) for i in active]
        completions = generate(model, prompts, sampling_params(settings), on_token=on_token)
        over, next_active = [], []
        for i, prompt, completion in zip(active, prompts, completions, strict=True):
            row, number = samples[i][0].row, samples[i][1]
            answer = Answer(row["id"], number, completion.text, completion.ended)
            if isinstance(prompt, str):
                answer = answer_in(answer, row)
            turns[i].append({"role": "assistant", "content": answer.prediction})
            ended[i] &= answer.ended
            reply = loop.evaluator.reply(row, turns[i])
            if reply is None:
                over.append(Answer(row["id"], number, turns[i], ended[i]))
            else:
                turns[i].append({"role": "user", "content": reply})
                next_active.append(i)
        on_answers(over)
        active = next_active
