"""What an engine refuses: the tables are those of the installed TRL and transformers."""

import importlib.util
import re
from pathlib import Path

import pytest

from gretchen.checks.mistakes.combinations import DPO_LOSSES, REPORTED, SCHEDULER_NEEDS, nearest_divisor


def source(package, *path):
    """Return a module's text, without importing it."""
    (folder,) = importlib.util.find_spec(package).submodule_search_locations
    return Path(folder, *path).read_text(encoding="utf-8")


def test_the_losses_are_those_of_dpo():
    computed = re.findall(r'if loss_type == "(\w+)"', source("trl", "trainer", "dpo_trainer.py"))
    assert set(DPO_LOSSES) == set(computed)


def test_the_schedulers_that_need_a_setting_exist():
    enumeration = source("transformers", "trainer_utils.py").partition("class SchedulerType")[2].partition("class ")[0]
    assert all(f'"{name}"' in enumeration for name in SCHEDULER_NEEDS)


@pytest.mark.parametrize(
    "metric", ["eval_loss", "loss", "eval_mean_token_accuracy", "eval_rewards/margins", "eval_reward"]
)
def test_what_a_trainer_reports_may_choose_the_checkpoint(metric):
    assert REPORTED.fullmatch(metric)


def test_the_next_group_fills_the_batch():
    assert (nearest_divisor(64, 7), nearest_divisor(64, 30), nearest_divisor(9, 8)) == (8, 32, 9)
