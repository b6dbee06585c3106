"""A question as a document of the embedded base: `as_document`, few-shot documents, the answer in a continuation."""

import dataclasses
import re
from pathlib import Path

import pytest

from gretchen.errors import UserError
from gretchen.models.generate import Completion, Conversation, Model
from gretchen.scoring import closed_loop
from gretchen.scoring.answers import PromptedRow
from gretchen.scoring.document_form import DocumentForm, answer_in, beginnings_of, prompt_text
from gretchen.scoring.evaluation import GenerationSettings
from gretchen.scoring.few_shot import FewShot, WorkedExamples, few_shot_documents
from gretchen.scoring.scored import Answer


def row(number, answer="AUG\nGAG", form="x"):
    messages = [{"role": "user", "content": f"Question {number}?"}, {"role": "assistant", "content": answer}]
    return {"id": str(number), "form": form, "messages": messages, "meta": {}}


def as_document(row):
    number = int(row["id"])
    return None if number > 8 else f"Task {number}:" if number > 5 else f"Task {number}\n"


FORM = DocumentForm(Path("projects/p/dataset.py"), as_document)


def test_a_row_without_a_document_is_none_and_a_wrong_return_one_sentence():
    rows = [row(1), row(7), row(9)]
    assert beginnings_of(FORM, rows) == {"1": "Task 1\n", "7": "Task 7:"}
    assert (FORM.answered(rows[0]), FORM.answered(rows[1])) == ("Task 1\nAUG\nGAG", "Task 7: AUG\nGAG")
    assert FORM.answered(rows[2]) is None
    wrong = DocumentForm(FORM.file, lambda row: row["messages"])
    with pytest.raises(UserError, match=r"dataset.py: as_document\(\) of row '1' returned \[\{'role'"):
        wrong.beginning(rows[0])
    raising = DocumentForm(FORM.file, lambda row: row["sequence"])
    with pytest.raises(UserError, match=re.escape("as_document() of row '1' raised KeyError: 'sequence'")):
        raising.beginning(rows[0])


@pytest.mark.parametrize(
    ("continuation", "ended", "expected"),
    [
        (" AUG\nGAG\nTask: complement\nTAC", False, ("AUG\nGAG", True)),
        ("AUG\nGAG\n", True, ("AUG\nGAG", True)),
        ("AUG", True, ("AUG", True)),
        ("AUG\nGAG", False, ("AUG\nGAG", False)),
        ("", True, ("", True)),
    ],
)
def test_the_answer_is_as_many_lines_as_the_reference_has(continuation, ended, expected):
    answer = answer_in(Answer("1", 0, continuation, ended), row(1))
    assert (answer.prediction, answer.ended) == expected


def test_few_shot_documents_are_answered_documents_before_the_question():
    assert prompt_text("Task 1: ") == "Task 1:"
    assert (
        few_shot_documents("Task 7:", [row(1, "A"), row(6, "B"), row(9)], FORM) == "Task 1\nA\n\nTask 6: B\n\nTask 7:"
    )


class Tokenizer:
    """One token per character."""

    chat_template = "{% for m in messages %}{{ m['content'] }}{% endfor %}"

    def encode(self, text, add_special_tokens=False, verbose=True):
        return list(text)

    def apply_chat_template(self, messages, **_):
        return "".join(message["content"] for message in messages)


def test_few_shot_prompts_are_documents_where_rows_have_them_and_fit_the_context():
    class Network:
        class config:
            max_position_embeddings = 40

    model = Model(Tokenizer(), Network())
    train = [row(number, "A") for number in range(1, 6)]
    few_shot = FewShot(model, WorkedExamples(train), 8, FORM)
    document, chat = few_shot.prompt_of(row(7)), few_shot.prompt_of(row(9))
    assert isinstance(document, str) and document.endswith("\n\nTask 7:")
    assert len(document) <= 32, "two examples of three fit"
    assert document.count("\nA\n") == 2
    assert isinstance(chat, Conversation)
    windowed = dataclasses.replace(few_shot, form=dataclasses.replace(FORM, window=33))
    assert windowed.prompt_of(row(7, "A")) == document, "27 tokens and an answer of one"
    shorter = windowed.prompt_of(row(7, "AUG\nGAG"))
    assert shorter.count("\nA\n") == 1, "the answer must fit the window too, as long as it really is"
    assert isinstance(dataclasses.replace(few_shot, form=None).prompt_of(row(7)), Conversation)


def test_in_a_closed_loop_every_turn_is_asked_as_a_document_of_what_was_said_so_far(monkeypatch):
    """The answers are scripted: what the model is asked is what this is about."""
    asked: list[list[str]] = []

    def scripted(model, prompts, params, on_token=None):
        asked.append(prompts)
        return [Completion(f" answer {len(asked)}\nTask 9", ended=False) for _ in prompts]

    class Simulator:
        def reply(self, row, turns):
            return f"Reply to {turns[-1]['content']}" if len(turns) < 3 else None

    def said(row):
        turns = [f"{turn['role'][0]}: {turn['content']}" for turn in row["messages"][:-1]]
        return "\n".join([*turns, "a: "])

    monkeypatch.setattr(closed_loop, "generate", scripted)
    form, answers = dataclasses.replace(FORM, as_document=said), []
    settings = GenerationSettings(max_new_tokens=8, stop=(), samples=1, temperature=0.0, seed=0)
    samples = [(PromptedRow(row(1, "A"), form.prompt_of(row(1, "A"))), 0)]
    closed_loop.generate_in_loop(None, settings, closed_loop.Loop(Simulator(), form.prompt_of), samples, answers.extend)
    assert asked == [["u: Question 1?\na:"], ["u: Question 1?\na: answer 1\nu: Reply to answer 1\na:"]]
    assert [turn["content"] for turn in answers[0].prediction] == ["answer 1", "Reply to answer 1", "answer 2"]
    assert answers[0].ended, "a line followed each answer"
