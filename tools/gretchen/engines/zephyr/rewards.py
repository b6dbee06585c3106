"""Reinforcement learning from a reward function: GRPO and RLOO, by TRL's trainers of these names.

`reward_funcs: [${reward}]` is the project's own (evaluation.py, see gretchen/rewards.py). `trl grpo --config` and
`trl rloo --config` take the same recipes.
"""

import importlib
from pathlib import Path
from typing import Any

from gretchen.engines.zephyr.stage import Hooks, train_stage
from gretchen.errors import UserError
from gretchen.recipes.stages import find_stage


def train(recipe: Path, stage: str, resume: bool = False) -> Path:
    """Train as the recipe says and return the folder of what was trained: <run>/adapter or <run>/model."""
    return train_stage(find_stage("zephyr", stage), recipe, resume, Hooks(extra_kwargs=reward_kwargs))


def reward_kwargs(script: Any, *_: Any) -> dict[str, Any]:  # keyword arguments of TRL's trainer
    """Return {"reward_funcs": …}: TRL's own by name, others by their import path, a reward model by its folder.

    Raises UserError for one that cannot be imported.
    """
    from trl import rewards as rewards_of_trl

    functions = [script.reward_model_name_or_path] if script.reward_model_name_or_path else []
    for name in script.reward_funcs or []:
        module, _, function = name.rpartition(".")
        try:
            functions.append(getattr(importlib.import_module(module) if module else rewards_of_trl, function))
        except (ImportError, AttributeError) as failure:
            hint = "reward_funcs: [${reward}] is the project's own"
            raise UserError(f"reward_funcs: '{name}' cannot be imported: {failure}", hint) from None
    return {"reward_funcs": functions}
