"""The readers, on small files in the upstream formats: rows, secrets, and every fault by file, line and reason."""

import json

import pytest

from gretchen.errors import UserError
from gretchen.projects.rows import Fault, row_fault

DEBUGGING = """<problem>
Write `add(a, b)`.
</problem>
<bug_code>
1. def add(a, b):
2.     return a - b
</bug_code>
<bug_fixes>
Replace `-` with `+` on line 2.
<unit_tests>
assert add(1, 2) == 3
</unit_tests>
<dialogue>
User: Help, my tests fail.
Assistant: Which test fails first?
\t<alt>What does add(1, 2) return?
\t<alt>Could you run a test?
User: add(1, 2) gives -1.
    I do not know why.
Assistant: Let us see.
User:
Assistant: What does line 2 do?
</dialogue>
"""


@pytest.fixture
def read(dataset, tmp_path):
    """Write files and return (rows, faults as (file name, line, reason))."""

    def read_files(**files):
        for name, content in files.items():
            (tmp_path / name.replace("__", ".")).write_text(content, encoding="utf-8")
        items = list(dataset.read(tmp_path))
        faults = [
            (fault.file.rpartition("/")[2], fault.line, fault.reason) for fault in items if isinstance(fault, Fault)
        ]
        rows = [item for item in items if not isinstance(item, Fault)]
        assert [row_fault(row, "chats") for row in rows] == [None] * len(rows)
        return rows, faults

    return read_files


def test_the_debugging_benchmark(read, evaluation):
    rows, faults = read(bug__txt=DEBUGGING)
    assert [row["messages"][-1]["content"] for row in rows] == ["Which test fails first?", "What does line 2 do?"]
    assert rows[0]["meta"]["plan"][0]["questions"][1:] == ["What does add(1, 2) return?", "Could you run a test?"]
    assert "2.     return a - b" in rows[0]["messages"][1]["content"]
    assert rows[1]["messages"][-3]["content"] == "add(1, 2) gives -1.\n    I do not know why."
    assert faults == [
        ("bug.txt", 8, "<bug_fixes> has no closing tag; read up to the next part"),
        ("bug.txt", 21, "a turn of User says nothing"),
    ]
    assert evaluation.score("Could you run a test?", rows[0])["f1"] == 1
    assert rows[0]["group"] == rows[1]["group"]


def test_a_benchmark_file_without_a_dialogue(read):
    assert read(bug__txt="<problem>\nx\n</problem>\n<bug_code>\n1. y\n</bug_code>") == (
        [],
        [("bug.txt", 1, "no <dialogue>")],
    )


def test_gsm8k(read, evaluation):
    good = {
        "question": "3 boxes of 4 eggs, 2 break. How many?",
        "answer": "How many eggs are there? ** 3*4=<<3*4=12>>12 eggs\nAnd left? ** 12-2=<<12-2=10>>10\n#### 10",
    }
    silent = good | {"answer": "Count the eggs ** <<3*4=12>>12\n#### 12"}
    lines = [json.dumps(good), "", "{", json.dumps({"question": "x"}), json.dumps(silent)]
    rows, faults = read(train_socratic__jsonl="\n".join(lines))
    assert [row["messages"][-1]["content"] for row in rows] == ["How many eggs are there?", "And left?"]
    assert rows[0]["meta"]["plan"][0]["secret"] == {"values": ["12", "10"]}
    assert rows[1]["messages"][-2]["content"] == "3*4=12 eggs"
    assert evaluation.score("How many eggs are there, twelve?", rows[0])["leaks"] == 1
    assert [line for _, line, _ in faults] == [3, 4, 5] and "no question mark" in faults[2][2]


CONVERSATION = (
    "Teacher: (generic)Hi Mia!|EOM|Mia: I got 9.|EOM|Teacher: (focus)How many boxes are there?|EOM||EOM|Mia: 3."
)


def test_mathdial_as_csv_and_json_lines(read):
    problem = 'Mia has 3 boxes, "4" eggs\neach.'
    quoted = problem.replace('"', '""')
    row = {"qid": 7, "question": problem, "ground_truth": "3*4\n 12", "conversation": CONVERSATION}
    table = f'qid,question,ground_truth,conversation\n7,"{quoted}",12,"{CONVERSATION}"\n8,x,1,\n'
    rows, faults = read(train__csv=table, test__jsonl=json.dumps(row))
    assert len(rows) == 2
    for row in rows:
        assert row["messages"][-1]["content"] == "How many boxes are there?"
        assert [turn["role"] for turn in row["messages"]] == ["system", "user", "assistant", "user", "assistant"]
        assert row["meta"]["plan"][0]["secret"] == {"values": ["12"]}
    assert ("train.csv", 4, "no `question` and `conversation`") in faults
    assert sum("turn 4 has no speaker" in reason for _, _, reason in faults) == 2


def test_cima(read):
    entry = {"past_convo": ["Say blue.", "blu?"], "tutorResponses": ["No.", "What does blu mean?"],
             "tutorActions": [[True, False]], "studentActions": ["Guess"]}  # fmt: skip
    data = {"prepDataset": {"0": entry, "1": entry | {"tutorResponses": ["No."]}, "2": []}, "shapeDataset": {}}
    rows, faults = read(dataset__json=json.dumps(data))
    assert [turn["role"] for turn in rows[0]["messages"]] == ["system", "assistant", "user", "assistant"]
    assert [line for _, line, _ in faults] == [2, 3]
    assert read(dataset__json="[]")[1] == [("dataset.json", 1, "no JSON object with `prepDataset`")]


def test_what_cannot_be_read_is_said(dataset, tmp_path):
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(UserError):
            list(dataset.read(path))
