"""The ladder of an evaluation: its base, its SFT model and its aligned model, where it has them.

    ladder(evaluation, "zephyr").sft      -> the ModelResult of sft.zephyr

Of several recipes of a kind it takes those of the card's engine, and of these the newest run. A model's recipe is read
from its name in the table.
"""

from dataclasses import dataclass

from gretchen.scoring.evaluation import Estimate, Evaluation, ModelResult

NOT_ALIGNED = ("base", "pretrain")


@dataclass(frozen=True)
class Ladder:
    """The three models that the course compares; None for one that the evaluation does not have."""

    base: ModelResult | None
    sft: ModelResult | None
    aligned: ModelResult | None

    @property
    def steps(self) -> list[tuple[str, ModelResult]]:
        """The models that there are, each with what it is: base, SFT, aligned."""
        named = (("base", self.base), ("SFT", self.sft), ("aligned", self.aligned))
        return [(name, model) for name, model in named if model]

    @property
    def newest(self) -> ModelResult | None:
        """The last model of the ladder that was trained; None where none was."""
        return self.aligned or self.sft


def ladder(evaluation: Evaluation, engine: str = "") -> Ladder:
    """Return the ladder of an evaluation; `engine` is the card's."""
    runs = [model for model in evaluation.models if model.kind == "run"]
    own = [model for model in runs if engine_of(model.name) == engine] or runs
    base = next((model for model in evaluation.models if model.kind == "base"), None)
    sft = [model for model in own if stage_of(model.name) == "sft"]
    aligned = [model for model in own if stage_of(model.name) not in ("sft", *NOT_ALIGNED)]
    return Ladder(base, newest(sft), newest(aligned))


def newest(models: list[ModelResult]) -> ModelResult | None:
    """Return the model of the newest run, None of none."""
    return max(models, key=lambda model: model.run or "", default=None)


def stage_of(name: str) -> str:
    """Return the stage of a model's name in the table: "sft" of "sft-dora.zephyr"."""
    return name.partition(".")[0].partition("-")[0]


def engine_of(name: str) -> str:
    """Return the engine of a model's name in the table: "zephyr" of "sft.zephyr 20261126-122216-6392"."""
    return name.partition(".")[2].partition(" ")[0]


def main_estimate(evaluation: Evaluation, model: ModelResult | None) -> Estimate | None:
    """Return a model's main metric on the first set, None where it has none."""
    result = model.sets.get(next(iter(evaluation.sets), "")) if model else None
    return result.scores.get(evaluation.main_metric) if result else None
