"""The second route: a problem's answer, worked out again from the printed excerpt and the question alone.

    agrees(problem, "E-17. Readings so far: MP2 0 V. What next?")

parsing.py reads the tables back. Which parts are left is found by walking the printed chains, and the best test is the
one that splits their percentages most evenly: neither the device's graph nor its entropies are used.
"""

import re
from collections.abc import Mapping
from typing import Any

from .parsing import Parsed, Unreadable, parse
from .problems import Problem
from .quantities import NUMBER, OPEN, value_of

READING = re.compile(rf"\b(MP\d+|[A-Z]\d) ((?:{OPEN}|{NUMBER}) [^\s,.]+)")


def agrees(problem: Problem, question: str) -> bool:
    """Return whether the excerpt's text leads to the same answer."""
    meta = problem.meta
    try:
        parsed = parse(problem.manual.text, meta["language"])
    except Unreadable:
        return False
    if parsed.numbers != meta["sections"]:
        return False
    if meta["kind"] == "loop":
        return _loop_agrees(parsed, problem, question)
    return _SINGLE[meta["check"]](parsed, problem)


def _loop_agrees(parsed: Parsed, problem: Problem, question: str) -> bool:
    """Return whether causes, tests, readings, the best tests and the diagnosis are the same."""
    meta = problem.meta
    if parsed.causes != meta["priors"] or parsed.code != problem.slots["code"]:
        return False
    before = {test: _explaining(parsed, test) for test in parsed.limits}
    if before != {test: set(parts) for test, parts in meta["faults"].items()}:
        return False
    shown = {test: parsed.is_bad(test, value_of(text)) for test, text in meta["readings"].items()}
    if sorted(parsed.possible(shown)) != meta["truth"]:
        return False
    given = {test: parsed.is_bad(test, value_of(text)) for test, text in READING.findall(question)}
    if meta["check"] == "unit" if "check" in meta else False:
        given = {}
    if given != meta["given"]:
        return False
    return _first_agrees(parsed, meta, given)


def _first_agrees(parsed: Parsed, meta: Mapping[str, Any], given: dict[str, bool]) -> bool:
    """Return whether the first answer follows from the readings, and the conclusion names the printed spare part."""
    left, check = parsed.possible(given), meta.get("check", "ask")
    if len(meta["truth"]) == 1 and parsed.parts[meta["truth"][0]][1] not in meta["conclusion"]:
        return False
    if check == "contradiction":
        return not left and meta["pair"][0] in meta["first"]
    if check == "diagnosis":
        return sorted(left) == meta["parts"] and not _best(parsed, left, given)
    if check == "unit":
        test = meta["tests"][0]
        return test in _best(parsed, left, given) and meta["unit"] == parsed.limits[test].unit
    best = _best(parsed, left, given)
    return (
        best == set(meta["tests"]) if "tests" in meta else any(meta["first"] == meta["asking"][test] for test in best)
    )


def _explaining(parsed: Parsed, test: str) -> set[str]:
    """Return the causes that make a test read wrong."""
    return set(parsed.causes) & (parsed.before(test) if test.startswith("MP") else {test})


def _best(parsed: Parsed, left: set[str], given: dict[str, bool]) -> set[str]:
    """Return the tests that split what is left most evenly, by percent; none where none splits it."""
    total = sum(parsed.causes[part] for part in left)
    uneven = {}
    for test in parsed.limits:
        share = sum(parsed.causes[part] for part in left & _explaining(parsed, test))
        if test not in given and 0 < share < total:
            uneven[test] = abs(2 * share - total)
    return {test for test, value in uneven.items() if value == min(uneven.values())}


def _meaning(parsed: Parsed, problem: Problem) -> bool:
    """Return whether the phrase stands beside the code or part."""
    if problem.question == "code":
        return parsed.codes[problem.slots["code"]] == problem.meta["phrase"]
    return parsed.parts[problem.slots["id"]][1] == problem.meta["phrase"]


def _tolerance(parsed: Parsed, problem: Problem) -> bool:
    """Return whether the printed limit has the same ends, and the reading lies where the answer says."""
    limit, meta = parsed.limits[problem.slots["test"]], problem.meta
    if (float(limit.low), float(limit.high), limit.unit) != (float(meta["low"]), float(meta["high"]), meta["unit"]):
        return False
    return "value" not in problem.slots or limit.holds(value_of(problem.slots["value"])) == meta["within"]


def _order(parsed: Parsed, problem: Problem) -> bool:
    """Return whether the steps by their printed numbers, and the safety note, are the answer's."""
    steps = [parsed.steps[number] for number in sorted(parsed.steps)]
    return steps == problem.meta["steps"] and parsed.safety[problem.slots["id"]] == problem.meta["measure"]


def _safety(parsed: Parsed, problem: Problem) -> bool:
    """Return whether the note beside the part is the answer's."""
    names = re.findall(r"\b[A-Z]\d\b", problem.slots["work"])
    return [parsed.safety[name] for name in names] == [problem.meta["measure"]]


def _sections(parsed: Parsed, problem: Problem) -> bool:
    """Return whether the excerpt has the section."""
    return set(problem.meta["numbers"]) <= set(parsed.numbers.values())


def _absent(parsed: Parsed, problem: Problem) -> bool:
    """Return whether no table holds what was asked for."""
    slots = problem.slots
    names = {slots.get("code"), slots.get("test"), slots.get("id")} - {None}
    tables = {"code": parsed.codes, "tolerance": parsed.limits, "part": parsed.parts, "safety": parsed.safety}
    return not names & set(tables[problem.question])


_SINGLE = {
    "meaning": _meaning,
    "tolerance": _tolerance,
    "order": _order,
    "safety": _safety,
    "sections": _sections,
    "absent": _absent,
}
