"""A resolved recipe under inspection: its values, where they stand, its training rows, its model's files.

    subject = Subject.of(resolved)
    subject.number("rl_beta", "beta")      -> ("beta", 0.1), whichever of the keys the recipe has

Only files on this disk are read: of a model on the hub nothing is known but its name.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from gretchen import paths
from gretchen.models.files import read_json
from gretchen.models.locate import model_folder
from gretchen.planning.rows import train_files
from gretchen.projects.build import intact_data_card, row_count_key
from gretchen.projects.card import Card, read_card
from gretchen.projects.splits import TEST, VALIDATION
from gretchen.recipes.layers import LayerKind
from gretchen.recipes.resolve import Resolved
from gretchen.recipes.schema import MODEL, load_schema

# The right rate falls with a model's width: below this size (bytes of weights, 50M parameters in bf16) none is judged
# by the usual rates of large models.
SMALL_MODEL_BYTES = 100_000_000
# axolotl has GRPO's settings in a mapping of their own.
GRPO_SECTION = "trl"


@dataclass(frozen=True)
class Subject:
    """A resolved recipe under inspection.

    `model_dir` is where its model would be on this disk; `embedded_base` says that the model is an embedded base, which
    may not be built yet.
    """

    resolved: Resolved
    model_dir: Path
    embedded_base: bool

    @classmethod
    def of(cls, resolved: Resolved) -> "Subject":
        """Return the subject for a resolved recipe. Under `tiny`, models are the embedded bases."""
        model = str(resolved.values.get(MODEL[resolved.engine]))
        return cls(resolved, model_folder(model) or paths.root() / model, resolved.profile == "tiny")

    @property
    def engine(self) -> str:
        """Return the recipe's engine."""
        return self.resolved.engine

    @property
    def stage(self) -> str:
        """Return the recipe's stage."""
        return self.resolved.stage

    @property
    def values(self) -> dict[str, Any]:  # upstream's own keys
        """Return the recipe's values."""
        return self.resolved.values

    @property
    def is_lora(self) -> bool:
        """Return whether an adapter is trained, and not all weights."""
        return bool(self.values.get("use_peft") or self.values.get("adapter"))

    @property
    def has_small_model(self) -> bool:
        """Return whether the model is an embedded base, or a small one on this disk."""
        size = 0 if self.embedded_base else sum(f.stat().st_size for f in self.model_dir.glob("*.safetensors"))
        return self.embedded_base or 0 < size < SMALL_MODEL_BYTES

    def at(self, *key: Any) -> str:
        """Return "file:line" of a key; of the recipe's beginning for a key that no layer holds."""
        origin = self.resolved.origins.get(".".join(map(str, key)))
        return str(origin) if origin else f"{self.resolved.name} ({self.resolved.profile or 'standalone'})"

    def is_forced(self, key: str) -> bool:
        """Return whether the machine, or a smoke run, set a value, and not a person."""
        origin = self.resolved.origins.get(key)
        return origin is not None and origin.kind in (LayerKind.MACHINE, LayerKind.COMPUTED)

    def is_stated(self, key: str) -> bool:
        """Return whether the project's recipe, or SET, states a value: not the shared method, nor the hardware."""
        origin = self.resolved.origins.get(key)
        return origin is not None and origin.kind in (LayerKind.RECIPE, LayerKind.RECIPE_PROFILE, LayerKind.SET)

    def value(self, key: str) -> tuple[Any, tuple[str, ...]]:
        """Return a setting and where it stands: axolotl has those of GRPO in a mapping of their own."""
        section = self.values.get(GRPO_SECTION)
        if self.values.get(key) is None and isinstance(section, dict) and key in section:
            return section[key], (GRPO_SECTION, key)
        return self.values.get(key), (key,)

    def number(self, *keys: str) -> tuple[str, float] | None:
        """Return (dotted key, value) of the first key that holds a number; None where none does."""
        for key in keys:
            value = self.values.get(key)
            if is_number(value):
                return key, value
            section = self.values.get(GRPO_SECTION)
            if isinstance(section, dict) and is_number(section.get(key)):
                return f"{GRPO_SECTION}.{key}", section[key]
        return None

    def setting(self, *keys: str) -> Any:
        """Return the value of the first key that the recipe has, else the engine's default; None for neither."""
        for key in keys:
            if self.values.get(key) is not None:
                return None if self.values[key] == "none" else self.values[key]
        properties = load_schema(self.engine, self.stage)["properties"]
        return next((d for key in keys if (d := properties.get(key, {}).get("default")) is not None), None)

    def model_config(self) -> dict[str, Any]:  # the model's own keys
        """Return the model's config.json; {} where it is not on this disk."""
        return read_json(self.model_dir / "config.json")

    def num_rows(self) -> int | None:
        """Return the number of training rows: of the files, else as the card names it; None for rows elsewhere.

        Rows that were built for a profile of another size say nothing about this one.
        """
        files = train_files(self.resolved)
        project, key = self.resolved.project, row_count_key(self.resolved.profile)
        built = intact_data_card(project) if project else None
        if files is None or (built and built.rows != key):
            return self._rows_by_card()
        return sum(map(count_lines, files))

    def _rows_by_card(self) -> int | None:
        """Return the training rows that `make data` builds for the profile, about; None for a standalone recipe."""
        if not self.resolved.project:
            return None
        card = read_card(self.resolved.project)
        if not isinstance(card, Card):
            return None
        return round(getattr(card.rows, row_count_key(self.resolved.profile)) * (1 - TEST - VALIDATION))


def is_number(value: Any) -> bool:
    """Return whether a value is a number, and not true or false."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def count_lines(file: Path) -> int:
    """Return the number of lines of a file."""
    status = file.stat()
    return _count_lines(file, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=64)
def _count_lines(file: Path, changed: int, size: int) -> int:
    """Return the number of lines of a file in one state: a check needs them for each recipe under each profile."""
    return file.read_bytes().count(b"\n")
