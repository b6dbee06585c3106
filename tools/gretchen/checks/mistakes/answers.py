"""Mistakes in what rows say: empty words, broken characters, one answer for all, the answer in the question.

    content_mistakes(rows, "build/x/chats/train.jsonl")      -> problems

Each mistake is reported once, with the number of rows that have it and the first of them. Thresholds leave room for
data that are meant so: tasks with few answers, questions that contain a text to extract from.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from gretchen.checks.mistakes.problems import Problem, error, warning
from gretchen.projects.rows import Row, normalised, prompt_of, reference_of, turn_text

COLUMNS = ("text", "messages", "prompt", "chosen", "rejected", "completion")
# "none" in small letters is an answer of its own ("Which of these apply?"); `str(None)` is not.
EMPTY_WORDS = {"nan", "null", "n/a", "na", "undefined", "todo", "tbd", "-", "?", "...", "…", "[object object]"}
MAX_EMPTY = 0.01
MIN_EMPTY = 2
# UTF-8 that was read as Latin-1 or cp1252 (Ã¤, â€™, Â°), and the sign for a byte that was none.
MOJIBAKE = re.compile(r"Ã[\x80-\xbf\u0192-\u2122¤¶¼Ÿ„–œ]|â€[\x80-\x9f™œž“”\u0153\u017e]|Â[\xa0-\xbf]|ï¿½|\ufffd")
ENTITIES = (
    r"amp|lt|gt|quot|apos|nbsp|shy|[aou]uml|szlig|[aeiou](?:acute|grave|circ|tilde)|ccedil|ntilde|[lrsb][sd]quo|[nm]dash|"
    r"hellip|euro|deg|times|middot|copy|reg|#\d{2,5}|#x[0-9a-f]{2,5}"
)
HTML = re.compile(rf"&({ENTITIES});|</?(br|p|div|span|b|i|td|tr|li|ul|strong|em)\s*/?>", re.IGNORECASE)
TABLE = re.compile(r"<table\b.*?</table>", re.DOTALL | re.IGNORECASE)  # a whole table in HTML is one on purpose
ESCAPES = re.compile(r"\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}|(?<!\\)\\n(?![a-z])")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b\u200e\u200f\u202a-\u202e\ufeff]")
SLOTS = re.compile(
    r"(?<![{$\\])\{[a-z_][a-z0-9_]*\}(?!\})|\$\{[a-z_]\w*\}|%\([a-z_]\w*\)s|<(?:your|insert)[ _][^>]*>", re.IGNORECASE
)
BYTES = re.compile(r"^b(['\"]).*\1$", re.DOTALL)
PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (MOJIBAKE, "broken characters: a file in another encoding was read as UTF-8, or the other way round"),
    (HTML, "HTML: the model would learn to write it"),
    (ESCAPES, "an escape sequence as text: it was escaped twice"),
    (CONTROL, "a control character"),
    (SLOTS, "a slot that was never filled"),
    (BYTES, "the text of a bytes object: decode it"),
)
MIN_SHARE = 0.02  # of the rows, for a pattern that code or markup may hold on purpose
MIN_ROWS = 20
SAME_ANSWER = 0.9
ANSWER_SHOWN = 0.9
MIN_ANSWER = 2
LONG_ROW = 100_000  # characters
CUT_SHARE, MIN_LENGTHS, MIN_CUT = 0.3, 10, 20
MANY_FORMS = 0.5
ANNOUNCED = re.compile(r"(answer|solution|label|result|antwort|lösung|ergebnis)\W{0,4}$")
MARK = re.compile(r"(->|=>|=|→|[(\[{])\s*$")
Where = Callable[[int], str]


def content_mistakes(rows: Sequence[Row], where: Where) -> Iterator[Problem]:
    """Yield the mistakes in what rows say; `where` returns where a row stands, by its number from 1."""
    yield from empty_words(rows, where)
    yield from patterns(rows, where)
    yield from long_rows(rows, where)
    yield from roles(rows, where)
    if len(rows) >= MIN_ROWS:
        yield from same_answers(rows, where)
        yield from same_sides(rows, where)
        yield from cut_answers(rows, where)
        yield from answers_in_questions(rows, where)
        yield from too_many_forms(rows, where)
        yield from different_answers(rows, where)


def texts_of(row: Row) -> Iterator[tuple[str, str]]:
    """Yield (column, text) of everything that a row says."""
    for column in COLUMNS:
        value = row.get(column)
        if isinstance(value, str):
            yield column, value
        for turn in value if isinstance(value, list) else ():
            if isinstance(turn, dict) and isinstance(turn.get("content"), str):
                yield column, turn["content"]


def answers_of(row: Row) -> Iterator[tuple[str, str]]:
    """Yield (column, text) of a row's answers."""
    for column in ("messages", "chosen", "rejected", "completion"):
        value = row.get(column)
        if isinstance(value, list) and value and isinstance(value[-1], dict):
            yield column, str(value[-1].get("content") or "")


