"""Tokens that a run's tokenizer has beyond the model's vocabulary: their embeddings are added before the training.

A standalone recipe of the handbook makes tokens of ChatML's markers (training/tokenizer.py). With an adapter,
embeddings and head are trained and saved whole: a new token's embedding is of no use as it is made.
"""

from typing import Any

EMBEDDINGS = ("embed_tokens", "lm_head")


def with_embeddings(name: str, tokenizer: Any, config: Any, model: Any) -> Any:
    """Return the model's name, or the loaded model with embeddings for all of a tokenizer's tokens.

    `config` and `model` are TRL's dataclasses; `config.model_init_kwargs` is then used up. The end of an answer becomes
    that of the tokenizer.
    """
    from transformers import AutoConfig
    from trl import get_quantization_config
    from trl.trainer.utils import create_model_from_path

    kwargs = config.model_init_kwargs
    stored = AutoConfig.from_pretrained(
        name, revision=model.model_revision, trust_remote_code=kwargs["trust_remote_code"]
    )
    if len(tokenizer) <= stored.get_text_config().vocab_size:
        return name
    quantization = {"quantization_config": get_quantization_config(model)}
    network = create_model_from_path(name, **quantization | {"device_map": None} | kwargs)
    network.resize_token_embeddings(len(tokenizer))
    network.generation_config.eos_token_id = network.config.eos_token_id = tokenizer.eos_token_id
    config.model_init_kwargs = None
    if model.use_peft:
        saved = model.lora_modules_to_save or []
        model.lora_modules_to_save = [*saved, *(part for part in EMBEDDINGS if part not in saved)]
    return network
