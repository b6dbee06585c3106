"""The handbook's mixtures, mixed by real `datasets` code from local folders in hub format."""

import json

import pytest

from gretchen.engines.zephyr.mixing import mix, without_extra_prompts, write_mixture
from gretchen.errors import GretchenError
from gretchen.recipes.mixture import read_mixture


def turns(question, answer=None):
    asked = [{"role": "user", "content": question}]
    return asked if answer is None else [*asked, {"role": "assistant", "content": answer}]


@pytest.fixture
def data(tmp_path, monkeypatch):
    """Make two folders of chats and one of preferences, and work beside them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    for name, sizes in {"first": {"train": 20, "test": 4}, "second": {"train": 9, "test": 3}}.items():
        (tmp_path / name).mkdir()
        for split, size in sizes.items():
            rows = [{"prompt": f"{name} {n}", "messages": turns(f"{name} {n}", "yes"), "n": n} for n in range(size)]
            (tmp_path / name / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "pairs").mkdir()
    rows = [
        {"prompt": f"q{n}", "messages": turns(f"q{n}", "yes"), "score": 1.0, "chosen": turns(f"q{n}", "yes"),
         "rejected": turns(f"q{n}", "no")} for n in range(8)
    ]  # fmt: skip
    (tmp_path / "pairs" / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path


def questions(rows):
    return [row["messages"][0]["content"] for row in rows]


def test_a_mixers_share_is_the_first_rows_of_each_data_set_then_shuffled_by_42(data):
    rows = mix(read_mixture({"dataset_mixer": {"first": 0.33, "second": 1.0}}), "sft")
    assert sorted(questions(rows["train"])) == sorted(
        [*(f"first {n}" for n in range(int(0.33 * 20))), *(f"second {n}" for n in range(9))]
    )
    assert questions(rows["train"]) != sorted(questions(rows["train"]))
    assert len(rows["test"]) == 4 + 3
    assert rows["train"].column_names == ["messages"]
    again = mix(read_mixture({"dataset_mixer": {"first": 0.33, "second": 1.0}}), "sft")
    assert questions(again["train"]) == questions(rows["train"])


def test_a_mixtures_weight_samples_by_its_seed_and_the_test_rows_are_split_off(data):
    entries = [{"id": "first", "split": "train", "columns": ["messages"], "weight": 0.5}]
    values = {"dataset_mixture": {"datasets": entries, "seed": 3, "test_split_size": 2}}
    rows = mix(read_mixture(values), "sft")
    assert (len(rows["train"]), len(rows["test"])) == (8, 2)
    chosen = set(questions(rows["train"]) + questions(rows["test"]))
    assert chosen != {f"first {n}" for n in range(10)}
    values["dataset_mixture"]["seed"] = 4
    other = mix(read_mixture(values), "sft")
    assert chosen != set(questions(other["train"]) + questions(other["test"]))


def test_a_string_prompt_beside_whole_chats_is_dropped(data):
    rows = mix(read_mixture({"dataset_mixer": {"pairs": 1.0}, "dataset_splits": ["train"]}), "dpo")
    assert rows["train"].column_names == ["chosen", "rejected"]


@pytest.mark.parametrize("streaming", [False, True])
def test_a_string_prompt_is_dropped_from_a_named_data_set_too(data, streaming):
    from datasets import load_dataset

    rows = without_extra_prompts(load_dataset("pairs", streaming=streaming))
    assert rows["train"].column_names == ["score", "chosen", "rejected"]
    assert without_extra_prompts(load_dataset("first", streaming=streaming))["train"].column_names == [
        "prompt",
        "messages",
        "n",
    ]


def test_a_written_mixture_is_read_by_trls_dataset_name(data):
    from datasets import load_dataset

    counts = write_mixture(read_mixture({"dataset_mixer": {"first": 1, "second": 0}}), "sft", data / "out" / "data")
    assert counts == {"train": 20, "test": 7}
    loaded = load_dataset(str(data / "out" / "data"))
    assert {name: len(rows) for name, rows in loaded.items()} == counts
    assert loaded["train"][0]["messages"][1] == {"role": "assistant", "content": "yes"}


def test_a_folder_that_save_to_disk_wrote(data):
    from datasets import load_dataset

    load_dataset("first", split="train").save_to_disk(data / "saved" / "train_sft")
    rows = mix(read_mixture({"dataset_mixer": {"saved": 1.0}, "dataset_splits": ["train_sft"]}), "sft")
    assert len(rows["train"]) == 20


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"dataset_mixer": {"first": 1}, "dataset_splits": ["train_sft"]}, "data set 'first', split 'train_sft': "),
        ({"dataset_mixer": {"./nowhere": 1}}, "data set './nowhere' is not on this disk"),
        ({"dataset_mixture": {"datasets": [{"id": "first", "columns": ["mesages"]}]}}, "has no column 'mesages'"),
    ],
)
def test_a_missing_data_set_split_or_column_is_one_message(data, values, sentence):
    with pytest.raises(GretchenError) as failure:
        write_mixture(read_mixture(values), "sft", data / "out")
    assert sentence in failure.value.problem
    assert not (data / "out").exists()
