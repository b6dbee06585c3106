"""The larger forms, for profiles from `laptop` on: both languages, repairs, tests, layout and explanations.

    FORMS["to-solidity"](rng, language, draw)   -> Problem

Where Solidity's compiler is missing (solidity.py), SOLIDITY_FORMS are left out and the others are of Vyper alone.
"""

import json
import random
from collections.abc import Callable

from . import tasks
from .compiled import compiled_source, tested
from .contracts import FLAGS, UINTS, Compare, Contract, Expression, Not, Require
from .interpreter import deployed, outcomes
from .mutants import Mutant
from .notation import call_line, calls_text, outcome_text, rules_text, value_text
from .printers import NAMES, Language, expression, function_source, lines_of, source
from .solidity import is_available
from .subjects import Subject
from .suites import Test
from .tasks import Draw, Mismatch, Problem, code_meta, telling_calls
from .typos import break_function

MOST_TRACED = 5
SHOWN_ERROR = 400  # characters of a compiler's message


def language_of_code(rng: random.Random) -> Language:
    """Return Vyper, or in two of five rows Solidity where it is there."""
    wants = rng.random() < 0.4
    return "solidity" if wants and is_available() else "vyper"


def full_contract(rng: random.Random, language: str, draw: Draw) -> Problem:
    """A whole contract, larger than those of form `contract`, in either language."""
    return tasks.contract(rng, language, draw, "full-contract", language_of_code(rng))


def full_function(rng: random.Random, language: str, draw: Draw) -> Problem:
    """One function of a larger contract, in either language."""
    return tasks.function(rng, language, draw, "full-function", language_of_code(rng))


def translation(rng: random.Random, language: str, draw: Draw, form: str, code: Language) -> Problem:
    """The same contract in the other language."""
    subject = draw()
    other: Language = "solidity" if code == "vyper" else "vyper"
    tasks.solidity_gas(subject)
    chosen = subject.design.contract
    wrong = tuple((source(m.contract, code), m.kind) for m, _ in subject.faulty)
    return Problem(form, source(chosen, other), source(chosen, code), [subject.design.key], {"code": NAMES[code]},
                   code_meta(subject, code), wrong)  # fmt: skip


def to_vyper(rng: random.Random, language: str, draw: Draw) -> Problem:
    """Solidity to Vyper."""
    return translation(rng, language, draw, "to-vyper", "vyper")


def to_solidity(rng: random.Random, language: str, draw: Draw) -> Problem:
    """Vyper to Solidity."""
    return translation(rng, language, draw, "to-solidity", "solidity")


def add_feature(rng: random.Random, language: str, draw: Draw) -> Problem:
    """A contract and one more rule: the whole contract with it."""
    subject = draw()
    code = language_of_code(rng)
    design = subject.design
    rule = rules_text(design, language).split("\n")[-1]
    body = f"{source(design.smaller, code)}\n\n{rule}"
    # The contract as it is fails: what has to be added is tested.
    wrong = ((source(design.smaller, code), "not added"),)
    if not any(_fails(design.smaller, test) for test in subject.suite.tests):
        raise Mismatch
    return Problem("add-feature", body, source(design.contract, code), [design.key], {"code": NAMES[code]},
                   code_meta(subject, code), wrong)  # fmt: skip


def _fails(contract: Contract, test: Test) -> bool:
    """Return whether a contract fails a test, or lacks what the test calls."""
    names = {f.name for f in contract.functions} | set(contract.getters())
    if not {step["call"] for step in test.steps} <= names:
        return True
    return outcomes(contract, test.steps) != list(test.expected)


def fix_compile(rng: random.Random, language: str, draw: Draw) -> Problem:
    """A contract that does not compile, with the compiler's own message: the function as it should be."""
    subject = draw()
    code = language_of_code(rng)
    chosen = subject.design.contract
    function = rng.choice([f for f in chosen.functions if f.body])
    right = function_source(function, code)
    broken = break_function(rng, right, code)
    text = source(chosen, code)
    shown = right if code == "vyper" else "\n".join(f"    {line}" for line in right.split("\n"))
    put = broken if code == "vyper" else "\n".join(f"    {line}" for line in broken.split("\n"))
    faulty = text.replace(shown, put, 1)
    message = compiled_source(code, faulty).get("error")
    if broken == right or not message:
        raise Mismatch
    body = f"{faulty}\n\n{message[:SHOWN_ERROR]}"
    wrong = tasks.wrong_functions(subject, function.name, code)
    return Problem("fix-compile", body, right, [subject.design.key], {"f": function.name, "code": NAMES[code]},
                   code_meta(subject, code, function.name), wrong or ((broken, "does not compile"),))  # fmt: skip


