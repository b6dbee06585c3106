"""The task forms about a process: write a log of it, list its variants, go on, fill, mend, judge, spoil a trace.

Each form takes a Draw and returns a Problem: what the question shows (`body`), the slots of its wording, and the answer
with what scoring needs. Forms about a given log are in analysis.py.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .clocks import NOBODY, PEOPLE, Staff, draw_schedule, timed
from .domains import Domain, domains
from .logs import plain_log, written
from .measures import apportioned, edits
from .mixed import mixed
from .nets import END, cost, enabled, fits
from .phrases import described, people_text, schedule_text
from .processes import MEDIUM, Process, Size, draw_process
from .scoring import ARROW, FAULTS, FITS, faults_of, fills, variations
from .trees import Trace, nodes

ENDS = {"en": "end", "de": "Ende"}
EXAMPLE = {"en": "One case was {trace}.", "de": "Ein Fall war {trace}."}
MIXED_SHARE = 0.6  # of the processes of training rows: about a mixed domain
HARD_SIZE = Size(blocks=(3, 5), events=9, variants=30)


class Mismatch(Exception):
    """A problem cannot be made of this process, or its two routes disagree."""


@dataclass(frozen=True)
class Draw:
    """What a problem is drawn with."""

    rng: random.Random
    language: str
    split: str
    is_hard: bool = False

    def domain(self) -> Domain:
        """Return a domain of the split, or, often in training, a mixed one."""
        if self.split == "train" and self.rng.random() < MIXED_SHARE:
            return mixed(self.rng)
        return self.rng.choice(domains(self.split))

    def process(self, size: Size = MEDIUM) -> Process:
        """Return a process of a domain of the split; of a hard draw, a larger one."""
        return draw_process(self.rng, self.domain(), self.language, HARD_SIZE if self.is_hard else size, self.is_hard)


@dataclass(frozen=True)
class Problem:
    """A question without its wording, and its answer."""

    form: str
    domain: Domain
    body: str
    answer: str
    meta: dict[str, Any]
    slots: dict[str, Any] = field(default_factory=dict)


def shown(draw: Draw, process: Process) -> str:
    """Return the process in words, or, in two of five rows, as a tree."""
    return str(process.tree) if draw.rng.random() < 0.4 else described(draw.rng, process)


def _meta(process: Process, kind: str, **more: Any) -> dict[str, Any]:  # what scoring.py reads
    """Return what scoring needs of every problem about a process, and more."""
    return {"kind": kind, "language": process.language, "tree": process.tree.written()} | more


def line(trace: Sequence[str]) -> str:
    """Return a trace as a line."""
    return ARROW.join(trace)


def quoted(trace: Sequence[str]) -> str:
    """Return a trace as a question shows it."""
    return f'"{line(trace)}"'


def _sampled(draw: Draw, size: Size, options: Sequence[int]) -> tuple[Process, list[Trace]]:
    """Return a process and the best traces of some number of cases, in the order in which it names its variants.

    Each activity is in as many of them as its probability says, rounded: 70 % of four cases are three. With several
    choices the best shares of variants may say otherwise; such numbers of cases are passed over. Raises Mismatch.
    """
    for _ in range(12):
        process = draw.process(size)
        order = list(process.traces)
        for cases in draw.rng.sample(options, len(options)):
            traces = sorted(apportioned(process.traces, cases, order), key=order.index)
            if all(abs(_share(name, process, traces)) <= 0.5 / cases + 1e-9 for name in process.net.labels):
                return process, traces
    raise Mismatch


def _share(name: str, process: Process, traces: Sequence[Trace]) -> float:
    """Return how much the share of traces that hold an activity differs from its probability."""
    expected = sum(probability for trace, probability in process.traces.items() if name in trace)
    return sum(name in trace for trace in traces) / len(traces) - expected


def csv_log(draw: Draw) -> Problem:
    """A process in words, sometimes with one of its cases as example; a log of cases and activities."""
    process, traces = _sampled(draw, Size(blocks=(2, 3), events=5, variants=4), (2, 3, 4))
    answer, cases = written(plain_log(traces), "csv"), len(traces)
    meta, body = _meta(process, "log", format="csv", cases=cases), described(draw.rng, process)
    if draw.rng.random() < 0.3:
        example = draw.rng.choice(list(process.traces))
        meta["example"], body = list(example), f"{body}\n{EXAMPLE[draw.language].format(trace=quoted(example))}"
    return Problem("csv", process.domain, body, answer, meta, {"cases": cases})


def timed_log(draw: Draw) -> Problem:
    """A process in words, a schedule, and who may do what; a log with times and people."""
    process, traces = _sampled(draw, Size(blocks=(2, 3), events=4, variants=6), (2,))
    schedule, staff, cases = draw_schedule(draw.rng), _staff(draw.rng, process), len(traces)
    log = timed(draw.rng, traces, schedule, staff)
    body = [described(draw.rng, process), schedule_text(schedule, draw.language), people_text(process, staff)]
    meta = _meta(process, "log", format="timed", cases=cases, schedule=schedule.meta, people=dict(staff.people))
    if staff.four_eyes:
        meta["four_eyes"] = list(staff.four_eyes)
    return Problem("timed", process.domain, "\n".join(body), written(log, "timed"), meta, {"cases": cases})


def _staff(rng: random.Random, process: Process) -> Staff:
    """Return people for the roles of a process; sometimes two activities of one role need two people."""
    roles: dict[str, list[str]] = {}
    for label in sorted(process.net.labels):
        roles.setdefault(process.domain.activity(label, process.language).role, []).append(label)
    names = rng.sample(PEOPLE, 2 * len(roles))
    people = {role: names[2 * i : 2 * i + rng.randint(1, 2)] for i, role in enumerate(roles)}
    paired = [listed for role, listed in roles.items() if len(people[role]) == 2 and len(listed) > 1]
    four_eyes = rng.sample(rng.choice(paired), 2) if paired and rng.random() < 0.6 else ()
    return Staff({label: people[role] for role, listed in roles.items() for label in listed}, four_eyes)


def _standard_log(draw: Draw, format_: str, size: Size) -> Problem:
    """A process in words and a schedule; a log in a standard's format."""
    process, traces = _sampled(draw, size, (2,))
    cases = len(traces)
    schedule = draw_schedule(draw.rng, ("fixed", "uniform"))
    case_type = process.domain.case_name(draw.language)
    log = timed(draw.rng, traces, schedule, NOBODY)
    body = f"{described(draw.rng, process)}\n{schedule_text(schedule, draw.language)}"
    meta = _meta(process, "log", format=format_, cases=cases, schedule=schedule.meta)
    slots = {"cases": cases, "case_type": case_type}
    return Problem(format_, process.domain, body, written(log, format_, case_type), meta, slots)


