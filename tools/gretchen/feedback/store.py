"""The labels of one project while people give them: runs/<project>/labels/labels.sqlite, for several raters at once.

    store = LabelStore(paths.runs(project) / "labels" / "labels.sqlite")
    task = store.next_task(rater, num_raters=2)
    store.submit(task, rater, judgements)

A label is on the disk when `submit` returns: SQLite's write-ahead log with synchronous=FULL. Labels are only added; the
newest of a rater for a task counts. Raters' names stay here: labels bear pseudonyms.
"""

import contextlib
import json
import secrets
import sqlite3
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gretchen.errors import UserError, WorkError
from gretchen.feedback.labels import Judgement, Label, Task
from gretchen.projects.splits import split_of
from gretchen.provenance import now

WAIT_SECONDS = 30.0  # for another writer
MAX_NAME = 60
SCHEMA = """
CREATE TABLE IF NOT EXISTS tasks (id TEXT PRIMARY KEY, row TEXT NOT NULL, task TEXT NOT NULL, shown INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS raters (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS labels (number INTEGER PRIMARY KEY AUTOINCREMENT, task TEXT NOT NULL REFERENCES tasks (id),
    rater TEXT NOT NULL, at TEXT NOT NULL, judgements TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS labels_of_task ON labels (task, rater);
"""
# First tasks that another rater has judged, so that pairs have several raters early; then those that nobody has.
OPEN = """
SELECT tasks.task FROM tasks LEFT JOIN
    (SELECT task, COUNT(DISTINCT rater) AS raters FROM labels GROUP BY task) AS judged ON judged.task = tasks.id
WHERE tasks.shown AND COALESCE(judged.raters, 0) < :raters
    AND NOT EXISTS (SELECT 1 FROM labels WHERE labels.task = tasks.id AND labels.rater = :rater)
ORDER BY judged.raters IS NULL, tasks.rowid
"""
COUNT = "SELECT COUNT(*) FROM tasks WHERE shown"
NEWEST = """
SELECT tasks.task, labels.rater, labels.at, labels.judgements FROM labels JOIN tasks ON tasks.id = labels.task
WHERE labels.number IN (SELECT number FROM (SELECT number, ROW_NUMBER() OVER
    (PARTITION BY task, rater ORDER BY at DESC, number DESC) AS age FROM labels) WHERE age = 1)
ORDER BY labels.number
"""


@dataclass(frozen=True)
class Progress:
    """How many tasks a rater has judged, how many are left for this rater, and how many there are."""

    judged: int
    left: int
    tasks: int


