"""Mistakes between a model's weights and the files beside them, from the headers of its safetensors files.

    folder_mistakes(Path("projects/x/base"))      -> problems

Nothing is loaded but headers, and the bytes of a small model. DEEP=1 lets transformers compare all weights.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from gretchen import paths
from gretchen.checks.mistakes.problems import Problem, error, warning
from gretchen.checks.mistakes.tensors import header_of, value_mistakes
from gretchen.models.files import read_json, token_ids

MIN_MODEL_LENGTH = 64
LAYERS = "model.layers."
# tokenizer.json says at its beginning, before a vocabulary of megabytes, whether it cuts.
BEGINNING = 4096
TRUNCATION = re.compile(r'"truncation":\s*\{[^}]*"max_length":\s*(\d+)')
GENERATES = ("ForCausalLM", "ForConditionalGeneration", "LMHeadModel")
# What an embedded base shares with the architecture that it was trained in.
SHARED = ("model_type", "rope_theta", "max_position_embeddings", "eos_token_id", "rope_scaling", "rms_norm_eps",
          "head_dim", "num_attention_heads", "hidden_act", "tie_word_embeddings", "num_key_value_heads",
          "attention_bias", "attention_dropout", "use_sliding_window")  # fmt: skip
# Settings of generation_config.json that forbid tokens, or force them.
FORBIDDEN = ("suppress_tokens", "begin_suppress_tokens", "bad_words_ids", "force_words_ids", "sequence_bias",
             "forced_eos_token_id")  # fmt: skip
MIN_ANSWER = 16
MAX_DROPOUT, MIN_WINDOW = 0.3, 64
Header = Mapping[str, Any]


def folder_mistakes(folder: Path) -> list[Problem]:
    """Return the mistakes between the files of a model's folder; [] for one that is not on this disk."""
    files = sorted(folder.glob("*.safetensors"))
    config = folder / "config.json"
    if not files or not config.is_file():
        return []
    state = tuple((file, file.stat().st_mtime_ns, file.stat().st_size) for file in [*files, *folder.glob("*.json")])
    return list(_folder_mistakes(folder, state))


@lru_cache(maxsize=16)
def _folder_mistakes(folder: Path, state: tuple[Any, ...]) -> tuple[Problem, ...]:
    """Return the mistakes of a folder in one state: a check needs them for each recipe under each profile."""
    config, tensors = read_json(folder / "config.json"), tensors_of(folder)
    found = [*second_set(folder), *adapter_inside(folder), *tokenizer_limits(folder)]
    found += [*generation_settings(folder), *second_template(folder), *attention(folder, config)]
    if tensors:
        found += [*layers(folder, config, tensors), *shapes(folder, config, tensors), *head(folder, config, tensors)]
    return tuple([*found, *value_mistakes(folder), *other_architecture(folder, config)])


def module_names(folder: Path) -> frozenset[str]:
    """Return the names of the modules in a folder, from the headers of its safetensors files."""
    return frozenset(name.rpartition(".")[0] for name in tensors_of(folder))


def tensors_of(folder: Path) -> Header:
    """Return {name: its entry} of a folder's safetensors files."""
    tensors: dict[str, Any] = {}
    for file in folder.glob("*.safetensors"):
        tensors |= header_of(file, file.stat().st_mtime_ns, file.stat().st_size)
    return tensors


def second_set(folder: Path) -> Iterator[Problem]:
    """Report weights that stand twice in a folder: which ones are loaded depends on the library."""
    names = {file.name for file in folder.glob("*.safetensors")} - {"adapter_model.safetensors"}
    index = read_json(folder / "model.safetensors.index.json").get("weight_map") or {}
    unlisted = sorted(names - set(index.values())) if index else sorted(names - {"model.safetensors"})
    if ("model.safetensors" in names and (index or len(names) > 1)) or (index and unlisted):
        other = next((name for name in unlisted if name != "model.safetensors"), "the files of the index")
        yield error(f"{paths.shown(folder)}: two sets of weights, model.safetensors and {other}: remove one of them")


def adapter_inside(folder: Path) -> Iterator[Problem]:
    """Report an adapter beside the weights: transformers loads it on top of them, unasked."""
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        if (folder / name).is_file():
            yield error(
                f"{paths.shown(folder)}/{name}: an adapter beside the weights is loaded on top of them: move it"
            )
            return


def layers(folder: Path, config: dict[str, Any], tensors: Header) -> Iterator[Problem]:
    """Report another number of layers than config.json has: the others would be random, or dropped."""
    numbers = {name.removeprefix(LAYERS).partition(".")[0] for name in tensors if name.startswith(LAYERS)}
    stated = config.get("num_hidden_layers")
    if numbers and isinstance(stated, int) and stated != len(numbers):
        effect = "random" if stated > len(numbers) else "dropped"
        yield error(
            f"{paths.shown(folder)}/config.json: 'num_hidden_layers' is {stated}, and the weights have {len(numbers)}: "
            f"the others would be {effect}"
        )


def shapes(folder: Path, config: dict[str, Any], tensors: Header) -> Iterator[Problem]:
    """Report weights of another size than config.json says."""
    hidden, heads = config.get("hidden_size"), config.get("num_attention_heads")
    head_dim = config.get("head_dim") or (
        hidden // heads if isinstance(hidden, int) and isinstance(heads, int) else None
    )
    groups = config.get("num_key_value_heads") or heads
    first = f"{LAYERS}0."
    expected = (
        ("model.embed_tokens.weight", 0, "vocab_size", config.get("vocab_size")),
        ("model.embed_tokens.weight", 1, "hidden_size", hidden),
        (f"{first}mlp.up_proj.weight", 0, "intermediate_size", config.get("intermediate_size")),
        (f"{first}self_attn.q_proj.weight", 0, "num_attention_heads", product(heads, head_dim)),
        (f"{first}self_attn.k_proj.weight", 0, "num_key_value_heads", product(groups, head_dim)),
    )
    for name, dimension, key, size in expected:
        shape = tensors.get(name, {}).get("shape") or []
        if len(shape) > dimension and isinstance(size, int) and shape[dimension] != size:
            yield error(
                f"{paths.shown(folder)}/config.json: '{key}' gives {name} {size} rows or columns, the weights have "
                f"{shape[dimension]}"
            )


