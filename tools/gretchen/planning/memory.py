"""The peak memory of a training on one device, part by part: the formula.

    peak(shape, settings, length=512).parts      -> {"weights": …, "activations": …} in bytes, at the worst moment

Memory can be highest at seven moments; the peak is the largest of their sums:

    loading      the file's weights and their copy in another number type (a processor has both in one memory)
    entropy      forward is done, and TRL measures how sure the model is, on a copy of the logits
    loss         forward is done, everything is kept for the way back, and the head makes its output and its gradient
    last layer   the way back begins: as at the loss without the head, but with one layer computed anew and gone through
    first layer  the way back has come to it: nearly every gradient is there, and one layer's activations
    embedding    its gradient is made, and added to the head's where both are one matrix
    update       weights, gradients and the optimizer's state

Sources. Activations are counted as Korthikanti et al. (2022, "Reducing Activation Recomputation in Large Transformer
Models", section 4) count them: tensor by tensor, what autograd keeps for the way back. Their layer is GPT's in 16 bits;
ours are the layers of transformers 5.16 (models/llama, qwen3, gemma2, …: RMSNorm in float32, rotary positions, gated
MLP), under torch's autocast where the recipe asks for it. Checkpointing keeps a layer's input only (Chen et al. 2016,
"Training Deep Nets with Sublinear Memory Cost"). NF4 takes 4 bits a weight and 0.127 more for doubly quantized scales
(Dettmers et al. 2023, "QLoRA", section 3). Adam keeps two numbers a parameter (Kingma & Ba 2015). What the head does
was read in trl 1.9 (sft_trainer._chunked_cross_entropy_loss, dpo_trainer._compute_loss) and transformers
(loss_utils.ForCausalLMLoss: logits in float32).

Not counted: the imported libraries, CUDA's context, what an allocator keeps beyond what is alive, and buffers that
several devices exchange.
"""

from dataclasses import dataclass

from gretchen.planning.architecture import Architecture
from gretchen.planning.parameters import EMBEDDING, HEAD, Adapter, base_parameters, count, stands_beside
from gretchen.planning.settings import FULL, HALF, Settings

PARTS = ("weights", "adapter", "gradients", "optimizer", "activations", "logits")
Parts = dict[str, float]
CHUNK = 256  # tokens: trl.trainer.sft_trainer._CHUNKED_LM_HEAD_CHUNK_SIZE
ENTROPY_CHUNK = 128  # tokens: trl.trainer.utils.entropy_from_logits
BLOCK, NESTED_BLOCK = 64, 256  # weights under one scale, and scales under one scale of theirs (bitsandbytes)
# Bytes that an optimizer keeps for a number, given the bytes of that number; names of transformers' OptimizerNames.
SMALL_STATES = {"sgd": 0, "rmsprop": 1, "adagrad": 1, "lion_32bit": 1, "adafactor": 0}
EIGHT_BITS = ("8bit", "4bit")


@dataclass(frozen=True)
class Peak:
    """The peak in bytes: at which moment, and which part takes how much of it; and the sums of all moments."""

    moment: str
    parts: Parts
    moments: dict[str, float]

    @property
    def total(self) -> float:
        """Return the sum of the parts, in bytes."""
        return sum(self.parts.values())


def peak(shape: Architecture, s: Settings, length: int) -> Peak:
    """Return the peak of a training on batches of `length` tokens a sequence."""
    tokens = s.sequences * length
    trained = gradients(shape, s)
    still = {
        "weights": weights(shape, s) * (2 if s.reference else 1),
        "adapter": added(shape, s),
        "optimizer": states(shape, s),
    }
    # With accumulation the gradients of the earlier micro-batches are there while the next one is computed.
    kept = trained if s.accumulation > 1 else 0
    acts = activations(shape, s, tokens, length)
    head, head_gradient = logits(shape, s, tokens)
    one = first_layer(shape, s, tokens, length)
    last = acts - ends(shape, s, tokens) + (one if s.checkpointing else work(shape, s, tokens))
    moments = {
        "loading": {"weights": loading(shape, s)},
        "entropy": still | {"gradients": kept, "activations": acts, "logits": entropy(shape, s, tokens)},
        "loss": still | {"gradients": kept + head_gradient, "activations": acts, "logits": head},
        "last layer": still | {"gradients": kept + head_gradient, "activations": last},
        "first layer": still | {"gradients": max(trained - late(shape, s), kept), "activations": one},
        "embedding": still | {"gradients": trained + tied(shape, s), "activations": tokens * shape.hidden * s.stored},
        "update": still | {"gradients": trained},
    }
    sums = {moment: sum(parts.values()) for moment, parts in moments.items()}
    worst = max(sums, key=lambda moment: sums[moment])
    return Peak(worst, {part: moments[worst].get(part, 0.0) for part in PARTS}, sums)


# --- what is there all the time ---------------------------------------------------------------------------------------


def weights(shape: Architecture, s: Settings) -> float:
    """Return the bytes of the base's weights as they are loaded."""
    if not s.quantized:
        return base_parameters(shape) * s.stored
    inner = shape.layers * sum(one.weights for one in shape.linears)
    return (base_parameters(shape) - inner) * s.stored + inner * quantized_bytes(s)


