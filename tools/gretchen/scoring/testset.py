"""The rows that models are evaluated on: the sets of a split, and samples of them.

Rows come from build/<project>/<format>/ with `meta` decoded, so that a project's metrics see what its builder made.
"""

import hashlib
import json
from collections import defaultdict

from gretchen import paths
from gretchen.files import read_jsonl, text_hash
from gretchen.models.generate import Conversation
from gretchen.projects.rows import Row, meta_of, prompt_of, tools_of

# The first of these with test rows is the format that models answer: the others hold the same questions.
ANSWERED = ("chats", "prompts", "preferences", "feedback")
# Where documents are: a project's own, else those of its base's corpus.
DOCUMENT_FOLDERS = ("texts", "base-corpus")
SMOKE_LIMIT = 12
SEED = 0


def test_format(project: str) -> str | None:
    """Return the format whose test rows the models answer, or None where the project has only documents."""
    for name in ANSWERED:
        file = paths.build(project) / name / "test.jsonl"
        if file.is_file() and file.stat().st_size:
            return name
    return None


def load_set(project: str, split: str, row_format: str | None = None) -> list[Row]:
    """Return the rows of a split (of the answered format unless another is named); [] where there are none."""
    folder = row_format or test_format(project)
    file = paths.build(project) / str(folder) / f"{split}.jsonl"
    return [decoded(row) for row in read_jsonl(file)] if file.is_file() else []


def decoded(row: Row) -> Row:
    """Return the row with `meta` as the dict it was in the builder."""
    return row | {"meta": meta_of(row)}


def sample(rows: list[Row], limit: int | None, seed: int = SEED) -> list[Row]:
    """Return at most `limit` rows (None or 0: all), the same number of each form as far as it has them.

    A row's draw depends on seed and id only, so that a few new rows change a few rows of the sample. Order is kept.
    """
    if not limit or limit >= len(rows):
        return rows
    forms = defaultdict(list)
    for index, row in enumerate(rows):
        forms[row.get("form", "")].append((_draw(seed, row["id"]), index))
    # The k-th row of every form comes before the k+1-th of any.
    ranked = sorted((rank, draw, index) for form in forms.values() for rank, (draw, index) in enumerate(sorted(form)))
    return [rows[index] for index in sorted(index for _, _, index in ranked[:limit])]


def _draw(seed: int, name: str) -> str:
    """Return the sort key of a row's id in a seeded shuffle."""
    return hashlib.sha256(f"{seed}:{name}".encode()).hexdigest()


def rows_hash(rows: list[Row]) -> str:
    """Return a hash of the rows' content, in order."""
    return text_hash(*(json.dumps(row, sort_keys=True, ensure_ascii=False) for row in rows))


def conversation(row: Row) -> Conversation:
    """Return the conversation that a model answers for a row: its turns before the answer."""
    return Conversation(prompt_of(row), tools_of(row))
