"""Merging: equal to peft's merge_and_unload, streamed, proved, and refused with one message."""

import json
import shutil
from pathlib import Path

import pytest
from run_records import write_run

from gretchen import paths
from gretchen.errors import UserError, WorkError
from gretchen.merging import merge_folders, merge_run, weights
from gretchen.merging.adapter import read_adapter
from gretchen.merging.shards import Weights
from gretchen.merging.stream import plan_merge
from gretchen.runs.record import read_record

ARCHITECTURE = Path(__file__).resolve().parents[1] / "shared_recipes/tiny/architecture"
SIZES = {"vocab_size": 2048, "hidden_size": 128, "intermediate_size": 192, "num_hidden_layers": 3}
SIZES |= {"num_attention_heads": 2, "num_key_value_heads": 2, "head_dim": 64, "eos_token_id": 2, "pad_token_id": 0}


def random_base(folder, tied=True, dtype="bfloat16", shard="300KB", **config_kwargs):
    """Write a random Llama in shards, with the shared tokenizer, and return its folder."""
    import torch
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM, set_seed

    set_seed(0)
    config = LlamaConfig(tie_word_embeddings=tied, bos_token_id=None, **SIZES, **config_kwargs)
    LlamaForCausalLM(config).to(getattr(torch, dtype)).save_pretrained(folder, max_shard_size=shard)
    AutoTokenizer.from_pretrained(ARCHITECTURE).save_pretrained(folder)
    return folder


def random_adapter(base, folder, **config):
    """Write an adapter with random weights, as if trained, and return its folder."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(1)
    model = AutoModelForCausalLM.from_pretrained(base, dtype="auto")
    settings = {"r": 8, "lora_alpha": 16, "target_modules": "all-linear", "task_type": "CAUSAL_LM"} | config
    model = get_peft_model(model, LoraConfig(**settings))
    with torch.no_grad():
        for name, tensor in model.named_parameters():
            if tensor.requires_grad:
                noise = torch.randn_like(tensor) * 0.02
                tensor.copy_(noise if "lora_A" in name or "lora_B" in name else tensor + noise)
    model.save_pretrained(folder)
    return folder


def merged_by_peft(base, adapter, folder):
    """Return peft's own merge of both as a state dict."""
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base, dtype="auto"), adapter)
    return model.merge_and_unload().state_dict()


def loaded(folder):
    """Return a folder's model as a state dict."""
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(folder, dtype="auto").state_dict()


KINDS = {
    "lora": {},
    "rslora": {"use_rslora": True},
    "dora": {"use_dora": True},
    "patterns": {"rank_pattern": {"q_proj": 4, "layers.1.mlp.up_proj": 16}, "alpha_pattern": {"down_proj": 64}},
    "rslora, dora, patterns": {"use_rslora": True, "use_dora": True, "rank_pattern": {"q_proj": 4}},
    "few modules": {"target_modules": ["q_proj", "v_proj"]},
    "modules_to_save": {"modules_to_save": ["norm"]},
}
# Adapters on the embeddings.
EMBEDDINGS = {
    "embedding": {"target_modules": ["q_proj", "embed_tokens"]},
    "embedding, dora": {"target_modules": ["q_proj", "embed_tokens"], "use_dora": True},
    "head": {"target_modules": ["q_proj", "lm_head"]},
    "embedding saved": {"modules_to_save": ["embed_tokens"]},
    "head saved": {"modules_to_save": ["lm_head"]},
}
EMBEDDING_NAME, HEAD_NAME = "model.embed_tokens.weight", "lm_head.weight"


@pytest.fixture(scope="module")
def bases(tmp_path_factory):
    """Return {tied: folder of a random base}."""
    folder = tmp_path_factory.mktemp("bases")
    return {tied: random_base(folder / str(tied), tied) for tied in (True, False)}


def require_equal(base, adapter, folder):
    """Merge into merged/; assert that all tensors are peft's within one ulp, in the base's shards and dtypes."""
    merge_folders(str(base), adapter, folder / "merged")
    expected, merged = merged_by_peft(base, adapter, folder), loaded(folder / "merged")
    assert merged.keys() == expected.keys()
    for name, tensor in expected.items():
        assert merged[name].dtype == tensor.dtype
        assert weights.ulps(merged[name], tensor) <= 1, name
    report = json.loads((folder / "merged" / "merge.json").read_text(encoding="utf-8"))
    assert report["by"] == "streaming"
    assert report["answers"]["relative_gap"] <= report["answers"]["tolerance"]
    names = [sorted(file.name for file in folder.glob("*.safetensors")) for folder in (base, folder / "merged")]
    assert names[0] == names[1]


