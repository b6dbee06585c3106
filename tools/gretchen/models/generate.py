"""Answers of a model to many prompts: batched, greedy, the same for every model that is compared.

    model = load("projects/<slug>/base", adapter=Path("runs/…/adapter"))
    generate(model, [[{"role": "user", "content": "…"}]], max_new_tokens=64, stop=[])

A conversation is rendered by the model's chat template; a plain string is continued as it stands, as a document.
The settings that a hub model brings along (sampling, penalties) do not count here. Nothing is scored.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gretchen import paths
from gretchen.errors import UserError, WorkError
from gretchen.hardware import cpu_has_bf16
from gretchen.models.locate import require_reachable
from gretchen.silence import quieten

Message = dict[str, Any]
# Below this many parameters float32 answers as fast as bf16 on a CPU (0.9 to 1.1 times at 1.6M), and exactly alike in
# every batch.
SMALL_PARAMETERS = 50_000_000
# On a CPU larger batches outgrow its caches: of 1.5M parameters, 128 prompts of 260 tokens took 12 s with batches of 32
# or 16, 16 s with 64, 33 s with 128 (CPU time for 128 new tokens each).
CPU_BATCH, GPU_BATCH = 32, 64


@dataclass(frozen=True)
class Model:
    """A tokenizer and a transformers model, ready to generate; `chat_template` is another one than the tokenizer's."""

    tokenizer: Any
    model: Any
    chat_template: str | None = None


@dataclass(frozen=True)
class Conversation:
    """Messages that end before the answer, and the tools that the answer may call."""

    messages: list[Message]
    tools: list[dict[str, Any]] | None = None


@dataclass(frozen=True)
class Completion:
    """What a model wrote, and whether it ended by itself: by an end token or a stop string."""

    text: str
    ended: bool


Prompt = str | list[Message] | Conversation
OnBatch = Callable[[list[int], list[Completion]], None]


def load(base: str, adapter: Path | None = None, chat_template: str | None = None, scores: bool = False) -> Model:
    """Return the model of a folder or hub id, with an adapter on it where one is named; one that `scores`: a reward's.

    Raises UserError or WorkError where the model cannot be had or its files cannot be read.
    """
    require_reachable(base)
    quieten()
    import torch
    from transformers import (
        AutoModelForCausalLM,
        AutoModelForSequenceClassification,
        AutoTokenizer,
        GenerationConfig,
    )
    from transformers.utils.logging import set_verbosity_error as disable_warnings

    local = paths.root() / base
    name = str(local) if local.is_dir() else base
    try:
        tokenizer = AutoTokenizer.from_pretrained(name)
        if scores:
            disable_warnings()  # of a new head: the adapter brings the trained one
            model = AutoModelForSequenceClassification.from_pretrained(name, dtype=torch.bfloat16, num_labels=1)
        else:
            model = AutoModelForCausalLM.from_pretrained(name, dtype=torch.bfloat16)
    except (OSError, ValueError) as fault:
        told = str(fault).strip().splitlines()[0]
        raise WorkError(
            f"the model {base} cannot be loaded: {told}", "is the folder in hub format, and whole?"
        ) from None
    # Values that our own generation config leaves open would be filled in from the model's.
    if not scores:
        model.generation_config = GenerationConfig(eos_token_id=model.generation_config.eos_token_id)
    if adapter is not None:
        from peft import PeftModel

        model = PeftModel.from_pretrained(model, str(adapter))
    device, dtype = _place(model)
    return Model(tokenizer, model.to(device=device, dtype=dtype).eval(), chat_template)


def _place(model: Any) -> tuple[str, Any]:
    """Return device and number type: bf16, but float32 for small models on a CPU and on CPUs without bf16."""
    import torch

    if torch.cuda.is_available():
        return "cuda", torch.bfloat16
    if torch.backends.mps.is_available():
        return "mps", torch.bfloat16
    small = sum(parameter.numel() for parameter in model.parameters()) < SMALL_PARAMETERS
    return "cpu", torch.float32 if small or not cpu_has_bf16() else torch.bfloat16


