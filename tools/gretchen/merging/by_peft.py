"""The merge by peft, for adapters that the streaming merge does not do itself: the whole model in memory.

    merge_by_peft("projects/<slug>/base", Path("adapter"), Path("merged"))

The weights keep the base's number type. What stands beside them, companions.py copies.
"""

from pathlib import Path
from typing import Any

from gretchen.errors import WorkError
from gretchen.merging.adapter import Adapter
from gretchen.merging.shards import Weights


def is_converted(config: dict[str, Any]) -> bool:
    """Return whether transformers renames or fuses this family's tensors as it loads them, so that names differ."""
    from transformers.conversion_mapping import get_checkpoint_conversion_mapping

    return bool(get_checkpoint_conversion_mapping(config.get("model_type")))


def require_memory(base: Weights, here: int) -> None:
    """Raise WorkError where base and merged layers would not fit into `here` bytes of memory."""
    needed = int(1.3 * sum(head.nbytes for head in base.heads.values()))
    if needed > here:
        raise WorkError(
            f"peft's merge needs {needed / 2**30:.1f} GiB of memory, and {here / 2**30:.1f} GiB are free",
            "merge on a machine with more memory",
        )


def merge_by_peft(base: Path, adapter: Adapter, target: Path) -> None:
    """Write base + adapter, merged by peft, into the folder `target`. Raises WorkError where peft cannot merge it."""
    from peft import PeftModel

    model = bare_model(base, adapter)
    try:
        merged = PeftModel.from_pretrained(model, str(adapter.folder)).merge_and_unload()
    except (ValueError, RuntimeError, NotImplementedError, AttributeError, KeyError, TypeError) as fault:
        told = str(fault).strip().splitlines() or [type(fault).__name__]
        hint = "use base and adapter unmerged, or train with LoRA"
        raise WorkError(f"peft cannot merge {adapter.beyond}: {told[0]}", hint) from None
    merged.save_pretrained(target)


def bare_model(base: Path, adapter: Adapter) -> Any:
    """Return the base in its own number type, with the head of the adapter's task, sized as the adapter says."""
    import transformers

    told = {}
    kind = "AutoModelForCausalLM"
    if adapter.config.get("task_type") == "SEQ_CLS":
        # A new head would be told of at length, and the adapter brings the trained one.
        transformers.utils.logging.set_verbosity_error()
        kind = "AutoModelForSequenceClassification"
        told["num_labels"] = next(
            (head.shape[0] for name, head in adapter.weights.heads.items() if name.endswith("score.weight")), 2
        )
    model = getattr(transformers, kind).from_pretrained(str(base), dtype="auto", **told)
    if adapter.words:
        model.resize_token_embeddings(adapter.words, mean_resizing=False)
    return model
