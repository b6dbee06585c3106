"""The embedded base's corpus: many documents of `texts()`, in build/<project>/base-corpus/.

It is built by `make base` alone, for it is far larger than what `make data` builds. Training reads the train split;
the gates ask the test split.
"""

import contextlib
import json
from pathlib import Path

from gretchen import paths
from gretchen.errors import UserError
from gretchen.files import folder_hash, whole_file, write_json
from gretchen.projects.builder import Placed, Tally, offered, on_disk, placed_rows
from gretchen.projects.card import load_card
from gretchen.projects.leakage import HELD_OUT, HeldOut
from gretchen.projects.modules import load_dataset_module
from gretchen.provenance import is_smoke

FOLDER = "base-corpus"
SPLITS = ("train", "validation", "test")
SMOKE_DOCUMENTS = 600


def base_corpus(project: str) -> Path:
    """Return the folder of the corpus, built anew where builder or size changed.

    Raises UserError where the project offers no documents, or they hold what the project tests on.
    """

    card = load_card(project)
    count = SMOKE_DOCUMENTS if is_smoke() else card.rows.base
    folder = paths.build(project) / FOLDER
    stamp = folder / "corpus.json"
    wanted = {"documents": count, "builder": folder_hash(paths.projects() / project, "*.py")}
    if stamp.is_file() and wanted.items() <= json.loads(stamp.read_text(encoding="utf-8")).items():
        return folder
    print(f"writing the base's corpus: {count:,} documents", flush=True)
    stamp.unlink(missing_ok=True)
    write_json(stamp, wanted | write_corpus(project, folder, count))
    return folder


def write_corpus(project: str, folder: Path, count: int) -> dict[str, object]:
    """Write the splits' files and return the counts. Raises UserError for a leak."""
    module, card = load_dataset_module(project), load_card(project)
    if "texts" not in offered(module):
        raise UserError(f"projects/{project}/dataset.py defines no texts()", "the embedded base is pretrained on them")
    held = held_out(project, card.rows.full)
    tally, counted = Tally(), dict.fromkeys(SPLITS, 0)
    with contextlib.ExitStack() as stack:
        files = {split: stack.enter_context(whole_file(folder / f"{split}.jsonl")) for split in SPLITS}
        for placed in placed_rows(module, "texts", count, tally):
            split = "test" if placed.split in HELD_OUT else placed.split
            if split != "test" and placed.row["form"] not in card.closed:
                refuse(held, placed)
            counted[split] += 1
            files[split].write(json.dumps(on_disk(placed.row, "texts"), ensure_ascii=False) + "\n")
    return {"rows": counted, "left out": dict(tally.left_out)}


def held_out(project: str, most: int) -> HeldOut:
    """Return what every profile's test and hard rows of the other formats hold."""
    module, closed = load_dataset_module(project), load_card(project).closed
    return HeldOut(
        [
            (name, one)
            for name in offered(module)
            if name != "texts"
            for one in placed_rows(module, name, most, Tally())
            if one.split in HELD_OUT and one.row["form"] not in closed
        ]
    )


def refuse(held: HeldOut, placed: Placed) -> None:
    """Raise UserError where a training document shares something with the held-out rows."""
    leak = next(held.shared_with("texts", placed), None)
    if leak:
        raise UserError(f"leakage into the base's corpus: {leak}", "give both rows the same group key in dataset.py")
