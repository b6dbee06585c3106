"""The label page: people rank two to four answers to one question, and say more of each where they want to.

    app = label_app(Labelling(…))       the page at /<token>/, for several raters at once

Every rater gets the answers in an order of their own. A label is on the disk before the page says "saved". What a model
writes is shown as text. Nothing in it asks another host.
"""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

from fastapi import FastAPI, Request
from nicegui import ui
from nicegui.events import KeyEventArguments

from gretchen import paths
from gretchen.errors import GretchenError
from gretchen.feedback.export import export
from gretchen.feedback.labels import Judgement, Label, Scale, Task, labels_file
from gretchen.feedback.sampling import Sampling
from gretchen.feedback.store import MAX_NAME, LabelStore
from gretchen.files import text_hash
from gretchen.projects.rows import turn_text
from gretchen.safe_text import visible
from gretchen.web.elements import Text, attributes, box, button
from gretchen.web.label_agreement import agreements, open_agreement
from gretchen.web.label_card import FLAG_KEYS, SCALE_KEYS, AnswerCard, Draft, draft_of
from gretchen.web.label_texts import LANGUAGES, TEXTS, Language, language_of, texts
from gretchen.web.pages import add_style, mount

LETTERS = "ABCD"
POLL_SECONDS = 1.0


@dataclass(frozen=True)
class Labelling:
    """What the page needs: the project's store, how far the models are, and how many raters each task is to have."""

    title: str
    project: str
    store: LabelStore
    sampling: Callable[[], Sampling]
    num_raters: int
    token: str


