"""The readers of public data sets, on small files in their format (the text is our own)."""

import json

import pytest

from gretchen.errors import UserError
from gretchen.projects.rows import Fault, row_fault
from gretchen.projects.splits import split_of

FINQA = {
    "pre_text": ["the company sells pumps ."],
    "post_text": ["amounts are in millions ."],
    "filename": "XYZ/2019/page_12.pdf",
    "table_ori": [["", "2019", "2018"], ["Net revenue", "$120", "$100"]],
    "table": [["", "2019", "2018"], ["net revenue", "$ 120", "$ 100"]],
    "id": "XYZ/2019/page_12.pdf-1",
    "qa": {
        "question": "what was the growth of net revenue in 2019?",
        "answer": "20%",
        "explanation": "",
        "ann_table_rows": [1],
        "ann_text_rows": [],
        "steps": [],
        "program": "subtract(120, 100), divide(#0, 100)",
        "gold_inds": {"table_1": "the net revenue of 2019 is $ 120 ; of 2018 is $ 100 ;"},
        "exe_ans": 0.2,
        "program_re": "divide(subtract(120, 100), 100)",
    },
}
TABLE = {"uid": "t-1", "table": [["", "2019", "2018"], ["Pumps", "1,496", "(412)"]]}


def question(uid, answer, answer_type, scale="thousand"):
    return {
        "uid": uid, "order": 1, "question": f"What is {uid}?", "answer": answer, "derivation": "",
        "answer_type": answer_type, "answer_from": "table", "rel_paragraphs": [], "req_comparison": False,
        "scale": scale,
    }  # fmt: skip


def changed(**qa):
    return FINQA | {"qa": FINQA["qa"] | qa}


def write(file, entries):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(entries, indent=2), encoding="utf-8")
    return file


def test_finqa(dataset, evaluation, tmp_path):
    sums = changed(program="table_sum(net revenue, none)", exe_ans=220.0) | {"id": "XYZ/2019/page_12.pdf-2"}
    asked = changed(program="greater(120, 100)", exe_ans="yes") | {"id": "XYZ/2019/page_9.pdf-1"}
    file = write(tmp_path / "test.json", [FINQA, sums, asked])
    rows = list(dataset.read(file))
    assert [row_fault(row, "chats") for row in rows] == [None] * 3
    assert rows[0]["messages"][1]["content"].startswith("the company sells pumps .\n\n|  | 2019 | 2018 |\n| ---")
    assert rows[0]["group"] == rows[1]["group"] != rows[2]["group"]
    assert {split_of(row["group"]) for row in rows} == {"test"}, "the official split is kept"
    for row in rows:
        scores = evaluation.score(row["messages"][-1]["content"], row)
        assert (scores["fact_f1"], scores["execution"], scores["program"]) == (1, 1, 1)
    wrong = evaluation.score('{"program":"subtract(100, 120), divide(#0, 100)"}', rows[0])
    assert (wrong["execution"], wrong["program"]) == (0, 0)
    other = evaluation.score('{"program":"divide(120, 100), subtract(#0, const_1)"}', rows[0])
    assert (other["execution"], other["program"]) == (1, 0)


def test_finqa_faults(dataset, tmp_path):
    private = {key: value for key, value in FINQA["qa"].items() if key not in ("program", "exe_ans")}
    entries = [changed(program=""), changed(exe_ans=0.3), changed(program="add(1"), FINQA | {"table": "x"}, 7,
               FINQA | {"qa": private}]  # fmt: skip
    file = write(tmp_path / "dev.json", entries)
    faults = list(dataset.read(file))
    assert all(isinstance(fault, Fault) for fault in faults)
    assert [fault.reason for fault in faults] == [
        "entry 1: qa.program is missing or empty",
        "entry 2: qa.program gives 0.2, qa.exe_ans is 0.3",
        "entry 3: qa.program gives None, qa.exe_ans is 0.2",
        "entry 4: 'table' is no list",
        "entry 5: no object with 'qa'",
        "entry 6: qa.program is missing or empty",
    ]
    lines = file.read_text(encoding="utf-8").splitlines()
    assert '"id"' in lines[faults[1].line - 1]


