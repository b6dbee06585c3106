"""Functions run and traced in the sandbox: results of calls, and each executed line with its variables.

    runs = trace_all(source, mutants, "count_down", ["4", "0"])

A call ends after STEPS executed lines: an endless loop is a result like any other ("endless"). The harness below is
the program that the sandbox runs; what it traces is compiled in there.
"""

from dataclasses import dataclass
from functools import cache

from gretchen.scoring.metrics.sandbox import Limits, Sandbox

STEPS = 300
ENDLESS = "endless"
HARNESS = """
import sys
STEPS = 300
class Endless(BaseException): pass
def shown(value):
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
def traced(source, name, call):
    steps, depth, space = [], [0], {}
    exec(compile(source, "<student>", "exec"), space)
    def local(frame, event, _):
        if event in ("line", "return"):
            if len(steps) >= STEPS:
                raise Endless
            line = frame.f_lineno if event == "line" else 0
            steps.append([line, depth[0], {k: shown(v) for k, v in frame.f_locals.items() if not k.startswith(".")}])
        if event == "return":
            depth[0] -= 1
        return local
    def entered(frame, event, _):
        if frame.f_code.co_filename != "<student>" or frame.f_code.co_name != name:
            return None
        depth[0] += 1
        return local
    expression = compile(f"{name}({call})", "<call>", "eval")
    sys.settrace(entered)
    try:
        result = shown(eval(expression, space))
    except Endless:
        result = "endless"
    except RecursionError:
        result = "endless"
    except Exception as error:
        result = type(error).__name__
    finally:
        sys.settrace(None)
    return result, [step for step in steps if step[1] == 1]
def run_all(source, mutants, name, calls):
    sys.setrecursionlimit(200)
    right = [traced(source, name, call) for call in calls]
    results = []
    for mutant in mutants:
        runs = [traced(mutant, name, call) for call in calls]
        failing = [i for i in range(len(calls)) if runs[i][0] != right[i][0]]
        shortest = min(failing, key=lambda i: (len(runs[i][1]) + len(right[i][1]), i), default=None)
        traces = None if shortest is None else [right[shortest][1], runs[shortest][1]]
        results.append([[run[0] for run in runs], shortest, traces])
    return [run[0] for run in right], results
"""


@dataclass(frozen=True)
class Step:
    """An executed line and the variables before it; line 0 is the return."""

    line: int
    variables: dict[str, str]  # by name, as repr() shows them


@dataclass(frozen=True)
class Comparison:
    """A mutant's results beside the right ones, and both traces of its failing call with the fewest steps."""

    results: tuple[str, ...]
    right: tuple[str, ...]
    failing: int | None  # the number of the traced call; None where no call fails
    right_steps: tuple[Step, ...]
    steps: tuple[Step, ...]


@cache
def _sandbox() -> Sandbox:
    """Return the sandbox of this process; the code is the builder's own, so limits alone are enough."""
    return Sandbox(trusted=True, limits=Limits(cpu_seconds=20.0, wall_seconds=120.0))


def trace_all(source: str, mutants: list[str], name: str, calls: list[str]) -> list[Comparison]:
    """Return each mutant's comparison with the function. Raises AssertionError where the harness itself failed."""
    done = _sandbox().run(HARNESS, "run_all", [source, mutants, name, calls])
    assert done.outcome == "returned", f"{name}: {done.outcome} {done.error}"
    right, results = done.value
    return [
        Comparison(tuple(outcomes), tuple(right), failing, *(_steps(trace) for trace in traces or ([], [])))
        for outcomes, failing, traces in results
    ]


def outcomes(sources: list[str], name: str, call: str) -> list[str] | None:
    """Return the result of a call in each source; None where the sandbox ended the run."""
    right, *others = sources
    done = _sandbox().run(HARNESS, "run_all", [right, others, name, [call]])
    return [done.value[0][0], *(results[0] for results, _, _ in done.value[1])] if done.outcome == "returned" else None


def _steps(trace: list[list]) -> tuple[Step, ...]:
    """Return a trace's steps."""
    return tuple(Step(line, variables) for line, _, variables in trace)
