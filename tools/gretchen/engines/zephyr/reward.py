"""A reward model from preference pairs: one score per conversation (Bradley-Terry), by TRL's RewardTrainer.

`trl reward --config` takes the same recipe, but also reads the line break that chat templates write after the token
that ends an answer. Ours stops at that token, where PPO and `make eval` read the score. A reward model scores answers
and generates none.
"""

from pathlib import Path
from typing import Any

from gretchen.engines.zephyr.stage import Hooks, train_stage
from gretchen.models.generate import Model
from gretchen.recipes.stages import find_stage
from gretchen.scoring.preferences import encode


def train(recipe: Path, stage: str = "reward", resume: bool = False) -> Path:
    """Train as the recipe says and return the folder of what was trained: <run>/adapter or <run>/model."""
    return train_stage(find_stage("zephyr", stage), recipe, resume, Hooks(prepare_rows=tokenized))


def tokenized(rows: Any, model: Any) -> Any:
    """Return the rows' conversations as token ids, up to the token that ends the answer."""
    from transformers import AutoTokenizer

    tokenizer = Model(AutoTokenizer.from_pretrained(model.model_name_or_path, revision=model.model_revision), None)

    def encoded(row: dict[str, Any]) -> dict[str, list[int]]:
        return {f"{side}_ids": encode(tokenizer, row, row[side])[0] for side in ("chosen", "rejected")}

    return rows.map(encoded, remove_columns=next(iter(rows.values())).column_names)
