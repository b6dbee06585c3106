"""The readers of public data sets, on small files in their format (the text is our own)."""

import json

import pytest

from gretchen.errors import UserError
from gretchen.projects.rows import Fault, reference_of, row_fault, tools_of
from gretchen.projects.splits import split_of

AREA = {
    "name": "shape.area",
    "description": "Area of a rectangle.",
    "parameters": {
        "type": "dict",
        "properties": {
            "size": {"type": "tuple", "items": {"type": "float"}},
            "unit": {"type": "string", "default": "m"},
            "note": {"type": "any"},
            "box": {"type": "dict", "properties": {"k": {"type": "float"}}},
        },
        "required": ["size"],
    },
}


def line(name, function=AREA, text="How large is 2 by 3?", **more):
    functions = function if isinstance(function, list) else [function]
    return {"id": name, "question": [[{"role": "user", "content": text}]], "function": functions} | more


def bfcl(folder, category, lines, truths=()):
    """Write a file of questions, and the file of answers beside it."""
    name = f"BFCL_v4_{category}.json"
    (folder / "possible_answer").mkdir(exist_ok=True)
    (folder / name).write_text("\n".join(x if isinstance(x, str) else json.dumps(x) for x in lines), encoding="utf-8")
    answers = "\n".join(json.dumps({"id": name, "ground_truth": truth}) for name, truth in truths)
    (folder / "possible_answer" / name).write_text(answers, encoding="utf-8")
    return folder / name


def test_bfcl_simple_and_parallel(dataset, evaluation, tmp_path):
    one = {
        "shape.area": {"size": [[2.0, 3.0]], "unit": ["m", ""], "box": [{"k": [1.5, 2], "o": ["", 1]}], "note": [""]}
    }
    bfcl(tmp_path, "simple_python", [line("simple_python_0")], [("simple_python_0", [one])])
    two = [{"shape.area": {"size": [[1.0, n]]}} for n in (2.0, 3.0)]
    bfcl(tmp_path, "parallel", [line("parallel_0", text="Two of them?")], [("parallel_0", two)])
    rows = {row["form"]: row for row in dataset.read(tmp_path)}
    assert set(rows) == {"bfcl-simple-python", "bfcl-parallel"}
    for row in rows.values():
        assert row_fault(row, "chats") is None and split_of(row["group"]) == "test"
        scores = evaluation.score(reference_of(row), row)
        assert (scores["ast"], scores["schema_valid"], scores["executable"]) == (1, 1, None)
        assert evaluation.score("", row)["ast"] == 0 and evaluation.reward("", row) == 0
        parameters = tools_of(row)[0]["function"]["parameters"]
        assert parameters["type"] == "object" and parameters["properties"]["note"] == {}
        assert parameters["properties"]["size"] == {"type": "array", "items": {"type": "number"}}
    arguments = '{"size": [2.0, 3.0], "unit": "m", "box": {"k": 1.5, "o": 1}}'
    written = f'<tool_call>{{"name": "shape.area", "arguments": {arguments}}}</tool_call>'
    assert reference_of(rows["bfcl-simple-python"]) == written
    reordered = "\n".join(reversed(reference_of(rows["bfcl-parallel"]).split("\n")))
    assert evaluation.score(reordered, rows["bfcl-parallel"])["ast"] == 1


