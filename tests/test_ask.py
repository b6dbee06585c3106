"""`make ask`: one question to several models, a chat, the course's table, and input that no terminal may obey."""

import io
import json
import sys

import pytest
from hostile_text import HALF, TEXTS
from rich.console import Console
from run_records import write_run

from gretchen import cli
from gretchen.errors import UserError
from gretchen.models.generate import Completion, Conversation, SamplingParams, generate, load
from gretchen.models.pieces import Pieces
from gretchen.models.stream import stream
from gretchen.safe_text import UNSAFE, visible
from gretchen.scoring.fixed_questions import course_questions
from gretchen.serving.chat_models import ChatModel, folder_model, project_models
from gretchen.serving.panes import ask_side_by_side, columns

PROJECT = "genome-chatbot"
BASE = f"projects/{PROJECT}/base"
NASTY = "Complement of \"ATG\" `rm -rf x` $(touch x) \\ 'AAA'?\nAnd \x1b[31mred\x1b[0m \x07?"
GREEDY = SamplingParams(max_new_tokens=12)
ALL = [*TEXTS, HALF]


@pytest.fixture(scope="module")
def base(root):
    """Return the flagship's base in memory."""
    return load(BASE)


@pytest.fixture
def loaded(base, monkeypatch):
    """Let every model that is asked be the one in memory."""
    monkeypatch.setattr("gretchen.serving.chat_models.load", lambda *_: base)


def test_a_streamed_answer_is_the_generated_one(base):
    for question in ("Complement of ATG AAA", NASTY):
        pieces = []
        messages = [{"role": "user", "content": question}]
        answer = stream(base, messages, GREEDY, pieces.append)
        assert answer == generate(base, [Conversation(messages)], GREEDY)[0]
        assert "".join(pieces) == answer.text


def test_sampling_repeats_with_its_seed(base):
    messages = [{"role": "user", "content": "Complement of ATG AAA"}]
    hot = SamplingParams(max_new_tokens=12, temperature=1.5)
    assert stream(base, messages, hot, lambda _: None) == stream(base, messages, hot, lambda _: None)


def test_pieces_end_where_characters_are_whole(base):
    text = "Größe: 日本語 ✓"
    pieces, taken = Pieces(base.tokenizer), []
    for token in base.tokenizer.encode(text, add_special_tokens=False):
        pieces.add(token)
        taken += [piece.text for piece in pieces.take()]
    assert "".join(taken) == text
    assert not any("\N{REPLACEMENT CHARACTER}" in piece for piece in taken)


def test_a_prompt_beyond_the_context_is_one_sentence(base):
    with pytest.raises(UserError, match=r"the prompt has [\d,]+ tokens; with 12 for the answer that is more than"):
        stream(base, [{"role": "user", "content": "ATG " * 3000}], GREEDY, print)


