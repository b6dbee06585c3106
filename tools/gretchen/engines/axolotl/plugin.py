"""Our plugin for axolotl (its own interface): seed, callbacks, 4-bit weights, fewer garbage collections."""

import gc
from pathlib import Path
from typing import Any

from axolotl.integrations.base import BasePlugin
from transformers import TrainerCallback, set_seed

from gretchen.engines.answers import AnswersWhileTraining
from gretchen.engines.callbacks import SaveEvery, run_callbacks
from gretchen.engines.four_bits import keep_trainable
from gretchen.engines.rehearsal import LongestFirst
from gretchen.engines.tools import keep_tools
from gretchen.tracking.run import curve_callbacks


class RunPlugin(BasePlugin):
    """Adds the callbacks that write metrics.jsonl, checkpoints by the clock, and W&B's curves."""

    def pre_model_load(self, cfg: Any) -> None:
        """Seed before the model is made: axolotl seeds only after the adapter's weights are initialized."""
        if cfg.seed is not None:
            set_seed(cfg.seed)

    def add_callbacks_pre_trainer(self, cfg: Any, model: Any) -> list[TrainerCallback]:
        """Return the callbacks for the run folder, which is the recipe's `output_dir`."""
        run = Path(cfg.output_dir)
        return [*run_callbacks(run), SaveEvery(), *curve_callbacks(run)]

    def add_callbacks_post_trainer(self, cfg: Any, trainer: Any) -> list[TrainerCallback]:
        """Return the callbacks that try the longest batch before the first step and answer at each evaluation."""
        return [LongestFirst(trainer), AnswersWhileTraining(trainer)]

    def post_trainer_create(self, cfg: Any, trainer: Any) -> None:
        """Keep 4-bit weights trainable and prompts' tools; exclude all objects made by now from garbage collection.

        axolotl's DPO trainer collects garbage after each step. With the objects of all imported modules, that took
        twenty times as long as the step itself.
        """
        keep_trainable(trainer.model)
        keep_tools(trainer)
        gc.collect()
        gc.freeze()
