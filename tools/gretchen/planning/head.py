"""What the head makes, and what each stage's loss takes of it: logits, their copies, the head's gradient.

    head(shape, settings, tokens)        -> bytes at the loss, and bytes of the head's gradient
    forward(shape, settings, tokens)     -> bytes at the end of the forward pass, where a trainer takes more there

Read in trl 1.9 (sft_trainer._chunked_cross_entropy_loss, dpo_trainer and kto_trainer._compute_loss, experimental
orpo_trainer and cpo_trainer.concatenated_forward, gkd_trainer.generalized_jsd_loss) and transformers
(loss_utils.ForCausalLMLoss). Where logits exist in full they are float32: accelerate converts what a model returns
under autocast. No number here was fitted; each counts tensors of the size of the logits.
"""

from gretchen.planning.architecture import Architecture
from gretchen.planning.settings import FULL, HALF, PAIRS, Settings

CHUNK = 256  # tokens: trl.trainer.sft_trainer._CHUNKED_LM_HEAD_CHUNK_SIZE
ENTROPY_CHUNK = 128  # tokens: trl.trainer.utils.entropy_from_logits


def head(shape: Architecture, s: Settings, tokens: int) -> tuple[float, float]:
    """Return the bytes of the head at the loss, and those of its gradient, kept until the update."""
    trained = s.adapter is None or shape.top.name in s.adapter.saved
    gradient = shape.top.weights * (s.adapter_bytes if s.adapter else s.stored) if trained else 0
    if shape.scores:
        # A score for each token (GenericForSequenceClassification), of which the last one's is taken, and its gradient.
        return 2.0 * FULL * tokens, gradient
    if s.loss == "chunked":
        return chunked(shape, s, tokens, trained), gradient
    if s.loss == "fused":
        # Liger (Hsu et al. 2024) makes chunks so long that their logits take no more than the hidden states.
        return 2.0 * tokens * shape.hidden * FULL + (FULL * shape.embedding if trained else 0), gradient
    return copies(s) * FULL * tokens * shape.vocabulary + cast(shape, s), gradient


def copies(s: Settings) -> float:
    """Return how many tensors of the logits' size there are when the way back goes through the loss."""
    if s.stage in PAIRS or s.stage == "kto":
        # The policy's logits, and on the way back the gradients of their two uses (selective_log_softmax), which
        # autograd adds in place. The chosen answers' own loss (ORPO, CPO) keeps the logarithms of its half beside them.
        return 3.5 if s.own_loss else 3.0
    return 3.0  # the logits, their logarithms, and the gradient of these


def cast(shape: Architecture, s: Settings) -> float:
    """Return the bytes of the head's weights in half precision, which autocast makes and keeps."""
    return HALF * shape.embedding if s.autocast and s.stored == FULL else 0


def forward(shape: Architecture, s: Settings, tokens: int) -> float:
    """Return the bytes of the logits where the forward pass ends: trainers measure them there, and GKD compares two."""
    if s.loss != "full" or (s.engine != "zephyr" and s.stage != "kto"):
        return 0.0
    if s.stage == "distill":
        return divergence(s) * FULL * tokens * shape.vocabulary + cast(shape, s)
    if s.stage == "kto":
        # kto_trainer._compute_loss: the policy's logits, the reference's, a copy of the good and the bad rows, and the
        # answers' part of one of these, which are half of all where there are as many good rows as bad ones.
        return 3.5 * FULL * tokens * shape.vocabulary + cast(shape, s)
    if s.stage not in ("sft", "pretrain"):
        return 0.0  # no more than on the way back
    # trl.trainer.utils.entropy_from_logits
    count = 3 if s.rows > 1 else 2  # logits and their logarithms; cut by one place, several rows have to be copied
    pieces = 3 * min(ENTROPY_CHUNK, tokens)
    return FULL * shape.vocabulary * (count * tokens + pieces)


def divergence(s: Settings) -> int:
    """Return how many tensors of the logits' size GKD has at once (gkd_trainer.generalized_jsd_loss)."""
    both = 2 * 3  # student's and teacher's logits, these divided by the temperature (also by 1), and their logarithms
    if s.mixture == 0:
        return both + 3  # kl_div: the teacher's probabilities, a difference, and their product
    if s.mixture == 1:
        return both + 4  # as above, all kept for the student's gradient, and the product's trained places
    # Both logarithms stacked, the mixture's; two divergences, of which the student's keeps its difference; and at last
    # both weighted, and their sum.
    return both + 3 + 2 + 3 + 3


def teacher(shape: Architecture, s: Settings, tokens: int, weights: float) -> float:
    """Return the bytes while the teacher, whose weights take so many, reads the batch: both models' logits, and casts.

    Under autocast a product's weights are made half, and stay so until the pass is over.
    """
    half = s.autocast and s.stored == FULL and not s.quantized
    made = (2 * FULL + (HALF if s.autocast else 0)) * tokens * shape.vocabulary
    return made + cast(shape, s) + (weights * HALF / FULL if half else 0)


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
