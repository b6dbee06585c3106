"""Answers while training: the project's own metrics on a few validation rows, at each evaluation of a trainer.

    trainer.add_callback(AnswersWhileTraining(trainer))

The metrics are logged as `eval_<metric>`, which W&B shows as `eval/<metric>`. The training is the same without them,
bit by bit: random states, the model's modes, its generation config, the tokenizer and the trainer's state stay as they
are. Answers take at most a tenth of the training's time, but for those of the first and the last evaluation. A failure
costs the answers, never the training. Not answered: trainings without an evaluation, on documents, of reward models,
and with weights that DeepSpeed or FSDP divides among processes.
"""

import contextlib
import copy
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from transformers import GenerationConfig, TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from gretchen.engines.randomness import same_randomness
from gretchen.models.generate import Model
from gretchen.recipes.stages import find_stage
from gretchen.runs.metrics import ANSWERS, ANSWERS_RUNTIME, answers_key
from gretchen.runs.record import RunRecord, find_record, read_record, update_record
from gretchen.scoring.while_training import ValidationQuestions, validation_questions

MAX_SHARE = 0.1  # of the training's time


class AnswersWhileTraining(TrainerCallback):
    """Answer a project's validation questions at each evaluation of a trainer, and log the metrics of the answers."""

    def __init__(self, trainer: Any) -> None:
        self.trainer = trainer
        self.questions: ValidationQuestions | None = None
        self.model: Model | None = None
        self.started = time.monotonic()
        self.seconds: list[float] = []
        self.answered_step = -1

    def on_train_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Choose the rows, where the training is one that answers."""
        self.started = time.monotonic()
        record = find_record(Path(args.output_dir))
        if record is None or not state.is_world_process_zero or not can_answer(self.trainer, record):
            return
        # A copy, since encoding prompts changes the truncation that a tokenizer is saved with.
        self.model = Model(copy.deepcopy(self.trainer.processing_class), self.trainer.model)
        with self.harmless(state):
            self.questions = validation_questions(record.project, self.model)

    def on_evaluate(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Answer and log, once for each step: several validation sets are evaluated one after another."""
        if self.questions is None or state.global_step == self.answered_step or not self.is_affordable(state):
            return
        self.answered_step, started, metrics = state.global_step, time.monotonic(), {}
        with self.harmless(state):
            metrics = self.questions.metrics(self.model)
        self.seconds.append(time.monotonic() - started)
        if self.questions is not None:
            self.log(state, metrics)

    def is_affordable(self, state: TrainerState) -> bool:
        """Return whether answers, at the cost of the last ones, stay within their share of the training's time."""
        if not self.seconds or state.global_step >= state.max_steps:
            return True
        return sum(self.seconds) + self.seconds[-1] <= MAX_SHARE * (time.monotonic() - self.started)

    def log(self, state: TrainerState, metrics: dict[str, float]) -> None:
        """Pass the metrics on to all callbacks that log. The trainer's own log() would add them to its state."""
        logged = state.log_history[-1] if state.log_history else {}
        logs = {answers_key(name, logged): value for name, value in metrics.items()}
        logs |= {ANSWERS: len(self.questions.prompts), ANSWERS_RUNTIME: round(self.seconds[-1], 4)}
        control = copy.copy(self.trainer.control)
        self.trainer.callback_handler.on_log(self.trainer.args, state, control, logs | {"epoch": state.epoch})

    @contextlib.contextmanager
    def harmless(self, state: TrainerState) -> Iterator[None]:
        """Restore what the block changes; where it raises, warn and answer no more in this training."""
        try:
            with unchanged(self.trainer.model):
                yield
        except Exception as failure:  # the project's metrics, a model that cannot generate, too little memory
            self.questions = None
            print(traceback.format_exc(), flush=True)
            reason = " ".join((getattr(failure, "problem", "") or f"{type(failure).__name__}: {failure}").split())
            step = f"from step {state.global_step} on"
            warn(Path(self.trainer.args.output_dir), f"no answers while training {step}: {reason}")


def can_answer(trainer: Any, record: RunRecord) -> bool:
    """Return whether a training evaluates, is a project's on conversations, and has a whole model that generates."""
    is_divided = trainer.is_deepspeed_enabled or trainer.is_fsdp_enabled
    if trainer.args.eval_strategy == "no" or record.kind != "project" or is_divided:
        return False
    return find_stage(record.engine, record.stage).row_format != "texts" and trainer.model.can_generate()


@contextlib.contextmanager
def unchanged(network: Any) -> Iterator[None]:
    """Set a model up to answer as `make eval` loads it; when the block ends, it and the random states are as before."""
    whole = network.get_base_model() if hasattr(network, "get_base_model") else network
    own, modes = whole.generation_config, [(module, module.training) for module in network.modules()]
    try:
        with same_randomness():
            network.eval()
            # Values that the generation's own config leaves open would be taken from the model's.
            whole.generation_config = GenerationConfig(eos_token_id=own.eos_token_id)
            yield
    finally:
        whole.generation_config = own
        for module, training in modes:
            module.training = training


def warn(run_dir: Path, warning: str) -> None:
    """Add a warning to the run's record; the progress line shows it."""
    earlier = read_record(run_dir).warning
    update_record(run_dir, warning="\n".join(filter(None, [earlier, f"warning: {warning}"])))
