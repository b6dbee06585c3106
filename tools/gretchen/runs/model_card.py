"""README.md beside trained weights: what was trained from what, how, and what is not known about it.

    write_model_card(run_dir, run_dir / "adapter")

Everything in it comes from run.json and metrics.jsonl. It claims no skill: `make eval` measures those. The drafts that
TRL and PEFT write name "None" as the base, or nothing.
"""

from pathlib import Path

import yaml

from gretchen import paths
from gretchen.files import write_text
from gretchen.runs.metrics import LastLosses, last_losses
from gretchen.runs.record import RunRecord, read_record

FILE = "README.md"
ENGINES = {"zephyr": "TRL", "axolotl": "axolotl"}


def write_model_card(run_dir: Path, weights_dir: Path) -> None:
    """Write the card of a run into a folder of its weights: adapter/ or model/, trained or merged."""
    record = read_record(run_dir)
    text = model_card(record, run_dir.name, weights_dir, last_losses(run_dir))
    write_text(weights_dir / FILE, text)


def model_card(record: RunRecord, run: str, weights_dir: Path, losses: LastLosses) -> str:
    """Return the card's text, with the hub's metadata at its head."""
    is_adapter = (weights_dir / "adapter_config.json").is_file()
    subject = record.project if record.kind == "project" else record.file or record.recipe
    kind = "A LoRA adapter" if is_adapter else "A model"
    base = f"`{record.base.model}` (weights `{record.base.weights[:8]}`)"
    start = f"`{record.parent.run}`, which was trained from {base}" if record.parent else base
    return "\n".join(
        [
            "---",
            yaml.safe_dump(metadata(record, is_adapter), sort_keys=False).rstrip(),
            "---",
            "",
            f"# {record.recipe} of {subject}",
            "",
            f"{kind}, trained by {record.stage} on {ENGINES[record.engine]} from {start}.",
            *(["A smoke test of a few steps: it has learned nothing.", ""] if record.smoke else [""]),
            *(f"- {line}" for line in facts(record, run, losses)),
            "",
            "What it can and cannot do does not follow from its training, and it was tested for no other use.",
            *([f"`make eval PROJECT={record.project}` measures it beside its base."] * (record.kind == "project")),
            "",
        ]
    )


def metadata(record: RunRecord, is_adapter: bool) -> dict[str, str | list[str]]:
    """Return the hub's metadata: the base only where it is a name on the hub, and not a folder of this disk."""
    values: dict[str, str | list[str]] = {}
    if not (paths.root() / record.base.model).exists():
        values["base_model"] = record.base.model
    values["library_name"] = "peft" if is_adapter else "transformers"
    return values | {"tags": ["gretchen", record.stage, *(["lora"] if is_adapter else [])]}


def facts(record: RunRecord, run: str, losses: LastLosses) -> list[str]:
    """Return a line for each known fact of a training."""
    numbers = (("training", losses.loss), ("validation", losses.validation_loss))
    shown = [f"{name} {value:.3f}" for name, value in numbers if value is not None]
    memory = f", {record.peak_memory_gib:.1f} GiB of memory" if record.peak_memory_gib else ""
    seconds = f"{record.train_seconds:,.0f} s" if record.train_seconds else "time not recorded"
    return [
        f"run: {run}, {record.started[:10]}, commit `{record.git}`; recipe.yaml and run.json in its folder repeat it",
        f"command: `{record.command}`",
        *([f"changed values: {record.changes}"] if record.changes else []),
        *([f"data: hash `{record.data}`"] if record.data else []),
        f"seed: {record.seed}; another seed gives another model",
        *([f"tokens: {record.tokens:,.0f}"] if record.tokens else []),
        *([f"last loss: {', '.join(shown)}"] if shown else []),
        f"hardware: {record.hardware}, profile {record.profile}, {seconds}{memory}",
        f"versions: {', '.join(f'{name} {version}' for name, version in record.versions.items() if version)}",
    ]
