"""A project for tests of `make data`: a builder of a few lines, written into a root of its own.

The fixture `made_project` (conftest.py) writes it: `made_project("def chats():\\n" + chats(TRAIN[:5]))`.
"""

import json
import sys
import textwrap
from pathlib import Path

import pytest

from gretchen.errors import UserError
from gretchen.projects.build import build
from gretchen.projects.splits import split_of

ROOT = Path(__file__).resolve().parents[1]
# Group keys of two splits.
TRAIN, TEST = (
    [key for key in (f"thing:{n}" for n in range(400)) if split_of(key) == split] for split in ("train", "test")
)
HEAD = """
def chat(name, group, question, answer="yes", **more):
    messages = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    return {"id": name, "form": "ask", "group": group, "messages": messages, **more}

def document(name, group, text):
    return {"id": name, "form": "state", "group": group, "text": text}
"""


class MadeProject:
    """The project `made` below a root: `write(body)` replaces its builder."""

    def __init__(self, root: Path) -> None:
        self.folder = root / "projects" / "made"
        self.folder.mkdir(parents=True)
        (root / "shared_recipes").symlink_to(ROOT / "shared_recipes")
        card = (ROOT / "projects/genome-chatbot/project.yaml").read_text(encoding="utf-8")
        card = card.replace("closed: [codon-lookup, amino-acid-codons]", "closed: [table]")
        (self.folder / "project.yaml").write_text(card, encoding="utf-8")
        (self.folder / "evaluation.py").write_text("def score(prediction, row):\n    return {}\n", encoding="utf-8")
        self.versions = 0

    def write(self, body: str) -> str:
        """Write dataset.py with HEAD and `body`, and return the project's name."""
        # Python's cache of compiled files compares times and sizes: each version has another size.
        self.versions += 1
        text = HEAD + textwrap.dedent(body) + "#" * self.versions
        (self.folder / "dataset.py").write_text(text, encoding="utf-8")
        for loaded in [name for name in sys.modules if name.startswith("gretchen_project_made")]:
            del sys.modules[loaded]
        return "made"


def chats(keys: list[str], question: str = "What is {key} in this row of ours?") -> str:
    """Return the lines of a generator that yield a chat for each group key."""
    return "".join(f'    yield chat("{key}", "{key}", "{question.format(key=key)}")\n' for key in keys)


def built_rows(root: Path, row_format: str = "chats") -> dict[str, list[dict]]:
    """Return {split: rows} of a built format."""
    files = sorted((root / "build/made" / row_format).glob("*.jsonl"))
    return {file.stem: [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] for file in files}


def build_problem(name: str, *arguments: object) -> str:
    """Return the problem with which building the project fails."""
    with pytest.raises(UserError) as raised:
        build(name, "tiny", *arguments)
    return raised.value.problem
