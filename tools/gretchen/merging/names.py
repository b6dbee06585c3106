"""File and tensor names of adapters and bases."""

CONFIG, FILE = "adapter_config.json", "adapter_model.safetensors"
HEAD, EMBEDDING = "lm_head.weight", "embed_tokens.weight"
