"""The stages that the engines train, in one table.

    find_stage("zephyr", "dpo").trainer     -> "trl:DPOTrainer"
    stage_names("axolotl")                  -> ("pretrain", "sft", "dpo", …), in the order in which a course climbs it

Classes and functions are import strings, "module:attribute": nothing heavy is imported to read the table. Keys, types
and defaults of a stage's recipes are in schemas/ (export_schemas.py writes them from these classes).
"""

import importlib
from dataclasses import dataclass
from typing import Any

from gretchen.errors import UserError
from gretchen.names import unknown


@dataclass(frozen=True)
class Stage:
    """One stage of one engine.

    `row_format` is the format of the project's rows that it trains on. `trainer`, `config` and `script` are TRL's
    classes; axolotl picks its own. `same_as` is the stage whose keys its recipes have. `train` is the function that
    trains it, where that takes more than its trainer.
    """

    engine: str
    name: str
    row_format: str
    trainer: str = ""
    config: str = ""
    script: str = "trl:ScriptArguments"
    same_as: str = ""
    train: str = ""

    @property
    def schema_name(self) -> str:
        """Return the name of its schema's file, without .json: all of axolotl's stages share one."""
        return "axolotl" if self.engine == "axolotl" else f"{self.same_as or self.name}.zephyr"


_OWN = "gretchen.engines.zephyr."
STAGES = (
    Stage("axolotl", "pretrain", "texts"),
    Stage("axolotl", "sft", "chats"),
    Stage("axolotl", "dpo", "preferences"),
    Stage("axolotl", "kto", "feedback"),
    Stage("axolotl", "orpo", "preferences"),
    Stage("axolotl", "simpo", "preferences"),
    Stage("axolotl", "reward", "preferences"),
    Stage("axolotl", "grpo", "prompts"),
    Stage("zephyr", "pretrain", "texts", "trl:SFTTrainer", "trl:SFTConfig", same_as="sft",
          train=f"{_OWN}pretrain:train"),
    Stage("zephyr", "sft", "chats", "trl:SFTTrainer", "trl:SFTConfig"),
    Stage("zephyr", "dpo", "preferences", "trl:DPOTrainer", "trl:DPOConfig"),
    # KTO: each batch needs two rows at least, since the reference point of its loss comes from prompts with other rows'
    # completions (Ethayarajh et al. 2024).
    Stage("zephyr", "kto", "feedback", "trl:KTOTrainer", "trl:KTOConfig"),
    # ORPO: the loss is the chosen answer's own and an odds ratio against the rejected one (Hong et al. 2024), without
    # a reference model, so it may start from a base that has seen no SFT.
    Stage("zephyr", "orpo", "preferences", "trl.experimental.orpo:ORPOTrainer", "trl.experimental.orpo:ORPOConfig"),
    # SimPO (Meng et al. 2024) is `loss_type: simpo` with `cpo_alpha: 0`; above 0 the chosen answer's own loss is added.
    Stage("zephyr", "simpo", "preferences", "trl.experimental.cpo:CPOTrainer", "trl.experimental.cpo:CPOConfig"),
    Stage("zephyr", "reward", "preferences", "trl:RewardTrainer", "trl:RewardConfig", train=f"{_OWN}reward:train"),
    Stage("zephyr", "ppo", "prompts", "trl.experimental.ppo:PPOTrainer", "trl.experimental.ppo:PPOConfig",
          train=f"{_OWN}ppo:train"),
    # GRPO compares an answer with the mean of its group, RLOO with the mean of the others. Without vLLM the model
    # itself generates them.
    Stage("zephyr", "grpo", "prompts", "trl:GRPOTrainer", "trl:GRPOConfig", "trl.scripts.grpo:GRPOScriptArguments",
          train=f"{_OWN}rewards:train"),
    Stage("zephyr", "rloo", "prompts", "trl:RLOOTrainer", "trl:RLOOConfig", "trl.scripts.rloo:RLOOScriptArguments",
          train=f"{_OWN}rewards:train"),
    Stage("zephyr", "distill", "chats", "trl.experimental.gkd:GKDTrainer", "trl.experimental.gkd:GKDConfig",
          train=f"{_OWN}distill:train"),
)  # fmt: skip
ENGINES = tuple(dict.fromkeys(stage.engine for stage in STAGES))


def stage_names(engine: str) -> tuple[str, ...]:
    """Return the names of the stages that an engine trains."""
    return tuple(stage.name for stage in STAGES if stage.engine == engine)


def find_stage(engine: str, name: str) -> Stage:
    """Return a stage of an engine. Raises UserError for one that the engine cannot train."""
    for stage in STAGES:
        if (stage.engine, stage.name) == (engine, name):
            return stage
    raise UserError(*unknown(f"stage of {engine}", name, stage_names(engine)))


def load_object(path: str) -> Any:
    """Return what an import string of the table names: "trl:SFTConfig". Imports its module."""
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(module), name)


def config_classes(stage: Stage) -> tuple[type, ...]:
    """Return the dataclasses that a recipe of a zephyr stage fills, as `trl <stage>` orders them. Imports TRL."""
    import trl

    return load_object(stage.script), load_object(stage.config), trl.ModelConfig, trl.DatasetMixtureConfig
