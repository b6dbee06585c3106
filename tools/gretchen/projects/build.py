"""What `make data` builds: build/<project>/<format>/{train,validation,test,hard}.jsonl and the data card.

    build("genome-chatbot", "tiny")      -> True where it was built anew, False where it was up to date

The same builder, data and settings give the same files, byte by byte. data-card.json is written last: where it stands,
everything stands. Row limits come from the card: `rows.tiny` of each format for tiny, `rows.full` for the others.
"""

import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from gretchen import paths
from gretchen.errors import UserError
from gretchen.files import file_hash, folder_hash, text_hash, write_json, write_jsonl, write_text
from gretchen.projects.builder import SPLITS, Placed, Tally, offered, on_disk, outside_rows, placed_rows
from gretchen.projects.card import Card, load_card
from gretchen.projects.datacard import Measure, describe, markdown, measure_folder
from gretchen.projects.duplicates import SAMPLE, near_duplicates
from gretchen.projects.leakage import leaks
from gretchen.projects.modules import load_dataset_module
from gretchen.provenance import is_smoke

Rows = dict[str, list[Placed]]
SMOKE_ROWS = 240
CARD = "data-card.json"


@dataclass(frozen=True)
class Outside:
    """Rows from a user's file or folder: beside the builder's own, or `alone`."""

    path: str
    alone: bool = False


KEPT = Outside("as the data stands built")


def card_of(project: str) -> dict[str, Any]:
    """Return the data card of what is built; {} where nothing is."""
    file = paths.build(project) / CARD
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}


def data_hash(project: str) -> str:
    """Return the hash of the built data's content. Raises UserError where nothing is built."""
    told = card_of(project)
    if not told:
        raise UserError(f"the data of {project} is not built", f"make data PROJECT={project}")
    return told["hash"]


def untouched(project: str) -> bool:
    """Return whether the built files are, letter by letter, those that the builder checked and wrote."""
    told = card_of(project)
    return bool(told) and told["hash"] == content_hash(paths.build(project), told["formats"])


def content_hash(target: Path, formats: Iterable[str]) -> str:
    """Return the hash of built files, of all splits of these formats."""
    files = {f"{name}/{split}": target / name / f"{split}.jsonl" for name in sorted(formats) for split in SPLITS}
    return text_hash(*(f"{name}:{file_hash(file) if file.is_file() else ''}" for name, file in files.items()))


def kept_source(project: str) -> Outside | None:
    """Return the SOURCE with which the data stands built; training and evaluation go on with it."""
    source = card_of(project).get("source")
    return Outside(**source) if source else None


def build(project: str, profile: str, source: Outside | None = KEPT) -> bool:
    """Build a project's data unless it is up to date; return whether it was built.

    Without `source` the one stays with which the data stands built; None stands for the builder's own rows alone.
    Raises UserError for faulty rows, an unreadable source and leakage; then what stood there before still stands.
    """
    card = load_card(project)
    module = load_dataset_module(project)
    source = kept_source(project) if source is KEPT else source
    most = row_limit(card, profile)
    settings = fingerprint(project, card, most, source)
    if card_of(project).get("settings") == settings:
        return False
    tallies: dict[str, Tally] = {name: Tally() for name in offered(module)}
    rows = collect(module, most, source, tallies)
    near = drop_near_duplicates(rows, tallies)
    refuse_leaks(rows, card)
    write(project, card, profile, rows, tallies, near, settings, source)
    return True


def build_and_tell(project: str, profile: str) -> None:
    """Build a project's data unless it is up to date, and say where its card lies. Raises as `build` does."""
    if build(project, profile):
        print(f"built the data: {paths.shown(paths.build(project) / 'data-card.md')}", flush=True)


def row_limit(card: Card, profile: str) -> int:
    """Return how many rows of each format a profile builds."""

    most = card.rows.tiny if profile == "tiny" else card.rows.full
    return min(most, SMOKE_ROWS) if is_smoke() else most


