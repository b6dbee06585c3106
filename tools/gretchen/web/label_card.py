"""One answer on the label page: its text, and the buttons for rank, verdict, problems and scales.

A card keeps what a person has said so far in its Draft; clicks and keys (label.py) change it by the same methods.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from nicegui import ui

from gretchen.feedback.labels import FLAGS, SCALES, TOP, Flag, Judgement, Scale
from gretchen.safe_text import visible
from gretchen.web.elements import Text, attributes, box, button
from gretchen.web.label_texts import Texts

# The keys of problems and scales, the same in every language; a to d choose an answer, r goes back.
FLAG_KEYS: dict[str, Flag] = dict(zip("snliphx", FLAGS, strict=True))
SCALE_KEYS: dict[str, Scale] = dict(zip("qukmoz", SCALES, strict=True))


@dataclass
class Draft:
    """What a person has said of one answer so far."""

    rank: int | None = None
    good: bool | None = None
    flags: set[Flag] = field(default_factory=set)
    scales: dict[Scale, int] = field(default_factory=dict)

    def judgement(self, rank: int) -> Judgement:
        """Return the draft as a judgement with this rank."""
        flags = tuple(flag for flag in FLAGS if flag in self.flags)
        return Judgement(rank=rank, good=self.good, flags=flags, scales=self.scales)


def draft_of(judged: Judgement) -> Draft:
    """Return an earlier judgement to change."""
    return Draft(judged.rank, judged.good, set(judged.flags), dict(judged.scales))


class AnswerCard:
    """One answer with its buttons; `letter` is its name on the page."""

    def __init__(self, letter: str, text: str, draft: Draft, words: Texts, on_select: Callable[[], None]) -> None:
        self.letter, self.draft, self.words, self.on_select = letter, draft, words, on_select
        # Whether each button is pressed, by button.
        self.pressed: dict[Text, Callable[[], bool]] = {}
        with attributes(box("pane judged", "section"), aria_label=words.answer.format(letter=letter)) as self.pane:
            self.pane.on("click", on_select, args=[])
            with box("model-head"):
                Text(words.answer.format(letter=letter), "h2")
                Text(letter, "kbd")
            Text(visible(text), "p", "answer")

    def build_buttons(self, num_answers: int) -> None:
        """Draw the buttons."""
        words, draft = self.words, self.draft
        with self.pane:
            with self.group(words.rank):
                for rank in range(1, num_answers + 1):
                    self.toggle(str(rank), lambda rank=rank: self.set_rank(rank), lambda rank=rank: draft.rank == rank)
            with self.group(words.good):
                for text, value in ((f"+ {words.is_good}", True), (f"− {words.is_bad}", False)):
                    self.toggle(text, lambda v=value: self.set_good(v), lambda v=value: draft.good is v)
            with self.group(words.flags):
                for key, flag in FLAG_KEYS.items():
                    element = self.toggle(
                        words.flag_names[flag], lambda f=flag: self.flip(f), lambda f=flag: f in draft.flags
                    )
                    with element:
                        Text(key.upper(), "kbd")
            with box("scales"):
                Text(f"{words.scales} ({words.low_high})", "p", "soft")
                for key, scale in SCALE_KEYS.items():
                    self.build_scale(key, scale)

    def build_scale(self, key: str, scale: Scale) -> None:
        """Draw the buttons of one scale."""
        name, scales = self.words.scale_names[scale], self.draft.scales
        with attributes(box("scale"), role="group", aria_label=name):
            with Text(name, classes="scale-name"):
                Text(key.upper(), "kbd")
            for value in range(1, TOP + 1):
                self.toggle(
                    str(value),
                    lambda value=value: self.set_scale(scale, value),
                    lambda value=value: scales.get(scale) == value,
                )

    def group(self, name: str) -> ui.element:
        """Return a named row of buttons, to fill."""
        group = attributes(box("choices"), role="group", aria_label=name)
        with group:
            Text(name, classes="choices-name soft")
        return group

    def toggle(self, text: str, on_click: Callable[[], None], is_pressed: Callable[[], bool]) -> Text:
        """Return a button that is pressed or not."""
        element = attributes(button(text, on_click, "toggle"), aria_pressed=str(is_pressed()).lower())
        self.pressed[element] = is_pressed
        return element

    def refresh(self) -> None:
        """Show which buttons are pressed."""
        for element, is_pressed in self.pressed.items():
            attributes(element, aria_pressed=str(is_pressed()).lower()).update()

    def show_selected(self, is_selected: bool) -> None:
        """Show whether keys are meant for this answer."""
        self.pane.classes("selected") if is_selected else self.pane.classes(remove="selected")

    def set_rank(self, rank: int) -> None:
        """Give the answer a rank; the same one again takes it away."""
        self.draft.rank = None if self.draft.rank == rank else rank
        self.refresh()

    def set_good(self, is_good: bool) -> None:
        """Say whether the answer will do; the same again takes it back."""
        self.draft.good = None if self.draft.good is is_good else is_good
        self.refresh()

    def flip(self, flag: Flag) -> None:
        """Mark a problem, or take it back."""
        self.draft.flags ^= {flag}
        self.refresh()

    def set_scale(self, scale: Scale, value: int) -> None:
        """Rate the answer on a scale; the same value again takes it away."""
        if self.draft.scales.pop(scale, None) != value:
            self.draft.scales[scale] = value
        self.refresh()