def test_bfcl_java_and_javascript_values_are_text(dataset, evaluation, tmp_path):
    properties = {
        "id": {"type": "long", "description": "Its number."}, "monitor": {"type": "any"},
        "keys": {"type": "ArrayList", "items": {"type": "String"}}, "options": {"type": "HashMap"},
    }  # fmt: skip
    function = {"name": "Repo.save", "parameters": {"type": "dict", "properties": properties, "required": ["id"]}}
    truth = {"id": [12], "monitor": ["mon"], "keys": [["a", "b"]], "options": [{"k": [5]}, ""]}
    bfcl(tmp_path, "simple_java", [line("simple_java_0", function)], [("simple_java_0", [{"Repo.save": truth}])])
    script = {"name": "draw", "parameters": {"type": "dict", "properties": {"x": {"type": "Bigint"}}, "required": []}}
    lines = [line("simple_javascript_0", script)]
    bfcl(tmp_path, "simple_javascript", lines, [("simple_javascript_0", [{"draw": {"x": [7]}}])])
    java, javascript = list(dataset.read(tmp_path))
    schema = tools_of(java)[0]["function"]["parameters"]["properties"]
    assert schema["id"] == {
        "type": "string",
        "description": "Its number. A string in Java's syntax, of type long.",
    }
    assert "of type ArrayList of String" in schema["keys"]["description"]
    arguments = json.loads(reference_of(java).removeprefix("<tool_call>").removesuffix("</tool_call>"))["arguments"]
    assert arguments["id"] == "12L" and arguments["keys"] == 'new ArrayList<>(Arrays.asList("a", "b"))'
    assert evaluation.score(reference_of(java).replace("12L", "12"), java)["ast"] == 0
    for row in (java, javascript):
        assert row_fault(row, "chats") is None
        scores = evaluation.score(reference_of(row), row)
        assert (scores["ast"], scores["schema_valid"], evaluation.reward(reference_of(row), row)) == (1, 1, 1)


def test_bfcl_irrelevance(dataset, evaluation, tmp_path):
    bfcl(tmp_path, "irrelevance", [line("irrelevance_0", text="Sing!")])
    (refused,) = dataset.read(tmp_path)
    assert refused["meta"]["refuse"] and evaluation.score("No tool.", refused)["irrelevance_recall"] == 1


def test_bfcl_faults_have_file_line_and_reason(dataset, tmp_path):
    good = {"shape.area": {"size": [[1.0]]}}
    lines = [
        line("ok"), "{broken", {"id": "x"}, line("no-answer"), line("other"),
        line("nameless", function={"description": "?"}),
        {**line("silent"), "question": [[{"role": "user", "content": ""}]]},
    ]  # fmt: skip
    file = bfcl(tmp_path, "live_simple", lines, [("ok", [good]), ("other", [{"volume": {}}])])
    rows = list(dataset.read(file))
    assert rows[0]["id"] == "bfcl-ok" and all(isinstance(row, Fault) for row in rows[1:])
    assert [(fault.file, fault.line) for fault in rows[1:]] == [(str(file), number) for number in range(2, 8)]
    assert [fault.reason for fault in rows[1:]] == [
        "no JSON object: Expecting property name enclosed in double quotes at character 2",
        "'question' is no list of turns",
        "no answer in possible_answer/",
        "the ground truth calls volume, which is not offered",
        "a function has no name",
        "a turn of 'question' has no content",
    ]
    java = bfcl(tmp_path, "simple_java", [line("java_0")], [("java_0", [good])])
    assert [fault.reason for fault in dataset.read(java)] == ["shape.area: size has the type tuple, which is not read"]
    relevance = bfcl(tmp_path, "live_relevance", [line("r_0")])
    assert "it has no right answer" in next(dataset.read(relevance)).reason
    listed = bfcl(tmp_path, "format_sensitivity", ["{", '"a": [1],', "}"])  # one object over several lines
    assert [fault.line for fault in dataset.read(listed)] == [1, 2, 3]
    assert all("names rows of other files" in fault.reason for fault in dataset.read(listed))
    unclear = {**line("m_0"), "involved_classes": ["MathAPI"]}
    del unclear["function"]
    missing = bfcl(tmp_path, "multi_turn_base", [unclear], [("m_0", [["add(1)"]])])
    assert next(dataset.read(missing)).reason == (
        "multi_turn_func_doc/math_api.json, the functions of MathAPI, is missing"
    )


