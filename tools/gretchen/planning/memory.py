"""The peak memory of a training on one device, part by part: the formula.

    peak(shape, settings, length=512).parts      -> {"weights": …, "activations": …} in bytes, at the worst moment

Memory can be highest at nine moments; the peak is the largest of their sums:

    loading      the file's weights and their copy in another number type (a processor has both in one memory)
    teacher      distillation: forward is done, and the teacher reads the same batch
    entropy      forward is done, and TRL measures how sure the model is, on a copy of the logits
    divergence   distillation's place of it: the student's and the teacher's logits are compared
    loss         forward is done, everything is kept for the way back, and the head makes its output and its gradient
    last layer   the way back begins: as at the loss without the head, but with one layer computed anew and gone through
    first layer  the way back has come to it: nearly every gradient is there, and one layer's activations
    embedding    its gradient is made, and added to the head's where both are one matrix
    update       weights, gradients and the optimizer's state

What autograd keeps is in activations.py, what head and loss take in head.py. NF4 takes 4 bits a weight and 0.127 more
for doubly quantized scales (Dettmers et al. 2023, "QLoRA", section 3). Adam keeps two numbers a parameter (Kingma & Ba
2015).

Not counted: the imported libraries, CUDA's context, what an allocator keeps beyond what is alive, and buffers that
several devices exchange.
"""

from dataclasses import dataclass
from typing import Any

from gretchen.planning import head
from gretchen.planning.activations import activations, ends, first_layer, work
from gretchen.planning.architecture import Architecture
from gretchen.planning.parameters import base_parameters, count
from gretchen.planning.settings import FULL, HALF, Settings

PARTS = ("weights", "teacher", "adapter", "gradients", "optimizer", "activations", "logits")
Parts = dict[str, float]
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

    def plain(self) -> dict[str, Any]:
        """Return it as plain values, for JSON, in bytes."""
        parts = {part: round(size) for part, size in self.parts.items()}
        return {"peak": round(self.total), "moment": self.moment, "parts": parts}


def unknown(s: Settings, teacher: Architecture | None) -> str:
    """Return why a recipe's peak is not known, "" where it is: no number is told that is known to be wrong."""
    if s.written_by_policy:
        return f"answers are written while {s.stage} trains, and what that takes was not measured"
    if s.stage == "distill" and teacher is None:
        return "the teacher's config.json is not on this disk"
    if s.loss == "fused" and s.stage not in ("pretrain", "sft", "dpo"):
        return f"Liger's loss for {s.stage} was not measured"
    if s.quantized and s.engine == "zephyr" and s.stage in ("orpo", "simpo"):
        # prepare_model_for_kbit_training: the rest becomes float32, and with bf16 in part half again.
        return f"with {s.quantized} weights TRL's trainer for {s.stage} changes the number types of the others"
    return ""


def peak(shape: Architecture, s: Settings, length: int, teacher: Architecture | None = None) -> Peak:
    """Return the peak of a training on batches of `length` tokens a sequence, beside a teacher's model if there is one.

    It holds only where `unknown` gives no reason against it.
    """
    tokens = s.sequences * length
    trained = gradients(shape, s)
    taught = weights(teacher, s) if teacher else 0.0
    still = {
        "weights": weights(shape, s) * (2 if s.reference else 1),
        "teacher": taught,
        "adapter": added(shape, s),
        "optimizer": states(shape, s),
    }
    # With accumulation the gradients of the earlier micro-batches are there while the next one is computed.
    kept = trained if s.accumulation > 1 else 0
    acts = activations(shape, s, tokens, length)
    before = still | {"gradients": kept, "activations": acts}
    top, top_gradient = head.head(shape, s, tokens)
    one = first_layer(shape, s, tokens, length)
    last = acts - ends(shape, s, tokens) + (one if s.checkpointing else work(shape, s, tokens))
    moments = {
        # The teacher is loaded when the student is there.
        "loading": {"weights": weights(shape, s), "teacher": loading(teacher, s)}
        if teacher
        else {"weights": loading(shape, s)},
        "teacher": before | {"logits": head.teacher(shape, s, tokens, taught)} if teacher else {},
        "divergence" if teacher else "entropy": before | {"logits": head.forward(shape, s, tokens)},
        "loss": still | {"gradients": kept + top_gradient, "activations": acts, "logits": top},
        "last layer": still | {"gradients": kept + top_gradient, "activations": last},
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


def tied(shape: Architecture, s: Settings) -> float:
    """Return the bytes of a second gradient of the embedding, where it is also the head: one for each use."""
    return shape.embedding * s.stored if shape.tied and s.adapter is None else 0.0
