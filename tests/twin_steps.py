"""One engine's first steps, as the twin test compares them: `python twin_steps.py ENGINE STAGE recipe.yaml out.json`.

It trains by the engine's own entry and writes down what each step got and gave: the collated batch, loss, learning
rate; and the trainer's arguments. Nothing of the training is changed.
"""

import importlib
import json
import sys
from pathlib import Path
from typing import Any


def watch(out: Path) -> None:
    """Write down each training step of transformers' trainer, around its own method."""
    from transformers import Trainer

    told: dict[str, Any] = {"steps": []}
    step = Trainer.training_step

    def watched(self: Any, model: Any, inputs: Any, *rest: Any, **more: Any) -> Any:
        batch = {name: values.tolist() for name, values in inputs.items() if hasattr(values, "tolist")}
        rate = self._get_learning_rate()
        loss = step(self, model, inputs, *rest, **more)
        told["steps"].append({"batch": batch, "learning_rate": rate, "loss": float(loss)})
        told["arguments"] = self.args.to_dict()
        out.write_text(json.dumps(told, default=str), encoding="utf-8")
        return loss

    Trainer.training_step = watched


def main() -> None:
    """Train as the engine's process does."""
    engine, stage, recipe, out = sys.argv[1], sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4])
    sys.argv = sys.argv[:1]  # axolotl's entry reads what is left there
    watch(out)
    importlib.import_module(f"gretchen.engines.{engine}.train").train(recipe, stage)


if __name__ == "__main__":
    main()
