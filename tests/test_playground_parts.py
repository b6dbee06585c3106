"""The playground without a browser: a token's table, the request of each model, the program, presets, bad input."""

import math
import threading

import pytest

from gretchen import cli
from gretchen.errors import UserError
from gretchen.feedback import votes
from gretchen.models.tokens import Alternative, Token
from gretchen.serving import presets
from gretchen.serving.chat_models import ChatModel
from gretchen.serving.presets import Preset, Settings
from gretchen.web.code import python_code
from gretchen.web.settings import body, request, validated
from gretchen.web.token_table import shown, token_table

BASE, SFT = ChatModel("base", "b", is_base=True), ChatModel("sft.zephyr", "b")


def test_a_tokens_table_adds_up():
    shares = {"Ja": 0.4380, "Def": 0.1578, "Als": 0.1341, " Hm": 0.0907, "\n": 0.0275}
    top = tuple(Alternative(n, text, text.encode(), math.log(p)) for n, (text, p) in enumerate(shares.items()))
    table = token_table(Token(3, " Hm", b" Hm", math.log(0.0907), top))
    assert [(row.text, round(row.share, 4), row.is_chosen) for row in table.rows][3:] == [
        ("␣Hm", 0.0907, True),
        ("↵", 0.0275, False),
    ]
    summary = "−2.40 log probability (9.07 %); the 5 likeliest cover 84.81 %"
    assert table.summary.replace("\N{NO-BREAK SPACE}", " ") == summary
    unlikely = token_table(Token(9, "Nun", b"Nun", math.log(0.001), top))
    assert [(row.text, row.is_chosen) for row in unlikely.rows][-1] == ("Nun", True)
    assert len(unlikely.rows) == 6
    assert shown("a\x1b[1m\u202e\t") == "a\\u001b[1m\\u202e⇥"


def test_a_base_gets_the_raw_prompt_and_a_chat_model_its_template():
    chat = Settings(system="Be brief.", prompt="Why?", max_tokens=9)
    common = {"max_tokens": 9, "temperature": 0.0}
    assert body(chat, BASE) == {"model": "base", "prompt": "Be brief.\n\nWhy?", **common, "logprobs": 5}
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Why?"}]
    expected = {"model": "sft.zephyr", "messages": messages, **common, "logprobs": True, "top_logprobs": 5}
    assert body(chat, SFT) == expected
    completion = Settings(
        mode="completion", system="ignored", prompt="Why", temperature=1, seed=3, stop=["\\n"], top_p=0.9
    )
    asked = body(completion, SFT)
    assert asked == {**asked, "prompt": "Why", "stop": ["\n"], "seed": 3, "top_p": 0.9}
    assert request(completion, SFT).sampling().stop == ("\n",)
    with pytest.raises(UserError, match="the prompt is empty"):
        request(Settings(), BASE)


def test_values_out_of_range_are_one_sentence():
    settings = Settings()
    settings.top_p = 1.5
    with pytest.raises(UserError, match="top-p: Input should be less than or equal to 1"):
        validated(settings)
    settings.top_p, settings.max_tokens = 1, None
    with pytest.raises(UserError, match="maximum length: Input should be a valid integer"):
        validated(settings)


def test_the_program_is_python_whatever_the_prompt_holds():
    nasty = "\"\"\" + __import__('os').abort() # {x} \\ \n'"
    for settings in (Settings(prompt=nasty, best_of=2), Settings(prompt=nasty, mode="completion", best_of=2)):
        asked = body(settings, SFT)
        code = python_code(asked, "http://127.0.0.1:1", "t")
        create = code[code.index("create(") + 6 : code.index("print(")]
        passed = eval(f"dict{create}")
        extra = passed.pop("extra_body", {})
        assert passed | extra == asked
        assert bool(extra) == ("messages" in asked)


def test_a_broken_file_of_presets_is_one_sentence(tmp_path):
    file = tmp_path / "playground.json"
    presets.save(file, "a", Preset(prompt="x"))
    assert presets.presets(file)["a"].prompt == "x"
    file.write_text(file.read_text(encoding="utf-8").replace('"top_p"', '"topp"'), encoding="utf-8")
    with pytest.raises(UserError, match=r"playground.json: presets.a.topp: Extra inputs are not permitted"):
        presets.presets(file)
    file.write_text("{", encoding="utf-8")
    with pytest.raises(UserError, match="playground.json: Invalid JSON"):
        presets.save(file, "b", Preset())
    assert file.read_text(encoding="utf-8") == "{"
    with pytest.raises(UserError, match="a preset's name has 1 to 60 characters"):
        presets.save(file, " ", Preset())


def test_votes_at_once_are_all_kept(tmp_path):
    answers = tuple(votes.VotedAnswer(model=name, source="s", text="x" * 20_000) for name in "ab")
    given = votes.Vote(
        at="2026-01-01T00:00:00+00:00", rater="", project="p", settings=votes.VotedSettings(), answers=answers
    )
    threads = [threading.Thread(target=votes.append, args=(tmp_path / "v.jsonl", given)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert votes.read(tmp_path / "v.jsonl") == [given] * 20


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--project=genome-chatbot", "--model=x"], "playground takes a project or a model, not both"),
        (["--profile=tiny"], "PROFILE belongs to a project"),
        (["--project=genome-chatbo"], "unknown project 'genome-chatbo'"),
        (["--model=nowhere/at/all"], "there is no folder nowhere/at/all"),
        (["--project=genome-chatbot", "--port=70000"], "Invalid value for '--port'"),
    ],
)
def test_bad_input_is_one_sentence(words, problem, capsys):
    assert cli.run(["playground", *words]) == 2
    shown = capsys.readouterr()
    assert (shown.out, shown.err.startswith(f"error: {problem}")) == ("", True), shown.err


def test_a_port_that_is_taken_is_one_sentence(capsys):
    from gretchen.serving.local_server import listening

    with listening(0) as bound:
        port = bound.getsockname()[1]
        assert cli.run(["playground", "--project=genome-chatbot", f"--port={port}"]) == 1
    assert f"port {port} on 127.0.0.1 cannot be used: Address already in use" in capsys.readouterr().err