@pytest.mark.parametrize("kind", KINDS)
def test_a_merge_equals_pefts_within_one_ulp(bases, tmp_path, kind):
    require_equal(bases[True], random_adapter(bases[True], tmp_path / "adapter", **KINDS[kind]), tmp_path)


@pytest.mark.parametrize("kind", EMBEDDINGS)
def test_a_merge_of_untied_embeddings_equals_pefts(bases, tmp_path, kind):
    require_equal(bases[False], random_adapter(bases[False], tmp_path / "adapter", **EMBEDDINGS[kind]), tmp_path)


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_a_merge_keeps_the_dtype(tmp_path, dtype):
    base = random_base(tmp_path / "base", dtype=dtype, shard="50MB")
    assert [file.name for file in base.glob("*.safetensors")] == ["model.safetensors"]
    require_equal(base, random_adapter(base, tmp_path / "adapter", use_dora=True), tmp_path)


def test_trained_biases_are_merged(tmp_path):
    import torch

    base = random_base(tmp_path / "base", attention_bias=True)
    adapter = random_adapter(base, tmp_path / "adapter", target_modules=["q_proj"], bias="all")
    require_equal(base, adapter, tmp_path)
    name = "model.layers.0.self_attn.q_proj.bias"
    assert not torch.equal(loaded(tmp_path / "merged")[name], loaded(base)[name])


@pytest.mark.parametrize("kind", EMBEDDINGS)
def test_an_adapter_on_one_of_two_tied_embeddings_unties_them(bases, tmp_path, kind):
    """As trained, only one of them changed; peft's merge adds to the tensor that both share."""
    import torch

    adapter = random_adapter(bases[True], tmp_path / "adapter", **EMBEDDINGS[kind])
    merge_folders(str(bases[True]), adapter, tmp_path / "merged")
    assert json.loads((tmp_path / "merged" / "config.json").read_text())["tie_word_embeddings"] is False
    merged, shared = loaded(tmp_path / "merged"), loaded(bases[True])[EMBEDDING_NAME]
    kept, changed = (HEAD_NAME, EMBEDDING_NAME) if "embedding" in kind else (EMBEDDING_NAME, HEAD_NAME)
    assert torch.equal(merged[kept], shared)
    assert not torch.equal(merged[changed], shared)
    report = json.loads((tmp_path / "merged" / "merge.json").read_text(encoding="utf-8"))
    assert report["answers"]["relative_gap"] <= 0.01


def test_a_larger_vocabulary_comes_with_the_adapter(bases, tmp_path):
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(bases[True], dtype="auto")
    tokenizer = AutoTokenizer.from_pretrained(bases[True])
    assert tokenizer.add_special_tokens({"eos_token": "<|over|>"}) == 1
    model.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    words = model.get_input_embeddings().weight.shape[0]
    assert words > 2048
    model = get_peft_model(model, LoraConfig(target_modules=["q_proj"], task_type="CAUSAL_LM"))
    model.save_pretrained(tmp_path / "adapter", save_embedding_layers=True)
    tokenizer.save_pretrained(tmp_path / "adapter")
    merge_folders(str(bases[True]), tmp_path / "adapter", tmp_path / "merged")
    config = json.loads((tmp_path / "merged" / "config.json").read_text(encoding="utf-8"))
    generation = json.loads((tmp_path / "merged" / "generation_config.json").read_text(encoding="utf-8"))
    assert (config["vocab_size"], config["tie_word_embeddings"]) == (words, True)
    assert generation["eos_token_id"][0] == config["eos_token_id"] == tokenizer.eos_token_id
    assert torch.equal(loaded(tmp_path / "merged")[EMBEDDING_NAME], model.get_input_embeddings().weight)


def ia3(model, folder):
    from peft import IA3Config, get_peft_model

    get_peft_model(model, IA3Config(task_type="CAUSAL_LM")).save_pretrained(folder)


def few_tokens(model, folder):
    import torch
    from peft import LoraConfig, get_peft_model

    model = get_peft_model(
        model, LoraConfig(target_modules=["q_proj"], trainable_token_indices=[7, 9], task_type="CAUSAL_LM")
    )
    with torch.no_grad():
        for name, tensor in model.named_parameters():
            if "trainable_tokens" in name:
                tensor.add_(0.1)
    model.save_pretrained(folder)


