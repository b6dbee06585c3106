"""Documents of the base's corpus: what is given, a line that names the task, the answer as a chat has it.

    text = document(problem, "en")

Documents are about contracts of their own, tens of thousands, which the interpreter alone ran; of every hundred one is
compiled and run on the EVM as well, and a disagreement stops the build. Held-out ones are of held-out combinations.
"""

import random

from . import lookups, tasks
from .compiled import tested
from .interpreter import outcomes
from .mutants import mutants
from .printers import source
from .subjects import Subject, small_design
from .suites import Suite, Test, failing_steps, random_calls
from .tasks import Mismatch, Problem
from .wordings import task_line

WEIGHTS = {"contract": 4, "function": 4, "fix-test": 4, "predict": 5, "calldata": 1, "units": 1}
CHECKED = 100  # of so many contracts one is run on the EVM


def problem_of(rng: random.Random, form: str, language: str, split: str) -> Problem:
    """Return a problem for a document. Raises Mismatch."""
    if form in lookups.FORMS:
        return lookups.FORMS[form](rng, language, split, False)
    return tasks.CONTRACT_FORMS[form](rng, language, lambda: quick_subject(rng, split))


def document(problem: Problem, language: str) -> str:
    """Return a document's text, which ends in the answer."""
    return before_answer(problem, language) + problem.answer


def before_answer(problem: Problem, language: str) -> str:
    """Return a document up to where its answer begins."""
    return f"{problem.body}\n{task_line(problem.form, language, problem.slots)}\n"


def quick_subject(rng: random.Random, split: str) -> Subject:
    """Return a small contract without tests, and one of its mutants with calls that it gets wrong. Raises Mismatch."""
    design = small_design(rng, split, False, "small")
    code = source(design.contract, "vyper")
    if rng.randrange(CHECKED) == 0:
        steps = random_calls(rng, design.contract)
        expected = outcomes(design.contract, steps)
        done = tested("vyper", code, [steps])
        assert done.get("outcomes") == [expected], f"the EVM and the interpreter disagree on\n{code}\n{steps}\n{done}"
    mutant = rng.choice(mutants(design.contract))
    steps = failing_steps(rng, design.contract, mutant.contract)
    if steps is None:
        raise Mismatch
    test = Test("", steps, tuple(outcomes(design.contract, steps)))
    return Subject(design, code, Suite((), ()), ((mutant, test),), 0)
