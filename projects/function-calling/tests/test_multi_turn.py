"""BFCL's conversations: read turn by turn, and judged by the state that the calls lead to (the classes are our own)."""

import json
import shutil
from pathlib import Path

import pytest

from gretchen.errors import UserError
from gretchen.projects.rows import Fault, reference_of, row_fault

# In the manner of the leaderboard's classes: methods return objects, and a wrong call returns an error.
FILES = """
class GorillaFileSystem:
    def __init__(self):
        self.folders, self._calls = [], 0

    def _load_scenario(self, scenario, long_context=False):
        self.folders = scenario["root"] + (["archive"] if long_context else [])

    def mkdir(self, folder):
        self._calls += 1
        if folder in self.folders:
            return {"error": f"{folder} exists"}
        self.folders = sorted([*self.folders, folder])

    def ls(self, reverse=False):
        return {"folders": sorted(self.folders, reverse=reverse)}

    def rm(self, folder):
        self.folders.remove(folder)
        return {"removed": folder}
"""
SUMS = """
class MathAPI:
    def add(self, a, b):
        return {"result": a + b}
"""
TRUTH = [["mkdir('b')", "ls()"], [], ["rm(folder='b')"], ["add(a=1, b=2)", "mkdir(folder='c')"]]


def described(name, *parameters):
    properties = {parameter: {"type": "any"} for parameter in parameters}
    return {"name": name, "description": name, "parameters": {"type": "dict", "properties": properties, "required": []}}


@pytest.fixture
def package(tmp_path, part):
    """Return a copy of the leaderboard's layout: data/ with two conversations, and its classes."""
    root = tmp_path / "bfcl_eval"
    code, data = root / "eval_checker" / "multi_turn_eval" / "func_source_code", root / "data"
    for folder in (code, data / "possible_answer", data / "multi_turn_func_doc"):
        folder.mkdir(parents=True)
    for name, module in part("bfcl_states").MODULES.items():
        text = {"GorillaFileSystem": FILES, "MathAPI": SUMS}.get(name, f"class {name}:\n    pass\n")
        (code / f"{module}.py").write_text(text, encoding="utf-8")
    docs = [described("mkdir", "folder"), described("ls", "reverse"), described("rm", "folder")]
    for name, functions in {"gorilla_file_system": docs, "math_api": [described("add", "a", "b")]}.items():
        (data / "multi_turn_func_doc" / f"{name}.json").write_text("\n".join(map(json.dumps, functions)))
    asked = [[{"role": "user", "content": text}] for text in ("Make b, list all.", "Remove b.")]
    entry = {
        "question": [*asked, [], [{"role": "user", "content": "What is 1 + 2? And make c."}]],
        "initial_config": {"GorillaFileSystem": {"root": ["a"]}},
        "involved_classes": ["GorillaFileSystem", "MathAPI"],
        "missed_function": {"2": ["rm"]},
        "excluded_function": ["cp"],
    }
    lines = [entry | {"id": "multi_turn_miss_func_0"}, entry | {"id": "multi_turn_miss_func_1"}]
    answers = [(lines[0]["id"], TRUTH), (lines[1]["id"], [["rm('a')"], *TRUTH[1:]])]
    (data / "BFCL_v4_multi_turn_miss_func.json").write_text("\n".join(map(json.dumps, lines)))
    truths = "\n".join(json.dumps({"id": name, "ground_truth": truth}) for name, truth in answers)
    (data / "possible_answer" / "BFCL_v4_multi_turn_miss_func.json").write_text(truths)
    return root


def answer(*calls):
    """Return an answer of calls: `answer(("ls", {}))`."""
    texts = [json.dumps({"name": name, "arguments": arguments}) for name, arguments in calls]
    return "\n".join(f"<tool_call>{text}</tool_call>" for text in texts)