BEYOND = [(ia3, "IA3, which is not LoRA"), (few_tokens, "trainable_token_indices: [7, 9]")]


@pytest.mark.parametrize(("make", "reason"), BEYOND)
def test_peft_merges_what_streaming_does_not_support_and_the_reason_is_printed(bases, tmp_path, capsys, make, reason):
    from transformers import AutoModelForCausalLM

    make(AutoModelForCausalLM.from_pretrained(bases[True], dtype="auto"), tmp_path / "adapter")
    merge_folders(str(bases[True]), tmp_path / "adapter", tmp_path / "merged")
    assert f"peft merges it, the whole model in memory: this adapter has {reason}" in capsys.readouterr().out
    report = json.loads((tmp_path / "merged" / "merge.json").read_text(encoding="utf-8"))
    assert (report["by"], report["because"]) == ("peft", reason)
    assert report["answers"]["relative_gap"] <= report["answers"]["tolerance"]


def test_transposed_weights_are_merged_by_peft(tmp_path):
    from peft import LoraConfig, get_peft_model
    from transformers import AutoTokenizer, GPT2Config, GPT2LMHeadModel

    model = GPT2LMHeadModel(GPT2Config(vocab_size=2048, n_embd=64, n_layer=2, n_head=2, eos_token_id=2))
    model.save_pretrained(tmp_path / "base")
    AutoTokenizer.from_pretrained(ARCHITECTURE).save_pretrained(tmp_path / "base")
    # Square weights do not show their orientation: the config does.
    model = get_peft_model(
        model, LoraConfig(target_modules=["attn.c_proj"], fan_in_fan_out=True, task_type="CAUSAL_LM")
    )
    model.save_pretrained(tmp_path / "adapter")
    merge_folders(str(tmp_path / "base"), tmp_path / "adapter", tmp_path / "merged")
    assert json.loads((tmp_path / "merged" / "merge.json").read_text())["because"] == "fan_in_fan_out: true"


WRONG = {
    "model.layers.1.mlp.up_proj.weight": "differs from peft's by ",
    "model.layers.2.input_layernorm.weight": "has changed, although the adapter does not add to it",
    "model.embed_tokens.weight": "has changed, although the adapter does not add to it",
}


@pytest.mark.parametrize("name", WRONG)
def test_a_merge_with_one_layer_scaled_is_caught_and_not_kept(bases, tmp_path, monkeypatch, name):
    """The fault is planted in what is written; the proof reads the files."""
    from gretchen.merging import merge as merging

    real = merging.stream

    def corrupted(plan, target):
        from safetensors.torch import load_file, save_file

        real(plan, target)
        file = target / plan.tensors[name].file.name
        tensors = load_file(file)
        tensors[name] = tensors[name] * 1.01
        save_file(tensors, file, metadata={"format": "pt"})

    monkeypatch.setattr(merging, "stream", corrupted)
    adapter = random_adapter(bases[False], tmp_path / "adapter")
    with pytest.raises(WorkError) as raised:
        merge_folders(str(bases[False]), adapter, tmp_path / "merged")
    assert raised.value.problem.startswith(f"the merge is wrong, and was not kept: {name} {WRONG[name]}")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["adapter"]


def test_an_adapter_of_another_base_is_refused_by_its_first_layer(bases, tmp_path):
    other = random_base(tmp_path / "other")
    adapter = random_adapter(other, tmp_path / "adapter")
    config = json.loads((other / "config.json").read_text(encoding="utf-8"))
    assert config["intermediate_size"] == 192
    from transformers import LlamaConfig, LlamaForCausalLM

    wider = LlamaConfig(**(SIZES | {"intermediate_size": 256}))
    LlamaForCausalLM(wider).save_pretrained(tmp_path / "wider")
    with pytest.raises(UserError) as raised:
        merge_folders(str(tmp_path / "wider"), adapter, tmp_path / "merged")
    assert raised.value.problem.endswith("its model.layers.0.mlp.down_proj is 128 × 256, the adapter's is 128 × 192")
    assert not (tmp_path / "merged").exists()


