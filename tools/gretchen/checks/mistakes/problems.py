"""What a look at a recipe, at rows or at tokens finds: errors, which stop a training, and warnings, which do not."""

from dataclasses import dataclass, field


@dataclass
class Found:
    """What is wrong (`errors`) and what may be (`warnings`), each a sentence that begins with file and line."""

    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
