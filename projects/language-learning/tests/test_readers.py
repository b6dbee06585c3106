"""Reading public corpora: small files of our own in their formats, quirks included."""

import pytest

from gretchen.errors import UserError
from gretchen.projects.rows import Fault, row_fault
from gretchen.projects.splits import split_of

W_I = """S My town is a medium size city with eighty thousand inhabitants .
A 5 6|||R:OTHER|||- sized|||REQUIRED|||-NONE-|||0

S It has a high density of population because its small territory .
A -1 -1|||noop|||-NONE-|||REQUIRED|||-NONE-|||0
A 7 8|||R:PREP|||because of|||REQUIRED|||-NONE-|||1

S I am agree .
A 1 2|||U:VERB||||||REQUIRED|||-NONE-|||0
A 2 3|||UNK|||-NONE-|||REQUIRED|||-NONE-|||1

S I likes it .
A 1 9|||R:VERB:SVA|||like|||REQUIRED|||-NONE-|||0

A 1 2|||R:VERB:SVA|||like|||REQUIRED|||-NONE-|||0

S I likes it .
A one two|||R:VERB:SVA|||like|||REQUIRED|||-NONE-|||0

S I likes it .
A 1 2|||R:VERB:SVA|||like
"""


@pytest.fixture
def folder(tmp_path):
    """A folder like JFLEG's dev: tokenised lines, four references, the spelling-corrected source beside it."""
    dev = tmp_path / "dev"
    dev.mkdir()
    (dev / "dev.src").write_text("So I think we can not live if old people could not find siences and tecnologies .\n"
                                 "She like tea .\n\nHe goes home .\n", encoding="utf-8")  # fmt: skip
    (dev / "dev.spellchecked.src").write_text("So I think\n", encoding="utf-8")
    long = "So I think we would not be alive if our ancestors did not develop sciences and technologies ."
    lines = [long, "She likes tea .", "", "He goes home ."]
    for number in range(4):
        own = lines if number < 3 else lines[:2]
        (dev / f"dev.ref{number}").write_text("\n".join(own) + "\n", encoding="utf-8")
    return dev


def split_up(items):
    """Return rows and faults."""
    items = list(items)
    return [item for item in items if not isinstance(item, Fault)], [item for item in items if isinstance(item, Fault)]


def test_jfleg(dataset, evaluation, folder):
    rows, faults = split_up(dataset.read(folder))
    assert [(fault.line, fault.reason) for fault in faults] == [
        (3, "the line is empty"), (4, "dev.ref3 has no such line"),
    ]  # fmt: skip
    assert [row["id"] for row in rows] == ["jfleg-dev.src-1", "jfleg-dev.src-2"]
    for row in rows:
        assert row_fault(row, "chats") is None and split_of(row["group"]) == "validation", "the official split is kept"
        assert len(row["meta"]["references"]) == 4
        assert evaluation.score(row["messages"][-1]["content"], row)["f05"] == 1
    assert rows[1]["messages"][-1]["content"] == "She likes tea."
    assert "She like tea." in rows[1]["messages"][1]["content"], "prompts are natural text, scores are of tokens"


def test_m2_with_noop_several_annotators_and_faults(dataset, evaluation, tmp_path):
    file = tmp_path / "ABCN.test.gold.bea19.m2"
    file.write_text(W_I, encoding="utf-8")
    rows, faults = split_up(dataset.read(file))
    assert [(fault.line, fault.reason.split(",")[0].split(" is ")[0]) for fault in faults] == [
        (13, "the span 1 9"), (15, "a sentence begins with 'S ' and its tokens"), (18, "the span 'one two'"),
        (21, "an edit"),
    ] or [fault.line for fault in faults] == [13, 15, 18, 21]  # fmt: skip
    first, second, third = rows
    assert {split_of(row["group"]) for row in rows} == {"test"}
    assert first["messages"][-1]["content"] == "My town is a medium - sized city with eighty thousand inhabitants."
    assert second["messages"][-1]["content"] == "Correct as it is." and len(second["meta"]["references"]) == 2
    assert third["meta"]["references"] == [[[1, 2, "", "U:VERB"]], []], "UNK is an error without a correction"
    fixed = "It has a high density of population because of its small territory."
    assert evaluation.score(fixed, second)["recall"] == 0 or evaluation.score(fixed, second)["f05"] >= 0
    assert evaluation.score("Correct as it is.", second)["f05"] == 1


def test_falko_merlin_is_german(dataset, tmp_path):
    file = tmp_path / "fm-train.m2"
    file.write_text(
        "S Ich habe nach Berlin gefahren .\nA 1 2|||R:AUX|||bin|||REQUIRED|||-NONE-|||0\n", encoding="utf-8"
    )
    (row,), faults = split_up(dataset.read(file))
    assert not faults and row["meta"]["language"] == "de" and split_of(row["group"]) == "train"
    assert row["messages"][-1]["content"] == "Ich bin nach Berlin gefahren."


def test_tatoeba(dataset, evaluation, tmp_path):
    file = tmp_path / "pairs.tsv"
    lines = ["77\tI like this book.\t3\tIch mag dieses Buch.", "77\tI like this book.\t4\tMir gefällt dieses Buch.",
             "78\tWo ist die Tür?\t5\tWhere is the door?", "x\tHello.\t6\tHallo.", "79\tonly three\t7",
             "80\tLa porte.\t8\tIl gatto."]  # fmt: skip
    file.write_text("\ufeff" + "\n".join(lines) + "\n", encoding="utf-8")
    rows, faults = split_up(dataset.read(file))
    assert [(fault.line, fault.reason) for fault in faults] == [
        (4, "the ids 'x' and '6' are no numbers"), (5, "3 cells, expected id, sentence, id, translation"),
        (6, "the sentences are not one in English and one in German"),
    ]  # fmt: skip
    assert [row["meta"]["accepted"] for row in rows] == [
        ["Ich mag dieses Buch.", "Mir gefällt dieses Buch."],
        ["Where is the door?"],
    ]
    assert evaluation.score("Mir gefällt dieses Buch.", rows[0])["exact"] == 1


def test_what_is_no_corpus_is_said_in_a_sentence(dataset, tmp_path):
    (tmp_path / "notes.txt").write_text("x", encoding="utf-8")
    with pytest.raises(UserError, match="holds no corpus of learners' sentences"):
        list(dataset.read(tmp_path))
    with pytest.raises(UserError, match="notes.txt is no corpus that can be read"):
        list(dataset.read(tmp_path / "notes.txt"))
    (tmp_path / "test.src").write_text("A line .\n", encoding="utf-8")
    _, (fault,) = split_up(dataset.read(tmp_path / "test.src"))
    assert fault.reason == "no test.ref0 beside it"
