"""From answers to DPO (slow): `make label`, two raters in two browsers at once, export, pairs, a training."""

import sys

import pytest
from browser import open_page
from conftest import clean_environment
from random_models import write_adapter
from run_records import write_run
from served_playground import served

from gretchen.feedback.labels import read_labels
from gretchen.files import read_jsonl
from gretchen.models.locate import weights_hash
from gretchen.projects.build import load_data_card
from gretchen.runs.record import read_record

PROJECT, BASE = "genome-chatbot", "projects/genome-chatbot/base"
NUM_PROMPTS = 4


def label_all(first, second):
    """Rank every question in both pages in turn: the answers as they stand, from left to right."""
    for number in range(NUM_PROMPTS):
        for page in (first, second):
            page.locator(".judged").first.wait_for(timeout=240_000)
            for rank in range(1, page.locator(".judged").count() + 1):
                page.keyboard.press(str(rank))
            page.keyboard.press("Control+Enter")
            page.get_by_text(f"{number + 1} judged").wait_for()


@pytest.mark.slow
def test_labels_of_two_raters_train_dpo(browser, flagship, gretchen, monkeypatch):
    run = flagship / "runs" / PROJECT / "sft.zephyr" / "20260101-000000-aaaa"
    write_adapter(flagship / BASE, run / "adapter")
    write_run(run, base={"model": BASE, "weights": weights_hash(flagship / BASE)}, smoke=True)
    (run / "recipe.yaml").write_text("{}\n", encoding="utf-8")
    environment = {"GRETCHEN_ROOT": str(flagship), "GRETCHEN_SMOKE": "1", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "gretchen", "label", f"--project={PROJECT}", f"--prompts={NUM_PROMPTS}"]
    with (
        served(command, flagship, clean_environment(**environment)) as address,
        open_page(browser, f"{address}?language=en&rater=Ada") as first,
        open_page(browser, f"{address}?language=en&rater=Emmy") as second,
    ):
        label_all(first, second)
        first.get_by_role("button", name="Export").click()
        first.get_by_text(f"{2 * NUM_PROMPTS} labels are in projects/{PROJECT}/data/labels.jsonl").wait_for()
    labels = read_labels(flagship / "projects" / PROJECT / "data" / "labels.jsonl")
    assert {model for label in labels for answer in label.task.answers for model in answer.models} == {
        "base",
        "sft.zephyr",
    }
    monkeypatch.setenv("GRETCHEN_ROOT", str(flagship))
    before = load_data_card(PROJECT).hash
    done = gretchen("train", f"--project={PROJECT}", "--recipe=dpo", in_=flagship, **environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert load_data_card(PROJECT).hash != before
    ids = [row["id"] for row in read_jsonl(flagship / "build" / PROJECT / "preferences" / "train.jsonl")]
    assert sum(name.startswith("label-") for name in ids) >= 1
    (record,) = (flagship / "runs" / PROJECT / "dpo.zephyr").glob("*/run.json")
    assert read_record(record.parent).status == "finished"
