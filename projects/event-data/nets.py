"""Workflow nets of process trees: alignments by r4pm, and a token game of our own.

    net = net_of(tree)
    cost(net, ("register", "approve"))     -> 0: the trace fits
    enabled(net, ("register",))            -> {"approve", "reject"}; END among them where the trace may end

An alignment's cost is the number of events that the process does not allow plus the number of activities that it
misses. Fitness is 1 - cost / (length of the trace + length of the shortest trace of the process): Adriansyah et al.
2011, van der Aalst et al. 2012.
"""

import uuid
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from r4pm.bindings.conformance.case_centric.alignments import align_empty_trace, align_trace

from .trees import Trace, Tree, labels

END = ""
UNKNOWN = "?"  # stands for every activity that a process does not have: r4pm takes no lone surrogates
MOST_EVENTS = 60  # of one trace; longer ones are wrong without an alignment
OPTIONS: Any = {
    "cost_fn": {"log_move_cost": 1, "model_move_cost": 1, "sync_move_cost": 0, "silent_move_cost": 0},
    "max_states": 100_000,
}
Marking = tuple[int, ...]


@dataclass(frozen=True)
class Transition:
    """A transition with the places that it takes a token from and puts one on; a silent one has no label."""

    label: str
    takes: tuple[int, ...]
    puts: tuple[int, ...]


class Net:
    """A workflow net: place 0 is the source, place 1 the sink; a safe net, since trees are block-structured."""

    def __init__(self, tree: Tree) -> None:
        self.tree, self.num_places = tree, 2
        self.transitions: list[Transition] = []
        self._add(tree, 0, 1)
        self.labels = frozenset(labels(tree))
        self.petri_net = self._petri_net()
        self.shortest = align_empty_trace(self.petri_net, OPTIONS)["cost"]

    def _add(self, tree: Tree, start: int, end: int) -> None:
        """Add the transitions of a tree between two places."""
        if not tree.operator:
            self._transition(tree.label, (start,), (end,))
        elif tree.operator == "->":
            places = [start, *(self._place() for _ in tree.children[1:]), end]
            for child, first, second in zip(tree.children, places, places[1:], strict=False):
                self._add(child, first, second)
        elif tree.operator == "X":
            for child in tree.children:
                self._add(child, start, end)
        elif tree.operator == "*":
            first, second = self._place(), self._place()
            self._transition("", (start,), (first,))
            self._add(tree.children[0], first, second)
            self._add(tree.children[1], second, first)
            self._transition("", (second,), (end,))
        else:
            self._split(tree, start, end)

    def _split(self, tree: Tree, start: int, end: int) -> None:
        """Add parallel parts, or an inclusive choice: as many splits as there are selections, skipping the others."""
        befores, afters = ([self._place() for _ in tree.children] for _ in range(2))
        for child, before, after in zip(tree.children, befores, afters, strict=True):
            self._add(child, before, after)
        self._transition("", tuple(afters), (end,))
        if tree.operator == "+":
            self._transition("", (start,), tuple(befores))
            return
        for selection in range(1, 2 ** len(tree.children)):
            chosen = [selection >> i & 1 for i in range(len(tree.children))]
            puts = tuple(before if take else after for before, after, take in zip(befores, afters, chosen, strict=True))
            self._transition("", (start,), puts)

    def _place(self) -> int:
        """Return a new place."""
        self.num_places += 1
        return self.num_places - 1

    def _transition(self, label: str, takes: tuple[int, ...], puts: tuple[int, ...]) -> None:
        """Add a transition."""
        self.transitions.append(Transition(label, takes, puts))

    def _petri_net(self) -> dict[str, Any]:  # the form that r4pm reads
        """Return the net as r4pm's bindings take it."""
        places = [str(uuid.UUID(int=number + 1)) for number in range(self.num_places)]
        transitions, arcs = {}, []
        for number, transition in enumerate(self.transitions):
            key = str(uuid.UUID(int=10_000 + number))
            transitions[key] = {"id": key, "label": transition.label or None}
            arcs += [{"from_to": {"type": "PlaceTransition", "nodes": [places[p], key]}, "weight": 1}
                     for p in transition.takes]  # fmt: skip
            arcs += [{"from_to": {"type": "TransitionPlace", "nodes": [key, places[p]]}, "weight": 1}
                     for p in transition.puts]  # fmt: skip
        return {
            "places": {place: {"id": place} for place in places},
            "transitions": transitions,
            "arcs": arcs,
            "initial_marking": {places[0]: 1},
            "final_markings": [{places[1]: 1}],
        }


@lru_cache(maxsize=2_000)
def net_of(tree: Tree) -> Net:
    """Return the net of a tree."""
    return Net(tree)


@lru_cache(maxsize=50_000)
def cost(net: Net, trace: Trace) -> int:
    """Return the cost of a trace's best alignment; where the search is given up, that of aligning nothing."""
    worst = len(trace) + net.shortest
    if len(trace) > MOST_EVENTS:
        return worst
    known = [label if label in net.labels else UNKNOWN for label in trace]
    try:
        return min(worst, align_trace(net.petri_net, known, OPTIONS)["cost"])
    except RuntimeError:  # more than max_states
        return worst


def fits(net: Net, trace: Trace) -> bool:
    """Return whether the process allows a trace."""
    return cost(net, trace) == 0


def fitness(net: Net, trace: Trace) -> float:
    """Return a trace's alignment fitness, 0 to 1."""
    return 1.0 - cost(net, trace) / max(1, len(trace) + net.shortest)


@lru_cache(maxsize=50_000)
def enabled(net: Net, prefix: Trace) -> frozenset[str]:
    """Return the activities that may follow a prefix, END where it may end; nothing where no trace begins so."""
    markings = _markings(net, prefix)
    ends = {END} if any(marking == (1,) for marking in markings) else set()
    found = {t.label for marking in markings for t in net.transitions if t.label and set(t.takes) <= set(marking)}
    return frozenset(found | ends)


@lru_cache(maxsize=50_000)
def _markings(net: Net, prefix: Trace) -> frozenset[Marking]:
    """Return the markings that a prefix may lead to, silent steps included; a marking is its places, sorted."""
    if not prefix:
        return _closure(net, {(0,)})
    reached = {
        _fired(marking, transition)
        for marking in _markings(net, prefix[:-1])
        for transition in net.transitions
        if transition.label == prefix[-1] and set(transition.takes) <= set(marking)
    }
    return _closure(net, reached)


def _closure(net: Net, markings: set[Marking]) -> frozenset[Marking]:
    """Return the markings with those that silent steps lead to."""
    reached, waiting = set(markings), list(markings)
    while waiting:
        marking = waiting.pop()
        for transition in net.transitions:
            if not transition.label and set(transition.takes) <= set(marking):
                after = _fired(marking, transition)
                if after not in reached:
                    reached.add(after)
                    waiting.append(after)
    return frozenset(reached)


def _fired(marking: Marking, transition: Transition) -> Marking:
    """Return the marking after a transition."""
    return tuple(sorted((set(marking) - set(transition.takes)) | set(transition.puts)))
