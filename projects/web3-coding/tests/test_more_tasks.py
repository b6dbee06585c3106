"""The larger forms: both languages, compiler messages, exploits, tests that a model writes."""

import json
import random
from pathlib import Path

import pytest

from gretchen import paths
from gretchen.projects.card import load_card
from gretchen.projects.rows import reference_of


@pytest.fixture(scope="module")
def of_form(chats):
    return lambda form: [row for row in chats if row["form"] == form]


def test_solidity_and_vyper_do_the_same(part):
    """One interpreter, two languages, one EVM: equal outcomes of every call."""
    if not part("solidity").is_available():
        pytest.skip("npm's solc is not installed")
    rng = random.Random("both")
    for _ in range(8):
        contract = part("features").draw_design(rng, "train").contract
        tests = [part("suites").random_calls(rng, contract) for _ in range(3)]
        expected = [part("interpreter").outcomes(contract, steps) for steps in tests]
        for language in ("vyper", "solidity"):
            done = part("compiled").tested(language, part("printers").source(contract, language), tests)
            assert done["outcomes"] == expected and done["warnings"] == 0, language


def test_without_the_compiler_there_is_no_solidity(dataset, part, monkeypatch, capsys):
    solidity = part("solidity")
    solidity.is_available.cache_clear()
    monkeypatch.setattr(solidity, "VERSION", "9.9.9")
    assert not solidity.is_available() and not {"to-vyper", "to-solidity"} & set(dataset.weights())
    assert "rows are of Vyper alone (npm install --prefix " in capsys.readouterr().err
    solidity.is_available.cache_clear()


def test_the_card_names_the_compiler_that_the_builder_looks_for(part):
    slug = Path(__file__).parents[1].name
    assert paths.build(slug) / load_card(slug).depends_on[0] == part("solidity").package_file()


def test_a_contract_that_does_not_compile_shows_the_compilers_message(part, of_form):
    rows = of_form("fix-compile")
    assert rows
    for row in rows:
        content = row["messages"][1]["content"]
        assert "Exception" in content or "Error" in content or "line " in content, row["id"]
        assert reference_of(row) not in content


def test_an_exploit_is_refused_by_the_right_function(evaluation, of_form):
    for row in of_form("fix-vulnerability"):
        assert row["messages"][1]["content"].rstrip().split("\n")[-1].split()[0] in ("succeeds", "pays", "logs")


def test_what_has_to_be_added_is_tested(evaluation, of_form):
    rows = of_form("add-feature")
    assert rows
    for row in rows:
        given = row["messages"][1]["content"].partition("\n\n")[2].rpartition("\n\n")[0]
        scores = evaluation.score(given, row)
        assert scores["compiles"] == 1 and scores["pass_at_1"] == 0, row["id"]


def test_a_revert_is_explained_with_values(part, of_form):
    rows = of_form("explain-revert")
    assert rows
    for row in rows:
        guard, values = reference_of(row).split("\n")
        assert guard in row["messages"][1]["content"] and guard.startswith("assert ")
        operands = values.split()
        if len(operands) == 3 and operands[0].isdigit():
            assert not part("interpreter").compared(operands[1], int(operands[0]), int(operands[2])), row["id"]


VAULT = """held: public(HashMap[address, uint256])

@external
@payable
def store():
    assert msg.value >= 5, "low"
    self.held[msg.sender] += msg.value"""
FAULTY = [VAULT.replace(">= 5", "> 5"), VAULT.replace(" += ", " = ")]
BOUNDARY = "@1 store() 5 wei -> succeeds\n@1 held(@1) -> returns 5"
TWICE = "@2 store() 6 wei -> succeeds\n@2 store() 7 wei -> succeeds\n@0 held(@2) -> returns 13"


@pytest.mark.parametrize(
    ("answer", "passed", "found"),
    [
        (f"{BOUNDARY}\n\n{TWICE}", True, 1.0),
        (f"```\n{BOUNDARY}\n\n{TWICE}\n```", True, 1.0),
        (TWICE, True, 0.5),
        ('@1 store() 4 wei -> reverts "low"', True, 0.0),
        ("@1 store() 5 wei -> returns 9", False, 0.0),  # expects what no contract does: it "finds" every fault
        (f"{BOUNDARY}\n{TWICE}", True, 1.0),
        ("", False, 0.0),
        ("Test that small deposits revert.", False, 0.0),
        ("\n\n".join([BOUNDARY] * 11), False, 0.0),
        (f"@1 store() {'9' * 5000} wei -> succeeds", False, 0.0),
        ("@1 held(@9) -> returns 0", False, 0.0),
        ("@1 nothing() -> succeeds", False, 0.0),
    ],
)
def test_written_tests_have_to_pass_and_to_find_faults(part, evaluation, answer, passed, found):
    assert part("written_tests").try_tests(answer, VAULT, FAULTY) == (passed, found)
    row = {"id": "t", "form": "write-tests", "messages": [{"role": "assistant", "content": ""}],
           "meta": {"kind": "tests", "source": VAULT, "faulty": FAULTY}}  # fmt: skip
    assert evaluation.score(answer, row)["pass_at_1"] == float(passed and found == 1)


def test_json_is_compared_as_json(evaluation, of_form):
    row = of_form("abi")[0]
    entry = json.loads(reference_of(row))
    assert evaluation.score(json.dumps(entry, indent=2, sort_keys=True), row)["pass_at_1"] == 1
    assert evaluation.score(json.dumps(entry | {"type": "event"}), row)["pass_at_1"] == 0
