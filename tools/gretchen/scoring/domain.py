"""Does an embedded base know its project's domain? Bits per token of the project's documents, beside its own corpus's.

    write_pretraining(base, "genome-chatbot", documents, window=512)     when a base is made
    print(domain_mismatch("plant-genomics") or "it knows the domain")    before it is fine-tuned
    inherited_mismatch("plant-genomics")                                 in `make check` of a fork

A fork inherits its origin's base. Where its builder now writes about something else, that base knows nothing that
fine-tuning could bring out. Loads torch and the base: a second, on an idle machine. It measures no skill: that is what
`make eval` does.
"""

import json
import math
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from gretchen import paths
from gretchen.files import read_jsonl, text_hash, write_json
from gretchen.models.files import read_json
from gretchen.models.generate import load
from gretchen.models.likelihood import log_probabilities
from gretchen.models.locate import weights, weights_hash
from gretchen.projects.card import load_card
from gretchen.projects.rows import Row
from gretchen.scoring.testset import DOCUMENT_FOLDERS, load_set, sample

FILE = "corpus.json"  # beside a base's files
PROGRAM = "import sys; from gretchen.scoring import domain; sys.stdout.write(domain.domain_mismatch(sys.argv[1]) or '')"
MEASURED = "domain.json"  # in the build folder: what `make check` has measured
MAX_DOCUMENTS = 100
MAX_TOKENS = 512
# Measured on the genome chatbot's base: its own documents 0.9 bits per token, the hardest form of them 2.7, its chats'
# answers 1.4; sequences of other letters 6.9, sums 9.1, made-up colours 12.3, German prose 15.7. Three bits above its
# own, a token is an eighth as likely.
MARGIN_BITS = 3.0


@dataclass(frozen=True)
class Pretraining:
    """The project on whose documents a base was pretrained, and the base's bits per token on held-out ones.

    `window` is the number of tokens of a training sequence: the base has never seen a later position. None for a base
    that does not say so.
    """

    project: str
    bits_per_token: float
    window: int | None = None


def domain_mismatch(project: str) -> str | None:
    """Return a warning, of two lines, where a project's embedded base was pretrained on another domain.

    None where it was not, and where it cannot be known: no base, no recorded bits, no documents built.
    """
    base = paths.projects() / project / "base"
    pretraining = read_pretraining(base)
    texts = held_out_texts(project)
    if pretraining is None or not texts or not weights(base):
        return None
    bits = bits_per_token(base, texts)
    return mismatch_warning(project, bits, pretraining) if bits > pretraining.bits_per_token + MARGIN_BITS else None


def inherited_mismatch(project: str) -> str | None:
    """Return what `domain_mismatch` returns for a base that was pretrained for another project, without loading torch.

    A process of its own measures it once for these weights and these documents, and leaves it in the build folder. None
    for a base of the project's own, and where it cannot be measured.
    """
    base = paths.projects() / project / "base"
    pretraining = read_pretraining(base)
    if pretraining is None or pretraining.project == project or not weights(base) or not held_out_texts(project):
        return None
    measured_on = text_hash(*held_out_texts(project), weights_hash(base))
    file = paths.build(project) / MEASURED
    known = read_json(file)
    if known.get("measured_on") != measured_on:
        command = [sys.executable, "-c", PROGRAM, project]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            return None
        known = {"measured_on": measured_on, "warning": done.stdout}
        write_json(file, known)
    return known["warning"] or None


def mismatch_warning(project: str, bits: float, pretraining: Pretraining) -> str:
    """Return the warning, with the two fixes."""
    models = load_card(project).models
    profile = next((profile for profile, model in models.items() if model != "base"), "")
    other = f", or PROFILE={profile} trains {models[profile]}" if profile else ""
    return (
        f"warning: the base was not pretrained on this domain: {bits:.1f} bits per token on {project}'s documents, "
        f"{pretraining.bits_per_token:.1f} on those of {pretraining.project}, on which it was pretrained\n"
        f"hint: make base PROJECT={project} pretrains one on your documents{other}"
    )


def held_out_texts(project: str) -> list[str]:
    """Return a sample of a project's held-out documents, evenly over forms; its chats' answers where it has none."""
    for name in DOCUMENT_FOLDERS:
        if rows := load_set(project, "test", name):
            return sampled_texts(rows)
    chats = load_set(project, "test", "chats")
    return sampled_texts([row | {"text": row["messages"][-1]["content"]} for row in chats])


def sampled_texts(rows: list[Row]) -> list[str]:
    """Return the texts of a sample of rows, the same ones every time."""
    return [row["text"] for row in sample(rows, MAX_DOCUMENTS)]


def write_pretraining(base: Path, project: str, corpus: Path, window: int) -> None:
    """Write beside a base its bits per token on the held-out documents of its corpus (.jsonl), and its window."""
    bits = bits_per_token(base, sampled_texts(read_jsonl(corpus)))
    write_json(base / FILE, asdict(Pretraining(project, round(bits, 3), window)))


def read_pretraining(base: Path) -> Pretraining | None:
    """Return what is recorded beside a base of its pretraining; None where nothing is."""
    file = base / FILE
    return Pretraining(**json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else None


def bits_per_token(base: Path, texts: list[str]) -> float:
    """Return the mean of -log2 p(token | those before it), in bits, over all tokens but each text's first."""
    model = load(str(base))
    eos = model.tokenizer.eos_token_id
    ids = [[*model.tokenizer.encode(text)[: MAX_TOKENS - 1], eos] for text in texts]
    nats = -sum(log_probabilities(model.model, [(row, 1) for row in ids]))
    return nats / sum(len(row) - 1 for row in ids) / math.log(2)