def xes_log(draw: Draw) -> Problem:
    """A log as XES."""
    return _standard_log(draw, "xes", Size(blocks=(2, 2), events=3, variants=4))


def ocel_log(draw: Draw) -> Problem:
    """A log as OCEL 2.0 JSON."""
    return _standard_log(draw, "ocel", Size(blocks=(2, 2), events=3, variants=3))


def statistics(draw: Draw) -> Problem:
    """A tree without percentages, and in how many cases its activities shall occur; a log that meets it."""
    process, cases = draw.process(Size(events=5, variants=8)), draw.rng.randint(3, 4)
    traces = sorted(draw.rng.choices(list(process.traces), k=cases), key=list(process.traces).index)
    counts = {name: sum(name in trace for trace in traces) for name in sorted(process.net.labels)}
    targets = {name: number for name, number in counts.items() if number < cases}
    if not targets:
        raise Mismatch
    listed = ", ".join(f'"{name}": {number}' for name, number in targets.items())
    meta = _meta(process, "statistics", format="csv", cases=cases, targets=targets)
    answer = written(plain_log(traces), "csv")
    return Problem("statistics", process.domain, str(process.tree), answer, meta, {"cases": cases, "targets": listed})


def variants(draw: Draw) -> Problem:
    """A tree; all its variants, a line each."""
    process = draw.process(Size(events=5, variants=6))
    if any(node.operator == "*" for node in nodes(process.tree)):
        raise Mismatch  # a loop has variants without end
    lines = [line(trace) for trace in process.traces]
    meta = _meta(process, "lines", lines=lines)
    return Problem("variants", process.domain, str(process.tree), "\n".join(lines), meta)


def following(draw: Draw) -> Problem:
    """The beginning of a case; every activity that may come next, and whether the case may end."""
    process = draw.process()
    trace = draw.rng.choice(list(process.traces))
    prefix = trace[: draw.rng.randint(1, len(trace))]
    allowed = enabled(process.net, prefix)
    order = [*dict.fromkeys(name for t in process.traces for name in t), END]
    lines = [name or ENDS[draw.language] for name in order if name in allowed]
    meta = _meta(process, "lines", lines=lines)
    slots = {"trace": quoted(prefix), "end": ENDS[draw.language]}
    return Problem("next", process.domain, shown(draw, process), "\n".join(lines), meta, slots)


