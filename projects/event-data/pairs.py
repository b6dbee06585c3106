"""Faulty answers: the rejected side of a pair, and the bad half of KTO's verdicts.

    rejected(rng, problem)      -> (answer, "misfit"), or None where no such fault can be planted

Of random changes to a trace about one in ten still fits, since parallel parts may stand in any order. So every faulty
answer is scored like a model's: it is a pair only if the score is below 1.

    misfit        one case, or the trace, has an event too few, too many, or in the wrong place
    foreign       one activity is of another part of the domain, which the process does not have
    happy-path    all cases are like the first
    invalid       the log breaks off, lacks a cell, has a date that does not exist, names an object that is not there
    line, count   a line is missing or wrong, a number is off by one
    verdict       fits for what does not, or the other way around; another activity or fault
    unspoiled     where an anomaly is to be planted: a trace that fits, or another fault than was asked for
    rules         someone does what is another one's work
    language      the other language's words
"""

import random
import re
from dataclasses import replace

from .logs import Case, Log, written
from .scoring import ARROW, FAULTS, FITS, lines_of, quality, scores, trace_of, variations
from .tasks import ENDS, Problem
from .trees import Trace
from .validators import log_of

TRIES = 6
OTHER = {"en": "de", "de": "en"}
NUMBER = re.compile(r": (\d+)$")


def rejected(rng: random.Random, problem: Problem) -> tuple[str, str] | None:
    """Return a faulty answer and its fault, None where none was found in a few tries."""
    kind = "timed" if problem.form == "timed" else problem.meta["kind"]
    faults = FAULTS_OF.get(kind, ("misfit", "foreign"))
    for _ in range(TRIES):
        fault = rng.choice(faults)
        answer = MAKERS[fault](rng, problem)
        if answer and answer != problem.answer and _is_worse(answer, problem, fault):
            return answer, fault
    return None


def _is_worse(answer: str, problem: Problem, fault: str) -> bool:
    """Return whether an answer scores below the right one: in quality, or, where rules are broken, in rules."""
    if fault == "rules":
        return (scores(answer, problem.meta)["rules"] or 0.0) < 1.0
    return quality(answer, problem.meta) < 0.999


def _misfit(rng: random.Random, problem: Problem) -> str | None:
    """Return the answer with one changed trace."""
    if problem.meta["kind"] in ("log", "statistics"):
        log = list(_log(problem))
        i = rng.randrange(len(log))
        choices = variations(log[i].trace, rng.choice(list(FAULTS)))
        log[i] = _with_trace(log[i], rng.choice(choices)) if choices else log[i]
        return _written(problem, tuple(log)) if log[i].events else None
    choices = variations(trace_of(problem.answer), rng.choice(list(FAULTS)))
    return ARROW.join(rng.choice(choices)) if choices else None


def _with_trace(case: Case, trace: Trace) -> Case:
    """Return a case with another trace; times stay in order, people with their activities."""
    events = [*case.events, case.events[-1]][: len(trace)]
    people = {event.activity: event.resource for event in case.events}
    changed = zip(events, trace, strict=True)
    return replace(case, events=tuple(replace(e, activity=name, resource=people[name]) for e, name in changed))


def _foreign(rng: random.Random, problem: Problem) -> str | None:
    """Return the answer with one activity replaced by one that the process does not have."""
    language, body = problem.meta["language"], problem.body
    names = [activity.name(language) for activity in problem.domain.activities]
    others, known = [name for name in names if name not in body], [name for name in names if name in problem.answer]
    return problem.answer.replace(rng.choice(known), rng.choice(others)) if known and others else None


def _happy_path(rng: random.Random, problem: Problem) -> str | None:
    """Return the log with the first case's trace in all cases."""
    log = _log(problem)
    people = {e.activity: e for case in log for e in case.events}
    trace = rng.choice(log).trace
    cases = []
    for case in log:
        events = [*case.events, *(replace(case.events[-1]) for _ in trace)][: len(trace)]
        renamed = zip(events, trace, strict=True)
        cases.append(
            replace(case, events=tuple(replace(e, activity=a, resource=people[a].resource) for e, a in renamed))
        )
    return _written(problem, tuple(cases))


def _rules(rng: random.Random, problem: Problem) -> str | None:
    """Return the log with one event done by someone else, who is named for other work."""
    log, people = list(_log(problem)), problem.meta["people"]
    i = rng.randrange(len(log))
    events = list(log[i].events)
    j = rng.randrange(len(events))
    others = sorted({name for names in people.values() for name in names} - set(people[events[j].activity]))
    if not others:
        return None
    events[j] = replace(events[j], resource=rng.choice(others))
    log[i] = replace(log[i], events=tuple(events))
    return _written(problem, tuple(log))


