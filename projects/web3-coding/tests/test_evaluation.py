"""The metrics, against cases worked out by hand and against answers that try to game them."""

import pytest

from gretchen.scoring.scored import ScoredRow

VAULT = """balances: public(HashMap[address, uint256])

@external
@payable
def deposit():
    assert msg.value >= 5, "low"
    self.balances[msg.sender] += msg.value

@external
def withdraw(amount: uint256):
    self.balances[msg.sender] -= amount
    send(msg.sender, amount)"""
TESTS = [
    {"name": "deposit reverts low", "steps": [{"call": "deposit", "from": 1, "value": 4, "reverts": "low"}]},
    {"name": "deposit", "steps": [{"call": "deposit", "from": 1, "value": 7, "returns": None},
                                  {"call": "balances", "args": ["@1"], "returns": 7}]},
    {"name": "withdraw", "steps": [{"call": "deposit", "from": 2, "value": 9, "returns": None},
                                   {"call": "withdraw", "args": [4], "from": 2, "returns": None, "pays": {"@2": 4}},
                                   {"call": "balances", "args": ["@2"], "returns": 5},
                                   {"call": "withdraw", "args": [6], "from": 2, "reverts": ""}]},
]  # fmt: skip


@pytest.fixture
def vault_row():
    """Return a row that asks for a vault, written out here, with its tests."""
    meta = {"kind": "code", "code": "vyper", "tests": TESTS, "functions": ["deposit()", "withdraw(uint256)"],
            "gas": 0, "language": "en"}  # fmt: skip
    messages = [{"role": "user", "content": "A vault with `deposit` and `withdraw`."},
                {"role": "assistant", "content": VAULT}]  # fmt: skip
    return {"id": "vault", "form": "contract", "group": ["vault"], "messages": messages, "meta": meta}


def test_a_vault_passes_and_its_mutants_fail_what_they_get_wrong(evaluation, vault_row):
    assert evaluation.score(VAULT, vault_row) == {
        "pass_at_1": 1, "compiles": 1, "tests": 1, "lint": 0, "gas_ratio": None,
    }  # fmt: skip
    for change, share in (((">= 5", "> 9"), 1 / 3), (('    assert msg.value >= 5, "low"\n', ""), 2 / 3),
                          (("    send(msg.sender, amount)", "    pass"), 2 / 3)):  # fmt: skip
        scores = evaluation.score(VAULT.replace(*change), vault_row)
        assert (scores["pass_at_1"], scores["compiles"], scores["tests"]) == (0, 1, pytest.approx(share))
        assert evaluation.reward(VAULT.replace(*change), vault_row) == pytest.approx(0.2 + 0.8 * share)


def test_code_may_stand_between_fences(evaluation, vault_row):
    assert evaluation.score(f"Here it is:\n```vyper\n{VAULT}\n```\nDone.", vault_row)["pass_at_1"] == 1
    # The first block counts: listing several versions is no way to pass.
    assert evaluation.score(f"```\nx: uint256\n```\nor\n```\n{VAULT}\n```", vault_row)["pass_at_1"] == 0


GETTERS = """balances: public(HashMap[address, uint256])

@deploy
def __init__():
    self.balances[0xa1a1A1A1A1A1a1A1A1a1a1a1A1A1A1a1A1A1a1A1] = 7"""
GAMING = {
    "getters alone": GETTERS,
    "accepts every call": "@external\n@payable\ndef __default__():\n    pass",
    "reverts every call": '@external\n@payable\ndef __default__():\n    assert False, "low"',
    "destroys itself": f"{VAULT}\n\n@deploy\ndef __init__():\n    selfdestruct(msg.sender)",
    "endless constructor": "x: uint256\n@deploy\ndef __init__():\n  for i: uint256 in range(9**9):\n    self.x = 1",
    "endless loop": VAULT.replace("    self.balances[msg.sender] += msg.value",
                                  "    for i: uint256 in range(10**9):\n        self.balances[msg.sender] += i"),
    "huge result": "@external\ndef balances(user: address) -> DynArray[uint256, 9000]:\n    return []",
    "prints verdicts": 'print({"outcomes": [[{"reverts": "low"}]], "gas": 0})',
    "python": "import os\nos._exit(0)",
    "prompt": "A vault with `deposit` and `withdraw`.",
    "empty": "",
    "comment": "# balances deposit withdraw low",
}  # fmt: skip


