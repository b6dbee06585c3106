"""Three held-out prompts, answered before and after a training, side by side: runs/…/samples.json.

`write_samples` runs in the engine's process, where the libraries are loaded; `print_samples` only reads the file.
Three answers show what was learned; how much was learned, `make eval` says.
"""

import json
import shutil
import textwrap
from pathlib import Path
from typing import Any

from gretchen import paths
from gretchen.files import write_json
from gretchen.models.generate import generate, load
from gretchen.projects.card import load_card
from gretchen.projects.rows import reference_of
from gretchen.runs.record import read_record
from gretchen.scoring.testset import conversation, load_set, sample, test_format

SAMPLES = 3
LEAST_WIDTH, MOST_WIDTH = 72, 118


def write_samples(run: Path, project: str, trained: Path) -> None:
    """Answer three test rows of different forms with what the run started from and with `trained` (its folder).

    A project without rows that are answered in chat form gets no samples.
    """

    if test_format(project) is None:
        return
    rows = sample(load_set(project, "test"), SAMPLES)
    settings = load_card(project).evaluation
    is_adapter = (trained / "adapter_config.json").is_file()
    start = read_record(run).start.model
    models = {
        "before": load(start),
        "trained": load(start, adapter=trained) if is_adapter else load(str(trained)),
    }
    prompts = [conversation(row) for row in rows]
    samples = [
        {"id": row["id"], "form": row["form"], "prompt": prompt.messages, "reference": reference_of(row)}
        for row, prompt in zip(rows, prompts, strict=True)
    ]
    for name, model in models.items():
        answers = generate(model, prompts, settings.max_new_tokens, settings.stop)
        for told, answer in zip(samples, answers, strict=True):
            told[name] = {"text": answer.text, "ended": answer.ended}
    write_json(run / "samples.json", samples)


def print_samples(run: Path) -> None:
    """Print the run's samples side by side; nothing where it has none."""
    file = run / "samples.json"
    if not file.is_file():
        return
    width = max(LEAST_WIDTH, min(MOST_WIDTH, shutil.get_terminal_size((100, 24)).columns))
    print(f"\nthree held-out prompts ({paths.shown(file)})")
    parent = read_record(run).parent
    before = read_record(paths.root() / parent.run).recipe if parent else "base"
    for told in json.loads(file.read_text(encoding="utf-8")):
        print("\n".join(["", *sample_lines(told, width, before)]))


def sample_lines(told: dict[str, Any], width: int, before: str) -> list[str]:
    """Return one sample as lines of at most `width` characters: question, wanted answer, the two answers."""
    half = (width - 5) // 2
    lines = wrapped(f"[{told['form']}] {told['prompt'][-1]['content']}", width)
    lines += wrapped(f"wanted: {told['reference']}", width - 2, indent="  ")
    columns = []
    for name, heading in (("before", before), ("trained", "trained")):
        text = told[name]["text"].strip() or "(nothing)"
        end = [] if told[name]["ended"] else ["(did not end)"]
        columns.append([heading, "-" * half, *wrapped(text, half, most=8), *end])
    height = max(map(len, columns))
    left, right = (column + [""] * (height - len(column)) for column in columns)
    return lines + [f"  {one:<{half}} | {two}".rstrip() for one, two in zip(left, right, strict=True)]


def wrapped(text: str, width: int, indent: str = "", most: int = 12) -> list[str]:
    """Return the text's lines wrapped to `width`, its own line breaks kept, cut after `most` lines."""
    lines = []
    for line in text.splitlines() or [""]:
        lines += textwrap.wrap(line, width, initial_indent=indent, subsequent_indent=indent) or [""]
    return lines if len(lines) <= most else [*lines[: most - 1], f"{indent}…"]
