"""The catalogue of mistakes, walked: each heading of docs/mistakes.md has one planted example, caught with its message.

Planted in a copy of the flagship with the embedded bases' tokenizer and template, and no weights. The examples that
need the engine's tokens load TRL once; axolotl's are slow tests.
"""

import json
import re
import shutil
from pathlib import Path

import pytest

from gretchen.checks.check import check_project, check_resolved
from gretchen.hardware import PROFILES
from gretchen.projects.card import project_slugs
from gretchen.recipes.find import recipes_of
from gretchen.recipes.resolve import Request, resolve

PROJECT = "genome-chatbot"
RECIPES, BASE = f"projects/{PROJECT}/recipes", f"projects/{PROJECT}/base"
CATALOGUE = Path(__file__).resolve().parents[1] / "docs" / "mistakes.md"
ENTRY = re.compile(r"^### (.+?)\n(.*?)(?=^###? |\Z)", re.MULTILINE | re.DOTALL)
TOLD = re.compile(r"^\*(error|warning)[^*]*\* `([^`\n]+(?:`[^`\n]*`[^`\n]*)*)`$", re.MULTILINE)


def user(text):
    return {"role": "user", "content": text}


def says(text):
    return {"role": "assistant", "content": text}


def row(number, split="train", **more):
    common = {"id": f"{split}-{number}", "form": "x", "group": [split], "meta": "{}"}
    return common | ({"messages": [user(f"Transcribe {split} {number}."), says("AUG")]} if not more else {}) | more


def pair(number, split="train", chosen="AUG", rejected="ATG", **more):
    asked = [user(f"Transcribe {split} {number}.")]
    return row(number, split, **({"prompt": asked, "chosen": [says(chosen)], "rejected": [says(rejected)]} | more))


@pytest.fixture
def place(root, tmp_path, monkeypatch):
    """Return a root of our own: the project without weights, and forty rows of each kind."""
    for part in (f"projects/{PROJECT}", "shared_recipes"):
        shutil.copytree(root / part, tmp_path / part, ignore=shutil.ignore_patterns("base", "__pycache__", "*.json"))
    shutil.copytree(root / "shared_recipes/tiny/architecture", tmp_path / BASE)
    (tmp_path / BASE / "model.safetensors").touch()
    for split in ("train", "validation", "test"):
        build(tmp_path, "chats", [row(n, split) for n in range(40)], split)
        build(tmp_path, "preferences", [pair(n, split) for n in range(40)], split)
    monkeypatch.setenv("GRETCHEN_ROOT", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def build(place, row_format, rows, split="train"):
    file = place / "build" / PROJECT / row_format / f"{split}.jsonl"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(json.dumps(one) + "\n" for one in rows), encoding="utf-8")


def change(file, old, new):
    text = file.read_text(encoding="utf-8")
    assert old in text, text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def recipe(words, name="sft.zephyr", profile="gpu-24gb"):
    """Plant values in a recipe, by SET."""

    def plant(place):
        return check_resolved(PROJECT, resolve(Request(PROJECT, name, profile, words)))

    return plant


def edited(file, old, new):
    """Plant a change in a file of the project."""

    def plant(place):
        change(place / file, old, new)
        return check_project(PROJECT)

    return plant


def rows(row_format, *found, split="train"):
    """Plant rows in a built file."""

    def plant(place):
        build(place, row_format, found, split)
        return check_project(PROJECT)

    return plant


def deep(words=(), name="sft.zephyr", template=None, data=None, base=None):
    """Plant values, a change of the template, rows or a change of the base, and look at the rows as tokens."""

    def plant(place):
        from gretchen.checks.deep import rows_as_tokens
        from gretchen.checks.report import Report
        from gretchen.recipes.schema import MODEL

        if template:
            change(place / BASE / "chat_template.jinja", *template)
        if data:
            build(place, *data)
        if base:
            base(place / BASE)
        resolved = resolve(Request(PROJECT, name, "tiny", words))
        values = resolved.values | {MODEL[resolved.engine]: BASE}
        return Report("planted", [rows_as_tokens(resolved.engine, resolved.stage, values)])

    return plant


def touched(name):
    """Plant an empty file."""

    def plant(place):
        (place / name).touch()
        return check_project(PROJECT)

    return plant


