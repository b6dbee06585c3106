"""`make data`: validated rows, splits by group, duplicates, rows from an external source."""

import json

import pytest
from made_project import TEST, TRAIN, build_problem, built_rows, chats

from gretchen.commands.data import print_summary
from gretchen.projects.build import build
from gretchen.projects.card import load_card
from gretchen.projects.datacard import ExternalSource, NearDuplicates, load_data_card
from gretchen.projects.rows import Fault, row_fault
from gretchen.projects.splits import official_key, split_of
from gretchen.projects.subjects import same_subject, subject


def test_rows_go_where_their_group_says_and_meta_is_one_string(made_project, tmp_path):
    body = (
        "def chats():\n"
        + chats(TRAIN[:5] + TEST[:3])
        + f'    yield chat("h", "{TEST[9]}", "Hard?", meta={{"n": 1}}, hard=True)\n'
    )
    assert build(made_project(body), "tiny")
    rows = built_rows(tmp_path)
    assert {split: len(split_rows) for split, split_rows in rows.items()} == {
        "train": 5,
        "validation": 0,
        "test": 3,
        "hard": 1,
    }
    assert rows["hard"][0]["meta"] == '{"n": 1}'
    assert rows["hard"][0]["group"] == [TEST[9]]
    assert "hard" not in rows["hard"][0]


def test_a_row_whose_groups_disagree_and_a_hard_row_of_training_are_left_out(made_project, tmp_path):
    body = "def chats():\n" + chats(TRAIN[:2])
    body += f'    yield chat("both", ["{TRAIN[0]}", "{TEST[0]}"], "Both sides of the split?")\n'
    body += f'    yield chat("hard", "{TRAIN[1]}", "Hard but not held out?", hard=True)\n'
    build(made_project(body), "tiny")
    assert sum(map(len, built_rows(tmp_path).values())) == 2
    assert load_data_card("made").formats["chats"].left_out == {
        "groups in several splits": 1,
        "hard, but not held out": 1,
    }


def test_exact_duplicates_go_whatever_their_case_and_blanks(made_project, tmp_path):
    body = f"""
    def chats():
        yield chat("one", "{TRAIN[0]}", "What  is it?")
        yield chat("two", "{TRAIN[1]}", "what is IT?", answer="no")
        yield chat("three", "{TRAIN[2]}", "What is that?")
    """
    build(made_project(body), "tiny")
    assert [row["id"] for row in built_rows(tmp_path)["train"]] == ["one", "three"]
    assert load_data_card("made").formats["chats"].left_out == {"exact duplicate": 1}


def test_a_profile_with_forms_has_rows_of_these_alone(made_project, tmp_path):
    body = (
        "def chats():\n" + chats(TRAIN[:4]) + f'    yield chat("t", "{TRAIN[5]}", "A table?") | {{"form": "table"}}\n'
    )
    card = tmp_path / "projects/made/project.yaml"
    name = made_project(body)
    text = card.read_text(encoding="utf-8")
    card.write_text(text + "forms: {tiny: [table]}\n", encoding="utf-8")
    build(name, "tiny")
    assert [row["id"] for row in built_rows(tmp_path)["train"]] == ["t"]
    assert load_data_card("made").formats["chats"].left_out == {}
    build(name, "laptop")
    assert len(built_rows(tmp_path)["train"]) == 5


def test_a_form_that_no_row_has_is_named_with_the_nearest(made_project, tmp_path):
    name = made_project("def chats():\n" + chats(TRAIN[:4]))
    card = tmp_path / "projects/made/project.yaml"
    card.write_text(card.read_text(encoding="utf-8") + "forms: {tiny: [ask, asks]}\n", encoding="utf-8")
    assert "project.yaml: forms: unknown form 'asks': no row of dataset.py has it" in build_problem(name)


def test_a_source_alone_needs_none_of_the_cards_forms(made_project, tmp_path):
    reader = "import json\ndef read(path):\n    yield from map(json.loads, open(path, encoding='utf-8'))\n"
    name = made_project("def chats():\n" + chats(TRAIN[:4]) + reader)
    card, source = tmp_path / "projects/made/project.yaml", tmp_path / "rows.jsonl"
    card.write_text(card.read_text(encoding="utf-8") + "forms: {tiny: [ask]}\n", encoding="utf-8")
    messages = [{"role": "user", "content": "Who?"}, {"role": "assistant", "content": "I."}]
    source.write_text(json.dumps({"id": "o", "form": "outside", "group": TRAIN[9], "messages": messages}) + "\n")
    build(name, "tiny", ExternalSource(path=str(source), alone=True))
    assert [row["id"] for row in built_rows(tmp_path)["train"]] == ["o"]


LONG = "Please state in one short sentence which of the two long rivers near the old town is the longer one, number {n}"
OTHER_WORDS = LONG.replace("Please state in", "Please state now in")


