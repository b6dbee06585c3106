"""The playground's presets as a report shows them: what was asked, with which settings, and each model's answer.

    saved_presets("genome-chatbot")     -> those of projects/<slug>/playground.json, by name

No model is asked: an answer is the one that the playground's page showed when the preset was saved.
"""

from dataclasses import dataclass

from gretchen.reporting.answers import cut
from gretchen.serving.presets import Preset, PresetAnswer, presets, presets_file

MAX_PRESETS = 20
MAX_TEXT = 2_000  # characters of a text; twenty presets of four answers then stay below 200 kB


@dataclass(frozen=True)
class SavedPreset:
    """A preset: its name, its settings as a line, the prompt, the answers."""

    name: str
    settings: str
    system: str
    prompt: str
    answers: tuple[PresetAnswer, ...]


def saved_presets(project: str) -> tuple[SavedPreset, ...]:
    """Return the first presets of a project. Raises UserError for a file that holds something else."""
    every = presets(presets_file(project))
    return tuple(saved_preset(name, every[name]) for name in sorted(every)[:MAX_PRESETS])


def saved_preset(name: str, preset: Preset) -> SavedPreset:
    """Return a preset with its texts as they are shown."""
    answers = tuple(
        answer.model_copy(update={"text": cut(answer.text.strip(), MAX_TEXT) or "(nothing)"})
        for answer in preset.answers
    )
    return SavedPreset(name, settings_line(preset), cut(preset.system, MAX_TEXT), cut(preset.prompt, MAX_TEXT), answers)


def settings_line(preset: Preset) -> str:
    """Return mode and sampling settings in a line: those that differ from greedy answers."""
    parts = [f"{preset.mode} mode", "greedy"]
    if preset.temperature:
        parts[1:] = [f"temperature {preset.temperature:g}", f"top-p {preset.top_p:g}", f"seed {preset.seed}"]
    if preset.frequency_penalty:
        parts.append(f"frequency penalty {preset.frequency_penalty:g}")
    if preset.presence_penalty:
        parts.append(f"presence penalty {preset.presence_penalty:g}")
    if preset.best_of > 1:
        parts.append(f"best of {preset.best_of}")
    if preset.stop:
        parts.append(f"stop at {', '.join(map(repr, preset.stop))}")
    return ", ".join([*parts, f"at most {preset.max_tokens:,} tokens"])
