"""Process trees: block-structured processes, their notation, and the traces they allow with their probabilities.

    parse("->('register', X[70,30]('approve', 'reject'))")     -> a Tree
    language(tree)      -> {("register", "approve"): 0.7, ("register", "reject"): 0.3}

The operators are those of pm4py's notation: -> sequence, X choice, + parallel, * loop (do, redo), O inclusive choice
(one or several, in any order); `tau` is a silent step. Percentages in square brackets are an addition of ours: of
each child of a choice, of a loop's repetition. Each activity occurs once in a tree. Orders of parallel parts
are equally likely; a loop is repeated at most MOST_REPEATS times in language(), with the rest of the probability
shared out. Not covered: duplicate labels, unstructured models.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, permutations
from math import comb, factorial

OPERATORS = ("->", "X", "+", "*", "O")
MOST_REPEATS = 2
MOST_VARIANTS = 400
Trace = tuple[str, ...]
Language = dict[Trace, float]
TOKEN = re.compile(r"""\s*((?:->|[X+*O])(?:\[\d+(?:,\d+)*\])?(?=\()|'[^']*'|"[^"]*"|tau|[(),])""")


class TooLarge(Exception):
    """A tree allows more traces than are enumerated."""


@dataclass(frozen=True)
class Tree:
    """A node: an operator with children, an activity (`label`), or, with neither, a silent step.

    `weights` are a choice's probabilities, in percent and in the order of the children; for a loop (do, redo) the
    probability of the redo part alone. Without weights choices are equally likely.
    """

    operator: str = ""
    children: tuple["Tree", ...] = ()
    label: str = ""
    weights: tuple[int, ...] = ()

    @property
    def is_silent(self) -> bool:
        """Whether this is a silent step."""
        return not self.operator and not self.label

    def __str__(self) -> str:
        """Return the notation without weights and in double quotes, as sentences have them: X("a", "b")."""
        if not self.operator:
            return f'"{self.label}"' if self.label else "tau"
        return f"{self.operator}({', '.join(map(str, self.children))})"

    def written(self) -> str:
        """Return the notation, with each choice's and loop's weights behind its operator: X[70,30]('a', 'b')."""
        if not self.operator:
            return f"'{self.label}'" if self.label else "tau"
        weights = f"[{','.join(map(str, self.weights))}]" if self.weights else ""
        return f"{self.operator}{weights}({', '.join(child.written() for child in self.children)})"


def activity(label: str) -> Tree:
    """Return a leaf."""
    return Tree(label=label)


SILENT = Tree()


def labels(tree: Tree) -> list[str]:
    """Return the activities, in the order in which the tree names them."""
    return [node.label for node in nodes(tree) if node.label]


def nodes(tree: Tree) -> Iterator[Tree]:
    """Yield all nodes, a parent before its children."""
    yield tree
    for child in tree.children:
        yield from nodes(child)


def depth(tree: Tree) -> int:
    """Return the number of operators above the deepest leaf."""
    return 1 + max(map(depth, tree.children)) if tree.children else 0


def operator_pairs(tree: Tree) -> set[tuple[str, str]]:
    """Return which operator stands directly in which, as (outer, inner)."""
    return {(node.operator, child.operator) for node in nodes(tree) for child in node.children if child.operator}


def parse(text: str) -> Tree:
    """Return the tree of a notation. Raises ValueError where it is none."""
    tokens, position = [], 0
    while position < len(text.rstrip()):
        match = TOKEN.match(text, position)
        if not match:
            raise ValueError(f"unexpected character at {position}: {text[position : position + 10]!r}")
        tokens.append(match[1])
        position = match.end()
    tree, rest = _parsed(tokens)
    if rest:
        raise ValueError(f"unexpected {rest[0]!r} after the tree")
    return tree


def _parsed(tokens: list[str]) -> tuple[Tree, list[str]]:
    """Return the tree that the tokens begin with, and the tokens after it."""
    if not tokens:
        raise ValueError("the tree ends too early")
    head, rest = tokens[0], tokens[1:]
    if head == "tau":
        return SILENT, rest
    if head[0] in "'\"":
        return activity(head[1:-1]), rest
    operator, _, weights = head.rstrip("]").partition("[")
    if operator not in OPERATORS or rest[:1] != ["("]:
        raise ValueError(f"unexpected {head!r}")
    children = []
    while rest[:1] in (["("], [","]):
        child, rest = _parsed(rest[1:])
        children.append(child)
    if rest[:1] != [")"]:
        raise ValueError("a closing bracket is missing")
    _check_children(operator, len(children), weights.split(",") if weights else [])
    return Tree(operator, tuple(children), weights=tuple(map(int, weights.split(","))) if weights else ()), rest[1:]


def _check_children(operator: str, number: int, weights: list[str]) -> None:
    """Raise ValueError where an operator has not as many children or weights as it takes."""
    if operator == "*" and number != 2:
        raise ValueError(f"a loop has two children, do and redo, not {number}")
    if weights and len(weights) != (1 if operator == "*" else number):
        raise ValueError(f"{operator} has {number} children and {len(weights)} weights")


@lru_cache(maxsize=2_000)
def language(tree: Tree) -> Language:
    """Return every trace with its probability. Raises TooLarge beyond MOST_VARIANTS."""
    traces = _LANGUAGES[tree.operator](tree)
    if len(traces) > MOST_VARIANTS:
        raise TooLarge
    return traces


def _leaf(tree: Tree) -> Language:
    """Return the one trace of a leaf."""
    return {(tree.label,) if tree.label else (): 1.0}


def _sequence(tree: Tree) -> Language:
    """Return the concatenations of the children's traces."""
    traces: Language = {(): 1.0}
    for child in tree.children:
        traces = _concatenated(traces, language(child))
    return traces


def _choice(tree: Tree) -> Language:
    """Return the children's traces, each child by its weight, equally where none is given."""
    traces: Language = defaultdict(float)
    for child, share in zip(tree.children, _shares(tree.weights or (1,) * len(tree.children)), strict=True):
        for trace, probability in language(child).items():
            traces[trace] += share * probability
    return dict(traces)


def _parallel(tree: Tree) -> Language:
    """Return the interleavings of the children's traces; those of activities in the order of the permutations."""
    names = [child.label for child in tree.children]
    if all(names) and not any(child.operator for child in tree.children):
        _limit(factorial(len(names)))
        return dict.fromkeys(permutations(names), 1 / factorial(len(names)))
    traces: Language = {(): 1.0}
    for child in tree.children:
        traces = _interleaved(traces, language(child))
    return traces


def _loop(tree: Tree) -> Language:
    """Return the do part, then redo and do again up to MOST_REPEATS times."""
    do, redo = tree.children
    again = (tree.weights[0] if tree.weights else 50) / 100
    rounds = [again**repeats for repeats in range(MOST_REPEATS + 1)]
    traces: Language = defaultdict(float)
    current = language(do)
    for share in _shares(rounds):
        for trace, probability in current.items():
            traces[trace] += share * probability
        current = _concatenated(_concatenated(current, language(redo)), language(do))
    return dict(traces)


def _inclusive(tree: Tree) -> Language:
    """Return the interleavings of one child or several, all selections equally likely."""
    selections = [chosen for size in range(1, len(tree.children) + 1) for chosen in combinations(tree.children, size)]
    traces: Language = defaultdict(float)
    for chosen in selections:
        for trace, probability in _parallel(Tree("+", chosen)).items():
            traces[trace] += probability / len(selections)
    return dict(traces)


_LANGUAGES = {"": _leaf, "->": _sequence, "X": _choice, "+": _parallel, "*": _loop, "O": _inclusive}


def _shares(weights: tuple[float, ...] | list[float]) -> list[float]:
    """Return weights as shares of 1."""
    return [weight / sum(weights) for weight in weights]


def _concatenated(first: Language, second: Language) -> Language:
    """Return each trace of one followed by each of the other."""
    _limit(len(first) * len(second))
    traces: Language = defaultdict(float)
    for a, p in first.items():
        for b, q in second.items():
            traces[a + b] += p * q
    return dict(traces)


def _interleaved(first: Language, second: Language) -> Language:
    """Return every interleaving of traces of two languages; those of the same two traces are equally likely."""
    traces: Language = defaultdict(float)
    for a, p in first.items():
        for b, q in second.items():
            _limit(len(traces) + comb(len(a) + len(b), len(a)))
            for mixed in _mixed(a, b):
                traces[mixed] += p * q / comb(len(a) + len(b), len(a))
    return dict(traces)


def _mixed(a: Trace, b: Trace) -> Iterator[Trace]:
    """Yield the interleavings of two traces."""
    for positions in combinations(range(len(a) + len(b)), len(a)):
        first, second = iter(a), iter(b)
        yield tuple(next(first) if i in positions else next(second) for i in range(len(a) + len(b)))


def _limit(count: int) -> None:
    """Raise TooLarge where more traces than four times MOST_VARIANTS would have to be made on the way."""
    if count > 4 * MOST_VARIANTS:
        raise TooLarge