def render(model: Model, prompt: Prompt, before_answer: bool = True) -> str:
    """Return the text that the model reads for a prompt; not `before_answer`: a conversation that holds the answer.

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
    return model.tokenizer.encode(render(model, prompt), add_special_tokens=isinstance(prompt, str))


def end_ids(model: Model) -> list[int]:
    """Return the ids that end an answer: those of the generation config, and the tokenizer's own end token."""
    told = model.model.generation_config.eos_token_id
    ids = set(told if isinstance(told, list) else [told]) | {model.tokenizer.eos_token_id}
    return sorted(ids - {None})


def generate(
    model: Model,
    prompts: Sequence[Prompt],
    max_new_tokens: int,
    stop: Sequence[str] = (),
    batch_size: int | None = None,
    temperature: float = 0.0,
    seed: int = 0,
    on_batch: OnBatch | None = None,
) -> list[Completion]:
    """Return one completion per prompt, in the prompts' order: greedy, or sampled at a temperature above 0.

    `on_batch` is told the prompts' positions and their completions as each batch is done. Prompts of like length go
    together, the longest first: where memory is short, it shows at once.
    """
    batch_size = batch_size or (CPU_BATCH if model.model.device.type == "cpu" else GPU_BATCH)
    tokens = [encode(model, prompt) for prompt in prompts]
    order = sorted(range(len(tokens)), key=lambda i: -len(tokens[i]))
    config = _config(model, max_new_tokens, stop, temperature)
    found: dict[int, Completion] = {}
    for start in range(0, len(order), batch_size):
        batch = order[start : start + batch_size]
        completions = _batch(model, [tokens[i] for i in batch], config, stop, seed + start)
        found.update(zip(batch, completions, strict=True))
        if on_batch:
            on_batch(batch, completions)
    return [found[i] for i in range(len(tokens))]


def _config(model: Model, max_new_tokens: int, stop: Sequence[str], temperature: float) -> Any:
    """Return a generation config in which nothing is left to the model's own one."""
    from transformers import GenerationConfig

    ends = end_ids(model)
    if model.tokenizer.pad_token_id is None and not ends:
        name = model.tokenizer.name_or_path
        raise UserError(f"{name} names no end token", "set eos_token_id in its generation_config.json")
    padding = model.tokenizer.pad_token_id
    return GenerationConfig(
        max_new_tokens=max_new_tokens,
        do_sample=temperature > 0,
        temperature=temperature if temperature > 0 else 1.0,
        top_k=0 if temperature > 0 else 50,
        top_p=1.0,
        repetition_penalty=1.0,
        num_beams=1,
        eos_token_id=ends or None,
        pad_token_id=ends[0] if padding is None else padding,
        stop_strings=list(stop) or None,
        use_cache=True,
    )


def _batch(model: Model, tokens: list[list[int]], config: Any, stop: Sequence[str], seed: int) -> list[Completion]:
    """Return the completions of one batch, padded on the left."""
    import torch

    width = max(map(len, tokens))
    device = model.model.device
    ids = torch.tensor([[config.pad_token_id] * (width - len(row)) + row for row in tokens], device=device)
    mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in tokens], device=device)
    if config.do_sample:
        torch.manual_seed(seed)
    with torch.inference_mode():
        written = model.model.generate(
            input_ids=ids,
            attention_mask=mask,
            generation_config=config,
            tokenizer=model.tokenizer if stop else None,
        )
    return [_completion(model, row[width:], stop) for row in written.tolist()]


def _completion(model: Model, ids: list[int], stop: Sequence[str]) -> Completion:
    """Return the text up to the first end token or stop string."""
    ends = set(end_ids(model))
    end = next((i for i, token in enumerate(ids) if token in ends), None)
    text = model.tokenizer.decode(ids[:end], skip_special_tokens=True)
    cut = min((at for at in (text.find(word) for word in stop) if at >= 0), default=None)
    return Completion(text[:cut], ended=end is not None or cut is not None)
