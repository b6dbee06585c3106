"""A look at the first training rows of a resolved recipe through its engine's eyes.

    look("zephyr", "sft", values).rows[0]        each row as it stands, with what the length limit does to it
    trained_first("zephyr", "sft", values, 3)    the first sequences that would be trained, cut and packed

It loads the training stack, and no weights. Random numbers drawn here are given back: a training that follows draws the
same ones as without a look.
"""

import json
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from gretchen import paths
from gretchen.engines.randomness import same_randomness
from gretchen.errors import UserError
from gretchen.inspecting import axolotl, zephyr
from gretchen.inspecting.sequences import Sequence, sequences_of
from gretchen.recipes.batch import PER_DEVICE
from gretchen.recipes.references import files_of
from gretchen.recipes.schema import MAX_LENGTH, MODEL, load_schema

ROWS = 200
# Stages whose rows are trained as they stand; the others write their answers themselves.
SHOWN = ("pretrain", "sft", "dpo", "kto", "orpo", "simpo", "reward")


@dataclass(frozen=True)
class Look:
    """The first rows as tokens, uncut: `rows[i]` holds one sequence, or both sides of a pair, of line i + 1 of `file`.

    `raw` are the rows as the file has them, [] for data that lie on the hub. `limit` is the recipe's longest sequence
    in tokens, None for no limit; a longer row is cut, or left out where `leaves_out`.
    """

    rows: list[list[Sequence]]
    raw: list[dict[str, Any]]
    file: Path | None
    tokenizer: Any
    limit: int | None
    limit_name: str
    leaves_out: bool

    @property
    def too_long(self) -> list[int]:
        """Return the rows, by number from 0, that are longer than the limit."""
        limit = self.limit
        return [n for n, row in enumerate(self.rows) if limit and max(len(one.ids) for one in row) > limit]

    @property
    def trained_share(self) -> float:
        """Return the share of tokens that are trained, uncut."""
        every = [one for row in self.rows for one in row]
        return sum(sum(one.trained) for one in every) / max(1, sum(len(one.ids) for one in every))

    @property
    def stops(self) -> set[int]:
        """Return the tokens at which generation stops: the tokenizer's EOS and generation_config.json's."""
        file = paths.root() / str(self.tokenizer.name_or_path) / "generation_config.json"
        said = json.loads(file.read_text(encoding="utf-8")).get("eos_token_id") if file.is_file() else None
        return {self.tokenizer.eos_token_id, *(said if isinstance(said, list) else [said])} - {None}


def look(engine: str, stage: str, values: dict[str, Any], rows: int = ROWS) -> Look:
    """Return a look at the first rows. Raises UserError for a stage that has none, and what the engine raises."""

    require_shown(stage)
    with same_randomness():
        found = _engine(engine).rows_of(values, *_stage(engine, stage), rows=rows)
        tokenizer = tokenizer_of(engine, values)
    file = train_file(values)
    raw = _raw(file, rows) if file else []
    name = MAX_LENGTH[engine]
    said = values.get(name, load_schema(engine, stage)["properties"].get(name, {}).get("default"))
    leaves_out = engine == "axolotl" and values.get("excess_length_strategy") != "truncate"
    # Rows that the engine itself left out leave no lines to count by.
    return Look(
        rows=found,
        raw=raw if len(raw) == len(found) else [],
        file=file if len(raw) == len(found) else None,
        tokenizer=tokenizer,
        limit=None if said in (None, "none") else int(said),
        limit_name=name,
        leaves_out=leaves_out,
    )


def trained_first(engine: str, stage: str, values: dict[str, Any], count: int, rows: int = ROWS) -> list[Sequence]:
    """Return the first `count` sequences (pairs, where rows are pairs) that the engine would train, of the first rows.

    Packed rows come one a batch: what is packed together does not depend on the batch's size.
    """

    require_shown(stage)
    if values.get("packing") or values.get("sample_packing"):
        values = values | {PER_DEVICE[engine]: 1}
    found: list[Sequence] = []
    with same_randomness():
        trainer = _engine(engine).trainer_of(values, *_stage(engine, stage), rows=rows)
        for batch in trainer.get_train_dataloader():
            found += sequences_of(batch)
            if len(found) >= 2 * count:
                break
    return found[: count * (2 if found and found[0].side in ("chosen", "rejected") else 1)]


def tokenizer_of(engine: str, values: dict[str, Any]) -> Any:
    """Return the tokenizer of a recipe's model."""
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(str(values[MODEL[engine]]))


def train_file(values: dict[str, Any]) -> Path | None:
    """Return the file that a recipe's training rows stand in, None where it names none on this disk."""
    split = values.get("dataset_train_split", "train")
    for name in files_of(values):
        place = paths.root() / name
        place = place / f"{split}.jsonl" if place.is_dir() else place
        if place.is_file():
            return place
    return None


def require_shown(stage: str) -> None:
    """Raise UserError for a stage that is trained on answers that it writes itself."""
    if stage not in SHOWN:
        raise UserError(
            f"{stage} trains on answers that it writes itself: there are no rows to show before it does",
            f"stages with rows to show: {', '.join(SHOWN)}",
        )


def _raw(file: Path, rows: int) -> list[dict[str, Any]]:
    """Return the first rows of a JSON lines file; [] for a file of another form."""
    if file.suffix not in (".jsonl", ".json"):
        return []
    with file.open(encoding="utf-8") as stream:
        try:
            return [json.loads(line) for line in islice(stream, rows)]
        except json.JSONDecodeError:
            return []


def _engine(engine: str) -> Any:
    """Return the module that asks an engine."""
    if engine == "axolotl":
        return axolotl

    return zephyr


def _stage(engine: str, stage: str) -> tuple[str, ...]:
    """Return the stage as an argument where the engine needs it: axolotl's recipes say it themselves."""
    return (stage,) if engine == "zephyr" else ()
