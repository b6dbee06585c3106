"""The two fixed sets of questions in shared_recipes/, which every model can be asked, whatever it was trained on.

    course_questions()        questions.yaml: the Gretchenfrage and others, read by people
    general_knowledge()       general_knowledge.yaml: 120 short questions with accepted answers

It loads no model, and judges no answer: short_answers.py does.
"""

from pathlib import Path
from typing import Annotated, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gretchen import paths
from gretchen.errors import UserError

COURSE_QUESTIONS, GENERAL_KNOWLEDGE = "questions.yaml", "general_knowledge.yaml"
Text = Annotated[str, Field(min_length=1)]


class CourseQuestion(BaseModel):
    """A question of the course. The head of questions.yaml explains `shows`, `kind` and `twin`."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    id: Text
    language: Literal["de", "en"]
    question: Text
    shows: Annotated[list[Literal["syntax", "knowledge", "task", "form"]], Field(min_length=1)]
    kind: Literal["factual", "creative", "refusal", "values"]
    twin: Text
    look_for: Text


class KnowledgeQuestion(BaseModel):
    """A short question of general knowledge with its accepted answers."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    id: Text
    field: Text
    question: Text
    answers: Annotated[list[Text], Field(min_length=1)]


Question = TypeVar("Question", CourseQuestion, KnowledgeQuestion)


def course_questions() -> list[CourseQuestion]:
    """Return the course's questions, the Gretchenfrage first. Raises UserError for a file that does not hold them."""
    return read_questions(paths.shared_recipes() / COURSE_QUESTIONS, CourseQuestion)


def general_knowledge() -> list[KnowledgeQuestion]:
    """Return the questions of general knowledge, field by field. Raises UserError as course_questions does."""
    return read_questions(paths.shared_recipes() / GENERAL_KNOWLEDGE, KnowledgeQuestion)


def read_questions(file: Path, kind: type[Question]) -> list[Question]:
    """Return a file's questions. Raises UserError for a missing file, a wrong key or value, and an id used twice."""
    name = paths.shown(file)
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        questions = [kind.model_validate(entry) for entry in content["questions"]]
    except (OSError, yaml.YAMLError, KeyError, TypeError) as failure:
        raise UserError(f"{name}: {' '.join(str(failure).split())}", "expected a list under 'questions'") from None
    except ValidationError as invalid:
        error = invalid.errors(include_url=False)[0]
        raise UserError(f"{name}: {'.'.join(map(str, error['loc']))}: {error['msg']}, not {error['input']!r}") from None
    ids = [question.id for question in questions]
    if twice := sorted({id_ for id_ in ids if ids.count(id_) > 1}):
        raise UserError(f"{name}: id '{twice[0]}' is used twice", "give each question an id of its own")
    return questions
