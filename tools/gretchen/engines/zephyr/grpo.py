"""Reinforcement learning from the project's own reward, by GRPO: answers to one prompt against their group's mean.

The same recipe runs under `trl grpo --config`. `reward_funcs: [${reward}]` is evaluation.py's, see
gretchen/rewards.py. Without vLLM the model itself writes the answers.
"""

from pathlib import Path

from gretchen.engines.zephyr import stage


def train(recipe: Path, resume: bool = False) -> Path:
    """Train as the recipe says and return the folder of what was trained: <run>/adapter or <run>/model."""
    from trl import GRPOConfig, GRPOTrainer
    from trl.scripts.grpo import GRPOScriptArguments

    return stage.train_by(GRPOTrainer, GRPOConfig, recipe, resume, GRPOScriptArguments, more=stage.rewards)
