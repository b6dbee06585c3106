"""`gretchen upgrade`: current keys, with comments, order and blank lines kept; a file changes whole or not at all."""

import pytest
import yaml

from gretchen.errors import UserError
from gretchen.recipes.rewrite import rewrite
from gretchen.recipes.standalone import read_standalone
from gretchen.recipes.upgrade import upgrade_file

OLD = """# SFT of a small model
model_name_or_path: a/b # the model

torch_dtype: auto   # as it is
overwrite_output_dir: true # it is ours
dataset_mixer: # the mix
  # first
  a/b: 1.0 # all of it
  "c#d": 0.5   # half "of" it
# between
dataset_splits: [train, test] # splits

evaluation_strategy: "no" # none
env: {A: b} # variables
wandb_project: x
learning_rate: 2e-4
packing: true
chat_template: |
  # no comment
  {{ x }}

lora_target_modules:
    - q_proj   # odd indent
    - 'v_proj'
# tail
"""
NEW = """# SFT of a small model
model_name_or_path: a/b # the model

dtype: auto   # as it is
# it is ours
# the mix
# first
# all of it
# half "of" it
datasets:
- path: a/b
  split: train
- path: c#d
  split: train[:50%]
# between
# splits

eval_strategy: "no" # none
# variables
env:
  A: b
  WANDB_PROJECT: x
learning_rate: 2e-4
packing: true
chat_template_path: old.chat_template.jinja

lora_target_modules:
    - q_proj   # odd indent
    - 'v_proj'
# tail
"""


@pytest.fixture
def old(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old.yaml").write_text(OLD, encoding="utf-8")
    return (tmp_path / "old.yaml").relative_to(tmp_path)


def test_only_the_lines_of_deprecated_keys_change_and_a_second_time_nothing(old, gretchen):
    done = gretchen("upgrade", "old.yaml", in_=old.absolute().parent)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "old.yaml:4: 'torch_dtype' is now 'dtype'",
        "old.yaml:5: 'overwrite_output_dir' no longer has any effect: a run's folder is never overwritten",
        "old.yaml:6: 'dataset_mixer' and 'dataset_splits' are now 'datasets'",
        "old.yaml:13: 'evaluation_strategy' is now 'eval_strategy'",
        "old.yaml:15: 'wandb_project' is now 'WANDB_PROJECT' in the block 'env'",
        "old.yaml:18: 'chat_template' is now 'chat_template_path', a file",
        "old.yaml: rewritten, 6 changes",
    ]
    assert old.read_text(encoding="utf-8") == NEW
    assert old.with_name("old.chat_template.jinja").read_text(encoding="utf-8") == "# no comment\n{{ x }}\n"
    before = old.stat().st_mtime_ns
    assert upgrade_file(old) == ["old.yaml: nothing to change"]
    assert (old.read_text(encoding="utf-8"), old.stat().st_mtime_ns) == (NEW, before)
    assert read_standalone(old).verdict == "fine"


@pytest.mark.parametrize("ends", ["\r\n", "\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_byte_order_mark_stay(old, ends, mark):
    old.write_bytes((mark + OLD.replace("\n", ends)).encode())
    upgrade_file(old)
    assert old.read_bytes() == (mark + NEW.replace("\n", ends)).encode()


def test_a_file_without_a_last_line_break(old):
    old.write_text("model_name_or_path: a/b\nuse_flash_attention_2: true", encoding="utf-8")
    upgrade_file(old)
    assert old.read_text(encoding="utf-8") == "model_name_or_path: a/b\nattn_implementation: flash_attention_2"


REFUSED = [
    ("max_seq_length: 8\nmax_length: 9\nmodel_name_or_path: a\n", "mean the same and differ (8 and 9)"),
    ("model_name_or_path: a\nmax_lenth: 9\n", "unknown key 'max_lenth', did you mean 'max_length'?"),
    ("{model_name_or_path: a, torch_dtype: auto}\n", "the keys stand in braces"),
    ("x: &x {torch_dtype: auto}\n", "no recipe, but a file without a key of either engine"),
    ("model_name_or_path: a\n<<: {torch_dtype: auto}\n", "its anchors, aliases or merge keys hold keys that have to"),
    ("model_name_or_path: a\ntorch_dtype: &d auto\nrun_name: *d\n", None),
    ("distributed_type: FSDP\n", "is no recipe, but a configuration of accelerate"),
    ("model_name_or_path: a\nchat_template: x\n", "exists already with another chat template"),
    ("", "is no recipe, but an empty file"),
]


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_a_file_that_cannot_be_rewritten_stays_as_it_is(old, text, message):
    old.write_text(text, encoding="utf-8")
    old.with_name("old.chat_template.jinja").write_text("mine", encoding="utf-8")
    if message is None:  # an anchor that stays where it is is no problem
        upgrade_file(old)
        assert yaml.safe_load(old.read_text(encoding="utf-8"))["run_name"] == "auto"
        return
    with pytest.raises(UserError) as failure:
        upgrade_file(old)
    assert message in str(failure.value)
    assert old.read_text(encoding="utf-8") == text
    assert old.with_name("old.chat_template.jinja").read_text(encoding="utf-8") == "mine"


def test_axolotls_recipes_stay_and_a_bad_file_does_not_stop_the_others(old, gretchen):
    folder = old.absolute().parent
    (folder / "lora.yml").write_text("base_model: a/b\nlearning_rate: 1e-4\ngptq_groupsize: 128\n", encoding="utf-8")
    done = gretchen("upgrade", "nowhere.yaml", "lora.yml", "old.yaml", in_=folder)
    assert done.returncode == 2
    assert done.stderr.startswith("error: there is no file nowhere.yaml\n")
    assert done.stdout.splitlines()[1] == "lora.yml: a recipe of axolotl, nothing to change"
    assert old.read_text(encoding="utf-8") == NEW


def test_values_below_the_top_level_stay_unchanged():
    text = "a: 1\nb:\n  - {c: 'x', d: 2.0e-05}   # odd\n  - e:   f\n\n\nzz: yes\n"
    before = yaml.safe_load(text)
    after = {("y" if key == "a" else key): value for key, value in before.items()}
    assert rewrite(text, before, after, {"y": "a", "b": "b", "zz": "zz"}) == text.replace("a: 1", "y: 1")
