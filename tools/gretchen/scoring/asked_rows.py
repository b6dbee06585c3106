"""The rows of an evaluation, kept beside its answers: the data of another profile may be built since.

    keep_rows("genome-chatbot", plan.sets)      writes runs/<project>/evaluations/rows/<hash>.jsonl, a set's rows once
    asked_rows(evaluation)                      -> {"test": rows, "hard": rows}, or None where they are not here

A result names the hash of each set's rows, which is the file's name.
"""

from collections.abc import Mapping, Sequence

from gretchen import paths
from gretchen.files import read_jsonl, write_jsonl
from gretchen.projects.build import intact_data_card
from gretchen.projects.rows import Row
from gretchen.scoring.evaluation import Evaluation
from gretchen.scoring.testset import load_set, rows_hash


def keep_rows(project: str, sets: Mapping[str, Sequence[Row]]) -> None:
    """Write the rows of each set, unless they are written already."""
    folder = paths.runs(project) / "evaluations" / "rows"
    for rows in sets.values():
        file = folder / f"{rows_hash(list(rows))}.jsonl"
        if not file.is_file():
            write_jsonl(file, rows)


def asked_rows(evaluation: Evaluation) -> dict[str, list[Row]] | None:
    """Return {set: rows} of an evaluation: the kept ones, else those of the data that it names; None without both."""
    project = evaluation.project
    folder, built = paths.runs(project) / "evaluations" / "rows", intact_data_card(project)
    sets = {}
    for name, asked in evaluation.sets.items():
        file = folder / f"{asked.hash}.jsonl"
        if file.is_file():
            sets[name] = read_jsonl(file)
        elif built and built.hash == evaluation.data:
            sets[name] = load_set(project, name)
        else:
            return None
    return sets
