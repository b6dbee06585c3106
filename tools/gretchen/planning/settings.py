"""A recipe's settings in one vocabulary for both engines, as far as memory, tokens and steps depend on them.

read_settings.py reads them, by trl_settings.py and axolotl_settings.py.
"""

from dataclasses import dataclass

from gretchen.planning.parameters import Lora

PAIR_STAGES = ("dpo", "orpo", "simpo", "reward")  # a row has two completions, which go through the model together
REFERENCE_STAGES = ("dpo", "kto")  # the loss needs a reference model
GENERATING_STAGES = ("grpo", "rloo", "ppo")  # a row is a prompt, and the model generates the completions
FP16_BYTES, FP32_BYTES = 2, 4


@dataclass(frozen=True)
class Settings:
    """A recipe's settings. Sizes of numbers are in bytes.

    `batch_size` is per device. `weight_bytes`: of the weights as they are loaded; `autocast`: matrix products run in
    half precision on top of that. `quantization`: "", "nf4" or "int8", of the linear layers; `double_quantization`:
    their scales are quantized too. `padded`: rows of a batch are padded to the longest; `padding_free`: they are
    concatenated into one sequence. `loss`: "chunked" (logits exist in chunks), "full" or "fused" (Liger). `chosen_nll`:
    beside the pair's loss the chosen completion has its own (ORPO, SimPO). `jsd_beta` is GKD's interpolation.
    `copies_adapter`: a frozen copy of the adapter is kept. `drops_long_rows`: axolotl drops rows beyond the limit.

    Of stages that generate: `max_new_tokens` of a completion, `num_generations` per prompt, `generation_batch_size`
    completions at once, `num_iterations` over them; `total_episodes` is PPO's.
    """

    engine: str
    stage: str
    batch_size: int
    accumulation: int
    devices: int
    max_length: int | None
    packing: str
    weight_bytes: int
    autocast: bool
    quantization: str
    double_quantization: bool
    lora: Lora | None
    adapter_bytes: int
    checkpointing: bool
    attention: str
    loss: str
    optimizer: str
    epochs: float
    max_steps: int
    has_reference_model: bool
    cpu: bool
    padded: bool = True
    padding_free: bool = False
    chosen_nll: bool = False
    jsd_beta: float = 0.0
    max_new_tokens: int = 0
    num_generations: int = 1
    generation_batch_size: int = 0
    num_iterations: int = 1
    total_episodes: int = 0
    drops_long_rows: bool = False
    copies_adapter: bool = False

    @property
    def compute_bytes(self) -> int:
        """Return the bytes of a number in the output of a matrix product."""
        return FP16_BYTES if self.autocast else self.weight_bytes

    @property
    def has_attention_mask(self) -> bool:
        """Return whether attention gets a mask; flash attention needs none."""
        return (self.padded or self.padding_free) and not self.attention.startswith("flash_attention")

    @property
    def generates(self) -> bool:
        """Return whether rows are prompts, and the trained model generates the completions."""
        return self.stage in GENERATING_STAGES

    @property
    def num_sequences(self) -> int:
        """Return the sequences of one forward pass on one device."""
        return self.batch_size * (2 if self.stage in PAIR_STAGES else 1)
