"""What autograd keeps of a forward pass for the way back, tensor by tensor.

    activations(shape, settings, tokens, length)      -> bytes

Counted as Korthikanti et al. (2022, "Reducing Activation Recomputation in Large Transformer Models", section 4) count
them. Their layer is GPT's in 16 bits; ours are the layers of transformers 5.16 (models/llama, qwen3, gemma2, …: RMSNorm
in float32, rotary positions, gated MLP), under torch's autocast where the recipe asks for it. Checkpointing keeps a
layer's input only (Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost").
"""

from gretchen.planning.architecture import Architecture
from gretchen.planning.parameters import EMBEDDING, HEADS, Adapter, stands_beside
from gretchen.planning.settings import FULL, HALF, Settings


def activations(shape: Architecture, s: Settings, tokens: int, length: int) -> float:
    """Return the bytes kept when the forward pass is done."""
    stream = s.stored
    layer = layer_bytes(shape, s, tokens, length)
    mask = (tokens**2 if s.flattened else tokens * length) if s.masked else 0  # a byte for each pair of places
    if not s.checkpointing:
        return shape.layers * (layer + casts(shape, s)) + ends(shape, s, tokens) + mask
    # One layer is computed anew on the way back; of the others only the input is kept.
    inputs = shape.layers * tokens * shape.hidden * stream
    return inputs + ends(shape, s, tokens) + mask


def ends(shape: Architecture, s: Settings, tokens: int) -> float:
    """Return the bytes kept outside the layers: embedding, last norm, the head's input in pieces and its gradient."""
    embedding = HALF if s.stored == HALF else 0  # in float32 it is the first norm's input, which counts there
    norm = FULL + (s.stored if s.adapter is None else 0)
    return tokens * shape.hidden * (embedding + norm + 2 * s.stored)


def first_layer(shape: Architecture, s: Settings, tokens: int, length: int) -> float:
    """Return the bytes that one layer takes while it is gone back through, and the gradient of its output."""
    return layer_bytes(shape, s, tokens, length) + casts(shape, s) + work(shape, s, tokens)


def work(shape: Architecture, s: Settings, tokens: int) -> float:
    """Return the bytes of the gradients that are alive at once within a layer: in its MLP there are most."""
    inner, outer = 2 * s.compute, 2 * s.stored
    if s.adapter and s.adapter_bytes == FULL and s.compute == HALF:
        # An adapter in float32 gives the gradient of its input in float32, before it is made half again.
        inner, outer = s.compute + FULL, outer + FULL
    return tokens * (shape.intermediate * inner + shape.hidden * outer)


def casts(shape: Architecture, s: Settings) -> float:
    """Return the bytes of one layer's weights in half precision: autocast makes them, and their product keeps them."""
    if not s.autocast or s.stored == HALF or s.quantized:
        return 0.0
    return HALF * sum(one.weights for one in shape.linears)


def layer_bytes(shape: Architecture, s: Settings, tokens: int, length: int) -> float:
    """Return the bytes that one layer keeps of a forward pass."""
    made = norm_numbers(shape, s) + attention_numbers(shape, s, length) + mlp_numbers(shape, s)
    return tokens * (made + input_numbers(shape, s))


def norm_numbers(shape: Architecture, s: Settings) -> float:
    """Return the bytes a token of a layer's norms: each computes in float32, and keeps what it multiplies."""
    trained = s.adapter is None
    hidden = shape.family.norms * shape.hidden * (FULL + (s.stored if trained else 0))
    heads = {"": 0, "head": shape.query + shape.key, "all": shape.query + shape.key}[shape.family.qk_norm]
    return hidden + heads * (FULL + (s.compute if trained else 0))


def attention_numbers(shape: Architecture, s: Settings, length: int) -> float:
    """Return the bytes a token of attention: queries, keys, values, the result, and one number a head."""
    # Beside a mask, keys and values are repeated for all heads (transformers.integrations.sdpa_attention).
    repeated = s.masked and shape.heads != shape.heads_kv
    key = value = shape.query if repeated else shape.key
    if shape.family.fused and not repeated:
        value = shape.query + 2 * shape.key  # values are a view of the whole product
    kept = s.compute * (2 * shape.query + key + value) + FULL * shape.heads
    if s.attention == "eager":
        kept += shape.heads * length * (FULL + 2 * s.compute)  # the table of attention, which the others never write
    if s.masked:  # torch makes numbers of the mask, in each layer anew (convert_boolean_attn_mask)
        kept += s.compute * (s.sequences if s.flattened else 1) * length
    return kept


def mlp_numbers(shape: Architecture, s: Settings) -> float:
    """Return the bytes a token of the MLP: gate, its activation, up. The product is down's input, counted there."""
    return 3 * shape.intermediate * s.compute


def input_numbers(shape: Architecture, s: Settings) -> float:
    """Return the bytes a token of what the matrices keep of their inputs: to get the gradient of what is trained."""
    if s.adapter:
        return lora_inputs(shape, s, s.adapter)
    shared = {"q_proj", "k_proj", "v_proj", "qkv_proj"}, {"gate_proj", "up_proj", "gate_up_proj"}
    cast = s.autocast and s.stored == FULL
    kept = 0
    for group in shared:
        several = [one for one in shape.linears if one.name in group]
        kept += (HALF * len(several) if cast else s.stored) * shape.hidden  # autocast casts for each product anew
    return kept + s.compute * shape.intermediate  # down's; o's is attention's result


def lora_inputs(shape: Architecture, s: Settings, adapter: Adapter) -> float:
    """Return the bytes a token of what LoRA keeps in a layer, on average over the layers."""
    kept, shared = 0.0, set()
    for one in stands_beside(shape, adapter):
        if one.linear.name in (*HEADS, EMBEDDING):
            continue
        source = "normed" if one.linear.inputs == shape.hidden and one.linear.name != "o_proj" else one.linear.name
        source_bytes = s.compute if one.linear.name in ("o_proj", "down_proj") else s.stored
        half = HALF if s.autocast else s.adapter_bytes
        block = (one.name.rpartition(".")[0], source)
        if source_bytes != s.adapter_bytes or half != s.adapter_bytes or adapter.dropout:
            kept += half * one.linear.inputs  # a copy of its own
        elif block not in shared and one.linear.name != "o_proj":
            kept += s.adapter_bytes * one.linear.inputs
        shared.add(block)
        if adapter.dropout:
            kept += one.linear.inputs * (s.adapter_bytes if s.cpu else 1)  # the mask
        kept += one.rank * half
        if adapter.dora:
            kept += 2 * one.linear.outputs * half  # both results are scaled by a trained length
    return kept / shape.layers
