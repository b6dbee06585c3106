"""`make ask PROJECT=… [PROMPT="…"] [RUNS="id id"] [QUESTIONS=1]`: the same question to base, SFT and aligned model.

    make ask PROJECT=genome-chatbot PROMPT="Translate ATG AAA CCC TAG step by step."
    make ask PROJECT=genome-chatbot QUESTIONS=1 PROFILE=laptop
    gretchen ask --model DIR --prompt "…"

Answers stand side by side and appear as they are generated: the base, then the newest run of each recipe, or RUNS.
Without PROMPT it is a chat with the newest run. QUESTIONS=1 asks the course's own questions (shared_recipes/
questions.yaml) and prints a table. Greedy, unless TEMPERATURE is set. It scores nothing and keeps nothing.
"""

import json
import sys
from typing import Annotated

import typer
from rich.console import Console

from gretchen.errors import UserError
from gretchen.hardware import machine
from gretchen.models.generate import Message, SamplingParams
from gretchen.models.locate import require_reachable
from gretchen.projects.profiles import PROFILE_HELP, chosen_profile
from gretchen.serving.chat_models import ChatModel, folder_model, project_models
from gretchen.serving.course_table import answer_course_questions, markdown_table, table_rows
from gretchen.serving.panes import answer_aloud, ask_side_by_side, columns

CHAT_TOKENS, TABLE_TOKENS = 256, 64


def ask(
    project: Annotated[str, typer.Option(help="the project's folder in projects/")] = "",
    prompt: Annotated[str, typer.Option(help="the question; without it a chat with the newest run")] = "",
    runs: Annotated[str, typer.Option(help="run ids; without them the newest finished run of each recipe")] = "",
    model: Annotated[str, typer.Option(help="without a project: a model's or adapter's folder, or a hub id")] = "",
    questions: Annotated[bool, typer.Option(help="the course's own questions, as a table")] = False,
    system: Annotated[str, typer.Option(help="a system message before the question")] = "",
    temperature: Annotated[float, typer.Option(min=0, max=2, help="0: greedy")] = 0.0,
    max_new_tokens: Annotated[int | None, typer.Option(min=1, help="of an answer: 256, in the table 64")] = None,
    profile: Annotated[str, typer.Option(help=PROFILE_HELP)] = "",
    as_json: Annotated[bool, typer.Option("--json", help="the table of the questions as JSON")] = False,
) -> None:
    """Ask base, SFT and aligned model the same question, chat with the newest, or print the course's questions."""
    if bool(project) == bool(model):
        raise UserError("ask takes a project or a model", 'make ask PROJECT=… PROMPT="…", or gretchen ask --model DIR')
    if prompt and questions:
        raise UserError("PROMPT and QUESTIONS=1 exclude each other", "leave one of them out")
    models = [folder_model(model)] if model else of_project(project, profile, runs)
    before: list[Message] = [{"role": "system", "content": system}] if system else []
    tokens = max_new_tokens or (TABLE_TOKENS if questions else CHAT_TOKENS)
    params = SamplingParams(max_new_tokens=tokens, temperature=temperature)
    if questions:
        print_questions(models, before, params, as_json)
    elif prompt:
        ask_side_by_side(models, [*before, {"role": "user", "content": prompt}], params)
    else:
        chat(models[-1], before, params)
    for line in notes(project, models):
        print(line, file=sys.stderr)


def of_project(project: str, profile: str, runs: str) -> list[ChatModel]:
    """Return the models of a project to ask; the base is fetched first where it is not on this machine."""
    profile = chosen_profile(project, profile, machine())
    models = project_models(project, profile, runs.split())
    require_reachable(models[0].model)
    return models


def print_questions(models: list[ChatModel], before: list[Message], params: SamplingParams, as_json: bool) -> None:
    """Print the course's questions with all answers: a table in a terminal, Markdown in a pipe."""
    asked = answer_course_questions(models, before, params)
    if as_json:
        rows = [
            {**row.question.model_dump(), "answers": {name: answer.text for name, answer in row.answers.items()}}
            for row in asked
        ]
        print(json.dumps(rows, indent=2, ensure_ascii=False))
    elif sys.stdout.isatty():
        Console().print(columns(*table_rows(asked)))
    else:
        print("\n".join(markdown_table(asked)))


def chat(asked: ChatModel, before: list[Message], params: SamplingParams) -> None:
    """Hold a conversation of several turns with one model, until an empty line or the end of the input."""
    print(f"a chat with {asked.name}; an empty line ends it", flush=True)
    model, messages = asked.load(), list(before)
    while question := next_question():
        messages.append({"role": "user", "content": question})
        answer = answer_aloud(model, messages, params)
        messages.append({"role": "assistant", "content": answer.text})


def next_question() -> str:
    """Return the next line of the input, "" at its end."""
    try:
        return input("> ").strip()
    except EOFError:
        print()
        return ""


def notes(project: str, models: list[ChatModel]) -> list[str]:
    """Return what a person should know of the models: none is trained yet, or all are too small for a conversation."""
    lines = []
    if project and len(models) == 1:
        lines.append(f"only the base answered: make train PROJECT={project} trains a model to compare it with")
    if models[0].is_embedded:
        lines.append(
            "the embedded base has too few parameters for questions beyond its own documents; a real chat model: "
            f'make ask PROJECT={project} PROFILE=laptop PROMPT="…"'
        )
    return lines
