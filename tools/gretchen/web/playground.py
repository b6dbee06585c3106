"""The playground's page: one prompt, the models' answers side by side, as they are written.

    app = playground_app(Playground(…))     the page at /<token>/, the API at /v1, in one ASGI app

Nothing in it asks another host. What a model writes is shown as text.
"""

import asyncio
import random
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI
from nicegui import ui
from nicegui.events import KeyEventArguments

from gretchen import paths
from gretchen.errors import GretchenError
from gretchen.feedback import votes
from gretchen.models.stream import Delta
from gretchen.provenance import now
from gretchen.serving.api import api
from gretchen.serving.api_errors import ApiError
from gretchen.serving.backend import Answers, Backend
from gretchen.serving.chat_models import ChatModel
from gretchen.serving.presets import PresetAnswer, Settings
from gretchen.serving.streaming import follow
from gretchen.web.code import python_code
from gretchen.web.column import AnswerColumn, columns_box, kind_of
from gretchen.web.controls import PresetPicker, knobs, model_select, prompt_fields
from gretchen.web.elements import Text, attributes, box, button
from gretchen.web.pages import add_style, mount
from gretchen.web.settings import body, continues, request, validated
from gretchen.web.token_table import answer_summary

MAX_COLUMNS = 4  # at first; a person may choose more


@dataclass(frozen=True)
class Playground:
    """What the page needs: a title, the models, where it is served, and where presets and votes are kept."""

    title: str
    project: str
    backend: Backend
    address: str
    token: str
    presets: Path
    votes: Path

    @property
    def page_address(self) -> str:
        """The page's address, with the token."""
        return f"{self.address}/{self.token}/"


@dataclass
class Shown:
    """A column with its model, and how the model was prompted."""

    column: AnswerColumn
    model: ChatModel
    kind: str


