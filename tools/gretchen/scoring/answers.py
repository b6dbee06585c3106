"""A model's answers to the test rows, kept in runs/<project>/evaluations/<key>/predictions.jsonl.

The key is a hash of everything that the answers depend on: weights, chat template, rows, settings. Answers are appended
to predictions.partial.jsonl as they come, so that an interrupted evaluation continues from there; predictions.jsonl is
complete or not there. Nothing is generated or scored here.
"""

import dataclasses
import errno
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gretchen.files import no_space, text_hash, write_jsonl
from gretchen.models.generate import Conversation
from gretchen.projects.rows import Row
from gretchen.scoring.evaluation import PromptedSettings
from gretchen.scoring.scored import Answer

COMPLETE, PARTIAL = "predictions.jsonl", "predictions.partial.jsonl"


@dataclass(frozen=True)
class PromptedRow:
    """A row and the prompt that a model answers: a conversation, or the beginning of a document."""

    row: Row
    prompt: str | Conversation


OnAnswers = Callable[[list[Answer]], None]
# Answers (row, sample number) pairs, and passes answers on as they come.
Generate = Callable[[list[tuple[PromptedRow, int]], OnAnswers], None]


def evaluation_key(weights: str, template: str, rows: str, settings: PromptedSettings, simulator: str = "") -> str:
    """Return the name of the folder for the answers of these weights, by this template, to these rows (all hashes).

    `simulator` is the hash of the code that replies in a closed loop: later answers depend on it.
    """
    return text_hash(weights, template, rows, json.dumps(settings.to_json(), sort_keys=True), simulator)


def read_answers(file: Path) -> list[Answer]:
    """Return the answers of a file, [] where there is none; an incomplete last line does not count."""
    if not file.is_file():
        return []
    # Not splitlines(): answers may hold U+2028 and the like, which JSON leaves as they are.
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").split("\n")[:-1]]
    return [Answer(line["id"], line["sample"], line["prediction"], line["ended"]) for line in lines]


def complete_answers(folder: Path) -> list[Answer] | None:
    """Return the folder's answers, None while they are not complete."""
    return read_answers(folder / COMPLETE) if (folder / COMPLETE).is_file() else None


def collect(
    folder: Path,
    prompts: Sequence[PromptedRow],
    samples: int,
    generate: Generate,
    progress: Callable[[int, int], None],
) -> list[Answer]:
    """Return `samples` answers to each prompt, in order; `generate` makes those that an interrupted call left open.

    `progress` is called with the number of answers so far and in all. `write_complete` then finishes the folder.
    Raises WorkError where the disk is full; answers so far are kept.
    """
    partial = folder / PARTIAL
    requested = [(prompt, sample) for prompt in prompts for sample in range(samples)]
    known = {(answer.id, answer.sample): answer for answer in read_answers(partial)}
    # Rewritten, so that an incomplete line is gone before the next one is appended to it.
    write_jsonl(partial, _lines(known.values()))

    def keep(answers: list[Answer]) -> None:
        _append(partial, answers)
        known.update({(answer.id, answer.sample): answer for answer in answers})
        progress(len(known), len(requested))

    progress(len(known), len(requested))
    missing = [(prompt, sample) for prompt, sample in requested if (prompt.row["id"], sample) not in known]
    if missing:
        generate(missing, keep)
    return [known[prompt.row["id"], sample] for prompt, sample in requested]


def write_complete(folder: Path, answers: list[Answer]) -> None:
    """Write predictions.jsonl; from then on nothing is generated again."""
    write_jsonl(folder / COMPLETE, _lines(answers))
    (folder / PARTIAL).unlink(missing_ok=True)


def _append(partial: Path, answers: list[Answer]) -> None:
    """Append answers to the file. Raises WorkError where the disk is full."""
    try:
        with partial.open("a", encoding="utf-8") as stream:
            stream.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in _lines(answers))
    except OSError as failure:
        if failure.errno == errno.ENOSPC:
            raise no_space(partial) from None
        raise


def _lines(answers: Iterable[Answer]) -> list[dict[str, Any]]:
    """Return answers as rows of the file."""
    return [dataclasses.asdict(answer) for answer in answers]
