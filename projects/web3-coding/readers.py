"""Public data in their own formats, read as chat rows from a user's own copy.

    make data PROJECT=web3-coding SOURCE=path

    dataset.json            SolEval: {path: [{identifier, full_signature, body, human_labeled_comment, …}]}. A function
                            from its comment and signature
    vulnerabilities.json    smartbugs-curated: [{name, path, pragma, vulnerabilities: [{lines, category}]}] beside the
                            sources. Which kinds of vulnerability a contract has

A faulty entry is yielded as a Fault with file, line and reason. SolEval's entries have no tests that could be run here
(`testcase` is empty) and need their repository's other files: an answer is compared with the reference, blanks and
comments aside. Sources of smartbugs are shown without comments, which name the vulnerable lines; most are of Solidity
0.4, which today's compiler refuses.
"""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from gretchen.errors import UserError
from gretchen.projects.rows import Fault

KNOWN = "SolEval's dataset.json and smartbugs-curated's vulnerabilities.json can be read"
CATEGORIES = (
    "access_control", "arithmetic", "bad_randomness", "denial_of_service", "front_running", "other", "reentrancy",
    "short_addresses", "time_manipulation", "unchecked_low_level_calls",
)  # fmt: skip
# A string is kept as it stands: `//` and `/*` in it begin no comment.
TOKEN = re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|//[^\n]*|/\*.*?(?:\*/|\Z)', re.DOTALL)
SYSTEMS = {
    "soleval": "You write Solidity. Answer with the function alone.",
    "smartbugs": f"Name the kinds of vulnerability, with commas: {', '.join(CATEGORIES)}.",
}


def read(path: str | Path) -> Iterator[dict | Fault]:
    """Yield rows and faults of a file, or of all files of a folder. Raises UserError where nothing can be read."""
    path = Path(path)
    if not path.exists():
        raise UserError(f"{path} does not exist", "SOURCE= names a file or a folder")
    files = sorted(file for file in path.rglob("*.json") if file.name in READERS) if path.is_dir() else [path]
    if not files or any(file.name not in READERS for file in files):
        raise UserError(f"{path} holds no data that can be read", KNOWN)
    for file in files:
        yield from READERS[file.name](file)


def _loaded(file: Path, kind: type) -> tuple[Any, str] | Fault:
    """Return a file's JSON value and its text, or a fault."""
    text = file.read_text(encoding="utf-8-sig", errors="replace")
    try:
        value = json.loads(text)
    except ValueError as error:
        return Fault(str(file), getattr(error, "lineno", 1), f"no JSON: {getattr(error, 'msg', error)}")
    except RecursionError:
        return Fault(str(file), 1, "JSON that is nested too deeply")
    if not isinstance(value, kind):
        return Fault(str(file), 1, f"a JSON {type(value).__name__}, expected a {kind.__name__}")
    return value, text


def _line(text: str, needle: str, start: int = 0) -> int:
    """Return the line of a string in a file, 1 where it is written otherwise."""
    position = text.find(json.dumps(needle, ensure_ascii=False), start)
    return text.count("\n", 0, position) + 1 if position >= 0 else 1


def _soleval(file: Path) -> Iterator[dict | Fault]:
    """Yield a row for each function of SolEval's dataset.json."""
    loaded = _loaded(file, dict)
    if isinstance(loaded, Fault):
        yield loaded
        return
    contracts, text = loaded
    for path, functions in contracts.items():
        start = max(0, text.find(json.dumps(path, ensure_ascii=False)))
        if not isinstance(functions, list):
            yield Fault(str(file), _line(text, path), f"{path}: {type(functions).__name__}, expected a list")
            continue
        for number, function in enumerate(functions):
            name = function.get("identifier") if isinstance(function, dict) else None
            line = _line(text, name, start) if isinstance(name, str) and name else _line(text, path)
            reason = _soleval_fault(function)
            if reason:
                yield Fault(str(file), line, f"{path}, function {number}: {reason}")
            else:
                yield _function(path, number, function)


def _soleval_fault(function: Any) -> str | None:
    """Return what an entry of SolEval lacks."""
    if not isinstance(function, dict):
        return f"{type(function).__name__}, expected an object"
    for key in ("identifier", "full_signature", "body"):
        if not isinstance(function.get(key), str) or not function[key].strip():
            return f"no `{key}`"
    comment = function.get("human_labeled_comment")
    return None if isinstance(comment, str) and comment.strip() else "no `human_labeled_comment` to write it from"


def _function(path: str, number: int, function: dict[str, Any]) -> dict:
    """Return the row of a function; `body` may begin with its signature or with its brace."""
    signature, body = function["full_signature"].strip(), function["body"].strip()
    whole = body if body.startswith("function") else f"{signature} {body}"
    asked = f"{function['human_labeled_comment'].strip()}\n\n{signature}"
    return _row("soleval", f"{path}:{number}", path, asked, whole, {"kind": "solidity-text"})


def _smartbugs(file: Path) -> Iterator[dict | Fault]:
    """Yield a row for each contract of smartbugs-curated's vulnerabilities.json."""
    loaded = _loaded(file, list)
    if isinstance(loaded, Fault):
        yield loaded
        return
    entries, text = loaded
    for number, entry in enumerate(entries):
        name = entry.get("path") if isinstance(entry, dict) else None
        line = _line(text, name) if isinstance(name, str) else 1
        found = _contract(file, entry)
        if isinstance(found, str):
            yield Fault(str(file), line, f"entry {number}: {found}")
            continue
        source, categories = found
        yield _row("smartbugs", name, name, f"Which vulnerabilities does this contract have?\n\n{source}",
                   ", ".join(categories), {"kind": "exact"})  # fmt: skip


def _contract(file: Path, entry: Any) -> tuple[str, list[str]] | str:
    """Return (source without comments, sorted categories) of an entry, or what is wrong with it."""
    if not isinstance(entry, dict) or not isinstance(entry.get("path"), str):
        return "no object with `path`"
    listed = entry.get("vulnerabilities")
    listed = [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
    categories = {str(item.get("category")) for item in listed}
    if not categories:
        return "no `vulnerabilities`"
    unknown = [category for category in categories if category not in CATEGORIES]
    if unknown:
        return f"unknown category {unknown[0]!r}"
    source = (file.parent / entry["path"]).resolve()
    if not source.is_relative_to(file.parent.resolve()):
        return f"{entry['path']} is outside of the data set's folder"
    if not source.is_file():
        return f"{entry['path']} is not there"
    return without_comments(source.read_text(encoding="utf-8-sig", errors="replace")), sorted(categories)


def without_comments(source: str) -> str:
    """Return Solidity without comments; lines that held nothing else are left out."""
    plain = TOKEN.sub(lambda match: match[0] if match[0][0] in "\"'" else "", source)
    return "\n".join(line.rstrip() for line in plain.replace("\r", "").split("\n") if line.strip())


def _row(form: str, key: str, group: str, asked: str, answer: str, meta: dict[str, Any]) -> dict:
    """Return a chat row; rows of one file share a group."""
    messages = [{"role": "system", "content": SYSTEMS[form]}, {"role": "user", "content": asked},
                {"role": "assistant", "content": answer}]  # fmt: skip
    return {"id": f"{form}-{key}", "form": form, "group": [f"{form}:{group}"], "messages": messages,
            "meta": meta | {"language": "en"}}  # fmt: skip


READERS: dict[str, Callable[[Path], Iterator[dict | Fault]]] = {
    "dataset.json": _soleval, "vulnerabilities.json": _smartbugs,
}  # fmt: skip