def fix_vulnerability(rng: random.Random, language: str, draw: Draw) -> Problem:
    """A contract that can be exploited, with the exploit and the function's rules: the function as it should be."""
    subject = draw()
    code = language_of_code(rng)
    exploits = [(m, t, n) for m, t in subject.faulty if (n := _exploited(subject, m, t)) is not None]
    if not exploits:
        raise Mismatch
    mutant, test, number = rng.choice(exploits)
    done = outcomes(mutant.contract, test.steps)[number]
    rules = rules_text(subject.design, language, mutant.function)
    body = f"{source(mutant.contract, code)}\n\n{rules}\n\n{calls_text(test.steps[: number + 1])}\n{outcome_text(done)}"
    right = function_source(subject.design.contract.function(mutant.function), code)
    wrong = ((function_source(mutant.code, code), mutant.kind),)
    return Problem("fix-vulnerability", body, right, [subject.design.key],
                   {"f": mutant.function, "code": NAMES[code]}, code_meta(subject, code, mutant.function),
                   wrong)  # fmt: skip


def _exploited(subject: Subject, mutant: Mutant, test: Test) -> int | None:
    """Return the step that a faulty contract allows and the right one refuses, None where there is none."""
    right, wrong = outcomes(subject.design.contract, test.steps), outcomes(mutant.contract, test.steps)
    steps = enumerate(zip(right, wrong, strict=True))
    return next((i for i, (a, b) in steps if "reverts" in a and "reverts" not in b), None)


def write_tests(rng: random.Random, language: str, draw: Draw) -> Problem:
    """Tests that the contract passes and two hidden faulty versions of it fail."""
    subject = draw()
    chosen = {test.name: test for _, test in subject.faulty}
    calls = [list(test.steps) for test in chosen.values()]
    blocks = [
        "\n".join(f"{call_line(step)} -> {outcome_text(out)}" for step, out in zip(t.steps, t.expected, strict=True))
        for t in chosen.values()
    ]
    faulty = [source(mutant.contract, "vyper") for mutant, _ in subject.faulty]
    meta = {"kind": "tests", "source": subject.source, "faulty": faulty}
    expected = [list(test.expected) for test in chosen.values()]
    if tested("vyper", subject.source, calls).get("outcomes") != expected:
        raise Mismatch
    if any(tested("vyper", text, calls).get("outcomes") == expected for text in faulty):
        raise Mismatch
    named = ", ".join(f"`{name}`" for name in dict.fromkeys(m.function for m, _ in subject.faulty))
    wrong = ((blocks[0].rpartition(" -> ")[0] + " -> returns 12345", "wrong expectation"),)
    return Problem("write-tests", subject.source, "\n\n".join(blocks), [subject.design.key], {"f": named}, meta, wrong)


def trace(rng: random.Random, language: str, draw: Draw) -> Problem:
    """What each of some calls does."""
    subject = draw()
    steps, expected = telling_calls(rng, subject)
    if not 2 <= len(steps) <= MOST_TRACED:
        raise Mismatch
    lines = [outcome_text(outcome) for outcome in expected]
    other = [outcome_text(outcome) for outcome in outcomes(subject.faulty[0][0].contract, steps)]
    wrong = (("\n".join(other), "result"),) if other != lines else ()
    body = f"{subject.source}\n\n{calls_text(steps)}"
    return Problem("trace", body, "\n".join(lines), [subject.design.key], {}, {"kind": "exact"}, wrong)


def explain_revert(rng: random.Random, language: str, draw: Draw) -> Problem:
    """Why the last call reverts: the guard, and the values that it compares."""
    subject = draw()
    for _ in range(tasks.TRIES):
        steps, expected = telling_calls(rng, subject)
        function = steps[-1]["call"]
        if expected[-1].get("reverts"):
            break
    else:
        raise Mismatch
    message = expected[-1]["reverts"]
    body = subject.design.contract.function(function).body
    guard = next(node for node in body if isinstance(node, Require) and node.message == message)
    answer = f"{lines_of(guard, 'vyper')[0]}\n{_values(subject, steps, guard)}"
    others = [node for node in body if isinstance(node, Require) and node != guard]
    wrong = tuple((f"{lines_of(node, 'vyper')[0]}\n{_values(subject, steps, node)}", "guard") for node in others)
    shown = f"{subject.source}\n\n{calls_text(steps)}"
    return Problem("explain-revert", shown, answer, [subject.design.key], {}, {"kind": "exact"}, wrong)


