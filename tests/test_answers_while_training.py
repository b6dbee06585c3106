"""Answers while training: the same weights with and without them, what is logged, and what is left out."""

import importlib
import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from run_records import write_run

from gretchen.engines.answers import AnswersWhileTraining, can_answer, warn
from gretchen.errors import UserError
from gretchen.files import write_jsonl
from gretchen.models.generate import load
from gretchen.projects.build import files_hash
from gretchen.projects.card import load_card
from gretchen.recipes.resolve import Request, resolve
from gretchen.runs.metrics import ANSWERS, ANSWERS_RUNTIME, answers_key, read_metrics
from gretchen.runs.record import read_record
from gretchen.scoring.evaluator import Evaluator
from gretchen.scoring.while_training import validation_questions
from gretchen.training import progress

PROJECT = "genome-chatbot"
BASE = f"projects/{PROJECT}/base"
ROWS = 240
NAME = "20260101-000000-{}"
# Dropout: a changed random state would show in the weights.
COMMON = {"max_steps": 4, "logging_steps": 1, "lora_dropout": 0.1, "eval_strategy": "steps", "eval_steps": 2}
COMMON |= {"save_strategy": "steps", "save_steps": 2, "gradient_checkpointing": True, "gradient_accumulation_steps": 1}
CHANGES = {
    "zephyr": COMMON | {"per_device_train_batch_size": 4, "bf16": False, "dtype": "float32", "report_to": "none"},
    "axolotl": COMMON | {"micro_batch_size": 4, "use_wandb": False},
}
# Metrics of the clock and the machine, not of the training.
VOLATILE = ("seconds", "runtime", "per_sec", "memory")


@pytest.fixture(scope="module")
def root(few_rows):
    """Return a root of its own with the flagship, whose answers are cut after a few tokens."""
    write_card(few_rows, 4)
    return few_rows


def write_card(root, count, **changes):
    """Let the card ask for the answers to `count` rows while training, of at most 12 tokens."""
    import yaml

    card = root / "projects" / PROJECT / "project.yaml"
    values = yaml.safe_load(card.read_text(encoding="utf-8"))
    values["evaluation"] |= {"during_training": count, "max_new_tokens": 12} | changes
    card.write_text(yaml.safe_dump(values), encoding="utf-8")


def run_dir(recipe, name):
    return Path("runs", PROJECT, recipe, NAME.format(name))


def train(recipe, name, resume=False, **changes):
    """Train a recipe in this process as a project's run, and return the run's folder."""
    stage, engine = recipe.split(".")
    run = run_dir(recipe, name)
    request = Request(PROJECT, recipe, "tiny", output=str(run), overrides=CHANGES[engine] | changes)
    write_run(run, data=files_hash(PROJECT), status="running")
    file = run / "recipe.yaml"
    file.write_text(resolve(request).text(), encoding="utf-8")
    importlib.import_module(f"gretchen.engines.{engine}.train").train(file, stage, resume)
    return run


def contents(folder):
    """Return {name: bytes} of the files of a folder that the training itself determines."""
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file() and file.name not in ("trainer_state.json", "training_args.bin", "README.md")
    }


def trainer_state(run):
    """Return the trainer's state at its last checkpoint, without figures of the clock."""
    state = json.loads((run / "checkpoint-4" / "trainer_state.json").read_text(encoding="utf-8"))
    return state | {"log_history": steady(state["log_history"])}


def steady(rows):
    """Return logs without figures of the clock."""
    return [{key: value for key, value in row.items() if not any(part in key for part in VOLATILE)} for row in rows]


def answered(run):
    return [row for row in read_metrics(run) if ANSWERS in row]


@pytest.mark.parametrize("engine", ["zephyr", "axolotl"])
def test_weights_are_bit_identical_with_and_without_answers_and_resumed(root, monkeypatch, engine):
    monkeypatch.setattr("gretchen.engines.answers.MAX_SHARE", 1.0)  # else a few steps are too short for all answers
    recipe = f"sft.{engine}"
    write_card(root, 0)
    without = train(recipe, "aaaa")
    assert not answered(without)
    write_card(root, 4)
    run = train(recipe, "bbbb")
    steps = [0] * (engine == "axolotl") + [2, 4]  # axolotl evaluates before the first step too
    assert [row["step"] for row in answered(run)] == steps
    for part in ("adapter", "checkpoint-4"):
        assert contents(run / part) == contents(without / part)
    assert trainer_state(run) == trainer_state(without)
    others = [row for row in read_metrics(run) if ANSWERS not in row]
    assert steady(others) == steady(read_metrics(without))

    resumed = run_dir(recipe, "cccc")
    shutil.copytree(run / "checkpoint-2", resumed / "checkpoint-2")
    write_jsonl(resumed / "metrics.jsonl", [row for row in read_metrics(run) if row["step"] <= 2])
    train(recipe, "cccc", resume=True)
    assert contents(resumed / "adapter") == contents(run / "adapter")
    assert [row["step"] for row in answered(resumed)][-2:] == [2, 4]
    assert steady(answered(resumed)[-1:]) == steady(answered(run)[-1:])


def test_metrics_are_those_of_the_trained_model(root):
    (last,) = answered(train("sft.zephyr", "dddd", eval_steps=4))
    model = load(BASE, adapter=run_dir("sft.zephyr", "dddd") / "adapter")
    expected = validation_questions(PROJECT, model).metrics(model)
    assert {f"eval_{name}": value for name, value in expected.items()} == {
        key: value for key, value in last.items() if key.startswith("eval_") and ANSWERS not in key
    }
    assert "eval_exact" in last
    assert last[ANSWERS] == 4
    assert last[ANSWERS_RUNTIME] > 0
    assert f"exact {last['eval_exact']:.3f} on 4 rows" in progress.line(
        read_metrics(run_dir("sft.zephyr", "dddd")), "exact"
    )


