"""Where a training starts: from a model of the wrong kind, a teacher of another vocabulary, an adapter that is random.

start_mistakes(Subject.of(resolved))      -> problems, each with file and line
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from gretchen import paths
from gretchen.checks.mistakes.problems import Problem, error, warning
from gretchen.checks.mistakes.subject import Subject
from gretchen.models.files import token_ids
from gretchen.models.locate import model_folder
from gretchen.recipes.references import listed
from gretchen.recipes.schema import MODEL

RUN = re.compile(r"(\./)?runs/[^/]+/(?P<stage>[a-z]+)(-[^/]*)?\.[^/]+/")
ALIGNED = ("dpo", "kto", "simpo", "grpo", "rloo", "ppo")
# Both are one matrix where a model ties them.
TIED = ("lm_head", "embed_tokens")
SAVED = "lora_modules_to_save"
TEACHER = "teacher_model_name_or_path"
# TRL's rewards that look at an answer's form alone.
FORM_REWARDS = ("think_format_reward", "get_soft_overlong_punishment", "soft_overlong_punishment")
SOLUTION_REWARDS = ("accuracy_reward", "reasoning_accuracy_reward")


def start_mistakes(subject: Subject) -> Iterator[Problem]:
    """Yield what is wrong with the models that a training starts from or learns from, and with its adapter."""
    yield from other_kind(subject)
    yield from other_vocabulary(subject)
    yield from tied_head(subject)
    yield from random_adapter(subject)
    yield from rewards_of_form(subject)


def start_stage(subject: Subject) -> str:
    """Return the stage whose model a recipe starts from, by its placeholder or its path; "" for a base."""
    run = RUN.match(str(subject.values.get(MODEL[subject.engine])))
    return subject.resolved.parent_stage or (run["stage"] if run else "")


def other_kind(subject: Subject) -> Iterator[Problem]:
    """Report a policy that starts from a reward model; warn of SFT that starts from an aligned model."""
    key, start = MODEL[subject.engine], start_stage(subject)
    if start == "reward" and subject.stage != "reward":
        yield error(
            f"{subject.at(key)}: {subject.stage} starts from a reward model, which gives scores and writes nothing: "
            "${base.sft}"
        )
    elif start in ALIGNED and subject.stage == "sft":
        yield warning(
            f"{subject.at(key)}: SFT starts from a model that {start} has aligned, and undoes that: ${{model}} is the "
            f"base; {start} comes after SFT"
        )


def other_vocabulary(subject: Subject) -> Iterator[Problem]:
    """Report a teacher whose tokens are not the student's, where both are on this disk: their numbers mean others."""
    teacher = subject.values.get(TEACHER)
    folder = model_folder(str(teacher)) if teacher else None
    if folder is None or not different(token_ids(folder), token_ids(subject.model_dir)):
        return
    sizes = [f"{len(token_ids(model)):,}" for model in (folder, subject.model_dir)]
    yield error(
        f"{subject.at(TEACHER)}: the teacher {shown(folder)} has another vocabulary ({sizes[0]} tokens) than the "
        f"student ({sizes[1]}): distillation compares the probabilities of the same tokens: a teacher of the "
        "student's family"
    )


def different(first: Mapping[str, int], second: Mapping[str, int]) -> bool:
    """Return whether two vocabularies, both known, number their tokens differently; one may have a few more."""
    shared = first.keys() & second.keys()
    same = sum(first[token] == second[token] for token in shared)
    return bool(first and second) and same < 0.9 * max(len(first), len(second))


def shown(folder: Path) -> str:
    """Return a model's folder for people, without the cache that it lies in."""
    return folder.name if not folder.is_relative_to(paths.root()) else paths.shown(folder)


def tied_head(subject: Subject) -> Iterator[Problem]:
    """Report one of two tied matrices trained apart: the merged model has only one of them."""
    saved = subject.values.get(SAVED)
    names = [str(name).rpartition(".")[2] for name in listed(saved)]
    if subject.is_lora and subject.model_config().get("tie_word_embeddings") is True and len({*names} & {*TIED}) == 1:
        name = next(name for name in names if name in TIED)
        other = next(name_ for name_ in TIED if name_ != name)
        yield error(
            f"{subject.at(SAVED)}: '{SAVED}' names {name}, and the model ties it to {other}: they are one matrix, and "
            "the trained copy is lost when the adapter is merged: leave it out"
        )


def random_adapter(subject: Subject) -> Iterator[Problem]:
    """Report an adapter that does not start at zero: the model is broken before its first step."""
    for key in ("peft_init_lora_weights", "init_lora_weights"):
        if subject.values.get(key) is False:
            yield error(
                f"{subject.at(key)}: '{key}: false' starts the adapter at random, for debugging: the model is changed "
                "before it has learned anything: leave it out"
            )


def rewards_of_form(subject: Subject) -> Iterator[Problem]:
    """Warn of rewards that never look at what an answer says, and of one that needs a column that rows lack."""
    rewards, path = subject.value("reward_funcs")
    names = [str(name).rpartition(".")[2] for name in listed(rewards)] if rewards else []
    if subject.stage not in ("grpo", "rloo") or not names:
        return
    if all(name in FORM_REWARDS for name in names):
        yield warning(
            f"{subject.at(*path)}: {', '.join(names)} reads an answer's form alone: a wrong answer is worth as much as "
            'a right one: add "${reward}", the project\'s own'
        )
    wanting = [name for name in names if name in SOLUTION_REWARDS]
    if wanting and subject.resolved.project and "build/" in str(subject.values.get("dataset_name", "build/")):
        yield error(
            f"{subject.at(*path)}: {wanting[0]} compares with a column 'solution', which prompts() does not have: "
            'reward_funcs: ["${reward}"]'
        )
