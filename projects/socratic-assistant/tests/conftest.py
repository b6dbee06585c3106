"""This project's modules and rows; a fork's tests find the fork."""

from pathlib import Path

import pytest
from project_modules import module_fixtures, rows_fixture

dataset, part, evaluation = module_fixtures(Path(__file__))
chats = rows_fixture("chats", 900)
pairs = rows_fixture("preferences", 300)


@pytest.fixture
def code_row():
    """Return a row on a bug that is written out here: at `predict`, the line and the fix are still secret."""
    code = "def total(numbers):\n    result = 0\n    for n in numbers:\n        result -= n\n    return result"
    secret = {"values": ["-7", "7"], "line": 4, "code": code, "fixed": code.replace("-=", "+=")}
    moves = [
        {"form": "predict", "questions": ["What is `result` after the first pass of the loop?"], "secret": secret,
         "anchors": ["`result`", "first", "pass|loop|round"], "reply": "`result` is -7 after the first pass."},
        {"form": "locate", "questions": ["Which line gives `result` that value?"], "secret": secret | {"values": ["7"]},
         "anchors": ["`result`", "which line"], "reply": "That is line 4."},
    ]  # fmt: skip
    prompt = [{"role": "user", "content": f"My function should add up numbers:\n{code}\n`total([7, 5])` gives -12."}]
    return {"id": "code", "form": "code-predict", "prompt": prompt, "meta": {"language": "en", "plan": moves}}


@pytest.fixture
def math_row():
    """Return a row on a calculation that is written out here: 3 × 4 = 12 is next, then 12 - 2 = 10."""
    moves = [
        {"form": "sub-problem", "questions": ["Kannst du zuerst herausfinden, wie viele Eier in allen Kartons sind?"],
         "anchors": ["eier", "karton"], "secret": {"values": ["12", "10"], "operands": ["3", "4"]},
         "reply": "Das ist 3 · 4 = 12."},
    ]  # fmt: skip
    prompt = [{"role": "user", "content": "3 Kartons mit je 4 Eiern, 2 zerbrechen. Wie viele bleiben? Ich habe 5."}]
    return {"id": "math", "form": "math-sub-problem", "prompt": prompt, "meta": {"language": "de", "plan": moves}}
