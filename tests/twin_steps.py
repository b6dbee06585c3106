"""One engine's first steps, as the twin test compares them: `python twin_steps.py ENGINE STAGE recipe.yaml out.json`.

It trains through the engine's own entry and records the collated batch, loss and learning rate of each step, and the
trainer's arguments. The training itself is unchanged.
"""

import importlib
import json
import sys
from pathlib import Path
from typing import Any


def record_steps(out: Path) -> None:
    """Record each training step of transformers' trainer, by wrapping its method."""
    from transformers import Trainer

    record: dict[str, Any] = {"steps": []}
    training_step = Trainer.training_step

    def recorded(self: Any, model: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        batch = {name: values.tolist() for name, values in inputs.items() if hasattr(values, "tolist")}
        rate = self._get_learning_rate()
        loss = training_step(self, model, inputs, *args, **kwargs)
        record["steps"].append({"batch": batch, "learning_rate": rate, "loss": float(loss)})
        record["arguments"] = self.args.to_dict()
        out.write_text(json.dumps(record, default=str), encoding="utf-8")
        return loss

    Trainer.training_step = recorded


def main() -> None:
    """Train as the engine's process does."""
    engine, stage, recipe, out = sys.argv[1], sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4])
    sys.argv = sys.argv[:1]  # axolotl's entry reads what is left there
    record_steps(out)
    importlib.import_module(f"gretchen.engines.{engine}.train").train(recipe, stage)


if __name__ == "__main__":
    main()
