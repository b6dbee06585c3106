"""run.json: what a run trained, from what, where, and how it ended.

    record = read_record(run_dir)
    record = update_record(run_dir, status="finished", weights="…")

`RunRecord` is the one definition of the file: it is validated on each read and on each write.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from gretchen import paths
from gretchen.errors import WorkError
from gretchen.files import write_text
from gretchen.models.locate import WeightsSource

FILE = "run.json"
Kind = Literal["project", "standalone", "base"]
Status = Literal["running", "finished", "stopped", "failed", "missed"]


class ModelSource(BaseModel):
    """A model (folder or hub id), the hash of its weights, and where they come from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    weights: str
    source: WeightsSource | None = None


class ParentRun(BaseModel):
    """An earlier run (its folder, relative to the root) and the hash of its merged model's weights."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    run: str
    weights: str


class Resumption(BaseModel):
    """One resumption of a run: when, and the optimizer step of the checkpoint (0: there was none)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: str
    step: int


class RunRecord(BaseModel):
    """The content of run.json.

    `kind`: a project's recipe, a standalone recipe (`file`), or the embedded base of a project. `chain`: the recipes of
    the pipeline in which the run starts from another model than its recipe names; empty otherwise. `status` "missed": a
    base model below its accuracy gates (`gates`: form to accuracy). `data` is the hash of the built data in all
    formats, `rows` that of the format that was trained. Times are ISO 8601 in UTC, memory is in GiB.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    schema_version: Literal[1] = 1
    status: Status
    kind: Kind
    project: str
    recipe: str
    file: str | None = None
    stage: str
    engine: Literal["axolotl", "zephyr"]
    profile: str
    base: ModelSource
    parent: ParentRun | None = None
    uses: dict[str, ParentRun] = Field(default_factory=dict)
    chain: tuple[str, ...] = ()
    data: str = ""
    rows: str = ""
    seed: int
    set: str = ""
    started: str
    git: str
    versions: dict[str, str]
    hardware: str
    command: str
    smoke: bool
    resumed: tuple[Resumption, ...] = ()
    warning: str | None = None
    wandb: str | None = None
    finished: str | None = None
    weights: str | None = None
    tokens: float | None = None
    trained_tokens: float | None = None
    train_seconds: float | None = None
    peak_memory_gib: float | None = None
    peak_gpu_memory_gib: float | None = None
    gates: dict[str, float] | None = None
    # The JSON of merging's proof and of scoring's result on preference pairs, whose types lie above this room.
    merge: dict[str, JsonValue] | None = None
    pairs: dict[str, JsonValue] | None = None

    @property
    def start(self) -> ModelSource:
        """The model that the training started from: the parent's merged model, else the base."""
        if self.parent:
            return ModelSource(model=f"{self.parent.run}/model", weights=self.parent.weights)
        return self.base

    @property
    def is_default_run(self) -> bool:
        """Whether the run trained what its recipe says: no values by SET, and the model that the recipe starts from.

        A run of a pipeline that starts elsewhere (SFT from a pretrained model instead of the base) must not replace the
        recipe's own in a table or as `${base.<stage>}`.
        """
        return not self.set and not self.chain

    @property
    def changes(self) -> str:
        """What the run trained beside its recipe: SET's values, the pipeline that it started in; "" for nothing."""
        parts = [self.set, f"in the pipeline {' '.join(self.chain)}" if self.chain else ""]
        return "; ".join(filter(None, parts))


@dataclass(frozen=True)
class Run:
    """A run's folder with its record."""

    path: Path
    record: RunRecord

    @property
    def name(self) -> str:
        """The run's id, `<YYYYMMDD-HHMMSS-xxxx>`."""
        return self.path.name


def read_record(run_dir: Path) -> RunRecord:
    """Return a run's record. Raises WorkError where run.json is missing, truncated or no valid record."""
    file = run_dir / FILE
    hint = "restore the file, or remove the run's folder"
    try:
        return RunRecord.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        raise WorkError(f"{paths.shown(file)} does not exist", "name the folder of a run") from None
    except OSError as failure:
        raise WorkError(f"{paths.shown(file)} cannot be read: {failure.strerror}", hint) from None
    except ValidationError as invalid:
        first = invalid.errors(include_url=False)[0]
        key = ".".join(map(str, first["loc"]))
        reason = f"{key}: {first['msg']}" if key else first["msg"]
        raise WorkError(f"{paths.shown(file)} is not a valid run record ({reason})", hint) from None


def find_record(run_dir: Path) -> RunRecord | None:
    """Return a folder's record, None where it has no run.json. Raises WorkError for an invalid one."""
    return read_record(run_dir) if (run_dir / FILE).is_file() else None


def write_record(run_dir: Path, record: RunRecord) -> None:
    """Write run.json, whole or not at all; empty values are left out."""
    write_text(run_dir / FILE, record.model_dump_json(indent=2, exclude_none=True) + "\n")


def update_record(run_dir: Path, **changes: Any) -> RunRecord:
    """Change some fields of a run's record and return it. Raises pydantic's ValidationError for an invalid value."""
    record = RunRecord.model_validate(dict(read_record(run_dir)) | changes)
    write_record(run_dir, record)
    return record
