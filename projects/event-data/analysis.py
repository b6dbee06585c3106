"""The task forms about a given log: its variants, its directly-follows graph, its figures."""

from collections import Counter
from typing import Any

from .logs import Log, plain_log, written
from .processes import Size
from .tasks import Draw, Mismatch, Problem, line

LABELS = {
    "en": ("cases", "events", "variants", "activities", "first", "last"),
    "de": ("Fälle", "Ereignisse", "Varianten", "Aktivitäten", "zuerst", "zuletzt"),
}


def variant_lines(log: Log) -> list[str]:
    """Return each variant with its number of cases, the most frequent first."""
    return [f"{line(trace)}: {number}" for trace, number in Counter(case.trace for case in log).most_common()]


def graph_lines(log: Log) -> list[str]:
    """Return each pair of activities that follow each other directly, with its count."""
    pairs = Counter(pair for case in log for pair in zip(case.trace, case.trace[1:], strict=False))
    return [f"{line(pair)}: {number}" for pair, number in pairs.items()]


def figure_lines(log: Log, language: str) -> list[str]:
    """Return the number of cases, events, variants and activities, and the activities that cases begin and end with."""
    traces = [case.trace for case in log]
    figures: list[Any] = [
        len(log),
        sum(map(len, traces)),
        len(set(traces)),
        len({a for trace in traces for a in trace}),
    ]
    figures += [", ".join(sorted({trace[i] for trace in traces})) for i in (0, -1)]
    return [f"{label}: {figure}" for label, figure in zip(LABELS[language], figures, strict=True)]


def _analysis(draw: Draw, form: str) -> Problem:
    """Return a problem about a log of three or four cases, which a process gave."""
    process = draw.process(Size(events=4, variants=12))
    variants = list(process.traces)
    traces = draw.rng.choices(variants, [process.traces[v] for v in variants], k=draw.rng.randint(3, 4))
    log = plain_log(traces)
    lines = lines_about(log, form, draw.language)
    if not lines:
        raise Mismatch
    slots = {"labels": ", ".join(LABELS[draw.language])}
    meta = {"kind": "lines", "language": draw.language, "lines": lines}
    return Problem(form, process.domain, written(log, "csv"), "\n".join(lines), meta, slots)


def lines_about(log: Log, form: str, language: str) -> list[str]:
    """Return the answer's lines of one of the forms below."""
    if form == "describe":
        return figure_lines(log, language)
    return variant_lines(log) if form == "log-variants" else graph_lines(log)


def log_variants(draw: Draw) -> Problem:
    """The log's variants with their counts."""
    return _analysis(draw, "log-variants")


def follows_graph(draw: Draw) -> Problem:
    """The log's directly-follows graph."""
    return _analysis(draw, "dfg")


def describe(draw: Draw) -> Problem:
    """The log's figures."""
    return _analysis(draw, "describe")


FORMS = {"log-variants": log_variants, "dfg": follows_graph, "describe": describe}
