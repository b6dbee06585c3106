"""The merge of a run, and of standalone folders: merge, prove, and only then move the model to its final folder.

    merge_run(Path("runs/<project>/<recipe>/<run>"))     -> <run>/model
    merge_folders("Qwen/Qwen3-0.6B", Path("adapter"), Path("merged"))

A merge that fails or is interrupted leaves no model. Existing folders are never overwritten.
"""

from pathlib import Path

from gretchen import paths
from gretchen.errors import UserError, WorkError
from gretchen.files import whole_folder, write_json
from gretchen.merging.merge import merge
from gretchen.merging.quantized import quantization_kwargs
from gretchen.models.locate import model_folder, require_reachable, weights_hash
from gretchen.runs.intact import require_intact
from gretchen.runs.locks import writer_lock
from gretchen.runs.model_card import write_model_card
from gretchen.runs.record import RunRecord, read_record, update_record

MODEL_FILES = ["*.safetensors", "*.json", "*.jinja", "*.txt", "*.model", "*.tiktoken", "*.py"]


def merge_run(run_dir: Path, dequantized: bool = False) -> Path:
    """Return a finished run's `model/`, merging it first where needed; a full fine-tune has it already.

    `dequantized` merges a QLoRA run into the base's dequantized weights. Prints its progress. Raises UserError or
    WorkError where it cannot merge, and then leaves no model/.
    """
    record, target = read_record(run_dir), run_dir / "model"
    with writer_lock(run_dir, f"run {run_dir.name}"):
        if target.is_dir():
            return _existing_model(run_dir, record, dequantized)
        _require_mergeable(run_dir, record, dequantized)
        with whole_folder(target) as folder:
            report = merge(base_of(record), run_dir / "adapter", folder, run_dir, dequantized)
            update_record(run_dir, merge=report.to_json())
            write_model_card(run_dir, folder)
    print(f"merged: {paths.shown(target)}", flush=True)
    return target


def merge_folders(base: str, adapter: Path, output: Path) -> None:
    """Merge an adapter folder into a base (folder or hub id), into the folder `output`, with a merge.json in it.

    Raises UserError where `output` exists, or where adapter and base do not belong together.
    """
    if output.exists():
        raise UserError(f"{paths.shown(output)} exists already", "name a new folder: nothing is overwritten")
    if not adapter.is_dir():
        raise UserError(f"there is no adapter folder {adapter}", "an adapter is a folder with an adapter_config.json")
    with whole_folder(output) as folder:
        write_json(folder / "merge.json", merge(local_folder(base), adapter, folder).to_json())
    print(f"merged: {paths.shown(output)}", flush=True)


def base_of(record: RunRecord) -> Path:
    """Return the folder of the weights that a run was trained on; its parent is merged first where needed.

    Raises WorkError where the weights have changed since then.
    """
    start = record.start
    if record.parent and not (paths.root() / start.model).is_dir():
        merge_run(paths.root() / record.parent.run)
    folder = local_folder(start.model)
    if weights_hash(start.model) != start.weights:
        raise WorkError(
            f"{start.model} has other weights now than when the run was trained on it",
            "restore the old weights, or train the run again",
        )
    return folder


def local_folder(model: str, revision: str | None = None) -> Path:
    """Return a model's folder, downloaded for a hub id. Raises UserError or WorkError where it cannot be had."""
    require_reachable(model)
    if folder := model_folder(model):
        return folder
    from huggingface_hub import snapshot_download

    return Path(snapshot_download(model, revision=revision, allow_patterns=MODEL_FILES))


def _require_mergeable(run_dir: Path, record: RunRecord, dequantized: bool) -> None:
    """Raise UserError or WorkError for a run that is not finished, has no adapter, or cannot be dequantized."""
    if record.status != "finished":
        raise UserError(f"run {run_dir.name} is {record.status}, not finished", "merge a finished run")
    if not (run_dir / "adapter").is_dir():
        raise WorkError(f"{paths.shown(run_dir)} has neither adapter/ nor model/", "train the recipe again")
    require_intact(run_dir, record)
    if dequantized and not quantization_kwargs(run_dir):
        problem = f"DEQUANTIZED=1, but run {run_dir.name} was not trained on a quantized base"
        raise UserError(problem, "leave DEQUANTIZED out")


def _existing_model(run_dir: Path, record: RunRecord, dequantized: bool) -> Path:
    """Return the existing model, and print that. Raises UserError where it was merged the other way."""
    target = run_dir / "model"
    was_dequantized = bool((record.merge or {}).get("dequantized"))
    if not (run_dir / "adapter").is_dir():
        print(f"{paths.shown(target)}: a full fine-tune, there is nothing to merge", flush=True)
    elif dequantized != was_dequantized:
        kind = "dequantized" if was_dequantized else "unquantized"
        hint = f"remove {paths.shown(target)} to merge it again"
        raise UserError(f"{paths.shown(target)} is merged already, into the {kind} weights", hint)
    else:
        print(f"{paths.shown(target)} is merged already", flush=True)
    return target
