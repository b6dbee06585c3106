"""What autograd keeps of a forward pass for the backward pass, tensor by tensor.

    activation_bytes(model, settings, tokens, length)

Counted as Korthikanti et al. (2022, "Reducing Activation Recomputation in Large Transformer Models", section 4) count
them. Their layer is GPT's in 16 bits; ours are the layers of transformers 5.16 (models/llama, qwen3, gemma2, …: RMSNorm
in float32, rotary positions, gated MLP), under torch's autocast where the recipe uses it. Checkpointing keeps a layer's
input only (Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost").
"""

from gretchen.planning.architecture import Architecture
from gretchen.planning.parameters import EMBEDDING, HEADS, Lora, lora_modules
from gretchen.planning.settings import FP16_BYTES, FP32_BYTES, Settings

# Linear layers that share one input.
SHARED_INPUTS = ({"q_proj", "k_proj", "v_proj", "qkv_proj"}, {"gate_proj", "up_proj", "gate_up_proj"})


def activation_bytes(model: Architecture, settings: Settings, tokens: int, length: int) -> float:
    """Return the bytes kept at the end of the forward pass."""
    mask = 0
    if settings.has_attention_mask:  # one byte for each pair of positions
        mask = tokens**2 if settings.padding_free else tokens * length
    outside = outside_layers(model, settings, tokens)
    if not settings.checkpointing:
        layer = layer_bytes(model, settings, tokens, length) + autocast_weights(model, settings)
        return model.num_layers * layer + outside + mask
    # Layers are recomputed in the backward pass, one at a time; only their inputs are kept.
    return model.num_layers * tokens * model.hidden_size * settings.weight_bytes + outside + mask


def outside_layers(model: Architecture, settings: Settings, tokens: int) -> float:
    """Return the bytes kept outside the layers: embedding, last norm, the head's input in chunks and its gradient."""
    # In float32 the embedding's output is the first norm's input, which is counted there.
    embedding = FP16_BYTES if settings.weight_bytes == FP16_BYTES else 0
    norm = FP32_BYTES + (settings.weight_bytes if settings.lora is None else 0)
    return tokens * model.hidden_size * (embedding + norm + 2 * settings.weight_bytes)


def layer_backward_bytes(model: Architecture, settings: Settings, tokens: int, length: int) -> float:
    """Return the bytes of one layer during its backward pass: activations, casts, gradients."""
    kept = layer_bytes(model, settings, tokens, length) + autocast_weights(model, settings)
    return kept + working_gradients(model, settings, tokens)


def working_gradients(model: Architecture, settings: Settings, tokens: int) -> float:
    """Return the most bytes of activation gradients alive at once within a layer: that is in its MLP."""
    inner, outer = 2 * settings.compute_bytes, 2 * settings.weight_bytes
    if settings.lora and settings.adapter_bytes == FP32_BYTES and settings.compute_bytes == FP16_BYTES:
        # A float32 adapter returns the gradient of its input in float32, before it is cast back to half precision.
        inner, outer = settings.compute_bytes + FP32_BYTES, outer + FP32_BYTES
    return tokens * (model.intermediate_size * inner + model.hidden_size * outer)


def autocast_weights(model: Architecture, settings: Settings) -> float:
    """Return the bytes of one layer's weights in half precision: autocast casts them, and autograd keeps the casts."""
    if not settings.autocast or settings.weight_bytes == FP16_BYTES or settings.quantization:
        return 0.0
    return FP16_BYTES * sum(linear.num_weights for linear in model.linears)


def layer_bytes(model: Architecture, settings: Settings, tokens: int, length: int) -> float:
    """Return the bytes that one layer keeps of a forward pass."""
    per_token = norm_bytes(model, settings) + attention_bytes(model, settings, length) + mlp_bytes(model, settings)
    return tokens * (per_token + linear_input_bytes(model, settings))


def norm_bytes(model: Architecture, settings: Settings) -> float:
    """Return the bytes per token of a layer's norms: each computes in float32 and keeps what it multiplies."""
    is_trained = settings.lora is None
    hidden = model.family.num_norms * model.hidden_size * (FP32_BYTES + (settings.weight_bytes if is_trained else 0))
    normed = model.query_size + model.key_size if model.family.qk_norm else 0
    return hidden + normed * (FP32_BYTES + (settings.compute_bytes if is_trained else 0))


def attention_bytes(model: Architecture, settings: Settings, length: int) -> float:
    """Return the bytes per token of attention: queries, keys, values, the output, and one number per head."""
    # With a mask, keys and values are repeated for all heads (transformers.integrations.sdpa_attention).
    repeated = settings.has_attention_mask and model.num_heads != model.num_kv_heads
    key = value = model.query_size if repeated else model.key_size
    if model.family.fused and not repeated:
        value = model.query_size + 2 * model.key_size  # values are a view of the fused output
    kept = settings.compute_bytes * (2 * model.query_size + key + value) + FP32_BYTES * model.num_heads
    if settings.attention == "eager":  # the attention matrix, which the other kernels never materialize
        kept += model.num_heads * length * (FP32_BYTES + 2 * settings.compute_bytes)
    if settings.has_attention_mask:  # torch converts the mask to numbers in each layer (convert_boolean_attn_mask)
        kept += settings.compute_bytes * (settings.num_sequences if settings.padding_free else 1) * length
    return kept


def mlp_bytes(model: Architecture, settings: Settings) -> float:
    """Return the bytes per token of the MLP: gate, its activation, up. The product is down_proj's input."""
    return 3 * model.intermediate_size * settings.compute_bytes


def linear_input_bytes(model: Architecture, settings: Settings) -> float:
    """Return the bytes per token of the inputs that linear layers keep for the gradients of trained weights."""
    if settings.lora:
        return lora_input_bytes(model, settings, settings.lora)
    is_cast = settings.autocast and settings.weight_bytes == FP32_BYTES
    kept = 0
    for names in SHARED_INPUTS:
        count = sum(linear.name in names for linear in model.linears)
        # Autocast casts the shared input for each layer separately.
        kept += (FP16_BYTES * count if is_cast else settings.weight_bytes) * model.hidden_size
    return kept + settings.compute_bytes * model.intermediate_size  # down_proj's; o_proj's is the attention output


def lora_input_bytes(model: Architecture, settings: Settings, lora: Lora) -> float:
    """Return the bytes per token that LoRA keeps in a layer, averaged over the layers."""
    kept, shared = 0.0, set()
    width = FP16_BYTES if settings.autocast else settings.adapter_bytes
    for module in lora_modules(model, lora):
        linear = module.linear
        if linear.name in (*HEADS, EMBEDDING):
            continue
        is_normed = linear.in_features == model.hidden_size and linear.name != "o_proj"
        source = (module.name.rpartition(".")[0], "normed" if is_normed else linear.name)
        source_bytes = settings.compute_bytes if linear.name in ("o_proj", "down_proj") else settings.weight_bytes
        if source_bytes != settings.adapter_bytes or width != settings.adapter_bytes or lora.dropout:
            kept += width * linear.in_features  # a copy of its own
        elif source not in shared and linear.name != "o_proj":
            kept += settings.adapter_bytes * linear.in_features
        shared.add(source)
        if lora.dropout:
            kept += linear.in_features * (settings.adapter_bytes if settings.cpu else 1)  # the dropout mask
        kept += module.rank * width
        if lora.dora:
            kept += 2 * linear.out_features * width  # both outputs are scaled by the trained magnitude
    return kept / model.num_layers
