"""Mistakes that only the engine's tokens show: EOS, loss mask, doubled tokens, what a chat template drops.

    find_mistakes(tokenize_rows("zephyr", "sft", values), "sft")      -> problems, each with file and line of a row

It checks the first rows as `gretchen.inspecting` returns them, against the data's own rows.
"""

import re
from collections.abc import Iterator
from typing import Any

from gretchen import paths
from gretchen.checks.mistakes.model import is_prompt
from gretchen.checks.mistakes.problems import Level, Problem, error, warning
from gretchen.inspecting.rows import TokenizedRows
from gretchen.inspecting.sequences import TokenSequence
from gretchen.inspecting.spans import trained_text
from gretchen.projects.rows import tools_of

SHOWN = 24  # characters
FAR_TOO_LONG = 10  # times the limit
MANY_TOO_LONG = 0.05  # a warning where more than this share of the rows is longer than the limit


def find_mistakes(rows: TokenizedRows, stage: str) -> list[Problem]:
    """Return the mistakes in the first rows, each once: at the first row that has it, with the number of others."""
    numbers: dict[Problem, list[int]] = {}
    for number, sequences in enumerate(rows.rows):
        raw = rows.raw_rows[number] if rows.raw_rows else {}
        for problem in row_mistakes(rows, sequences, raw, stage):
            numbers.setdefault(problem, []).append(number)
    return [
        *length_mistakes(rows),
        *far_too_long(rows),
        *(
            Problem(
                problem.level, f"{location(rows, where[0])}: {problem.message}{repeated(len(where), len(rows.rows))}"
            )
            for problem, where in numbers.items()
        ),
    ]


def location(rows: TokenizedRows, number: int) -> str:
    """Return where a row stands: "file:line"."""
    return f"{paths.shown(rows.file)}:{number + 1}" if rows.file else f"row {number + 1}"


def repeated(count: int, total: int) -> str:
    """Return how many further rows have the same mistake."""
    return f" (and {count - 1} more of {total} rows)" if count > 1 else ""


def row_mistakes(
    rows: TokenizedRows, sequences: list[TokenSequence], raw: dict[str, Any], stage: str
) -> Iterator[Problem]:
    """Yield the mistakes of one row; `raw` is the row as the file has it."""
    for sequence in sequences:
        side = f"{sequence.side}: " if sequence.side else ""
        for problem in sequence_mistakes(rows, sequence, raw, stage):
            yield Problem(problem.level, side + problem.message)


def sequence_mistakes(
    rows: TokenizedRows, sequence: TokenSequence, raw: dict[str, Any], stage: str
) -> Iterator[Problem]:
    """Yield the mistakes of one sequence."""
    is_cut = rows.max_length is not None and not rows.drops_long_rows and len(sequence.ids) > rows.max_length
    trained = sequence.trained[: rows.max_length] if is_cut else sequence.trained
    if not any(trained):
        reason = f": the answer is beyond {rows.max_length_key}" if any(sequence.trained) else ""
        yield error(f"no token of this row is trained{reason}")
    elif stage != "reward":
        yield from eos_mistakes(rows, sequence)
    yield from bos_mistakes(rows, sequence)
    yield from template_mistakes(rows, sequence, raw, stage)


def eos_mistakes(rows: TokenizedRows, sequence: TokenSequence) -> Iterator[Problem]:
    """Yield what is wrong with the end of the trained part: no EOS, or two."""
    trained = [token for token, is_trained in zip(sequence.ids, sequence.trained, strict=True) if is_trained]
    # After the last EOS a template may still write a line break.
    if not rows.eos_ids & set(trained[-2:]):
        yield error("the last trained token is not EOS: the model would not learn to end its answers")
    elif len(trained) > 1 and trained[-1] == trained[-2] and trained[-1] in rows.eos_ids:
        yield warning("the answer ends with EOS twice: the data contain the EOS that the template writes")


def bos_mistakes(rows: TokenizedRows, sequence: TokenSequence) -> Iterator[Problem]:
    """Yield what is wrong with the beginning: BOS twice, or missing where the tokenizer always writes it."""
    ids, bos, name = sequence.ids, rows.tokenizer.bos_token_id, rows.tokenizer.bos_token
    if bos is None or len(ids) < 2:
        return
    if ids[0] == ids[1] == bos:
        yield error(f"two BOS tokens ({name}): the template and the tokenizer both write one")
    if ids[0] != bos and rows.tokenizer("a")["input_ids"][:1] == [bos]:
        yield warning(f"no BOS token ({name}): the tokenizer begins every string with it, the chat template does not")