def test_tatqa(dataset, evaluation, tmp_path):
    paragraphs = [{"uid": "p-2", "order": 2, "text": "Second."}, {"uid": "p-1", "order": 1, "text": "First."}]
    asked = [
        question("q-1", ["1,496"], "span"),
        question("q-2", ["Pumps", "First."], "multi-span", ""),
        question("q-3", 19.08, "arithmetic", "percent"),
        question("q-4", "2", "count", ""),
        question("q-5", 3, "count", ""),
    ]
    entry = {"table": TABLE, "paragraphs": paragraphs, "questions": asked}
    rows = list(dataset.read(write(tmp_path / "tatqa_dataset_dev.json", [entry])))
    assert [row["form"] for row in rows] == [
        "tatqa-span", "tatqa-multi-span", "tatqa-arithmetic", "tatqa-count", "tatqa-count",
    ]  # fmt: skip
    assert rows[0]["messages"][1]["content"].endswith("First.\nSecond.\n\nWhat is q-1?")
    assert json.loads(rows[2]["messages"][2]["content"]) == {"answer": ["19.08"], "scale": "percent"}
    assert {split_of(row["group"]) for row in rows} == {"validation"}
    for row in rows:
        scores = evaluation.score(row["messages"][-1]["content"], row)
        assert (scores["exact_match"], scores["f1"], scores["scale"]) == (1, 1, 1)
    assert evaluation.score('{"answer":19.08,"scale":"percent"}', rows[2])["exact_match"] == 1, "a number as JSON"


def test_tatqa_faults(dataset, tmp_path):
    asked = [
        question("q-1", [], "span"),
        question("q-2", ["x"], "essay"),
        question("q-3", ["x"], "span", "dozen"),
        question("q-4", ["x"], "span") | {"question": " "},
        {key: value for key, value in question("q-5", "x", "span").items() if key != "answer"},
        "no question",
    ]
    entry = {"table": TABLE, "paragraphs": [], "questions": asked}
    faults = list(dataset.read(write(tmp_path / "tatqa_dataset_train.json", [entry, {"questions": []}])))
    assert [fault.reason.split(": ", 1)[1].split(";")[0] for fault in faults] == [
        "'answer' is missing or empty",
        "answer_type is 'essay'",
        "scale is 'dozen'",
        "'question' is missing or empty",
        "'answer' is missing or empty",
        "no object with a uid",
        "'table' has no uid and table",
    ]
    lines = (tmp_path / "tatqa_dataset_train.json").read_text(encoding="utf-8").splitlines()
    assert '"q-2"' in lines[faults[1].line - 1]


SUB = "adsh\tcik\tname\tsic\tform\tperiod\tfy\tfp\n0001-24-1\t11\tPUMP CO\t3561\t10-K\t20231231\t2023\tFY\n"
NUM = (
    "adsh\ttag\tversion\tddate\tqtrs\tuom\tsegments\tcoreg\tvalue\tfootnote\n"
    "0001-24-1\tAssets\tus-gaap/2023\t20231231\t0\tUSD\t\t\t5000.0000\t\n"
    "0001-24-1\tAssets\tus-gaap/2023\t20221231\t0\tUSD\t\t\t4000.0000\t\n"  # the year before
    "0001-24-1\tAssets\tus-gaap/2023\t20231231\t0\tUSD\tRegion=EU;\t\t100.0000\t\n"  # a segment
    "0001-24-1\tLiabilities\tus-gaap/2023\t20231231\t0\tUSD\t\t\t3000.0000\t\n"
    "0001-24-1\tRevenues\tus-gaap/2023\t20231231\t1\tUSD\t\t\t700.0000\t\n"  # the last quarter
    "0001-24-1\tRevenues\tus-gaap/2023\t20231231\t4\tUSD\t\t\t2500.0000\t\n"
    "0001-24-1\tEarningsPerShareBasic\tus-gaap/2023\t20231231\t4\tUSD\t\t\t1.2500\t\n"
    "0001-24-1\tOtherThing\t0001-24-1\t20231231\t0\tUSD\t\t\t\t\n"  # no value
    "0002-24-9\tAssets\tus-gaap/2023\t20231231\t0\tUSD\t\t\t1.0000\t\n"  # no such filing
    "0001-24-1\tAssets\tus-gaap/2023\n"  # a broken line
    "0001-24-1\tCash\tus-gaap/2023\t20231231\t0\tUSD\t\t\tmany\t\n"
    "0001-24-1\tCash\tus-gaap/2023\t20231231\t0\tUSD\t\t\tNaN\t\n"
)
PRE = (
    "adsh\treport\tline\tstmt\tinpth\trfile\ttag\tversion\tplabel\tnegating\n"
    "0001-24-1\t2\t2\tBS\t0\tH\tLiabilities\tus-gaap/2023\tTotal liabilities\t0\n"
    "0001-24-1\t2\t1\tBS\t0\tH\tAssets\tus-gaap/2023\tTotal assets\t0\n"
    "0001-24-1\t4\t1\tIS\t0\tH\tRevenues\tus-gaap/2023\tRevenues\t0\n"
    "0001-24-1\t4\t2\tIS\t0\tH\tEarningsPerShareBasic\tus-gaap/2023\tBasic\t0\n"
    "0001-24-1\t7\tx\tCF\t0\tH\tCash\tus-gaap/2023\tCash\t0\n"
)


