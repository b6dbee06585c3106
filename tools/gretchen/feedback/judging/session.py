"""One judging of a project: from tasks to outcomes, by what a judge has said before and what is still to be asked.

    session = Session(judge, constitution, "compare", verdicts_file(project))
    session.ask(Asked(judge, endpoint), session.first_questions(pairs))     those that have no verdict
    session.outcomes(pairs)                                                 -> [Outcome(winner=0, …), …]

Only verdicts of this judge, on these very questions by this very constitution, count.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gretchen.feedback.judge_labels import Judge
from gretchen.feedback.judging.asking import Asked, ask, key_of
from gretchen.feedback.judging.pairs import ORDERS, Outcome, by_ratings, compared, pairs, revised
from gretchen.feedback.judging.prompts import Question, compare_question, rate_question, revise_question
from gretchen.feedback.judging.summary import Progress
from gretchen.feedback.judging.verdicts import Mode, Verdict, append, read_verdicts
from gretchen.feedback.labels import Task
from gretchen.projects.constitution import Constitution


@dataclass
class Session:
    """A judge, the constitution it judges by, the file of verdicts with what is in it, and what was asked just now."""

    judge: Judge
    constitution: Constitution
    mode: Mode
    file: Path
    verdicts: dict[str, Verdict] = field(init=False)
    asked: list[Verdict] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.verdicts = read_verdicts(self.file)

    def first_questions(self, tasks: Iterable[Task]) -> list[Question]:
        """Return the questions on tasks, those of `units`."""
        if self.mode == "compare":
            return self.comparisons(tasks)
        question = rate_question if self.mode == "rate" else revise_question
        return [question(self.constitution, task) for task in tasks]

    def comparisons(self, tasks: Iterable[Task]) -> list[Question]:
        """Return the questions on pairs, each in both orders."""
        return [compare_question(self.constitution, pair, order) for pair in tasks for order in ORDERS]

    def missing(self, questions: Iterable[Question]) -> list[Question]:
        """Return the questions without a verdict."""
        return [question for question in questions if key_of(self.judge, question) not in self.verdicts]

    def verdict(self, question: Question) -> Verdict | None:
        """Return the verdict on a question, None where it is missing."""
        return self.verdicts.get(key_of(self.judge, question))

    def ask(self, asked: Asked, questions: Iterable[Question]) -> None:
        """Ask the questions that have no verdict; each verdict is kept as it comes. Raises as asking.ask does."""
        missing = self.missing(questions)
        progress = Progress(len(missing), asked.endpoint.at_once)

        def keep(verdict: Verdict) -> None:
            append(self.file, verdict)
            self.verdicts[verdict.key] = verdict
            self.asked.append(verdict)
            progress.add(verdict)

        if missing:
            asyncio.run(ask(asked, missing, keep))

    def second_questions(self, tasks: Iterable[Task]) -> list[Question]:
        """Return whether each revision is better than its answer, as questions: known once the first are answered."""
        return self.comparisons(self.revisions(tasks)) if self.mode == "revise" else []

    def revisions(self, tasks: Iterable[Task]) -> list[Task]:
        """Return the pairs of answers and their revisions that the verdicts hold."""
        asked = [(task, self.verdict(revise_question(self.constitution, task))) for task in tasks]
        return [pair for task, verdict in asked if verdict and (pair := revised(task, verdict))]

    def outcomes(self, tasks: Sequence[Task]) -> list[Outcome]:
        """Return the outcomes of the pairs whose verdicts are complete; `tasks` are those of `units`."""
        if self.mode == "rate":
            return self.rated(tasks)
        every = []
        for pair in self.revisions(tasks) if self.mode == "revise" else tasks:
            first, second = (self.verdict(question) for question in self.comparisons([pair]))
            if first and second:
                every.append(compared(pair, first, second))
        return every

    def rated(self, tasks: Sequence[Task]) -> list[Outcome]:
        """Return the outcomes of every two rated answers to a question."""
        asked = [(task, self.verdict(rate_question(self.constitution, task))) for task in tasks]
        ratings = {task.id: verdict for task, verdict in asked if verdict}
        together: dict[str, list[Task]] = {}
        for task in tasks:
            together.setdefault(task.row_id, []).append(task)
        every = [by_ratings(pair, ratings) for several in together.values() for pair in pairs(joined(several))]
        return [outcome for outcome in every if outcome]


def joined(tasks: Sequence[Task]) -> list[Task]:
    """Return one task with the answers of several tasks of one question."""
    answers = tuple(answer for task in tasks for answer in task.answers)
    return [tasks[0].model_copy(update={"answers": answers})]
