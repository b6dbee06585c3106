"""Compiled contracts and their runs, kept by content: each source is compiled once, each suite is run once.

    tested("vyper", source, tests)      -> {"abi": …, "outcomes": …, "gas": …}, or {"error": …}
    known("vyper", source, tests)       -> the same where it was done before, else None

For code that the builder wrote: it is compiled and run in this process. What a model wrote goes through judging.py. The
cache is a folder of JSON files, build/<project>/compiled/, each written whole and named after its content.
"""

import atexit
import json
from functools import cache
from pathlib import Path
from typing import Any

from gretchen import paths
from gretchen.files import text_hash, whole_file

from . import evm, solidity
from .printers import Language

FLUSH_EVERY = 200
Result = dict[str, Any]
_new: dict[str, Result] = {}


def tested(language: Language, source: str, tests: list[list[dict[str, Any]]]) -> Result:
    """Return the ABI, each step's outcome and the gas of a source, or the compiler's or the deployment's error."""
    compiled = compiled_source(language, source)
    if "error" in compiled:
        return compiled
    key = _run_key(compiled, tests)
    done = _entries().get(key)
    if done is None:
        done = _remember(key, evm.run(compiled, tests))
    return compiled | done


def known(language: Language, source: str, tests: list[list[dict[str, Any]]]) -> Result | None:
    """Return what `tested` returned for the same arguments before, None where it was never called."""
    compiled = _entries().get(_key(language, source))
    if compiled is None or "error" in compiled:
        return compiled
    done = _entries().get(_run_key(compiled, tests))
    return None if done is None else compiled | done


def compiled_source(language: Language, source: str) -> Result:
    """Return the bytecode, ABI and warnings of a source, or {"error": the compiler's message}."""
    key = _key(language, source)
    done = _entries().get(key)
    if done is None:
        compiler = evm.compile_vyper if language == "vyper" else solidity.compile_solidity
        done = _remember(key, compiler(source))
    return done


def _key(language: Language, source: str) -> str:
    """Return the key of a compilation: by source, compiler and this project's way of calling it."""
    return f"compiled:{text_hash(language, source, _settings())}"


def _run_key(compiled: Result, tests: list[list[dict[str, Any]]]) -> str:
    """Return the key of a run: by bytecode, calls and the machine that runs them."""
    calls = json.dumps(tests, sort_keys=True)
    return f"run:{text_hash(compiled['bytecode'], calls, _settings())}"


@cache
def _settings() -> str:
    """Return what else a result depends on: the versions, and how evm.py calls them."""
    from importlib.metadata import version

    code = Path(evm.__file__).read_text(encoding="utf-8")
    return text_hash(version("vyper"), version("py-evm"), solidity.VERSION, code)


def _folder() -> Path:
    """Return the cache's folder."""
    return paths.build(Path(__file__).parent.name) / "compiled"


@cache
def _entries() -> dict[str, Result]:
    """Return all entries of the cache; a file that cannot be read counts as none."""
    atexit.register(flush)
    entries: dict[str, Result] = {}
    for file in sorted(_folder().glob("*.json")):
        try:
            entries |= json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
    return entries


def _remember(key: str, result: Result) -> Result:
    """Keep a result, and now and then write what is new."""
    # As a file would give it back, so that a first build and a cached one are the same.
    _entries()[key] = _new[key] = json.loads(json.dumps(result))
    if len(_new) >= FLUSH_EVERY:
        flush()
    return _entries()[key]


def flush() -> None:
    """Write the new entries into a file of their own."""
    if _new:
        text = json.dumps(_new, ensure_ascii=False)
        with whole_file(_folder() / f"{text_hash(text)[:16]}.json") as file:
            file.write(text)
        _new.clear()
