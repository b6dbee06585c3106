"""The embedded base's corpus: many documents of `texts()`, in build/<project>/base-corpus/.

Only `make base` builds it: it is far larger than what `make data` builds. Training reads the train split; the accuracy
gates ask the test split.
"""

import contextlib
import json
import sys
from pathlib import Path

from gretchen import paths
from gretchen.errors import UserError
from gretchen.files import folder_hash, whole_file, write_json
from gretchen.projects.builder import SplitRow, Tally, builder_rows, offered_formats, on_disk
from gretchen.projects.card import load_card
from gretchen.projects.leakage import HELD_OUT, HeldOut
from gretchen.projects.modules import load_dataset_module
from gretchen.provenance import is_smoke

FOLDER = "base-corpus"
STAMP = "corpus.json"  # written last: what was asked for, and what there is
SPLITS = ("train", "validation", "test")
SMOKE_DOCUMENTS = 600


def base_corpus(project: str) -> Path:
    """Return the folder of the corpus, built anew where builder or size changed.

    Raises UserError where the project offers no documents, or they contain what the project tests on.
    """
    card = load_card(project)
    count = SMOKE_DOCUMENTS if is_smoke() else card.rows.base
    folder = paths.build(project) / FOLDER
    stamp = folder / STAMP
    settings = {"documents": count, "builder": folder_hash(paths.projects() / project, "*.py")}
    if stamp.is_file() and settings.items() <= json.loads(stamp.read_text(encoding="utf-8")).items():
        return folder
    print(f"writing the base's corpus: {count:,} documents", flush=True)
    stamp.unlink(missing_ok=True)
    write_json(stamp, settings | write_corpus(project, folder, count))
    return folder


def write_corpus(project: str, folder: Path, count: int) -> dict[str, object]:
    """Write the splits' files and return the counts. Raises UserError for a leak."""
    module, card = load_dataset_module(project), load_card(project)
    if "texts" not in offered_formats(module):
        raise UserError(f"projects/{project}/dataset.py defines no texts()", "the embedded base is pretrained on them")
    held_out = held_out_rows(project, card.rows.full)
    tally, num_rows = Tally(), dict.fromkeys(SPLITS, 0)
    with contextlib.ExitStack() as stack:
        files = {split: stack.enter_context(whole_file(folder / f"{split}.jsonl")) for split in SPLITS}
        for placed in builder_rows(module, "texts", count, tally):
            split = "test" if placed.split in HELD_OUT else placed.split
            if split != "test" and placed.row["form"] not in card.closed:
                refuse_leak(held_out, placed)
            num_rows[split] += 1
            files[split].write(json.dumps(on_disk(placed.row, "texts"), ensure_ascii=False) + "\n")
    if tally.exhausted:
        print(f"warning: {tally.exhausted}", file=sys.stderr, flush=True)
    return {"rows": num_rows, "left out": dict(tally.left_out)}


def held_out_rows(project: str, limit: int) -> HeldOut:
    """Return the test and hard rows of the other formats, of every profile."""
    module, closed = load_dataset_module(project), load_card(project).closed
    return HeldOut(
        [
            (name, placed)
            for name in offered_formats(module)
            if name != "texts"
            for placed in builder_rows(module, name, limit, Tally())
            if placed.split in HELD_OUT and placed.row["form"] not in closed
        ]
    )


def refuse_leak(held_out: HeldOut, placed: SplitRow) -> None:
    """Raise UserError where a training document shares something with the held-out rows."""
    leak = next(held_out.shared_with("texts", placed), None)
    if leak:
        raise UserError(f"leakage into the base's corpus: {leak}", "give both rows the same group key in dataset.py")
