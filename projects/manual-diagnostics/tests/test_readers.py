"""The readers of MyFixit and doc2dial, on small files in their formats (the text is our own)."""

import json

import pytest

from gretchen.errors import UserError
from gretchen.projects.rows import Fault, reference_of, row_fault
from gretchen.projects.splits import split_of


def step(order, text, **more):
    return {"Order": order, "Lines": [{"Text": text}], "Text_raw": text, "Images": [], "StepId": order} | more


GUIDE = {
    "Title": "Shaver X1 Battery Replacement", "Ancestors": ["Shaver X1", "Shaver", "Root"], "Guidid": 7,
    "Category": "Shaver X1", "Subject": "Battery", "Url": "https://example.org/7",
    "Toolbox": [{"Name": ["tweezers"], "Url": "NA", "Thumbnail": "NA"}],
    "Steps": [
        step(2, "Lift the board with the tweezers.", Tools_extracted=["NA"], Tools_annotated=["tweezers"]),
        step(0, "Pull the head off the shaver.", Tools_annotated=["NA"], Removal_verbs=[]),
        step(1, "Undo two screws with a T6 bit and the tweezers.", Tools_annotated=["T6 bit", "tweezers"]),
    ],
}  # fmt: skip


@pytest.fixture
def guides(tmp_path):
    """Write a file of guides, lines as they are or as JSON."""

    def write(*lines, name="Small Appliance.json"):
        file = tmp_path / name
        text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
        file.write_text(text + "\n", encoding="utf-8")
        return file

    return write


def test_a_guide_gives_its_order_and_its_tools(dataset, evaluation, guides):
    rows = list(dataset.read(guides(GUIDE)))
    assert [row["form"] for row in rows] == ["guide-order", "guide-tools", "guide-tools"]
    assert all(row_fault(row, "chats") is None for row in rows)
    question, answer = rows[0]["messages"][1]["content"], reference_of(rows[0])
    listed = dict(line.split(") ", 1) for line in question.split("\n") if line[1:3] == ") ")
    assert [listed[letter].split()[0] for letter in answer.split(", ")] == ["Pull", "Undo", "Lift"], "by Order"
    assert reference_of(rows[1]) == "T6 bit, tweezers" and reference_of(rows[2]) == "tweezers"
    for row in rows:
        assert evaluation.score(reference_of(row), row)["exact"] == 1
        assert evaluation.score("tweezers, pliers, A, B, C", row)["exact"] == 0
    assert {tuple([row["group"]]) for row in rows} == {("myfixit:Shaver X1/Shaver/Root",)}, "one device, one group"


def test_missing_keys_are_no_faults_and_faulty_guides_are_named(dataset, guides):
    plain = {"Title": "Fan Cleaning", "Steps": [{"Lines": [{"Text": f"Do thing {n}."}]} for n in range(3)]}
    items = list(
        dataset.read(guides(plain, "{broken", {"Steps": []}, GUIDE | {"Steps": "NA"}, "", [1], GUIDE | {"Title": "NA"}))
    )
    rows, faults = [i for i in items if isinstance(i, dict)], [i for i in items if isinstance(i, Fault)]
    assert len(rows) == 1 and rows[0]["form"] == "guide-order"
    assert [fault.line for fault in faults] == [2, 3, 4, 6, 7]
    assert "no JSON" in faults[0].reason and "no Title" in faults[1].reason and "a row needs 3" in faults[2].reason


SPANS = {
    "1": {"id_sp": "1", "tag": "h2", "text_sp": "Moving ", "id_sec": "t_0", "text_sec": "Moving \n"},
    "2": {"id_sp": "2", "tag": "u", "text_sp": "Tell the office within two weeks, ", "id_sec": "1",
          "text_sec": "Tell the office within two weeks, or pay a fee. "},
    "3": {"id_sp": "3", "tag": "u", "text_sp": "or pay a fee. ", "id_sec": "1",
          "text_sec": "Tell the office within two weeks, or pay a fee. "},
}  # fmt: skip