def targets(place):
    """Plant a LoRA target of another architecture, beside weights with names."""
    from safetensors.numpy import save_file

    numpy = pytest.importorskip("numpy")
    names = ("self_attn.q_proj", "self_attn.v_proj", "mlp.up_proj")
    tensors = {f"model.layers.0.{name}.weight": numpy.zeros((1, 1), "float32") for name in names}
    save_file(tensors, place / BASE / "model.safetensors")
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
MEANT = [{"role": "system", "content": "Be brief."}, user("Transcribe ATG."), says("AUG")]
LONG = "AUG " * 30
WEIGHTS = "use_peft=false"
PLANTED = {
    "A mistyped key": edited(f"{RECIPES}/sft.zephyr.yaml", "learning_rate: 2.0e-4", "learnin_rate: 2.0e-4"),
    "A key of another year": edited(f"{RECIPES}/sft.zephyr.yaml", "max_length: 512", "max_seq_length: 512"),
    "A key that stands twice": edited(f"{RECIPES}/sft.zephyr.yaml", "max_length: 512", "max_length: 9\nmax_length: 8"),
    "A file that is not there": edited(f"{RECIPES}/sft.zephyr.yaml", "${data.chats}", "./data/chats.jsonl"),
    "Foreign code": recipe(["trust_remote_code=true"]),
    "A pickle beside the weights": touched(f"{BASE}/pytorch_model.bin"),
    "LoRA's learning rate for all weights": recipe([WEIGHTS, "learning_rate=2e-4"]),
    "A full fine-tune's learning rate for LoRA": recipe(["learning_rate=2e-5"]),
    "SFT's learning rate for DPO": recipe(["learning_rate=2e-4"], "dpo.zephyr"),
    "DPO from a base that never saw SFT": recipe(["model_name_or_path=Qwen/Qwen3-4B-Base"], "dpo.zephyr"),
    "An adapter scaled to nothing": recipe(["lora_alpha=1"]),
    "LoRA on modules that the model lacks": targets,
    "Quantized weights without LoRA": recipe([WEIGHTS, "load_in_4bit=true", "learning_rate=2e-5"]),
    "fp16 gradients of fp16 weights": recipe([WEIGHTS, "bf16=false", "fp16=true", "dtype=float16"]),
    "fp16 for a model made in bf16": recipe(["bf16=false", "fp16=true"], profile="tiny"),
    "A length beyond the model's positions": recipe(["max_length=4096"], profile="tiny"),
    "Packed rows that see each other": recipe(["packing=true", "attn_implementation=sdpa"]),
    "A beta that holds fast": recipe(["beta=10"], "dpo.zephyr"),
    "The test rows are trained": recipe(["dataset_train_split=test"]),
    "Validation looks at the test rows": recipe(["dataset_test_split=test"]),
    "Validation looks at the training rows": recipe(["dataset_test_split=train"]),
    "Padding is EOS": edited(f"{BASE}/tokenizer_config.json", 'pad_token": "<|endoftext', 'pad_token": "<|im_end'),
    "Generation does not stop at EOS": edited(f"{BASE}/generation_config.json", "[2, 0]", "[0]"),
    "A special token that is none": edited(
        f"{BASE}/tokenizer_config.json", '"eos_token": "<|im_end|>"', '"eos_token": "</s>"'),
    "More tokens than embeddings": edited(f"{BASE}/config.json", '"vocab_size": 2048', '"vocab_size": 2000'),
    "The template's end is not trained": edited(f"{BASE}/chat_template.jinja", INSIDE, OUTSIDE),
    "No marks around the answer": edited(f"{BASE}/chat_template.jinja", "{%- generation %}", ""),
    "The template of another model": edited(
        f"{BASE}/chat_template.jinja", "{{- '<|im_start|>assistant\\n' }}", "{{- '<|start_header_id|>assistant\\n' }}"),
    "Identical sides of a pair": rows("preferences", pair(0, chosen="AUG", rejected="AUG")),
    "Sides that differ in white space": rows("preferences", pair(0, chosen="AUG ", rejected=" AUG")),
    "The prompt again in the answer": rows("preferences", row(
        0, prompt=[user("a?")], chosen=[user("a?"), says("b")], rejected=[user("a?"), says("c")])),
    "The longer answer is always the chosen one": rows("preferences", *(pair(n, chosen=LONG) for n in range(40))),
    "Feedback of one kind": rows("feedback", *(
        row(n, prompt=[user(f"q {n}")], completion=[says("a")], label=True) for n in range(4))),
    "Far more feedback of one kind": rows("feedback", *(
        row(n, prompt=[user(f"q {n}")], completion=[says("a")], label=n > 0) for n in range(12))),
    "A conversation that ends with the question": rows("chats", row(0, messages=[user("a?")])),
    "The template is in the data already": rows("chats", row(0, messages=[user("[INST] a? [/INST]"), says("b")])),
    "Test rows in train": rows("chats", row(0, "test")),
    "Roles that do not alternate": rows("chats", row(0, messages=[user("a?"), user("b?"), says("c")])),
    "A system turn in the middle": rows("chats", row(0, messages=[user("a?"), MEANT[0], says("b")])),
    "EOS is never trained": deep(template=(INSIDE, OUTSIDE)),
    "The prompt is trained as answer": deep(["assistant_only_loss=false"]),
    "BOS stands twice": deep(["dataset_name=build/genome-chatbot/texts", "assistant_only_loss=false",
                              "dataset_test_split=train"],
                             base=begins_with_bos, data=("texts", [row(0, text="<|endoftext|>A text.")])),
    "BOS is missing": deep(base=begins_with_bos),
    "Nothing of a row is trained": deep(["max_length=8"]),
    "Answers lose their ends": deep(["max_length=40"], data=("chats", [
        row(n, messages=[user("Repeat."), says(LONG)]) for n in range(4)])),
    "EOS stands twice": deep(data=("chats", [row(0, messages=[user("a?"), says("b<|im_end|>")])])),
    "The template drops the system turn": deep(
        template=(SYSTEM, SYSTEM.replace("[0]['role'] == 'system'", "[0]['role'] == 'nobody'")),
        data=("chats", [row(0, messages=MEANT)])),
    "The template drops the tools": deep(template=("{%- if tools %}", "{%- if false %}"), data=("chats", [
        row(0, messages=MEANT[1:], tools=[TOOL])])),
    "The template changes the answer": deep(
        template=("message['content'] or ''", "message['content'].split('</think>')[-1]"),
        data=("chats", [row(0, messages=[user("a?"), says("<think>so</think>b")])])),
    "The template refuses the rows": deep(
        template=("{%- if tools %}", "{{- raise_exception('roles must alternate') }}{%- if tools %}")),
    "axolotl trains no EOS": deep(["datasets=[{path: build/genome-chatbot/chats/train.jsonl, ds_type: json, "
        "type: chat_template, roles_to_train: [assistant], train_on_eos: none}]"], "sft.axolotl"),
    "axolotl trains the question": deep(["datasets=[{path: build/genome-chatbot/chats/train.jsonl, ds_type: json, "
        "type: chat_template, roles_to_train: [assistant, user], train_on_eos: turn}]"], "sft.axolotl"),
    "axolotl leaves long rows out": deep(["sequence_len=16"], "sft.axolotl"),
}  # fmt: skip


