"""A model without trained weights, for an engine's trainer that only has to make batches.

How rows become tokens depends on tokenizer, template, recipe and collator, not on the model. So a one-layer Llama takes
its place, and a recipe for 80 GB can be inspected on a laptop. It is never trained.
"""

from typing import Any


def stub_model(tokenizer: Any, name: str, reward: bool = False) -> Any:
    """Return a small random model with the tokenizer's vocabulary; `name` is the model it replaces."""
    from transformers import LlamaConfig, LlamaForCausalLM, LlamaForSequenceClassification

    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=1,
        num_labels=1,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        bos_token_id=tokenizer.bos_token_id,
    )
    model = (LlamaForSequenceClassification if reward else LlamaForCausalLM)(config)
    model.config._name_or_path = name
    return model