def product(first: Any, second: Any) -> int | None:
    """Return the product of two integers; None where one of them is missing."""
    return first * second if isinstance(first, int) and isinstance(second, int) else None


def head(folder: Path, config: dict[str, Any], tensors: Header) -> Iterator[Problem]:
    """Report a model that cannot write: no head, or another task's."""
    architecture = next(iter(config.get("architectures") or []), "")
    if architecture and not architecture.endswith(GENERATES):
        yield warning(f"{paths.shown(folder)}/config.json: {architecture} has no head that writes: a …ForCausalLM does")
    untied = config.get("tie_word_embeddings") is False
    if untied and "model.embed_tokens.weight" in tensors and "lm_head.weight" not in tensors:
        yield error(
            f"{paths.shown(folder)}/config.json: 'tie_word_embeddings: false', and the weights have no lm_head: it "
            "would be random"
        )


def tokenizer_limits(folder: Path) -> Iterator[Problem]:
    """Report a tokenizer that cuts texts, or that is another model's."""
    config, file = read_json(folder / "tokenizer_config.json"), paths.shown(folder)
    limit = config.get("model_max_length")
    if isinstance(limit, int) and 0 < limit < MIN_MODEL_LENGTH:
        yield error(f"{file}/tokenizer_config.json: 'model_max_length' is {limit}: longer texts are cut, or refused")
    if cut := TRUNCATION.search(beginning_of(folder / "tokenizer.json")):
        yield error(f"{file}/tokenizer.json: 'truncation' cuts every text at {cut[1]} tokens: set it to null")
    size, last = read_json(folder / "config.json").get("vocab_size"), max(token_ids(folder).values(), default=0)
    if isinstance(size, int) and 0 < last < size // 2:
        yield warning(
            f"{file}/tokenizer.json: has {last + 1:,} tokens, config.json's 'vocab_size' is {size:,}: is it another "
            "model's tokenizer?"
        )


def generation_settings(folder: Path) -> Iterator[Problem]:
    """Warn of settings in generation_config.json that change every answer, in an evaluation too."""
    config, file = read_json(folder / "generation_config.json"), f"{paths.shown(folder)}/generation_config.json"
    penalty = config.get("repetition_penalty")
    if isinstance(penalty, int | float) and not 0.8 <= penalty <= 1.5:
        yield warning(f"{file}: 'repetition_penalty' {penalty:g} changes every answer: 1 leaves them as they are")
    for key in ("no_repeat_ngram_size", "min_new_tokens", "min_length"):
        if isinstance(config.get(key), int) and config[key] > 0:
            yield warning(f"{file}: '{key}' {config[key]} changes every answer: leave it out")
    for key in FORBIDDEN:
        if config.get(key):
            yield warning(f"{file}: '{key}' forbids or forces tokens in every answer: leave it out")
    for key in ("max_new_tokens", "max_length"):
        if isinstance(config.get(key), int) and 0 < config[key] < MIN_ANSWER:
            yield warning(f"{file}: '{key}' {config[key]} ends every answer there, where nothing else is said")


def second_template(folder: Path) -> Iterator[Problem]:
    """Warn of two chat templates that differ: libraries do not agree on which one counts."""
    file = folder / "chat_template.jinja"
    configured = read_json(folder / "tokenizer_config.json").get("chat_template")
    if (
        file.is_file()
        and isinstance(configured, str)
        and configured.strip() != file.read_text(encoding="utf-8").strip()
    ):
        yield warning(f"{paths.shown(file)}: tokenizer_config.json has another chat template: remove one of them")


def beginning_of(file: Path) -> str:
    """Return the first characters of a file; "" where there is none."""
    if not file.is_file():
        return ""
    with file.open(encoding="utf-8", errors="replace") as stream:
        return stream.read(BEGINNING)


def attention(folder: Path, config: dict[str, Any]) -> Iterator[Problem]:
    """Warn of attention that sees hardly anything: most of it dropped, or a window of a few tokens."""
    file, window = f"{paths.shown(folder)}/config.json", config.get("sliding_window")
    for key in ("attention_dropout", "hidden_dropout", "resid_pdrop", "embd_pdrop", "attn_pdrop"):
        if isinstance(config.get(key), int | float) and config[key] > MAX_DROPOUT:
            yield warning(f"{file}: '{key}' {config[key]:g} drops most of what a layer sees: 0 to 0.1 is usual")
    if isinstance(window, int) and window < MIN_WINDOW and config.get("use_sliding_window", True):
        yield warning(f"{file}: 'sliding_window' {window}: a token sees no more than {window} tokens before it")


def other_architecture(folder: Path, config: dict[str, Any]) -> Iterator[Problem]:
    """Warn of an embedded base whose config.json differs from the architecture that all of them were trained in."""
    trained = read_json(paths.shared_recipes() / "tiny" / "architecture" / "config.json")
    if folder.parent.parent != paths.projects() or not trained:
        return
    for key in SHARED:
        if (config.get(key) or None) != (trained.get(key) or None):
            yield error(
                f"{paths.shown(folder)}/config.json: '{key}' is {config.get(key)}, and the base was trained with "
                f"{trained.get(key)}"
            )