def continuation(draw: Draw) -> Problem:
    """The beginning of a case; the rest of it, of several the first that the process names."""
    process = draw.process()
    trace = draw.rng.choice([trace for trace in process.traces if len(trace) > 1] or [()])
    if not trace:
        raise Mismatch
    cut = draw.rng.randint(1, len(trace) - 1)
    meta = _meta(process, "continue", prefix=list(trace[:cut]))
    slots = {"trace": quoted(trace[:cut])}
    rest = next(t[cut:] for t in process.traces if t[:cut] == trace[:cut] and len(t) > cut)
    return Problem("continue", process.domain, shown(draw, process), line(rest), meta, slots)


def masked(draw: Draw) -> Problem:
    """A case with one or two of its events hidden; the whole case, of several the first that the process names."""
    process = draw.process()
    trace = draw.rng.choice([trace for trace in process.traces if len(trace) > 2] or [()])
    if not trace:
        raise Mismatch
    hidden = draw.rng.sample(range(len(trace)), draw.rng.randint(1, 2))
    given = ["?" if i in hidden else name for i, name in enumerate(trace)]
    meta = _meta(process, "masked", trace=given)
    whole = next(t for t in process.traces if fills(t, given))
    return Problem("masked", process.domain, shown(draw, process), line(whole), meta, {"trace": quoted(given)})


def broken(rng: random.Random, process: Process, least: int = 2) -> tuple[Trace, str]:
    """Return a trace that does not fit for one fault, and the fault. Raises Mismatch after a few tries."""
    traces = [trace for trace in process.traces if len(trace) >= least]
    for _ in range(8 if traces else 0):
        fault = rng.choice(list(FAULTS))
        choices = variations(rng.choice(traces), fault)
        if choices and (wrong := rng.choice(choices)) and not fits(process.net, wrong):
            return wrong, fault
    raise Mismatch


def repair(draw: Draw) -> Problem:
    """A case that does not fit; the nearest one that does. The cost is the alignment's, and that of all variants."""
    process = draw.process()
    trace, _ = broken(draw.rng, process)
    order = list(process.traces)
    nearest = min(order, key=lambda variant: (edits(trace, variant), order.index(variant)))
    if edits(trace, nearest) != cost(process.net, trace):
        raise Mismatch
    meta = _meta(process, "repair", trace=list(trace), edits=edits(trace, nearest))
    return Problem("repair", process.domain, shown(draw, process), line(nearest), meta, {"trace": quoted(trace)})


def judge(draw: Draw) -> Problem:
    """A case; whether it fits, and if not, why: one activity is missing, superfluous or misplaced."""
    process = draw.process()
    if draw.rng.random() < 0.35:
        trace, answer = draw.rng.choice(list(process.traces)), FITS[draw.language]
    else:
        trace, fault = broken(draw.rng, process)
        reasons = faults_of(process.net, trace)
        if not reasons:
            raise Mismatch
        fault, name = next((reason for reason in reasons if reason[0] == fault), reasons[0])
        answer = f"{FAULTS[fault][draw.language]}: {name}"
    words = {key: names[draw.language] for key, names in FAULTS.items()}
    meta = _meta(process, "judge", trace=list(trace))
    slots = {"trace": quoted(trace), "fits": FITS[draw.language]} | words
    return Problem("judge", process.domain, shown(draw, process), answer, meta, slots)


def anomaly(draw: Draw) -> Problem:
    """A case that fits; the same with one fault of a kind, so that it no longer does."""
    process, fault = draw.process(), draw.rng.choice(list(FAULTS))
    trace = draw.rng.choice(list(process.traces))
    spoiled = next((t for t in variations(trace, fault) if t and not fits(process.net, t)), None)
    if spoiled is None:
        raise Mismatch
    meta = _meta(process, "anomaly", trace=list(trace), plant=fault)
    slots = {"trace": quoted(trace), "plant": fault}
    return Problem("anomaly", process.domain, shown(draw, process), line(spoiled), meta, slots)


FORMS = {
    "csv": csv_log, "variants": variants, "next": following, "continue": continuation, "masked": masked,
    "repair": repair, "judge": judge, "anomaly": anomaly, "statistics": statistics, "timed": timed_log,
    "xes": xes_log, "ocel": ocel_log,
}  # fmt: skip
