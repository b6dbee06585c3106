"""The rows that models are measured on: the test and hard sets, samples of them, worked examples before them.

Rows come from build/<project>/<format>/ with `meta` decoded, so that a project's metrics see what its builder made.
"""

import hashlib
import json
import random
from collections import defaultdict
from typing import Any

from gretchen import paths
from gretchen.files import read_jsonl, text_hash
from gretchen.models.generate import Conversation
from gretchen.projects.rows import prompt_of

Row = dict[str, Any]
# The first of these with test rows is what a project's models are asked: the others hold the same questions.
ANSWERED = ("chats", "prompts", "preferences", "feedback")
SETS = ("test", "hard")
EXAMPLES = 3
SMOKE_LIMIT = 12


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
    meta = row.get("meta") or {}
    return row | {"meta": json.loads(meta) if isinstance(meta, str) else meta}


def sample(rows: list[Row], limit: int | None, seed: int = 0) -> list[Row]:
    """Return at most `limit` rows (None or 0: all), the same number of each form as far as it has them.

    A row's place depends on seed and id only, so that a few new rows change the sample by a few. Order is kept.
    """
    if not limit or limit >= len(rows):
        return rows
    forms = defaultdict(list)
    for place, row in enumerate(rows):
        forms[row.get("form", "")].append((_draw(seed, row["id"]), place))
    # The k-th row of every form comes before the k+1-th of any.
    turns = sorted((turn, draw, place) for drawn in forms.values() for turn, (draw, place) in enumerate(sorted(drawn)))
    return [rows[place] for place in sorted(place for _, _, place in turns[:limit])]


def _draw(seed: int, name: str) -> str:
    """Return a name's place in a seeded shuffle."""
    return hashlib.sha256(f"{seed}:{name}".encode()).hexdigest()


def rows_hash(rows: list[Row]) -> str:
    """Return one hash over the rows' whole content, in order."""
    return text_hash(*(json.dumps(row, sort_keys=True, ensure_ascii=False) for row in rows))


def conversation(row: Row) -> Conversation:
    """Return what a model is asked for a row."""

    return Conversation(prompt_of(row), row.get("tools") or None)


def exchange(row: Row) -> list[dict[str, Any]]:
    """Return a row's question with its right answer, as messages; [] where it holds none."""
    return row["messages"] if "messages" in row else [*row["prompt"], *row["chosen"]] if "chosen" in row else []


class WorkedExamples:
    """Answered questions of the train split, found by form and language."""

    def __init__(self, train: list[Row]) -> None:
        self.by_kind: dict[tuple[str, ...], list[Row]] = defaultdict(list)
        for row in train:
            if exchange(row):
                self.by_kind[row.get("form", ""), language(row)].append(row)
                self.by_kind[row.get("form", ""),].append(row)

    def before(self, row: Row, count: int = EXAMPLES) -> list[list[dict[str, Any]]]:
        """Return up to `count` whole exchanges of the row's form, in its language where there are enough, seeded."""
        form = row.get("form", "")
        found = self.by_kind.get((form, language(row)), [])
        if len(found) < count:
            found = self.by_kind.get((form,), [])
        chosen = random.Random(text_hash("worked examples", row["id"])).sample(found, min(count, len(found)))
        return [[turn for turn in exchange(example) if turn["role"] != "system"] for example in chosen]


def language(row: Row) -> str:
    """Return the row's language as its `meta` says it (`language` or `lang`), "" where it does not."""
    meta = row["meta"]
    return str(meta.get("language") or meta.get("lang") or "") if isinstance(meta, dict) else ""


def prompted(asked: Conversation, examples: list[list[dict[str, Any]]]) -> Conversation:
    """Return the same question with worked examples as prior turns, after the row's own system message."""
    system = [turn for turn in asked.messages[:1] if turn["role"] == "system"]
    turns = [turn for example in examples for turn in example]
    return Conversation([*system, *turns, *asked.messages[len(system) :]], asked.tools)