class Page:
    """One browser tab of one rater."""

    def __init__(self, labelling: Labelling, name: str, language: Language) -> None:
        self.labelling, self.store = labelling, labelling.store
        self.language = language
        self.words = texts(language)
        self.name, self.rater = name, ""
        self.task: Task | None = None
        self.order: list[int] = []
        self.drafts: list[Draft] = []
        self.cards: list[AnswerCard] = []
        self.selected = 0
        self.scale: Scale | None = None

    def build(self) -> None:
        """Draw the page."""
        self.root = box("app label-page")
        ui.keyboard(self.on_key, ignore=["input", "textarea"], repeating=False)
        ui.timer(POLL_SECONDS, self.poll)
        if self.name:
            self.sign_in()
        else:
            self.draw()

    def draw(self) -> None:
        """Draw everything in the present language."""
        self.words = texts(self.language)
        self.root.clear()
        with attributes(self.root, lang=self.language):
            with box("head"):
                Text(self.words.heading, "h1")
                Text(visible(self.labelling.title), classes="soft")
                for code, name in LANGUAGES.items():
                    chosen = {"aria_pressed": str(code == self.language).lower(), "lang": code}
                    attributes(button(name, lambda code=code: self.set_language(code), "toggle"), **chosen)
                button(self.words.agreement, self.show_agreement)
                button(self.words.export, self.export)
            self.progress = attributes(Text("", "p", "soft status"), role="status")
            self.message = attributes(Text("", "p", "status"), role="status", aria_live="polite")
            with box("content"):
                if not self.rater:
                    self.draw_start()
                elif self.task:
                    self.draw_task(self.task)
                else:
                    self.draw_end()
        self.show_progress()

    def set_language(self, language: Language) -> None:
        """Draw the page in another language; what is said so far stays."""
        self.language = language
        self.remember()
        self.draw()

    def remember(self) -> None:
        """Put name and language into the address, so that a reload goes on."""
        query = {"language": self.language} | ({"rater": self.name} if self.rater else {})
        ui.navigate.history.replace(f"?{urlencode(query)}")

    def report(self, text: str, is_bad: bool = False) -> None:
        """Say something beside the buttons."""
        self.message.text = visible(text)
        self.message.classes("bad" if is_bad else "good", remove="good bad")

    def draw_start(self) -> None:
        """Ask for the name."""
        with box("start"):
            field = ui.input(self.words.name, value=self.name).props("outlined dense autofocus").classes("field")
            field.bind_value(self, "name").on("keydown.enter", self.sign_in, args=[])
            Text(self.words.name_hint, "p", "soft")
            with box("row"):
                button(self.words.start, self.sign_in, "primary")

    def sign_in(self) -> None:
        """Begin as the rater of that name."""
        if not 0 < len(self.name.strip()) <= MAX_NAME:
            self.report(self.words.name_missing, is_bad=True)
            return
        self.rater = self.store.rater(self.name)
        self.remember()
        self.show_next()

    def show_next(self) -> None:
        """Show the next task, or that there is none."""
        self.show(self.store.next_task(self.rater, self.labelling.num_raters))

    def show(self, task: Task | None, earlier: Label | None = None) -> None:
        """Show a task, with the judgements of an earlier label."""
        self.task, self.selected, self.scale = task, 0, None
        if task:
            positions = range(len(task.answers))
            self.order = sorted(positions, key=lambda n: text_hash(self.rater, task.id, str(n)))
            self.drafts = [draft_of(earlier.judgements[n]) if earlier else Draft() for n in self.order]
        self.draw()
        with self.root:  # the element whose event this answers is gone
            ui.run_javascript("window.scrollTo(0, 0)")

    def draw_task(self, task: Task) -> None:
        """Draw the question, the answers and the buttons below them."""
        with attributes(box("pane question", "section"), aria_label=self.words.question):
            for turn in task.prompt:
                with box("turn"):
                    Text(self.words.roles[str(turn["role"])], classes="soft")
                    Text(visible(turn_text(turn)), "p", "answer")
        self.cards = []
        with box("columns"):
            for number, position in enumerate(self.order):
                answer, draft = task.answers[position].text, self.drafts[number]
                card = AnswerCard(LETTERS[number], answer, draft, self.words, lambda n=number: self.select(n))
                card.build_buttons(len(self.order))
                self.cards.append(card)
        self.select(self.selected)
        Text(self.words.keys.format(last=LETTERS[len(self.order) - 1]), "p", "soft keys-hint")
        with box("row submit-bar") as bar:
            button(self.words.submit, self.submit, "primary")
            button(self.words.back, self.go_back)
            Text("Ctrl+Enter", "kbd")
            self.message.move(bar)

    def draw_end(self) -> None:
        """Say why there is no task."""
        sampling = self.labelling.sampling()
        progress = self.store.progress(self.rater, self.labelling.num_raters)
        text = self.words.done if progress.tasks else self.words.no_tasks
        Text(text if sampling.is_over else self.words.waiting, "p")
        if progress.judged:
            with box("row"):
                button(self.words.back, self.go_back)

    def poll(self) -> None:
        """Show how far the models are, and the next task once there is one."""
        if self.rater and self.task is None and self.store.next_task(self.rater, self.labelling.num_raters):
            self.show_next()
        else:
            self.show_progress()

    def show_progress(self) -> None:
        """Show how much is judged, and how far the models are."""
        sampling, parts = self.labelling.sampling(), []
        if self.rater:
            done = self.store.progress(self.rater, self.labelling.num_raters)
            parts.append(self.words.progress.format(judged=done.judged, left=done.left))
        if sampling.problem:
            parts.append(self.words.sampling_failed.format(problem=sampling.problem))
        elif not sampling.is_over:
            parts.append(self.words.sampling.format(done=sampling.done, of=sampling.of))
        self.progress.text = visible(" · ".join(parts))

    def select(self, number: int) -> None:
        """Let keys be meant for an answer."""
        self.selected = number
        for position, card in enumerate(self.cards):
            card.show_selected(position == number)

    def on_key(self, event: KeyEventArguments) -> None:
        """Do what a key means (`keys` in label_texts.py)."""
        if not event.action.keydown or self.task is None:
            return
        name, modifiers = event.key.name, event.modifiers
        if name == "Enter" and (modifiers.ctrl or modifiers.meta):
            self.submit()
        elif not (modifiers.ctrl or modifiers.meta or modifiers.alt):
            self.press(name)

    def press(self, name: str) -> None:
        """Do what a key without Ctrl or Alt means."""
        key, card = name.lower(), self.cards[self.selected]
        if name == "Escape":
            self.set_scale(None)
        elif len(name) == 1 and name in "12345":
            self.press_digit(int(name))
        elif len(key) == 1 and (number := LETTERS.lower().find(key)) in range(len(self.cards)):
            self.select(number)
        elif key in FLAG_KEYS:
            card.flip(FLAG_KEYS[key])
        elif key in SCALE_KEYS:
            self.set_scale(SCALE_KEYS[key])
        elif key in ("+", "-", "−"):
            card.set_good(key == "+")
        elif key == "r":
            self.go_back()

    def press_digit(self, digit: int) -> None:
        """Set the scale that was chosen, else the rank; the next answer is then meant."""
        if self.scale:
            self.cards[self.selected].set_scale(self.scale, digit)
            self.set_scale(None)
        elif digit <= len(self.cards):
            self.cards[self.selected].set_rank(digit)
            self.select(min(self.selected + 1, len(self.cards) - 1))

    def set_scale(self, scale: Scale | None) -> None:
        """Let the next digit be meant for a scale."""
        self.scale = scale
        names = {"scale": self.words.scale_names[scale], "letter": LETTERS[self.selected]} if scale else {}
        self.report(self.words.scale_next.format(**names) if scale else "")

    def submit(self) -> None:
        """Keep the label, then show the next task."""
        if self.task is None:
            return
        if any(draft.rank is None for draft in self.drafts):
            self.report(self.words.unranked, is_bad=True)
            return
        try:
            self.store.submit(self.task, self.rater, self.judgements())
        except GretchenError as failure:
            self.report(failure.problem, is_bad=True)
            return
        self.show_next()
        self.report(self.words.saved)

    def judgements(self) -> tuple[Judgement, ...]:
        """Return the judgements in the task's own order, ranks without gaps."""
        ranks = sorted({draft.rank or 0 for draft in self.drafts})
        by_position = dict(zip(self.order, self.drafts, strict=True))
        return tuple(by_position[n].judgement(ranks.index(by_position[n].rank or 0) + 1) for n in sorted(self.order))

    def go_back(self) -> None:
        """Show the last label that this rater gave, to change it."""
        if label := self.store.last(self.rater):
            self.show(label.task, label)

    def export(self) -> None:
        """Write the labels into the project."""
        try:
            count = export(self.labelling.project, self.store)
        except GretchenError as failure:
            self.report(failure.problem, is_bad=True)
            return
        file = paths.shown(labels_file(self.labelling.project))
        self.report(self.words.exported.format(count=count, file=file))

    def show_agreement(self) -> None:
        """Show how far the raters agree, and judge models with them."""
        open_agreement(agreements(self.labelling.project, self.store.labels()), self.words)


def label_app(labelling: Labelling) -> FastAPI:
    """Return the app of the page. NiceGUI holds one page app per process: call it once."""

    @ui.page("/", title=f"Label · {labelling.title}")
    def page(request: Request, rater: str = "", language: str = "") -> None:
        add_style("label.css")
        accepted = request.headers.get("accept-language", "")
        Page(labelling, rater, language if language in TEXTS else language_of(accepted)).build()

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    mount(app, labelling.token)
    return app
