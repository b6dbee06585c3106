"""The project `made` with a constitution, answers that have a known order (the more stars, the better), and a judge."""

from pathlib import Path

from made_project import TEST, TRAIN, chats
from scripted_judge import scripted_judge, verdict

from gretchen import paths
from gretchen.feedback.judge_labels import Judge
from gretchen.feedback.judging.asking import Asked
from gretchen.feedback.judging.judges import Endpoint
from gretchen.feedback.judging.session import Session
from gretchen.feedback.judging.verdicts import verdicts_file
from gretchen.feedback.labels import CandidateAnswer, Judgement, Label, task_of
from gretchen.projects.constitution import load_constitution

KEY = "sk-" + "AbCdEfGh" * 5

CONSTITUTION = """\
assistant: It answers questions.
values:
  - An answer is right.
rules:
  right: It says what is so.
  language: It is in the question's language.
"""
BUILDER = """
from gretchen import feedback as labels
def preferences():
    yield from labels.preferences(__file__)
    yield from labels.judged_preferences(__file__)
def feedback():
    yield from labels.feedback(__file__)
    yield from labels.judged_feedback(__file__)
def chats():
"""


def write_project(made_project) -> str:
    """Write the project, and return its name; nothing is built."""
    made_project(BUILDER + chats([*TRAIN[:8], *TEST[:4]]))
    constitution_file().write_text(CONSTITUTION, encoding="utf-8")
    return "made"


def constitution_file() -> Path:
    """Return the file of the project's constitution."""
    return paths.projects() / "made" / "constitution.yaml"


def starred(number, *stars):
    """Return a task of a training row with an answer for each number of stars."""
    row = {"id": f"row-{number}", "form": "ask", "group": TRAIN[number], "prompt": [{"role": "user", "content": "?"}]}
    return task_of(row, [CandidateAnswer(text=f"answer {number} " + "*" * count) for count in stars])


def ranked(task, rater="a", best="most"):
    """Return a person's label of a task: by stars, the most or the fewest first, or all equal."""
    counts = [answer.text.count("*") for answer in task.answers]
    order = sorted(set(counts), reverse=best == "most")
    ranks = [1 if best == "equal" else 1 + order.index(count) for count in counts]
    judged = tuple(Judgement(rank=rank) for rank in ranks)
    return Label(task=task, rater=rater, at="2026-01-01T00:00:00+00:00", judgements=judged)


def by_stars(request):
    """Return the verdict of a judge without bias: more stars are better."""
    a, b = (request.answer(f"answer_{letter}").count("*") for letter in "ab")
    return verdict("tie" if a == b else "A" if a > b else "B")


def session_of(judge, mode="compare"):
    """Return a session with a scripted judge, and how it is asked: by one request at a time."""
    session = Session(Judge(name="m", address=judge.address), load_constitution("made"), mode, verdicts_file("made"))
    return session, Asked(session.judge, Endpoint(judge.address, "m", KEY), timeout=5.0)


def judged(script, tasks, mode="compare"):
    """Return the outcomes of a scripted judge on tasks."""
    with scripted_judge(script) as judge:
        session, asked = session_of(judge, mode)
        session.ask(asked, session.first_questions(tasks))
        session.ask(asked, session.second_questions(tasks))
    return session.outcomes(tasks), judge, session