SCHEMA = [
    {
        "service_name": "Rooms_1", "description": "Rooms.",
        "slots": [
            {"name": "city", "description": "The city", "is_categorical": False, "possible_values": []},
            {"name": "pets", "description": "Whether pets may come", "is_categorical": True,
             "possible_values": ["True", "False"]},
        ],
        "intents": [
            {"name": "FindRoom", "description": "Find a room", "is_transactional": False, "required_slots": ["city"],
             "optional_slots": {"pets": "dontcare"}, "result_slots": ["city"]},
        ],
    }
]  # fmt: skip


def dialogue(name, **call):
    frame = {"service": "Rooms_1", "slots": [], "actions": []}
    found = frame | {"service_call": {"method": "FindRoom", "parameters": {"city": "Oslo"}} | call}
    found |= {"service_results": [{"city": "Oslo", "name": "Blue"}, {"city": "Oslo"}]}
    turns = [
        {
            "speaker": "USER",
            "utterance": "A room in Oslo.",
            "frames": [frame | {"state": {"active_intent": "FindRoom"}}],
        },
        {"speaker": "SYSTEM", "utterance": "I found Blue.", "frames": [found]},
        {"speaker": "USER", "utterance": "Another one?", "frames": [frame]},
        {"speaker": "SYSTEM", "utterance": "There is Red.", "frames": [found]},
    ]
    return {"dialogue_id": name, "services": ["Rooms_1"], "turns": turns}


def test_schema_guided_dialogue(dataset, evaluation, tmp_path):
    folder = tmp_path / "dev"
    folder.mkdir()
    (folder / "schema.json").write_text(json.dumps(SCHEMA), encoding="utf-8")
    bad = [
        dialogue("1_0", method="Sleep"),
        dialogue("1_1") | {"services": ["Trains_9"]},
        dialogue("1_2", parameters={"x": 1}),
    ]
    file = folder / "dialogues_001.json"
    file.write_text(json.dumps([dialogue("0_0"), *bad], indent=1), encoding="utf-8")
    *rows, method, service, parameter = list(dataset.read(tmp_path))
    assert [row["id"] for row in rows] == ["sgd-validation-0_0-1", "sgd-validation-0_0-3"]
    for row in rows:
        assert row_fault(row, "chats") is None and split_of(row["group"]) == "validation"
        assert evaluation.score(reference_of(row), row)["ast"] == 1
    assert reference_of(rows[0]) == '<tool_call>{"name": "Rooms_1.FindRoom", "arguments": {"city": "Oslo"}}</tool_call>'
    said = reference_of(rows[0]).replace('"Oslo"', '"Oslo", "pets": "dontcare"')
    assert evaluation.score(said, rows[0])["ast"] == 1, "the default may be said"
    roles = [turn["role"] for turn in rows[1]["messages"]]
    assert roles == ["user", "assistant", "tool", "assistant", "user", "assistant"]
    reasons = [fault.reason for fault in (method, service, parameter)]
    assert reasons == [
        "dialogue 1_0: it calls Rooms_1.Sleep, which its services do not have",
        "dialogue 1_1: service Trains_9 is not in schema.json",
        "dialogue 1_2: Rooms_1.FindRoom has no parameter x",
    ]
    lines = file.read_text(encoding="utf-8").splitlines()
    assert '"1_0"' in lines[method.line - 1] and '"1_2"' in lines[parameter.line - 1]


def test_broken_dialogues_and_unknown_files(dataset, tmp_path):
    (tmp_path / "dialogues_001.json").write_text("[{", encoding="utf-8")
    assert next(dataset.read(tmp_path)).reason.startswith("not JSON")
    (tmp_path / "dialogues_001.json").write_text("[]", encoding="utf-8")
    assert "schema.json beside it cannot be read" in next(dataset.read(tmp_path)).reason
    (tmp_path / "dialogues_001.json").rename(tmp_path / "other.json")
    with pytest.raises(UserError, match="holds no BFCL_"):
        list(dataset.read(tmp_path))
    with pytest.raises(UserError, match="does not exist"):
        list(dataset.read(tmp_path / "none"))
