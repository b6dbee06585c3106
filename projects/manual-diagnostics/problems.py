"""What a question and its answer are made from: a draw of language, split and family, a manual, the answer, `meta`."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .catalogue import families
from .devices import Device, Part
from .drawing import Size, draw_device
from .manual import Manual, write_manual
from .turns import CODE, NAME

SIZES = (3, 4, 4, 5)
HARD_SIZES = (6, 7)


class Mismatch(Exception):
    """A problem cannot be made of this device, or its two routes disagree."""


@dataclass(frozen=True)
class Draw:
    """What a problem is drawn with. Hard ones are of larger devices, with a page of the manual missing."""

    rng: random.Random
    language: str
    split: str
    is_hard: bool = False

    def device(self) -> Device:
        """Return a device of a family of the split."""
        family = self.rng.choice(families(self.split))
        sizes = HARD_SIZES if self.is_hard else SIZES
        return draw_device(self.rng, family, Size(self.rng.choice(sizes), page_missing=self.is_hard))

    def choose(self, texts: dict[str, Sequence[str]]) -> str:
        """Return one of the texts of the language."""
        return self.rng.choice(texts[self.language])

    def manual(self, device: Device, sections: tuple[str, ...], part: Part | None = None) -> Manual:
        """Return an excerpt of the device's manual."""
        return write_manual(self.rng, device, sections, self.language, part)


@dataclass(frozen=True)
class Problem:
    """A question without its wording, and its answer. `question` is the kind of question that is asked."""

    form: str
    question: str
    device: Device
    manual: Manual
    answer: str
    meta: dict[str, Any]
    slots: dict[str, str] = field(default_factory=dict)


def meta_for(draw: Draw, manual: Manual, kind: str, **more: Any) -> dict[str, Any]:  # what evaluation.py reads
    """Return what scoring needs of every problem, and more."""
    names = sorted({*NAME.findall(manual.text), *CODE.findall(manual.text)})
    return {"kind": kind, "language": draw.language, "sections": manual.numbers, "names": names} | more


def cited(text: str, *sections: str) -> str:
    """Return an answer with the numbers of the sections that hold it."""
    return " ".join([text, *(f"[§{section}]" for section in sections)])
