"""How right an answer is: what the builder checks its own rows by, and evaluation.py scores answers by.

    quality(answer, meta)       -> 1.0 for a perfect answer
    scores(answer, meta)        -> {"quality": 1.0, "valid": 1.0, "fitness": 1.0, "emd": 0.1, …}

`meta["kind"]` says what is asked for: a log, statistics (a log with target counts), lines (a set, in any order),
continue, masked, repair, anomaly (a trace), judge (a verdict with its reason). Nothing raises on an answer.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from . import clocks
from .logs import Log
from .measures import coverage, earth_movers_distance, edits, precision
from .nets import MOST_EVENTS, Net, fitness, fits, net_of
from .trees import Language, Trace, language, parse
from .validators import Invalid, log_of, without_fence

ARROW = ">"  # without blanks: a name is then cut into the same tokens as behind a quotation mark
FITS = {"en": "fits", "de": "passt"}
FAULTS = {
    "missing": {"en": "missing", "de": "fehlt"},
    "extra": {"en": "superfluous", "de": "überzählig"},
    "moved": {"en": "misplaced", "de": "falsche Stelle"},
}
LONGEST = 20_000
AROUND_ARROW = re.compile(r"\s*>\s*")
Scores = dict[str, float | None]
Meta = dict[str, Any]


@dataclass(frozen=True)
class Model:
    """What a row's tree means: its net and its traces with their probabilities."""

    net: Net
    traces: Language


@lru_cache(maxsize=2_000)
def model_of(tree: str) -> Model:
    """Return the model of a tree's notation."""
    parsed = parse(tree)
    return Model(net_of(parsed), language(parsed))


def quality(prediction: str, meta: Meta) -> float:
    """Return how right an answer is, 0 to 1."""
    return scores(prediction, meta, in_detail=False)["quality"] or 0.0


def scores(prediction: str, meta: Meta, in_detail: bool = True) -> Scores:
    """Return the scores of an answer that apply to what was asked for; `quality` always does."""
    if meta["kind"] not in ("log", "statistics"):
        return {"quality": _KINDS[meta["kind"]](without_fence(prediction[:LONGEST]), meta)}
    model = model_of(meta["tree"])
    try:
        log = log_of(prediction, meta["format"])
    except Invalid:
        return {"quality": 0.0, "valid": 0.0, "fitness": 0.0, "coverage": 0.0}
    return _log_scores(log, meta, model) | (_details(log, meta, model) if in_detail else {})


def _log_scores(log: Log, meta: Meta, model: Model) -> Scores:
    """Return the scores of a valid log."""
    traces = [case.trace for case in log]
    fit = sum(fitness(model.net, trace) for trace in traces) / len(traces) if traces else 0.0
    targets = meta.get("targets")
    shown = (
        _targets_met(traces, targets) if targets else coverage(traces, model.traces, meta["cases"]) if traces else 0.0
    )
    whole = fit * shown * meta["cases"] / len(traces) if len(traces) >= meta["cases"] else 0.0
    return {"quality": whole, "valid": 1.0, "fitness": fit, "coverage": shown}


def _targets_met(traces: list[Trace], targets: dict[str, int]) -> float:
    """Return the share of activities that occur in as many cases as asked for."""
    met = [sum(name in trace for trace in traces) == number for name, number in targets.items()]
    return sum(met) / len(met)


def _details(log: Log, meta: Meta, model: Model) -> Scores:
    """Return the further measures of a valid log; those of times only where it has any."""
    traces = [case.trace for case in log if len(case.events) <= MOST_EVENTS][:100]
    details: Scores = {}
    if traces:
        details = {"precision": precision(traces, model.net), "emd": earth_movers_distance(traces, model.traces)}
    if "example" in meta:
        shown = tuple(meta["example"])
        variants = {case.trace for case in log}
        details["novelty"] = sum(variant != shown for variant in variants) / len(variants) if variants else 0.0
    if "schedule" in meta and log:
        schedule = clocks.Schedule.of(meta["schedule"])
        details["copies"] = _copies(log) if schedule.law != "fixed" else None
        details["durations"] = clocks.duration_distance(log, schedule)
        staff = clocks.Staff(meta.get("people", {}), meta.get("four_eyes", ()))
        details["rules"] = clocks.rules_kept(log, schedule, staff)
    return details


def _copies(log: Log) -> float | None:
    """Return the share of cases of two events and more that repeat an earlier one; None without such cases."""
    footprints = [case.footprint for case in log if len(case.events) > 1]
    return 1 - len(set(footprints)) / len(footprints) if footprints else None


