"""Solidity's compiler: npm's package solc (WebAssembly) in one Node process, where both are there.

    is_available()                  -> False: the project then trains on Vyper alone, and says so once
    compile_solidity(source)        -> {"bytecode": "60…", "abi": […]}, or {"error": the compiler's message}

Nothing is downloaded here. The package is looked for in build/<project>/solc, where the README's command puts it:

    npm install --prefix build/web3-coding/solc --ignore-scripts solc@0.8.37

The compiler reads a source that a model may have written; it runs nothing of it. Node has no right to write files or to
start processes, where its version can refuse them, and a compilation that takes too long ends the process.
"""

import atexit
import contextlib
import json
import re
import select
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

from gretchen import paths

VERSION = "0.8.37"
SECONDS = 60.0  # of one compilation, on a busy machine
MEMORY = 512  # MiB of JavaScript objects
LONGEST = 1000  # characters of the compiler's message
WORKER = Path(__file__).parent / "data" / "solc_worker.js"
_process: list[subprocess.Popen[bytes]] = []


def command_to_install() -> str:
    """Return the command that puts the compiler where it is looked for."""
    return f"npm install --prefix {paths.shown(_folder())} --ignore-scripts solc@{VERSION}"


def package_file() -> Path:
    """Return the description of the package, where npm installs it; the card's `depends_on` names it too."""
    return _folder() / "node_modules" / "solc" / "package.json"


def _folder() -> Path:
    """Return the folder that npm installs into."""
    return paths.build(Path(__file__).parent.name) / "solc"


@cache
def is_available() -> bool:
    """Return whether Node and the package are there; says once, on stderr, what is left out where they are not."""
    try:
        version = json.loads(package_file().read_text(encoding="utf-8")).get("version")
    except (OSError, ValueError, AttributeError):
        version = None
    if shutil.which("node") and version == VERSION:
        return True
    wanted = "Node and npm's" if not shutil.which("node") else "npm's"
    print(
        f"no Solidity: {wanted} solc {VERSION} is not there; rows are of Vyper alone ({command_to_install()})",
        file=sys.stderr, flush=True,
    )  # fmt: skip
    return False


def compile_solidity(source: str) -> dict[str, Any]:
    """Return a Solidity source's bytecode (hex), ABI and warnings; {"error": …} where it does not compile."""
    answer = _exchange(json.dumps({"source": source}))
    if answer is None:
        _stop()
        return {"error": "the compiler did not answer"}
    if "error" in answer:
        lines = [line.rstrip() for line in answer["error"].splitlines() if line.strip()]
        return {"error": re.sub(r"contract\.sol:", "line ", "\n".join(lines))[:LONGEST]}
    return answer


@cache
def _node_options() -> tuple[str, ...]:
    """Return Node's options: a limit on memory, and no rights but to read the package."""
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    major = int(version[1:].split(".")[0])
    options = [f"--max-old-space-size={MEMORY}"]
    if major >= 20:
        options.append("--permission" if major >= 24 else "--experimental-permission")
        options += [f"--allow-fs-read={_folder()}/*", f"--allow-fs-read={WORKER}"]
    return tuple(options)


def _exchange(line: str) -> dict[str, Any] | None:
    """Send a line to the worker and return the one that comes back; None where it ended or is silent."""
    with contextlib.suppress(OSError):
        process = _started()
        assert process.stdin
        process.stdin.write(line.encode() + b"\n")
        process.stdin.flush()
        return _line(process)
    return None


def _line(process: subprocess.Popen[bytes]) -> dict[str, Any] | None:
    """Return the next line of the worker as JSON."""
    assert process.stdout
    if not select.select([process.stdout], [], [], SECONDS)[0]:
        return None
    answer = process.stdout.readline()
    return json.loads(answer) if answer.endswith(b"\n") else None


def _started() -> subprocess.Popen[bytes]:
    """Return the worker, started where none runs. Raises OSError."""
    if _process and _process[0].poll() is None:
        return _process[0]
    _process.clear()
    package = package_file().parent
    command = ["node", *_node_options(), str(WORKER), str(package)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={
        "PATH": "/usr/bin:/bin"}, start_new_session=True)  # fmt: skip
    _process.append(process)
    atexit.register(_stop)
    if _line(process) is None:
        raise OSError("Node did not start")
    return process


def _stop() -> None:
    """End the worker."""
    while _process:
        process = _process.pop()
        process.kill()
        process.wait()
