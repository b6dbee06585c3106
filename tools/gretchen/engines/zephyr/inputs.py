"""What a zephyr recipe gives its trainer: TRL's dataclasses, parsed strictly, and the rows.

script, config, model, mixture = parse(recipe, *config_classes(find_stage("zephyr", "sft")))
rows = load_rows(script, mixture)
"""

from pathlib import Path
from typing import Any

from gretchen.engines.zephyr.mixing import loading, without_extra_prompts
from gretchen.errors import UserError


def parse(recipe: Path, *classes: type) -> tuple[Any, ...]:
    """Return the recipe's values as instances of TRL's dataclasses, in the order given.

    Raises UserError for a key that none of them knows: TRL's own scripts would ignore it in silence.
    """
    from trl import TrlParser

    try:
        return TrlParser(classes).parse_args_and_config(["--config", str(recipe)], fail_with_unknown_args=True)
    except ValueError as failure:
        raise UserError(f"{recipe}: {failure}", "`gretchen check` names the line") from None


def load_rows(script: Any, mixture: Any) -> Any:
    """Return the recipe's DatasetDict: `datasets:` (TRL's mixture) or `dataset_name:` (a folder or a hub id)."""
    from datasets import load_dataset
    from trl import get_dataset

    if mixture.datasets:
        with loading(f"a data set of {', '.join(entry.path for entry in mixture.datasets)}"):
            return get_dataset(mixture)
    with loading(f"data set '{script.dataset_name}'"):
        rows = load_dataset(script.dataset_name, name=script.dataset_config, streaming=script.dataset_streaming)
    return without_extra_prompts(rows)


def split_of(rows: Any, split: str) -> Any:
    """Return one split of the rows. Raises UserError for a split that does not exist."""
    if split not in rows:
        raise UserError(
            f"the data have no split '{split}', only {', '.join(rows)}",
            "dataset_train_split and dataset_test_split name the splits; eval_strategy: 'no' needs no test split",
        )
    return rows[split]
