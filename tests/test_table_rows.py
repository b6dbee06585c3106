"""A table's records as rows: columns by their names, formats, duplicates, groups, personal data, SOURCE=rows.csv."""

import json
from pathlib import Path

import pytest
from made_project import TRAIN, built_rows, chats

from gretchen.errors import UserError
from gretchen.projects.build import build
from gretchen.projects.columns import Columns, choose_columns
from gretchen.projects.datacard import ExternalSource
from gretchen.projects.personal_data import personal_data
from gretchen.projects.rows import format_of
from gretchen.projects.table_rows import rows_of
from gretchen.projects.tables import Record, Table, read_table


def columns_of(*names, question="", answer="", **values):
    """Return the columns that are chosen among these names, for a table whose cells are "x"."""
    record = Record(2, {name: values.get(name, "x") for name in names})
    return choose_columns(Table(Path("rows.csv"), "CSV", names, (record,)), question, answer)


@pytest.mark.parametrize(
    ("names", "columns"),
    [
        (("id", "Frage", "Antwort"), Columns(question="Frage", answer="Antwort")),
        (("Question text", "correctAnswer"), Columns(question="Question text", answer="correctAnswer")),
        (
            ("instruction", "input", "output"),
            Columns(question="instruction", answer="output", context="input"),
        ),
        (("input", "target"), Columns(question="input", answer="target")),
        (("prompt", "chosen", "rejected"), Columns(question="prompt", chosen="chosen", rejected="rejected")),
        (("messages",), Columns(messages="messages")),
        (("conversations", "source"), Columns(messages="conversations")),
        (("text", "label"), Columns(question="text", answer="label")),
        (("question", "answer", "category"), Columns(question="question", answer="answer")),
    ],
)
def test_columns_by_their_usual_names(names, columns):
    assert columns_of(*names) == columns


def test_a_label_of_true_and_false_is_a_verdict():
    assert columns_of("prompt", "completion", "label", label="True") == Columns(
        question="prompt", answer="completion", label="label"
    )


@pytest.mark.parametrize(
    ("names", "options", "problem", "hint"),
    [
        (("Q", "A"), {}, "rows.csv: no column has a usual name of the question among 'Q', 'A'", "QUESTION=… names"),
        (
            ("question", "answer a", "answer b"),
            {},
            "rows.csv: several may be the answer: 'answer a', 'answer b'",
            "QUESTION=question ANSWER=… names the column",
        ),
        (("Frage", "Antwort"), {"answer": "Antwrot"}, "ANSWER: rows.csv: unknown column 'Antwrot'", "did you mean"),
        (("Frage", "Punkte"), {}, "rows.csv: no column has a usual name of the answer among 'Frage', 'Punkte'", "ANSW"),
        (("text",), {}, "rows.csv has one column ('text'): a question and its answer need two", "usual names"),
    ],
)
def test_columns_that_are_not_to_be_found_are_named(names, options, problem, hint):
    with pytest.raises(UserError) as raised:
        columns_of(*names, **options)
    assert raised.value.problem == problem
    assert hint in raised.value.hint
    assert columns_of("Q", "A", question="Q", answer="A") == Columns(question="Q", answer="A")


def table_of(tmp_path, rows):
    file = tmp_path / "rows.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return read_table(file)


def made_rows(tmp_path, rows):
    table = table_of(tmp_path, rows)
    return rows_of(table, choose_columns(table), "rows")


def test_near_equal_questions_share_a_group_and_repeated_ones_make_no_row(tmp_path):
    pairs = [
        ("How do I make a buffer solution of pH seven at home?", "Mix."),
        ("How do I make a buffer solution of pH seven at home??", "Mix well."),
        ("What is an acid?", "A donor of protons."),
        ("what is an  ACID?", "A donor of protons."),
        ("What is an acid?", "Sour."),
    ]
    result = made_rows(tmp_path, [{"question": question, "answer": answer} for question, answer in pairs])
    groups = [row["group"] for row in result.rows]
    assert groups[0] == groups[1] != groups[2]
    assert result.reasons() == {"repeats an earlier row": [4], "repeats a question, other answer": [5]}


def test_questions_of_one_template_are_groups_of_their_own(tmp_path):
    rows = [{"question": f"Please compute the sum of the numbers {i} and 17 for me", "answer": i} for i in range(40)]
    result = made_rows(tmp_path, rows)
    assert len({row["group"] for row in result.rows}) == 40


@pytest.mark.parametrize(
    ("row", "row_format"),
    [
        ({"instruction": "Sum up.", "input": "A long text.", "output": "Short."}, "chats"),
        ({"conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello"}]}, "chats"),
        ({"messages": '[{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]'}, "chats"),
        ({"prompt": "Hi", "chosen": "Hello", "rejected": "Go away"}, "preferences"),
        (
            {
                side: [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": side}]
                for side in ("chosen", "rejected")
            },
            "preferences",
        ),
        ({"prompt": "Hi", "completion": "Hello", "label": True}, "feedback"),
    ],
)
def test_each_format_makes_valid_rows(tmp_path, row, row_format):
    result = made_rows(tmp_path, [row])
    assert result.faults == []
    assert format_of(result.rows[0]) == row_format


def test_personal_data_is_flagged():
    text = "Mail an max.muster@example.org, IBAN DE89 3704 0044 0532 0130 00"
    assert personal_data(text) == {"e-mail address", "IBAN"}
    assert personal_data("Call +49 30 12345678") == {"phone number"}
    for plain in ("Compute 123456789 * 987654321", "From 1990 to 2010: 12 345 678 people", "a @ b", "x = 0.1234567"):
        assert personal_data(plain) == set(), plain


def test_source_reads_a_plain_table_in_any_project(made_project, tmp_path):
    file = tmp_path / "Own rows.csv"
    lines = ["Frage;Antwort", ";empty", *(f"What do {number} acids, mixed, weigh?;{number} g" for number in range(40))]
    file.write_text("\n".join(lines), encoding="utf-8")
    for read in ("", "def read(path):\n    from gretchen.errors import UserError\n    raise UserError('not mine')\n"):
        name = made_project("def chats():\n" + chats(TRAIN[:2]) + read)
        build(name, "tiny", ExternalSource(path=str(file), alone=True))
        rows = [row for rows in built_rows(tmp_path).values() for row in rows]
        assert len(rows) > 30
        assert {row["form"] for row in rows} == {"own-rows"}
    file.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(UserError, match="not mine"):
        build(name, "tiny", ExternalSource(path=str(file)))
