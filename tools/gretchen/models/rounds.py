"""One batch of prompts, generated in rounds: answers that are over leave the batch, the others keep their cache.

    generate_in_rounds(network, prompts, config, is_over)      -> [[new token ids], …]

transformers' `generate` computes all rows of a batch until the last one ends. Most answers of a fine-tuned model end
early, and one that repeats itself would keep all the others' rows going up to the limit.
"""

import contextlib
import copy
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

ROUND_TOKENS = 32
TokenIds = list[int]
OnToken = Callable[[int, int], None]


def generate_in_rounds(
    network: Any,
    prompts: list[TokenIds],
    config: Any,
    is_over: Callable[[TokenIds], bool],
    on_token: OnToken | None = None,
    **options: Any,
) -> list[TokenIds]:
    """Return the new token ids of each prompt, with what follows an answer's end: padding, or tokens of its last round.

    `config` is a GenerationConfig; `is_over` says of new ids whether the answer has ended; `options` go to `generate`.
    `on_token` gets the rows in the batch and the tokens of each so far. Prompts are padded on the left.
    """
    import torch

    width = max(map(len, prompts))
    ids = torch.tensor([[config.pad_token_id] * (width - len(row)) + row for row in prompts], device=network.device)
    mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in prompts], device=network.device)
    active, cache, generated = list(range(len(prompts))), None, [[] for _ in prompts]
    with torch.inference_mode(), contiguous_states(network):
        while active:
            count = ids.shape[1] - width
            output = network.generate(
                input_ids=ids,
                attention_mask=mask,
                generation_config=_round_config(config, count),
                past_key_values=cache,
                stopping_criteria=[partial(_report, on_token, width)] if on_token else [],
                **options,
            )
            new = output.sequences[:, width:].tolist()
            for row, new_ids in zip(active, new, strict=True):
                generated[row] = new_ids
            ends = [len(new_ids) >= config.max_new_tokens or is_over(new_ids) for new_ids in new]
            rows = [position for position, end in enumerate(ends) if not end]
            active = [active[position] for position in rows]
            cache = _cache_of(output.past_key_values, torch.tensor(rows, device=network.device), len(new))
            ids = output.sequences[rows]
            mask = torch.cat([mask[rows], torch.ones_like(ids[:, mask.shape[1] :])], dim=1)
    return generated


def _report(on_token: OnToken, width: int, ids: Any, _: Any) -> Any:
    """Report the rows of a batch and the tokens after `width`, as a stopping criterion that stops no row."""
    import torch

    on_token(ids.shape[0], ids.shape[1] - width)
    return torch.zeros(ids.shape[0], dtype=torch.bool, device=ids.device)


def _round_config(config: Any, count: int) -> Any:
    """Return the generation config of the next round, after `count` tokens."""
    of_round = copy.deepcopy(config)
    of_round.return_dict_in_generate = True  # with the cache
    of_round.max_new_tokens = min(ROUND_TOKENS, config.max_new_tokens - count)
    return of_round


def _cache_of(cache: Any, rows: Any, size: int) -> Any:
    """Return the keys and values of some rows of a batch of `size`.

    None where rows cannot be selected in all that a model keeps, as in the states of linear attention: then they are
    computed anew.
    """
    from transformers.cache_utils import DynamicLayer, DynamicSlidingWindowLayer

    layers = getattr(cache, "layers", [])
    if not layers or any(type(layer) not in (DynamicLayer, DynamicSlidingWindowLayer) for layer in layers):
        return None
    if 0 < len(rows) < size:
        cache.batch_select_indices(rows)
    return cache


@contextlib.contextmanager
def contiguous_states(network: Any) -> Iterator[None]:
    """Pass the language model's head contiguous hidden states while the block runs.

    After a prompt they are a strided slice, the last position of each row. In bf16 on a processor PyTorch multiplies
    such a batch with a copy of frozen weights for each row: 0.9 GB for 16 rows of SmolLM2-135M with an adapter.
    """
    head = network.get_output_embeddings()
    hook = head.register_forward_pre_hook(lambda _, arguments: (arguments[0].contiguous(), *arguments[1:]))
    try:
        yield
    finally:
        hook.remove()
