"""Processes: random trees over a domain's blocks, in the natural order of its activities.

    process = draw_process(rng, domain, "en")       -> Process(domain, "en", tree)

Most trees are sequences of blocks; some have one block within another. Training never has the pairs of HARD_PAIRS
(outer operator, inner operator): hard processes have one of them, and are deeper.
"""

import random
from dataclasses import dataclass
from functools import cached_property

from .domains import Block, Domain
from .nets import Net, net_of
from .trees import SILENT, Language, TooLarge, Tree, activity, language, operator_pairs

SHARES = {2: ((50, 50), (60, 40), (70, 30), (75, 25), (80, 20)), 3: ((50, 30, 20), (40, 40, 20), (60, 20, 20))}
REPEATED = (20, 25, 30, 40, 50)
HARD_PAIRS = {("X", "*"), ("+", "*"), ("X", "O"), ("+", "O"), ("*", "X"), ("*", "+"), ("O", "->"), ("O", "X")}
NESTED_SHARE = 0.2


@dataclass(frozen=True)
class Process:
    """A tree over a domain's activities, named in one language."""

    domain: Domain
    language: str
    tree: Tree

    @cached_property
    def traces(self) -> Language:
        """Every trace with its probability."""
        return language(self.tree)

    @property
    def net(self) -> Net:
        """The tree as a net."""
        return net_of(self.tree)


@dataclass(frozen=True)
class Size:
    """How large a process may be: blocks, events of the longest trace, and different traces (at least two)."""

    blocks: tuple[int, int] = (2, 4)
    events: int = 6
    variants: int = 12


MEDIUM = Size()


def draw_process(
    rng: random.Random, domain: Domain, language_: str, size: Size = MEDIUM, hard: bool = False
) -> Process:
    """Return a random process of a domain, at most as large as `size` says."""
    while True:
        process = Process(domain, language_, _tree(rng, domain, language_, size, hard))
        if hard != bool(operator_pairs(process.tree) & HARD_PAIRS):
            continue
        try:
            traces = process.traces
        except TooLarge:
            continue
        if () not in traces and 1 < len(traces) <= size.variants and 1 < max(map(len, traces)) <= size.events:
            return process


def _tree(rng: random.Random, domain: Domain, language_: str, size: Size, hard: bool) -> Tree:
    """Return a sequence of some of a domain's blocks; hard ones, and some others, are nested."""
    number = min(rng.randint(*size.blocks), len(domain.blocks))
    chosen = sorted(rng.sample(range(len(domain.blocks)), number))
    parts = [_block(rng, domain.blocks[i], language_) for i in chosen]
    if hard or rng.random() < NESTED_SHARE:
        parts = _nested(rng, parts)
    if hard:
        parts = _nested(rng, parts)
    return _sequence(*parts)


def _block(rng: random.Random, block: Block, language_: str) -> Tree:
    """Return a block as a tree; now and then a simpler one of the same activities."""
    leaves = tuple(activity(a.name(language_)) for a in block.activities)
    operator = block.operator
    if operator == "->":
        return leaves[0]
    if operator == "?":
        weight = rng.choice((25, 30, 50, 60, 75))
        return leaves[0] if rng.random() < 0.2 else Tree("X", (leaves[0], SILENT), weights=(weight, 100 - weight))
    if rng.random() < 0.15:
        return leaves[0] if operator in "X*" else Tree("->", leaves)
    if operator == "*":
        return Tree("*", leaves, weights=(rng.choice(REPEATED),))
    return Tree(operator, leaves, weights=rng.choice(SHARES[len(leaves)]) if operator == "X" else ())


def _nested(rng: random.Random, parts: list[Tree]) -> list[Tree]:
    """Return the parts with two neighbours joined to one, or unchanged where there is only one."""
    if len(parts) < 2:
        return parts
    i = rng.randrange(len(parts) - 1)
    first, second = parts[i : i + 2]
    return [*parts[:i], _joined(rng, first, second), *parts[i + 2 :]]


def _joined(rng: random.Random, first: Tree, second: Tree) -> Tree:
    """Return one tree of two: the second one within a branch of the first, or both within a new operator."""
    if first.operator in ("X", "+", "O") and not first.children[-1].is_silent and rng.random() < 0.5:
        branch = rng.randrange(len(first.children))
        inner = _sequence(first.children[branch], second)
        return Tree(
            first.operator, (*first.children[:branch], inner, *first.children[branch + 1 :]), weights=first.weights
        )
    operator = rng.choice(("X", "+", "*", "?"))
    if operator == "?":
        weight = rng.choice((50, 60, 75))
        return Tree("X", (_sequence(first, second), SILENT), weights=(weight, 100 - weight))
    weights = {"X": lambda: rng.choice(SHARES[2]), "*": lambda: (rng.choice(REPEATED),)}.get(operator, tuple)()
    return Tree(operator, (first, second), weights=weights)


def _sequence(*parts: Tree) -> Tree:
    """Return one part after the other, without a sequence directly in a sequence."""
    flat = [child for tree in parts for child in (tree.children if tree.operator == "->" else (tree,))]
    return flat[0] if len(flat) == 1 else Tree("->", tuple(flat))
