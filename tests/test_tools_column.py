"""Tools and tool calls, from rows to the tokens of both engines: nothing is dropped, filled in or reordered."""

import json
import sys

import pytest

from gretchen.engines.tools import with_rendered_prompts
from gretchen.inspecting import axolotl, zephyr
from gretchen.models.generate import Conversation, Model, render
from gretchen.projects.builder import Tally, assign_split, on_disk
from gretchen.projects.rows import reference_of, row_fault, tools_of, turn_text
from gretchen.recipes.resolve import Request, resolve
from gretchen.recipes.schema import MODEL
from gretchen.rewards import rows_of

PROJECT = "genome-chatbot"
BASE = f"projects/{PROJECT}/base"


def tool(name, **types):
    properties = {key: {"type": kind} for key, kind in types.items()}
    parameters = {"type": "object", "properties": properties, "required": list(types)}
    return {"type": "function", "function": {"name": name, "description": name, "parameters": parameters}}


def calls(*named):
    functions = [{"type": "function", "function": {"name": name, "arguments": given}} for name, given in named]
    return {"role": "assistant", "content": "", "tool_calls": functions}


# Parameters of different names and types, which Arrow would give to both, and an order that is not the alphabet's.
TIMER, LIST = tool("set_timer", minutes="integer", label="string"), tool("add", zeal="number", items="array")
FIRST = calls(("set_timer", {"minutes": 20, "label": "Tee für zwei"}), ("set_timer", {"minutes": 5, "label": "Ei"}))
SECOND = calls(("add", {"zeal": 1.5, "items": ["b", "a"]}))
WRITTEN = (
    '<tool_call>{"name": "set_timer", "arguments": {"minutes": 20, "label": "Tee für zwei"}}</tool_call>\n'
    '<tool_call>{"name": "set_timer", "arguments": {"minutes": 5, "label": "Ei"}}</tool_call>'
)


def conversations():
    """Return chats of one tool, of another in two steps, and of none."""
    user = {"role": "user", "content": "Timer: 20 und 5 Minuten."}
    steps = [{"role": "system", "content": "Now."}, {"role": "user", "content": "Add b, a."}, SECOND]
    steps += [{"role": "tool", "content": '{"done": true}'}, {"role": "assistant", "content": "Done."}]
    plain = [{"role": "user", "content": "Hello."}, {"role": "assistant", "content": "Hello!"}]
    return [([TIMER], [user, FIRST]), ([LIST, TIMER], steps), (None, plain)]


def chat(tools, messages, name="r"):
    return {"id": name, "form": "x", "group": name, "messages": messages, "meta": {}} | (
        {"tools": tools} if tools else {}
    )


def test_a_row_on_disk_holds_schemas_and_arguments_as_json():
    row = chat(*conversations()[0])
    assert row_fault(row, "chats") is None
    stored = on_disk(row, "chats")
    assert isinstance(stored["tools"], str) and tools_of(stored) == [TIMER] == tools_of(row)
    function = stored["messages"][-1]["tool_calls"][0]["function"]
    assert function["arguments"] == '{"minutes": 20, "label": "Tee für zwei"}'
    assert reference_of(row) == reference_of(stored) == turn_text(FIRST) == WRITTEN
    assert row_fault(stored, "chats") is None
    assert on_disk(stored, "chats") == stored | {"group": ["r"]}
    assert "tools" not in on_disk(chat(*conversations()[2]), "chats")


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"tools": "set_timer"}, "'tools' is a string that is no JSON list"),
        ({"tools": {"set_timer": 1}}, "'tools' is a dict, expected a list of tools"),
        (
            {"tools": [{"name": "set_timer"}]},
            "tools[0] has no function.name: {'type': 'function', 'function': {'name': …}}",
        ),
        ({"messages": [calls(("add", "1, 2"))]}, "messages[0]: the arguments of add are no JSON object"),
        (
            {"messages": [{"role": "assistant", "content": "", "tool_calls": [{"name": "add"}]}]},
            "messages[0]: 'tool_calls' is no list of {'type': 'function', 'function': {'name': …, 'arguments': …}}",
        ),
    ],
)
def test_faulty_tools(changed, fault):
    assert row_fault(chat([TIMER], [FIRST]) | changed, "chats") == fault


