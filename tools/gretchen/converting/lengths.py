"""Converts maximum length, packing, padding and the order of rows."""

from gretchen.converting.conversion import Conversion

AXOLOTL_PAD_MULTIPLE = 64  # axolotl pads SFT's batches to a multiple of it


def to_axolotl(c: Conversion) -> None:
    """Write axolotl's keys. TRL truncates rows at `max_length`; axolotl drops longer ones by default."""
    length = c.take("max_length", 1024)
    if c.has("max_length") and c.take("max_length") is None:
        c.drop("max_length", "axolotl always needs a maximum length: sequence_len")
    else:
        c.put("sequence_len", length, "max_length", default=512)
    if c.take("truncation_mode", "keep_start") != "keep_start":
        c.drop("truncation_mode", "axolotl truncates the end of a row")
    c.put("shuffle_merged_datasets", c.take("shuffle_dataset", False), "shuffle_dataset", default=True)
    order_to_axolotl(c)
    if c.stage != "sft":
        return
    c.put("excess_length_strategy", "truncate", "truncation_mode", default="drop")
    packed = c.take("packing", False)
    c.put("sample_packing", packed, "packing", default=False)
    strategy = c.take("packing_strategy", "bfd")
    if packed:
        c.put("eval_sample_packing", c.take("eval_packing", True), "eval_packing", default=True)
        c.note(f"packing: TRL's {strategy} and axolotl's multipack put different rows together")
    if c.take("padding_free", False):
        c.put("batch_flattening", True, "padding_free")
    multiple = c.take("pad_to_multiple_of")
    if multiple is not None:
        c.put("pad_to_multiple_of", multiple, "pad_to_multiple_of")
    elif not packed:
        c.put("pad_to_sequence_len", False, default=None)
    if c.take("use_liger_kernel", False):
        c.put("plugins", ["axolotl.integrations.liger.LigerPlugin"], "use_liger_kernel")
        for part in ("liger_rope", "liger_rms_norm", "liger_glu_activation", "liger_fused_linear_cross_entropy"):
            c.put(part, True, "use_liger_kernel")


def order_to_axolotl(c: Conversion) -> None:
    """Write the sampler; KTO's trainer takes rows in their order, in both engines."""
    default = "sequential" if c.stage == "kto" else "random"
    order = c.take("train_sampling_strategy", default)
    if order != default and c.stage != "sft":
        c.drop("train_sampling_strategy", f"axolotl samples rows of {c.stage} by '{default}'")
    elif order == "group_by_length":
        c.put("group_by_length", True, "train_sampling_strategy")
    elif order == "sequential" and c.stage == "sft":
        c.put("curriculum_sampling", True, "train_sampling_strategy")


def to_zephyr(c: Conversion) -> None:
    """Write TRL's keys."""
    c.put("max_length", c.take("sequence_len", 512), "sequence_len", default=1024)
    too_long = c.take("excess_length_strategy", "drop")
    if too_long == "raise":
        c.drop("excess_length_strategy", "TRL truncates long rows")
    elif too_long == "drop" and not (c.stage != "sft" and c.source_values.get("skip_prepare_dataset")):
        c.note("long rows: axolotl drops rows longer than sequence_len, TRL truncates them")
    order_to_zephyr(c)
    if c.stage != "sft":
        return
    if c.take("sample_packing", False):
        c.put("packing", True, "sample_packing")
        c.put("eval_packing", c.take("eval_sample_packing", True), "eval_sample_packing", default=True)
        c.note("packing: TRL's bfd and axolotl's multipack put different rows together")
    else:
        c.put("packing", False, "sample_packing", default=False)
        c.take("eval_sample_packing")
    if flat := c.take("batch_flattening", False):
        c.put("padding_free", bool(flat), "batch_flattening")
    padding_to_zephyr(c)
    liger_to_zephyr(c)


def padding_to_zephyr(c: Conversion) -> None:
    """Write the padding of SFT's batches."""
    whole, multiple = c.take("pad_to_sequence_len"), c.take("pad_to_multiple_of")
    if whole:
        c.drop("pad_to_sequence_len", "TRL pads to the longest row of a batch")
    elif whole is None and not c.source_values.get("sample_packing"):
        c.put("pad_to_multiple_of", multiple or AXOLOTL_PAD_MULTIPLE, "pad_to_multiple_of")


def liger_to_zephyr(c: Conversion) -> None:
    """Write Liger's kernels: TRL has one switch, axolotl's plugin one key for each kernel."""
    plugins = c.take("plugins", [])
    if not any("liger" in str(name).lower() for name in plugins):
        if plugins:
            c.drop("plugins", "plugins are axolotl's own")
        return
    parts = [key for key in c.source_values if key.startswith("liger_")]
    for key in parts:
        c.take(key)
    c.put("use_liger_kernel", True, "plugins")
    c.note("Liger: TRL's switch enables all kernels for the model, axolotl's keys one each")
    if others := [name for name in plugins if "liger" not in str(name).lower()]:
        c.drop("plugins", f"plugins are axolotl's own: {', '.join(others)}")


def order_to_zephyr(c: Conversion) -> None:
    """Write the sampler."""
    shuffled = c.take("shuffle_merged_datasets", True)
    if c.stage == "sft":
        c.put("shuffle_dataset", shuffled, "shuffle_merged_datasets", default=False)
        if c.take("group_by_length", False):
            c.put("train_sampling_strategy", "group_by_length", "group_by_length")
        if c.take("curriculum_sampling", False):
            c.put("train_sampling_strategy", "sequential", "curriculum_sampling")
    elif shuffled:
        c.note("the rows' order: axolotl shuffles the data set before the trainer samples from it, TRL does not")