def catalogue():
    """Return {heading: (level, message)} of docs/mistakes.md; the message is what stands after the level, in code."""
    found = {}
    for heading, body in ENTRY.findall(CATALOGUE.read_text(encoding="utf-8")):
        ((level, message),) = TOLD.findall(body)
        found[heading] = (level, message)
    return found


def test_the_catalogue_and_the_planted_examples_are_the_same_ones():
    assert list(catalogue()) == list(PLANTED)
    assert len(PLANTED) >= 30


@pytest.mark.parametrize(
    "heading",
    [pytest.param(name, marks=pytest.mark.slow) if name.startswith("axolotl") else name for name in PLANTED],
)
def test_a_planted_mistake_is_caught_by_its_message(place, heading):
    level, message = catalogue()[heading]
    report = PLANTED[heading](place)
    told = report.failed if level == "error" else report.warnings
    wanted = re.compile(".*".join(re.escape(part) for part in message.split("…")))
    assert any(wanted.fullmatch(line) for line in told), report.text()


def test_no_recipe_of_the_repository_is_flagged(root, monkeypatch):
    monkeypatch.chdir(root)
    for project in project_slugs():
        for name in recipes_of(project):
            for profile in PROFILES:
                report = check_resolved(project, resolve(Request(project, name, profile)))
                assert not report.failed + report.warnings, (name, profile)
