"""The catalogue of mistakes: each heading of docs/mistakes.md has one planted example, caught with its message.

Examples are planted in a copy of the flagship with the embedded bases' tokenizer and template, and no weights. Those
that need the engine's tokens load TRL once; axolotl's are slow tests.
"""

import json
import re
import shutil
from pathlib import Path

import pytest

from gretchen.checks.runner import check_project, check_resolved
from gretchen.projects.card import load_card, project_slugs
from gretchen.recipes.find import recipes_of
from gretchen.recipes.resolve import Request, resolve

PROJECT = "genome-chatbot"
RECIPES, BASE = f"projects/{PROJECT}/recipes", f"projects/{PROJECT}/base"
CATALOGUE = Path(__file__).resolve().parents[1] / "docs" / "mistakes.md"
ENTRY = re.compile(r"^### (.+?)\n(.*?)(?=^###? |\Z)", re.MULTILINE | re.DOTALL)
MESSAGE = re.compile(r"^\*(error|warning)[^*]*\* `([^`\n]+(?:`[^`\n]*`[^`\n]*)*)`$", re.MULTILINE)


def user(text):
    return {"role": "user", "content": text}


def assistant(text):
    return {"role": "assistant", "content": text}


def row(number, split="train", **more):
    common = {"id": f"{split}-{number}", "form": "x", "group": [split], "meta": "{}"}
    return (
        common
        | ({"messages": [user(f"Transcribe {split} {number}."), assistant(f"AUG {number}")]} if not more else {})
        | more
    )


def pair(number, split="train", chosen="AUG", rejected="ATG", **more):
    question = [user(f"Transcribe {split} {number}.")]
    return row(
        number, split, **({"prompt": question, "chosen": [assistant(chosen)], "rejected": [assistant(rejected)]} | more)
    )


# sft.zephyr as a project may write it, with values of its own.
SFT = """extends: [zephyr/sft.yaml]
dataset_name: ${data.chats}
learning_rate: 2.0e-4
max_length: 512
profiles:
  tiny: { learning_rate: 3.0e-3 }
"""