def turn(number, role, utterance, *ids):
    return {
        "turn_id": number, "role": role, "da": "query_condition", "utterance": utterance,
        "references": [{"sp_id": name, "label": "solution"} for name in ids],
    }  # fmt: skip


@pytest.fixture
def doc2dial(tmp_path):
    """Write doc2dial's files with some dialogues in a split; return the folder."""

    def write(split, *dialogues, document=None):
        documents = {"doc_data": {"dmv": {"Moving#1": {"doc_id": "Moving#1", "title": "Moving", "doc_text": "…",
                                                       "spans": SPANS} | (document or {})}}}  # fmt: skip
        (tmp_path / "doc2dial_doc.json").write_text(json.dumps(documents), encoding="utf-8")
        data = {"dial_data": {"dmv": {"Moving#1": list(dialogues)}}}
        (tmp_path / f"doc2dial_dial_{split}.json").write_text(json.dumps(data, indent=1), encoding="utf-8")
        return tmp_path

    return write


def dialogue(name, *turns):
    return {"dial_id": name, "doc_id": "Moving#1", "domain": "dmv", "turns": list(turns)}


def test_a_dialogue_gives_spans_with_their_section_and_the_official_split(dataset, evaluation, doc2dial):
    talk = dialogue("d1", turn(1, "user", "I moved.", "2"), turn(2, "agent", "Tell the office.", "2", "3"),
                    turn(3, "user", "And my cat?"), turn(4, "agent", "Sorry, I do not know."))  # fmt: skip
    rows = list(dataset.read(doc2dial("validation", talk)))
    assert [row["id"] for row in rows] == ["grounded-d1-2", "grounded-d1-4"]
    assert all(row_fault(row, "chats") is None and split_of(row["group"]) == "validation" for row in rows)
    assert reference_of(rows[0]) == "Tell the office within two weeks, or pay a fee. [§2]"
    assert reference_of(rows[1]) == "The manual does not say.", "empty references: unanswerable"
    for row in rows:
        scores = evaluation.score(reference_of(row), row)
        assert scores["span_em"] == scores["span_f1"] == scores["citation_precision"] == 1
    half = evaluation.score("Tell the office within two weeks [§1]", rows[0])
    assert (
        half["span_em"] == 0 and half["span_f1"] == pytest.approx(2 * 5 / (5 + 8)) and half["citation_precision"] == 0
    )
    assert evaluation.score("The manual does not say.", rows[0])["span_em"] == 0


def test_references_of_the_older_version_are_read_too(dataset, doc2dial):
    old = turn(2, "agent", "Tell the office.") | {"references": {"2": "solution"}}
    (row,) = dataset.read(doc2dial("train", dialogue("d1", turn(1, "user", "I moved."), old)))
    assert reference_of(row) == "Tell the office within two weeks, [§2]" and split_of(row["group"]) == "train"


def test_faulty_dialogues_are_named_by_their_line(dataset, doc2dial):
    folder = doc2dial("train", {"dial_id": "d0"}, dialogue("d1", turn(1, "user", "a"), turn(2, "agent", "b", "77")))
    faults = list(dataset.read(folder))
    assert [fault.line > 1 and fault.reason for fault in faults] == [
        "dialogue d0: has no turns", "dialogue d1: turn 2 refers to span '77', which the document does not have"
    ]  # fmt: skip
    (fault,) = dataset.read(doc2dial("train", dialogue("d2", turn(1, "user", "a")), document={"spans": None}))
    assert "is not in doc2dial_doc.json" in fault.reason
    (folder / "doc2dial_dial_train.json").write_text("{", encoding="utf-8")
    (fault,) = dataset.read(folder)
    assert fault.reason == "is no JSON"


def test_what_cannot_be_read_is_refused_in_a_sentence(dataset, tmp_path):
    for folder, words in ((tmp_path / "none", "does not exist"), (tmp_path, "holds no guides")):
        with pytest.raises(UserError, match=words):
            list(dataset.read(folder))
    (tmp_path / "doc2dial_dial_train.json").write_text('{"dial_data": {}}', encoding="utf-8")
    with pytest.raises(UserError, match="doc2dial_doc.json is missing"):
        list(dataset.read(tmp_path))
