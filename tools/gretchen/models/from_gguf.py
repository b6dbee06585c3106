"""A GGUF file converted into a folder in hub format: weights in bf16, and the tokenizer as it was published.

    convert(Path("SmolLM2-135M-Instruct.Q4_1.gguf"), Path("folder"))

Weights go through transformers' own loader. The tokenizer does not: transformers' conversion loses the pre-tokenizer
that cuts digits apart and takes <|im_start|> for the EOS token. It is built from the file's vocabulary and merges.
Byte-level BPE with digits cut apart only (`tokenizer.ggml.pre: smollm`).
"""

from pathlib import Path
from typing import Any

from gretchen.errors import WorkError
from gretchen.files import no_space
from gretchen.silence import quieten, silent

PRE_TOKENIZER = "smollm"
CONTROL_TOKEN = 3  # gguf.TokenType.CONTROL


def convert(gguf: Path, folder: Path) -> None:
    """Write config.json, model.safetensors (bf16) and tokenizer.json of a GGUF file into `folder`.

    Raises WorkError where the file cannot be read or has another kind of tokenizer.
    """
    save_tokenizer(gguf, folder)
    save_weights(gguf, folder)


def save_weights(gguf: Path, folder: Path) -> None:
    """Write the dequantized weights and the config. Raises WorkError for an unreadable file and for a full disk."""
    quieten()
    import torch
    from safetensors import SafetensorError
    from transformers import AutoModelForCausalLM

    try:
        with silent():  # tqdm's bars, which quieten() does not reach
            model = AutoModelForCausalLM.from_pretrained(
                str(gguf.parent), gguf_file=gguf.name, dtype=torch.bfloat16, local_files_only=True
            )
            model.save_pretrained(folder)
    except (ValueError, KeyError, RuntimeError, SafetensorError) as failure:
        if "No space left" in str(failure):
            raise no_space(folder) from None
        raise WorkError(f"{gguf.name} cannot be converted: {' '.join(str(failure).split())}", "") from None


def save_tokenizer(gguf: Path, folder: Path) -> None:
    """Write tokenizer.json. Raises WorkError for another tokenizer than byte-level BPE with digits cut apart."""
    from gguf import GGUFReader
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    fields = GGUFReader(gguf).fields
    kind = content(fields, "tokenizer.ggml.pre")
    if kind != PRE_TOKENIZER:
        raise WorkError(f"{gguf.name}: pre-tokenizer '{kind}' is not known, expected '{PRE_TOKENIZER}'", "")
    tokens = content(fields, "tokenizer.ggml.tokens")
    merges = [tuple(merge.split(" ")) for merge in content(fields, "tokenizer.ggml.merges")]
    tokenizer = Tokenizer(models.BPE({token: number for number, token in enumerate(tokens)}, merges))
    # Digits first, as published: GPT-2's pattern alone would join the blanks before a number.
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    types = content(fields, "tokenizer.ggml.token_type")
    control = [token for token, kind in zip(tokens, types, strict=True) if kind == CONTROL_TOKEN]
    tokenizer.add_special_tokens([AddedToken(token, normalized=False, special=True) for token in control])
    tokenizer.save(str(folder / "tokenizer.json"))


def content(fields: Any, key: str) -> Any:
    """Return the value of a GGUF file's key. Raises WorkError where it has none."""
    if key not in fields:
        raise WorkError(f"the GGUF file has no '{key}'", "")
    return fields[key].contents()
