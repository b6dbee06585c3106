"""Tokens, cut rows, packed sequences and steps of a plan are those that TRL's own trainers make of the same rows."""

import json
import random
import shutil
from dataclasses import replace

import pytest
import yaml

from gretchen.errors import UserError
from gretchen.planning.lengths import count_rows, pack
from gretchen.planning.rows import train_files
from gretchen.planning.settings import read_settings
from gretchen.planning.steps import steps
from gretchen.recipes.resolve import resolve_file

ROWS = 1200  # more than TRL packs at once


@pytest.fixture(scope="module")
def place(tmp_path_factory, root):
    """Return a folder with rows of all kinds, and the architecture's tokenizer and config."""
    place, draw = tmp_path_factory.mktemp("plan"), random.Random(0)
    shutil.copytree(root / "shared_recipes" / "tiny" / "architecture", place / "model")

    def words():
        return " ".join(draw.choice(["Größe", "ACGT", "12.5", "the answer", "\n"]) for _ in range(draw.randint(1, 40)))

    def said(role):
        return {"role": role, "content": words()}

    rows = {"texts": [], "chats": [], "pairs": []}
    for _ in range(ROWS):
        rows["texts"].append({"text": words()})
        rows["chats"].append({"messages": [said("user"), said("assistant"), said("user"), said("assistant")]})
        pair = {"prompt": [said("user")], "chosen": [said("assistant")], "rejected": [said("assistant")]}
        rows["pairs"].append(pair)
    for name, found in rows.items():
        (place / name).mkdir()
        text = "\n".join(json.dumps(row) for row in found)
        (place / name / "train.jsonl").write_text(text + "\n", encoding="utf-8")
    return place


def planned(place, rows, **values):
    """Return the plan's count of a recipe's rows, and the recipe's settings."""
    known = {"model_name_or_path": str(place / "model"), "dataset_name": str(place / rows), "output_dir": str(place)}
    file = place / "recipe.yaml"
    file.write_text(yaml.safe_dump(known | values), encoding="utf-8")
    resolved = resolve_file(file)
    settings = read_settings(resolved, cpu=True)
    return count_rows(resolved, settings, train_files(resolved), place / "model"), settings


def model_of(place):
    """Return a random model of the architecture, which reads its tokenizer from the same folder."""
    from transformers import AutoConfig, AutoModelForCausalLM

    model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(place / "model"))
    model.config._name_or_path = str(place / "model")
    return model


def trainer(place, rows, **values):
    """Return TRL's own trainer on the same rows."""
    from datasets import load_dataset
    from trl import DPOConfig, DPOTrainer, SFTConfig, SFTTrainer

    made, config = (DPOTrainer, DPOConfig) if rows == "pairs" else (SFTTrainer, SFTConfig)
    data = load_dataset("json", data_files=str(place / rows / "train.jsonl"), split="train")
    told = {"output_dir": str(place / "run"), "use_cpu": True, "bf16": False, "report_to": "none"} | values
    more = {"ref_model": model_of(place)} if rows == "pairs" else {}
    return made(model=model_of(place), args=config(**told), train_dataset=data, **more)


SFT = [
    pytest.param("texts", {"max_length": 60}, marks=pytest.mark.slow),
    pytest.param("chats", {"max_length": None}, marks=pytest.mark.slow),
    pytest.param("chats", {"max_length": 80, "assistant_only_loss": True}, marks=pytest.mark.slow),
    ("chats", {"max_length": 25, "assistant_only_loss": True}),
    ("chats", {"max_length": 256, "packing": True}),
    pytest.param("chats", {"max_length": 90, "packing": True, "packing_strategy": "bfd_split"}, marks=pytest.mark.slow),
    ("texts", {"max_length": 128, "packing": True, "packing_strategy": "wrapped"}),
]


@pytest.mark.parametrize(("rows", "values"), SFT, ids=str)
def test_sequences_are_those_that_the_trainer_collates(place, rows, values):
    told, settings = planned(place, rows, **{k: "none" if v is None else v for k, v in values.items()})
    theirs = trainer(place, rows, **values)
    lengths = [len(ids) for ids in theirs.train_dataset["input_ids"]]
    assert sorted(told.lengths) == sorted(lengths)
    assert told.tokens == sum(lengths)
    assert told.rows == ROWS
    if not settings.packing:
        assert told.dropped == ROWS - len(lengths)
    batches = len(theirs.get_train_dataloader())
    assert steps(len(told.lengths), replace(settings, rows=8, accumulation=1)).per_epoch == batches


def test_rows_cut_at_the_limit_are_counted(place):
    whole, _ = planned(place, "chats", max_length="none")
    cut, _ = planned(place, "chats", max_length=80)
    assert cut.cut == sum(length > 80 for length in whole.lengths) > 0
    assert cut.dropped == 0
    few, _ = planned(place, "chats", max_length=25, assistant_only_loss=True)
    assert few.cut + few.dropped == sum(length > 25 for length in whole.lengths)
    assert few.dropped > 0


@pytest.mark.parametrize(
    "limit", [pytest.param(None, marks=pytest.mark.slow), 50, pytest.param(20, marks=pytest.mark.slow)]
)
def test_pairs_are_those_that_the_trainer_collates(place, limit):
    told, _ = planned(place, "pairs", max_length="none" if limit is None else limit, beta=0.1)
    theirs = trainer(place, "pairs", max_length=limit)
    batch = theirs.data_collator([dict(row) for row in theirs.train_dataset])
    assert len(theirs.train_dataset) == len(told.lengths) == told.rows - told.dropped
    assert max(told.lengths) == batch["input_ids"].shape[1]
    assert told.tokens == int(batch["attention_mask"].sum())


def test_packing_never_overfills_and_loses_nothing():
    draw = random.Random(1)
    lengths = [draw.randint(1, 100) for _ in range(500)]
    for strategy in ("bfd", "bins", "wrapped"):
        packed = pack(lengths, 100, strategy)
        assert sum(packed) == sum(lengths)
        assert max(packed) <= 100


def test_steps_follow_batch_accumulation_devices_and_max_steps(place):
    _, settings = planned(place, "texts")
    one = replace(settings, rows=8, accumulation=4, epochs=3.0, max_steps=-1)
    assert (steps(100, one).per_epoch, steps(100, one).total) == (4, 12)
    assert steps(100, replace(one, devices=2)).total == 6
    assert steps(100, replace(one, max_steps=10)).total == 10


def test_rows_that_are_no_rows_are_refused_with_their_line(place):
    (place / "broken").mkdir()
    file = place / "broken" / "train.jsonl"
    file.write_text('{"text": "a"}\n{"text"\n', encoding="utf-8")
    with pytest.raises(UserError, match=r"train\.jsonl:2: not one JSON object a line"):
        planned(place, "broken")
    file.write_text('{"words": "a"}\n', encoding="utf-8")
    with pytest.raises(UserError, match="a row has neither messages"):
        planned(place, "broken")
