"""One base in memory for several adapters: the base alone, or with any one of them.

    base = SharedBase("projects/<slug>/base")
    with base.model(None) as model: …                    the base itself
    with base.model(Path("runs/…/adapter")) as model: …  with an adapter, loaded when it is first used

One adapter is active at a time: the caller holds a lock. An adapter that brings whole layers of its own (embeddings,
modules_to_save) changes the base, and gets a base to itself.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from gretchen.errors import WorkError
from gretchen.models.adapters import with_adapter
from gretchen.models.files import read_json
from gretchen.models.generate import Model, load

OWN_LAYERS = ("modules_to_save", "trainable_token_indices", "target_parameters", "layer_replication")


class SharedBase:
    """A base, loaded when it is first used, and its adapters."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.base: Model | None = None
        self.peft_names: dict[Path, str] = {}
        self.apart: dict[Path, Model] = {}

    @contextlib.contextmanager
    def model(self, adapter: Path | None, chat_template: str | None = None) -> Iterator[Model]:
        """Give the base, or the base with an adapter. Raises as gretchen.models.generate.load does."""
        if adapter and not can_share(adapter):
            self.apart[adapter] = self.apart.get(adapter) or load(self.name, adapter)
            yield replace(self.apart[adapter], chat_template=chat_template)
            return
        self.base = self.base or load(self.name)
        if adapter:
            self.activate(adapter)
        network = self.base.model
        with contextlib.nullcontext() if adapter or not self.peft_names else network.disable_adapter():
            yield replace(self.base, chat_template=chat_template)

    def activate(self, adapter: Path) -> None:
        """Make an adapter the active one; load it first where needed."""
        assert self.base
        if adapter not in self.peft_names:
            name = f"adapter{len(self.peft_names)}"  # a key of PEFT's ModuleDict, which takes no dots
            weight: Any = next(self.base.model.parameters())
            try:
                network = with_adapter(self.base.model, adapter, name)
            except WorkError:
                self.base, self.peft_names = None, {}  # PEFT leaves half of the adapter in the base
                raise
            self.base = replace(self.base, model=network.to(device=weight.device, dtype=weight.dtype).eval())
            self.peft_names[adapter] = name
        self.base.model.set_adapter(self.peft_names[adapter], inference_mode=True)


def can_share(adapter: Path) -> bool:
    """Return whether an adapter leaves the base's own layers as they are: plain LoRA matrices beside them."""
    config = read_json(adapter / "adapter_config.json")
    is_lora = config.get("peft_type") == "LORA" and config.get("bias", "none") == "none"
    targets = config.get("target_modules") or []
    embeds = isinstance(targets, list) and any("embed" in name or "lm_head" in name for name in targets)
    return is_lora and not embeds and not any(config.get(key) for key in OWN_LAYERS)
