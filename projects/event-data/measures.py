"""Measures of a log against a process: coverage, precision, earth mover's distance, durations.

    coverage(traces, process's language, 4)     -> 1.0 where the log shows as much of the process as 4 cases can

A process's language is {trace: probability} (trees.py). All functions take at least one trace.
"""

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from .nets import Net, enabled
from .trees import Language, Trace


def overlap(counts: Counter[Trace], language: Language) -> float:
    """Return the probability mass that a log and a process share: the sum of the smaller shares of each variant."""
    total = counts.total()
    return sum(min(count / total, language.get(trace, 0.0)) for trace, count in counts.items())


def apportioned(language: Language, cases: int, order: Sequence[Trace] = ()) -> list[Trace]:
    """Return so many traces that their shares come as near to the probabilities as whole cases can.

    Each case goes to the variant that gains most by it; of equal ones, to the first in `order`.
    """
    variants = list(order or sorted(language))
    counts: Counter[Trace] = Counter()
    for _ in range(cases):
        gains = {v: min(1 / cases, max(0.0, language[v] - counts[v] / cases)) for v in variants}
        counts[max(variants, key=lambda v: round(gains[v], 9))] += 1
    return list(counts.elements())


def coverage(traces: Sequence[Trace], language: Language, cases: int) -> float:
    """Return the log's overlap with the process, of the largest that a log of so many cases can have; 0 to 1."""
    best = overlap(Counter(apportioned(language, cases)), language)
    return min(1.0, round(overlap(Counter(traces), language) / best, 9))


def precision(traces: Sequence[Trace], net: Net) -> float:
    """Return the precision by escaping edges (Muñoz-Gama and Carmona 2010), over the fitting beginnings of traces.

    Of the activities that the process allows after each beginning, the share that the log shows, each beginning counted
    as often as it occurs. Here it says how much of what is allowed a log shows: a log of one happy path is imprecise.
    """
    shown: dict[Trace, set[str]] = {}
    weights: Counter[Trace] = Counter()
    for trace in traces:
        for i in range(len(trace) + 1):
            allowed = enabled(net, trace[:i])
            following = trace[i] if i < len(trace) else ""
            if following not in allowed:
                break
            weights[trace[:i]] += 1
            shown.setdefault(trace[:i], set()).add(following)
    if not weights:
        return 0.0
    allowed = {prefix: len(enabled(net, prefix)) for prefix in weights}
    return sum(weights[p] * len(shown[p]) for p in weights) / sum(weights[p] * allowed[p] for p in weights)


def earth_movers_distance(traces: Sequence[Trace], language: Language) -> float:
    """Return the earth mover's distance of the stochastic languages of a log and a process, 0 to 1.

    Leemans, Syring, van der Aalst 2019: the ground distance is Levenshtein's, divided by the longer trace's length.
    """
    import numpy as np
    from scipy.optimize import linprog

    counts = Counter(traces)
    log, model = list(counts), list(language)
    distances = np.array([[_distance(a, b) for b in model] for a in log])
    rows, columns = distances.shape
    constraints = np.zeros((rows + columns, rows * columns))
    for i in range(rows):
        constraints[i, i * columns : (i + 1) * columns] = 1
    for j in range(columns):
        constraints[rows + j, j::columns] = 1
    total, mass = counts.total(), sum(language.values())
    masses = [counts[t] / total for t in log] + [language[t] / mass for t in model]
    solved = linprog(distances.ravel(), A_eq=constraints[:-1], b_eq=masses[:-1], method="highs")
    return float(min(1.0, max(0.0, solved.fun)))


def _distance(a: Trace, b: Trace) -> float:
    """Return the Levenshtein distance, 0 to 1."""
    return levenshtein(a, b) / max(len(a), len(b), 1)


@lru_cache(maxsize=100_000)
def levenshtein(a: Trace, b: Trace) -> int:
    """Return how many insertions, deletions and replacements lie between two traces."""
    previous = list(range(len(b) + 1))
    for i, x in enumerate(a, start=1):
        current = [i]
        for j, y in enumerate(b, start=1):
            current.append(min(previous[j] + 1, current[-1] + 1, previous[j - 1] + (x != y)))
        previous = current
    return previous[-1]


def edits(a: Trace, b: Trace) -> int:
    """Return how many insertions and deletions lie between two traces, as an alignment counts them."""
    previous = list(range(len(b) + 1))
    for i, x in enumerate(a, start=1):
        current = [i]
        for j, y in enumerate(b, start=1):
            current.append(previous[j - 1] if x == y else min(previous[j], current[-1]) + 1)
        previous = current
    return previous[-1]