def lines_of(text: str) -> list[str]:
    """Return the lines with single blanks, and none around arrows; blank ones are left out."""
    return [AROUND_ARROW.sub(ARROW, " ".join(line.split())) for line in text.split("\n") if line.strip()]


def _lines(text: str, meta: Meta) -> float:
    """Return the F1 of lines, in any order; a line that is repeated counts as often as it should be there."""
    given, expected = Counter(lines_of(text)), Counter(lines_of("\n".join(meta["lines"])))
    shared = (given & expected).total()
    return 2 * shared / max(1, given.total() + expected.total())


def trace_of(text: str) -> Trace:
    """Return the trace of a line `a > b > c`; () where the text is more than one line or an event has no name."""
    lines = lines_of(text)
    parts = tuple(part.strip() for part in lines[0].split(">")) if len(lines) == 1 else ()
    return parts if all(parts) and len(parts) <= MOST_EVENTS else ()


def _continue(text: str, meta: Meta) -> float:
    """Return whether the process allows the beginning with the answer behind it."""
    rest = trace_of(text)
    return float(bool(rest) and fits(model_of(meta["tree"]).net, (*meta["prefix"], *rest)))


def _masked(text: str, meta: Meta) -> float:
    """Return whether the filled trace fits and keeps what was given."""
    trace = trace_of(text)
    return float(fills(trace, meta["trace"]) and fits(model_of(meta["tree"]).net, trace))


def fills(trace: Sequence[str], given: Sequence[str]) -> bool:
    """Return whether a trace is another one with an activity for each "?"."""
    return len(trace) == len(given) and all(a in ("?", b) for a, b in zip(given, trace, strict=True))


def _repair(text: str, meta: Meta) -> float:
    """Return 1 for a fitting trace as near to the broken one as any; of a farther one, the ratio of their edits."""
    trace, broken = trace_of(text), tuple(meta["trace"])
    if not trace or not fits(model_of(meta["tree"]).net, trace):
        return 0.0
    return min(1.0, meta["edits"] / max(1, edits(broken, trace)))


def _anomaly(text: str, meta: Meta) -> float:
    """Return whether the trace has the fault that was asked for, and for it alone does not fit."""
    trace, given = trace_of(text), tuple(meta["trace"])
    return float(trace in variations(given, meta["plant"]) and not fits(model_of(meta["tree"]).net, trace))


def variations(trace: Trace, fault: str) -> list[Trace]:
    """Return all traces with one fault: an event left out, done twice in a row, or exchanged with the next one."""
    positions = range(len(trace))
    if fault == "missing":
        return [trace[:i] + trace[i + 1 :] for i in positions]
    if fault == "extra":
        return [trace[: i + 1] + trace[i:] for i in positions]
    return [trace[:i] + (trace[i + 1], trace[i]) + trace[i + 2 :] for i in positions[:-1] if trace[i] != trace[i + 1]]


def _judge(text: str, meta: Meta) -> float:
    """Return whether the verdict is right, and for "does not fit" whether mending what it names makes the trace fit."""
    net, trace, language_ = model_of(meta["tree"]).net, tuple(meta["trace"]), meta["language"]
    verdict = " ".join(text.split()).rstrip(".")
    if verdict == FITS[language_]:
        return float(fits(net, trace))
    for fault, words in FAULTS.items():
        match = re.fullmatch(f"{words[language_]}: (.+)", verdict)
        if match and match[1] in net.labels:
            return float(not fits(net, trace) and any(fits(net, mended) for mended in _mended(trace, fault, match[1])))
    return 0.0


def _mended(trace: Trace, fault: str, name: str) -> list[Trace]:
    """Return the traces in which one activity is added, removed, or put elsewhere."""
    if fault == "missing":
        return [trace[:i] + (name,) + trace[i:] for i in range(len(trace) + 1)]
    removed = [trace[:i] + trace[i + 1 :] for i in range(len(trace)) if trace[i] == name]
    if fault == "extra":
        return removed
    return [rest[:i] + (name,) + rest[i:] for rest in removed for i in range(len(rest) + 1)]


def faults_of(net: Net, trace: Trace) -> list[tuple[str, str]]:
    """Return every (fault, activity) that explains why a trace does not fit: mending it alone makes the trace fit."""
    return [
        (fault, name)
        for fault in FAULTS
        for name in sorted(net.labels)
        if any(fits(net, mended) for mended in _mended(trace, fault, name))
    ]


_KINDS: dict[str, Callable[[str, Meta], float]] = {
    "lines": _lines, "continue": _continue, "masked": _masked, "repair": _repair, "anomaly": _anomaly, "judge": _judge,
}  # fmt: skip
