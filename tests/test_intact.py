"""Adapters that were cut, edited or removed since the training, and a training stopped before its first checkpoint."""

import json
import shutil
from types import SimpleNamespace

import pytest
from run_records import write_run

from gretchen.errors import WorkError
from gretchen.models.adapters import with_adapter
from gretchen.models.locate import weights_hash
from gretchen.runs.intact import require_intact
from gretchen.runs.record import Run, read_record
from gretchen.scoring.systems import system
from gretchen.training.run import resume_note


@pytest.fixture(scope="module")
def small_model():
    """Return a function that makes a random Llama of a few thousand parameters."""
    from transformers import LlamaConfig, LlamaForCausalLM

    sizes = {"hidden_size": 8, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 1}
    config = LlamaConfig(vocab_size=16, head_dim=8, **sizes)
    return lambda: LlamaForCausalLM(config)


@pytest.fixture
def adapter(tmp_path, small_model):
    """Return the folder of a LoRA adapter of that model, as a finished run's."""
    from peft import LoraConfig, get_peft_model

    run = tmp_path / "runs" / "p" / "sft.zephyr" / "20260101-000000-aaaa"
    config = LoraConfig(task_type="CAUSAL_LM", r=2, target_modules=["q_proj", "v_proj"], init_lora_weights=False)
    get_peft_model(small_model(), config).save_pretrained(run / "adapter")
    write_run(run, weights=weights_hash(run / "adapter"))
    return run / "adapter"


def edit(adapter, **changes):
    file = adapter / "adapter_config.json"
    file.write_text(json.dumps(json.loads(file.read_text(encoding="utf-8")) | changes), encoding="utf-8")


def cut(adapter):
    file = adapter / "adapter_model.safetensors"
    file.write_bytes(file.read_bytes()[:200])


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (cut, "cannot be put on its model: "),
        (lambda adapter: edit(adapter, r=4), "cannot be put on its model: "),
        (
            lambda adapter: edit(adapter, target_modules=["q_proj"]),
            "not what adapter_config.json describes (base_model.",
        ),
        (lambda adapter: edit(adapter, target_modules=["o_proj", "q_proj", "v_proj"]), "adapter_config.json describes"),
        (lambda adapter: (adapter / "adapter_config.json").write_text("{", "utf-8"), "cannot be put on its model: "),
        (shutil.rmtree, "does not exist any more"),
    ],
)
def test_a_damaged_adapter_is_one_sentence(adapter, small_model, damage, reason):
    with_adapter(small_model(), adapter)
    damage(adapter)
    with pytest.raises(WorkError) as raised:
        with_adapter(small_model(), adapter)
    assert reason in raised.value.problem
    assert "\n" not in raised.value.problem


def test_a_run_whose_weights_changed_is_not_evaluated(adapter, monkeypatch, tmp_path):
    monkeypatch.setenv("GRETCHEN_ROOT", str(tmp_path))
    run = Run(adapter.parent, read_record(adapter.parent))
    assert require_intact(run.path, run.record) == weights_hash(adapter)
    cut(adapter)
    with pytest.raises(WorkError, match="were changed or cut since the training: not those of run.json"):
        system(run, alone=True)
    shutil.rmtree(adapter)
    with pytest.raises(WorkError, match="has neither adapter/ nor model/ any more"):
        system(run, alone=True)


def test_ctrl_c_promises_a_checkpoint_only_where_there_is_one(tmp_path):
    training = SimpleNamespace(run_dir=tmp_path, resume_command="make train PROJECT=p RESUME=1")
    command = "`make train PROJECT=p RESUME=1`"
    assert resume_note(training) == f"no checkpoint was written yet: {command} begins at step 0"
    (tmp_path / "checkpoint-40").mkdir()
    assert resume_note(training).endswith("begins at step 0"), "it is not complete"
    (tmp_path / "checkpoint-40" / "trainer_state.json").write_text("{}", encoding="utf-8")
    assert resume_note(training) == f"{command} continues from the checkpoint of step 40"
