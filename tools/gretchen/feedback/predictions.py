"""Answers to judge from a file, generated anywhere, a GPU included: JSON lines of `id`, `prediction` and `model`.

    predicted_tasks("genome-chatbot", file, num_answers=3)      -> [Task(…), …]

The ids are those of build/<project>/<format>/train.jsonl. A row needs two to four different answers; `model` may be
left out. Rows of the other splits are refused: their answers are what models are compared by.
"""

from collections import defaultdict
from pathlib import Path
from typing import Any

from gretchen.errors import UserError, line_problems
from gretchen.feedback.labels import CandidateAnswer, Task, task_of
from gretchen.files import parse_line
from gretchen.names import unknown_in_short
from gretchen.projects.builder import SPLITS
from gretchen.projects.rows import HALF_CHARACTER, SURROGATE
from gretchen.scoring.testset import load_set

EXPECTED = 'expected {"id": "…", "prediction": "…", "model": "…"}'


def predicted_tasks(project: str, file: Path, num_answers: int) -> list[Task]:
    """Return the tasks of the rows that the file has at least two different answers for, the first `num_answers` each.

    Raises UserError with all problems of the file, each with its line.
    """
    if not file.is_file():
        raise UserError(f"there is no file {file}", "PREDICTIONS names a JSON lines file, from the repository's root")
    rows = {row["id"]: row for row in load_set(project, "train")}
    held_out = {row["id"]: split for split in SPLITS if split != "train" for row in load_set(project, split)}
    given: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    problems = []
    for number, line in enumerate(file.read_bytes().split(b"\n"), start=1):
        if line.strip():
            try:
                values = checked(parse_line(line), rows, held_out)
            except ValueError as fault:
                problems.append(f"{file}:{number}: {fault}")
                continue
            if text := values["prediction"].strip():
                given[values["id"]][text].append(values.get("model") or "unnamed")
    if problems:
        raise line_problems(problems, f"ids are those of build/{project}/<format>/train.jsonl")
    answers = {name: candidates(texts)[:num_answers] for name, texts in given.items()}
    tasks = [task_of(rows[name], several) for name, several in answers.items() if len(several) > 1]
    if not tasks:
        raise UserError(f"{file} has no row with two different answers", "several lines may have the same id")
    return tasks


def candidates(texts: dict[str, list[str]]) -> list[CandidateAnswer]:
    """Return a row's different answers with their models."""
    return [CandidateAnswer(text=text, models=tuple(dict.fromkeys(models))) for text, models in texts.items()]


# A line's own JSON values.
def checked(values: Any, rows: dict[str, Any], held_out: dict[str, str]) -> dict[str, Any]:
    """Return a line's values. Raises ValueError for one that names no row of the train split, or has no answer."""
    if not isinstance(values, dict) or not all(isinstance(values.get(key), str) for key in ("id", "prediction")):
        raise ValueError(EXPECTED)
    if not isinstance(values.get("model", ""), str):
        raise ValueError(f"'model' is no string: {EXPECTED}")
    if SURROGATE.search(values["prediction"] + values.get("model", "")):
        raise ValueError(f"'prediction' {HALF_CHARACTER}")
    name = values["id"]
    if name in held_out:
        raise ValueError(f"'{name}' is a row of the {held_out[name]} set: people judge answers to train rows only")
    if name not in rows:
        raise ValueError(unknown_in_short("id", name, rows))
    return values