def test_what_cannot_be_merged_is_refused(bases, tmp_path, gretchen):
    adapter = random_adapter(bases[False], tmp_path / "adapter")
    (tmp_path / "taken").mkdir()
    base = str(bases[False])
    cases = [
        (("--base", base, "--adapter", str(adapter)), "error: merge needs OUTPUT too\nhint: without PROJECT name all"),
        (("--base", base, "--adapter", str(adapter), "--output", str(tmp_path / "taken")), "taken exists already"),
        (
            ("--base", base, "--adapter", str(tmp_path / "taken"), "--output", str(tmp_path / "o")),
            "has no adapter_conf",
        ),
        ((), "error: merge needs PROJECT\nhint: make merge PROJECT=…, or all of BASE, ADAPTER, OUTPUT"),
        (("--project=genome-chatbot", "--run=20200101-000000-aaaa"), "error: unknown run '20200101-000000-aaaa' of"),
    ]
    for words, message in cases:
        done = gretchen("merge", *words)
        assert (done.returncode, message in done.stderr, "Traceback" in done.stderr) == (2, True, False), done.stderr
    (adapter / "adapter_model.safetensors").rename(adapter / "adapter_model.bin")
    done = gretchen("merge", "--base", base, "--adapter", str(adapter), "--output", str(tmp_path / "o"))
    assert done.returncode == 2
    assert "adapter_model.bin: a pickle, which runs code when it is loaded" in done.stderr


def test_the_bound_does_not_grow_with_the_model(bases, tmp_path):
    adapter = random_adapter(bases[False], tmp_path / "adapter")
    base = Weights.of(bases[False])
    plan = plan_merge(base, read_adapter(adapter, base), {})
    assert plan.memory_bound <= 2**27 + 2**12 + 3 * (adapter / "adapter_model.safetensors").stat().st_size


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Return a finished run of a standalone base, in a root of its own."""
    monkeypatch.setenv("GRETCHEN_ROOT", str(tmp_path))
    random_base(tmp_path / "base")
    folder = tmp_path / "runs" / "p" / "sft.zephyr" / "20260101-000000-aaaa"
    from gretchen.models.locate import weights_hash

    base = {"model": "base", "weights": weights_hash("base")}
    write_run(folder, base=base)
    (folder / "recipe.yaml").write_text("model_name_or_path: base\n", encoding="utf-8")
    random_adapter(tmp_path / "base", folder / "adapter")
    return folder


def test_a_run_is_merged_once_and_keeps_its_proof(run, capsys):
    assert merge_run(run) == run / "model"
    report = read_record(run).merge
    assert (report["by"], report["answers"]["identical_answers"] > 0.5, report["weights"]["largest_ulp"] <= 1) == (
        "streaming", True, True,
    )  # fmt: skip
    generation = json.loads((run / "model" / "generation_config.json").read_text(encoding="utf-8"))
    assert generation["eos_token_id"] == 2
    assert (run / "model" / "chat_template.jinja").is_file()
    before = (run / "model" / "config.json").stat().st_mtime_ns
    capsys.readouterr()
    merge_run(run)
    assert capsys.readouterr().out == f"{paths.shown(run / 'model')} is merged already\n"
    assert (run / "model" / "config.json").stat().st_mtime_ns == before


def test_a_full_fine_tune_passes_through(run, capsys):
    (run / "adapter").rename(run / "elsewhere")
    shutil.copytree(paths.root() / "base", run / "model")
    assert merge_run(run) == run / "model"
    assert "a full fine-tune, there is nothing to merge" in capsys.readouterr().out


def test_a_base_that_has_changed_since_is_refused(run):
    write_run(run, base={"model": "base", "weights": "another"})
    with pytest.raises(WorkError, match="has other weights now than when the run was trained on it"):
        merge_run(run)
    assert not (run / "model").exists()


def test_a_qlora_run_records_the_gap_to_what_was_trained(run, capsys):
    recipe = "model_name_or_path: base\nload_in_4bit: true\nbnb_4bit_quant_type: nf4\n"
    (run / "recipe.yaml").write_text(recipe, encoding="utf-8")
    merge_run(run)
    report = read_record(run).merge
    assert report["answers"]["relative_gap"] < report["trained_gap"]["relative_gap"]
    assert "against the quantized base + adapter that was trained" in capsys.readouterr().out
    with pytest.raises(UserError, match="is merged already, into the unquantized weights"):
        merge_run(run, dequantized=True)
    shutil.rmtree(run / "model")
    merge_run(run, dequantized=True)
    dequantized = read_record(run).merge
    assert dequantized["answers"]["relative_gap"] < report["trained_gap"]["relative_gap"] / 3


def test_dequantized_needs_a_quantized_run(run):
    with pytest.raises(UserError, match="was not trained on a quantized base"):
        merge_run(run, dequantized=True)
