"""The files of a new project as text: the templates of project_files/, filled in.

    project_texts(ProjectContent("chemistry-tutor", (), "rows.csv", columns, shape, splits))["dataset.py"]

Every file but the rows'. evaluation.py and the generators of dataset.py have one template for each kind of rows.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from string import Template

from gretchen.checks.todo import MARK
from gretchen.lifecycle.answers_shape import AnswerShape
from gretchen.lifecycle.renaming import title_of
from gretchen.projects.columns import Columns

FILES = Path(__file__).with_name("project_files")
EXAMPLE = FILES / "example.csv"
NAMES = (
    "README.md",
    "dataset.py",
    "project.yaml",
    "recipes/sft.zephyr.yaml",
    "tests/conftest.py",
    "tests/test_project.py",
)
LAPTOP_ROWS = 1500
# How many rows a training sees on the laptop, repeated where there are few: a quarter of an hour for short ones.
TRAINED_ROWS, MOST_EPOCHS = 1500, 6


@dataclass(frozen=True)
class ProjectContent:
    """What is filled in: the slug, the team, the file's name, its columns, and what its rows are like."""

    slug: str
    team: tuple[str, ...]
    file: str
    columns: Columns
    shape: AnswerShape
    splits: dict[str, int]

    @property
    def num_rows(self) -> int:
        """The rows of all splits."""
        return sum(self.splits.values())

    @property
    def num_epochs(self) -> int:
        """How often a training sees each row: more often where there are few."""
        return min(MOST_EPOCHS, max(1, round(TRAINED_ROWS / min(self.splits["train"], LAPTOP_ROWS))))


def project_texts(content: ProjectContent) -> dict[str, str]:
    """Return {path in the project: text}."""
    values = template_values(content)
    values["generators"] = filled(f"generators.{content.columns.format}", values).rstrip()
    texts = {name: filled(name, values) for name in NAMES}
    return texts | {"evaluation.py": filled(f"evaluation.{content.shape.metric}", values)}


def filled(name: str, values: dict[str, str]) -> str:
    """Return a template's text, filled in."""
    return Template((FILES / f"{name}.template").read_text(encoding="utf-8")).substitute(values)


def template_values(content: ProjectContent) -> dict[str, str]:
    """Return {placeholder: text}."""
    file, title, shape = data_name(content.file), title_of(content.slug), content.shape
    task = f"Answer questions like those in data/{file}."
    metrics = [f"    {m.name}: {{unit: {m.unit}, better: higher, range: [0, {m.largest}]}}" for m in shape.metrics]
    return {
        "slug": content.slug,
        "title": title,
        "title_quoted": quoted(title),
        "task": task,
        "task_quoted": quoted(task),
        "team": f"[{', '.join(map(quoted, content.team))}]" + ("" if content.team else f" # {MARK}: your names"),
        "file": file,
        "file_quoted": quoted(file),
        "columns": repr(content.columns),
        "languages": ", ".join(shape.languages),
        "choice": shape.sentence,
        "why": shape.why,
        "requirements": "requirements: [sacrebleu] # evaluation.py's chrF\n" if shape.metric == "overlap" else "",
        "main_metric": shape.metrics[0].name,
        "metrics": "\n".join(metrics),
        "max_new_tokens": str(shape.max_new_tokens),
        "num_rows": f"{content.num_rows:,}",
        "splits": ", ".join(f"{size:,} {split}" for split, size in content.splits.items()),
        "num_train": f"{content.splits['train']:,}",
        "full_rows": str(max(15000, content.num_rows)),
        "least_rows": str(max(1, content.num_rows // 2)),
        "num_epochs": str(content.num_epochs),
    }


def data_name(name: str) -> str:
    """Return a file's name as it stands in data/: without blanks and special characters."""
    return re.sub(r"[^\w.-]+", "-", name)


def quoted(text: str) -> str:
    """Return a string as YAML and Python take it."""
    return json.dumps(text, ensure_ascii=False)