def fingerprint(project: str, card: Card, most: int, source: Outside | None) -> str:
    """Return a hash of all that the built files depend on: builder, data, card, limits, source, and this code."""

    folder = paths.projects() / project
    parts = [folder_hash(folder, "*.py"), folder_hash(folder / "data"), card.model_dump_json(), str(most)]
    parts += [folder_hash(Path(__file__).parent, "*.py"), file_hash(measure_folder(project) / "tokenizer.json")]
    if source:
        place = Path(source.path)
        content = file_hash(place) if place.is_file() else folder_hash(place)
        parts += [source.path, str(source.alone), content]
    return text_hash(*parts)


def collect(module: ModuleType, most: int, source: Outside | None, tallies: dict[str, Tally]) -> Rows:
    """Return {format: rows} of the builder, of the source, or of both."""
    own = () if source and source.alone else offered(module)
    rows: Rows = {name: list(placed_rows(module, name, most, tallies[name])) for name in own}
    if source:
        known = {name: {one.prompt for one in found} for name, found in rows.items()}
        for name, one in outside_rows(module, Path(source.path), tallies):
            if one.prompt in known.get(name, ()):
                tallies[name].left_out["exact duplicate"] += 1
            else:
                rows.setdefault(name, []).append(one)
    return rows


def drop_near_duplicates(rows: Rows, tallies: dict[str, Tally]) -> dict[str, tuple[int, int]]:
    """Remove near-duplicates among rows from outside; return {format: (near-duplicates, rows looked at)}.

    In rule-made rows they are counted, in a sample, and stay.
    """
    counted = {}
    for name, found in rows.items():
        own = [one for one in found if not one.outside]
        foreign = [one for one in found if one.outside]
        alike = near_duplicates(foreign, own) if foreign else []
        if any(alike):
            tallies[name].left_out["near-duplicate from outside"] = sum(alike)
        rows[name] = own + [one for one, near in zip(foreign, alike, strict=True) if not near]
        looked_at = own[:SAMPLE]
        counted[name] = (sum(near_duplicates(looked_at)), len(looked_at))
    return counted


def refuse_leaks(rows: Rows, card: Card) -> None:
    """Raise UserError where training and held-out rows share an id, a group or a prompt."""
    found = leaks([(name, one) for name, placed in rows.items() for one in placed], card.closed)
    if found:
        more = f"\n… and {len(found) - 5} more" if len(found) > 5 else ""
        raise UserError(
            "leakage between training and held-out rows:\n" + "\n".join(found[:5]) + more,
            "rows that show the same thing need the same group key in dataset.py; then they share a split",
        )


def write(
    project: str,
    card: Card,
    profile: str,
    rows: Rows,
    tallies: dict[str, Tally],
    near: dict[str, tuple[int, int]],
    settings: str,
    source: Outside | None,
) -> None:
    """Write all files, the data card last."""

    target = paths.build(project)
    measure = Measure(measure_folder(project))
    told: dict[str, Any] = {"project": project, "rows": "tiny" if profile == "tiny" else "full"}
    told["formats"] = {name: describe(found, tallies[name], *near[name], measure) for name, found in rows.items()}
    told["faults"] = [fault for tally in tallies.values() for fault in tally.faults]
    told["source"] = {"path": source.path, "alone": source.alone} if source else None
    (target / CARD).unlink(missing_ok=True)
    for stale in target.glob("*/hard.jsonl"):
        if stale.parent.name not in rows:
            shutil.rmtree(stale.parent)
    for name, found in sorted(rows.items()):
        for split in SPLITS:
            file = target / name / f"{split}.jsonl"
            write_jsonl(file, (on_disk(one.row, name) for one in found if one.split == split))
    told |= {"hash": content_hash(target, rows), "settings": settings}
    write_text(target / "data-card.md", markdown(told, card))
    write_json(target / CARD, told)