def _invalid(rng: random.Random, problem: Problem) -> str | None:
    """Return the log with a fault that importers overlook."""
    answer, format_ = problem.answer, problem.meta["format"]
    lines = answer.split("\n")
    if format_ == "csv":
        i = rng.randrange(1, len(lines))
        return "\n".join([*lines[:i], lines[i].split(";")[rng.randrange(2)], *lines[i + 1 :]])
    if format_ == "ocel" and rng.random() < 0.5:
        return answer.replace('"objectId":"1"', '"objectId":"9"', 1)
    if format_ == "xes" and rng.random() < 0.5:
        return "\n".join(lines[:-1])
    dates = re.findall(r"\d{4}-\d{2}-\d{2}T", answer)
    return answer.replace(rng.choice(dates), f"{dates[0][:4]}-{rng.choice(('02-30', '04-31', '06-31', '13-01'))}T", 1)


def _log(problem: Problem) -> Log:
    """Return the log of the right answer."""
    return log_of(problem.answer, problem.meta["format"])


def _written(problem: Problem, log: Log) -> str:
    """Return a log in the problem's format."""
    return written(log, problem.meta["format"], problem.domain.case_name(problem.meta["language"]))


def _line(rng: random.Random, problem: Problem) -> str | None:
    """Return the lines with one of them left out, or with two neighbours of one exchanged."""
    lines = lines_of(problem.answer)
    i = rng.randrange(len(lines))
    if ARROW in lines[i] and rng.random() < 0.6:
        path, colon, count = lines[i].partition(": ")
        names = path.split(ARROW)
        j = rng.randrange(len(names) - 1)
        names[j], names[j + 1] = names[j + 1], names[j]
        return "\n".join([*lines[:i], ARROW.join(names) + colon + count, *lines[i + 1 :]])
    return "\n".join(lines[:i] + lines[i + 1 :])


def _count(rng: random.Random, problem: Problem) -> str | None:
    """Return the lines with one number off by one."""
    lines = lines_of(problem.answer)
    numbered = [i for i, text in enumerate(lines) if NUMBER.search(text)]
    if not numbered:
        return None
    i = rng.choice(numbered)
    number = int(NUMBER.search(lines[i])[1])
    wrong = number + 1 if number < 2 else number + rng.choice((1, -1))
    return "\n".join([*lines[:i], NUMBER.sub(f": {wrong}", lines[i]), *lines[i + 1 :]])


def _verdict(rng: random.Random, problem: Problem) -> str | None:
    """Return another verdict, or another fault, of an activity of the trace."""
    language, trace = problem.meta["language"], problem.meta["trace"]
    if problem.answer != FITS[language] and rng.random() < 0.4:
        return FITS[language]
    return f"{FAULTS[rng.choice(list(FAULTS))][language]}: {rng.choice(trace)}"


def _language(rng: random.Random, problem: Problem) -> str | None:
    """Return the answer with the words of the other language, where it has any of its own."""
    from .analysis import LABELS

    language = problem.meta["language"]
    other = OTHER[language]
    words = {FITS[language]: FITS[other], ENDS[language]: ENDS[other]}
    words |= {names[language]: names[other] for names in FAULTS.values()}
    words |= dict(zip(LABELS[language], LABELS[other], strict=True))
    lines = [line.partition(": ") for line in lines_of(problem.answer)]
    return "\n".join(words.get(head, head) + colon + rest for head, colon, rest in lines)


def _unspoiled(rng: random.Random, problem: Problem) -> str | None:
    """Return a trace that still fits, or has another fault than was asked for."""
    trace = tuple(problem.meta["trace"])
    if rng.random() < 0.4:
        return ARROW.join(trace)
    choices = variations(trace, rng.choice(list(FAULTS)))
    return ARROW.join(rng.choice(choices)) if choices else None


MAKERS = {
    "misfit": _misfit, "foreign": _foreign, "happy-path": _happy_path, "invalid": _invalid, "line": _line,
    "count": _count, "verdict": _verdict, "language": _language, "unspoiled": _unspoiled,
    "rules": _rules,
}  # fmt: skip
FAULTS_OF = {
    "log": ("misfit", "misfit", "foreign", "happy-path", "invalid"),
    "timed": ("misfit", "foreign", "happy-path", "invalid", "rules", "rules"),
    "statistics": ("misfit", "misfit", "foreign", "happy-path", "invalid"),
    "lines": ("line", "count", "foreign", "language"),
    "judge": ("verdict", "verdict", "verdict", "language"),
    "anomaly": ("unspoiled", "unspoiled", "foreign"),
}
