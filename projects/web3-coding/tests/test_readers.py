"""Public data in their own formats, on small files of our own: quirks are read, faults are named by file and line."""

import json

import pytest

from gretchen.errors import UserError
from gretchen.projects.rows import Fault, row_fault

SOLEVAL = {
    "repository/contracts/Box.sol": [
        {"identifier": "open", "parameters": "uint256 amount", "modifiers": "external", "return": "",
         "body": "{\n        // adds\n        total += amount;\n    }", "start": "12", "end": "15", "view": "False",
         "full_signature": "function open(uint256 amount) external", "human_labeled_comment": "Adds amount to total.",
         "context": "contract Box {", "testcase": []},
        {"identifier": "close", "full_signature": "function close() external", "body": "", "testcase": [],
         "human_labeled_comment": "Closes the box."},
        {"identifier": "peek", "full_signature": "function peek() external view returns (uint256)",
         "body": "function peek() external view returns (uint256) { return total; }", "human_labeled_comment": " "},
        "a string",
    ],
    "repository/contracts/Empty.sol": {"identifier": "no list"},
}  # fmt: skip
SOURCE = """/*
 * @source: own
 * @vulnerable_at_lines: 9
 */
pragma solidity ^0.4.19;
contract Purse {
    string url = "http://example.org/*x";
    function take(uint amount) public {
        // <yes> <report> REENTRANCY
        msg.sender.call.value(amount)(); // pays first
    }
}
"""


@pytest.fixture
def soleval(tmp_path):
    file = tmp_path / "dataset.json"
    file.write_text(json.dumps(SOLEVAL, indent=1), encoding="utf-8")
    return file


@pytest.fixture
def smartbugs(tmp_path):
    folder = tmp_path / "dataset" / "reentrancy"
    folder.mkdir(parents=True)
    (folder / "purse.sol").write_text(SOURCE, encoding="utf-8")
    entries = [
        {"name": "purse.sol", "path": "dataset/reentrancy/purse.sol", "pragma": "0.4.19", "source": "own",
         "vulnerabilities": [{"lines": [9], "category": "reentrancy"}, {"lines": [9, 10], "category": "reentrancy"},
                             {"lines": ["9"], "category": "unchecked_low_level_calls"}]},
        {"name": "gone.sol", "path": "dataset/reentrancy/gone.sol", "vulnerabilities": [{"category": "reentrancy"}]},
        {"name": "odd.sol", "path": "dataset/reentrancy/purse.sol", "vulnerabilities": [{"category": "magic"}]},
        {"name": "out.sol", "path": "../../etc/passwd", "vulnerabilities": [{"category": "other"}]},
        {"name": "none.sol", "path": "dataset/reentrancy/purse.sol", "vulnerabilities": []},
        7,
    ]  # fmt: skip
    file = tmp_path / "vulnerabilities.json"
    file.write_text(json.dumps(entries, indent=2), encoding="utf-8")
    return file


def test_soleval(dataset, evaluation, soleval):
    row, *faults = dataset.read(soleval)
    assert row_fault(row, "chats") is None and row["group"] == ["soleval:repository/contracts/Box.sol"]
    assert "Adds amount to total." in row["messages"][1]["content"]
    answer = "function open(uint256 amount) external {\n    total += amount;\n}"
    assert evaluation.score(f"```solidity\n{answer}\n```", row)["pass_at_1"] == 1
    assert evaluation.score(answer.replace("+=", "="), row)["pass_at_1"] == 0
    assert all(isinstance(fault, Fault) for fault in faults)
    assert [fault.reason.rpartition(": ")[2] for fault in faults] == [
        "no `body`", "no `human_labeled_comment` to write it from", "str, expected an object", "dict, expected a list",
    ]  # fmt: skip
    assert [fault.line for fault in faults] == [18, 25, 2, 32]


def test_smartbugs_shows_no_comment_that_names_the_fault(dataset, evaluation, smartbugs):
    row, *faults = dataset.read(smartbugs)
    content = row["messages"][1]["content"]
    assert row_fault(row, "chats") is None and row["messages"][-1]["content"] == "reentrancy, unchecked_low_level_calls"
    assert "REENTRANCY" not in content and "vulnerable_at" not in content and '"http://example.org/*x"' in content
    assert evaluation.score("reentrancy, unchecked_low_level_calls", row)["pass_at_1"] == 1
    assert evaluation.score(", ".join(["reentrancy", "other", "arithmetic"]), row)["pass_at_1"] == 0
    reasons = [fault.reason for fault in faults]
    for reason, part in zip(
        reasons, ("is not there", "'magic'", "outside", "no `vulnerabilities`", "no object"), strict=True
    ):
        assert part in reason
    assert all(fault.line > 1 for fault in faults[:-1])


def test_a_folder_is_read_whole_and_nothing_else_is_taken_for_data(dataset, soleval, smartbugs, tmp_path):
    assert len(list(dataset.read(tmp_path))) == 5 + 6
    (tmp_path / "other").mkdir()
    for path in (tmp_path / "other", tmp_path / "missing"):
        with pytest.raises(UserError):
            list(dataset.read(path))


@pytest.mark.parametrize("text", ["", "{", "[1, 2", '{"a": 1}x', "[" * 100_000, "7"])
def test_a_broken_file_is_one_fault(dataset, tmp_path, text):
    for name in ("dataset.json", "vulnerabilities.json"):
        (tmp_path / name).write_text(text, encoding="utf-8")
        (fault,) = dataset.read(tmp_path / name)
        assert isinstance(fault, Fault) and fault.line >= 1
