"""The handbook's mixtures of data sets, in TRL's keys, as a folder of mixed rows, and as the handbook reads them."""

import pytest

from gretchen.recipes.handbook import ALWAYS_PACKED
from gretchen.recipes.mixture import Mixture, Part, read_mixture
from gretchen.recipes.schema import load_schema
from gretchen.recipes.translate import translate
from gretchen.recipes.validation import schema_problems

ENTRIES = [{"id": "a/b", "config": "x", "split": "train_sft", "columns": ["messages"], "weight": 1.0},
           {"id": "c/d", "weight": 0.25}]  # fmt: skip


def translated(values, **paths):
    """Return a recipe's current values without its model, the messages of its edits, and those of its problems."""
    translation = translate({"model_name_or_path": "m"} | values, "sft", **paths)
    values = {key: value for key, value in translation.values.items() if key != "model_name_or_path"}
    messages = [edit.message for edit in translation.edits if edit.message]
    return values, messages, [problem.message for problem in translation.problems]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"dataset_mixer": {"a/b": 1.0}}, {"dataset_name": "a/b"}),
        ({"dataset_mixer": {"a/b": 1}, "dataset_splits": ["train_sft", "test_sft"], "dataset_configs": ["x"]},
         {"dataset_name": "a/b", "dataset_config": "x", "dataset_train_split": "train_sft",
          "dataset_test_split": "test_sft"}),
        ({"dataset_mixer": {"a/b": 1.0, "c/d": 0.3}, "dataset_splits": ["train"]},
         {"datasets": [{"path": "a/b", "split": "train"}, {"path": "c/d", "split": "train[:30%]"}]}),
        ({"dataset_mixture": {"datasets": ENTRIES, "test_split_size": 100, "seed": 3}},
         {"datasets": [{"path": "a/b", "name": "x", "split": "train_sft", "columns": ["messages"]},
                       {"path": "c/d", "split": "train[:25%]"}], "test_split_size": 100}),
    ],
)  # fmt: skip
def test_a_mixture_in_trls_keys(values, expected):
    actual, _, problems = translated(values)
    assert (actual, problems) == (expected | (ALWAYS_PACKED if "dataset_mixer" in values else {}), [])
    assert schema_problems({"model_name_or_path": "m"} | actual, load_schema("zephyr", "sft")) == []


def test_what_trls_keys_cannot_express_of_a_mixture_is_reported():
    values, messages, _ = translated({"dataset_mixer": {"a": 1, "b": 1}, "evaluation_strategy": "steps"})
    assert values["eval_strategy"] == "no"
    assert messages[1].endswith(
        "no test split, so 'eval_strategy' is no, but `gretchen train` of this file as it is keeps both"
    )
    messages = translated({"dataset_mixture": {"datasets": ENTRIES}})[1]
    assert messages == ["'dataset_mixture' is now 'datasets'; the first 25 % of c/d is used instead of a random sample"]
    values, messages, problems = translated({"dataset_mixer": {"a": 0.125, "b": 1}})
    assert (values["datasets"][0]["split"], problems) == ("train[:12%]", [])
    assert messages[0].endswith("; 12 % of a is used instead of 12.5 %: slices take whole percents")
    sliced = {"dataset_mixture": {"datasets": [{"id": "a", "split": "train[:9]", "weight": 0.5}]}}
    assert translated(sliced)[1][0].endswith("; all of a's train[:9] is used instead of 0.5 of it")


def test_a_mixture_may_be_a_folder_of_mixed_rows():
    untested = {"dataset_mixer": {"a": 1, "b": 1}, "dataset_splits": ["train"], "evaluation_strategy": "epoch"}
    for rows in ("", "runs/x/data"):
        values, messages, problems = translated(untested, rows_path=rows)
        assert (values["eval_strategy"], problems) == ("no", [])
        assert messages[-1].endswith("; no split to evaluate on is named, so 'eval_strategy' is no")
    assert (
        translated(untested | {"dataset_mixer": {"a": 1}})[0]
        == {
            "dataset_name": "a",
            "eval_strategy": "no",
        }
        | ALWAYS_PACKED
    )
    mixed = {"dataset_mixer": {"a": 0.125, "b": 1}, "eval_strategy": "steps"}
    values, messages, problems = translated(mixed, rows_path="runs/x/data")
    assert (values, problems) == ({"dataset_name": "runs/x/data", "eval_strategy": "steps"} | ALWAYS_PACKED, [])
    assert messages == [
        "'dataset_mixer': the rows are mixed by the handbook's rule into runs/x/data; with it, the handbook always "
        "packed rows: 'packing: true, packing_strategy: wrapped'"
    ]


def test_sft_was_packed_with_a_mixer_unless_the_recipe_says_otherwise():
    values, messages, _ = translated({"dataset_mixer": {"a": 1}, "packing": False})
    assert values == {"dataset_name": "a", "packing": False}
    assert "packed" not in messages[0]
    assert not ALWAYS_PACKED.items() & translated({"dataset_mixture": {"datasets": ENTRIES}})[0].items()
    translation = translate({"model_name_or_path": "m", "dataset_mixer": {"a": 1}}, "dpo")
    assert not ALWAYS_PACKED.items() & translation.values.items()


def test_a_mixture_without_a_value_is_dropped():
    assert translated({"dataset_mixer": None})[0] == translated({"dataset_mixture": None})[0] == {}


def test_a_mixture_is_read_as_the_handbook_reads_it():
    assert read_mixture({"dataset_mixer": {"a": 0.5, "b": 1}, "dataset_splits": ["test_x", "train_x"]}) == Mixture(
        [Part("a", None, "train_x", 0.5), Part("b", None, "train_x", 1.0)],
        [Part("a", None, "test_x"), Part("b", None, "test_x")],
    )
    assert read_mixture({"dataset_mixture": {"datasets": ENTRIES, "seed": 3}}) == Mixture(
        [Part("a/b", "x", "train_sft", 1.0, ["messages"]), Part("c/d", None, "train", 0.25)], [], 3, True
    )
    assert read_mixture({"dataset_name": "a"}) is None
