"""An adapter put on the model that it was trained on.

with_adapter(network, Path("runs/…/adapter"))

A PeftModel takes further adapters beside the one that it has; `set_adapter` chooses.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gretchen import paths
from gretchen.errors import WorkError

EDITED = "it was cut or edited since the training, or belongs to another model: train the run again"


def with_adapter(network: Any, adapter: Path, name: str = "default") -> Any:
    """Return a model with an adapter on it, under PEFT's `name` for it.

    Raises WorkError where the folder is damaged, or of another model.
    """
    from peft import PeftModel
    from safetensors import SafetensorError

    folder = paths.shown(adapter)
    if not adapter.is_dir():
        raise WorkError(f"{folder} does not exist any more", "was the run removed meanwhile? The same command goes on")
    try:
        if isinstance(network, PeftModel):
            network.load_adapter(str(adapter), adapter_name=name)
            model = network
        else:
            model = PeftModel.from_pretrained(network, str(adapter), adapter_name=name)
        differing = differing_tensors(model, adapter, name)
    except (SafetensorError, RuntimeError, ValueError, TypeError, KeyError, OSError) as fault:
        reason = (str(fault).strip() or type(fault).__name__).splitlines()[0][:300]
        raise WorkError(f"the adapter {folder} cannot be put on its model: {reason}", EDITED) from None
    if differing:
        shown = ", ".join(differing[:2]) + (" …" if len(differing) > 2 else "")
        raise WorkError(
            f"the adapter {folder}: its weights are not what adapter_config.json describes ({shown})", EDITED
        )
    return model


def differing_tensors(model: Any, adapter: Path, name: str = "default") -> list[str]:
    """Return the LoRA matrices that only one of a loaded adapter and its file has.

    PEFT leaves those that the file lacks at their random start, and drops those that the config does not name.
    """
    from peft import get_peft_model_state_dict

    loaded = get_peft_model_state_dict(model, adapter_name=name, save_embedding_layers=False)
    return sorted(set(lora_names(loaded)) ^ set(lora_names(stored_names(adapter))))


def stored_names(adapter: Path) -> Iterator[str]:
    """Yield the names of the tensors in an adapter's safetensors files."""
    from safetensors import safe_open

    for file in adapter.glob("*.safetensors"):
        with safe_open(file, "pt") as tensors:
            yield from tensors.keys()


def lora_names(names: Any) -> Iterator[str]:
    """Yield the names of LoRA matrices among those of tensors."""
    return (name for name in names if ".lora_" in name)
