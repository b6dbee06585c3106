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

    from gretchen.models.round_cache import cache_of_rows

    width = max(map(len, prompts))
    ids = torch.tensor([[config.pad_token_id] * (width - len(row)) + row for row in prompts], device=network.device)
    mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in prompts], device=network.device)
    active, cache, generated = list(range(len(prompts))), None, [[] for _ in prompts]
    with torch.inference_mode(), contiguous_states(network):
        while True:
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
            if not active:
                break
            cache = cache_of_rows(output.past_key_values, torch.tensor(rows, device=network.device), ROUND_TOKENS)
            ids = output.sequences[rows]
            mask = torch.cat([mask[rows], torch.ones_like(ids[:, mask.shape[1] :])], dim=1)
    return generated


def _report(on_token: OnToken, width: int, ids: Any, _: Any) -> Any:
    """Report the rows of a batch and the tokens after `width`, as a stopping criterion that stops no row."""
    import torch

    on_token(ids.shape[0], ids.shape[1] - width)
    return torch.zeros(ids.shape[0], dtype=torch.bool, device=ids.device)


def _round_config(config: Any, count: int) -> Any:
    """Return the generation config of the next round, after `count` tokens.

    The first has one token, so that only the prompts' keys and values are in a cache without room (round_cache.py).
    """
    of_round = copy.deepcopy(config)
    of_round.return_dict_in_generate = True  # with the cache
    of_round.max_new_tokens = min(ROUND_TOKENS if count else 1, config.max_new_tokens - count)
    return of_round


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