def test_each_turn_is_a_row_that_has_what_came_before(dataset, evaluation, package):
    *rows, fault = dataset.read(package / "data")
    assert isinstance(fault, Fault) and fault.line == 2
    assert fault.reason == "the ground truth calls rm, which is not offered"
    assert [row["id"][-6:] for row in rows] == ["turn-1", "turn-2", "turn-3", "turn-4"]
    assert len({tuple(row["group"]) for row in rows}) == 1
    for row in rows:
        assert row_fault(row, "chats") is None
        scores = evaluation.score(reference_of(row), row)
        assert scores["ast"] == 1 and scores["executable"] is None, row["id"]
        assert evaluation.score("", row)["ast"] == ("refuse" in row["meta"])
    offered = [[tool["function"]["name"] for tool in row["tools"]] for row in rows]
    assert offered == [["mkdir", "ls", "add"]] * 2 + [["mkdir", "ls", "rm", "add"]] * 2
    roles = "system user assistant tool tool user assistant user assistant tool user assistant"
    turns = rows[3]["messages"]
    assert [turn["role"] for turn in turns] == roles.split()
    assert [turn["content"] for turn in turns if turn["role"] == "tool"] == [
        "None", '{"folders": ["a", "b"]}', '{"removed": "b"}',
    ]  # fmt: skip
    assert json.loads(turns[0]["content"]) == {"GorillaFileSystem": {"root": ["a"]}}


def test_a_turn_is_right_where_state_and_results_are(dataset, evaluation, package):
    first, asked_back, third, last = list(dataset.read(package / "data"))[:4]
    make, show = ("mkdir", {"folder": "b"}), ("ls", {})
    verdicts = {
        answer(make, show): 1,
        answer(make, ("ls", {"reverse": False}), ("add", {"a": 1, "b": 1})): 1,  # what changes nothing may be called
        answer(show, make): 0,  # the result was another then
        answer(make): 0,
        answer(show): 0,
        answer(make, show, ("mkdir", {"folder": "x"})): 0,
        answer(make, make, show): 1,  # an error changes nothing
        answer(("mkdir", {"name": "b"}), show): 0,
        answer(("__init__", {}), make, show): 1,
        answer(("_load_scenario", {"scenario": {"root": ["a", "b"]}}), show): 0,
        "Done.": 0,
    }
    assert {text: evaluation.score(text, first)["ast"] for text in verdicts} == verdicts
    assert evaluation.score(answer(make), asked_back)["ast"] == 0
    assert evaluation.score("Which folder?", asked_back)["ast"] == 1
    assert evaluation.score(answer(("rm", {"folder": "a"})), third)["ast"] == 0
    swapped = answer(("mkdir", {"folder": "c"}), ("add", {"b": 1, "a": 2}))
    assert evaluation.score(swapped, last)["ast"] == 1
    assert evaluation.reward(swapped, last) == 1 and 0 < evaluation.reward(answer(("add", {"a": 1, "b": 2})), last) < 1
    assert evaluation.score(answer(("add", {"a": "[" * 900, "b": 2})), last)["ast"] == 0


def test_long_contexts_are_loaded_as_such(dataset, evaluation, package):
    file = package / "data" / "BFCL_v4_multi_turn_miss_func.json"
    for path in (file, file.parent / "possible_answer" / file.name):
        path.rename(path.with_name("BFCL_v4_multi_turn_long_context.json"))
    rows = list(dataset.read(package / "data"))
    tools = [turn["content"] for turn in rows[2]["messages"] if turn["role"] == "tool"]
    assert tools[1] == '{"folders": ["a", "archive", "b"]}'


def test_without_the_classes_first_turns_are_compared_by_syntax(dataset, evaluation, package):
    shutil.rmtree(package / "eval_checker")
    row, _ = dataset.read(package / "data")
    assert row["id"] == "bfcl-multi_turn_miss_func_0-turn-1" and "scenario" not in row["meta"]
    assert evaluation.score(reference_of(row), row)["ast"] == 1
    assert evaluation.score(answer(("ls", {}), ("mkdir", {"folder": "b"})), row)["ast"] == 1


def test_classes_that_are_gone_are_named(dataset, evaluation, part, package):
    row = next(iter(dataset.read(package / "data")))
    moved = package.rename(package.with_name("moved"))
    part("bfcl_multi_turn")._sandbox.cache_clear()
    with pytest.raises(UserError, match=r"gorilla_file_system\.py does not exist"):
        evaluation.score(reference_of(row), row)
    assert Path(moved, "eval_checker").is_dir()
