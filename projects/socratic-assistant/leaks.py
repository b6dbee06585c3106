"""Leaks: what an answer says of what the student has yet to find.

    leaks_in("Is it 12?", Secret(values=("12",)))       -> {"value"}

    value       a later value, in digits or words, or a text or list as Python shows it
    fix         the right code, however it is written: compared after normalising its syntax tree
    operator    the operator that is missing, by its sign or its name; the calculation of the next step
    line        the faulty line's number
    telling     "the mistake is", "replace", "the answer is"

A question mark behind it changes nothing. Nothing raises on an answer.
"""

import ast
import re
from collections import Counter
from functools import lru_cache

from .moves import Secret
from .numerals import NUMBER, mentions, numbers_in

LONGEST = 4_000  # characters of an answer that are read
CODE = re.compile(r"```(?:[a-z]*\n)?(.*?)```|`([^`]+)`", re.DOTALL)
LINES = re.compile(r"\b(?:lines?|zeilen?)\s+(\d+(?:\s*(?:,|and|or|to|und|oder|bis|-)\s*\d+)*)", re.IGNORECASE)
TELLING = re.compile(
    r"\b(?:replace|the (?:bug|mistake|error|answer|solution|result) (?:is|are|lies|must)"
    r"|you (?:must|need to|have to|should) (?:change|use|write|add|multiply|divide|subtract)|instead of"
    r"|ersetze|ändere|der fehler (?:ist|liegt|steckt)|die (?:lösung|antwort) (?:ist|lautet|heißt)|das ergebnis ist"
    r"|du musst .{0,40}?(?:ändern|schreiben|rechnen|ersetzen)|muss .{0,30}?heißen|anstelle von)\b",
    re.IGNORECASE,
)
OPERATORS: dict[type, tuple[str, str]] = {  # sign, names
    ast.Lt: ("<", r"less than(?! or)|smaller than(?! or)|kleiner als"),
    ast.LtE: ("<=", r"(?:less|smaller)(?: than)? or equal|at most|kleiner (?:oder )?gleich|höchstens"),
    ast.Gt: (">", r"(?:greater|larger|bigger) than(?! or)|größer als"),
    ast.GtE: (">=", r"(?:greater|larger)(?: than)? or equal|at least|größer (?:oder )?gleich|mindestens"),
    ast.Eq: ("==", r"double equals?|doppeltes? gleich\w*"), ast.NotEq: ("!=", r"not equal|unequal|ungleich"),
    ast.Add: ("+", r"plus|add\b|addier\w*"), ast.Sub: ("-", r"minus|subtract\w*|subtrahier\w*"),
    ast.Mult: ("*", r"times|multipl\w+|mal nehmen|malnehmen"), ast.Div: ("/", r"divi\w+|geteilt|teile"),
    ast.FloorDiv: ("//", r"floor division|integer division|ganzzahl\w+"), ast.Mod: ("%", r"modulo|remainder|rest"),
    ast.In: ("in", r"$^"), ast.NotIn: ("not in", r"$^"), ast.And: ("and", r"$^"), ast.Or: ("or", r"$^"),
    ast.Not: ("not", r"$^"),
}  # fmt: skip
CALCULATING = re.compile(
    r"[+×·*÷:/−]|(?<=\s)-(?=\s)|\b(?:plus|minus|times|mal|geteilt|divi\w+|multipl\w+|add\w*|subtra\w+)\b",
    re.IGNORECASE,
)


def leaks_in(answer: str, secret: Secret) -> set[str]:
    """Return the kinds of leak in an answer; empty for none."""
    text = answer[:LONGEST]
    found = set()
    if any(_says(text, value) for value in secret.values):
        found.add("value")
    if secret.fixed and _has_fix(text, secret.code, secret.fixed):
        found.add("fix")
    if secret.fixed and _names_operator(text, secret.code, secret.fixed):
        found.add("operator")
    if len(secret.operands) > 1 and _calculates(text, secret.operands):
        found.add("operator")
    if secret.line and secret.line in _lines(text):
        found.add("line")
    if secret != Secret() and TELLING.search(text):
        found.add("telling")
    return found


def _says(text: str, value: str) -> bool:
    """Return whether a text says a value as repr() shows it."""
    if NUMBER.fullmatch(value):
        return mentions(text, value)
    if value in ("True", "False", "None"):
        return re.search(rf"\b{value}\b", text) is not None
    if value[:1] in "'\"":
        inner = value[1:-1]
        return len(inner) > 1 and re.search(rf"(?<!\w){re.escape(inner)}(?!\w)", text) is not None
    return len(value) > 2 and _compact(value) in _compact(text)


def _compact(text: str) -> str:
    """Return a text without blanks and with one kind of quotation mark."""
    return re.sub(r"\s+", "", text).replace('"', "'")


