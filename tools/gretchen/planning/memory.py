"""The peak memory of a training on one device, part by part: the formula.

    peak_memory(model, settings, length=512).parts      -> {"weights": …, "activations": …} in bytes, at the peak

Memory can be highest at nine moments; the peak is the largest of their sums:

    loading      the weights of the file, and their copy in another dtype (a CPU has both in one memory)
    teacher      distillation: the student's forward pass is done, and the teacher reads the same batch
    entropy      the forward pass is done, and TRL computes the entropy on a copy of the logits
    divergence   distillation instead of that: the student's and the teacher's logits are compared
    loss         the forward pass is done, all activations are kept, and the head computes its output and its gradient
    last layer   the backward pass begins: as at the loss without the head, but with one layer recomputed
    first layer  the backward pass reaches it: nearly all gradients exist, and one layer's activations
    embedding    its gradient is computed, and added to the head's where the two are tied
    update       weights, gradients and the optimizer's states

What autograd keeps is in activations.py, what head and loss take in logits.py. NF4 takes 4 bits a weight and 0.127 more
for doubly quantized scales (Dettmers et al. 2023, "QLoRA", section 3). Adam keeps two numbers per parameter (Kingma &
Ba 2015).

Not counted: the imported libraries, CUDA's context, what an allocator keeps beyond what is alive, and communication
buffers of several devices.
"""

from dataclasses import dataclass
from typing import Any

from gretchen.planning import logits
from gretchen.planning.activations import (
    activation_bytes,
    layer_backward_bytes,
    outside_layers,
    working_gradients,
)
from gretchen.planning.architecture import Architecture
from gretchen.planning.parameters import base_parameters, count_parameters
from gretchen.planning.settings import FP16_BYTES, FP32_BYTES, Settings

PARTS = ("weights", "teacher", "adapter", "gradients", "optimizer", "activations", "logits")
Parts = dict[str, float]
BLOCK, NESTED_BLOCK = 64, 256  # weights per scale, and scales per second-level scale (bitsandbytes)
# Numbers that an optimizer keeps per parameter, where that is not Adam's 2; names of transformers' OptimizerNames.
NUM_STATES = {"sgd": 0, "rmsprop": 1, "adagrad": 1, "lion_32bit": 1, "adafactor": 0}
LOW_BIT_OPTIMIZERS = ("8bit", "4bit")


@dataclass(frozen=True)
class Peak:
    """The peak in bytes: its moment, the parts at that moment, and the sum of each moment."""

    moment: str
    parts: Parts
    moments: dict[str, float]

    @property
    def total(self) -> float:
        """Return the sum of the parts, in bytes."""
        return sum(self.parts.values())

    def to_json(self) -> dict[str, Any]:  # JSON
        """Return the peak for JSON, in bytes."""
        parts = {part: round(size) for part, size in self.parts.items()}
        return {"peak": round(self.total), "moment": self.moment, "parts": parts}


def unknown_reason(settings: Settings, teacher: Architecture | None) -> str:
    """Return why a recipe's peak is unknown, "" where it is known: no number is better than a wrong one."""
    if settings.generates:
        return f"{settings.stage} generates completions while it trains, and the memory for that was not measured"
    if settings.stage == "distill" and teacher is None:
        return "the teacher's config.json is not on this disk"
    if settings.loss == "fused" and settings.stage not in ("pretrain", "sft", "dpo"):
        return f"Liger's loss for {settings.stage} was not measured"
    if settings.quantization and settings.engine == "zephyr" and settings.stage in ("orpo", "simpo"):
        # prepare_model_for_kbit_training: the rest becomes float32, and with bf16 partly half precision again.
        return f"with {settings.quantization} weights TRL's trainer for {settings.stage} changes the other dtypes"
    return ""


def peak_memory(model: Architecture, settings: Settings, length: int, teacher: Architecture | None = None) -> Peak:
    """Return the peak of a training on batches of `length` tokens a sequence, with a teacher where there is one.

    It holds only where `unknown_reason` returns "".
    """
    moments = _moments(model, settings, length, teacher)
    sums = {moment: sum(parts.values()) for moment, parts in moments.items()}
    worst = max(sums, key=lambda moment: sums[moment])
    return Peak(worst, {part: moments[worst].get(part, 0.0) for part in PARTS}, sums)