def test_near_duplicates_of_an_external_source_are_dropped_those_of_the_builder_stay(made_project, tmp_path, capsys):
    body = "def chats():\n" + chats(TRAIN[:4], LONG.format(n="{key}"))
    body += chats(TRAIN[4:5], OTHER_WORDS.format(n=TRAIN[0]))
    body += "import json\ndef read(path):\n    yield from map(json.loads, open(path, encoding='utf-8'))\n"
    source = tmp_path / "rows.jsonl"
    row = {"form": "outside", "messages": [{"role": "user", "content": ""}, {"role": "assistant", "content": "a"}]}
    repeated = OTHER_WORDS.format(n=TRAIN[1])
    texts = [LONG.format(n=77), LONG.format(n=78), repeated, OTHER_WORDS.format(n=77)]
    with source.open("w", encoding="utf-8") as stream:
        for number, text in enumerate(texts):
            row["messages"][0]["content"] = text
            stream.write(json.dumps(row | {"id": f"o{number}", "group": TRAIN[50 + number]}) + "\n")
    build(made_project(body), "tiny", ExternalSource(path=str(source)))
    rows = built_rows(tmp_path)["train"]
    assert [row["id"] for row in rows] == [*TRAIN[:5], "o0", "o1"]
    summary = load_data_card("made").formats["chats"]
    assert summary.left_out == {"near-duplicate from outside": 2}
    assert summary.near_duplicates == NearDuplicates(rows=1, of=5)
    assert summary.from_outside == 2
    print_summary(load_data_card("made"))
    assert "  chats: left out 2: near-duplicate from outside (it differs from another row in" in capsys.readouterr().out
    # Training uses the same source; `make data` without SOURCE does not.
    assert not build("made", "tiny")
    assert build("made", "tiny", None)
    assert len(built_rows(tmp_path)["train"]) == 5
    build("made", "tiny", ExternalSource(path=str(source), alone=True))
    assert [row["id"] for row in built_rows(tmp_path)["train"]] == ["o0", "o1", "o2"]


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("What is the official symbol of LMP10?", "What is the official symbol of LMP7?", False),
        ("Genes related to anemia due to hexokinase deficiency", "Genes related to anemia due to kinase loss", False),
        ("Which chromosome is rs1430464868 on?", "Which chromosome is rs1430464869 on?", False),
        ("Translate ATG AAA", "Translate ATG AAA CCC", False),
        ("Which gene is on the + strand?", "Which gene is on the - strand?", False),
        ("Round -1.5 up", "Round 1.5 up", False),
        ("Which rivers flow there?", "Which rivers flow there in Spain?", False),
        ("What is the official symbol of LMP10?", "So what is the official symbol of LMP10 , please", True),
        ("Which rivers flow there? State one.", "Which of the rivers flow there. State just one!", True),
    ],
)
def test_what_identifies(first, second, same):
    assert same_subject(subject(first), subject(second)) is same
    assert same_subject(subject(second), subject(first)) is same


def test_a_key_may_name_the_official_split(made_project, tmp_path, capsys):
    keys = [official_key("thing:1", split) for split in ("train", "validation", "test")]
    assert [split_of(key) for key in keys] == ["train", "validation", "test"]
    assert split_of([TRAIN[0], keys[0]]) == "train"
    assert split_of([TRAIN[0], keys[2]]) is None
    body = "def chats():\n" + chats(TRAIN[:2]) + f'    yield chat("x", ["{TRAIN[0]}", "{TEST[0]}"], "In two splits?")\n'
    build(made_project(body + f'    yield chat("t", "{keys[2]}", "In the test set?")\n'), "tiny")
    assert [row["id"] for row in built_rows(tmp_path)["test"]] == ["t"]
    print_summary(load_data_card("made"))
    assert "  chats: left out 1: groups in several splits (a row with several group keys" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ('{"id": "x"}', "'form' is missing or not a string"),
        ('chat("x", "", "A?")', "'group' is '', expected a string or a list of strings, none of them empty"),
        ('chat("x", None, "A?")', "'group' is missing: a string (or several) that rows about the same thing share"),
        ('chat("x", "g", "A?", answer=42)', "messages[1]: 'content' is 42, expected a string: str(…)"),
        (
            'chat("x", "g", "A?", meta={"a": 1, "b": [float("nan")]})',
            "meta['b'] is a list, which JSON does not have",
        ),
        (
            'chat("x", "g", "A?", meta={"a": {1}})',
            "meta['a'] is a set, which JSON does not have",
        ),
        ('chat("x", "g", "A?", meta="nan")', "'meta' is a string that is no JSON object"),
        ('chat("x", "g", "A?", answer=" ")', "messages[1] is empty"),
        ('chat("x", "g", "A?", topic=1)', "unknown column 'topic': what scoring needs goes into 'meta'"),
        ('chat("x", "g", "A?")["messages"]', "a row is a dict, not list"),
        ('chat("ok", "g", "A?")', "an earlier row has the same id 'ok'"),
    ],
)
def test_a_faulty_row_of_the_builder_names_file_line_and_reason(made_project, row, reason):
    name = made_project(f'def chats():\n    yield chat("ok", "{TRAIN[0]}", "Good?")\n    yield {row}\n')
    location = "projects/made/dataset.py:8: chats() yields a faulty row, number 2: "
    assert build_problem(name).startswith(location + reason)


