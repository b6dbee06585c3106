"""The controls of the playground: prompt, models, sampling, presets. They write into one Settings."""

from collections.abc import Callable, Sequence
from pathlib import Path

from nicegui import ui

from gretchen import paths
from gretchen.errors import GretchenError
from gretchen.names import counted
from gretchen.serving import presets
from gretchen.serving.presets import Preset, PresetAnswer, Settings
from gretchen.web.elements import Text, attributes, box, button
from gretchen.web.settings import validated

MODES = {"chat": "Chat", "completion": "Completion"}
# key, label, least, most, step, what it does
KNOBS = (
    ("temperature", "Temperature", 0, 2, 0.05, "0: always the likeliest token"),
    ("top_p", "Top-p", 0, 1, 0.01, "draw from the likeliest tokens of this total probability"),
    ("frequency_penalty", "Frequency penalty", -2, 2, 0.05, "lowers a token by how often the answer has it"),
    ("presence_penalty", "Presence penalty", -2, 2, 0.05, "lowers each token that the answer has"),
    ("best_of", "Best of", 1, 16, 1, "generate several answers, keep the likeliest per token"),
    ("max_tokens", "Maximum length", 1, 1024, 1, "tokens"),
)


def prompt_fields(settings: Settings) -> None:
    """Draw mode, system message and prompt."""
    mode = ui.toggle(MODES).bind_value(settings, "mode").props("no-caps unelevated dense toggle-text-color=page")
    attributes(mode, aria_label="mode")
    system = ui.textarea("System message").bind_value(settings, "system").props("outlined autogrow rows=1")
    system.bind_visibility_from(settings, "mode", value="chat").classes("field").mark("system")
    prompt = ui.textarea("Prompt").bind_value(settings, "prompt").props("outlined autogrow autofocus")
    prompt.classes("field prompt").mark("prompt")


def knobs(settings: Settings) -> None:
    """Draw a slider and a field of each number, the stop sequences and the seed."""
    for key, label, least, most, step, hint in KNOBS:
        with box("knob"):
            with box("knob-head"):
                with box():
                    Text(label, classes="knob-name")
                    Text(hint, classes="knob-hint soft")
                field = ui.number(min=least, step=step).bind_value(settings, key).props("dense outlined")
                attributes(field.classes("knob-field"), aria_label=label)
            slider = ui.slider(min=least, max=most, step=step).bind_value(settings, key)
            attributes(slider, aria_label=f"{label}, slider")
    chips = ui.input_chips("Stop sequences", new_value_mode="add-unique").bind_value(settings, "stop")
    chips.props("outlined dense hint='Enter adds one; \\\\n is a line break'").classes("field")
    seed = ui.number("Seed", min=0, step=1).bind_value(settings, "seed").props("outlined dense").classes("field")
    seed.props("hint='the same seed draws the same answer'")


class PresetPicker:
    """A select of saved presets, and a field to save the present settings under a name.

    `answers` returns the answers on the page to some settings.
    """

    def __init__(
        self,
        file: Path,
        settings: Settings,
        answers: Callable[[Settings], list[PresetAnswer]],
        report: Callable[[str], None],
    ) -> None:
        self.file, self.settings, self.answers, self.report = file, settings, answers, report
        with box("presets"):
            self.select = ui.select([], label="Preset", on_change=self.load).props("outlined dense options-dense")
            self.name = ui.input("Save as").props("outlined dense")
            button("Save", self.save)
        self.refresh()

    def refresh(self) -> dict[str, Preset]:
        """Read the file again, and return the presets."""
        try:
            every = presets.presets(self.file)
        except GretchenError as failure:
            self.report(failure.problem)
            every = {}
        self.select.set_options(list(every))
        return every

    def load(self) -> None:
        """Set the controls to the chosen preset."""
        chosen = self.refresh().get(self.select.value or "")
        if chosen:
            for key, value in chosen.settings:
                setattr(self.settings, key, value)
            self.name.value = self.select.value

    def save(self) -> None:
        """Save the controls' state, with the answers on the page where they are answers to it."""
        try:
            settings = validated(self.settings)
            answers = self.answers(settings)
            presets.save(self.file, self.name.value or "", Preset(**dict(settings), answers=answers))
        except GretchenError as failure:
            self.report(failure.problem)
            return
        self.refresh()
        what = f"with {counted(len(answers), 'answer')}" if answers else "without answers: run, then save again"
        self.report(f"saved in {paths.shown(self.file)}, {what}")


def model_select(settings: Settings, names: Sequence[str]) -> None:
    """Draw the choice of models."""
    select = ui.select(list(names), label="Models", multiple=True).bind_value(settings, "models")
    select.props("outlined dense use-chips options-dense").classes("field").mark("models")
