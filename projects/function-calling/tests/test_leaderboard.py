"""The Berkeley Function Calling Leaderboard's own package beside this project: its rows are read, its checker agrees.

The wheel is downloaded by pip without its dependencies (2 MB, Apache-2.0), and only its checker is imported.
"""

import copy
import importlib
import itertools
import json
import random
import sys
import types
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gretchen.models.catalogue import Wheel
from gretchen.models.wheel import IndexUnreachable, download, require_hash
from gretchen.projects.rows import Fault, reference_of

WHEEL = Wheel(
    requirement="bfcl-eval==2026.3.23",
    sha256="3bb6dfa5f0c68ad403c9ec50b00db2bb3b4cc9b38ab1ff33f48fe30d853d3a0a",
    member="",
    num_bytes=1_925_664,
    precision="",
)
# Rows whose own answer the official checker refuses: a required parameter is missing, one is not described, or the
# entries of a Java list have several types, which are read as text. No prediction is right there.
NO_ANSWER_PASSES = {
    "live_multiple_507-149-4", "live_multiple_862-181-3", "live_multiple_964-207-0", "live_simple_106-63-0",
    "live_simple_112-68-0", "parallel_multiple_12", "parallel_multiple_26", "simple_java_36", "simple_java_65",
}  # fmt: skip
UNREAD = {"format_sensitivity", "live_relevance", "memory", "web_search"}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked wheel; the test is skipped where no index is reachable."""
    folder = tmp_path_factory.mktemp("bfcl")
    try:
        file = download(WHEEL, folder)
    except IndexUnreachable as failure:
        pytest.skip(str(failure))
    require_hash(file, WHEEL)
    with zipfile.ZipFile(file) as archive:
        archive.extractall(folder)
    return folder / "bfcl_eval"


@pytest.fixture
def official(package: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A function (functions, calls, possible, code, category) -> bool: the leaderboard's own check."""
    # The table of models imports every provider's client; the check asks it one question only.
    models = types.ModuleType("bfcl_eval.constants.model_config")
    models.MODEL_CONFIG_MAPPING = defaultdict(lambda: types.SimpleNamespace(underscore_to_dot=False))
    monkeypatch.syspath_prepend(str(package.parent))
    monkeypatch.setitem(sys.modules, models.__name__, models)
    checker = importlib.import_module("bfcl_eval.eval_checker.ast_eval.ast_checker")
    languages = importlib.import_module("bfcl_eval.constants.enums").Language

    def check(functions: list, calls: list, possible: list, code: str, category: str) -> bool:
        given = [{name: arguments} for name, arguments in calls]
        functions, given, possible = copy.deepcopy((functions, given, possible))  # the check changes them
        try:
            return checker.ast_checker(functions, given, possible, languages[code.upper()], category, "any")["valid"]
        except (AttributeError, TypeError, KeyError, IndexError):  # the check stumbles on a value of another type
            return False

    yield check
    for name in [name for name in sys.modules if name.startswith("bfcl_eval")]:
        del sys.modules[name]


