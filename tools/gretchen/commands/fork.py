"""`make fork FROM=… PROJECT=…`: a new project from an existing one, complete and working.

    make fork FROM=genome-chatbot PROJECT=<new-project>

Copies what git would keep of the origin's folder, with its base. The origin's name becomes the new one where it is a
name (projects/renaming.py says where), the card tells where the project came from, and the recorded result is marked
as the origin's. Rows and splits stay what they were. It copies no builds and no runs, evaluates nothing, and leaves
the origin as it is; what a fork and its origin changed since is not compared.
"""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Annotated

import typer

from gretchen import paths
from gretchen.errors import UserError, WorkError
from gretchen.files import whole_folder
from gretchen.lifecycle.renaming import renamed_file, renamed_path, title_of
from gretchen.projects.card import Card, card_file, load_card, slug_fault
from gretchen.provenance import commit
from gretchen.scoring.results import parse_results, with_table

CARD, RESULTS, README = "project.yaml", "results.json", "README.md"
# Copied byte by byte: a base and data sources stay what they are, whatever the project is called.
AS_IT_IS = ("base", "data")
EARLIER_NOTE = re.compile(r"^Forked from `.*\n(.+\n)?\n", re.MULTILINE)


def fork(
    from_: Annotated[str, typer.Option("--from", help="the project to start from")],
    project: Annotated[str, typer.Option(help="the new project's name: small letters, digits, hyphens")],
) -> None:
    """Start a new project as a complete copy of another, under its own name."""
    card = load_card(from_)
    require_free(project)
    files = kept_files(card_file(from_).parent)
    target, now = paths.projects() / project, commit()
    write_fork(target, files, from_, card, now)
    print(f"forked {from_} into {paths.shown(target)}: {len(files)} files" + (f", commit {now}" if now else ""))
    print(f"next: make check PROJECT={project}")
    print(f"      make train PROJECT={project}")
    print(f"then: your own rows in {paths.shown(target / 'dataset.py')}, your own metric in evaluation.py; for another")
    print(f"      domain than {from_}'s: make base PROJECT={project}")


def require_free(project: str) -> None:
    """Raise UserError where a project of this name cannot be, or is there already."""
    if wrong := slug_fault(project):
        raise UserError(*wrong)
    if (paths.projects() / project).exists():
        raise taken(project)


def taken(project: str) -> UserError:
    """Return the error for a name that another project has."""
    return UserError(f"there is already a projects/{project}, and it stays as it is", "choose another PROJECT")


def kept_files(folder: Path) -> list[Path]:
    """Return a project's files, relative to its folder: what git keeps or would keep; without git, what is no cache."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout
    except FileNotFoundError:
        listed = ""
    found = [Path(name) for name in dict.fromkeys(listed.split("\0")) if name and (folder / name).is_file()]
    if Path(CARD) in found:
        return sorted(found)
    walked = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    return sorted(path for path in walked if not any(part[0] == "." or part == "__pycache__" for part in path.parts))


def write_fork(target: Path, files: list[Path], origin: str, card: Card, now: str) -> None:
    """Write a fork's folder, whole or not at all. Raises UserError where its name was taken meanwhile."""
    try:
        with whole_folder(target) as folder:
            fill(folder, files, origin, card, target.name, now)
            if target.exists():
                raise taken(target.name)
    except OSError as failure:
        raise WorkError(
            f"{paths.shown(target)} cannot be written: {failure.strerror}", "nothing was left behind"
        ) from None


def fill(folder: Path, files: list[Path], origin: str, card: Card, project: str, now: str) -> None:
    """Write a fork's files into `folder`; its card last, for a folder with a card is a project."""
    source = card_file(origin).parent
    for path in sorted(files, key=lambda path: path == Path(CARD)):
        place = folder / (path if path.parts[0] in AS_IT_IS else renamed_path(path, origin, project))
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source / path, place, follow_symlinks=False)
        text = None if path.parts[0] in AS_IT_IS or place.is_symlink() else text_of(place)
        if text is None:
            continue
        if path == Path(RESULTS):
            text = inherited(text, origin, project)
        else:
            text = renamed_file(path, text, origin, card.title, project)
        if path == Path(README):
            text = forked_readme(text, source / RESULTS, origin, project, now)
        if path == Path(CARD):
            text = told_card(text, origin, project, now)
        place.write_text(text, encoding="utf-8")


def text_of(file: Path) -> str | None:
    """Return a file's text, None for one that is no UTF-8 text."""
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


def told_card(text: str, origin: str, project: str, now: str) -> str:
    """Return the card with the fork's title, nobody in its team, and where it came from."""
    text = with_key(with_key(text, "title", title_of(project)), "team", "[]")
    return with_key(text, "forked", f"{{from: {origin}, commit: {json.dumps(now)}}}")


def with_key(text: str, key: str, value: str) -> str:
    """Return YAML with a top-level key set to a value, in its place or at the end; comments elsewhere stay."""
    whole = re.compile(rf"^{key}:.*\n?(?:[ \t-].*\n?)*", re.MULTILINE)
    line = f"{key}: {value}\n"
    return whole.sub(lambda _: line, text, count=1) if whole.search(text) else f"{text.rstrip()}\n{line}"


def inherited(text: str, origin: str, project: str) -> str:
    """Return results.json as the fork's, with the project that each evaluation came from.

    Raises UserError where the origin's is not JSON, or not of this schema version.
    """
    results = parse_results(text, origin).inherited_by(project)
    return json.dumps(results.to_json(), indent=2, ensure_ascii=False) + "\n"


def forked_readme(text: str, results_file: Path, origin: str, project: str, now: str) -> str:
    """Return the README with the fork's provenance below its heading, and the tables of the inherited results."""
    note = f"Forked from `{origin}`" + (f" at commit `{now}`." if now else ".")
    if results_file.is_file():
        results = parse_results(results_file.read_text(encoding="utf-8"), origin).inherited_by(project)
        text = with_table(text, results.markdown(), f"projects/{origin}/{README}")
        owners = " and ".join(dict.fromkeys(f"`{evaluation.inherited_from}`" for evaluation in results.evaluations))
        note += f" Until `make eval PROJECT={project} RECORD=1` has recorded a result of\n"
        note += f"this project's own, the figures below are those of {owners}."
    text = EARLIER_NOTE.sub("", text, count=1)
    heading, newline, rest = text.partition("\n")
    return f"{heading}{newline}\n{note}\n{rest}" if heading.startswith("# ") else f"{note}\n\n{text}"
