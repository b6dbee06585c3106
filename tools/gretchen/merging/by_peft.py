"""The merge by peft, for adapters that the streaming merge does not support: the whole model in memory.

    merge_by_peft(Path("projects/<slug>/base"), adapter, Path("merged"))

The weights keep the base's dtype. companions.py copies the files beside them.
"""

from pathlib import Path
from typing import Any

from gretchen.errors import WorkError
from gretchen.merging.adapter import Adapter
from gretchen.merging.shards import Weights

MEMORY_FACTOR = 1.3  # base and merged layers


def renames_tensors(config: dict[str, Any]) -> bool:
    """Return whether transformers renames or fuses this family's tensors while loading, so that names differ."""
    from transformers.conversion_mapping import get_checkpoint_conversion_mapping

    return bool(get_checkpoint_conversion_mapping(config.get("model_type")))


def require_memory(base: Weights, available: int) -> None:
    """Raise WorkError where base and merged layers do not fit into the available bytes of memory."""
    needed = int(MEMORY_FACTOR * base.nbytes)
    if needed > available:
        raise WorkError(
            f"peft's merge needs {needed / 2**30:.1f} GiB of memory, and {available / 2**30:.1f} GiB are free",
            "merge on a machine with more memory",
        )


def merge_by_peft(base: Path, adapter: Adapter, target: Path) -> None:
    """Write base + adapter, merged by peft, into the folder `target`. Raises WorkError where peft cannot merge it."""
    from peft import PeftModel

    model = load_base(base, adapter)
    try:
        merged = PeftModel.from_pretrained(model, str(adapter.folder)).merge_and_unload()
    except (ValueError, RuntimeError, NotImplementedError, AttributeError, KeyError, TypeError) as failure:
        reason = (str(failure).strip().splitlines() or [type(failure).__name__])[0]
        hint = "use base and adapter unmerged, or train with LoRA"
        raise WorkError(f"peft cannot merge {adapter.unsupported}: {reason}", hint) from None
    merged.save_pretrained(target)


def load_base(base: Path, adapter: Adapter) -> Any:
    """Return the base in its own dtype, with the head of the adapter's task and the adapter's vocabulary size."""
    import transformers

    kwargs, auto_class = {}, "AutoModelForCausalLM"
    if adapter.config.get("task_type") == "SEQ_CLS":
        # transformers warns at length of a newly initialized head; the adapter contains the trained one.
        transformers.utils.logging.set_verbosity_error()
        auto_class = "AutoModelForSequenceClassification"
        scores = (info.shape[0] for name, info in adapter.weights.tensors.items() if name.endswith("score.weight"))
        kwargs["num_labels"] = next(scores, 2)
    model = getattr(transformers, auto_class).from_pretrained(str(base), dtype="auto", **kwargs)
    if adapter.vocab_size:
        model.resize_token_embeddings(adapter.vocab_size, mean_resizing=False)
    return model
