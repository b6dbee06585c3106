"""A question as a document of the embedded base: `as_document`, few-shot documents, the answer in a continuation."""

import dataclasses
import re
from pathlib import Path

import pytest

from gretchen.errors import UserError
from gretchen.models.generate import Conversation, Model
from gretchen.scoring.document_form import DocumentForm, answer_in, beginnings_of, prompt_text
from gretchen.scoring.few_shot import few_shot_documents, few_shot_prompts
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
    document, chat = few_shot_prompts(model, [row(7), row(9)], train, 8, FORM)
    assert isinstance(document.prompt, str) and document.prompt.endswith("\n\nTask 7:")
    assert len(document.prompt) <= 32, "two examples of three fit"
    assert document.prompt.count("\nA\n") == 2
    assert isinstance(chat.prompt, Conversation)
    windowed = dataclasses.replace(FORM, window=33)
    (fits,) = few_shot_prompts(model, [row(7, "A")], train, 8, windowed)
    assert fits.prompt == document.prompt, "27 tokens and an answer of one"
    (shorter,) = few_shot_prompts(model, [row(7, "AUG\nGAG")], train, 8, windowed)
    assert shorter.prompt.count("\nA\n") == 1, "the answer must fit the window too, as long as it really is"
    (plain,) = few_shot_prompts(model, [row(7)], train, 8)
    assert isinstance(plain.prompt, Conversation)