def quantized_bytes(s: Settings) -> float:
    """Return the bytes of one quantized weight with its share of the scales (QLoRA, section 3)."""
    if s.quantized == "int8":
        return 1.0
    return 0.5 + ((1 + FULL / NESTED_BLOCK) / BLOCK if s.nested else FULL / BLOCK)


def added(shape: Architecture, s: Settings) -> float:
    """Return the bytes of what the adapter adds: its matrices, and the copies of modules that are trained whole."""
    return count(shape, s.adapter).added * s.adapter_bytes if s.adapter else 0.0


def gradients(shape: Architecture, s: Settings) -> float:
    """Return the bytes of all gradients: a trained number has one of its own type."""
    return count(shape, s.adapter).trained * (s.adapter_bytes if s.adapter else s.stored)


def states(shape: Architecture, s: Settings) -> float:
    """Return the bytes that the optimizer keeps, from its first step on."""
    numbers = count(shape, s.adapter).trained
    size = s.adapter_bytes if s.adapter else s.stored
    name = s.optimizer.lower()
    if any(bits in name for bits in EIGHT_BITS):
        return numbers * (1 if "4bit" in name else 2) * (1 if "lion" not in name else 0.5)
    kept = next((kept for known, kept in SMALL_STATES.items() if name.startswith(known)), 2)
    return numbers * size * kept


def late(shape: Architecture, s: Settings) -> float:
    """Return the bytes of the gradients that are not there yet when the way back comes to the first layer."""
    if s.adapter:
        return 0.0  # small
    layer = sum(one.weights for one in shape.linears)
    return s.stored * (layer + (0 if shape.tied else shape.embedding))


def loading(shape: Architecture, s: Settings) -> float:
    """Return the bytes while the weights are read: on a processor the file's own stay mapped until all is copied."""
    there = FULL if shape.dtype == "float32" else HALF
    same = there == s.stored and not s.quantized
    return weights(shape, s) + (base_parameters(shape) * there if s.cpu and not same else 0)


# --- what autograd keeps for the way back -----------------------------------------------------------------------------


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
        if one.linear.name in (HEAD, EMBEDDING):
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


# --- the head and the loss --------------------------------------------------------------------------------------------


def logits(shape: Architecture, s: Settings, tokens: int) -> tuple[float, float]:
    """Return the bytes of the head at the loss, and those of its gradient, kept until the update."""
    trained = s.adapter is None or HEAD in s.adapter.saved
    size = s.adapter_bytes if s.adapter else s.stored
    gradient = shape.embedding * size if trained else 0
    if s.loss == "chunked":
        return chunked(shape, s, tokens, trained), gradient
    if s.loss == "fused":
        # Liger (Hsu et al. 2024) makes chunks so long that their logits take no more than the hidden states.
        return 2.0 * tokens * shape.hidden * FULL + (FULL * shape.embedding if trained else 0), gradient
    copies = HALF * shape.embedding if s.autocast and s.stored == FULL else 0  # the head's weights, by autocast
    if s.stage == "dpo":
        # The policy's logits in float32; on the way back the gradients of their two uses, and the zeros of one.
        return 4.0 * FULL * tokens * shape.vocabulary + copies, gradient
    # The logits in float32, their logarithms, and the gradient of these.
    return 3.0 * FULL * tokens * shape.vocabulary + copies, gradient


def entropy(shape: Architecture, s: Settings, tokens: int) -> float:
    """Return the bytes of the logits while TRL's SFT measures their entropy (trl.trainer.utils.entropy_from_logits)."""
    if s.loss != "full" or s.engine != "zephyr" or s.stage == "dpo":
        return 0.0
    copies = 3 if s.rows > 1 else 2  # logits and their logarithms; cut by one place, several rows have to be copied
    pieces = 3 * min(ENTROPY_CHUNK, tokens)
    return FULL * shape.vocabulary * (copies * tokens + pieces)


def chunked(shape: Architecture, s: Settings, tokens: int, trained: bool) -> float:
    """Return the bytes of TRL's chunked loss while a chunk is gone back through (its _chunk, its `.float()`s)."""
    chunk = min(CHUNK, tokens)
    made = chunk * shape.vocabulary * (4 * s.compute + (FULL if s.autocast else 0))
    # `.float()` of half weights; autocast then makes them half again, and only this copy is kept for the way back.
    full = FULL if s.stored == HALF else 0
    half = HALF if s.autocast else 0
    one = max((full + half) * shape.embedding, (half or full) * shape.embedding + made)
    if not trained:
        return one
    # The chunks' gradients are summed: the sum so far, this chunk's, and the new sum (the last one is "gradients").
    return max(one, 2.0 * FULL * shape.embedding) if tokens > CHUNK else one


def tied(shape: Architecture, s: Settings) -> float:
    """Return the bytes of a second gradient of the embedding, where it is also the head: one for each use."""
    return shape.embedding * s.stored if shape.tied and s.adapter is None else 0.0