def test_one_question_with_other_tools_is_another_row():
    seen, tally, messages = {}, Tally(), conversations()[0][1]
    rows = [chat([TIMER], messages), chat([TIMER, LIST], messages), chat([TIMER], messages)]
    assert [assign_split(row, seen, tally) is None for row in rows] == [False, False, True]


@pytest.fixture(scope="module")
def built(flagship):
    """Set a root with the flagship, and rows with tools as `make data` writes them, as Gretchen's root."""
    for row_format in ("chats", "preferences"):
        folder = flagship / "build" / PROJECT / row_format
        folder.mkdir(parents=True, exist_ok=True)
        rows = [on_disk(stored(row_format, *parts, f"r{i}"), row_format) for i, parts in enumerate(conversations())]
        for split in ("train", "validation", "test"):
            text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
            (folder / f"{split}.jsonl").write_text(text, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRETCHEN_ROOT", str(flagship))
        patch.chdir(flagship)
        patch.setattr(sys, "argv", sys.argv[:1])  # axolotl reads sys.argv
        yield flagship


def stored(row_format, tools, messages, name):
    """Return a conversation as a row of a format; the rejected answer calls with another value."""
    row = chat(tools, messages, name)
    if row_format == "chats":
        return row
    rejected = {"role": "assistant", "content": "No."}
    columns = {"prompt": messages[:-1], "chosen": messages[-1:], "rejected": [rejected]}
    return {key: value for key, value in row.items() if key != "messages"} | columns


def expected_texts():
    """Return each conversation as the embedded base's template renders it, from the builder's own dicts."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(BASE)
    rendered = [tokenizer.apply_chat_template(m, tools=t, tokenize=False) for t, m in conversations()]
    return tokenizer, rendered


@pytest.mark.parametrize("engine", ["zephyr", "axolotl"])
@pytest.mark.parametrize("stage", ["sft", "dpo"])
def test_an_engines_tokens_are_the_rows_own(built, engine, stage):
    tokenizer, expected = expected_texts()
    resolved = resolve(Request(PROJECT, f"{stage}.{engine}", "tiny", (), output=str(built / "out")))
    values = resolved.values | {MODEL[engine]: BASE}
    rows = zephyr.tokenize_rows(values, stage, 3) if engine == "zephyr" else axolotl.tokenize_rows(values, 3)
    texts = [tokenizer.decode(row[0].ids) for row in rows]
    assert [text.rstrip("\n") for text in texts] == [text.rstrip("\n") for text in expected]
    assert "null" not in "".join(texts) and WRITTEN in texts[0]
    trained = [tokenizer.decode([i for i, on in zip(r[0].ids, r[0].trained, strict=True) if on]) for r in rows]
    assert trained[0].rstrip("\n") == f"{WRITTEN}<|im_end|>"


def test_prompts_for_a_reward_hold_their_tools(built):
    from datasets import load_dataset

    tokenizer, _ = expected_texts()
    rows = load_dataset(
        "json", data_files=str(built / "build" / PROJECT / "preferences" / "train.jsonl"), split="train"
    )
    rows = rows.remove_columns(["chosen", "rejected"])
    rendered = with_rendered_prompts(rows, tokenizer)
    for row, (tools, messages) in zip(rendered, conversations(), strict=True):
        assert row["prompt"] == render(Model(tokenizer, None), Conversation(messages[:-1], tools))
    assert '"name": "set_timer"' in rendered[0]["prompt"] and "null" not in rendered[1]["prompt"]
    known = rows_of(rendered["prompt"], {name: rendered[name] for name in rendered.column_names})
    assert [tools_of(row) for row in known] == [tools for tools, _ in conversations()], "a reward sees the tools"
    plain = rows.remove_columns(["tools"])
    assert with_rendered_prompts(plain, tokenizer) is plain
