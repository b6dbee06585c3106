"""Memory of the output head and of each stage's loss: logits, copies of them, the head's gradient.

    loss_bytes(model, settings, tokens)         at the loss          head_gradient_bytes(model, settings)
    forward_bytes(model, settings, tokens)      at the end of the forward pass, where a trainer needs more there

Read in trl 1.9 (sft_trainer._chunked_cross_entropy_loss, dpo_trainer and kto_trainer._compute_loss, experimental
orpo_trainer and cpo_trainer.concatenated_forward, gkd_trainer.generalized_jsd_loss) and transformers
(loss_utils.ForCausalLMLoss). Full logits are float32: accelerate converts what a model returns under autocast. No
number here was fitted; each counts tensors of the size of the logits.
"""

from gretchen.planning.architecture import Architecture
from gretchen.planning.settings import FP16_BYTES, FP32_BYTES, PAIR_STAGES, Settings

CHUNK_TOKENS = 256  # trl.trainer.sft_trainer._CHUNKED_LM_HEAD_CHUNK_SIZE
ENTROPY_CHUNK_TOKENS = 128  # trl.trainer.utils.entropy_from_logits


def head_gradient_bytes(model: Architecture, settings: Settings) -> float:
    """Return the bytes of the head's gradient, which is kept until the update."""
    if not _is_head_trained(model, settings):
        return 0.0
    return model.output_head.num_weights * (settings.adapter_bytes if settings.lora else settings.weight_bytes)


def loss_bytes(model: Architecture, settings: Settings, tokens: int) -> float:
    """Return the bytes of the logits and their copies at the loss."""
    if model.has_reward_head:
        # A score for each token (GenericForSequenceClassification), of which the last is used, and its gradient.
        return 2.0 * FP32_BYTES * tokens
    is_trained = _is_head_trained(model, settings)
    if settings.loss == "chunked":
        return _chunked_loss_bytes(model, settings, tokens, is_trained)
    if settings.loss == "fused":
        # Liger (Hsu et al. 2024) picks chunks whose logits take no more than the hidden states.
        head_gradient = FP32_BYTES * model.num_embedding_weights if is_trained else 0
        return 2.0 * tokens * model.hidden_size * FP32_BYTES + head_gradient
    return _num_logit_copies(settings) * FP32_BYTES * tokens * model.vocab_size + _head_cast(model, settings)


def forward_bytes(model: Architecture, settings: Settings, tokens: int) -> float:
    """Return the bytes of logits at the end of the forward pass: SFT measures entropy there, GKD compares models."""
    if settings.loss != "full" or (settings.engine != "zephyr" and settings.stage != "kto"):
        return 0.0
    logits = FP32_BYTES * tokens * model.vocab_size
    if settings.stage == "distill":
        return _num_divergence_tensors(settings) * logits + _head_cast(model, settings)
    if settings.stage == "kto":
        # kto_trainer._compute_loss: the policy's logits, the reference's, a copy of the desirable and the undesirable
        # rows, and the completions' part of one of these, which is half of all where both kinds are equally frequent.
        return 3.5 * logits + _head_cast(model, settings)
    if settings.stage not in ("sft", "pretrain"):
        return 0.0  # no more than in the backward pass
    # trl.trainer.utils.entropy_from_logits: logits and log probabilities; shifted by one position, several rows have
    # to be copied.
    count = 3 if settings.batch_size > 1 else 2
    chunks = 3 * min(ENTROPY_CHUNK_TOKENS, tokens)
    return FP32_BYTES * model.vocab_size * (count * tokens + chunks)


def teacher_bytes(model: Architecture, settings: Settings, tokens: int, weight_bytes: float) -> float:
    """Return the bytes during the teacher's forward pass: both models' logits, and the teacher's autocast weights.

    `weight_bytes` are the teacher's. Autocast keeps casts of the weights until the pass is over.
    """
    casts_weights = settings.autocast and settings.weight_bytes == FP32_BYTES and not settings.quantization
    logits = (2 * FP32_BYTES + (FP16_BYTES if settings.autocast else 0)) * tokens * model.vocab_size
    casts = weight_bytes * FP16_BYTES / FP32_BYTES if casts_weights else 0
    return logits + _head_cast(model, settings) + casts


def _is_head_trained(model: Architecture, settings: Settings) -> bool:
    """Return whether the head's weights are trained."""
    return settings.lora is None or model.output_head.name in settings.lora.modules_to_save


def _num_logit_copies(settings: Settings) -> float:
    """Return how many tensors of the logits' size there are when the backward pass goes through the loss."""
    if settings.stage in PAIR_STAGES or settings.stage == "kto":
        # The policy's logits, and in the backward pass the gradients of their two uses (selective_log_softmax), which
        # autograd adds in place. The chosen completions' own loss (ORPO, CPO) keeps log probabilities of its half.
        return 3.5 if settings.chosen_nll else 3.0
    return 3.0  # the logits, their log probabilities, and the gradient of these


def _head_cast(model: Architecture, settings: Settings) -> float:
    """Return the bytes of the head's weights in half precision, which autocast creates and keeps."""
    is_cast = settings.autocast and settings.weight_bytes == FP32_BYTES
    return FP16_BYTES * model.num_embedding_weights if is_cast else 0


def _num_divergence_tensors(settings: Settings) -> int:
    """Return how many tensors of the logits' size GKD has at once (gkd_trainer.generalized_jsd_loss)."""
    # Student's and teacher's logits, both divided by the temperature (even if it is 1), and both log probabilities.
    both = 2 * 3
    if settings.jsd_beta == 0:
        return both + 3  # kl_div: the teacher's probabilities, a difference, and their product
    if settings.jsd_beta == 1:
        return both + 4  # as above, all kept for the student's gradient, and the product at the trained positions
    # Both log probabilities stacked, and the mixture's; two divergences, of which the student's keeps its difference;
    # both weighted, and their sum.
    return both + 3 + 2 + 3 + 3


def _chunked_loss_bytes(model: Architecture, settings: Settings, tokens: int, is_head_trained: bool) -> float:
    """Return the bytes of TRL's chunked loss during the backward pass of a chunk (its _chunk, its `.float()`s)."""
    chunk = min(CHUNK_TOKENS, tokens)
    logits = chunk * model.vocab_size * (4 * settings.compute_bytes + (FP32_BYTES if settings.autocast else 0))
    # `.float()` of half-precision weights; autocast casts them back, and only that copy is kept for the backward pass.
    full = FP32_BYTES if settings.weight_bytes == FP16_BYTES else 0
    half = FP16_BYTES if settings.autocast else 0
    embedding = model.num_embedding_weights
    peak = max((full + half) * embedding, (half or full) * embedding + logits)
    if not is_head_trained:
        return peak
    # The chunks' gradients are summed: sum so far, this chunk's, and the new sum (the last is part of "gradients").
    return max(peak, 2.0 * FP32_BYTES * embedding) if tokens > CHUNK_TOKENS else peak