@pytest.fixture
def root_dir(root, tmp_path, monkeypatch):
    """Return a root with the project, without weights, and forty rows of each kind."""
    for part in (f"projects/{PROJECT}", "shared_recipes"):
        shutil.copytree(root / part, tmp_path / part, ignore=shutil.ignore_patterns("base", "__pycache__", "*.json"))
    shutil.copytree(root / "shared_recipes/tiny/architecture", tmp_path / BASE)
    (tmp_path / BASE / "model.safetensors").touch()
    (tmp_path / RECIPES / "sft.zephyr.yaml").write_text(SFT, encoding="utf-8")
    for split in ("train", "validation", "test"):
        build(tmp_path, "chats", [row(n, split) for n in range(40)], split)
        build(tmp_path, "preferences", [pair(n, split) for n in range(40)], split)
    monkeypatch.setenv("GRETCHEN_ROOT", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def build(root_dir, row_format, rows, split="train"):
    file = root_dir / "build" / PROJECT / row_format / f"{split}.jsonl"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def change(file, old, new):
    text = file.read_text(encoding="utf-8")
    assert old in text, text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def recipe(words, name="sft.zephyr", profile="gpu-24gb"):
    """Plant values in a recipe, by SET."""

    def plant(root_dir):
        return check_resolved(PROJECT, resolve(Request(PROJECT, name, profile, words)))

    return plant


def edited(file, old, new):
    """Plant a change in a file of the project."""

    def plant(root_dir):
        change(root_dir / file, old, new)
        return check_project(PROJECT)

    return plant


def rows(row_format, *planted, split="train"):
    """Plant rows in a built file."""

    def plant(root_dir):
        build(root_dir, row_format, planted, split)
        return check_project(PROJECT)

    return plant


def deep(words=(), name="sft.zephyr", template=None, data=None, base=None):
    """Plant values, a change of the template, rows or a change of the base, and look at the rows as tokens."""

    def plant(root_dir):
        from gretchen.checks.deep import rows_as_tokens
        from gretchen.checks.report import CheckResult, Report
        from gretchen.recipes.schema import MODEL

        if template:
            change(root_dir / BASE / "chat_template.jinja", *template)
        if data:
            build(root_dir, *data)
        if base:
            base(root_dir / BASE)
        resolved = resolve(Request(PROJECT, name, "tiny", words))
        values = resolved.values | {MODEL[resolved.engine]: BASE}
        return Report("planted", (CheckResult("rows", rows_as_tokens(resolved.engine, resolved.stage, values)),))

    return plant


def touched(name):
    """Plant an empty file."""

    def plant(root_dir):
        (root_dir / name).touch()
        return check_project(PROJECT)

    return plant


def targets(root_dir):
    """Plant a LoRA target of another architecture, beside weights with names."""
    from safetensors.numpy import save_file

    numpy = pytest.importorskip("numpy")
    names = ("self_attn.q_proj", "self_attn.v_proj", "mlp.up_proj")
    tensors = {f"model.layers.0.{name}.weight": numpy.zeros((1, 1), "float32") for name in names}
    save_file(tensors, root_dir / BASE / "model.safetensors")
    return check_resolved(PROJECT, resolve(Request(PROJECT, "sft", "tiny", ["lora_target_modules=[q_proj, c_attn]"])))


def begins_with_bos(base):
    """Make the base's tokenizer write BOS before every text."""
    change(base / "tokenizer_config.json", '"bos_token": null', '"bos_token": "<|endoftext|>"')
    whole = json.loads((base / "tokenizer.json").read_text(encoding="utf-8"))
    bos = {"SpecialToken": {"id": "<|endoftext|>", "type_id": 0}}
    text = {"Sequence": {"id": "A", "type_id": 0}}
    whole["post_processor"] = {
        "type": "TemplateProcessing", "single": [bos, text], "pair": [bos, text],
        "special_tokens": {"<|endoftext|>": {"id": "<|endoftext|>", "ids": [0], "tokens": ["<|endoftext|>"]}},
    }  # fmt: skip
    (base / "tokenizer.json").write_text(json.dumps(whole), encoding="utf-8")


SYSTEM = "{%- elif messages[0]['role'] == 'system' %}\n    {{- '<|im_start|>system\\n'"
INSIDE = "        {{- '<|im_end|>' }}\n        {%- endgeneration %}"
OUTSIDE = "        {%- endgeneration %}\n        {{- '<|im_end|>' }}"
TOOL = {"type": "function", "function": {"name": "lookup", "description": "d", "parameters": {"type": "object"}}}
SYSTEM_ROW = [{"role": "system", "content": "Be brief."}, user("Transcribe ATG."), assistant("AUG")]
LONG = "AUG " * 30
WEIGHTS = "use_peft=false"
AXOLOTL_CHATS = (
    "datasets=[{{path: build/genome-chatbot/chats/train.jsonl, ds_type: json, type: chat_template, "
    "roles_to_train: [{}], train_on_eos: {}}}]"
)
PLANTED = {
    "A mistyped key": edited(f"{RECIPES}/sft.zephyr.yaml", "learning_rate: 2.0e-4", "learnin_rate: 2.0e-4"),
    "A renamed key": edited(f"{RECIPES}/sft.zephyr.yaml", "max_length: 512", "max_seq_length: 512"),
    "A duplicate key": edited(f"{RECIPES}/sft.zephyr.yaml", "max_length: 512", "max_length: 9\nmax_length: 8"),
    "A missing file": edited(f"{RECIPES}/sft.zephyr.yaml", "${data.chats}", "./data/chats.jsonl"),
    "Foreign code": recipe(["trust_remote_code=true"]),
    "A pickle beside the weights": touched(f"{BASE}/pytorch_model.bin"),
    "LoRA's learning rate for a full fine-tune": recipe([WEIGHTS, "learning_rate=2e-4"]),
    "A full fine-tune's learning rate for LoRA": recipe(["learning_rate=2e-5"]),
    "SFT's learning rate for DPO": recipe(["learning_rate=2e-4"], "dpo.zephyr"),
    "DPO from a base model without SFT": recipe(["model_name_or_path=Qwen/Qwen3-4B-Base"], "dpo.zephyr"),
    "An adapter that axolotl ignores": recipe(["lora_model_dir=some/adapter"], "dpo.axolotl"),
    "An adapter scaled to nothing": recipe(["lora_alpha=1"]),
    "LoRA on modules that the model lacks": targets,
    "Quantized weights without LoRA": recipe([WEIGHTS, "load_in_4bit=true", "learning_rate=2e-5"]),
    "fp16 gradients of fp16 weights": recipe([WEIGHTS, "bf16=false", "fp16=true", "dtype=float16"]),
    "fp16 for a model trained in bf16": recipe(["bf16=false", "fp16=true"], profile="tiny"),
    "A length beyond the model's positions": recipe(["max_length=4096"], profile="tiny"),
    "Packed rows that attend to each other": recipe(["packing=true", "attn_implementation=sdpa"]),
    "A beta that is too large": recipe(["beta=10"], "dpo.zephyr"),
    "Training on the test rows": recipe(["dataset_train_split=test"]),
    "Validation on the test rows": recipe(["dataset_test_split=test"]),
    "Validation on the training rows": recipe(["dataset_test_split=train"]),
    "Generation does not stop at EOS": edited(f"{BASE}/generation_config.json", "[2, 0]", "[0]"),
    "A special token that does not exist": edited(
        f"{BASE}/tokenizer_config.json", '"eos_token": "<|im_end|>"', '"eos_token": "</s>"'),
    "More tokens than embeddings": edited(f"{BASE}/config.json", '"vocab_size": 2048', '"vocab_size": 2000'),
    "EOS outside the template's generation block": edited(f"{BASE}/chat_template.jinja", INSIDE, OUTSIDE),
    "No generation block in the template": edited(f"{BASE}/chat_template.jinja", "{%- generation %}", ""),
    "The template of another model": edited(
        f"{BASE}/chat_template.jinja", "{{- '<|im_start|>assistant\\n' }}", "{{- '<|start_header_id|>assistant\\n' }}"),
    "Identical sides of a pair": rows("preferences", pair(0, chosen="AUG", rejected="AUG")),
    "Sides that differ in white space": rows("preferences", pair(0, chosen="AUG ", rejected=" AUG")),
    "The prompt repeated in the answer": rows("preferences", row(
        0, prompt=[user("a?")], chosen=[user("a?"), assistant("b")], rejected=[user("a?"), assistant("c")])),
    "The longer answer is always the chosen one": rows("preferences", *(pair(n, chosen=LONG) for n in range(40))),
    "Feedback of one kind": rows("feedback", *(
        row(n, prompt=[user(f"q {n}")], completion=[assistant("a")], label=True) for n in range(4))),
    "Unbalanced feedback": rows("feedback", *(
        row(n, prompt=[user(f"q {n}")], completion=[assistant("a")], label=n > 0) for n in range(12))),
    "A conversation that ends with the question": rows("chats", row(0, messages=[user("a?")])),
    "A template applied twice": rows("chats", row(0, messages=[user("[INST] a? [/INST]"), assistant("b")])),
    "Test rows in train": rows("chats", row(0, "test")),
    "Roles that do not alternate": rows("chats", row(0, messages=[user("a?"), user("b?"), assistant("c")])),
    "A system turn in the middle": rows("chats", row(0, messages=[user("a?"), SYSTEM_ROW[0], assistant("b")])),
    "EOS is never trained": deep(template=(INSIDE, OUTSIDE)),
    "The prompt is in the loss": deep(["assistant_only_loss=false"]),
    "Two BOS tokens": deep(["dataset_name=build/genome-chatbot/texts", "assistant_only_loss=false",
                              "dataset_test_split=train"],
                             base=begins_with_bos, data=("texts", [row(0, text="<|endoftext|>A text.")])),
    "No BOS token": deep(base=begins_with_bos),
    "No trained token in a row": deep(["max_length=8"]),
    "Truncated answers": deep(["max_length=40"], data=("chats", [
        row(n, messages=[user("Repeat."), assistant(LONG)]) for n in range(4)])),
    "Two EOS tokens": deep(data=("chats", [row(0, messages=[user("a?"), assistant("b<|im_end|>")])])),
    "The template drops the system turn": deep(
        template=(SYSTEM, SYSTEM.replace("[0]['role'] == 'system'", "[0]['role'] == 'nobody'")),
        data=("chats", [row(0, messages=SYSTEM_ROW)])),
    "The template drops the tools": deep(template=("{%- if tools %}", "{%- if false %}"), data=("chats", [
        row(0, messages=SYSTEM_ROW[1:], tools=[TOOL])])),
    "The template changes the answer": deep(
        template=("message['content'] or ''", "message['content'].split('</think>')[-1]"),
        data=("chats", [row(0, messages=[user("a?"), assistant("<think>so</think>b")])])),
    "The template refuses the rows": deep(
        template=("{%- if tools %}", "{{- raise_exception('roles must alternate') }}{%- if tools %}")),
    "axolotl trains no EOS": deep([AXOLOTL_CHATS.format("assistant", "none")], "sft.axolotl"),
    "axolotl has the prompt in the loss": deep([AXOLOTL_CHATS.format("assistant, user", "turn")], "sft.axolotl"),
    "axolotl drops long rows": deep(["sequence_len=16", "excess_length_strategy=drop"], "sft.axolotl"),
}  # fmt: skip


def catalogue():
    """Return {heading: (level, message)} of docs/mistakes.md; the message is the code after the level."""
    entries = {}
    for heading, body in ENTRY.findall(CATALOGUE.read_text(encoding="utf-8")):
        ((level, message),) = MESSAGE.findall(body)
        entries[heading] = (level, message)
    return entries


def test_the_catalogue_lists_exactly_the_planted_examples():
    assert list(catalogue()) == list(PLANTED)
    assert len(PLANTED) >= 30


@pytest.mark.parametrize(
    "heading",
    [pytest.param(name, marks=pytest.mark.slow) if name.startswith("axolotl") else name for name in PLANTED],
)
def test_a_planted_mistake_is_caught_by_its_message(root_dir, heading):
    level, message = catalogue()[heading]
    report = PLANTED[heading](root_dir)
    lines = report.errors if level == "error" else report.warnings
    expected = re.compile(".*".join(re.escape(part) for part in message.split("…")))
    assert any(expected.fullmatch(line) for line in lines), report.text()


def test_no_recipe_of_the_repository_is_flagged(root, monkeypatch):
    monkeypatch.chdir(root)
    for project in project_slugs():
        for name in recipes_of(project):
            for profile in load_card(project).profiles:
                report = check_resolved(project, resolve(Request(project, name, profile)))
                assert not report.errors + report.warnings, (name, profile)
