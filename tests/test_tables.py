"""A team's own file as a table: dialects and encodings of CSV, the other kinds, and bad files."""

import csv
import io
import json
import zipfile

import pytest

from gretchen.errors import UserError
from gretchen.projects.columns import choose_columns
from gretchen.projects.table_rows import rows_of
from gretchen.projects.tables import read_table

PROSE = [(f"Was ist ein Möbiusband Nr. {i}, und wofür?", f"Eine Fläche; sie hat eine Seite: {i}.") for i in range(40)]
LINES = [(f"{question}\nZweite Zeile, hier", f'Er sagte "ja, gern";\n\n- {answer}') for question, answer in PROSE]
CODE = [(f"How do I print {i} in C?", f'int main() {{ printf("%d, %s;\\n", {i}, "a;b|c"); }}') for i in range(40)]
QUOTES = [(f"What's it's {i}?", f"It's 'the' dog's, isn't it; a {i}\" pipe") for i in range(40)]


def written(file, rows, delimiter=",", encoding="utf-8", newline="\n"):
    """Return the file with the rows as CSV."""
    text = io.StringIO(newline="")
    quoting = csv.QUOTE_ALL if newline == "\r" else csv.QUOTE_MINIMAL  # with \r the writer leaves \n without quotes
    writer = csv.writer(text, delimiter=delimiter, lineterminator=newline, quoting=quoting)
    writer.writerows([("question", "answer"), *rows])
    file.write_bytes(text.getvalue().encode(encoding))
    return file


