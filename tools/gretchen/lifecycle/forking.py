"""A new project from an existing one: its files under the new name, its card and README with where it came from.

    fork_project("genome-chatbot", "plant-genomics")     -> Fork(folder, commit, num_files)

Copies what git would keep of the origin's folder, with its base, but for its tests: those know the origin's rows, and
the fork gets tests that hold for any builder. The origin's name becomes the new one where it is a name (renaming.py
says where), what remains the origin's is marked (marks.py), and so are the recorded results. Rows and splits stay what
they were: builds and runs are not copied, nothing is evaluated.
"""

import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from string import Template

from gretchen import paths
from gretchen.checks.todo import MARK
from gretchen.errors import UserError, WorkError
from gretchen.files import whole_folder, write_text
from gretchen.lifecycle.marks import marked, readme_mark
from gretchen.lifecycle.renaming import renamed_file, renamed_path, title_of
from gretchen.projects.card import card_file, load_card, slug_fault
from gretchen.provenance import commit
from gretchen.scoring.results import parse_results, with_table

CARD, RESULTS, README = "project.yaml", "results.json", "README.md"
# Copied byte by byte: neither a base nor data sources depend on what the project is called.
UNCHANGED = ("base", "data")
# Not copied: they know the origin's rows.
TESTS = "tests"
GENERAL_TESTS = Path(__file__).with_name("fork_files") / "test_builder.py.template"
EARLIER_NOTE = re.compile(r"^Forked from `.*\n(.+\n)?\n", re.MULTILINE)


@dataclass(frozen=True)
class Fork:
    """A fork's folder, the commit it was made at ("" outside a checkout), and how many files it has.

    `helpers` are the origin's programs that only dataset.py and evaluation.py import.
    """

    folder: Path
    commit: str
    num_files: int
    helpers: tuple[str, ...]


@dataclass(frozen=True)
class Names:
    """The origin's slug and title, the fork's slug, and the commit ("" outside a checkout)."""

    origin: str
    title: str
    project: str
    commit: str


def fork_project(origin: str, project: str) -> Fork:
    """Write a fork's folder, whole or not at all.

    Raises UserError for an unknown origin, a name that cannot be a project's or is taken, and a damaged results.json;
    WorkError where the folder cannot be written.
    """
    names = Names(origin, load_card(origin).title, project, commit())
    require_free(project)
    source, target = card_file(origin).parent, paths.projects() / project
    files = [path for path in project_files(source) if path.parts[0] != TESTS]
    try:
        with whole_folder(target) as folder:
            # The card last: a folder with a card is a project.
            for path in sorted(files, key=lambda path: path == Path(CARD)):
                copy_file(source, folder, path, names)
            write_general_tests(folder, project)
            if target.exists():
                raise taken(project)
    except OSError as failure:
        raise WorkError(
            f"{paths.shown(target)} cannot be written: {failure.strerror}", "nothing was left behind"
        ) from None
    helpers = [path.name for path in files if path.suffix == ".py" and path.name not in ("dataset.py", "evaluation.py")]
    return Fork(target, names.commit, len(files) + 1, tuple(helpers))


def write_general_tests(folder: Path, project: str) -> None:
    """Write the tests that hold for any builder into a fork's folder."""
    text = Template(GENERAL_TESTS.read_text(encoding="utf-8")).substitute(slug=project)
    write_text(folder / TESTS / GENERAL_TESTS.stem, text)


def require_free(project: str) -> None:
    """Raise UserError for a name that cannot be a project's, or that another project has."""
    if fault := slug_fault(project):
        raise UserError(*fault)
    if (paths.projects() / project).exists():
        raise taken(project)


def taken(project: str) -> UserError:
    """Return the error for a name that another project has."""
    return UserError(f"projects/{project} exists already and was not changed", "choose another PROJECT")


def project_files(folder: Path) -> list[Path]:
    """Return a project's files, relative to its folder: those that git would keep; without git, all but caches."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        output = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout
    except FileNotFoundError:
        output = ""
    tracked = [Path(name) for name in dict.fromkeys(output.split("\0")) if name and (folder / name).is_file()]
    if Path(CARD) in tracked:
        return sorted(tracked)
    files = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    return sorted(path for path in files if not any(part[0] == "." or part == "__pycache__" for part in path.parts))


def copy_file(source: Path, folder: Path, path: Path, names: Names) -> None:
    """Copy a file of the origin into the fork's folder, with the names in it replaced."""
    unchanged = path.parts[0] in UNCHANGED
    target = folder / (path if unchanged else renamed_path(path, names.origin, names.project))
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source / path, target, follow_symlinks=False)
    text = None if unchanged or target.is_symlink() else text_of(target)
    if text is not None:
        target.write_text(forked_text(path, text, source / RESULTS, names), encoding="utf-8")


def text_of(file: Path) -> str | None:
    """Return a file's text, None for one that is not UTF-8."""
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


def forked_text(path: Path, text: str, results_file: Path, names: Names) -> str:
    """Return the fork's version of a file's text."""
    if path == Path(RESULTS):
        return forked_results(text, names)
    text = renamed_file(path, text, names.origin, names.title, names.project)
    if path == Path(README):
        return forked_readme(text, results_file, names)
    text = forked_card(text, names) if path == Path(CARD) else text
    return marked(path.as_posix(), text, names.origin)


def forked_card(text: str, names: Names) -> str:
    """Return the card with the fork's title, an empty team, and its origin."""
    text = with_key(with_key(text, "title", title_of(names.project)), "team", "[]")
    return with_key(text, "forked", f"{{from: {names.origin}, commit: {json.dumps(names.commit)}}}")


def with_key(text: str, key: str, value: str) -> str:
    """Return YAML with a top-level key set to a value, where it was or at the end; comments elsewhere stay."""
    block = re.compile(rf"^{key}:.*\n?(?:[ \t-].*\n?)*", re.MULTILINE)
    line = f"{key}: {value}\n"
    return block.sub(lambda _: line, text, count=1) if block.search(text) else f"{text.rstrip()}\n{line}"


def forked_results(text: str, names: Names) -> str:
    """Return results.json as the fork's, with the project that each evaluation came from.

    Raises UserError where the origin's is not JSON, or not of this schema version.
    """
    results = parse_results(text, names.origin).inherited_by(names.project)
    return json.dumps(results.to_json(), indent=2, ensure_ascii=False) + "\n"


def forked_readme(text: str, results_file: Path, names: Names) -> str:
    """Return the README with the fork's origin below its heading, and the tables of the inherited results."""
    note = f"Forked from `{names.origin}`" + (f" at commit `{names.commit}`." if names.commit else ".")
    if results_file.is_file():
        results = parse_results(results_file.read_text(encoding="utf-8"), names.origin).inherited_by(names.project)
        text = with_table(text, results.markdown(), f"projects/{names.origin}/{README}")
        owners = " and ".join(dict.fromkeys(f"`{evaluation.inherited_from}`" for evaluation in results.evaluations))
        note += f" Until `make eval PROJECT={names.project} RECORD=1` has recorded a result of\n"
        note += f"this project's own, the figures below are those of {owners}."
    text = EARLIER_NOTE.sub("", text, count=1)
    if MARK not in text:
        note += f"\n\n{readme_mark(names.origin)}"
    heading, newline, rest = text.partition("\n")
    return f"{heading}{newline}\n{note}\n{rest}" if heading.startswith("# ") else f"{note}\n\n{text}"
