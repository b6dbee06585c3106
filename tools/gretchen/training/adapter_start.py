"""Adapters that a standalone recipe starts from: merged into their base first, so that nothing starts without them.

    from_adapters({"model_name_or_path": "me/zephyr-7b-sft-qlora", …}, "zephyr", "dpo")     -> values, notes

The handbook loaded base + adapter, merged them, and trained a new adapter on that; its reference was the merged model.
TRL's trainers start the new adapter on the plain base instead, and so do axolotl's DPO and KTO, which ignore
`lora_model_dir`; its reward trainer would leave the new head untrained. In its other stages axolotl trains the adapter
of `lora_model_dir` on: those recipes stay as they are.
"""

from dataclasses import replace

from gretchen import paths
from gretchen.engines.axolotl.capabilities import ADAPTER_KEY, trains_on
from gretchen.errors import UserError
from gretchen.merging.start import merged_adapter
from gretchen.models.adapter_sources import AdapterSource, find_adapter
from gretchen.recipes.layers import Values
from gretchen.recipes.schema import MODEL

REVISION = "model_revision"
# Every key that names a model; the first is the one that is trained.
MODEL_KEYS = {
    "zephyr": (MODEL["zephyr"], "reward_model_path", "reward_model_name_or_path", "teacher_model_name_or_path"),
    "axolotl": (MODEL["axolotl"],),
}


def from_adapters(
    values: Values, engine: str, stage: str, base_revision: str | None = None
) -> tuple[Values, list[str]]:
    """Return a recipe's values with merged models in place of adapters, and a note for each.

    `base_revision` is that of the base of the adapter that is trained on. Raises UserError or WorkError where base or
    adapter cannot be had, or do not fit.
    """
    final, notes, trained = dict(values), [], MODEL[engine]
    for key in MODEL_KEYS[engine]:
        revisions = (values.get(REVISION), base_revision) if key == trained else (None, None)
        if adapter := find_adapter(str(values[key]), revisions[0]) if values.get(key) else None:
            final[key], note = merged(adapter, *revisions)
            notes.append(f"{key}: {note}")
            if key == trained:
                final.pop(REVISION, None)
    if engine == "axolotl" and values.get(ADAPTER_KEY):
        adapter = named_adapter(str(values[ADAPTER_KEY]))
        if trains_on(values, stage):
            return final, [*notes, f"{ADAPTER_KEY}: {adapter.name} is trained on, with its own rank and target modules"]
        del final[ADAPTER_KEY]
        on_base = replace(adapter, base=str(final[trained]))
        final[trained], note = merged(on_base, None, final.pop(REVISION, None))
        notes.append(f"{ADAPTER_KEY}: {note}")
    return final, notes


def merged(adapter: AdapterSource, revision: str | None, base_revision: str | None) -> tuple[str, str]:
    """Return the folder of a merged adapter as a recipe names it, and the note on it."""
    folder = paths.shown(merged_adapter(adapter, revision, base_revision))
    return folder, f"the adapter {adapter.name} is merged into its base {adapter.base}: {folder}"


def named_adapter(name: str) -> AdapterSource:
    """Return the adapter that a recipe names. Raises UserError where it is none."""
    adapter = find_adapter(name)
    if not adapter:
        state = (
            "holds no adapter_config.json"
            if (paths.root() / name).is_dir()
            else "is neither an adapter's folder nor its hub id"
        )
        raise UserError(f"{ADAPTER_KEY}: {name} {state}", "name the folder that an adapter was saved into")
    return adapter
