"""`make base PROJECT=… [SET="max_steps=2000"] [KEEP=1]`: pretrain a project's embedded base model from scratch.

    make base PROJECT=genome-chatbot

It reads the project's own documents, `texts()` (train split only), follows shared_recipes/tiny/pretrain.yaml, writes a
checkpoint every five minutes, continues from the newest one when started again, and puts the weights (bf16 safetensors)
with tokenizer and model card into projects/<slug>/base/. It says how many different documents there are and how often
each is read. The accuracy gates are shown at every checkpoint, and a training ends early when all are passed, or when
one cannot be; they are measured again on the weights as they are shipped. Where one is missed the old base stays,
unless KEEP=1 is given; with more `max_steps` the next call continues. With fewer, warm-up and decay shrink with them.
"""

from typing import Annotated

import typer

from gretchen import paths
from gretchen.training.base_model import train_base


def base(
    project: Annotated[str, typer.Option(help="the project's folder in projects/")],
    set_: Annotated[str, typer.Option("--set", help='changed values: "max_steps=2000"')] = "",
    keep: Annotated[bool, typer.Option(help="keep the weights even when a gate was missed")] = False,
) -> None:
    """Pretrain the embedded base model of a project (an hour on two cores)."""
    folder = train_base(project, keep, set_)
    print(f"wrote {paths.shown(folder)}; next: make train PROJECT={project}")
