"""The course's questions, asked of several models, as one table.

    answer_course_questions(models, params)     -> [CourseAnswers(question, {"base": "…", "sft.zephyr": "…"}), …]

Questions and what each shows: shared_recipes/questions.yaml. The answers are for people to read; none is scored.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from gretchen.models.generate import Completion, Message, SamplingParams, generate
from gretchen.safe_text import markdown_cell
from gretchen.scoring.fixed_questions import CourseQuestion, course_questions
from gretchen.serving.chat_models import ChatModel


@dataclass(frozen=True)
class CourseAnswers:
    """A question with each model's answer, by the model's name."""

    question: CourseQuestion
    answers: dict[str, Completion]


def answer_course_questions(
    models: Sequence[ChatModel], system: list[Message], params: SamplingParams
) -> list[CourseAnswers]:
    """Return the answers of every model to every question; one model at a time is in memory."""
    questions = course_questions()
    prompts = [[*system, {"role": "user", "content": question.question}] for question in questions]
    answers = {model.name: generate(model.load(), prompts, params) for model in models}
    return [
        CourseAnswers(question, {name: of_model[number] for name, of_model in answers.items()})
        for number, question in enumerate(questions)
    ]


def table_rows(asked: Sequence[CourseAnswers]) -> tuple[list[str], list[list[str]]]:
    """Return (header, rows) of the table: the question with what it shows, then each model's answer."""
    rows = [[f"{a.question.question} ({', '.join(a.question.shows)}; {a.question.kind})"] for a in asked]
    for row, answered in zip(rows, asked, strict=True):
        row += [answer.text.strip() + ("" if answer.ended else " …") for answer in answered.answers.values()]
    return ["question (shows; kind)", *asked[0].answers], rows


def markdown_table(asked: Sequence[CourseAnswers]) -> list[str]:
    """Return the table in Markdown, each answer in one line."""
    header, rows = table_rows(asked)
    cells = [["<br>".join(map(markdown_cell, cell.splitlines())) for cell in row] for row in rows]
    return [f"| {' | '.join(row)} |" for row in [header, ["---"] * len(header), *cells]]