def _moments(model: Architecture, settings: Settings, length: int, teacher: Architecture | None) -> dict[str, Parts]:
    """Return the parts of each moment, in bytes."""
    tokens = settings.num_sequences * length
    trained = gradient_bytes(model, settings)
    # With accumulation the gradients of earlier micro-batches exist while the next one is computed.
    accumulated = trained if settings.accumulation > 1 else 0
    teacher_weights = weight_bytes(teacher, settings) if teacher else 0.0
    constant = {
        "weights": weight_bytes(model, settings) * (2 if settings.has_reference_model else 1),
        "teacher": teacher_weights,
        "adapter": adapter_weight_bytes(model, settings),
        "optimizer": optimizer_bytes(model, settings),
    }
    activations = activation_bytes(model, settings, tokens, length)
    layer = layer_backward_bytes(model, settings, tokens, length)
    last_layer = activations - outside_layers(model, settings, tokens)
    last_layer += layer if settings.checkpointing else working_gradients(model, settings, tokens)
    forward = constant | {"gradients": accumulated, "activations": activations}
    with_head = accumulated + logits.head_gradient_bytes(model, settings)
    late = max(trained - pending_gradients(model, settings), accumulated)
    embedding = tokens * model.hidden_size * settings.weight_bytes
    moments = {
        "loading": {"weights": loading_bytes(model, settings)},
        "teacher": {},
        "divergence" if teacher else "entropy": forward | {"logits": logits.forward_bytes(model, settings, tokens)},
        "loss": forward | {"gradients": with_head, "logits": logits.loss_bytes(model, settings, tokens)},
        "last layer": constant | {"gradients": with_head, "activations": last_layer},
        "first layer": constant | {"gradients": late, "activations": layer},
        "embedding": constant | {"gradients": trained + tied_gradient(model, settings), "activations": embedding},
        "update": constant | {"gradients": trained},
    }
    if teacher:  # it is loaded when the student is there
        moments["loading"] = {"weights": weight_bytes(model, settings), "teacher": loading_bytes(teacher, settings)}
        of_teacher = logits.teacher_bytes(model, settings, tokens, teacher_weights)
        moments["teacher"] = forward | {"logits": of_teacher}
    return moments


# --- what exists all the time -----------------------------------------------------------------------------------------


def weight_bytes(model: Architecture, settings: Settings) -> float:
    """Return the bytes of the base's weights as they are loaded."""
    if not settings.quantization:
        return base_parameters(model) * settings.weight_bytes
    quantized = model.num_layers * sum(linear.num_weights for linear in model.linears)
    rest = base_parameters(model) - quantized
    return rest * settings.weight_bytes + quantized * quantized_weight_bytes(settings)


def quantized_weight_bytes(settings: Settings) -> float:
    """Return the bytes of one quantized weight with its share of the scales (QLoRA, section 3)."""
    if settings.quantization == "int8":
        return 1.0
    scales = (1 + FP32_BYTES / NESTED_BLOCK) / BLOCK if settings.double_quantization else FP32_BYTES / BLOCK
    return 0.5 + scales


def adapter_weight_bytes(model: Architecture, settings: Settings) -> float:
    """Return the bytes of what the adapter adds: its matrices, and the copies of modules that are trained in full."""
    return count_parameters(model, settings.lora).added * settings.adapter_bytes if settings.lora else 0.0


def gradient_bytes(model: Architecture, settings: Settings) -> float:
    """Return the bytes of all gradients: each trained parameter has one of its own dtype."""
    size = settings.adapter_bytes if settings.lora else settings.weight_bytes
    return count_parameters(model, settings.lora).trained * size


def optimizer_bytes(model: Architecture, settings: Settings) -> float:
    """Return the bytes of the optimizer's states, which it keeps from its first step on."""
    trained = count_parameters(model, settings.lora).trained
    size = settings.adapter_bytes if settings.lora else settings.weight_bytes
    name = settings.optimizer.lower()
    if any(bits in name for bits in LOW_BIT_OPTIMIZERS):
        return trained * (1 if "4bit" in name else 2) * (1 if "lion" not in name else 0.5)
    num_states = next((count for known, count in NUM_STATES.items() if name.startswith(known)), 2)
    return trained * size * num_states


def pending_gradients(model: Architecture, settings: Settings) -> float:
    """Return the bytes of the gradients that do not exist yet when the backward pass reaches the first layer."""
    if settings.lora:
        return 0.0  # small
    layer = sum(linear.num_weights for linear in model.linears)
    return settings.weight_bytes * (layer + (0 if model.tied else model.num_embedding_weights))


def loading_bytes(model: Architecture, settings: Settings) -> float:
    """Return the bytes while the weights are loaded: on a CPU those of the file stay mapped until all are copied."""
    in_file = FP32_BYTES if model.dtype == "float32" else FP16_BYTES
    same_dtype = in_file == settings.weight_bytes and not settings.quantization
    mapped = base_parameters(model) * in_file if settings.cpu and not same_dtype else 0
    return weight_bytes(model, settings) + mapped


def tied_gradient(model: Architecture, settings: Settings) -> float:
    """Return the bytes of a second gradient of the embedding, where it is also the head: one for each use."""
    return model.num_embedding_weights * settings.weight_bytes if model.tied and settings.lora is None else 0.0
