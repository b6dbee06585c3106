"""The merge of a run, and of loose folders: plan, write, prove, and only then put the model in its place.

    merge_run(Path("runs/<project>/<recipe>/<run>"))     -> <run>/model
    merge_folders("Qwen/Qwen3-0.6B", Path("adapter"), Path("merged"))

A merge that fails, or is stopped, leaves no model. Nothing that stands there is ever written over.
"""

from pathlib import Path

from gretchen import paths
from gretchen.errors import UserError, WorkError
from gretchen.files import whole_folder, write_json
from gretchen.merging.merge import merge
from gretchen.merging.quantized import settings_of
from gretchen.models.locate import model_folder, require_reachable, weights_hash
from gretchen.runs.locks import writer_lock
from gretchen.runs.record import RunRecord, read_record, update_record

BASES = ["*.safetensors", "*.json", "*.jinja", "*.txt", "*.model", "*.tiktoken", "*.py"]


def merge_run(run: Path, dequantized: bool = False) -> Path:
    """Return a finished run's `model/`, merged now where it is not there yet; a full fine-tune's is what it trained.

    `dequantized` merges a QLoRA run into the base's dequantized weights. Says what it does. Raises UserError or
    WorkError where it cannot, and then leaves no model/.
    """

    record, target = read_record(run), run / "model"
    with writer_lock(run, f"run {run.name}"):
        if target.is_dir():
            return merged_before(run, record, dequantized)
        if record.status != "finished":
            raise UserError(f"run {run.name} is {record.status}, not finished", "merge a finished run")
        if not (run / "adapter").is_dir():
            raise WorkError(f"{paths.shown(run)} holds neither adapter/ nor model/", "train the recipe again")
        if dequantized and not settings_of(run):
            raise UserError(
                f"DEQUANTIZED=1, and run {run.name} was not trained on a quantized base", "leave DEQUANTIZED out"
            )
        with whole_folder(target) as place:
            base = base_of(record)
            update_record(run, merge=merge(base, run / "adapter", place, run=run, dequantized=dequantized))
    print(f"merged: {paths.shown(target)}", flush=True)
    return target


def merged_before(run: Path, record: RunRecord, dequantized: bool) -> Path:
    """Return the model that is there already, and say so. Raises UserError where it was merged the other way."""
    target = run / "model"
    was_dequantized = bool((record.merge or {}).get("dequantized"))
    if not (run / "adapter").is_dir():
        print(f"{paths.shown(target)}: a full fine-tune, there is nothing to merge", flush=True)
    elif dequantized != was_dequantized:
        was = "the dequantized" if was_dequantized else "the unquantized"
        hint = f"remove {paths.shown(target)} to merge anew"
        raise UserError(f"{paths.shown(target)} is merged already, into {was} weights", hint)
    else:
        print(f"{paths.shown(target)} is merged already", flush=True)
    return target


def merge_folders(base: str, adapter: Path, output: Path) -> None:
    """Merge an adapter folder into a base (folder or hub id), into the folder `output`, with a merge.json beside it.

    Raises UserError where `output` exists, or where the two do not belong together.
    """

    if output.exists():
        raise UserError(f"{paths.shown(output)} exists already", "name a folder that does not: nothing is written over")
    if not adapter.is_dir():
        raise UserError(f"there is no adapter folder {adapter}", "an adapter is a folder with an adapter_config.json")
    with whole_folder(output) as place:
        write_json(place / "merge.json", merge(local(base), adapter, place))
    print(f"merged: {paths.shown(output)}", flush=True)


def base_of(record: RunRecord) -> Path:
    """Return the folder of the weights that a run was trained on; its parent is merged where that is not done.

    Raises WorkError where they are other weights now than they were then.
    """
    start = record.start
    if record.parent and not (paths.root() / start.model).is_dir():
        merge_run(paths.root() / record.parent.run)
    folder = local(start.model)
    if weights_hash(start.model) != start.weights:
        raise WorkError(
            f"{start.model} has other weights now than when the run was trained on it",
            "bring the old weights back, or train the run again",
        )
    return folder


def local(model: str) -> Path:
    """Return a model's folder, downloaded where it is a hub id. Raises where it is neither, or out of reach."""
    require_reachable(model)
    if folder := model_folder(model):
        return folder
    from huggingface_hub import snapshot_download

    return Path(snapshot_download(model, allow_patterns=BASES))