def _lines(text: str) -> set[int]:
    """Return the numbers of the lines that a text names."""
    return {int(number) for match in LINES.finditer(text) for number in re.findall(r"\d{1,4}", match[1])}


def _calculates(text: str, operands: tuple[str, ...]) -> bool:
    """Return whether a text names the numbers of the next calculation and what to do with them."""
    numbers = numbers_in(text)
    return all(float(n) in numbers or mentions(text, n) for n in operands) and CALCULATING.search(text) is not None


def _has_fix(text: str, code: str, fixed: str) -> bool:
    """Return whether a text holds a part of the right code that the shown code lacks."""
    dumps, texts = _missing_parts(code, fixed)
    if any(part in _compact(text) for part in texts):
        return True
    return any(dumps & _dumps(match[1] or match[2] or "") for match in CODE.finditer(text))


@lru_cache(maxsize=4096)
def _missing_parts(code: str, fixed: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the normalised dumps, and the compact texts, of what the right code has and the shown code lacks."""
    dumps = _dumps(fixed) - _dumps(code)
    shown = _compact(code)
    texts = {part for node in _nodes(ast.parse(fixed)) if _dump(node) in dumps for part in _spellings(node)}
    return frozenset(dumps), frozenset(text for text in texts if len(text) > 2 and text not in shown)


def _spellings(node: ast.AST) -> set[str]:
    """Return how a part may be written, without blanks: a comparison from either side, `x = x + 1` for `x += 1`."""
    spellings = {_compact(ast.unparse(node)).split("\n")[0]}
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _MIRRORED:
        mirrored = ast.Compare(node.comparators[0], [_MIRRORED[type(node.ops[0])]()], [node.left])
        spellings.add(_compact(ast.unparse(mirrored)))
    if isinstance(node, ast.AugAssign):
        target, value = ast.unparse(node.target), ast.BinOp(node.target, node.op, node.value)
        spellings.add(_compact(f"{target} = {ast.unparse(value)}"))
    return spellings


_MIRRORED = {ast.Lt: ast.Gt, ast.Gt: ast.Lt, ast.LtE: ast.GtE, ast.GtE: ast.LtE, ast.Eq: ast.Eq, ast.NotEq: ast.NotEq}


def _nodes(tree: ast.AST) -> list[ast.AST]:
    """Return the parts of a tree that say something alone: operations, calls, statements without a body."""
    kinds = (ast.BinOp, ast.Compare, ast.BoolOp, ast.UnaryOp, ast.Call, ast.Subscript, ast.Assign, ast.AugAssign,
             ast.Return, ast.Tuple)  # fmt: skip
    return [node for node in ast.walk(tree) if isinstance(node, kinds)]


@lru_cache(maxsize=4096)
def _dumps(source: str) -> frozenset[str]:
    """Return the normalised dumps of a source's parts; none where it is no code."""
    text = source.strip()
    for attempt in (text, f"{text} pass", f"{text}\n pass"):
        try:
            tree = ast.parse(attempt)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        return frozenset(_dump(node) for node in _nodes(tree))
    return frozenset()


def _dump(node: ast.AST) -> str:
    """Return a dump that is the same for `a < b` and `b > a`, for `x += 1` and `x = x + 1`."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], ast.Gt | ast.GtE):
        node = ast.Compare(node.comparators[0], [_MIRRORED[type(node.ops[0])]()], [node.left])
    if isinstance(node, ast.AugAssign):
        node = ast.Assign([node.target], ast.BinOp(node.target, node.op, node.value))
    return ast.dump(node).replace("Store()", "Load()")


@lru_cache(maxsize=4096)
def _missing_operators(code: str, fixed: str) -> tuple[type, ...]:
    """Return the operators that the right code has more often than the shown code."""
    return tuple((_operators(fixed) - _operators(code)).keys())


def _operators(source: str) -> Counter[type]:
    """Return how often each operator occurs in a source."""
    return Counter(type(node) for node in ast.walk(ast.parse(source)) if type(node) in OPERATORS)


def _names_operator(text: str, code: str, fixed: str) -> bool:
    """Return whether a text names a missing operator; quotes of the shown code do not count."""
    shown = _compact(code)
    bare = CODE.sub(
        lambda match: " " if _compact(match[1] or match[2] or "") in shown and len(match[0]) > 5 else match[0], text
    )
    for operator in _missing_operators(code, fixed):
        sign, names = OPERATORS[operator]
        pattern = f"`{sign}`" if sign[0].isalpha() else rf"(?:^|[\s`]){re.escape(sign)}(?:$|[\s`])"
        if re.search(pattern, bare) or re.search(rf"\b(?:{names})\b", bare, re.IGNORECASE):
            return True
    return False
