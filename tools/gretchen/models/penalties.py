"""OpenAI's frequency and presence penalty, as a processor of logits for transformers' `generate`.

    model.generate(…, logits_processor=penalties(0.5, 0.0, num_prompt_tokens))

The logit of a token that the answer holds c times is lowered by c · frequency + presence
(https://platform.openai.com/docs/api-reference/chat/create). As in vLLM, the prompt's tokens do not count.
"""

from collections.abc import Callable
from typing import Any

LogitsProcessor = Callable[[Any, Any], Any]


def penalties(frequency: float, presence: float, num_prompt_tokens: int) -> list[LogitsProcessor]:
    """Return the processor of both penalties, [] where both are 0. Ids and logits are (batch, …) tensors."""
    if not frequency and not presence:
        return []

    def lower_repeated(ids: Any, logits: Any) -> Any:
        import torch

        generated = ids[:, num_prompt_tokens:]
        counts = torch.zeros_like(logits).scatter_add(1, generated, torch.ones_like(generated, dtype=logits.dtype))
        return logits - counts * frequency - (counts > 0) * presence

    return [lower_repeated]
