"""The readers of public data sets, on small files in their format with texts made for the test."""

import json

import pytest

from gretchen.errors import UserError
from gretchen.projects.rows import Fault

HEADER = "Model,Module,Question,Goldstandard,,,,\n"


def test_geneturing(dataset, tmp_path):
    file = tmp_path / "Q&A_dataset.csv"
    gene = "acgt" * 50_000  # one field longer than csv's own limit
    file.write_text(
        HEADER
        + "x,Gene alias,What is the official symbol of ABC9?,DEF3,,,,\n"
        + f'x,DNA sequence alignment,"Align {gene}\nto the genome",chr1:5-9,,,,\n'
        + "x,Gene alias,,DEF3,,,,\n",
        encoding="utf-8",
    )
    first, second, fault = dataset.read(file)
    assert first["form"] == "geneturing-gene-alias" and first["messages"][1]["content"] == "DEF3"
    assert second["meta"] == {"source": "GeneTuring", "module": "DNA sequence alignment"}
    assert first["group"] != second["group"]
    assert fault == Fault(str(file), 5, "Question is empty")


def test_geneturing_without_its_columns(dataset, tmp_path):
    file = tmp_path / "other.csv"
    file.write_text("id,Question\n1,What?\n", encoding="utf-8")
    (fault,) = dataset.read(file)
    assert fault.line == 1 and "Module, Goldstandard" in fault.reason


def test_pubmedqa(dataset, tmp_path):
    file = tmp_path / "ori_pqal.json"
    good = {
        "QUESTION": "Does A help B?",
        "CONTEXTS": ["We gave A to 20 plants.", "All grew."],
        "LABELS": ["METHODS", "RESULTS"],
        "MESHES": [],
        "YEAR": "2001",
        "final_decision": "yes",
        "LONG_ANSWER": "A helps B.",
    }
    entries = {"11": good, "12": good | {"final_decision": "perhaps"}, "13": good | {"CONTEXTS": "text"}, "14": []}
    file.write_text(json.dumps(entries, indent=1), encoding="utf-8")
    row, *faults = dataset.read(tmp_path)
    assert row["messages"][0]["content"] == "We gave A to 20 plants.\nAll grew.\nDoes A help B?"
    assert row["messages"][1]["content"] == "Answer: yes" and row["group"] == "pubmedqa:11"
    assert [fault.reason for fault in faults] == [
        "PMID 12: final_decision is 'perhaps'; expected yes, no or maybe",
        "PMID 13: CONTEXTS is not a list of strings",
        "PMID 14: the entry is not an object",
    ]
    lines = file.read_text(encoding="utf-8").splitlines()
    assert all(fault.reason[5:7] in lines[fault.line - 1] for fault in faults)


def test_broken_json_names_its_line(dataset, tmp_path):
    file = tmp_path / "ori_pqal.json"
    file.write_text('{\n "1": {"QUESTION" }\n}', encoding="utf-8")
    (fault,) = dataset.read(file)
    assert fault.line == 2 and fault.reason.startswith("not JSON")


def test_what_cannot_be_read(dataset, tmp_path):
    with pytest.raises(UserError, match="holds no .csv and no .json"):
        list(dataset.read(tmp_path))
    with pytest.raises(UserError, match="does not exist"):
        list(dataset.read(tmp_path / "none.csv"))
    (tmp_path / "a.parquet").touch()
    with pytest.raises(UserError, match="neither .csv nor .json"):
        list(dataset.read(tmp_path / "a.parquet"))