@pytest.mark.parametrize("name", GAMING)
def test_what_games_the_metric_does_not_pass(evaluation, vault_row, name):
    scores = evaluation.score(GAMING[name], vault_row)
    assert scores["pass_at_1"] == 0 and scores["tests"] < 0.7, scores
    assert evaluation.reward(GAMING[name], vault_row) < 0.8


def test_a_back_door_is_a_finding(evaluation, vault_row):
    answer = f"{VAULT}\n\n@external\ndef sweep():\n    send(msg.sender, self.balance)"
    scores = evaluation.score(answer, vault_row)
    assert (scores["pass_at_1"], scores["lint"]) == (1, 1)
    assert evaluation.reward(answer, vault_row) == pytest.approx(0.95)


HOSTILE = ("9" * 5000, "\ud800", "x" * 1_000_000, "(" * 5000, "```", "\x00", f"x: constant(uint256) = {'9' * 5000}",
           "@external\ndef f() -> uint256:\n    return " + "-" * 3000 + "1", "\u2028")  # fmt: skip


@pytest.mark.parametrize("answer", HOSTILE)
def test_nothing_raises_on_an_answer(evaluation, vault_row, answer):
    assert evaluation.score(answer, vault_row)["pass_at_1"] == 0
    for kind, reference in (("exact", "returns 7"), ("units", "7 * 10^9 = 7000000000 wei")):
        row = {
            "id": "a",
            "form": "f",
            "messages": [{"role": "assistant", "content": reference}],
            "meta": {"kind": kind},
        }
        assert evaluation.score(answer, row)["pass_at_1"] == 0


@pytest.mark.parametrize(
    ("answer", "kind", "reference", "right"),
    [
        ("Returns 7.", "exact", "returns 7", True),
        ("returns 71", "exact", "returns 7", False),
        ('`reverts "low"`', "exact", 'reverts "low"', True),
        ("reverts 'low'", "exact", 'reverts "low"', True),
        ('returns 7 or reverts "low"', "exact", "returns 7", False),
        ("vote( 12, true )", "exact", "vote(12, true)", True),
        ("7000000000 wei", "units", "7 * 10^9 = 7000000000 wei", True),
        ("7 * 10^9 = 7,000,000,000 wei", "units", "7 * 10^9 = 7000000000 wei", True),
        ("7 * 10^9 = 70000000000 wei", "units", "7 * 10^9 = 7000000000 wei", False),
        ("7000000000 gwei", "units", "7 * 10^9 = 7000000000 wei", False),
        ("= 7000000000 wei, or 7 wei", "units", "7 * 10^9 = 7000000000 wei", False),
        ("0.50 eth", "units", "500000000 / 10^9 = 0.5 ether", True),
    ],
)
def test_answers_in_a_line(evaluation, answer, kind, reference, right):
    assert evaluation.is_equal(answer, reference, kind) == right


def test_pass_at_k_is_unbiased(evaluation):
    """Chen et al. 2021: of n = 5 with c = 2 right, k = 1: 2/5; k = 2: 1 - C(3,2)/C(5,2) = 0.7; k = 5: 1."""
    assert evaluation.pass_at(5, 2, 1) == pytest.approx(0.4)
    assert evaluation.pass_at(5, 2, 2) == pytest.approx(0.7)
    assert (evaluation.pass_at(5, 2, 5), evaluation.pass_at(5, 0, 5)) == (1, 0)
    assert evaluation.pass_at(10, 1, 5) == pytest.approx(0.5)


def test_aggregate_averages_pass_at_k_over_forms(evaluation):
    def row(name, form, right):
        scores = tuple({"pass_at_1": float(value)} for value in right)
        return ScoredRow({"id": name, "form": form}, ("",) * len(right), scores, (True,) * len(right))

    rows = [row("a", "x", [1] + [0] * 9), row("b", "x", [0] * 10), row("c", "y", [1] * 5)]
    assert evaluation.aggregate(rows)["pass_at_k"] == pytest.approx((0.25 + 1) / 2)
    assert evaluation.aggregate([row("a", "x", [1]), row("b", "x", [0])])["pass_at_k"] == 0.5
