"""Three held-out prompts, answered before and after a training, side by side: runs/…/samples.json.

`write_samples` runs in the engine's process, where the libraries are loaded; `print_samples` only reads the file.
Three answers show what was learned; `make eval` measures how much.
"""

import json
import shutil
import textwrap
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gretchen import paths
from gretchen.files import write_json
from gretchen.models.generate import Completion, generate, load
from gretchen.projects.card import load_card
from gretchen.projects.rows import reference_of
from gretchen.runs.record import read_record
from gretchen.safe_text import visible
from gretchen.scoring.generation import greedy_settings, sampling_params
from gretchen.scoring.testset import conversation, load_set, sample, test_format

FILE = "samples.json"
SAMPLES = 3
MIN_WIDTH, MAX_WIDTH = 72, 118


@dataclass(frozen=True)
class Sample:
    """A held-out prompt with its reference, and the answers before and after the training."""

    id: str
    form: str
    prompt: list[dict[str, Any]]
    reference: str
    before: Completion
    trained: Completion


def write_samples(run: Path, project: str, trained: Path) -> None:
    """Answer three test rows of different forms with what the run started from and with `trained` (its folder).

    A project without rows that are answered in chat form gets no samples.
    """
    if test_format(project) is None:
        return
    rows = sample(load_set(project, "test"), SAMPLES)
    prompts = [conversation(row) for row in rows]
    params = sampling_params(greedy_settings(load_card(project).evaluation))
    start = read_record(run).start.model
    before = generate(load(start), prompts, params)
    is_adapter = (trained / "adapter_config.json").is_file()
    after = generate(load(start, adapter=trained) if is_adapter else load(str(trained)), prompts, params)
    samples = [
        Sample(row["id"], row["form"], prompt.messages, reference_of(row), *answers)
        for row, prompt, *answers in zip(rows, prompts, before, after, strict=True)
    ]
    write_json(run / FILE, [asdict(sample) for sample in samples])


def read_samples(file: Path) -> list[Sample]:
    """Return the samples of a samples.json."""
    return [
        Sample(**values | {name: Completion(**values[name]) for name in ("before", "trained")})
        for values in json.loads(file.read_text(encoding="utf-8"))
    ]


def print_samples(run: Path) -> None:
    """Print the run's samples side by side; nothing where it has none."""
    file = run / FILE
    if not file.is_file():
        return
    width = max(MIN_WIDTH, min(MAX_WIDTH, shutil.get_terminal_size((100, 24)).columns))
    print(f"\nthree held-out prompts ({paths.shown(file)})")
    parent = read_record(run).parent
    before = read_record(paths.root() / parent.run).recipe if parent else "base"
    for held_out in read_samples(file):
        print("\n".join(["", *sample_lines(held_out, width, before)]))


def sample_lines(held_out: Sample, width: int, before: str) -> list[str]:
    """Return one sample as lines of at most `width` characters: question, reference, the two answers side by side."""
    half = (width - 5) // 2
    lines = wrapped(f"[{held_out.form}] {held_out.prompt[-1]['content']}", width)
    lines += wrapped(f"reference: {held_out.reference}", width - 2, indent="  ")
    columns = []
    for heading, answer in ((before, held_out.before), ("trained", held_out.trained)):
        end = [] if answer.ended else ["(truncated: no EOS)"]
        columns.append([heading, "-" * half, *wrapped(answer.text.strip() or "(nothing)", half, max_lines=8), *end])
    height = max(map(len, columns))
    left, right = (column + [""] * (height - len(column)) for column in columns)
    return lines + [f"  {a:<{half}} | {b}".rstrip() for a, b in zip(left, right, strict=True)]


def wrapped(text: str, width: int, indent: str = "", max_lines: int = 12) -> list[str]:
    """Return the text's lines wrapped to `width`, its own line breaks kept, cut after `max_lines`."""
    lines = []
    for line in visible(text).splitlines() or [""]:
        lines += textwrap.wrap(line, width, initial_indent=indent, subsequent_indent=indent) or [""]
    return lines if len(lines) <= max_lines else [*lines[: max_lines - 1], f"{indent}…"]
