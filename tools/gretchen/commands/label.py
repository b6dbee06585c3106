"""`make label PROJECT=… [PROFILE=tiny] [RUNS="id id"] [PROMPTS=50] [ANSWERS=3] [RATERS=2]`: people rank answers.

    make label PROJECT=genome-chatbot
    make label PROJECT=genome-chatbot RUNS="id id"              these runs alone answer, without the base
    make label PROJECT=genome-chatbot PREDICTIONS=file.jsonl    answers from a file; none are sampled
    make label PROJECT=genome-chatbot EXPORT=1                  labels into projects/genome-chatbot/data/labels.jsonl

It prints the page's address, which holds a token, and serves until Ctrl-C, on 127.0.0.1 alone; several raters may label
at once. Questions are those of the train split. Votes of the playground's blind mode are labels, too. The builder
offers the exported labels as rows (docs/label.md). It trains nothing.
"""

import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from gretchen import paths
from gretchen.errors import UserError
from gretchen.feedback.agreement import agreement
from gretchen.feedback.export import absorb, export, label_store
from gretchen.feedback.labels import MAX_ANSWERS, MIN_ANSWERS, labels_file
from gretchen.feedback.predictions import predicted_tasks
from gretchen.feedback.sampling import Draw, Sampler, Sampling, answering_models
from gretchen.feedback.store import LabelStore
from gretchen.hardware import machine
from gretchen.models.generate import SamplingParams
from gretchen.names import counted
from gretchen.projects.build import ensure_built
from gretchen.projects.card import load_card
from gretchen.projects.profiles import PROFILE_HELP, chosen_profile
from gretchen.scoring.testset import load_set, sample
from gretchen.serving.local_server import address_of, listening, new_token, serve
from gretchen.web.label import Labelling, label_app

IMPORT = "from gretchen import feedback as labels"


def label(
    project: Annotated[str, typer.Option(help="the project's folder in projects/")],
    profile: Annotated[str, typer.Option(help=PROFILE_HELP)] = "",
    runs: Annotated[
        str, typer.Option(help="run ids that answer; without them base and newest run of each recipe")
    ] = "",
    prompts: Annotated[int, typer.Option(min=1, help="how many questions of the train split")] = 50,
    answers: Annotated[int, typer.Option(min=MIN_ANSWERS, max=MAX_ANSWERS, help="to a question, at most")] = 3,
    raters: Annotated[int, typer.Option(min=1, help="how many people judge each question")] = 2,
    temperature: Annotated[float, typer.Option(min=0, max=2, help="of the sampled answers")] = 0.8,
    predictions: Annotated[str, typer.Option(help="JSON lines of id, prediction and model, instead of sampling")] = "",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free one")] = 0,
    export_: Annotated[bool, typer.Option("--export", help="write the labels into the project, and end")] = False,
) -> None:
    """Serve the label page until Ctrl-C, or export the labels."""
    profile = chosen_profile(project, profile, machine())
    ensure_built(project, profile)
    store = label_store(project)
    if export_:
        print_export(project, store)
        return
    absorbed = absorb(project, store)
    if absorbed.labels or absorbed.votes:
        print(f"added {counted(absorbed.labels, 'label')} of the project's file and {counted(absorbed.votes, 'vote')}")
    if absorbed.votes_left_out:
        print(f"{counted(absorbed.votes_left_out, 'vote')} left out: on held-out questions, or in completion mode")
    if predictions:
        for task in predicted_tasks(project, Path(predictions), answers):
            store.add_task(task)
        sampling = Sampling
    else:
        params = SamplingParams(load_card(project).evaluation.max_new_tokens, temperature=temperature)
        sampler = Sampler(store, answering_models(project, profile, runs), Draw(answers, params))
        sampler.start(sample(load_set(project, "train"), prompts))
        sampling = partial(getattr, sampler, "state")
    bound, token = listening(port), new_token()
    app = label_app(Labelling(f"{project} · {profile}", project, store, sampling, raters, token))
    serve(app, bound, f"label       {address_of(bound)}/{token}/")


def print_export(project: str, store: LabelStore) -> None:
    """Write the labels into the project, and print their number, the agreement, and what to do with them."""
    count = export(project, store)
    if not count:
        raise UserError(f"there are no labels of {project}", f"make label PROJECT={project}")
    print(f"{paths.shown(labels_file(project))}: {counted(count, 'label')}")
    for question in agreement(store.labels()):
        if question.units:
            alpha = "not defined, all gave the same" if question.alpha is None else f"{question.alpha:.2f}"
            what = f"{counted(question.units, 'unit')}, {counted(question.raters, 'rater')}"
            print(f"  agreement on {question.question}: alpha {alpha} ({what})")
    builder = paths.projects() / project / "dataset.py"
    if IMPORT not in builder.read_text(encoding="utf-8"):
        name = paths.shown(builder)
        print(f"next: offer them in {name}, as docs/label.md shows: {IMPORT}", file=sys.stderr)