class Page:
    """One browser tab."""

    def __init__(self, playground: Playground) -> None:
        self.playground = playground
        self.settings = Settings(models=list(playground.backend.models)[:MAX_COLUMNS])
        self.asked = self.settings
        self.is_blind = self.is_hidden = False
        self.rater = ""
        self.shown: list[Shown] = []
        self.task: asyncio.Task | None = None

    def build(self) -> None:
        """Draw the page."""
        with box("app playground"):
            with box("head"):
                Text("Playground", "h1")
                Text(self.playground.title, classes="soft")
            with box("layout"):
                with box("main"):
                    prompt_fields(self.settings)
                    model_select(self.settings, list(self.playground.backend.models))
                    self.build_actions()
                    self.status = attributes(Text("", "p", "soft status"), role="status")
                    self.columns = columns_box()
                    self.vote_bar = box("vote-bar")
                with attributes(box("side", "aside"), aria_label="settings"):
                    with ui.expansion("Settings", value=True).classes("settings"):
                        knobs(self.settings)
                    PresetPicker(self.playground.presets, self.settings, self.answers_to, self.report)
        with ui.dialog() as self.dialog, ui.card().classes("code-card"):
            self.code_model = ui.select([], label="Model", on_change=self.show_code).props(
                "outlined dense options-dense"
            )
            self.code = Text("", "pre", "code")
            with box("row"):
                button("Copy", lambda: ui.clipboard.write(self.code.text))
                button("Close", self.dialog.close)

    def build_actions(self) -> None:
        """Draw the buttons, and let Ctrl+Enter run."""
        with box("row"):
            self.run_button = button("Run", self.start, "primary")
            self.stop_button = button("Stop", self.stop, "hidden")
            button("View code", self.view_code)
            ui.switch("Blind").bind_value(self, "is_blind").tooltip("hides and shuffles the models' names")
            Text("Ctrl+Enter runs", classes="soft keys")
        ui.keyboard(self.on_key, ignore=[])

    def on_key(self, key: KeyEventArguments) -> None:
        """Run at Ctrl+Enter."""
        if key.action.keydown and key.key == "Enter" and (key.modifiers.ctrl or key.modifiers.meta):
            self.start()

    def report(self, text: str) -> None:
        """Say something on the status line."""
        self.status.text = text

    def start(self) -> None:
        """Begin a run, unless one is under way."""
        if self.task is None or self.task.done():
            self.task = asyncio.create_task(self.run())

    def stop(self) -> None:
        """End the run; what is written stays."""
        if self.task:
            self.task.cancel()

    async def run(self) -> None:
        """Ask the models, one after the other."""
        try:
            self.prepare()
        except (GretchenError, ApiError) as failure:
            self.report(message(failure))
            return
        self.set_running(True)
        try:
            for shown in self.shown:
                await self.ask(shown)
            if self.is_hidden:
                self.offer_vote()
        except asyncio.CancelledError:
            for shown in self.shown:
                if shown.column.answer is None:
                    shown.column.show_status("stopped")
        finally:
            self.set_running(False)

    def prepare(self) -> None:
        """Check the settings and draw the columns. Raises GretchenError or ApiError."""
        self.report("")
        self.asked = validated(self.settings)
        if not self.asked.models:
            raise ApiError("no model is chosen")
        models = [self.playground.backend.describe(name) for name in self.asked.models]
        for model in models:
            request(self.asked, model)
        self.is_hidden = self.is_blind
        if self.is_hidden:
            random.SystemRandom().shuffle(models)
        self.columns.clear()
        self.vote_bar.clear()
        self.shown = []
        with self.columns:
            for number, model in enumerate(models):
                kind = kind_of(continues(self.asked, model))
                label = chr(ord("A") + number) if self.is_hidden else model.name
                self.shown.append(Shown(AnswerColumn(label, "" if self.is_hidden else kind), model, kind))

    def set_running(self, is_running: bool) -> None:
        """Show Stop while a run is under way, Run otherwise."""
        self.stop_button.classes(remove="hidden") if is_running else self.stop_button.classes("hidden")
        self.run_button.classes("hidden") if is_running else self.run_button.classes(remove="hidden")

    async def ask(self, shown: Shown) -> None:
        """Follow one model's answer."""
        column, asked = shown.column, request(self.asked, shown.model)
        is_streamed = asked.num_generated == 1
        column.show_status("loading the model …")
        try:
            async for event in follow(self.playground.backend, asked):
                if isinstance(event, Answers):
                    column.finish(event.answers[0], is_streamed)
                elif isinstance(event, Delta) and is_streamed:
                    column.add(event)
                elif isinstance(event, int):
                    column.show_status("writing …" if is_streamed else f"writing {asked.num_generated} answers …")
        except (GretchenError, ApiError) as failure:
            column.show_status("this model failed" if self.is_hidden else message(failure), is_bad=True)

    def offer_vote(self) -> None:
        """Ask which answer is the best one."""
        for number, shown in enumerate(self.shown):
            with shown.column.actions:
                button(f"{chr(ord('A') + number)} is best", lambda number=number: self.vote(number))
        with self.vote_bar:
            ui.input("Your name, if you like").bind_value(self, "rater").props("outlined dense")
            button("All equally good", lambda: self.vote(None, tie=True))
            button("None is good", lambda: self.vote(None))

    def vote(self, best: int | None, tie: bool = False) -> None:
        """Keep a vote, then show the names."""
        if not self.is_hidden:
            return
        answers = [
            votes.VotedAnswer(
                model=shown.model.name,
                source=paths.shown(shown.model.adapter) if shown.model.adapter else shown.model.model,
                text=encodable(shown.column.answer.text) if shown.column.answer else "",
            )
            for shown in self.shown
        ]
        vote = votes.Vote(
            at=now(),
            rater=self.rater.strip(),
            project=self.playground.project,
            settings=votes.VotedSettings(**self.asked.model_dump()),
            answers=tuple(answers),
            best=best,
            tie=tie,
        )
        try:
            votes.append(self.playground.votes, vote)
        except OSError as failure:
            self.report(f"the vote could not be kept: {failure.strerror}")
            return
        self.is_hidden = False
        for shown in self.shown:
            shown.column.actions.clear()
            shown.column.reveal(shown.model.name, shown.kind)
        self.vote_bar.clear()
        self.report(f"your vote is kept in {paths.shown(self.playground.votes)}")

    def answers_to(self, settings: Settings) -> list[PresetAnswer]:
        """Return the answers on the page where they are complete, with names, and answers to these settings."""
        if settings != self.asked or self.is_hidden:
            return []
        return [
            PresetAnswer(
                model=shown.model.name,
                prompting=shown.kind,
                text=encodable(answer.text),
                summary=answer_summary(answer),
            )
            for shown in self.shown
            if (answer := shown.column.answer)
        ]

    def view_code(self) -> None:
        """Show the request of a model with OpenAI's client."""
        names = self.settings.models
        if not names:
            self.report("no model is chosen")
            return
        self.code_model.set_options(names, value=names[0])
        self.show_code()
        self.dialog.open()

    def show_code(self) -> None:
        """Write the program of the chosen model."""
        if self.code_model.value is None:
            return
        try:
            model = self.playground.backend.describe(self.code_model.value)
            asked = body(validated(self.settings), model)
        except (GretchenError, ApiError) as failure:
            self.code.text = message(failure)
            return
        self.code.text = python_code(asked, self.playground.address, self.playground.token)


def message(failure: GretchenError | ApiError) -> str:
    """Return what went wrong, in a sentence."""
    return failure.problem if isinstance(failure, GretchenError) else failure.message


def encodable(text: str) -> str:
    """Return a text that a file can hold: half of a surrogate pair becomes a question mark."""
    return text.encode("utf-8", "replace").decode()


def playground_app(playground: Playground) -> FastAPI:
    """Return the app of page and API. NiceGUI holds one page app per process: call it once."""

    @ui.page("/", title=f"Playground · {playground.title}")
    def page() -> None:
        add_style("playground.css")
        tab = Page(playground)
        tab.build()
        ui.context.client.on_disconnect(tab.stop)

    app = api(playground.backend, playground.token)
    mount(app, playground.token)
    return app
