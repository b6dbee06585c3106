"""Batched generation: the same decoding for every model that is compared, greedy unless a temperature is set.

    model = load("projects/<slug>/base", adapter=Path("runs/…/adapter"))
    generate(model, [[{"role": "user", "content": "…"}]], SamplingParams(max_new_tokens=64))

A conversation is rendered by the model's chat template; a plain string is continued as it is, as a document. A hub
model's own generation config (sampling, penalties) is ignored, but for its EOS tokens. Nothing is scored.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from gretchen.errors import UserError, WorkError
from gretchen.hardware import cpu_has_bf16
from gretchen.models.adapters import with_adapter
from gretchen.models.batches import batches
from gretchen.models.grouped_attention import attend_in_groups
from gretchen.models.loading import report_problem
from gretchen.models.locate import loadable, require_reachable
from gretchen.models.penalties import penalties
from gretchen.models.rounds import OnToken, generate_in_rounds
from gretchen.silence import quieten

Message = dict[str, Any]
# Below this many parameters float32 generates as fast as bf16 on a CPU (0.9 to 1.1 times at 1.6M), and answers do not
# depend on the batch.
SMALL_PARAMETERS = 50_000_000
# Rows of a batch. On two cores SmolLM2 generates 78, 113 and 145 tokens/s with 32, 64 and 128 answers at once, since it
# reads all weights for each token. Keys and values of as many tokens as a CPU's batch may have take 1.1 GB there.
CPU_ROWS, CPU_BATCH_TOKENS, GPU_ROWS = 128, 24_576, 64


@dataclass(frozen=True)
class Model:
    """A tokenizer and a transformers model, ready to generate; `chat_template` is another one than the tokenizer's."""

    tokenizer: Any
    model: Any
    chat_template: str | None = None

    @property
    def context(self) -> int | None:
        """The most tokens that the architecture reads, prompt and answer together; None where it states no limit."""
        return getattr(self.model.config, "max_position_embeddings", None)


@dataclass(frozen=True)
class Conversation:
    """Messages that end before the answer, and the tools that the answer may call."""

    messages: list[Message]
    tools: list[dict[str, Any]] | None = None


@dataclass(frozen=True)
class Completion:
    """What a model generated, and whether it ended with EOS or a stop string; False: truncated at the token limit."""

    text: str
    ended: bool


@dataclass(frozen=True)
class SamplingParams:
    """How to decode: greedy at temperature 0, else sampled with `seed`; generation ends at EOS or a `stop` string.

    `top_p` and the penalties mean what they mean in OpenAI's API; the penalties count an answer's own tokens.
    """

    max_new_tokens: int
    stop: tuple[str, ...] = ()
    temperature: float = 0.0
    seed: int = 0
    top_p: float = 1.0
    frequency_penalty: float = 0.0
    presence_penalty: float = 0.0


Prompt = str | list[Message] | Conversation
OnBatch = Callable[[list[int], list[Completion]], None]


def load(base: str, adapter: Path | None = None, chat_template: str | None = None) -> Model:
    """Return the causal language model of a folder or hub id, with an adapter on it where one is named.

    Raises UserError or WorkError where the model cannot be had or its files cannot be read.
    """
    require_reachable(base)
    quieten()
    import torch
    from transformers import AutoModelForCausalLM, GenerationConfig

    model = _pretrained(base, partial(AutoModelForCausalLM.from_pretrained, dtype=torch.bfloat16))
    # Values that our own generation config leaves open would be taken from the model's.
    model.model.generation_config = GenerationConfig(eos_token_id=model.model.generation_config.eos_token_id)
    return _ready(model, adapter, chat_template)


def load_reward_model(base: str, adapter: Path | None = None, chat_template: str | None = None) -> Model:
    """Return the reward model (sequence classification with one label) of a folder or hub id. Raises as `load`."""
    require_reachable(base)
    quieten()
    import torch
    from transformers import AutoModelForSequenceClassification
    from transformers.utils.logging import set_verbosity_error as disable_warnings

    disable_warnings()  # about a new head: the adapter brings the trained one
    model = _pretrained(
        base,
        partial(AutoModelForSequenceClassification.from_pretrained, dtype=torch.bfloat16, num_labels=1),
        complete=adapter is None,
    )
    return _ready(model, adapter, chat_template)


def _pretrained(base: str, from_pretrained: Callable[..., Any], complete: bool = True) -> Model:
    """Return tokenizer and model of a folder or hub id; `complete`: no weights may be missing.

    Raises WorkError where its files cannot be read, and where weights and config do not fit.
    """
    from transformers import AutoTokenizer

    name = loadable(base)
    try:
        tokenizer = AutoTokenizer.from_pretrained(name)
        network, info = from_pretrained(name, output_loading_info=True)
    except (OSError, ValueError, RuntimeError) as fault:
        reason = str(fault).strip().splitlines()[0]
        raise WorkError(
            f"the model {base} cannot be loaded: {reason}", "is the folder in hub format, and complete?"
        ) from None
    if problem := report_problem(network, info if complete else info | {"missing_keys": set()}):
        raise WorkError(f"the model {base}: {problem}", "config.json and weights must be of one model")
    return Model(tokenizer, network)


def _ready(model: Model, adapter: Path | None, chat_template: str | None) -> Model:
    """Return a model with its adapter, on its device, in evaluation mode."""
    network = model.model
    device, dtype = _device_and_dtype(network)
    if device == "cpu":
        attend_in_groups(network)
    if adapter is not None:
        network = with_adapter(network, adapter)
    return Model(model.tokenizer, network.to(device=device, dtype=dtype).eval(), chat_template)


