"""What a standalone recipe says and its engine would not heed: keys of data sets, chat templates, adapters."""

import pytest

from gretchen.checks.collection import file_verdict
from gretchen.checks.standalone import adapter_notes
from gretchen.errors import UserError
from gretchen.recipes.standalone import read_standalone

AXOLOTL = "base_model: a/b\nlearning_rate: 1e-4\ndatasets: [{path: a/b, type: alpaca}]\n"


@pytest.fixture
def file(tmp_path, monkeypatch):
    """Return a function that writes a recipe into a root of its own and returns the verdict on it."""
    monkeypatch.setenv("GRETCHEN_ROOT", str(tmp_path))

    def write(content, name="x.yaml"):
        (tmp_path / name).write_text(content, encoding="utf-8")
        return file_verdict(tmp_path / name)

    return write


DPO_DATASET = """base_model: a/b
learning_rate: 1e-4
rl: dpo
datasets:
  - path: a/b
    type: chat_template.default
    field_chosen: good
    roles: {user: [user], assistant: [assistant]}
    message_property_mappings: {role: from, content: value}
"""


def test_keys_of_a_data_set_that_axolotl_drops_are_named(file):
    result = file(DPO_DATASET)
    assert result.verdict == "refused"
    assert result.lines == [
        "x.yaml:9: 'datasets[0].message_property_mappings' would be lost: axolotl reads this data set as one for DPO, "
        "and drops it"
    ]
    result = file(DPO_DATASET.replace("from", "role").replace("value", "content"))
    assert result.verdict == "translated"
    assert [line.partition(" has no effect")[0] for line in result.lines] == [
        "x.yaml:8: 'datasets[0].roles'", "x.yaml:9: 'datasets[0].message_property_mappings'"
    ]  # fmt: skip
    steps = "base_model: a/b\nlearning_rate: 1\nprocess_reward_model: true\ndatasets:\n"
    steps += "  - {path: x, type: stepwise_supervised, step_separator: SEP, split: train}\n"
    assert file(steps.replace("SEP", '"\\n"')).verdict == "translated"
    assert "'datasets[0].step_separator' would be lost" in file(steps.replace("SEP", "x")).lines[0]


def test_a_chat_template_must_be_one_of_axolotls(file):
    (line,) = file(AXOLOTL + "chat_template: chatlm\n").lines
    assert line.startswith("x.yaml:4: 'chat_template' is \"chatlm\", expected alpaca or chatml or ")
    assert line.endswith(", did you mean 'chatml'?")
    assert file(AXOLOTL + "chat_template: tokenizer_default_fallback_chatml\n").verdict == "fine"


def test_resume_from_checkpoint_is_named(file):
    for value in ("true", "data/checkpoint-5"):
        (line,) = file(f"model_name_or_path: a/b\nresume_from_checkpoint: {value}\n").lines
        assert line.endswith("'resume_from_checkpoint' has no effect: `gretchen train FILE --resume` continues a run")


def test_an_adapter_to_start_from_is_named(file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sft").mkdir()
    (tmp_path / "sft/adapter_config.json").write_text('{"base_model_name_or_path": "owner/base"}', encoding="utf-8")
    file("model_name_or_path: sft\nbeta: 0.1\nuse_peft: true\n", "dpo.yaml")
    (note,) = adapter_notes(read_standalone(tmp_path / "dpo.yaml"))
    assert note == (
        "dpo.yaml:1: sft is an adapter on owner/base: TRL alone would start from the plain base, `gretchen train FILE` "
        "merges it first"
    )
    file("model_name_or_path: a/zephyr-7b-sft-qlora\n")
    (note,) = adapter_notes(read_standalone(tmp_path / "x.yaml"))
    assert "a/zephyr-7b-sft-qlora is an adapter, by its name" in note
    file("model_name_or_path: a/exploration\n")
    assert adapter_notes(read_standalone(tmp_path / "x.yaml")) == []
    for rl, expected in (("dpo", 1), ("orpo", 0)):
        file(AXOLOTL + f"rl: {rl}\nadapter: lora\nlora_model_dir: sft\n")
        assert len(adapter_notes(read_standalone(tmp_path / "x.yaml"))) == expected
    (tmp_path / "sft/model.safetensors").write_bytes(b"")
    with pytest.raises(UserError, match="sft holds a whole model and an adapter_config.json"):
        adapter_notes(read_standalone(tmp_path / "dpo.yaml"))
