"""A training that starts from an adapter starts from base + adapter, and so does its reference: engines and stages.

Each standalone recipe trains one step in this process, and the hidden states of the model that it trains, and of its
reference, are compared with those of base + adapter, loaded by peft.
"""

import importlib
import json
import shutil
from pathlib import Path

import pytest
import yaml
from safetensors.torch import load_file

from gretchen.errors import UserError
from gretchen.files import write_jsonl
from gretchen.hardware import Machine
from gretchen.merging import merge_folders
from gretchen.models.adapter_sources import find_adapter, find_local_adapter
from gretchen.recipes.find import find
from gretchen.recipes.resolve import Request, resolve
from gretchen.training.adapter_start import from_adapters
from gretchen.training.run import run_training
from gretchen.training.standalone import standalone_training
from gretchen.training.tokenizer import CHATML

PROJECT = "genome-chatbot"
ROWS = 60
CPU = Machine(cores=2, memory_gb=8, disk_free_gb=8, bf16=True)
IDS = [[5, 9, 12, 33, 7, 21, 40, 8]]
SMALL = {
    "zephyr": {"bf16": False, "dtype": "float32", "report_to": "none", "save_strategy": "no", "max_steps": 1,
               "eval_strategy": "no", "logging_steps": 1, "per_device_train_batch_size": 4},
    "axolotl": {"use_wandb": False, "save_strategy": "no", "max_steps": 1, "test_datasets": None, "logging_steps": 1,
                "micro_batch_size": 4},
}  # fmt: skip
ONLINE = {
    "grpo.zephyr": {"num_generations": 2, "max_completion_length": 8, "beta": 0.1},
    "grpo.axolotl": {"trl": {"num_generations": 2, "max_completion_length": 8, "beta": 0.1}},
}
WITH_REFERENCE = ("dpo", "kto", "grpo")


@pytest.fixture(scope="module")
def root(few_rows):
    """Return a root with a few rows, a base in float32 and an adapter on it that changes what the base computes."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM, AutoTokenizer

    source = f"projects/{PROJECT}/base"
    torch.manual_seed(1)
    model = AutoModelForCausalLM.from_pretrained(source, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(source)
    model.save_pretrained("base")
    tokenizer.save_pretrained("base")
    config = LoraConfig(r=4, target_modules=["q_proj", "down_proj"], task_type="CAUSAL_LM", init_lora_weights=False)
    adapter = get_peft_model(AutoModelForCausalLM.from_pretrained("base", dtype=torch.float32), config)
    adapter.save_pretrained("adapter")
    tokenizer.save_pretrained("adapter")
    return few_rows


@pytest.fixture(scope="module")
def expected(root):
    """Return the hidden states of the base alone, and those of base + adapter as peft loads it."""
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    base = AutoModelForCausalLM.from_pretrained("base", dtype=torch.float32).eval()
    alone = hidden(base)
    return alone, hidden(PeftModel.from_pretrained(base, "adapter").eval())


def hidden(model):
    """Return the last hidden states of a causal model or classifier, with or without peft's layers in it."""
    import torch

    inner = model.get_base_model() if hasattr(model, "get_base_model") else model
    training = inner.training
    inner.eval()
    with torch.no_grad():
        states = inner.model(input_ids=torch.tensor(IDS)).last_hidden_state.float()
    inner.train(training)
    return states


def reference_hidden(trainer):
    """Return the hidden states of a trainer's reference: a second model, a frozen copy of the adapter, no adapter."""
    if trainer.ref_model is not None:
        return hidden(trainer.ref_model)
    model = trainer.accelerator.unwrap_model(trainer.model)
    if "ref" in model.peft_config:
        model.set_adapter("ref")
        states = hidden(model)
        model.set_adapter("default")
        return states
    with model.disable_adapter():
        return hidden(model)


def standalone(tmp_path, recipe, **changes):
    """Write one of the project's recipes as a standalone file with other values, and return the file."""
    found = find(PROJECT, recipe)
    overrides = SMALL[found.engine] | ONLINE.get(found.name, {})
    resolved = resolve(Request(PROJECT, recipe, "tiny", overrides=overrides, model="base"))
    file = tmp_path / f"{recipe.replace('.', '-')}.yaml"
    values = {key: value for key, value in (resolved.values | changes).items() if value is not None}
    file.write_text(yaml.safe_dump(values), encoding="utf-8")
    return file


def first_step(file, monkeypatch):
    """Train a standalone recipe for a step, and return the hidden states that it and its reference start from."""
    from transformers import Trainer

    start = {}
    training_step = Trainer.training_step

    def recorded(self, model, *args, **kwargs):
        if not start:
            start["policy"] = hidden(self.accelerator.unwrap_model(self.model))
            start["reference"] = reference_hidden(self) if hasattr(self, "ref_model") else None
        return training_step(self, model, *args, **kwargs)

    def engine(run_dir, num_gpus, resume):
        record = json.loads((run_dir / "run.json").read_text(encoding="utf-8"))
        module = importlib.import_module(f"gretchen.engines.{record['engine']}.train")
        module.train(Path("runs", *run_dir.parts[-3:], "recipe.yaml"), record["stage"])

    monkeypatch.setattr(Trainer, "training_step", recorded)
    run_dir = Path.cwd() / "runs/standalone" / file.stem / "20260101-000000-aaaa"
    shutil.rmtree(run_dir.parent, ignore_errors=True)
    training = standalone_training(file, run_dir, "", CPU)
    run_training(training, engine, 0, resume=False)
    return start, training


def gap(left, right):
    """Return the largest difference of hidden states, as a share of their size."""
    return float((left - right).abs().max() / right.abs().max())


