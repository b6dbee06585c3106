"""The model card of a run: everything in it is recorded, and it claims nothing that was not measured."""

import yaml
from run_records import write_run

from gretchen.files import write_json, write_jsonl
from gretchen.runs.model_card import write_model_card


def test_the_card_says_what_was_trained_from_what(tmp_path, monkeypatch):
    monkeypatch.setenv("GRETCHEN_ROOT", str(tmp_path))
    run = tmp_path / "runs" / "p" / "sft.zephyr" / "20260101-000000-aaaa"
    base = {"model": "owner/name", "weights": "0123456789abcdef"}
    write_run(run, base=base, set="seed=7", seed=7, tokens=12345.0, train_seconds=90.0, versions={"trl": "1.5"})
    write_jsonl(run / "metrics.jsonl", [{"step": 1, "loss": 1.5}, {"step": 1, "eval_loss": 1.75}])
    write_json(run / "adapter" / "adapter_config.json", {})
    write_model_card(run, run / "adapter")
    _, head, text = (run / "adapter" / "README.md").read_text(encoding="utf-8").split("---\n", 2)
    assert yaml.safe_load(head) == {
        "base_model": "owner/name",
        "library_name": "peft",
        "tags": ["gretchen", "sft", "lora"],
    }
    assert (
        "# sft.zephyr of p\n\nA LoRA adapter, trained by sft on TRL from `owner/name` (weights `01234567`).\n" in text
    )
    for line in ("changed values: seed=7", "tokens: 12,345", "last loss: training 1.500, validation 1.750"):
        assert f"- {line}\n" in text
    assert "`make eval PROJECT=p` measures it" in text
    assert "None" not in text


def test_a_base_of_this_disk_is_no_name_on_the_hub_and_a_smoke_test_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("GRETCHEN_ROOT", str(tmp_path))
    (tmp_path / "projects/p/base").mkdir(parents=True)
    run = tmp_path / "runs" / "p" / "dpo.zephyr" / "20260101-000000-aaaa"
    parent = {"run": "runs/p/sft.zephyr/x", "weights": "v" * 16}
    write_run(run, base={"model": "projects/p/base", "weights": "w" * 16}, parent=parent, smoke=True)
    write_model_card(run, run / "model")
    _, head, text = (run / "model" / "README.md").read_text(encoding="utf-8").split("---\n", 2)
    assert yaml.safe_load(head) == {"library_name": "transformers", "tags": ["gretchen", "dpo"]}
    assert "A model, trained by dpo on TRL from `runs/p/sft.zephyr/x`, which was trained from `projects/p/base`" in text
    assert "A smoke test of a few steps: it has learned nothing." in text
