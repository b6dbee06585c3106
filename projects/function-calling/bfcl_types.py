"""Values of the leaderboard's Java and JavaScript categories: text in the language's own syntax, read as Python has it.

    read_value("12L", {"type": "long"}, "java")                                             -> 12
    read_value("[1, 2]", {"type": "array", "items": {"type": "integer"}}, "javascript")     -> [1, 2]
    write_value(12, {"type": "long"}, "java")                                               -> "12L"

A call's values are strings there, whatever their type. What is not written as its type asks for stays text, so it is no
value of that type. The readings are the leaderboard's, its oddities included: strings in a Java array keep their
quotation marks, those in an ArrayList do not; entries are cut at every comma.

Not covered: Set, Hashtable, Queue, Stack, which the leaderboard does not read either.
"""

import json
import re
from typing import Any

# The types of each language, as Python has them.
TYPES: dict[str, dict[str, type]] = {
    "java": {
        "byte": int, "short": int, "integer": int, "long": int, "float": float, "double": float, "boolean": bool,
        "char": str, "String": str, "any": str, "Array": list, "ArrayList": list, "HashMap": dict,
    },
    "javascript": {
        "integer": int, "Bigint": int, "float": float, "Boolean": bool, "String": str, "any": str, "array": list,
        "dict": dict,
    },
}  # fmt: skip
WHOLE, DECIMAL = r"-?\d+", r"-?\d+(\.\d+)?"
EXPONENT = DECIMAL + r"([eE][+-]?\d+)?"
# How a number of each type is written; its last sign is a mark of the type where the pattern has one.
NUMBERS = {
    "java": {
        "byte": WHOLE, "short": WHOLE, "integer": WHOLE, "long": WHOLE + "[lL]", "float": EXPONENT + "[fF]",
        "double": EXPONENT,
    },
    "javascript": {"integer": WHOLE, "Bigint": WHOLE + "n", "float": DECIMAL},
}  # fmt: skip
SUFFIX = {"java": {"long": "L", "float": "f"}, "javascript": {"Bigint": "n"}}
AS_LIST = re.compile(r"new\s+ArrayList<\w*>\(Arrays\.asList\((.+?)\)\)")
ADDED = re.compile(r"new\s+ArrayList<\w*>\(\)\s*\{\{\s*(.+?)\s*\}\}", re.DOTALL)
EMPTY_LIST = re.compile(r"new\s+ArrayList<\w*>\(\)")
ARRAY = re.compile(r"new\s+\w+\[\]\s*\{(.*?)\}")
MAP = re.compile(r"new\s+HashMap<.*?>\s*\(\)(?:\s*\{\s*\{?\s*(.*?)\s*\}?\s*\})?", re.DOTALL)
PUT = re.compile(r"put\(\"(.*?)\",\s*(.*?)\)")
NESTED = re.compile(r"\[\s*\[.*?\]\s*(,\s*\[.*?\]\s*)*\]|new\s+Array\(\s*\[.*?\]\s*(,\s*\[.*?\]\s*)*\)")
FLAT = re.compile(r"\[(.*?)\]|new\s+Array\((.*?)\)")
PAIR = re.compile(r"([^:]+):\s*(.*?)(?:,\s*(?=[^,]+:)|$)")


def read_value(text: str, schema: dict[str, Any], code: str) -> Any:
    """Return the value of a text; the text itself where it is not written as its type asks for."""
    kind = schema["type"]
    if kind in NUMBERS[code]:
        return _number(text, kind, code)
    if kind in ("boolean", "Boolean"):
        return {"true": True, "false": False}.get(text, text)
    items = schema.get("items", {}).get("type")
    if code == "javascript":
        return _javascript(text, kind, items)
    return {"Array": _array, "ArrayList": _array_list}[kind](text, items) if items else _map_or_text(text, kind)


def _number(text: str, kind: str, code: str) -> Any:
    """Return a number, or the text where it is not written as one of its type."""
    if not re.fullmatch(NUMBERS[code][kind], text):
        return text
    digits = text[:-1] if kind in SUFFIX[code] else text
    return TYPES[code][kind](digits)


def _split(text: str) -> list[str]:
    """Return what stands between commas."""
    return [entry.strip() for entry in text.split(",") if entry.strip()]


def _array(text: str, items: str) -> Any:
    """Return the entries of `new int[]{1, 2}`."""
    match = ARRAY.search(text)
    return [read_value(entry, {"type": items}, "java") for entry in _split(match[1])] if match else text


