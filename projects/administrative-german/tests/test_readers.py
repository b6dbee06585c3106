"""Public corpora in their own formats, on small files written for this test."""

import pytest

from gretchen.errors import UserError
from gretchen.projects.rows import Fault, reference_of
from gretchen.projects.splits import split_of

COLUMNS = "pair_id,domain,corpus,simple_level,license,license_summary,original,simplification"
DEPLAIN = f"""{COLUMNS}
7,,stadt-web,A2,CC BY 4.0,CC BY 4.0,"Der Antrag ist bis zum 02.03.2026 einzureichen, und zwar schriftlich.","Schreiben Sie den Antrag bis 2. März 2026."
7,,stadt-web,A2,CC BY-SA 3.0,,Die Antragstellung obliegt dem Halter.,Der Halter stellt den Antrag.
8,,stadt-web,A2,CC BY-NC-ND 4.0,,Dies bleibt geschlossen.,Das bleibt zu.
9,,stadt-web,A2,CC BY 4.0,,Beides ist gleich.,Beides ist gleich.
9,,stadt-web,A2,CC BY 4.0,,Hier fehlt die andere Seite.,
9,,stadt-web,A2,CC BY 4.0,,{"Sehr lang. " * 300},Kurz.
"""  # noqa: E501
COMPLEXITY = """Sentence_Id,Article_ID,Article,Original_Sentence,Simplification,Rating
5,1,Brücke,"Die Brücke – erbaut „vor langer Zeit“ – weist eine Länge von 120 Metern auf.","Die Brücke ist alt.
Sie ist 120 Meter lang.",Deutlich einfacher
6,2,Mühle,Die Mühle wurde stillgelegt.,,
"""


def read(dataset, path):
    rows, faults = [], []
    for item in dataset.read(path):
        (faults if isinstance(item, Fault) else rows).append(item)
    return rows, faults


def test_deplain_is_filtered_by_licence_and_keeps_its_split(dataset, evaluation, tmp_path):
    (tmp_path / "test.csv").write_text(DEPLAIN, encoding="utf-8")
    rows, faults = read(dataset, tmp_path)
    assert [row["meta"]["licence"] for row in rows] == ["CC BY 4.0", "CC BY-SA 3.0"]
    assert {split_of(row["group"]) for row in rows} == {"test"} and rows[0]["group"][0] == rows[1]["group"][0]
    assert [(fault.line, fault.reason) for fault in faults] == [
        (4, "licence 'CC BY-NC-ND 4.0': only CC0, CC BY and CC BY-SA are read"),
        (5, "original and simplification are the same"),
        (6, "simplification is empty"),
        (7, "3,299 characters; a row holds up to 1,500"),
    ]
    scores = evaluation.score(reference_of(rows[0]), rows[0])
    assert scores["fact_success"] == 1 and scores["sari"] > 60 and scores["bleu"] == pytest.approx(100)
    assert evaluation.score(rows[0]["meta"]["source"], rows[0])["fact_success"] == 0  # unchanged
    assert evaluation.score("Stellen Sie den Antrag bis 3. März 2026.", rows[0])["fact_success"] == 0


@pytest.mark.parametrize(
    ("licence", "is_free"),
    [("CC BY 4.0", True), ("CC-BY-SA-4.0", True), ("CC0 1.0", True), ("CC BY-NC 4.0", False), ("CC BY-SA-NC", False),
     ("CC BY-ND 3.0", False), ("save_use_share", False), ("Alle Rechte vorbehalten", False)],
)  # fmt: skip
def test_licences(part, licence, is_free):
    assert bool(part("readers").FREE.match(licence)) is is_free


def test_text_complexity_is_cp1252(dataset, tmp_path):
    file = tmp_path / "parallel_corpus.csv"
    file.write_bytes(COMPLEXITY.encode("cp1252"))
    rows, faults = read(dataset, file)
    assert [row["meta"]["source"] for row in rows] == [
        "Die Brücke – erbaut „vor langer Zeit“ – weist eine Länge von 120 Metern auf."
    ]
    assert reference_of(rows[0]) == "Die Brücke ist alt. Sie ist 120 Meter lang."
    assert [str(fault) for fault in faults] == [f"{file}:4: Simplification is empty"]


def test_closed_files_other_tables_and_broken_ones_are_faults(dataset, tmp_path):
    (tmp_path / "a.csv").write_text("")
    (tmp_path / "b.csv").write_text("x,y\n1,2\n")
    (tmp_path / "c.csv").write_bytes(b'original,simplification,license\n"a\x00,b,CC BY 4.0')
    rows, faults = read(dataset, tmp_path)
    assert not rows and [fault.line for fault in faults][:2] == [1, 1]
    assert faults[0].reason == "the file is empty: DEplain's closed part, which its Web Harvester collects"
    assert "no columns original, simplification, license" in faults[1].reason and len(faults) == 3


def test_addresses_are_no_corpus(dataset, tmp_path):
    file = tmp_path / "archive_header.json"
    file.write_text('{"a.html": {"url": "https://example.org/a", "easy": true}}')
    with pytest.raises(UserError, match="holds addresses and no texts"):
        list(dataset.read(tmp_path))
    with pytest.raises(UserError, match="holds addresses and no texts"):
        list(dataset.read(file))
    with pytest.raises(UserError, match="does not exist"):
        list(dataset.read(tmp_path / "none"))
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(UserError, match=r"is no \.csv"):
        list(dataset.read(tmp_path / "notes.txt"))