@pytest.mark.parametrize("rows", [PROSE, LINES, CODE, QUOTES], ids=["prose", "lines", "code", "quotes"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_delimiters_in_prose_do_not_confuse_the_reader(tmp_path, rows, delimiter, newline):
    table = read_table(written(tmp_path / "rows.csv", rows, delimiter, newline=newline))
    assert [tuple(record.values.values()) for record in table.records] == rows
    assert table.columns == ("question", "answer")


@pytest.mark.parametrize(
    ("encoding", "rows", "shown"),
    [
        ("utf-8-sig", PROSE, "utf-8-sig"),
        ("utf-16", PROSE, "utf-16"),
        ("cp1252", PROSE, "cp1252"),
        ("cp1252", [("Was kostet es?", "Drei Euro für „alle“: 3 €")], "cp1252"),
        ("cp1250", [("Co to jest?", f"Zażółć gęślą jaźń {i}, proszę o odpowiedź") for i in range(20)], "cp1250"),
        ("cp1251", [("Что это?", f"Столица России: Москва {i}, ответ прост") for i in range(20)], "cp1251"),
    ],
)
def test_encodings(tmp_path, encoding, rows, shown):
    table = read_table(written(tmp_path / "rows.csv", rows, ";", encoding))
    assert [tuple(record.values.values()) for record in table.records] == rows
    assert table.kind == f"CSV, delimiter ';', encoding {shown}"


def test_lines_are_those_of_the_file_and_excels_first_line_counts(tmp_path):
    file = tmp_path / "rows.csv"
    file.write_text('sep=;\nFrage;Antwort\n"a\nb";c\n\nd;NaN\ne;f;g\nh;i;\n', encoding="utf-8")
    table = read_table(file)
    assert [(record.line, *record.values.values()) for record in table.records] == [
        (3, "a\nb", "c"),
        (6, "d", ""),
        (8, "h", "i"),
    ]
    (fault,) = table.faults
    assert str(fault) == f"{file}:7: 3 cells, the first line names 2 columns: quote text that holds delimiters"
    rows = rows_of(table, choose_columns(table), "rows")
    assert [row["id"] for row in rows.rows] == ["rows-3", "rows-8"]
    assert list(rows.reasons().values()) == [[7], [6]]
    assert "the answer is empty" in rows.reasons()


def test_json_and_json_lines_and_parquet(tmp_path):
    import pyarrow
    import pyarrow.parquet

    rows = [{"prompt": f"Frage {i}?", "completion": f"Antwort {i}"} for i in range(5)]
    lines = "\n".join(map(json.dumps, rows))
    (tmp_path / "a.json").write_text(json.dumps(rows), encoding="utf-8")
    (tmp_path / "b.json").write_text(json.dumps({"version": 1, "data": rows}), encoding="utf-8")
    (tmp_path / "c.json").write_text(lines, encoding="utf-8")
    (tmp_path / "d.jsonl").write_text(lines + "\n{broken\n[1]\n", encoding="utf-8")
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "e.parquet")
    for name in ("a.json", "b.json", "c.json", "d.jsonl", "e.parquet"):
        table = read_table(tmp_path / name)
        assert [record.values for record in table.records] == rows, name
        assert [record.line for record in table.records] == [1, 2, 3, 4, 5]
    broken, other = read_table(tmp_path / "d.jsonl").faults
    assert (broken.line, other.line, other.reason) == (6, 7, "a row is an object, not list")


def sheet(file, rows):
    """Write a spreadsheet with one sheet, as small as Excel reads it."""
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = 'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"'

    def cell(value):
        return f'<c t="inlineStr"><is><t>{value}</t></is></c>' if isinstance(value, str) else f"<c><v>{value}</v></c>"

    parts = {
        "_rels/.rels": f'<Relationships {package}><Relationship Id="a" Target="xl/workbook.xml" '
        f'Type="{office}/officeDocument"/></Relationships>',
        "xl/workbook.xml": f'<workbook {main} xmlns:r="{office}"><sheets>'
        '<sheet name="Fragen" sheetId="1" r:id="a"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships {package}><Relationship Id="a" Target="worksheets/s.xml" '
        f'Type="{office}/worksheet"/></Relationships>',
        "xl/worksheets/s.xml": f"<worksheet {main}><sheetData>"
        + "".join(f"<row>{''.join(map(cell, row))}</row>" for row in rows)
        + "</sheetData></worksheet>",
    }
    with zipfile.ZipFile(file, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return file


def test_a_spreadsheet(tmp_path):
    table = read_table(sheet(tmp_path / "rows.xlsx", [["Frage", "Antwort"], ["Wie viele?", 4.0], ["Größe?", 2.5]]))
    assert table.kind == "spreadsheet, sheet 'Fragen'"
    assert [tuple(record.values.values()) for record in table.records] == [("Wie viele?", "4"), ("Größe?", "2.5")]


BAD_QUOTES = "question,answer\nWhat?,This\n" + 'How?,"It is\nWhy?,So\n'


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("missing.csv", None, "there is no file {file}"),
        ("empty.csv", b"", "{file} is empty"),
        ("head.csv", b"question,answer\n", "{file} holds no rows"),
        ("one.csv", b"question\nWhat?\n", "{file} has one column ('question'): a question and its answer need two"),
        ("binary.csv", b"PK\3\4\0\0\0", "{file} is binary, no text"),
        ("quotes.csv", BAD_QUOTES.encode(), "{file}:3: a quotation mark opens here and never closes"),
        (
            "escaped.csv",
            b'question,answer\n"Say \\"hi\\"","hi, you"\n',
            "{file}:2: a quotation mark stands inside a quoted cell",
        ),
        (
            "mixed.csv",
            "question,answer\nGröße?,a\n".encode() + "Größe?,b\n".encode("cp1252"),
            "{file}: two encodings in one file: line 2 is UTF-8, line 3 is not",
        ),
        ("twice.csv", b"question,answer,answer\na,b,c\n", "{file}: two columns are named 'answer'"),
        ("rows.pdf", b"%PDF", "{file}: files of the kind '.pdf' are not read"),
        ("rows.json", b'{"a": 1}', "{file} holds no list of objects"),
        ("bad.json", b'[{"a": 1},\n{]', "{file}:2: not JSON: Expecting property name enclosed in double quotes"),
        ("rows.parquet", b"no", "{file} is no Parquet file: "),
        ("rows.xlsx", b"no", "{file} is no spreadsheet: "),
    ],
)
def test_bad_files_are_one_sentence(tmp_path, name, content, problem):
    file = tmp_path / name
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(UserError) as raised:
        read_table(file)
    assert raised.value.problem.startswith(problem.format(file=file))
    assert "\n" not in raised.value.problem


def test_folders_and_files_of_gigabytes_are_refused(tmp_path):
    with pytest.raises(UserError, match="is a folder"):
        read_table(tmp_path)
    large = tmp_path / "large.csv"
    with large.open("wb") as stream:
        stream.truncate(2 * 10**9)  # sparse: takes no space
    with pytest.raises(UserError, match="has 2,000 MB; at most 100 MB and 500,000 rows are read"):
        read_table(large)