def test_a_metric_that_always_raises_costs_the_answers_and_not_the_training(root, monkeypatch):
    def score(self, prediction, row):
        raise UserError("evaluation.py:1: score() raised ValueError: no \x1b[2J number")

    expected = contents(train("sft.zephyr", "eeee", eval_steps=4) / "adapter")
    monkeypatch.setattr("gretchen.scoring.evaluator.Evaluator.score", score)
    run = train("sft.zephyr", "ffff", eval_steps=4)
    assert not answered(run)
    assert contents(run / "adapter") == expected
    warning = "warning: no answers while training from step 4 on: evaluation.py:1: score() raised ValueError"
    assert read_record(run).warning.startswith(warning)


def test_a_metric_that_raises_on_one_answer_costs_that_answer(root, monkeypatch):
    model = load(BASE)
    questions = validation_questions(PROJECT, model)
    own, first = Evaluator.score, questions.prompts[0].row["id"]

    def score(self, prediction, row):
        if row["id"] == first:
            raise UserError("score() raised")
        return own(self, prediction, row) | {"exact": 1.0}

    monkeypatch.setattr("gretchen.scoring.evaluator.Evaluator.score", score)
    monkeypatch.setattr("gretchen.scoring.evaluator.Evaluator._truncated_fail", lambda self, scored: scored)
    assert questions.metrics(model)["exact"] == 0.75


def test_rows_are_the_same_each_time_of_open_forms_and_within_the_context(root, monkeypatch):
    model = load(BASE)
    first, second = (validation_questions(PROJECT, model).prompts for _ in range(2))
    assert first == second
    assert len({prompt.row["form"] for prompt in first}) == 4
    closed = [prompt.row["form"] for prompt in first]
    write_card(root, 4, max_new_tokens=model.model.config.max_position_embeddings - 1)
    assert validation_questions(PROJECT, model) is None
    write_card(root, 0)
    assert validation_questions(PROJECT, model) is None
    write_card(root, 4)
    card = load_card(PROJECT).model_copy(update={"closed": closed})
    monkeypatch.setattr("gretchen.scoring.while_training.load_card", lambda project: card)
    assert not {prompt.row["form"] for prompt in validation_questions(PROJECT, model).prompts} & set(closed)


def record_of(stage, **fields):
    """Return the record of a run, as far as it says whether its training answers."""
    return SimpleNamespace(**({"kind": "project", "engine": "zephyr", "stage": stage} | fields))


def trainer_with(**changes):
    """Return a trainer, as far as it says whether its training answers."""
    values = {"is_deepspeed_enabled": False, "is_fsdp_enabled": False, "args": SimpleNamespace(eval_strategy="epoch")}
    return SimpleNamespace(**(values | {"model": SimpleNamespace(can_generate=lambda: True)} | changes))


@pytest.mark.parametrize(
    ("trainer", "record", "expected"),
    [
        (trainer_with(), record_of("sft"), True),
        (trainer_with(), record_of("grpo"), True),
        (trainer_with(), record_of("pretrain"), False),
        (trainer_with(model=SimpleNamespace(can_generate=lambda: False)), record_of("reward"), False),
        (trainer_with(), record_of("sft", kind="standalone"), False),
        (trainer_with(args=SimpleNamespace(eval_strategy="no")), record_of("sft"), False),
        (trainer_with(is_fsdp_enabled=True), record_of("sft"), False),
    ],
)
def test_which_trainings_answer(trainer, record, expected):
    assert can_answer(trainer, record) == expected


def test_answers_take_a_tenth_of_the_time_but_for_the_first_and_the_last(monkeypatch):
    answers = AnswersWhileTraining(trainer=None)
    monkeypatch.setattr("time.monotonic", lambda: answers.started + 100)
    states = [SimpleNamespace(global_step=step, max_steps=9) for step in (3, 6, 9)]
    assert answers.is_affordable(states[0])
    answers.seconds = [5.0]
    assert answers.is_affordable(states[1])
    answers.seconds = [5.0, 4.0]
    assert not answers.is_affordable(states[1])
    assert answers.is_affordable(states[2])


def test_a_metric_has_a_name_of_its_own_beside_the_trainers():
    logged = {"eval_loss": 1.5, "step": 2}
    assert [answers_key(name, logged) for name in ("exact", "loss")] == ["eval_exact", "eval_answers_loss"]
    steps = [{"step": 1, "steps": 2, "seconds": 1.0, "loss": 2.0}, logged]
    answers = {"eval_answers_loss": 0.25, "eval_exact": 0.5, ANSWERS: 16}
    assert progress.line([*steps, answers], "loss").endswith("validation loss 1.500, loss 0.250 on 16 rows")
    assert progress.line([*steps, answers], "exact").endswith("validation loss 1.500, exact 0.500 on 16 rows")
    assert progress.line(steps, "exact").endswith("validation loss 1.500")


def test_the_progress_shows_a_warning_that_comes_later(tmp_path, capsys):
    run = write_run(tmp_path / "p" / "sft.zephyr" / "r", warning="warning: first")
    display = progress.Display()
    shown = progress.show_warnings(run, display, "")
    warn(run, "no answers \x1b[2J")
    assert progress.show_warnings(run, display, shown) == read_record(run).warning
    assert capsys.readouterr().err == "warning: first\nwarning: no answers \\u001b[2J\n"
