"""The checkouts that a review reads: this clone, and those of `FROM=teams.yaml`.

    teams.yaml:   team-a: https://github.com/team-a/gretchen
                  team-b: ../team-b

A folder is read where it is. A git address is fetched with --depth 1, without a working tree, and of each project three
small text files are written below build/review/checkouts/. Nothing of a checkout is run: no hook, no filter, no
submodule, no program of a project. Symbolic links and large files are left alone.
"""

import os
import re
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from gretchen import paths
from gretchen.bounded_yaml import YamlFault, parse
from gretchen.errors import UserError, WorkError
from gretchen.files import unreadable, whole_folder

MAX_BYTES = 4_000_000  # of a file that is read
FILES = ("project.yaml", "results.json", "REVIEW.md")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,60}")
PROJECT_FILE = re.compile(rf"projects/[\w.-]+/({'|'.join(map(re.escape, FILES))})", re.ASCII)
TIMEOUT_S = 120
MAX_BLOCKS = 1_000_000  # of 512 bytes (1,024 in some shells): the largest file that git may write
# Git's own switches against what a hostile server or repository could make it run or fetch.
SAFE_GIT = [
    "git", "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "protocol.allow=never",
    "-c", "protocol.https.allow=always", "-c", "protocol.ssh.allow=always", "-c", "protocol.file.allow=always",
    "-c", "fetch.fsckObjects=true", "-c", "submodule.recurse=false",
]  # fmt: skip
ADDRESS = re.compile(r"(https://|ssh://|file://|[\w.-]+@[\w.-]+:)")


@dataclass(frozen=True)
class Checkout:
    """A folder with projects/ in it. `name` is the team's in teams.yaml, "" for this clone; `problem`: why none is."""

    name: str
    folder: Path
    problem: str = ""

    def project_dirs(self) -> list[Path]:
        """Return the folders of its projects; a symbolic link is none."""
        projects = self.folder / "projects"
        if projects.is_symlink() or not projects.is_dir():
            return []
        return sorted(p for p in projects.iterdir() if not p.is_symlink() and os.path.lexists(p / "project.yaml"))


def read_text(file: Path) -> str | None:
    """Return a file's text; None where there is none, or a link, a pipe, a large file, or one that is not UTF-8."""
    if file.is_symlink() or not file.exists() or unreadable(file, MAX_BYTES):
        return None
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def own_checkout() -> Checkout:
    """Return this clone."""
    return Checkout("", paths.root())


def checkouts(from_file: str) -> list[Checkout]:
    """Return this clone, then those that a teams.yaml names; one that cannot be fetched keeps its place and the reason.

    Raises UserError for a file that is no mapping of names to addresses.
    """
    if not from_file:
        return [own_checkout()]
    teams = read_teams(paths.root() / from_file)
    with ThreadPoolExecutor(max_workers=8) as pool:
        others = pool.map(lambda team: checkout_of(*team), teams.items())
    return [own_checkout(), *others]


def read_teams(file: Path) -> dict[str, str]:
    """Return {team: folder or git address}; folders are relative to the file. Raises UserError for a faulty file."""
    name, expected = paths.shown(file), "expected lines like `team-a: https://github.com/team-a/gretchen`"
    text = read_text(file)
    if text is None:
        raise UserError(f"{name} is missing, or no text file", expected)
    try:
        _, values = parse(text)
    except YamlFault as fault:
        raise UserError(f"{name}:{fault.line}: {fault}", expected) from None
    if not isinstance(values, dict):
        raise UserError(f"{name}: expected a mapping", expected)
    for team, address in values.items():
        if not isinstance(team, str) or not NAME.fullmatch(team):
            raise UserError(f"{name}: '{team}' cannot be a team's name", "letters, digits, dots and hyphens")
        if not isinstance(address, str) or not address or address.startswith("-"):
            raise UserError(f"{name}: {team}: '{address}' is neither a folder nor a git address", expected)
    return {
        team: address if ADDRESS.match(address) else str((file.parent / Path(address).expanduser()).resolve())
        for team, address in values.items()
    }


def checkout_of(team: str, address: str) -> Checkout:
    """Return the checkout of a team: a folder as it is, a git address fetched."""
    if not ADDRESS.match(address):
        folder = Path(address)
        problem = "" if (folder / "projects").is_dir() else f"{folder} has no projects/"
        return Checkout(team, folder, problem)
    target = paths.root() / "build" / "review" / "checkouts" / team
    try:
        fetch(address, target)
    except WorkError as failure:
        return Checkout(team, target, failure.problem)
    return Checkout(team, target)


def fetch(address: str, target: Path) -> None:
    """Write the small text files of a repository's projects into a folder. Raises WorkError where git fails."""
    shutil.rmtree(target, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="gretchen-fetch-") as temporary:
        repository = str(Path(temporary) / "git")
        clone = ["clone", "--quiet", "--bare", "--depth", "1", "--no-tags", "--single-branch", "--template="]
        git([*clone, f"--filter=blob:limit={MAX_BYTES}", "--", address, repository], address)
        listing = git(["-C", repository, "ls-tree", "-r", "-z", "HEAD", "--", "projects/"], address).decode(
            "utf-8", "replace"
        )
        with whole_folder(target) as folder:
            (folder / "projects").mkdir()
            for entry in filter(None, listing.split("\0")):
                described, _, name = entry.partition("\t")
                mode, _, blob = described.split(" ")
                if mode in ("100644", "100755") and PROJECT_FILE.fullmatch(name):
                    write_blob(repository, blob, folder / name, address)


def write_blob(repository: str, blob: str, file: Path, address: str) -> None:
    """Write a blob into a file, unless it is too large, or was left out of the fetch for its size."""
    size = git(["-C", repository, "cat-file", "--batch-check=%(objectsize)"], address, blob.encode()).strip()
    if size.isdigit() and int(size) <= MAX_BYTES:
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(git(["-C", repository, "cat-file", "blob", blob], address))


def git(arguments: list[str], address: str, stdin: bytes = b"") -> bytes:
    """Return git's output, without prompts, hooks and later fetches. Raises WorkError with its last line."""
    environment = os.environ | {"GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_LFS_SKIP_SMUDGE": "1"}
    environment |= {"GIT_SSH_COMMAND": "ssh -oBatchMode=yes"}
    command = ["sh", "-c", f'ulimit -f {MAX_BLOCKS}; exec "$@"', "sh", *SAFE_GIT, *arguments]
    try:
        done = subprocess.run(
            command, input=stdin, env=environment, capture_output=True, timeout=TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise WorkError(f"{without_login(address)} does not answer within {TIMEOUT_S} s") from None
    if done.returncode:
        lines = without_login(done.stderr.decode("utf-8", "replace")).strip().splitlines()
        raise WorkError(f"{without_login(address)} cannot be fetched: {lines[-1] if lines else 'git gives no reason'}")
    return done.stdout


def without_login(text: str) -> str:
    """Return a text without the user and password of addresses in it."""
    return re.sub(r"(\w+://)[^/\s@]+@", r"\1", text)