def report(numbers: list[int], rows: Sequence[Row], where: Where, what: str) -> str:
    """Return a message about the rows of some numbers: the first one's place, and how many there are."""
    more = f" ({len(numbers)} of {len(rows)} rows)" if len(numbers) > 1 else ""
    return f"{where(numbers[0])}: {what}{more}"


def empty_words(rows: Sequence[Row], where: Where) -> Iterator[Problem]:
    """Report answers that are the name of a missing value."""
    words: dict[str, list[int]] = {}
    for number, row in enumerate(rows, start=1):
        for column, text in [*answers_of(row), ("text", str(row.get("text", "a text")))]:
            if (text.strip() == str(None) or text.strip().lower() in EMPTY_WORDS) and column != "rejected":
                words.setdefault(text.strip(), []).append(number)
    numbers = sorted({number for found in words.values() for number in found})
    if len(numbers) >= MIN_EMPTY and len(numbers) > MAX_EMPTY * len(rows):
        word = max(words, key=lambda name: len(words[name]))
        yield error(report(numbers, rows, where, f"the answer is '{word}': a missing value became text"))


def patterns(rows: Sequence[Row], where: Where) -> Iterator[Problem]:
    """Warn of broken characters, markup and slots."""
    for pattern, what in PATTERNS:
        numbers, example = [], ""
        for number, row in enumerate(rows, start=1):
            texts = [TABLE.sub("", text) if pattern is HTML else text for _, text in texts_of(row)]
            found = next((match[0] for text in texts if (match := pattern.search(text))), None)
            if found is not None:
                numbers.append(number)
                example = example or ascii(found[:12]).strip("'") if pattern is CONTROL else example or found[:30]
        few = pattern in (HTML, ESCAPES, SLOTS) and len(numbers) <= MIN_SHARE * len(rows)
        if numbers and not few:
            yield warning(report(numbers, rows, where, f"'{example}' is {what}"))


def long_rows(rows: Sequence[Row], where: Where) -> Iterator[Problem]:
    """Warn of rows far beyond any length limit."""
    lengths = [sum(len(text) for _, text in texts_of(row)) for row in rows]
    numbers = [number for number, length in enumerate(lengths, start=1) if length > LONG_ROW]
    if numbers:
        longest = f"{max(lengths):,} characters"
        yield warning(report(numbers, rows, where, f"a row of {longest}: it is cut, or left out, at the length limit"))


def roles(rows: Sequence[Row], where: Where) -> Iterator[Problem]:
    """Warn of conversations that begin with the assistant: the roles may be exchanged."""
    numbers = []
    for number, row in enumerate(rows, start=1):
        turns = row.get("messages") or row.get("prompt")
        spoken = [t.get("role") for t in turns if isinstance(t, dict)] if isinstance(turns, list) else []
        spoken = [role for role in spoken if role != "system"]
        if spoken[:1] == ["assistant"]:
            numbers.append(number)
    if numbers:
        yield warning(report(numbers, rows, where, "the conversation begins with the assistant: are roles exchanged?"))


def same_answers(rows: Sequence[Row], where: Where) -> Iterator[Problem]:
    """Report one answer to all questions; warn of one to nearly all."""
    for column in ("messages", "chosen", "completion"):
        answers = [normalised(text) for row in rows for name, text in answers_of(row) if name == column]
        if len(answers) < MIN_ROWS:
            continue
        answer, count = Counter(answers).most_common(1)[0]
        message = f"{where(1)}: {count} of {len(answers)} answers are the same: '{answer[:40]}'"
        if count == len(answers) and column != "chosen":
            yield error(f"{message}: there is nothing to learn but that")
        elif count >= SAME_ANSWER * len(answers):
            yield warning(f"{message}: a model that always says so is right")


def beginning(text: str) -> str:
    """Return a text's first word."""
    return " ".join(text.split()[:1])


def end(text: str) -> str:
    """Return a text's last character."""
    return text.strip()[-1:]


PARTS: tuple[tuple[str, Callable[[str], str]], ...] = (("are", str), ("begin with", beginning), ("end with", end))


