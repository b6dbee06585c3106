"""Preference accuracy of reward models: how often the chosen answer of a held-out pair gets the higher score.

A reward model generates no answers, so it has a table of its own; chance is one half. The margin is the difference of
the two scores, on the model's own scale. Answers are read up to EOS, as engines/zephyr/reward.py trains them and PPO
shows them.
"""

from functools import partial
from pathlib import Path

from gretchen import paths
from gretchen.models.generate import Model, load_reward_model
from gretchen.projects.rows import Row
from gretchen.provenance import is_smoke
from gretchen.runs.record import Run, read_record, update_record
from gretchen.scoring import preferences
from gretchen.scoring.evaluation import PreferenceResult, RewardModelResult
from gretchen.scoring.preferences import Margins, PairSet
from gretchen.scoring.systems import System, system, trained_run
from gretchen.scoring.templates import template_text
from gretchen.scoring.testset import SMOKE_LIMIT


def scores(model: Model, rows: list[Row], side: str) -> list[float]:
    """Return a reward model's score of each pair's "chosen" or "rejected" answer."""
    import torch

    values = []
    for row in rows:  # one by one: how to pad depends on the architecture's head
        ids, _ = preferences.encode(model, row, row[side])
        with torch.inference_mode():
            values.append(float(model.model(torch.tensor([ids], device=model.model.device)).logits[0, 0]))
    return values


def score_margins(model: Model, rows: list[Row]) -> list[float]:
    """Return for each pair the chosen answer's score minus the rejected one's."""
    chosen, rejected = (scores(model, rows, side) for side in preferences.SIDES)
    return [a - b for a, b in zip(chosen, rejected, strict=True)]


def evaluate_reward_model(reward_model: System, pairs: PairSet) -> PreferenceResult:
    """Return a reward model's accuracy and margin with intervals. The margins are computed once and kept on disk."""
    margins = Margins(tuple(tuple(margins_of(seed, pairs)) for seed in reward_model.seeds))
    return preferences.preference_result(margins, pairs.rows)


def margins_of(reward_model: System, pairs: PairSet) -> list[float]:
    """Return the margins of one trained reward model."""
    base = reward_model.model if reward_model.adapter else paths.shown(reward_model.folder)
    get_model = partial(load_reward_model, base, reward_model.adapter, pairs.template)
    return preferences.cached_margins(pairs, reward_model.weights, get_model, score_margins)


def evaluate_reward_models(reward_models: list[System], pairs: PairSet) -> list[RewardModelResult]:
    """Return a result per reward model; [] without pairs."""
    return [
        RewardModelResult(
            name=model.name,
            run=model.run_id,
            weights=model.weights,
            trained=tuple(trained_run(seed) for seed in model.seeds),
            preferences=evaluate_reward_model(model, pairs),
        )
        for model in (reward_models if pairs.rows else [])
    ]


def write_preference_result(run_dir: Path, project: str) -> None:
    """Evaluate the reward model that a run has trained on held-out pairs, and keep the result in its run.json."""
    reward_model = system(Run(run_dir, read_record(run_dir)), alone=True)
    rows = preferences.preference_rows(project, "test", SMOKE_LIMIT if is_smoke() else 0)
    if rows:
        pairs = PairSet(project, template_text(reward_model.folder) or "", rows)
        update_record(run_dir, pairs=evaluate_reward_model(reward_model, pairs).to_json())


def print_preference_result(run_dir: Path) -> None:
    """Print the preference accuracy of the run's reward model; nothing where it trained none."""
    pairs = read_record(run_dir).pairs
    if pairs:
        result = PreferenceResult.model_validate(pairs)
        accuracy = result.accuracy
        interval = f"{accuracy.value:.3f} [{accuracy.low:.3f}, {accuracy.high:.3f}]"
        print(f"\npreference accuracy on held-out pairs: {interval} of {result.num_pairs:,} pairs")
