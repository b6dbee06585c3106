"""Mistakes that only show in the engine's tokens of the rows: ends, masks, doubled tokens, what a template drops.

    found = look_at(look("zephyr", "sft", values), "sft")

It judges the first rows as `gretchen.inspecting` sees them; the data's own rows say what should be in there.
"""

from typing import Any

from gretchen import paths
from gretchen.checks.mistakes.problems import Found
from gretchen.inspecting.look import Look
from gretchen.inspecting.pieces import trained_text
from gretchen.inspecting.sequences import Sequence

# More than one row in twenty: told. One in two: the limit is wrong.
MANY, MOST = 0.05, 0.5


def look_at(found: Look, stage: str) -> Found:
    """Return the mistakes in the first rows; each is told once, by the first row that shows it, and how many do."""
    told: dict[tuple[str, str], list[int]] = {}
    for number, row in enumerate(found.rows):
        raw = found.raw[number] if found.raw else {}
        for kind, sentence in row_mistakes(row, raw, found, stage):
            told.setdefault((kind, sentence), []).append(number)
    result = lengths(found)
    for (kind, sentence), numbers in told.items():
        more = f" (so do {len(numbers) - 1} of {len(found.rows)} rows more)" if len(numbers) > 1 else ""
        getattr(result, kind).append(f"{place(found, numbers[0])}: {sentence}{more}")
    return result


def place(found: Look, number: int) -> str:
    """Return where a row stands."""
    return f"{paths.shown(found.file)}:{number + 1}" if found.file else f"row {number + 1}"


def row_mistakes(row: list[Sequence], raw: dict[str, Any], found: Look, stage: str) -> list[tuple[str, str]]:
    """Return ("errors" or "warnings", sentence) for each mistake of a row."""
    told: list[tuple[str, str]] = []
    for one in row:
        side = f"{one.side}: " if one.side else ""
        cut = found.limit is not None and not found.leaves_out and len(one.ids) > found.limit
        kept = one.trained[: found.limit] if cut else one.trained
        if not any(kept):
            behind = f": the answer lies behind {found.limit_name}" if any(one.trained) else ""
            told.append(("errors", f"{side}no token of this row is trained{behind}"))
        elif stage != "reward":
            told += [(kind, side + sentence) for kind, sentence in ends(one, found)]
        told += [(kind, side + sentence) for kind, sentence in beginnings(one, found, stage)]
        told += [(kind, side + sentence) for kind, sentence in contents(one, raw, found, stage)]
    return told


def ends(one: Sequence, found: Look) -> list[tuple[str, str]]:
    """Return what is wrong with how the trained part ends."""
    trained = [number for number, is_trained in zip(one.ids, one.trained, strict=True) if is_trained]
    # Behind the last EOS a template may still write a line break.
    if not found.stops & set(trained[-2:]):
        return [("errors", "the last trained token is no EOS: the model would not learn to end its answers")]
    if len(trained) > 1 and trained[-1] == trained[-2] and trained[-1] in found.stops:
        return [("warnings", "the answer ends with EOS twice: the data hold the one that the template writes too")]
    return []


def beginnings(one: Sequence, found: Look, stage: str) -> list[tuple[str, str]]:
    """Return what is wrong with how a row begins: BOS twice, or not at all where the tokenizer always writes it."""
    bos = found.tokenizer.bos_token_id
    if bos is None or len(one.ids) < 2:
        return []
    if one.ids[0] == one.ids[1] == bos:
        return [
            ("errors", f"BOS ({found.tokenizer.bos_token}) stands twice: the template and the tokenizer both write it")
        ]
    if one.ids[0] != bos and found.tokenizer("a")["input_ids"][:1] == [bos]:
        told = "the tokenizer begins every text with it, this model's template does not"
        return [("warnings", f"the row begins without BOS ({found.tokenizer.bos_token}): {told}")]
    return []


def contents(one: Sequence, raw: dict[str, Any], found: Look, stage: str) -> list[tuple[str, str]]:
    """Return what the template drops of a row, and what is trained of its prompt."""
    turns, answer = conversation(raw, one.side)
    if not turns:
        return []
    text = bare(found.tokenizer.decode(one.ids, skip_special_tokens=False))
    told = []
    for role in ("system", "user"):
        words = [bare(turn["content"]) for turn in turns if turn.get("role") == role and turn.get("content")]
        if any(word not in text for word in words):
            told.append(("errors", f"the chat template drops the {role} turn"))
    if answer and bare(answer) not in text:
        told.append(("errors", "the chat template drops the answer, or changes it"))
    tools = [name for tool in raw.get("tools") or [] if (name := (tool.get("function") or tool).get("name"))]
    if any(bare(name) not in text for name in tools):
        told.append(("errors", f"the chat template drops the tools ({tools[0]})"))
    asked = [turn["content"] for turn in turns if turn.get("role") == "user" and turn.get("content")]
    if stage != "reward" and asked and bare(asked[-1]) and bare(asked[-1]) in bare(trained_text(one, found.tokenizer)):
        told.append(("warnings", "the prompt is trained as if it were the answer"))
    return told


def conversation(raw: dict[str, Any], side: str) -> tuple[list[dict[str, Any]], str]:
    """Return the turns before a row's answer and the answer, as the file has them; ([], "") for a document."""
    column = {"chosen": "chosen", "rejected": "rejected", "wanted": "completion", "unwanted": "completion"}.get(side)
    if column and isinstance(raw.get(column), list):
        turns = [*(raw.get("prompt") or []), *raw[column]]
    else:
        turns = raw.get("messages") or []
    if not isinstance(turns, list) or not turns or not all(isinstance(turn, dict) for turn in turns):
        return [], ""
    last = turns[-1]
    return turns[:-1], last.get("content") or "" if last.get("role") == "assistant" else ""


def bare(text: Any) -> str:
    """Return a text without white space: templates trim, tokenizers add blanks."""
    return "".join(str(text).split())


def lengths(found: Look) -> Found:
    """Return what the length limit does to the rows."""
    result = Found()
    long, count = len(found.too_long), len(found.rows)
    share = long / max(1, count)
    if share <= MANY:
        return result
    longest = max(len(one.ids) for row in found.rows for one in row)
    if found.leaves_out:
        told = f"{long} of the first {count} rows are longer than {found.limit} tokens and are left out"
    else:
        told = f"{long} of the first {count} rows are cut at {found.limit} tokens: their answers lose their ends"
    sentence = f"{told}: the longest has {longest}"
    (result.errors if found.leaves_out and long == count else result.warnings).append(sentence)
    return result