@pytest.fixture
def official_conversations(package: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A function (id, scenario, given, right) -> bool: the leaderboard's own check of a conversation's turns."""
    monkeypatch.syspath_prepend(str(package.parent))
    checker = importlib.import_module("bfcl_eval.eval_checker.multi_turn_eval.multi_turn_checker")
    number = itertools.count()

    def as_text(calls: list) -> list[str]:
        return [f"{name}({', '.join(f'{key}={value!r}' for key, value in given.items())})" for name, given in calls]

    def check(name: str, scenario: dict, given: list, right: list) -> bool:
        entry = {"id": name, "initial_config": scenario["config"], "involved_classes": scenario["classes"]}
        steps = [[as_text(calls)] if calls else [] for calls in given]
        truth, model = [as_text(calls) for calls in right], f"any{next(number)}"  # it keeps the objects of each model
        return checker.multi_turn_checker(steps, truth, entry, "", model)["valid"]

    yield check
    for name in [name for name in sys.modules if name.startswith("bfcl_eval")]:
        del sys.modules[name]


def test_the_packages_rows_are_read(package, dataset, evaluation):
    rows = list(dataset.read(package / "data"))
    faults = Counter(Path(row.file).stem.partition("_v4_")[2] for row in rows if isinstance(row, Fault))
    rows = [row for row in rows if not isinstance(row, Fault)]
    assert len(rows) == 6956
    # One conversation's right answer calls a function before it is offered.
    assert set(faults) == UNREAD | {"multi_turn_miss_func"} and faults["multi_turn_miss_func"] == 1
    wrong = {row["id"].removeprefix("bfcl-") for row in rows if evaluation.score(reference_of(row), row)["ast"] != 1}
    assert wrong == NO_ANSWER_PASSES


def test_the_check_agrees_with_the_official_one(package, official, part):
    bfcl, bfcl_types, rng = part("bfcl"), part("bfcl_types"), random.Random(0)
    compared, right, different = 0, 0, []
    for category, functions, possible in rows_with_answers(package / "data"):
        code = next((name for name in ("javascript", "java") if name in category), "python")
        for _ in range(6):
            calls = changed([call_of(expected, functions, code, bfcl_types, rng) for expected in possible], rng)
            theirs = official(functions, calls, possible, code, category)
            ours = bfcl.is_right([(name, arguments) for name, arguments in calls], possible, functions, code)
            compared, right = compared + 1, right + theirs
            if ours != theirs:
                different.append((category, calls, possible))
    assert different == []
    assert compared > 15_000
    assert 0.3 < right / compared < 0.8  # so both verdicts were tried


def test_the_verdicts_on_conversations_are_the_official_ones(package, official_conversations, dataset, part):
    multi_turn, rng = part("bfcl_multi_turn"), random.Random(0)
    compared, right, different = 0, 0, []
    for file in sorted((package / "data").glob("BFCL_v4_multi_turn_*.json")):
        rows = [row for row in dataset.read(file) if not isinstance(row, Fault)]
        asked = [row for row in rows if "scenario" in row["meta"]]  # in other turns nothing may be called
        last = {row["id"].rpartition("-turn-")[0].removeprefix("bfcl-"): row["meta"] for row in asked}
        for name, meta in last.items():
            scenario, turns = meta["scenario"], [*meta["before"], meta["calls"]]
            for _ in range(3):
                given = copy.deepcopy(turns)
                number = rng.choice([number for number, calls in enumerate(turns) if calls])
                given[number] = changed([list(call) for call in given[number]], rng)
                theirs = official_conversations(name, scenario, given, turns)
                done = multi_turn._sandbox(Path(scenario["package"])).run("", "turns_right", [scenario, given, turns])
                compared, right = compared + 1, right + theirs
                if theirs != (done.value == len(turns)):
                    different.append((name, number, given[number], turns[number], done))
    assert different == []
    assert compared == 3 * 799 and 0.3 < right / compared < 0.8


def rows_with_answers(folder: Path) -> Iterator[tuple[str, list, list]]:
    """Yield category, functions and right answers of the leaderboard's rows whose calls are checked by their syntax."""
    for file in sorted(folder.glob("BFCL_v4_*.json")):
        category = file.stem.partition("_v4_")[2]
        if not any(word in category for word in ("simple", "multiple", "parallel")):
            continue
        answers = {entry["id"]: entry["ground_truth"] for entry in lines(folder / "possible_answer" / file.name)}
        for entry in lines(file):
            yield category, entry["function"], answers[entry["id"]]


def lines(file: Path) -> list[dict]:
    """Return the objects of a file of JSON lines."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def call_of(expected: dict, functions: list, code: str, bfcl_types: Any, rng: random.Random) -> list:
    """Return [name, arguments] of a right call: any of its right values, some of what may be left out."""
    ((name, values),) = expected.items()
    schema = next((function for function in functions if function["name"] == name), functions[0])["parameters"]
    arguments = {}
    for key, right in values.items():
        said = [value for value in right if value != ""]
        if said and ("" not in right or rng.random() < 0.6):
            arguments[key] = plain(rng.choice(said), rng)
            if code != "python":
                arguments[key] = written(
                    arguments[key], schema["properties"].get(key, {"type": "any"}), code, bfcl_types
                )
    return [name, arguments]


def plain(value: Any, rng: random.Random) -> Any:
    """Return a right value as a call has it: of an object one right value of each key."""
    if isinstance(value, list):
        return [plain(entry, rng) for entry in value]
    if not isinstance(value, dict):
        return value
    chosen = {key: rng.choice(right) for key, right in value.items() if isinstance(right, list) and right}
    return {key: entry for key, entry in chosen.items() if entry != ""}


def written(value: Any, schema: dict, code: str, bfcl_types: Any) -> str:
    """Return a value in a language's syntax; Python's where its type has none."""
    try:
        return bfcl_types.write_value(value, schema, code)
    except (KeyError, TypeError):
        return str(value)


def changed(calls: list, rng: random.Random) -> list:
    """Return calls as they are, or with a value, an argument, their number or their order changed."""
    what, (name, arguments) = rng.randrange(6), rng.choice(calls)
    if what < 2 and arguments:
        key = rng.choice(list(arguments))
        arguments[key] = other(arguments[key], rng)
    elif what == 2 and arguments:
        del arguments[rng.choice(list(arguments))]
    elif what == 3:
        rng.choice([lambda: calls.append([name, dict(arguments)]), lambda: arguments.update(zzz=1), calls.pop])()
    elif what == 4:
        rng.shuffle(calls)
    return calls


def other(value: Any, rng: random.Random) -> Any:
    """Return another value, which may still be right: other case, another type, one entry more."""
    if isinstance(value, str):
        return rng.choice([value.upper(), value + "!", value.replace(" ", ""), "", [value], value + ".", 1, None])
    if isinstance(value, list):
        changes = [value[:-1], value[::-1], value + value[:1], [], str(value)]
        return rng.choice([*changes, *([[other(value[0], rng), *value[1:]]] if value else [])])
    if isinstance(value, dict):
        return rng.choice([value | {"zzz": 1}, {}, {key: other(entry, rng) for key, entry in value.items()}])
    if isinstance(value, bool) or value is None:
        return rng.choice([not value, 1, str(value)])
    return rng.choice([value + 1, float(value), int(value), str(value), -value, [value], None])