def test_a_question_with_quotes_backticks_and_escapes_is_only_text(loaded, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cli.run(["ask", f"--project={PROJECT}", f"--prompt={NASTY}", "--max-new-tokens=8"]) == 0
    shown = capsys.readouterr()
    assert shown.out.startswith("base:\n")
    assert "\x1b" not in shown.out
    assert "only the base answered: make train PROJECT=genome-chatbot" in shown.err
    assert "a real chat model: make ask PROJECT=genome-chatbot PROFILE=laptop" in shown.err
    assert list(tmp_path.iterdir()) == []


def test_what_a_model_writes_moves_no_cursor():
    assert visible("a\x1b[2Jb\r\nc\td\x9b1me\x00") == "a\\u001b[2Jb\nc\td\\u009b1me\\u0000"
    (cell,) = columns(["x"], [["[red]\x1b[31m"]]).columns[0]._cells
    assert str(cell) == "[red]\\u001b[31m"


def test_hostile_answers_are_text_in_a_pipe_and_in_a_terminals_columns(loaded, capsys, monkeypatch):
    def hostile(model, messages, params, on_text):
        for text in ALL:
            on_text(f"{text}\n")
        return Completion("", ended=True)

    monkeypatch.setattr("gretchen.serving.panes.stream", hostile)
    names = ["base\x1b[2J", "sft.zephyr"]
    ask_side_by_side([ChatModel(name, BASE) for name in names], [{"role": "user", "content": NASTY}], GREEDY)
    shown = capsys.readouterr().out
    assert shown.startswith("base\\u001b[2J:\n")
    assert all(shown.count(f"{visible(text)}\n") >= 2 for text in ALL)
    assert not UNSAFE.search(shown)
    terminal = Console(file=io.StringIO(), width=200)
    terminal.print(columns(names, [[text[:1000], text[:1000]] for text in ALL]))
    assert not UNSAFE.search(terminal.file.getvalue())


def test_a_chat_has_several_turns_and_ends_with_an_empty_line(loaded, capsys, monkeypatch):
    asked = []

    def remembered(model, messages, params, on_text):
        asked.append([message["role"] for message in messages])
        return stream(model, messages, params, on_text)

    monkeypatch.setattr("gretchen.serving.panes.stream", remembered)
    monkeypatch.setattr(sys, "stdin", io.StringIO("Complement of ATG\nAnd of AAA?\n\nnever asked\n"))
    assert cli.run(["ask", f"--project={PROJECT}", "--system=Be brief.", "--max-new-tokens=4"]) == 0
    assert asked == [["system", "user"], ["system", "user", "assistant", "user"]]
    assert capsys.readouterr().out.startswith("a chat with base; an empty line ends it\n> ")


def test_ctrl_c_while_an_answer_streams_is_one_word(loaded, capsys, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("gretchen.serving.panes.visible", interrupted)
    assert cli.run(["ask", f"--project={PROJECT}", "--prompt=Complement of ATG"]) == 130
    assert capsys.readouterr().err == "\nstopped\n"


def test_the_courses_questions_are_a_table(loaded, capsys):
    words = ["ask", f"--project={PROJECT}", "--questions", "--max-new-tokens=3"]
    assert cli.run(words) == 0
    header, ruler, *rows = capsys.readouterr().out.splitlines()
    assert header == "| question (shows; kind) | base |"
    assert ruler == "| --- | --- |"
    assert len(rows) == len(course_questions())
    assert rows[0].startswith("| Nun sag', wie hast du's mit der Religion? (task, form; values) | ")
    assert cli.run([*words, "--json"]) == 0
    first = json.loads(capsys.readouterr().out)[0]
    assert (first["id"], list(first["answers"])) == ("gretchenfrage-de", ["base"])


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ([], "ask takes a project or a model"),
        ([f"--project={PROJECT}", f"--model={BASE}"], "ask takes a project or a model"),
        ([f"--project={PROJECT}", "--prompt=x", "--questions"], "PROMPT and QUESTIONS=1 exclude each other"),
        (["--model=nowhere/at/all", "--prompt=x"], "there is no folder nowhere/at/all"),
        (["--model=tests", "--prompt=x"], "tests holds neither config.json nor adapter_config.json"),
        (["--project=genome-chatbo", "--prompt=x"], "unknown project 'genome-chatbo'"),
        (
            [f"--project={PROJECT}", "--prompt=x", "--runs=20200101-000000-abcd"],
            "unknown run '20200101-000000-abcd' of genome-chatbot",
        ),
        ([f"--project={PROJECT}", "--prompt=x", "--temperature=-1"], "Invalid value for '--temperature'"),
        ([f"--project={PROJECT}", "--prompt=x", "--profile=gpu-24gb"], "profile 'gpu-24gb' needs an NVIDIA GPU"),
    ],
)
def test_bad_input_is_one_sentence(root, words, problem, capsys, monkeypatch):
    monkeypatch.chdir(root)
    assert cli.run(["ask", *words]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith(f"error: {problem}")


def test_the_models_of_a_project_are_its_base_and_the_newest_run_of_each_recipe(flagship, monkeypatch):
    monkeypatch.setenv("GRETCHEN_ROOT", str(flagship))
    runs = flagship / "runs" / PROJECT
    start = {"base": {"model": BASE, "weights": "w" * 16}}
    for recipe, name in (("sft.zephyr", "a"), ("sft.zephyr", "b"), ("dpo.zephyr", "c"), ("reward.zephyr", "d")):
        (runs / recipe / f"20260101-00000{'abcd'.index(name)}-{name * 4}" / "adapter").mkdir(parents=True)
    folders = sorted(runs.glob("*/*"), key=lambda folder: folder.name)
    for folder in folders:
        write_run(folder, **start)
    asked = project_models(PROJECT, "tiny", [])
    assert [model.name for model in asked] == ["base", "sft.zephyr", "dpo.zephyr"]
    assert [model.adapter for model in asked[1:]] == [folders[1] / "adapter", folders[2] / "adapter"]
    both = project_models(PROJECT, "tiny", [folders[0].name, folders[1].name])
    assert [model.name for model in both[1:]] == [f"sft.zephyr {folder.name}" for folder in folders[:2]]
    with pytest.raises(UserError, match="is a reward model, which answers nothing"):
        project_models(PROJECT, "tiny", [folders[3].name])
    with pytest.raises(UserError, match="was trained under another profile than laptop"):
        project_models(PROJECT, "laptop", [folders[0].name])


def test_in_a_terminal_answers_stand_side_by_side(loaded, capsys, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "100")
    models = [ChatModel("base", BASE), ChatModel("sft.zephyr", BASE)]
    answers = ask_side_by_side(models, [{"role": "user", "content": "Complement of ATG AAA"}], GREEDY)
    assert answers[0] == answers[1]
    shown = capsys.readouterr().out
    (heading,) = {line for line in shown.splitlines() if "sft.zephyr" in line}
    assert heading.index("base") < heading.index("sft.zephyr")
    first = answers[0].text.splitlines()[0]
    assert any(line.count(first) == 2 for line in shown.splitlines())


def test_a_folder_may_hold_a_model_or_an_adapter(root, tmp_path, monkeypatch):
    monkeypatch.chdir(root)
    assert folder_model(BASE).model == str(root / BASE)
    (tmp_path / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": BASE}), encoding="utf-8")
    asked = folder_model(str(tmp_path))
    assert (asked.model, asked.adapter) == (BASE, tmp_path)
    assert folder_model("Qwen/Qwen3-4B").model == "Qwen/Qwen3-4B"
