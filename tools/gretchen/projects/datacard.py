"""build/<project>/data-card.json: what `make data` built, counted, as a typed document with a version.

    data_card = load_data_card("genome-chatbot")        # None where nothing is built
    data_card.formats["chats"].rows["train"]

build.py writes it, summarize.py counts, datacard_page.py writes the same as Markdown.
"""

from functools import lru_cache
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from gretchen import paths
from gretchen.errors import WorkError

FILE = "data-card.json"


class Document(BaseModel):
    """A part of the data card: unknown keys are errors, and nothing is changed after it was read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ExternalSource(Document):
    """A user's file or folder, read by the project's `read()`: beside the builder's own rows, or `alone`."""

    path: str
    alone: bool = False


class NearDuplicates(Document):
    """How many of the rows looked at (`of`) nearly repeat another row."""

    rows: int
    of: int


class TokenCounts(Document):
    """Tokens a row, and in all rows."""

    median: int
    p95: int
    max: int
    total: int


class FormatSummary(Document):
    """The rows of one format: counts by split, form and reason, tokens, and a few rows as they are.

    `trained_share`: the share of tokens with a loss. `samples` are rows of the project as they are. `hash` is that of
    the format's files.
    """

    hash: str = ""
    rows: dict[str, int]
    forms: dict[str, dict[str, int]]
    distinct_prompts: int
    distinct_answers: int
    from_outside: int
    left_out: dict[str, int]
    near_duplicates: NearDuplicates
    tokens: TokenCounts
    trained_share: float
    samples: list[dict[str, Any]]


class DataCard(Document):
    """The content of data-card.json.

    `rows`: which of the card's row counts was built. `hash` is that of the built files, `settings` the hash of all that
    they depend on.
    """

    schema_version: Literal[1] = 1
    project: str
    rows: Literal["tiny", "laptop", "full"]
    formats: dict[str, FormatSummary]
    faults: list[str]
    source: ExternalSource | None
    hash: str
    settings: str


@lru_cache(maxsize=16)
def _parsed(content: bytes) -> DataCard:
    """Return the data card of a file's content: parsed once, as a check asks for it with each recipe."""
    return DataCard.model_validate_json(content)


def load_data_card(project: str) -> DataCard | None:
    """Return the data card of what is built, None where nothing is. Raises WorkError for a damaged file."""
    file = paths.build(project) / FILE
    if not file.is_file():
        return None
    try:
        return _parsed(file.read_bytes())
    except ValidationError as wrong:
        error = wrong.errors()[0]
        key = ".".join(map(str, error["loc"]))
        problem = f"{paths.shown(file)} is not a data card: {key + ': ' if key else ''}{error['msg']}"
        raise WorkError(problem, f"make data PROJECT={project} writes it anew") from None
