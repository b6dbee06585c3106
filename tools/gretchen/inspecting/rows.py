"""The first training rows of a resolved recipe, tokenized by its engine.

    tokenize_rows("zephyr", "sft", values).rows[0]       each row in full, and what the length limit does to it
    trained_sequences("zephyr", "sft", values, 3)        the first sequences that would be trained, cut and packed

It loads the training stack, and no weights. The state of the random generators is restored: a training that follows
draws the same numbers as without it.
"""

import json
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from gretchen import paths
from gretchen.engines.randomness import same_randomness
from gretchen.errors import UserError
from gretchen.files import parse_line
from gretchen.inspecting import axolotl, zephyr
from gretchen.inspecting.sequences import TokenSequence, sequences_of
from gretchen.recipes.batch import PER_DEVICE
from gretchen.recipes.references import files_of
from gretchen.recipes.schema import MAX_LENGTH, MODEL, load_schema

NUM_ROWS = 200
# Stages that train on rows of the data set; in the others the model generates what it is trained on.
STAGES_WITH_ROWS = ("pretrain", "sft", "dpo", "kto", "orpo", "simpo", "reward")


@dataclass(frozen=True)
class TokenizedRows:
    """The first rows as tokens, uncut: `rows[i]` holds one sequence, or both sides of a pair, of line i + 1 of `file`.

    `raw_rows` are the rows as the file has them; [] for a data set on the hub, whose `file` is None. `max_length` is
    the recipe's limit in tokens (None: no limit) under its key `max_length_key`. A longer row is cut, or dropped where
    `drops_long_rows`.
    """

    rows: list[list[TokenSequence]]
    raw_rows: list[dict[str, Any]]
    file: Path | None
    tokenizer: Any
    max_length: int | None
    max_length_key: str
    drops_long_rows: bool

    @property
    def too_long(self) -> list[int]:
        """Return the rows, numbered from 0, that are longer than the limit."""
        limit = self.max_length
        return [n for n, row in enumerate(self.rows) if limit and max(len(sequence.ids) for sequence in row) > limit]

    @property
    def trained_share(self) -> float:
        """Return the share of tokens that are trained on, uncut."""
        sequences = [sequence for row in self.rows for sequence in row]
        num_trained = sum(sum(sequence.trained) for sequence in sequences)
        return num_trained / max(1, sum(len(sequence.ids) for sequence in sequences))

    @property
    def eos_ids(self) -> set[int]:
        """Return the tokens that end generation: the tokenizer's EOS, and those of generation_config.json."""
        file = paths.root() / str(self.tokenizer.name_or_path) / "generation_config.json"
        configured = json.loads(file.read_text(encoding="utf-8")).get("eos_token_id") if file.is_file() else None
        return {self.tokenizer.eos_token_id, *(configured if isinstance(configured, list) else [configured])} - {None}


def tokenize_rows(engine: str, stage: str, values: dict[str, Any], num_rows: int = NUM_ROWS) -> TokenizedRows:
    """Return the first rows of a recipe's training data as tokens.

    Raises UserError for a stage without rows, and what the engine raises.
    """
    require_rows(stage)
    with same_randomness():
        if engine == "axolotl":
            rows = axolotl.tokenize_rows(values, num_rows)
        else:
            rows = zephyr.tokenize_rows(values, stage, num_rows)
        tokenizer = load_tokenizer(engine, values)
    file = train_file(values)
    raw_rows = _read_rows(file, num_rows) if file else []
    if len(raw_rows) != len(rows):  # the engine dropped some: line numbers would be wrong
        file, raw_rows = None, []
    return TokenizedRows(
        rows=rows,
        raw_rows=raw_rows,
        file=file,
        tokenizer=tokenizer,
        max_length=_max_length(engine, stage, values),
        max_length_key=MAX_LENGTH[engine],
        drops_long_rows=engine == "axolotl" and values.get("excess_length_strategy") != "truncate",
    )


def trained_sequences(engine: str, stage: str, values: dict[str, Any], count: int) -> list[TokenSequence]:
    """Return the first `count` sequences (or pairs) that the engine would train on, of the first rows.

    Packed sequences come one a batch: what is packed together does not depend on the batch size.
    """
    require_rows(stage)
    if values.get("packing") or values.get("sample_packing"):
        values = values | {PER_DEVICE[engine]: 1}
    sequences: list[TokenSequence] = []
    with same_randomness():
        if engine == "axolotl":
            trainer = axolotl.build_trainer(values, NUM_ROWS)
        else:
            trainer = zephyr.build_trainer(values, stage, NUM_ROWS)
        for batch in trainer.get_train_dataloader():
            sequences += sequences_of(batch)
            if len(sequences) >= 2 * count:
                break
    sides = 2 if sequences and sequences[0].side in ("chosen", "rejected") else 1
    return sequences[: count * sides]


def load_tokenizer(engine: str, values: dict[str, Any]) -> Any:
    """Return the tokenizer of a recipe's model."""
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(str(values[MODEL[engine]]))


def train_file(values: dict[str, Any]) -> Path | None:
    """Return the file with a recipe's training rows; None where it names none on this disk."""
    split = values.get("dataset_train_split", "train")
    for name in files_of(values):
        file = paths.root() / name
        file = file / f"{split}.jsonl" if file.is_dir() else file
        if file.is_file():
            return file
    return None


def require_rows(stage: str) -> None:
    """Raise UserError for a stage whose model generates what it is trained on."""
    if stage not in STAGES_WITH_ROWS:
        raise UserError(
            f"{stage} trains on completions that the model generates: there are no rows to show before it does",
            f"stages with rows to show: {', '.join(STAGES_WITH_ROWS)}",
        )


def _max_length(engine: str, stage: str, values: dict[str, Any]) -> int | None:
    """Return a recipe's length limit in tokens, or its engine's default; None for no limit."""
    key = MAX_LENGTH[engine]
    schema = load_schema(engine, stage)["properties"]
    limit = values.get(key, schema.get(key, {}).get("default"))
    return None if limit in (None, "none") else int(limit)


def _read_rows(file: Path, num_rows: int) -> list[dict[str, Any]]:
    """Return the first rows of a JSON lines file; [] for a file of another form."""
    if file.suffix not in (".jsonl", ".json"):
        return []
    with file.open("rb") as stream:
        try:
            return [parse_line(line) for line in islice(stream, num_rows)]
        except ValueError:
            return []
