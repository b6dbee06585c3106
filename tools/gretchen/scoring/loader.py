"""The model in memory: one at a time, shared by all systems that use the same weights."""

from pathlib import Path

from gretchen import paths
from gretchen.models.generate import Model, load
from gretchen.runs.folder import trained_weights
from gretchen.runs.intact import require_intact
from gretchen.scoring.systems import System


class ModelLoader:
    """Loads the models of systems; the base serves plain, few-shot and document prompts without a second load."""

    def __init__(self, template: str) -> None:
        self.template = template
        self.loaded: tuple[str, Path | None] | None = None
        self.model: Model | None = None

    def get(self, system: System) -> Model:
        """Return the system's model, loaded where another one was in memory. Raises as `load` does.

        Raises WorkError where the run was removed meanwhile.
        """
        if system.run:
            require_intact(system.run.path, system.run.record)
        weights = (system.model, system.adapter)
        if system.run and not system.adapter:
            weights = (paths.shown(trained_weights(system.run.path)), None)
        if self.model is None or weights != self.loaded:
            self.model = None  # frees the old model before the new one is loaded
            self.model, self.loaded = load(*weights, chat_template=self.template), weights
        return self.model
