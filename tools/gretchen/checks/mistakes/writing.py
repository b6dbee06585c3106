"""How rows are written: blanks around answers, decomposed characters, whole numbers as floats, questions for answers.

    writing_mistakes(rows, where)                -> problems, each once, with the number of rows that have it
    lost_letters(rows, ["de"], "dataset.py:9")   -> a warning where a language's own letters are nowhere

`where` returns where a row stands, by its number from 1.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence

from gretchen.checks.mistakes.answers import MIN_ROWS, Where, answers_of, question_of, report, texts_of
from gretchen.checks.mistakes.problems import Problem, warning
from gretchen.projects.rows import Row, normalised, reference_of

MOST, FEW = 0.5, 0.1
MIN_SHARE = 0.02
MIN_FLOATS = 5
MIN_QUESTION = 10
FLOAT = re.compile(r"[-+]?\d+\.0")
FRACTION = re.compile(r"[-+]?\d+\.\d*[1-9]\d*")
# A document that ends with a model's special token: <|im_end|>, </s>, <eos>.
SPECIAL_END = re.compile(r"(<\|[a-z][a-z0-9_]*\|>|</s>|<eos>)\s*$")
# Language -> its letters beyond ASCII, and how they are spelled without them.
LETTERS = {"de": ("äöüÄÖÜß", re.compile(r"[aou]e")), "fr": ("éèêàçùîôâ", None), "es": ("áéíóúñ¿", None),
           "pl": ("ąćęłńóśźż", None), "cs": ("áčďéěíňóřšťúůýž", None), "tr": ("çğıöşü", None),
           "sv": ("åäö", None), "pt": ("ãâáàçéêíóôõú", None), "hu": ("áéíóöőúüű", None)}  # fmt: skip
MIN_LETTERS = 5_000


def writing_mistakes(rows: Sequence[Row], where: Where) -> Iterator[Problem]:
    """Yield how rows are written that no model should learn."""
    if len(rows) < MIN_ROWS:
        return
    yield from blanks(rows, where)
    yield from decomposed(rows, where)
    yield from floats(rows, where)
    yield from questions_for_answers(rows, where)
    yield from repeated_questions(rows, where)
    yield from ended_documents(rows, where)


def found_in(rows: Sequence[Row], has_it: Callable[[Row], bool]) -> list[int]:
    """Return the numbers of the rows that have something, from 1."""
    return [number for number, row in enumerate(rows, start=1) if has_it(row)]


def blanks(rows: Sequence[Row], where: Where) -> Iterator[Problem]:
    """Warn of answers with white space around them, in most rows."""
    numbers = found_in(rows, lambda row: any(text != text.strip() for _, text in answers_of(row)))
    if len(numbers) > MOST * len(rows):
        what = "the answer begins or ends with white space, which the model would learn to write: strip it"
        yield warning(report(numbers, rows, where, what))


def decomposed(rows: Sequence[Row], where: Where) -> Iterator[Problem]:
    """Warn of characters in two parts, a letter and its accent: they are other tokens, and equal to nothing typed."""
    numbers = found_in(rows, lambda row: any(not unicodedata.is_normalized("NFC", text) for _, text in texts_of(row)))
    if len(numbers) > MIN_SHARE * len(rows):
        what = "a letter and its accent are two characters (NFD), other tokens than typed ones: unicodedata.normalize"
        yield warning(report(numbers, rows, where, f"{what}('NFC', text)"))


def floats(rows: Sequence[Row], where: Where) -> Iterator[Problem]:
    """Warn of whole numbers that became floats, as a table with an empty cell makes them."""
    answers = [reference_of(row).strip() if "text" not in row else "" for row in rows]
    numbers = [number for number, text in enumerate(answers, start=1) if FLOAT.fullmatch(text)]
    if len(numbers) >= MIN_FLOATS and not any(map(FRACTION.fullmatch, answers)):
        what = f"the answer is '{answers[numbers[0] - 1]}': whole numbers became floats: read the column as text"
        yield warning(report(numbers, rows, where, what))


def questions_for_answers(rows: Sequence[Row], where: Where) -> Iterator[Problem]:
    """Warn of answers that are questions, to questions that are none: the two are exchanged."""
    asked = found_in(rows, lambda row: question_of(row).rstrip().endswith("?"))
    answered = found_in(rows, lambda row: any(text.rstrip().endswith("?") for _, text in answers_of(row)))
    if len(answered) > MOST * len(rows) and len(asked) <= FEW * len(rows):
        yield warning(report(answered, rows, where, "the answer is a question, and the question is none: exchanged?"))


def repeated_questions(rows: Sequence[Row], where: Where) -> Iterator[Problem]:
    """Warn of answers that repeat their whole question before they say something."""

    def repeats(row: Row) -> bool:
        question = normalised(question_of(row))
        texts = [normalised(text) for column, text in answers_of(row) if column != "rejected"]
        return len(question) >= MIN_QUESTION and any(len(t) > len(question) and t.startswith(question) for t in texts)

    numbers = found_in(rows, repeats)
    if len(numbers) > MOST * len(rows):
        yield warning(report(numbers, rows, where, "the answer repeats its question: the answer's turn holds it alone"))


def ended_documents(rows: Sequence[Row], where: Where) -> Iterator[Problem]:
    """Warn of documents that end with a special token: the trainer adds the EOS."""
    numbers = found_in(rows, lambda row: bool(SPECIAL_END.search(str(row.get("text", "")))))
    if len(numbers) > MOST * len(rows):
        token = SPECIAL_END.search(rows[numbers[0] - 1]["text"])
        name = token[1] if token else ""
        yield warning(report(numbers, rows, where, f"the document ends with {name}: the trainer adds the EOS itself"))


def lost_letters(rows: Sequence[Row], languages: Sequence[str], where: str) -> Iterator[Problem]:
    """Warn of many rows in a language whose own letters are nowhere: they were lost when a file was read."""
    letters, spelled = LETTERS.get(languages[0], ("", None)) if len(languages) == 1 else ("", None)
    text = " ".join(text for row in rows for _, text in texts_of(row)) if letters else ""
    if sum(map(str.isalpha, text)) < MIN_LETTERS or any(letter in text for letter in letters):
        return
    if spelled and len(spelled.findall(text)) > len(text) / 100:  # spelled ae, oe, ue
        return
    yield warning(
        f"{where}: {len(rows)} rows in '{languages[0]}' without a single {', '.join(letters[:3])}: were these letters "
        "lost when a file was read (errors='ignore')?"
    )