def _values(subject: Subject, steps: list[dict], guard: Require) -> str:
    """Return a guard's condition with the values that it has in the last call; times count from deployment."""
    machine = deployed(subject.design.contract)
    for step in steps[:-1]:
        machine.call(step)
    machine.now += steps[-1].get("wait", 0)
    function = subject.design.contract.function(steps[-1]["call"])
    frame = dict(zip([name for name, _ in function.parameters], steps[-1].get("args", []), strict=True))
    frame |= {" sender": f"@{steps[-1].get('from', 0)}", " value": steps[-1].get("value", 0)}

    def shown(node: Expression) -> str:
        value = machine.value(node, frame)
        return value_text(value - machine_start if _is_time(node) and value >= machine_start else value)

    machine_start = deployed(subject.design.contract).now
    condition = guard.condition
    if isinstance(condition, Not):
        return f"not {shown(condition.operand)}"
    assert isinstance(condition, Compare)
    return f"{shown(condition.left)} {condition.operator} {shown(condition.right)}"


def _is_time(node: Expression) -> bool:
    """Return whether an expression is a point in time."""
    return "block.timestamp" in expression(node, "vyper") or any(
        word in expression(node, "vyper") for word in ("self.start", "self.last", "self.until", "self.due")
    )


def abi_entry(rng: random.Random, language: str, draw: Draw) -> Problem:
    """A function's entry in the ABI, as the compiler has it."""
    subject = draw()
    function = rng.choice(subject.design.contract.functions)
    made = compiled_source("vyper", subject.source)["abi"]
    (entry,) = (item for item in made if item.get("name") == function.name and item["type"] == "function")
    by_hand = {
        "stateMutability": "payable" if function.is_payable else "nonpayable", "type": "function",
        "name": function.name, "inputs": [{"name": name, "type": kind} for name, kind in function.parameters],
        "outputs": [],
    }  # fmt: skip
    if entry != by_hand:
        raise Mismatch
    other = by_hand | {"stateMutability": "nonpayable" if function.is_payable else "payable"}
    return Problem("abi", subject.source, compact(by_hand), [subject.design.key], {"f": function.name},
                   {"kind": "json"}, ((compact(other), "mutability"),))  # fmt: skip


def storage_slot(rng: random.Random, language: str, draw: Draw) -> Problem:
    """In which storage slot a variable of a Vyper contract is, as the compiler lays it out."""
    subject = draw()
    variables = subject.design.contract.variables
    if len(variables) < 2:
        raise Mismatch
    number = rng.randrange(len(variables))
    name = variables[number].name
    if compiled_source("vyper", subject.source)["slots"][name] != number:
        raise Mismatch
    wrong = ((f"slot {number + 1}", "slot"),)
    return Problem("storage", subject.source, f"slot {number}", [subject.design.key], {"v": name}, {"kind": "exact"},
                   wrong)  # fmt: skip


def signature(rng: random.Random, language: str, draw: Draw) -> Problem:
    """The signature whose Keccak-256 gives a function's selector: no blanks, no names, getters of mappings too."""
    subject = draw()
    contract = subject.design.contract
    functions = {f.name: f.signature for f in contract.functions}
    getters = {
        name: f"{name}({'address' if kind in (UINTS, FLAGS) else ''})" for name, kind in contract.getters().items()
    }
    name = rng.choice(list(functions) + list(getters))
    answer = (functions | getters)[name]
    made = compiled_source("vyper", subject.source)["abi"]
    (entry,) = (item for item in made if item.get("name") == name and item["type"] == "function")
    if f"{name}({','.join(item['type'] for item in entry['inputs'])})" != answer:
        raise Mismatch
    wrong = ((f"{name}(address,uint256)" if answer != f"{name}(address,uint256)" else f"{name}(uint256)", "types"),)
    return Problem("signature", subject.source, answer, [subject.design.key], {"f": name}, {"kind": "exact"}, wrong)


def compact(value: object) -> str:
    """Return JSON without blanks."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


FORMS: dict[str, Callable[[random.Random, str, Draw], Problem]] = {
    "full-contract": full_contract, "full-function": full_function, "add-feature": add_feature,
    "fix-compile": fix_compile, "fix-vulnerability": fix_vulnerability, "write-tests": write_tests, "trace": trace,
    "explain-revert": explain_revert, "abi": abi_entry, "storage": storage_slot, "signature": signature,
}  # fmt: skip
SOLIDITY_FORMS = {"to-vyper": to_vyper, "to-solidity": to_solidity}
