"""`make base PROJECT=… [KEEP=1]`: pretrain a project's embedded base model from scratch on its own documents.

    make base PROJECT=genome-chatbot

It reads the project's `texts()` (train split only), follows shared_recipes/tiny/pretrain.yaml, writes a checkpoint
every five minutes, continues from the newest one when started again, and puts the weights (bf16 safetensors) with
tokenizer and model card into projects/<slug>/base/. The accuracy gates are measured on the weights as they are shipped.
Where one is missed the old base stays, unless KEEP=1 is given; with more `max_steps` in the recipe the next call
continues.
"""

from typing import Annotated

import typer

from gretchen import paths
from gretchen.training.base_model import train_base


def base(
    project: Annotated[str, typer.Option(help="the project's folder in projects/")],
    keep: Annotated[bool, typer.Option(help="keep the weights even when a gate was missed")] = False,
) -> None:
    """Pretrain the embedded base model of a project (an hour on two cores)."""
    folder = train_base(project, keep)
    print(f"wrote {paths.shown(folder)}; next: make train PROJECT={project}")