# Where axolotl trains the adapter on, and one trainer of TRL's stands for another: `make test-all`.
SLOW = ("sft.zephyr", "orpo.zephyr", "sft.axolotl", "orpo.axolotl", "grpo.axolotl")
STARTS = [(engine, stage) for engine in ("zephyr", "axolotl")
          for stage in ("sft", "dpo", "kto", "orpo", "reward", "grpo")]  # fmt: skip


@pytest.mark.parametrize(
    ("engine", "stage"),
    [pytest.param(*pair, marks=pytest.mark.slow) if f"{pair[1]}.{pair[0]}" in SLOW else pair for pair in STARTS],
)
def test_a_training_starts_from_base_and_adapter(root, expected, tmp_path, monkeypatch, engine, stage):
    key = {"lora_model_dir": "adapter"} if engine == "axolotl" else {"model_name_or_path": "adapter"}
    file = standalone(tmp_path, f"{stage}.{engine}", **key)
    start, training = first_step(file, monkeypatch)
    alone, with_adapter = expected
    assert gap(alone, with_adapter) > 0.01
    assert gap(start["policy"], with_adapter) < 1e-4
    if stage in WITH_REFERENCE:
        assert gap(start["reference"], with_adapter) < 1e-4
    merged = any("the adapter adapter is merged into its base base" in note for note in training.notes)
    assert merged == (engine == "zephyr" or stage in ("dpo", "kto", "reward"))


HANDBOOK = """model_name_or_path: plain
torch_dtype: float32
dataset_mixer: {rows: 1.0}
dataset_splits: [train]
bf16: false
max_seq_length: 64
max_steps: 1
logging_steps: 1
per_device_train_batch_size: 1
report_to: none
save_strategy: "no"
use_peft: true
lora_target_modules: [q_proj, v_proj]
"""


@pytest.fixture(scope="module")
def plain(root):
    """Write a base without a chat template and without ChatML's first token, and conversations, into the root."""
    shutil.copytree("base", "plain")
    Path("plain/chat_template.jinja").unlink()
    tokenizer = Path("plain/tokenizer.json")
    tokenizer.write_text(tokenizer.read_text("utf-8").replace("<|im_start|>", "<|another|>"), encoding="utf-8")
    Path("rows").mkdir()
    turns = [{"role": "user", "content": "ATG"}, {"role": "assistant", "content": "AUG"}]
    write_jsonl(Path("rows/train.jsonl"), [{"messages": turns}] * 20)
    return root


def trained(file, monkeypatch, capsys):
    """Train a standalone recipe in this process; return the trained folder's tokenizer, and what was printed."""
    from transformers import AutoTokenizer

    first_step(file, monkeypatch)
    adapter = Path("runs/standalone") / file.stem / "20260101-000000-aaaa/adapter"
    return AutoTokenizer.from_pretrained(adapter), capsys.readouterr().out


def test_the_handbooks_template_where_neither_recipe_nor_tokenizer_has_one(plain, tmp_path, monkeypatch, capsys):
    file = tmp_path / "sft-config.yaml"
    file.write_text(HANDBOOK, encoding="utf-8")
    tokenizer, output = trained(file, monkeypatch, capsys)
    assert "neither recipe nor tokenizer has a chat template: the handbook's default, <|user|>, message, EOS" in output
    rendered = tokenizer.apply_chat_template([{"role": "user", "content": "x"}], tokenize=False)
    assert rendered == f"<|user|>\nx{tokenizer.eos_token}\n"


def test_chatmls_markers_become_tokens_and_the_latter_ends_an_answer(plain, tmp_path, monkeypatch, capsys):
    file = tmp_path / "starchat-sft.yaml"
    file.write_text(HANDBOOK + f"chat_template: {json.dumps(CHATML)}\n", encoding="utf-8")
    tokenizer, output = trained(file, monkeypatch, capsys)
    assert "<|im_start|> and <|im_end|> are new tokens" in output
    assert (tokenizer.eos_token, len(tokenizer("<|im_start|>").input_ids)) == ("<|im_end|>", 1)
    weights = load_file("runs/standalone/starchat-sft/20260101-000000-aaaa/adapter/adapter_model.safetensors")
    whole = {name: tensor for name, tensor in weights.items() if "embed_tokens" in name or "lm_head" in name}
    assert {len(tensor) for tensor in whole.values()} == {len(tokenizer)}, whole.keys()
    merge_folders("plain", Path("runs/standalone/starchat-sft/20260101-000000-aaaa/adapter"), Path("merged-starchat"))
    assert json.loads(Path("merged-starchat/config.json").read_text("utf-8"))["vocab_size"] == len(tokenizer)


def test_an_adapter_on_an_adapter_and_a_name_that_is_none(root, tmp_path):
    with pytest.raises(UserError, match="lora_model_dir: nowhere is neither an adapter's folder nor its hub id"):
        from_adapters({"base_model": "base", "lora_model_dir": "nowhere"}, "axolotl", "dpo")
    shutil.copytree("adapter", "second")
    config = Path("second/adapter_config.json")
    config.write_text(config.read_text("utf-8").replace('"base"', '"adapter"'), encoding="utf-8")
    values, notes = from_adapters({"model_name_or_path": "second", "model_revision": "main"}, "zephyr", "dpo")
    assert values == {"model_name_or_path": notes[0].rpartition(": ")[2]}
    assert find_adapter("base") is None
    assert find_local_adapter("second").base == "adapter"
    twice = json.loads(Path(values["model_name_or_path"], "merge.json").read_text("utf-8"))
    assert twice["base"].startswith("runs/standalone/merged/adapter-")
