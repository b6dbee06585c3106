"""Labels from everywhere into the store, and out of it into projects/<slug>/data/labels.jsonl.

    absorb(project, store)      -> Absorbed(labels=…, votes=…)    what teammates exported, and votes of the playground
    export(project, store)      -> the number of labels in the file

Several people can label on machines of their own: whoever exports keeps what stands in the file already.
"""

from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from gretchen import paths
from gretchen.errors import UserError
from gretchen.feedback import votes
from gretchen.feedback.labels import labels_file, read_labels, write_labels
from gretchen.feedback.store import LabelStore
from gretchen.projects.builder import SPLITS
from gretchen.projects.rows import Row, normalised_prompt
from gretchen.projects.splits import split_of
from gretchen.scoring.testset import ANSWERED, load_set

ANONYMOUS = "anonymous"  # votes without a name


@dataclass(frozen=True)
class Absorbed:
    """How many labels of the project's file and votes were new, and how many votes are no labels."""

    labels: int
    votes: int
    votes_left_out: int


def label_store(project: str) -> LabelStore:
    """Return the store of a project's labels."""
    return LabelStore(paths.runs(project) / "labels" / "labels.sqlite")


def votes_file(project: str) -> Path:
    """Return the file of a project's votes in the playground."""
    return paths.runs(project) / "labels" / "votes.jsonl"


def absorb(project: str, store: LabelStore) -> Absorbed:
    """Add the labels of the project's file and the votes of the playground to the store. Raises UserError."""
    labels = sum(store.add(label) for label in read_labels(labels_file(project)))
    file = votes_file(project)
    try:
        cast = votes.read(file)
    except ValidationError as invalid:
        first = invalid.errors(include_url=False)[0]
        raise UserError(f"{paths.shown(file)}: {first['msg']}", "remove the faulty line") from None
    rows = prompts_of(project) if cast else {}
    made = [votes.label_of(vote, rows, store.rater(vote.rater) if vote.rater else ANONYMOUS) for vote in cast]
    new = sum(store.add(label) for label in made if label)
    return Absorbed(labels, new, made.count(None))


def prompts_of(project: str) -> dict[str, Row]:
    """Return {normalised prompt: row} of all formats and splits; a held-out row comes before a training row."""
    sets = (load_set(project, split, name) for split in SPLITS for name in ANSWERED)
    return {normalised_prompt(row): row for rows in sets for row in rows}


def export(project: str, store: LabelStore) -> int:
    """Write all labels of training rows to the project's file, and return their number; 0 leaves no file.

    Raises as `absorb` does.
    """
    absorb(project, store)
    labels = [label for label in store.labels() if split_of(label.task.group) == "train"]
    return write_labels(labels_file(project), labels) if labels else 0