def _array_list(text: str, items: str) -> Any:
    """Return the entries of `new ArrayList<>(Arrays.asList(1, 2))` or of one that is filled by add()."""
    listed, added = AS_LIST.search(text), ADDED.search(text)
    if not listed and not added:
        return [] if EMPTY_LIST.search(text) else text
    entries = _split(listed[1]) if listed else [entry.strip() for entry in re.findall(r"add\((.+?)\)", added[1])]
    quoted = items in ("String", "char")
    return [entry[1:-1] if quoted else read_value(entry, {"type": items}, "java") for entry in entries]


def _map_or_text(text: str, kind: str) -> Any:
    """Return the entries of a HashMap that is filled by put(); other types are text."""
    match = MAP.search(text) if kind == "HashMap" else None
    if not match:
        return text
    return {key: _literal(value.strip(), "java") for key, value in PUT.findall(match[1] or "")}


def _literal(text: str, code: str) -> Any:
    """Return a literal whose type nobody names."""
    if text in ("true", "false"):
        return text == "true"
    if len(text) > 1 and text[0] == text[-1] and text[0] in ('"' if code == "java" else "\"'"):
        return text[1:-1]
    for kind in ("long", "float") if code == "java" else ():
        if re.fullmatch(NUMBERS[code][kind], text):
            return _number(text, kind, code)
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            continue
    return text


def _javascript(text: str, kind: str, items: str | None) -> Any:
    """Return a JavaScript string, array or object."""
    if kind == "String":
        return text[1:-1] if text[:1] == text[-1:] and text[:1] in ("'", '"') else text
    if kind == "dict":
        return _object(text.strip())
    return _javascript_array(text.strip(), items) if kind == "array" else text


def _javascript_array(text: str, items: str | None) -> Any:
    """Return the entries of `[1, 2]`, `new Array(1, 2)`, or of an array of arrays."""
    nested = NESTED.match(text)
    if nested:
        rows = re.findall(r"\[([^\[\]]*)\]", nested[0])
        return [[_literal(entry.strip(), "javascript") for entry in row.split(",")] for row in rows]
    match = FLAT.match(text)
    if not match:
        return text
    entries = [entry.strip() for entry in (match[1] or match[2] or "").strip().split(",")]
    if entries == [""]:
        return []
    return [
        read_value(entry, {"type": items}, "javascript") if items else _literal(entry, "javascript")
        for entry in entries
    ]


def _object(text: str) -> Any:
    """Return the entries of `{"a": 1}`; quotation marks around a number or flag do not count."""
    match = re.match(r"\{(.*?)\}", text)
    if not match:
        return text
    return {key.strip().strip("'\""): _entry(value.strip()) for key, value in PAIR.findall(match[1])}


def _entry(value: str) -> Any:
    """Return an object's entry."""
    if value.startswith("[") and value.endswith("]"):
        return _javascript_array(value, None)
    return (
        _object(value) if value.startswith("{") and value.endswith("}") else _literal(value.strip("'\""), "javascript")
    )


def write_value(value: Any, schema: dict[str, Any], code: str) -> str:
    """Return a value as the language writes it, so that `read_value` gives it back."""
    kind, items = schema["type"], schema.get("items", {}).get("type", "any")
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"{value}{SUFFIX[code].get(kind, '')}"
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return _written_object(value, code)
    inner = {"type": items}
    if code == "javascript":
        return f"[{', '.join(_quoted(entry, inner, code, items != 'any') for entry in value)}]"
    if kind == "ArrayList":
        entries = ", ".join(_quoted(entry, inner, code, items == "String") for entry in value)
        return f"new ArrayList<>(Arrays.asList({entries}))" if value else "new ArrayList<>()"
    return f"new {items}[]{{{', '.join(write_value(entry, inner, code) for entry in value)}}}"


def _quoted(value: Any, schema: dict[str, Any], code: str, quoted: bool) -> str:
    """Return an entry of a list, a string in quotation marks where they are read as such."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) and quoted else write_value(
        value, schema, code
    )  # fmt: skip


def _written_object(value: dict[str, Any], code: str) -> str:
    """Return a HashMap, or a JavaScript object."""
    if code == "javascript":
        return json.dumps(value, ensure_ascii=False)
    puts = " ".join(f'put("{key}", {json.dumps(entry, ensure_ascii=False)});' for key, entry in value.items())
    return f"new HashMap<>() {{{{ {puts} }}}}"