class LabelStore:
    """The database. Each call has a connection of its own, so that threads and processes may call at once."""

    def __init__(self, file: Path) -> None:
        self.file = file
        file.parent.mkdir(parents=True, exist_ok=True)
        with self.connection() as database:
            database.executescript(SCHEMA)

    @contextlib.contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """Give a connection whose changes are committed at the end. Raises WorkError where the file cannot be used."""
        try:
            with contextlib.closing(sqlite3.connect(self.file, timeout=WAIT_SECONDS)) as database:
                database.execute("PRAGMA journal_mode = WAL")
                database.execute("PRAGMA synchronous = FULL")
                with database:
                    yield database
        except sqlite3.Error as failure:
            problem = f"{self.file} cannot be read or written: {failure}"
            raise WorkError(problem, "is the disk full, or the file no label store?") from None

    def add_task(self, task: Task) -> bool:
        """Add a task, and return whether it is new. One whose row is held out is kept and never shown."""
        shown = split_of(task.group) == "train" and task.is_rankable
        values = (task.id, task.row_id, task.model_dump_json(exclude_none=True), shown)
        with self.connection() as database:
            return database.execute("INSERT OR IGNORE INTO tasks VALUES (?, ?, ?, ?)", values).rowcount > 0

    def rows(self) -> set[str]:
        """Return the ids of the rows that there are tasks for."""
        with self.connection() as database:
            return {row for (row,) in database.execute("SELECT row FROM tasks")}

    def tasks(self) -> list[Task]:
        """Return the tasks that people may be shown, oldest first."""
        with self.connection() as database:
            kept = database.execute("SELECT task FROM tasks WHERE shown ORDER BY rowid").fetchall()
        return [Task.model_validate_json(task) for (task,) in kept]

    def rater(self, name: str) -> str:
        """Return the pseudonym of a name, the same for each spelling in small and capital letters. Raises UserError."""
        key = " ".join(unicodedata.normalize("NFC", name).split()).casefold()
        if not 0 < len(key) <= MAX_NAME:
            raise UserError(f"a rater's name has 1 to {MAX_NAME} characters", "type your name")
        with self.connection() as database:
            database.execute("INSERT OR IGNORE INTO raters VALUES (?, ?)", (f"rater-{secrets.token_hex(3)}", key))
            return database.execute("SELECT id FROM raters WHERE name = ?", (key,)).fetchone()[0]

    def next_task(self, rater: str, num_raters: int) -> Task | None:
        """Return a task that the rater has not judged and fewer than `num_raters` others have, None without any."""
        with self.connection() as database:
            found = database.execute(OPEN + "LIMIT 1", parameters(rater, num_raters)).fetchone()
        return Task.model_validate_json(found[0]) if found else None

    def progress(self, rater: str, num_raters: int) -> Progress:
        """Return a rater's progress."""
        own = "SELECT task FROM labels WHERE rater = ?"
        with self.connection() as database:
            (done,) = database.execute(f"{COUNT} AND id IN ({own})", (rater,)).fetchone()
            (left,) = database.execute(f"SELECT COUNT(*) FROM ({OPEN})", parameters(rater, num_raters)).fetchone()
            (tasks,) = database.execute(COUNT).fetchone()
        return Progress(done, left, tasks)

    def submit(self, task: Task, rater: str, judgements: tuple[Judgement, ...]) -> Label:
        """Add a label and return it; it is on the disk then. Raises WorkError where it could not be kept."""
        label = Label(task=task, rater=rater, at=now(), judgements=judgements)
        with self.connection() as database:
            insert(database, label)
        return label

    def add(self, label: Label) -> bool:
        """Add a label from elsewhere with its task, unless a newer one is known; return whether it is new."""
        self.add_task(label.task)
        with self.connection() as database:
            same = "SELECT MAX(at) FROM labels WHERE task = ? AND rater = ?"
            (newest,) = database.execute(same, (label.task.id, label.rater)).fetchone()
            if newest is not None and newest >= label.at:
                return False
            insert(database, label)
        return True

    def labels(self) -> list[Label]:
        """Return each rater's newest label of each task, oldest first."""
        with self.connection() as database:
            found = database.execute(NEWEST).fetchall()
        return [read(*columns) for columns in found]

    def last(self, rater: str) -> Label | None:
        """Return the label that a rater gave last, None where there is none."""
        own = [label for label in self.labels() if label.rater == rater and label.task.is_rankable]
        return own[-1] if own else None


def parameters(rater: str, num_raters: int) -> dict[str, str | int]:
    """Return the parameters of the query for open tasks."""
    return {"rater": rater, "raters": num_raters}


def insert(database: sqlite3.Connection, label: Label) -> None:
    """Write a label's line."""
    judgements = json.dumps([judged.model_dump(exclude_none=True) for judged in label.judgements])
    values = (label.task.id, label.rater, label.at, judgements)
    database.execute("INSERT INTO labels (task, rater, at, judgements) VALUES (?, ?, ?, ?)", values)


def read(task: str, rater: str, at: str, judgements: str) -> Label:
    """Return a line of the database as a label."""
    judged = tuple(Judgement.model_validate(value) for value in json.loads(judgements))
    return Label(task=Task.model_validate_json(task), rater=rater, at=at, judgements=judged)