def test_answers_that_are_empty_cells_are_refused(made_project):
    body = "def chats():\n" + chats(TRAIN[:8])
    body += f"    yield chat('x', '{TRAIN[20]}', 'And what of an empty cell?', answer='nan')\n"
    problem = build_problem(made_project(body))
    assert problem == "1 of 9 answers of chats are 'nan', the first in row 'x': empty cells of a table?"


def test_make_data_without_the_source_of_before_says_so(made_project, tmp_path, capsys):
    from gretchen.commands.data import data

    body = "def chats():\n" + chats(TRAIN[:4]) + "def read(path):\n    yield chat('o', 'g', 'From outside?')\n"
    (tmp_path / "in").touch()
    data(made_project(body), "tiny", str(tmp_path / "in"))
    assert "without the rows" not in capsys.readouterr().out
    data("made", "tiny")
    assert f"without the rows of {tmp_path}/in, which were built in before: SOURCE=" in capsys.readouterr().out


@pytest.mark.parametrize("repeat", ["QUESTION", 'f"Number {n}?", hard=True'])
def test_a_generator_that_repeats_itself_for_ever_is_stopped(made_project, capsys, repeat):
    """Either it asks the same questions again under other ids, or it yields rows that no split takes."""
    body = f"""
    QUESTION = "Which of the three is it?"
    def chats():
        yield chat("first", "{TRAIN[0]}", QUESTION)
        n = 0
        while True:
            n += 1
            yield chat(f"row {{n}}", "{TRAIN[0]}", {repeat})
    """
    build(made_project(body), "tiny")
    assert load_data_card("made").formats["chats"].rows["train"] == 1
    asked = f"{load_card('made').rows.tiny:,}"
    assert f"dataset.py:10: chats() has only 1 different row, {asked} are asked for" in capsys.readouterr().err


def test_a_missing_generator_and_a_missing_reader_are_named(made_project, tmp_path):
    assert build_problem(made_project("x = 1\n")) == "projects/made/dataset.py defines no generator of rows"
    name = made_project("def chats():\n" + chats(TRAIN[:2]))
    problem = build_problem(name, ExternalSource(path=str(tmp_path)))
    assert problem == "projects/made/dataset.py defines no read(path), which a folder as SOURCE needs"


def test_a_missing_source_is_named(made_project):
    name = made_project("def chats():\n" + chats(TRAIN[:2]) + "def read(path):\n    yield\n")
    assert (
        build_problem(name, ExternalSource(path="/nowhere/rows.csv"))
        == "SOURCE: no such file or folder: /nowhere/rows.csv"
    )


def test_faulty_external_rows_are_left_out_and_named_with_file_and_line(made_project, tmp_path):
    (tmp_path / "in").touch()
    body = "def chats():\n" + chats(TRAIN[:2])
    body += "def read(path):\n    from gretchen.projects.rows import Fault\n"
    body += '    yield Fault(str(path), 3, "no answer")\n    yield chat("good", "g1", "From outside?")\n'
    body += '    yield {"a": 1}\n'
    build(made_project(body), "tiny", ExternalSource(path=str(tmp_path / "in")))
    assert load_data_card("made").faults == [
        f"{tmp_path}/in:3: no answer",
        f"{tmp_path}/in: row 3 has the columns of no format (a)",
    ]
    only_faults = body.replace('yield chat("good", "g1", "From outside?")', "pass").replace('yield {"a": 1}', "pass")
    assert (
        build_problem(made_project(only_faults), ExternalSource(path=str(tmp_path / "in")))
        == f"{tmp_path}/in:3: no answer"
    )


def test_a_broken_builder_is_named_with_its_line(made_project):
    assert build_problem(made_project("def chats(:\n")).startswith("projects/made/dataset.py:8: ")


def test_formats_are_those_of_trl(made_project):
    question = [{"role": "user", "content": "A?"}]
    yes, no = ([{"role": "assistant", "content": text}] for text in ("yes", "no"))
    common = {"id": "x", "form": "f", "group": "g"}
    assert row_fault(common | {"prompt": question, "chosen": yes, "rejected": no}, "preferences") is None
    same = common | {"prompt": question, "chosen": yes, "rejected": yes}
    assert row_fault(same, "preferences") == "'chosen' and 'rejected' are identical"
    assert row_fault(common | {"prompt": question, "completion": yes, "label": True}, "feedback") is None
    assert (
        row_fault(common | {"prompt": question, "completion": yes, "label": 1}, "feedback")
        == "'label' is neither true nor false"
    )
    assert (
        row_fault(common | {"prompt": yes}, "prompts")
        == "prompt ends with a turn of 'assistant', expected user or tool or system"
    )
    assert str(Fault("a.csv", 3, "no answer")) == "a.csv:3: no answer"