def test_sec_financial_statement_data_sets(dataset, evaluation, tmp_path):
    for name, text in (("sub.txt", SUB), ("num.txt", NUM), ("pre.txt", PRE)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    items = list(dataset.read(tmp_path))
    faults, rows = [x for x in items if isinstance(x, Fault)], [x for x in items if not isinstance(x, Fault)]
    assert sorted((fault.file.rsplit("/")[-1], fault.line, fault.reason) for fault in faults) == [
        ("num.txt", 9, "value is empty"),
        ("num.txt", 10, "adsh 0002-24-9 is not in sub.txt"),
        ("num.txt", 11, "3 fields, the header has 10"),
        ("num.txt", 12, "qtrs '0' or value 'many' is no number"),
        ("num.txt", 13, "qtrs '0' or value 'NaN' is no number"),
        ("pre.txt", 6, "line is 'x', expected a number"),
    ]
    assert [row["form"] for row in rows] == ["sec-bs", "sec-is"] and rows[0]["group"] == rows[1]["group"]
    balance, income = (json.loads(row["messages"][-1]["content"])["facts"] for row in rows)
    assert [(fact["concept"], fact["value"], fact["period"]) for fact in balance] == [
        ("Assets", 5000, "2023-12-31"), ("Liabilities", 3000, "2023-12-31"),
    ]  # fmt: skip
    assert [(fact["concept"], fact["value"]) for fact in income] == [
        ("Revenues", 2500),
        ("EarningsPerShareBasic", 1.25),
    ]
    for row in rows:
        assert row_fault(row, "chats") is None
        assert evaluation.score(row["messages"][-1]["content"], row)["fact_f1"] == 1


def test_what_cannot_be_read(dataset, tmp_path):
    with pytest.raises(UserError, match=r"holds no \.json and no num\.txt"):
        list(dataset.read(tmp_path))
    with pytest.raises(UserError, match="does not exist"):
        list(dataset.read(tmp_path / "none.json"))
    (tmp_path / "a.csv").touch()
    with pytest.raises(UserError, match=r"is no \.json"):
        list(dataset.read(tmp_path / "a.csv"))
    (fault,) = dataset.read(write(tmp_path / "train.json", {}))
    assert fault.reason == "expected a list of entries"
    (tmp_path / "dev.json").write_text('[\n {"id" }\n]', encoding="utf-8")
    (fault,) = dataset.read(tmp_path / "dev.json")
    assert fault.line == 2 and fault.reason.startswith("not JSON")
    (tmp_path / "num.txt").write_text("a\tb\n", encoding="utf-8")
    reasons = {fault.reason for fault in dataset.read(tmp_path) if fault.file.endswith(".txt")}
    assert "the file is missing beside num.txt" in reasons and any("no column adsh" in reason for reason in reasons)