def template_mistakes(
    rows: TokenizedRows, sequence: TokenSequence, raw: dict[str, Any], stage: str
) -> Iterator[Problem]:
    """Yield what the chat template drops of a row, and a prompt that is trained on."""
    turns, answer = conversation(raw, sequence.side)
    if not turns:
        return
    text = squeezed(rows.tokenizer.decode(sequence.ids, skip_special_tokens=False))
    for role in ("system", "user", "assistant"):
        contents = [spoken(turn) for turn in turns if turn.get("role") == role and turn.get("content")]
        if any(content not in text for content in contents):
            earlier = "an earlier assistant" if role == "assistant" else f"the {role}"
            yield error(f"the chat template drops {earlier} turn")
    if answer and squeezed(answer) not in text:
        yield error("the chat template drops or changes the answer")
    tools = [name for tool in tools_of(raw) or [] if (name := (tool.get("function") or tool).get("name"))]
    if any(squeezed(name) not in text for name in tools):
        yield error(f"the chat template drops the tools ({tools[0]})")
    questions = [turn["content"] for turn in turns if turn.get("role") == "user" and turn.get("content")]
    question = squeezed(questions[-1]) if questions else ""
    trained = squeezed(trained_text(sequence, rows.tokenizer))
    if stage != "reward" and question and question in trained:
        yield warning("the loss includes the prompt")
    if stage != "reward" and answer and squeezed(answer) in text and squeezed(answer) not in trained:
        yield error("the loss leaves out the answer, or a part of it")
    yield from prompt_mistakes(rows, sequence, turns, raw)


def prompt_mistakes(
    rows: TokenizedRows, sequence: TokenSequence, turns: list[dict[str, Any]], raw: dict[str, Any]
) -> Iterator[Problem]:
    """Warn of a generation prompt that is not what stands before the answer in training."""
    try:
        prompt = rows.tokenizer.apply_chat_template(
            turns, tools=tools_of(raw), add_generation_prompt=True, tokenize=False
        )
    except Exception:  # the template is a program, and may refuse what training never asks of it
        return
    text = rows.tokenizer.decode(sequence.ids, skip_special_tokens=False)
    first = last_answer(sequence.trained)
    before = rows.tokenizer.decode(sequence.ids[:first], skip_special_tokens=False)
    beginning = squeezed(prompt)
    same_template = squeezed(text).startswith(beginning[: len(beginning) // 2])
    if same_template and first and not is_prompt(blanks_removed(prompt), blanks_removed(before)):
        yield warning(
            f"the prompt for an answer ends with {prompt[-SHOWN:]!r}, in training an answer follows "
            f"{before[-SHOWN:]!r}: the model is asked otherwise than it was trained"
        )


def last_answer(trained: list[bool]) -> int:
    """Return where the last trained part of a sequence begins; 0 where the whole sequence is trained, or nothing."""
    end = next((number for number in reversed(range(len(trained))) if trained[number]), 0)
    return next((number + 1 for number in reversed(range(end)) if not trained[number]), 0)


def blanks_removed(text: str) -> str:
    """Return a text without blanks within its lines, which decoding may add."""
    return re.sub(r"[ \t]+", "", text)


def spoken(turn: dict[str, Any]) -> str:
    """Return what a turn says, without reasoning, which templates drop from earlier turns."""
    return squeezed(re.sub(r"<think>.*?</think>", "", str(turn["content"]), flags=re.DOTALL))


# Turns are TRL's own dicts.
def conversation(raw: dict[str, Any], side: str) -> tuple[list[dict[str, Any]], str]:
    """Return the turns before a row's answer and the answer, as the file has them; ([], "") for a document."""
    columns = {"chosen": "chosen", "rejected": "rejected", "desirable": "completion", "undesirable": "completion"}
    column = columns.get(side)
    if column and isinstance(raw.get(column), list):
        turns = [*(raw.get("prompt") or []), *raw[column]]
    else:
        turns = raw.get("messages") or []
    if not isinstance(turns, list) or not turns or not all(isinstance(turn, dict) for turn in turns):
        return [], ""
    last = turns[-1]
    return turns[:-1], last.get("content") or "" if last.get("role") == "assistant" else ""


def squeezed(text: Any) -> str:
    """Return a string without white space: templates strip it, tokenizers add it."""
    return "".join(str(text).split())


def length_mistakes(rows: TokenizedRows) -> list[Problem]:
    """Return what the length limit does to the rows."""
    num_long, num_rows = len(rows.too_long), len(rows.rows)
    if num_long <= MANY_TOO_LONG * max(1, num_rows):
        return []
    longest = max(len(sequence.ids) for row in rows.rows for sequence in row)
    if rows.drops_long_rows:
        problem = f"are longer than {rows.max_length} tokens and are left out"
    else:
        problem = f"are cut at {rows.max_length} tokens: their answers lose their ends"
    level = Level.ERROR if rows.drops_long_rows and num_long == num_rows else Level.WARNING
    return [Problem(level, f"{num_long} of the first {num_rows} rows {problem}: the longest has {longest}")]


def far_too_long(rows: TokenizedRows) -> list[Problem]:
    """Return the first row that is many times longer than the limit: a whole file in one row, or a missing split."""
    lengths = {number: max(len(sequence.ids) for sequence in rows.rows[number]) for number in rows.too_long}
    far = [number for number, length in lengths.items() if length > FAR_TOO_LONG * (rows.max_length or length)]
    if not far:
        return []
    length, more = lengths[far[0]], repeated(len(far), len(rows.rows))
    times = f"{length // (rows.max_length or 1):,} times {rows.max_length_key} {rows.max_length}"
    return [warning(f"{location(rows, far[0])}: {length:,} tokens, {times}: split the row, or leave it out{more}")]
