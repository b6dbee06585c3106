"""Numbers without sense: hyperparameters outside the range in which a training learns anything.

    number_mistakes(Subject.of(resolved))      -> problems, each with file and line

A table of ranges, for both engines. Learning rates are checked in rates.py, LoRA's scale and DPO's beta, whose range
depends on other values, in recipe.py, numbers of steps in schedule.py. The figures are those of papers and of public
recipes (alignment-handbook, TRL's and axolotl's examples), with room on both sides.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from gretchen.checks.mistakes.problems import Problem, error, warning
from gretchen.checks.mistakes.subject import Subject

Interval = tuple[float, float]
INFINITE = math.inf
GROUPS = ("grpo", "rloo")  # stages that compare the answers to one prompt


@dataclass(frozen=True)
class Range:
    """The range of a hyperparameter, whose key differs by engine.

    Outside `possible` nothing is learned: an error. Outside `usual` is a warning. `below` and `above` say what such a
    value does. Without `stages` it holds for all of them; `exempt` are values that switch something off.
    """

    keys: tuple[str, ...]
    possible: Interval
    usual: Interval
    below: str
    above: str
    stages: tuple[str, ...] = ()
    exempt: tuple[float, ...] = ()


NEGATIVE = "it cannot be negative"
RANGES = (
    Range(("weight_decay",), (0, 1), (0, 0.4), NEGATIVE, "the weights shrink faster than they learn"),
    Range(("adam_beta1",), (0, 0.999), (0.5, 0.99), "gradients are hardly averaged",
          "steps follow old gradients alone"),
    Range(("adam_beta2",), (0.1, 0.99999), (0.8, 0.9999), "steps are scaled by single gradients", "steps are scaled by "
          "the first gradients alone"),
    Range(("adam_epsilon",), (0, 1e-3), (1e-15, 1e-4), "a step may divide by zero", "steps shrink to almost nothing"),
    Range(("max_grad_norm",), (1e-3, INFINITE), (0.02, INFINITE), "gradients are clipped to almost nothing", "",
          exempt=(0,)),
    Range(("label_smoothing_factor",), (0, 0.9), (0, 0.3), NEGATIVE, "the right token hardly counts more than others"),
    Range(("label_smoothing", "dpo_label_smoothing"), (0, 0.49), (0, 0.4), NEGATIVE,
          "half of the pairs count as swapped", stages=("dpo", "simpo", "kto")),
    Range(("lora_dropout",), (0, 0.9), (0, 0.4), NEGATIVE, "most of the adapter's input is dropped"),
    Range(("lora_r",), (1, 4096), (1, 1024), "an adapter without a rank has no weights", "an adapter of a full "
          "fine-tune's size"),
    Range(("lora_alpha",), (1e-6, INFINITE), (1e-6, INFINITE), "the adapter's output is multiplied by nothing, or "
          "reversed", ""),
    Range(("loraplus_lr_ratio",), (0.01, 1000), (1, 100), "matrix B learns slower than A", "matrix B jumps"),
    Range(("neftune_noise_alpha", "noisy_embedding_alpha"), (0, 200), (0, 50), NEGATIVE, "embeddings drown in noise"),
    Range(("num_train_epochs", "num_epochs"), (1e-9, 2000), (0.05, 100), "hardly a row is seen",
          "rows are repeated until they are known by heart"),
    Range(("max_length", "sequence_len"), (8, INFINITE), (32, INFINITE), "no question with its answer fits", ""),
    Range(("min_sample_len",), (0, 512), (0, 128), NEGATIVE, "shorter rows are left out"),
    Range(("router_aux_loss_coef",), (0, 10), (0, 1), NEGATIVE, "the balance of experts counts more than the answers"),
    Range(("seed", "data_seed"), (0, 2**32 - 1), (0, 2**32 - 1), "no generator takes it", "no generator takes it"),
    Range(("cosine_min_lr_ratio",), (0, 1), (0, 0.9), NEGATIVE, "the learning rate never falls"),
    Range(("cosine_constant_lr_ratio",), (0, 1), (0, 1), NEGATIVE, "it is a share of all steps"),
    Range(("embedding_lr", "loraplus_lr_embedding"), (0, 0.5), (0, 0.1), NEGATIVE, "the embeddings jump"),
    # Preferences. ORPO's lambda is 0.1 in its paper (Hong et al. 2024); SimPO's beta 2 to 10, its gamma 0.3 to 1.6.
    Range(("beta", "orpo_alpha", "rl_beta"), (1e-6, 100), (0.005, 2), "the rejected answers do not count", "the chosen "
          "answers' own loss does not count", stages=("orpo",)),
    Range(("simpo_gamma",), (-1, 100), (0, 10), "the rejected answer may be the likelier one", "no pair can reach it"),
    Range(("cpo_alpha", "rpo_alpha"), (0, 1000), (0, 100), NEGATIVE, "the rejected answers do not count"),
    Range(("desirable_weight", "kto_desirable_weight"), (1e-3, 1000), (0.05, 50), "desirable answers do not count",
          "undesirable answers do not count"),
    Range(("undesirable_weight", "kto_undesirable_weight"), (1e-3, 1000), (0.05, 50),
          "undesirable answers do not count", "desirable answers do not count"),
    Range(("center_rewards_coefficient",), (0, 10), (0, 1), NEGATIVE, "all rewards become 0"),
    Range(("ref_model_mixup_alpha",), (0, 1), (0.01, 0.99), "the reference never follows",
          "the reference is the policy itself"),
    # Answers that the model generates.
    Range(("temperature",), (0.01, 10), (0.3, 2), "all answers to a prompt are the same, and none is better",
          "answers are noise", stages=(*GROUPS, "ppo", "distill")),
    Range(("top_p",), (0.01, 1), (0.5, 1), "all answers to a prompt are the same", "it is a probability",
          stages=GROUPS),
    Range(("top_k",), (2, INFINITE), (5, INFINITE), "all answers to a prompt are the same", "", stages=GROUPS,
          exempt=(0, -1)),
    Range(("min_p",), (0, 0.99), (0, 0.5), NEGATIVE, "all answers to a prompt are the same", stages=GROUPS),
    Range(("repetition_penalty",), (0.5, 3), (0.9, 1.5), "answers repeat themselves",
          "answers may not use a word twice", stages=GROUPS),
    Range(("num_generations",), (2, 4096), (2, 256), "an answer is compared with others to the same prompt", "a step "
          "takes hours", stages=GROUPS),
    Range(("num_iterations",), (1, 100), (1, 16), "nothing is trained", "the policy runs away from its own answers",
          stages=GROUPS),
    Range(("epsilon", "epsilon_high"), (1e-6, 100), (1e-4, 10), "every change is clipped", "no change is clipped",
          stages=GROUPS),
    Range(("beta",), (0, 100), (0, 1), NEGATIVE, "the policy hardly leaves the reference", stages=GROUPS),
    Range(("max_completion_length", "response_length", "max_new_tokens"), (4, 100_000), (8, 65_536), "answers are cut "
          "before they say anything", "no model writes so much", stages=(*GROUPS, "ppo", "distill")),
    Range(("kl_coef",), (0, 100), (0, 1), NEGATIVE, "the policy hardly leaves the reference", stages=("ppo",)),
    Range(("cliprange", "cliprange_value"), (1e-3, 10), (0.02, 1), "every change is clipped", "no change is clipped",
          stages=("ppo",)),
    Range(("gamma", "lam"), (0, 1), (0.5, 1), "later tokens do not count", "it is a discount", stages=("ppo",)),
    Range(("vf_coef",), (0, 100), (0, 10), NEGATIVE, "the value model counts more than the policy", stages=("ppo",)),
    Range(("num_ppo_epochs",), (1, 100), (1, 20), "nothing is trained", "the policy runs away from its own answers",
          stages=("ppo",)),
    Range(("beta", "lmbda"), (0, 1), (0, 1), NEGATIVE, "it is a share", stages=("distill",)),
)  # fmt: skip


def number_mistakes(subject: Subject) -> Iterator[Problem]:
    """Report hyperparameters outside their possible range, warn of those outside their usual one."""
    for entry in RANGES:
        if entry.stages and subject.stage not in entry.stages:
            continue
        for key in entry.keys:
            found = subject.number(key)
            if found and found[1] not in entry.exempt:
                yield from out_of_range(subject, entry, *found)
    yield from swapped_betas(subject)


def out_of_range(subject: Subject, entry: Range, key: str, value: float) -> Iterator[Problem]:
    """Yield the problem of a value outside its range, if it is."""
    low, high = entry.usual
    if low <= value <= high:
        return
    effect = entry.below if value < low else entry.above
    message = f"{subject.at(*key.split('.'))}: '{key}' is {value:g}: {effect} ({between(entry.usual)} is usual)"
    yield (warning if entry.possible[0] <= value <= entry.possible[1] else error)(message)


def between(interval: Interval) -> str:
    """Return an interval for people: "0.5 to 0.99", "32 or more"."""
    low, high = interval
    return f"{low:g} or more" if high == INFINITE else f"{low:g} to {high:g}"


def swapped_betas(subject: Subject) -> Iterator[Problem]:
    """Report Adam's betas in the wrong order: the second averages over more steps."""
    first, second = subject.number("adam_beta1"), subject.number("adam_beta2")
    if first and second and first[1] > second[1]:
        yield error(
            f"{subject.at('adam_beta1')}: 'adam_beta1' {first[1]:g} is larger than 'adam_beta2' {second[1]:g}: 0.9 and "
            "0.999 are usual"
        )
