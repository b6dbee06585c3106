"""`make data`: nothing that is tested on reaches training, in any format, nor the embedded base's corpus."""

import textwrap

import pytest
from made_project import TEST, TRAIN, build_problem, built_rows

from gretchen.errors import UserError
from gretchen.projects import corpus
from gretchen.projects.build import build

QUESTION = "Which of the seven secrets does the thing hide?"


def test_a_test_groups_row_in_texts_never_reaches_training(made_project, tmp_path):
    body = f"""
    def chats():
        yield chat("c1", "{TRAIN[0]}", "An ordinary question?")
        yield chat("c2", "{TEST[0]}", "{QUESTION}")
    def texts():
        yield document("planted", "{TEST[0]}", "{QUESTION} yes")
        yield document("d1", "{TRAIN[3]}", "An ordinary document.")
    """
    name = made_project(body)
    build(name, "tiny")
    assert [row["id"] for row in built_rows(tmp_path, "texts")["train"]] == ["d1"]
    folder = corpus.base_corpus(name)
    assert "planted" not in (folder / "train.jsonl").read_text(encoding="utf-8")


def test_a_test_question_planted_in_texts_fails_the_build_and_the_base(made_project, tmp_path):
    good = f"""
    def chats():
        yield chat("c1", "{TRAIN[0]}", "An ordinary question?")
        yield chat("c2", "{TEST[0]}", "{QUESTION}")
    def texts():
        yield document("d1", "{TRAIN[3]}", "An ordinary document.")
    """
    build(made_project(good), "tiny")
    before = built_rows(tmp_path, "texts")
    planted = f'yield document("planted", "{TRAIN[4]}", "Note this: {QUESTION} The third.")'
    name = made_project(textwrap.dedent(good) + f"    {planted}\n")
    leak = "the text of train row 'planted' (texts) holds the question of test row 'c2' (chats)"
    assert build_problem(name) == f"leakage between training and held-out rows:\n{leak}"
    assert built_rows(tmp_path, "texts") == before, "the earlier files are unchanged"
    with pytest.raises(UserError) as raised:
        corpus.base_corpus(name)
    assert raised.value.problem == f"leakage into the base's corpus: {leak}"


@pytest.mark.parametrize(
    ("planted", "leak"),
    [
        (
            f'chat("p", "{TRAIN[1]}", "{QUESTION.upper()}")',
            "train row 'p' (preferences) asks what test row 'c2' (chats) asks",
        ),
        (f'chat("p", ["{TEST[0]}"], "Other?", hard=True)', ""),
    ],
)
def test_the_same_question_in_another_format_is_a_leak(made_project, planted, leak):
    body = f"""
    def chats():
        yield chat("c1", "{TRAIN[0]}", "An ordinary question?")
        yield chat("c2", "{TEST[0]}", "{QUESTION}")
    def preferences():
        row = {planted}
        question, yes = row.pop("messages")
        no = {{"role": "assistant", "content": "no"}}
        yield row | {{"prompt": [question], "chosen": [yes], "rejected": [no]}}
    """
    name = made_project(body)
    if leak:
        assert build_problem(name).endswith(leak)
    else:
        assert build(name, "tiny")


def test_a_closed_table_is_exempt_by_its_name_on_the_card(made_project):
    body = f"""
    def chats():
        yield chat("c1", "{TRAIN[0]}", "{QUESTION}") | {{"form": "table"}}
    def prompts():
        row = chat("c2", "{TEST[0]}", "{QUESTION}") | {{"form": "table"}}
        yield row | {{"prompt": row.pop("messages")[:1]}}
    """
    assert build(made_project(body), "tiny")