def same_sides(rows: Sequence[Row], where: Where) -> Iterator[Problem]:
    """Warn of pairs whose rejected side is the same, or begins or ends alike, in nearly all of them."""
    sides = {
        name: [text for row in rows for column, text in answers_of(row) if column == name]
        for name in ("chosen", "rejected")
    }
    for name, other in (("rejected", "chosen"), ("chosen", "rejected")):
        texts, others = sides[name], sides[other]
        if len(texts) < MIN_ROWS or len(others) != len(texts):
            continue
        for part, cut in PARTS:
            shown, count = Counter(map(cut, texts)).most_common(1)[0]
            elsewhere = sum(cut(text) == shown for text in others)
            if count >= SAME_ANSWER * len(texts) and elsewhere <= (1 - SAME_ANSWER) * len(texts):
                yield warning(
                    f"{where(1)}: {count} of {len(texts)} '{name}' answers {part} '{shown[:40]}', '{other}' ones "
                    "hardly ever: that alone separates the sides"
                )
                break


def cut_answers(rows: Sequence[Row], where: Where) -> Iterator[Problem]:
    """Warn of answers that end at one length: they were cut."""
    lengths = [
        len(text) for row in rows for column, text in answers_of(row) if column in ("messages", "chosen", "completion")
    ]
    if not lengths or len(set(lengths)) < MIN_LENGTHS:
        return
    longest = max(lengths)
    at_limit = lengths.count(longest)
    if at_limit >= CUT_SHARE * len(lengths) and longest >= MIN_CUT:
        yield warning(
            f"{where(1)}: {at_limit} of {len(lengths)} answers have exactly {longest} characters: are they cut?"
        )


def answers_in_questions(rows: Sequence[Row], where: Where) -> Iterator[Problem]:
    """Report answers that their questions give away; warn of answers that stand somewhere in nearly all questions."""
    pairs = [(normalised(question_of(row)), normalised(reference_of(row))) for row in rows if "text" not in row]
    pairs = [(question, answer) for question, answer in pairs if question and answer]
    if len(pairs) < MIN_ROWS or len({answer for _, answer in pairs}) < 2:
        return
    given = [number for number, (question, answer) in enumerate(pairs, start=1) if given_away(question, answer)]
    inside = [
        n for n, (question, answer) in enumerate(pairs, start=1) if len(answer) >= MIN_ANSWER and answer in question
    ]
    # Options that are named in every question give nothing away.
    by_chance = sum(pairs[number - 1][1] in question for number, (question, _) in enumerate(pairs))
    if len(given) > 0.5 * len(pairs) and by_chance < 0.5 * len(pairs):
        yield error(report(given, rows, where, "the question gives its answer away"))
    elif len(inside) >= ANSWER_SHOWN * len(pairs) and by_chance < 0.5 * len(pairs):
        yield warning(
            report(inside, rows, where, "the answer stands in the question: right where it is to be extracted")
        )


def given_away(question: str, answer: str) -> bool:
    """Return whether a question announces its answer, or ends with it behind a mark."""
    bare = answer.strip(" .!?")
    start = question.rfind(bare) if len(bare) > 1 else -1
    if start < 0:
        return False
    before, after = question[max(0, start - 20) : start], question[start + len(bare) :]
    return bool(ANNOUNCED.search(before)) or (bool(MARK.search(before)) and not any(map(str.isalnum, after)))


def question_of(row: Row) -> str:
    """Return a row's last question."""
    turns = prompt_of(row)
    return turn_text(turns[-1]) if turns and isinstance(turns[-1], dict) else ""


def too_many_forms(rows: Sequence[Row], where: Where) -> Iterator[Problem]:
    """Warn of a form for each row: results are averaged over forms, and compared by them."""
    forms = {row.get("form") for row in rows}
    if len(forms) > MANY_FORMS * len(rows):
        yield warning(
            f"{where(1)}: {len(forms)} forms in {len(rows)} rows: a form is a kind of task, and results are "
            "averaged over forms"
        )


def different_answers(rows: Sequence[Row], where: Where) -> Iterator[Problem]:
    """Warn of one question with several answers: of rows that ask the same, the build keeps the first."""
    answers: dict[str, set[str]] = {}
    first: dict[str, int] = {}
    for number, row in enumerate(rows, start=1):
        if "messages" in row and (question := normalised(" ".join(turn_text(turn) for turn in prompt_of(row)))):
            answers.setdefault(question, set()).add(normalised(reference_of(row)))
            first.setdefault(question, number)
    several = sorted(first[question] for question, given in answers.items() if len(given) > 1)
    if len(several) > MIN_SHARE * len(rows):
        yield warning(
            f"{where(several[0])}: the same question has several answers ({len(several)} questions of {len(rows)} "
            "rows): the build keeps the first"
        )
