"""Tokens, cut rows, packed sequences and steps of a plan are those that TRL's own trainers make of the same rows."""

import json
import random
import shutil
from dataclasses import replace

import pytest
import yaml

from gretchen.errors import UserError
from gretchen.planning.lengths import count_rows, pack
from gretchen.planning.read_settings import read_settings
from gretchen.planning.rows import train_files
from gretchen.planning.steps import count_steps
from gretchen.recipes.resolve import resolve_file

ROWS = 1200  # more than TRL packs at once


@pytest.fixture(scope="module")
def folder(tmp_path_factory, root):
    """Return a folder with rows of all kinds, and the tiny architecture's tokenizer and config."""
    folder, rng = tmp_path_factory.mktemp("plan"), random.Random(0)
    shutil.copytree(root / "shared_recipes" / "tiny" / "architecture", folder / "model")

    def words():
        return " ".join(rng.choice(["Größe", "ACGT", "12.5", "the answer", "\n"]) for _ in range(rng.randint(1, 40)))

    def turn(role):
        return {"role": role, "content": words()}

    rows = {"texts": [], "chats": [], "pairs": []}
    for _ in range(ROWS):
        rows["texts"].append({"text": words()})
        rows["chats"].append({"messages": [turn("user"), turn("assistant"), turn("user"), turn("assistant")]})
        pair = {"prompt": [turn("user")], "chosen": [turn("assistant")], "rejected": [turn("assistant")]}
        rows["pairs"].append(pair)
    for name, examples in rows.items():
        (folder / name).mkdir()
        text = "\n".join(json.dumps(row) for row in examples)
        (folder / name / "train.jsonl").write_text(text + "\n", encoding="utf-8")
    return folder


def planned(folder, rows, **values):
    """Return the plan's count of a recipe's rows, and the recipe's settings."""
    required = {
        "model_name_or_path": str(folder / "model"),
        "dataset_name": str(folder / rows),
        "output_dir": str(folder),
    }
    file = folder / "recipe.yaml"
    file.write_text(yaml.safe_dump(required | values), encoding="utf-8")
    resolved = resolve_file(file)
    settings = read_settings(resolved, cpu=True)
    return count_rows(resolved, settings, train_files(resolved), folder / "model"), settings


def model_of(folder):
    """Return a random model of the architecture, which reads its tokenizer from the same folder."""
    from transformers import AutoConfig, AutoModelForCausalLM

    model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(folder / "model"))
    model.config._name_or_path = str(folder / "model")
    return model


def trainer(folder, rows, **values):
    """Return TRL's own trainer on the same rows."""
    from datasets import load_dataset
    from trl import DPOConfig, DPOTrainer, SFTConfig, SFTTrainer

    trainer_class, config_class = (DPOTrainer, DPOConfig) if rows == "pairs" else (SFTTrainer, SFTConfig)
    data = load_dataset("json", data_files=str(folder / rows / "train.jsonl"), split="train")
    arguments = {"output_dir": str(folder / "run"), "use_cpu": True, "bf16": False, "report_to": "none"} | values
    reference = {"ref_model": model_of(folder)} if rows == "pairs" else {}
    return trainer_class(model=model_of(folder), args=config_class(**arguments), train_dataset=data, **reference)


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
def test_sequences_are_those_of_the_trainer(folder, rows, values):
    counts, settings = planned(folder, rows, **{k: "none" if v is None else v for k, v in values.items()})
    trl_trainer = trainer(folder, rows, **values)
    lengths = [len(ids) for ids in trl_trainer.train_dataset["input_ids"]]
    assert sorted(counts.lengths) == sorted(lengths)
    assert counts.tokens == sum(lengths)
    assert counts.rows == ROWS
    if not settings.packing:
        assert counts.dropped == ROWS - len(lengths)
    batches = len(trl_trainer.get_train_dataloader())
    settings = replace(settings, batch_size=8, accumulation=1)
    assert count_steps(len(counts.lengths), settings).per_epoch == batches


def test_rows_cut_at_the_limit_are_counted(folder):
    uncut, _ = planned(folder, "chats", max_length="none")
    cut, _ = planned(folder, "chats", max_length=80)
    assert cut.cut == sum(length > 80 for length in uncut.lengths) > 0
    assert cut.dropped == 0
    few, _ = planned(folder, "chats", max_length=25, assistant_only_loss=True)
    assert few.cut + few.dropped == sum(length > 25 for length in uncut.lengths)
    assert few.dropped > 0


@pytest.mark.parametrize(
    "limit", [pytest.param(None, marks=pytest.mark.slow), 50, pytest.param(20, marks=pytest.mark.slow)]
)
def test_pairs_are_those_of_the_trainer(folder, limit):
    counts, _ = planned(folder, "pairs", max_length="none" if limit is None else limit, beta=0.1)
    trl_trainer = trainer(folder, "pairs", max_length=limit)
    batch = trl_trainer.data_collator([dict(row) for row in trl_trainer.train_dataset])
    assert len(trl_trainer.train_dataset) == len(counts.lengths) == counts.rows - counts.dropped
    assert max(counts.lengths) == batch["input_ids"].shape[1]
    assert counts.tokens == int(batch["attention_mask"].sum())


def test_packing_never_overfills_and_loses_nothing():
    rng = random.Random(1)
    lengths = [rng.randint(1, 100) for _ in range(500)]
    for strategy in ("bfd", "bins", "wrapped"):
        packed = pack(lengths, 100, strategy)
        assert sum(packed) == sum(lengths)
        assert max(packed) <= 100


def test_steps_follow_batch_accumulation_devices_and_max_steps(folder):
    _, settings = planned(folder, "texts")
    settings = replace(settings, batch_size=8, accumulation=4, epochs=3.0, max_steps=-1)
    assert (count_steps(100, settings).per_epoch, count_steps(100, settings).total) == (4, 12)
    assert count_steps(100, replace(settings, devices=2)).total == 6
    assert count_steps(100, replace(settings, max_steps=10)).total == 10


def test_malformed_rows_are_refused_with_their_line(folder):
    (folder / "broken").mkdir()
    file = folder / "broken" / "train.jsonl"
    file.write_text('{"text": "a"}\n{"text"\n', encoding="utf-8")
    with pytest.raises(UserError, match=r"train\.jsonl:2: not one JSON object a line"):
        planned(folder, "broken")
    file.write_text('{"words": "a"}\n', encoding="utf-8")
    with pytest.raises(UserError, match="a row has neither messages"):
        planned(folder, "broken")
