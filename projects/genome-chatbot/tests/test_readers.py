"""The readers of public data sets, on small files in their format with texts made for the test."""

import json

import pytest

from gretchen.errors import UserError
from gretchen.projects.builder import SplitRow
from gretchen.projects.duplicates import repeated_rows
from gretchen.projects.rows import Fault, normalised_prompt
from gretchen.projects.splits import split_of

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


def test_questions_on_one_sequence_or_snp_share_a_split_and_other_genes_stay(dataset, tmp_path):
    dna, other = "GGAAGAGGCCCCAGCACTGACCTCCGTGG", "GGAAGAGGCCCCAGCACTGACCTCCGTGC"
    strand = dna.translate(str.maketrans("ACGT", "TGCA"))[::-1]
    questions = [
        ("Human genome DNA alignment", f"Align the DNA sequence to the human genome:{dna}", "chr8:1-29"),
        ("Multi-species DNA alignment", f"Which organism does the DNA sequence come from:{dna.lower()}", "worm"),
        ("DNA sequence extraction", f"Which gene has the opposite strand {strand}?", "ABC9"),
        ("Human genome DNA alignment", f"Align the DNA sequence to the human genome:{other}", "chr9:1-29"),
        ("SNP location", "Which chromosome does SNP rs1430464868 locate on human genome?", "chr13"),
        ("Gene SNP association", "Which gene is SNP rs1430464868 associated with?", "ABC8"),
        ("SNP location", "Which chromosome does SNP rs1430464869 locate on human genome?", "chr13"),
        ("Gene disease association", "What are genes related to anemia due to pyruvate kinase deficiency?", "PKLR"),
        ("Gene disease association", "What are genes related to anemia due to adenylate kinase deficiency?", "AK1"),
    ]
    file = tmp_path / "Q&A_dataset.csv"
    file.write_text(HEADER + "".join(f'x,{module},"{q}",{a},,,,\n' for module, q, a in questions), encoding="utf-8")
    rows = list(dataset.read(file))
    groups = [row["group"] for row in rows]
    assert groups[0] == groups[1] == groups[2] != groups[3] and groups[4] == groups[5] != groups[6]
    placed = [SplitRow(row, split_of(row["group"]), normalised_prompt(row), external=True) for row in rows]
    assert not any(repeated_rows(placed)), "each is about something else"


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


def entry(decision="yes", **more):
    return {"QUESTION": "Does A help B?", "CONTEXTS": ["All grew."], "final_decision": decision} | more


@pytest.mark.parametrize("whole_folder", [True, False])
def test_pubmedqas_official_split_is_kept(dataset, tmp_path, whole_folder):
    entries = {str(pmid): entry(QUESTION=f"Does {pmid} help?") for pmid in range(100, 140)}
    test = [str(pmid) for pmid in range(100, 140, 2)]
    files = {
        "ori_pqal.json": entries,
        "test_ground_truth.json": dict.fromkeys(test, "yes"),
        "test_set.json": {pmid: entries[pmid] for pmid in test},
        "pqal_fold0/train_set.json": {pmid: entries[pmid] for pmid in entries if pmid not in test},
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(json.dumps(content, indent=4), encoding="utf-8")
    rows = list(dataset.read(tmp_path if whole_folder else tmp_path / "ori_pqal.json"))
    assert len(rows) == 40, "no faults, each abstract once"
    assert {row["meta"]["pmid"] for row in rows if split_of(row["group"]) == "test"} == set(test)
    (tmp_path / "ori_pqau.json").write_text(json.dumps({"1": {"QUESTION": "?", "CONTEXTS": []}}), encoding="utf-8")
    faults = [row for row in dataset.read(tmp_path) if isinstance(row, Fault)]
    assert [fault.reason for fault in faults] == [
        "no entry has a final_decision: unlabelled (PQA-U), or not PubMedQA's"
    ]


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
