"""Tasks of lm-evaluation-harness, run on a model in this process.

    tasks = harness_tasks(["genome-chatbot", "arc_easy"], tasks_dir("genome-chatbot"))
    run_tasks(model, ["genome-chatbot"], tasks, chat=True)   -> the harness's own results

The harness does the work; `make_table` of its utils prints what it returns.
"""

import contextlib
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gretchen.errors import UserError, WorkError
from gretchen.models.generate import Model
from gretchen.names import unknown

BATCH_SIZE = 16


def harness_tasks(names: Sequence[str], folder: Path | None) -> Any:
    """Return the harness's task manager: of the tasks in `folder`, or of all the harness's own.

    Raises UserError for an unknown task or group.
    """
    from lm_eval.tasks import TaskManager

    logging.getLogger("lm_eval").setLevel(logging.ERROR)  # warns of models that are passed in memory
    # Its own thousands of tasks take seconds to read.
    manager = TaskManager(include_path=str(folder), include_defaults=False) if folder else TaskManager()
    for name in names:
        if name not in manager.all_tasks:
            raise UserError(*unknown("task", name, manager.all_tasks))
    return manager


def run_tasks(
    model: Model,
    names: Sequence[str],
    manager: Any,
    chat: bool,
    limit: int | None = None,
    source: Path | None = None,
) -> Any:
    """Return the harness's results (a dict: results, configs, versions …) of a model on tasks, as each task says.

    `chat` asks by the model's chat template. A data set is taken from the folder of its name below `source`
    (source/allenai/ai2_arc), where there is one, else from the hub or its cache. Raises WorkError where there is none.
    """
    from lm_eval import simple_evaluate
    from lm_eval.models.huggingface import HFLM

    if model.chat_template:
        model.tokenizer.chat_template = model.chat_template
    # As in training and in `make eval`: hybrid models answer without a thinking part.
    network = HFLM(pretrained=model.model, tokenizer=model.tokenizer, batch_size=BATCH_SIZE, enable_thinking=False)
    # `load_dataset` takes a folder of the data set's name in the current directory before it asks the hub.
    with contextlib.chdir(source or Path.cwd()):
        try:
            return simple_evaluate(
                network,
                tasks=list(names),
                task_manager=manager,
                apply_chat_template=chat,
                limit=limit or None,
                bootstrap_iters=0,
            )
        except (ConnectionError, FileNotFoundError, ValueError) as fault:
            reason = str(fault).strip().splitlines()[0]
            hint = "SOURCE=folder names a folder that holds the data set under its name, as folder/owner/name"
            raise WorkError(f"the harness could not run {', '.join(names)}: {reason}", hint) from None
