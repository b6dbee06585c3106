"""A reward model from preference pairs: a score per conversation (Bradley-Terry), by TRL's RewardTrainer.

The same recipe runs under `trl reward --config`, which reads behind the token that ends an answer also the line break
that chat templates write there. Ours stops at that token, where PPO and `make eval` ask for the score. What it trains
scores answers and writes none.
"""

from pathlib import Path
from typing import Any

from gretchen.engines.zephyr import stage
from gretchen.models.generate import Model
from gretchen.scoring.preferences import encode


def train(recipe: Path, resume: bool = False) -> Path:
    """Train as the recipe says and return the folder of what was trained: <run>/adapter or <run>/model."""
    from trl import RewardConfig, RewardTrainer

    return stage.train_by(RewardTrainer, RewardConfig, recipe, resume, shape=tokens)


def tokens(rows: Any, model: Any) -> Any:
    """Return the rows' conversations as token ids, up to the one that ends the answer."""
    from transformers import AutoTokenizer

    asked = Model(AutoTokenizer.from_pretrained(model.model_name_or_path, revision=model.model_revision), None)

    def encoded(row: dict[str, Any]) -> dict[str, Any]:
        return {f"{side}_ids": encode(asked, row, row[side])[0] for side in ("chosen", "rejected")}

    return rows.map(encoded, remove_columns=next(iter(rows.values())).column_names)
