"""The fixed questions in shared_recipes/: complete, and consistent."""

from collections import Counter

import pytest

from gretchen.errors import UserError
from gretchen.scoring.fixed_questions import (
    CourseQuestion,
    course_questions,
    general_knowledge,
    read_questions,
)
from gretchen.scoring.short_answers import is_right


def test_the_gretchenfrage_comes_first():
    first, second = course_questions()[:2]
    assert first.question == "Nun sag', wie hast du's mit der Religion?"
    assert (first.language, second.language, second.id) == ("de", "en", first.twin)


def test_each_course_question_has_a_twin_in_the_other_language():
    by_id = {question.id: question for question in course_questions()}
    assert len(by_id) == 30
    for question in by_id.values():
        twin = by_id[question.twin]
        assert twin.twin == question.id
        assert twin.language != question.language
        assert (twin.shows, twin.kind) == (question.shows, question.kind)


def test_every_tag_is_used():
    questions = course_questions()
    assert {tag for question in questions for tag in question.shows} == {"syntax", "knowledge", "task", "form"}
    kinds = Counter(question.kind for question in questions)
    assert set(kinds) == {"factual", "creative", "refusal", "values"}
    assert min(kinds.values()) >= 4


def test_general_knowledge_has_fifteen_questions_in_each_of_eight_fields():
    questions = general_knowledge()
    assert list(Counter(question.field for question in questions).values()) == [15] * 8
    assert len({question.question for question in questions}) == len({question.id for question in questions}) == 120


@pytest.mark.parametrize("question", general_knowledge(), ids=lambda question: question.id)
def test_a_question_is_not_its_own_answer(question):
    assert question.question[-1] in "?."
    assert not is_right(question.question, question)
    for answer in question.answers:
        assert is_right(answer, question)
        assert is_right(f"The answer is {answer}.", question)
        assert is_right(f"**{answer.upper()}**, of course", question)


def test_no_answer_is_right_for_most_questions():
    """A model that always says the same must not score."""
    questions = general_knowledge()
    accepted = Counter(answer for question in questions for answer in question.answers)
    assert max(accepted.values()) <= 3
    assert not any(is_right("I do not know.", question) for question in questions)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[", "while parsing a flow node"),
        ("other: []", "'questions'"),
        ("questions: [{id: a}]", "language: Field required"),
        ("questions: 3", "not iterable"),
    ],
)
def test_a_file_that_does_not_hold_questions(tmp_path, text, problem):
    file = tmp_path / "questions.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UserError) as failure:
        read_questions(file, CourseQuestion)
    assert problem in failure.value.problem


def test_an_id_used_twice(tmp_path):
    file = tmp_path / "questions.yaml"
    entry = "{id: a, language: de, question: q, shows: [task], kind: factual, twin: b, look_for: l}"
    file.write_text(f"questions:\n  - {entry}\n  - {entry}\n", encoding="utf-8")
    with pytest.raises(UserError, match="id 'a' is used twice"):
        read_questions(file, CourseQuestion)
