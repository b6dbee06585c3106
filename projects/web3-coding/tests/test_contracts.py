"""The contract representation: what Python's interpreter, the EVM and the printed source say is the same."""

import itertools
import random
import sys

import pytest


@pytest.fixture(scope="module")
def designs(part):
    """Return contracts of every split, and hard ones."""
    draw = part("features").draw_design
    rng = random.Random("designs")
    drawn = [("train", False)] * 24 + [("test", True)] * 8 + [("validation", False)]
    return [draw(rng, split, hard) for split, hard in drawn]


def test_the_evm_and_the_interpreter_agree(part, designs):
    """The second route: real vyper, real py-evm; what they and the interpreter say of each call is the same."""
    calls, tested = part("suites").random_calls, part("compiled").tested
    rng = random.Random("agree")
    for design in designs:
        tests = [calls(rng, design.contract) for _ in range(6)]
        done = tested("vyper", part("printers").source(design.contract, "vyper"), tests)
        assert done["outcomes"] == [part("interpreter").outcomes(design.contract, steps) for steps in tests], design.key


def test_every_family_and_feature_compiles(part):
    features = part("features")
    rng = random.Random(3)
    for family, feature in itertools.product(features.FAMILIES, features.FEATURES):
        fitting = [c for c in features.combinations_in("train", False) + features.combinations_in("test", True)
                   if c[0] == family and feature in c[1]]  # fmt: skip
        if not fitting:
            continue
        draft = features.FAMILIES[family](rng)
        features.FEATURES[feature](draft, rng)
        source = part("printers").source(draft.contract(), "vyper")
        assert "error" not in part("compiled").compiled_source("vyper", source), source


def test_a_suite_finds_most_mutants_and_observes_something(part, designs):
    find, mutants = part("suites").find_suite, part("mutants").mutants
    found = [(len(find(d.contract, d.key).failing), len(mutants(d.contract))) for d in designs]
    assert sum(killed for killed, _ in found) > 0.85 * sum(count for _, count in found)
    for design in designs:
        for test in find(design.contract, design.key).tests:
            assert any(out.get(key) for out in test.expected for key in ("returns", "reverts", "emits", "pays"))


def test_hard_pairs_are_in_no_contract_of_training(part):
    features = part("features")
    for split in ("train", "validation", "test"):
        assert not any(features.is_hard(names) for _, names in features.combinations_in(split, False))
    assert all(features.is_hard(names) for _, names in features.combinations_in("test", True))
    assert len(features.combinations_in("train", False)) > 1000


def test_an_interpreted_call_that_reverts_changes_nothing(part):
    """A cap that is exceeded after the amount was added to nothing: worked out by hand."""
    features, interpreter = part("features"), part("interpreter")
    rng = random.Random(1)
    draft = features.FAMILIES["vault"](rng)
    features.FEATURES["cap"](draft, rng)
    contract = draft.contract()
    (cap,) = (n for n in part("contracts").numbers(contract) if n > 1)
    main, held = draft.main, next(iter(contract.getters()))
    steps = [{"call": main, "from": 1, "value": cap}, {"call": main, "from": 1, "value": 1}, {"call": "total"},
             {"call": held, "args": ["@1"]}]  # fmt: skip
    first, second, third, fourth = interpreter.outcomes(contract, steps)
    assert first == {"returns": None} and second["reverts"] and third == fourth == {"returns": cap}


def test_calls_are_bounded(part):
    """An endless loop ends with the call's gas, a huge result is not read, a constructor's loop deploys nothing."""
    loop = "x: uint256\n@external\ndef f():\n    for i: uint256 in range(10000000):\n        self.x += i"
    huge = "@external\ndef f() -> Bytes[30000]:\n    return b''"
    evm = part("evm")
    assert evm.compile_and_run(loop, [[{"call": "f"}]])["outcomes"] == [[{"reverts": ""}]]
    assert len(str(evm.compile_and_run(huge, [[{"call": "f"}]])["outcomes"])) < 1000
    lost = "x: uint256\n@deploy\ndef __init__():\n    for i: uint256 in range(10000000):\n        self.x += i"
    assert "failure" in evm.compile_and_run(lost, [[{"call": "f"}]])


def test_python_keeps_its_limit_on_recursion(part):
    """py-evm's import raises it, and json.loads("[" * 100_000) would then end the process."""
    part("evm").compile_and_run("x: public(uint256)", [[{"call": "x"}]])
    assert sys.getrecursionlimit() < 5000


def test_the_cache_gives_back_what_was_computed(part, tmp_path, monkeypatch):
    compiled = part("compiled")
    source, tests = "y: public(uint256)", [[{"call": "y"}]]
    monkeypatch.setattr(compiled, "_folder", lambda: tmp_path)
    compiled.flush()
    compiled._entries.cache_clear()
    first = compiled.tested("vyper", source, tests)
    assert compiled.known("vyper", source, tests) == first and compiled.known("vyper", source + "\n", tests) is None
    compiled.flush()
    (tmp_path / "broken.json").write_text("{", encoding="utf-8")
    compiled._entries.cache_clear()
    assert compiled.known("vyper", source, tests) == first
    compiled._entries.cache_clear()
