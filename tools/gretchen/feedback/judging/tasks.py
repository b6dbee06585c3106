"""The answers that a judge is asked about: those that people label, sampled anew where there are none, or from a file.

    tasks_to_judge("genome-chatbot", "tiny", Source(prompts=50, answers=2))     -> [Task(…), …]

They are kept where `make label` keeps its own, so that people can be asked about the very answers that a judge was
asked about. Questions are those of the train split. Those with people's labels come first.
"""

from dataclasses import dataclass
from pathlib import Path

from gretchen.errors import UserError, WorkError
from gretchen.feedback.labels import Task
from gretchen.feedback.predictions import predicted_tasks
from gretchen.feedback.sampling import Draw, Sampler, answering_models
from gretchen.feedback.store import LabelStore
from gretchen.models.generate import SamplingParams
from gretchen.projects.card import load_card
from gretchen.scoring.testset import load_set, sample


@dataclass(frozen=True)
class Source:
    """Where answers come from: `predictions` (a file), else `answers` to each of `prompts` questions, sampled.

    `runs`: ids of the runs that answer, separated by blanks; "" for base and newest run of each recipe.
    """

    prompts: int = 50
    answers: int = 2
    temperature: float = 0.8
    runs: str = ""
    predictions: str = ""


def tasks_to_judge(project: str, profile: str, source: Source, store: LabelStore) -> list[Task]:
    """Return the tasks; missing answers are sampled first. Raises UserError, and WorkError where sampling failed."""
    if source.predictions:
        tasks = predicted_tasks(project, Path(source.predictions), source.answers)
        for task in tasks:
            store.add_task(task)
    else:
        sample_missing(project, profile, source, store)
        tasks = store.tasks()
    if not tasks:
        raise UserError(f"{project} has no two different answers to a question", "raise TEMPERATURE or PROMPTS")
    labelled = {label.task.row_id for label in store.labels()}
    return sorted(tasks, key=lambda task: task.row_id not in labelled)


def sample_missing(project: str, profile: str, source: Source, store: LabelStore) -> None:
    """Sample answers to the questions that have none."""
    known = store.rows()
    rows = [row for row in sample(load_set(project, "train"), source.prompts) if row["id"] not in known]
    if not rows:
        return
    print(f"answers     sampling {source.answers} to each of {len(rows):,} questions", flush=True)
    params = SamplingParams(load_card(project).evaluation.max_new_tokens, temperature=source.temperature)
    sampler = Sampler(store, answering_models(project, profile, source.runs), Draw(source.answers, params))
    sampler.run(rows)
    if sampler.state.problem:
        raise WorkError(f"answers could not be sampled: {sampler.state.problem}", "those before are kept")