def _device_and_dtype(model: Any) -> tuple[str, Any]:
    """Return device and dtype: bf16, but float32 for small models on a CPU and on CPUs without bf16."""
    import torch

    if torch.cuda.is_available():
        return "cuda", torch.bfloat16
    if torch.backends.mps.is_available():
        return "mps", torch.bfloat16
    small = sum(parameter.numel() for parameter in model.parameters()) < SMALL_PARAMETERS
    return "cpu", torch.float32 if small or not cpu_has_bf16() else torch.bfloat16


def render(model: Model, prompt: Prompt, before_answer: bool = True) -> str:
    """Return a prompt as the text that the model reads; `before_answer` False: the prompt holds the answer already.

    Raises UserError where a chat template is missing.
    """
    if isinstance(prompt, str):
        return prompt
    if not isinstance(prompt, Conversation):
        prompt = Conversation(prompt)
    template = model.chat_template or model.tokenizer.chat_template
    if not template:
        name = model.tokenizer.name_or_path
        raise UserError(f"{name} has no chat template", "name a model with one on the card (`models:`)")
    # enable_thinking: hybrid models (Qwen3) are trained here on answers without a thinking part. Others ignore it.
    return model.tokenizer.apply_chat_template(
        prompt.messages,
        tools=prompt.tools or None,
        chat_template=template,
        add_generation_prompt=before_answer,
        tokenize=False,
        enable_thinking=False,
    )


def encode(model: Model, prompt: Prompt) -> list[int]:
    """Return a prompt's token ids. A template writes its own special tokens; a document gets the tokenizer's."""
    # verbose: a prompt may be counted to see whether it fits, and Transformers would warn of one that does not.
    return model.tokenizer.encode(render(model, prompt), add_special_tokens=isinstance(prompt, str), verbose=False)


def end_ids(model: Model) -> list[int]:
    """Return the token ids that end an answer: EOS of the generation config and of the tokenizer."""
    eos = model.model.generation_config.eos_token_id
    ids = set(eos if isinstance(eos, list) else [eos]) | {model.tokenizer.eos_token_id}
    return sorted(ids - {None})


def generate(
    model: Model,
    prompts: Sequence[Prompt],
    params: SamplingParams,
    batch_size: int | None = None,
    on_batch: OnBatch | None = None,
    on_token: OnToken | None = None,
) -> list[Completion]:
    """Return one completion per prompt, in the prompts' order.

    A batch has at most `batch_size` rows. `on_batch` gets its prompts' positions and their completions when it is done,
    `on_token` the batch's rows and the tokens of each so far after each token. Prompts are batched by length, the
    longest first, so that a lack of memory shows in the first batch.
    """
    tokens = [encode(model, prompt) for prompt in prompts]
    config = generation_config(model, params)
    limits = {"max_rows": batch_size} if batch_size else _batch_limits(model)
    completions: dict[int, Completion] = {}
    for batch in batches([len(row) + params.max_new_tokens for row in tokens], **limits):
        seeded, rows = replace(params, seed=params.seed + len(completions)), [tokens[i] for i in batch]
        generated = _generate_batch(model, rows, config, seeded, on_token)
        completions.update(zip(batch, generated, strict=True))
        if on_batch:
            on_batch(batch, generated)
    return [completions[i] for i in range(len(tokens))]


def _batch_limits(model: Model) -> dict[str, int]:
    """Return the most rows and tokens of a batch on the model's device, as arguments of `batches`."""
    on_cpu = model.model.device.type == "cpu"
    return {"max_rows": CPU_ROWS, "max_tokens": CPU_BATCH_TOKENS} if on_cpu else {"max_rows": GPU_ROWS}


def generation_config(model: Model, params: SamplingParams) -> Any:
    """Return a generation config that leaves nothing to the model's own one."""
    from transformers import GenerationConfig

    ends = end_ids(model)
    if model.tokenizer.pad_token_id is None and not ends:
        name = model.tokenizer.name_or_path
        raise UserError(f"{name} has no EOS token", "set eos_token_id in its generation_config.json")
    padding, sampled = model.tokenizer.pad_token_id, params.temperature > 0
    return GenerationConfig(
        max_new_tokens=params.max_new_tokens,
        do_sample=sampled,
        temperature=params.temperature if sampled else 1.0,
        top_k=0 if sampled else 50,
        top_p=params.top_p,
        repetition_penalty=1.0,
        num_beams=1,
        eos_token_id=ends or None,
        pad_token_id=ends[0] if padding is None else padding,
        stop_strings=list(params.stop) or None,
        use_cache=True,
    )


def _generate_batch(
    model: Model, tokens: list[list[int]], config: Any, params: SamplingParams, on_token: OnToken | None = None
) -> list[Completion]:
    """Return the completions of one batch."""
    import torch

    if config.do_sample:
        torch.manual_seed(params.seed)
    generated = generate_in_rounds(
        model.model,
        tokens,
        config,
        lambda ids: _completion(model, ids, params.stop).ended,
        on_token,
        tokenizer=model.tokenizer if params.stop else None,
        logits_processor=penalties(params.frequency_penalty, params.presence_penalty, max(map(len, tokens))),
    )
    return [_completion(model, ids, params.stop) for ids in generated]


def _completion(model: Model, ids: list[int], stop: Sequence[str]) -> Completion:
    """Return the text up to the first EOS token or stop string."""
    ends = set(end_ids(model))
    end = next((i for i, token in enumerate(ids) if token in ends), None)
    text = model.tokenizer.decode(ids[:end], skip_special_tokens=True)
    cut = min((start for start in (text.find(word) for word in stop) if start >= 0), default=None)
    return Completion(text[:cut], ended=end is not None or cut is not None)
