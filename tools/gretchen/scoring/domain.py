"""Does an embedded base know its project's domain? Bits per token of the project's documents, beside its own corpus's.

    keep_figure(Path("projects/genome-chatbot/base"), "genome-chatbot", documents)     when a base is made
    print(stranger("plant-genomics") or "it knows the domain")                         before it is fine-tuned

A fork inherits its origin's base. Where its builder now writes of something else, fine-tuning that base has nothing to
bring out. Loads torch and the base: a second, on an idle machine. It measures no skill: that is what `make eval` does.
"""

import json
import math
from pathlib import Path
from typing import Any

from gretchen import paths
from gretchen.files import read_jsonl, write_json
from gretchen.hardware import PROFILES
from gretchen.models.generate import load
from gretchen.models.likelihood import log_probabilities
from gretchen.models.locate import weights
from gretchen.projects.card import load_card
from gretchen.scoring.documents import FOLDERS
from gretchen.scoring.testset import load_set, sample

# Beside a base's files: of which project's documents it was made, and what it scores on them.
FIGURE = "corpus.json"
DOCUMENTS = 100
LONGEST_TOKENS = 512
# Measured on the genome chatbot's base: its own documents 0.9 bits per token, the hardest form of them 2.7, its chats'
# answers 1.4; sequences of other letters 6.9, sums 9.1, made-up colours 12.3, German prose 15.7. Three bits above its
# own, a token is an eighth as likely.
MARGIN_BITS = 3.0


def stranger(project: str) -> str | None:
    """Return a warning, of two lines, where a project's embedded base has never met the project's domain.

    None where it has, and where nothing can be said: no base, none with a kept figure, no documents built.
    """
    base = paths.projects() / project / "base"
    own = kept_figure(base)
    texts = documents(project)
    if own is None or not texts or not weights(base):
        return None
    here = bits_per_token(base, texts)
    return warning(project, here, own) if here > own["bits_per_token"] + MARGIN_BITS else None


def warning(project: str, here: float, own: dict[str, Any]) -> str:
    """Return what a person is told, and the two ways out."""

    models = load_card(project).models
    real = next((profile for profile in PROFILES if models[profile] != "base"), "")
    other = f", or PROFILE={real} trains {models[real]}" if real else ""
    return (
        f"warning: the base has never met this domain: {here:.1f} bits per token on {project}'s documents, "
        f"{own['bits_per_token']:.1f} on those of {own['project']}, from which it was made\n"
        f"hint: make base PROJECT={project} pretrains one on your own{other}"
    )


def documents(project: str) -> list[str]:
    """Return a sample of a project's held-out documents, evenly over forms; its chats' answers where it has none."""

    for name in FOLDERS:
        if rows := load_set(project, "test", name):
            return sampled(rows)
    return sampled([row | {"text": row["messages"][-1]["content"]} for row in load_set(project, "test", "chats")])


def sampled(rows: list[dict[str, Any]]) -> list[str]:
    """Return the texts of a sample of rows, the same ones every time."""

    return [row["text"] for row in sample(rows, DOCUMENTS)]


def keep_figure(base: Path, project: str, corpus: Path) -> float:
    """Write beside a base what it scores on the held-out documents of its corpus (a .jsonl file); return the bits."""
    bits = bits_per_token(base, sampled(read_jsonl(corpus)))
    write_json(base / FIGURE, {"project": project, "bits_per_token": round(bits, 3)})
    return bits


def kept_figure(base: Path) -> dict[str, Any] | None:
    """Return what was kept with a base: {"project", "bits_per_token"}; None where nothing was."""
    file = base / FIGURE
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else None


def bits_per_token(base: Path, texts: list[str]) -> float:
    """Return the mean of -log2 p(token | those before it), in bits, over all tokens but each text's first."""

    loaded = load(str(base))
    end = loaded.tokenizer.eos_token_id
    ids = [[*loaded.tokenizer.encode(text)[: LONGEST_TOKENS - 1], end] for text in texts]
    nats = -sum(log_probabilities(loaded.model, [(row, 1) for row in ids]))
    return nats / sum(len(row) - 1 for row in ids) / math.log(2)
