"""Answers to judge, sampled from the project's models while people label: a thread that fills the store.

    sampler = Sampler(store, backend, Draw(num_answers=3, params=SamplingParams(…)))
    sampler.start(rows)                 rows that have a task already are left out
    sampler.state                       Sampling(done=3, of=50)

Several models answer in turn, one alone several times. Equal answers are one, shown once; empty ones are not shown. A
base continues the prompt as a text. Every task is in the store as soon as its answers are there.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gretchen.errors import GretchenError
from gretchen.feedback.labels import CandidateAnswer, task_of
from gretchen.feedback.store import LabelStore
from gretchen.files import text_hash
from gretchen.models.generate import SamplingParams, encode
from gretchen.models.locate import require_reachable
from gretchen.models.stream import AnswerOptions, answers, require_room
from gretchen.projects.rows import Row, prompt_text
from gretchen.scoring.testset import conversation
from gretchen.serving.backend import Backend, Cancelled
from gretchen.serving.chat_models import by_name, project_models

ROUNDS = 4  # of all models, until there are enough different answers


def answering_models(project: str, profile: str, runs: str = "") -> Backend:
    """Return the models that answer: base and newest run of each recipe, or the runs of these ids."""
    models = project_models(project, profile, runs.split())
    require_reachable(models[0].model)
    return Backend(by_name(models[1:] if runs else models))


@dataclass(frozen=True)
class Draw:
    """How many answers a task has at most, and how they are decoded."""

    num_answers: int
    params: SamplingParams


@dataclass(frozen=True)
class Sampling:
    """How many rows are answered of how many, how many had no two different answers, and what ended it."""

    done: int = 0
    of: int = 0
    alike: int = 0
    problem: str = ""

    @property
    def is_over(self) -> bool:
        """Return whether nothing more comes."""
        return bool(self.problem) or self.done == self.of


class Sampler:
    """The thread, and how far it is."""

    def __init__(self, store: LabelStore, backend: Backend, draw: Draw) -> None:
        self.store, self.backend, self.draw = store, backend, draw
        self.state = Sampling()
        self.stopped = threading.Event()

    def start(self, rows: Sequence[Row]) -> None:
        """Begin; the thread ends with the process, or at `stopped`."""
        known = self.store.rows()
        missing = [row for row in rows if row["id"] not in known]
        self.state = Sampling(of=len(missing))
        threading.Thread(target=self.run, args=(missing,), daemon=True).start()

    def run(self, rows: Sequence[Row]) -> None:
        """Answer the rows, one after the other."""
        try:
            for row in rows:
                candidates = self.candidates(row)
                if len(candidates) > 1:
                    self.store.add_task(task_of(row, candidates))
                alike = self.state.alike + (len(candidates) < 2)
                self.state = replace(self.state, done=self.state.done + 1, alike=alike)
        except Cancelled:
            return
        except GretchenError as failure:
            self.state = replace(self.state, problem=failure.problem)

    def candidates(self, row: Row) -> list[CandidateAnswer]:
        """Return different answers to a row, each with the models that gave it."""
        given: dict[str, list[str]] = {}
        names = list(self.backend.models)
        first = int(text_hash(row["id"]), 16) % len(names)  # more models than answers: each has its turn
        for turn in range(ROUNDS):
            for name in names[first:] + names[:first]:
                if len(given) == self.draw.num_answers:
                    break
                text = self.sampled(name, row, turn)
                if text and name not in given.setdefault(text, []):
                    given[text].append(name)
        return [CandidateAnswer(text=text, models=tuple(names)) for text, names in given.items()]

    def sampled(self, name: str, row: Row, turn: int) -> str:
        """Return one answer of a model. Raises GretchenError, and Cancelled at `stopped`."""
        asked = self.backend.describe(name)
        # The same row draws the same answers.
        params = replace(self.draw.params, seed=int(text_hash(row["id"], name, str(turn)), 16) >> 2)
        with self.backend.turn(self.stopped.is_set), self.backend.loaded(asked) as model:
            ids = encode(model, prompt_text(row) if asked.is_base else conversation(row))
            require_room(model, len(ids), params)
            (answer,) = answers(model, ids, params, AnswerOptions(is_cancelled=self.stopped.is_set))
        if self.stopped.is_set():
            raise Cancelled
        return answer.text.strip()
