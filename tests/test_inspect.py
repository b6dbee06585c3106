"""`inspect`: it shows the engine's own collated batches, on a terminal with and without colour, and as a page."""

import json
import re
import time
from pathlib import Path

import pytest
import yaml
from rich.console import Console

from gretchen.checks.mistakes.tokens import far_too_long
from gretchen.errors import UserError
from gretchen.inspecting.page import page
from gretchen.inspecting.preview import Preview, PreviewRow
from gretchen.inspecting.rows import TokenizedRows
from gretchen.inspecting.sequences import TokenSequence, sequences_of
from gretchen.inspecting.spans import Span, spans_of, token_counts
from gretchen.inspecting.terminal import render

PROJECT, ROWS = "genome-chatbot", 40
BASE = f"projects/{PROJECT}/base"


@pytest.fixture(scope="module")
def built(flagship):
    """Return a root with the flagship and forty short rows of each kind."""
    for row_format in ("chats", "preferences"):
        folder = flagship / "build" / PROJECT / row_format
        folder.mkdir(parents=True)
        for split in ("train", "validation", "test"):
            lines = [json.dumps(row(row_format, split, number)) + "\n" for number in range(ROWS)]
            (folder / f"{split}.jsonl").write_text("".join(lines), encoding="utf-8")
    return flagship


def row(row_format, split, number):
    question = [{"role": "user", "content": f"Transcribe ATG {'GCC ' * (number % 5)}in {split} {number}."}]
    answers = [[{"role": "assistant", "content": text}] for text in ("AUG" + " GCC" * (number % 5), "ATG")]
    common = {"id": f"{split}-{number}", "form": "x", "group": [split], "meta": "{}"}
    if row_format == "chats":
        return common | {"messages": question + answers[0]}
    return common | {"prompt": question, "chosen": answers[0], "rejected": answers[1]}


def resolved_values(built_root, name, *words):
    """Return a recipe's engine, stage and values as a training would get them, on the embedded base."""
    from gretchen.recipes.resolve import Request, resolve
    from gretchen.recipes.schema import MODEL

    resolved = resolve(Request(PROJECT, name, "tiny", words, output=str(built_root / "out")))
    return resolved.engine, resolved.stage, resolved.values | {MODEL[resolved.engine]: BASE}


def trls_batch(stage, values, file):
    """Return the first batch of TRL's own trainer, on the real weights, as `trl sft` and `trl dpo` make it."""
    import trl
    from datasets import load_dataset

    script, config, model, _ = trl.TrlParser(
        (trl.ScriptArguments, getattr(trl, f"{stage.upper()}Config"), trl.ModelConfig, trl.DatasetMixtureConfig)
    ).parse_args_and_config(["--config", str(file)])
    rows = load_dataset(script.dataset_name)
    trainer = getattr(trl, f"{stage.upper()}Trainer")(
        model=model.model_name_or_path,
        args=config,
        train_dataset=rows["train"],
        peft_config=trl.get_peft_config(model),
    )
    return next(iter(trainer.get_train_dataloader()))


def axolotls_batch(stage, values, file):
    """Return the first batch of axolotl's own trainer, on the real weights, as `axolotl train` makes it."""
    from axolotl.cli.config import load_cfg
    from axolotl.common.datasets import load_datasets, load_preference_datasets
    from axolotl.train import setup_model_and_trainer

    cfg = load_cfg(str(file), dataset_prepared_path=str(file.parent / "prepared"))
    data = (load_preference_datasets if stage == "dpo" else load_datasets)(cfg=cfg)
    trainer, *_ = setup_model_and_trainer(cfg, data)
    return next(iter(trainer.get_train_dataloader()))


def masks(batch):
    """Return (ids, loss mask) of each row of a batch, without padding: from labels, or from the completion mask."""
    kept = batch["attention_mask"].bool()
    trained = batch["labels"] != -100 if "labels" in batch else batch["completion_mask"].bool()
    ids = batch["input_ids"]
    return [(ids[i][kept[i]].tolist(), trained[i][kept[i]].tolist()) for i in range(len(ids))]


SLOW = [pytest.param(f"{name}.axolotl", marks=pytest.mark.slow) for name in ("sft", "dpo")]


@pytest.mark.parametrize("name", ["sft.zephyr", "dpo.zephyr", *SLOW])
def test_what_is_shown_is_the_engines_own_batch(built_root, name, tmp_path):
    from gretchen.inspecting.rows import trained_sequences

    engine, stage, values = resolved_values(built_root, name)
    quiet = {"use_wandb": False} if engine == "axolotl" else {"report_to": "none", "eval_strategy": "no"}
    values |= {"output_dir": str(tmp_path)} | quiet
    file = tmp_path / "recipe.yaml"
    file.write_text(yaml.safe_dump(values), encoding="utf-8")
    batch = (axolotls_batch if engine == "axolotl" else trls_batch)(stage, values, file)
    expected = masks(batch)
    size = len(expected) // 2 if stage == "dpo" else len(expected)
    sequences = trained_sequences(engine, stage, values, size)
    if stage == "dpo":  # the batch has all chosen, then all rejected sides; `inspect` shows pair by pair
        expected = [side for pair in zip(expected[:size], expected[size:], strict=True) for side in pair]
        assert [sequence.side for sequence in sequences] == ["chosen", "rejected"] * size
    assert [(sequence.ids, sequence.trained) for sequence in sequences] == expected
    assert any(sequence.trained.count(False) and sequence.trained.count(True) for sequence in sequences)


def test_rows_longer_than_the_limit_are_counted(built_root):
    from gretchen.inspecting.rows import tokenize_rows

    engine, stage, values = resolved_values(built_root, "sft.zephyr", "max_length=40")
    rows = tokenize_rows(engine, stage, values)
    lengths = [len(sequence.ids) for row in rows.rows for sequence in row]
    assert len(rows.rows) == len(rows.raw_rows) == ROWS
    assert rows.too_long == [number for number, length in enumerate(lengths) if length > 40] != []
    assert rows.file == built_root / "build" / PROJECT / "chats" / "train.jsonl"


def test_packed_rows_are_separated(built_root):
    from gretchen.inspecting.rows import tokenize_rows, trained_sequences

    engine, stage, values = resolved_values(built_root, "sft.zephyr", "packing=true", "max_length=200")
    (packed,) = trained_sequences(engine, stage, values, 1)
    assert len(packed.starts) > 2
    assert len(packed.ids) <= 200
    unpacked = [sequence.ids for row in tokenize_rows(engine, stage, values).rows for sequence in row]
    for start, end in zip(packed.starts, [*packed.starts[1:], len(packed.ids)], strict=True):
        assert packed.ids[start:end] in unpacked


def test_tokenizing_rows_leaves_the_random_state_unchanged(built_root):
    import random

    import numpy
    import torch

    from gretchen.inspecting.rows import tokenize_rows

    torch.manual_seed(1)
    before = random.getstate(), numpy.random.get_state()[1].tolist(), torch.get_rng_state().tolist()
    tokenize_rows(*resolved_values(built_root, "sft.zephyr"))
    assert (random.getstate(), numpy.random.get_state()[1].tolist(), torch.get_rng_state().tolist()) == before


def test_a_row_of_a_megabyte_takes_seconds_and_is_named(root):
    """Seconds of this process, not of the clock: before, each token cost a walk over the whole row."""
    import torch
    from transformers import AutoTokenizer

    count, limit = 200_000, 512
    row = torch.arange(count)[None]
    batch = {"input_ids": row % 50, "labels": row % 7, "position_ids": row, "attention_mask": torch.ones_like(row)}
    started = time.process_time()
    (sequence,) = sequences_of(batch)
    tokenizer = AutoTokenizer.from_pretrained(root / BASE)
    half = TokenSequence(sequence.ids, [n % 20 < 10 for n in range(count)])
    spans = spans_of(half, tokenizer, {tokenizer.eos_token_id})
    rows = TokenizedRows([[half]], [], None, tokenizer, limit, "max_length", drops_long_rows=False)
    (problem,) = far_too_long(rows)
    assert time.process_time() - started < 60
    assert "".join(span.text for span in spans) == tokenizer.decode(half.ids)
    assert problem.message == ("row 1: 200,000 tokens, 390 times max_length 512: split the row, or leave it out")


def test_batches_of_every_kind_are_read():
    import torch

    ids = torch.tensor([[5, 6, 7, 0], [5, 8, 0, 0]])
    mask = torch.tensor([[1, 1, 1, 0], [1, 1, 0, 0]])
    answers = torch.tensor([[0, 1, 1, 0], [0, 1, 0, 0]])
    pair = sequences_of({"input_ids": ids, "attention_mask": mask, "completion_mask": answers})
    assert [(row.side, row.ids, row.trained) for row in pair] == [
        ("chosen", [5, 6, 7], [False, True, True]),
        ("rejected", [5, 8], [False, True]),
    ]
    kto = {"input_ids": ids, "attention_mask": mask, "completion_mask": answers, "label": torch.tensor([True, False])}
    assert [row.side for row in sequences_of(kto)] == ["desirable", "undesirable"]
    reward = sequences_of({"input_ids": ids, "attention_mask": mask})
    assert [(row.side, row.trained) for row in reward] == [("chosen", [True] * 3), ("rejected", [True] * 2)]
    labels = torch.tensor([[-100, 6, 7, -100], [-100, 8, -100, -100]])
    orpo = {f"{side}_{name}": value for side in ("chosen", "rejected") for name, value in (
        ("input_ids", ids), ("attention_mask", mask), ("labels", labels))}  # fmt: skip
    assert [(row.side, sum(row.trained)) for row in sequences_of(orpo)] == [
        ("chosen", 2), ("rejected", 2), ("chosen", 1), ("rejected", 1)]  # fmt: skip


def test_numbered_masks_and_positions_mark_packed_rows():
    import torch

    ids, labels = torch.tensor([[5, 6, 7, 8, 9, 9]]), torch.tensor([[-100, 6, -100, 8, -100, -100]])
    (packed,) = sequences_of({"input_ids": ids, "labels": labels, "attention_mask": torch.tensor([[1, 1, 2, 2, 0, 0]])})
    assert (packed.ids, packed.starts) == ([5, 6, 7, 8], [0, 2])
    (packed,) = sequences_of({"input_ids": ids, "labels": labels, "position_ids": torch.tensor([[0, 1, 0, 1, 0, 1]])})
    assert (packed.ids, packed.starts) == ([5, 6, 7, 8], [0, 2]), "a masked last row of one repeated token is padding"


SPANS = (Span("<|user|>\nHi", False), Span("</s>", False, is_eos=True), Span("Hello", True),
         Span("</s>", True, is_eos=True), Span("Next", False, starts_row=True), Span("A", True))  # fmt: skip


def test_without_colour_brackets_mark_what_is_trained():
    console = Console(color_system=None)
    assert render(SPANS, console).plain == "<|user|>⏎\nHi</s>(EOS)⟦Hello</s>(EOS)⟧\n── next packed row ──\nNext⟦A⟧"


def test_with_colour_trained_and_masked_look_different():
    text = render(SPANS, Console(color_system="standard"))
    styles = {text.plain[span.start : span.end]: span.style for span in text.spans}
    assert styles["Hello"] != styles["Next"]
    assert "reverse" in styles["</s>"]
    assert "⟦" not in text.plain


def test_the_page_is_self_contained():
    text = page(Preview("sft.zephyr.tiny", "p & q", ("a note",), (PreviewRow("1: 6 tokens", SPANS),)))
    assert "p &amp; q" in text
    assert '<span class="trained">Hello</span>' in text
    assert '<span class="masked">&lt;|user|&gt;<span class="break">⏎</span>\nHi</span>' in text
    assert '<hr><span class="masked">Next</span>' in text
    assert not re.search(r"https?:|src=|@import|url\(", text)


def test_spans_are_split_where_the_mask_changes_and_at_eos():
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(Path(__file__).resolve().parents[1] / "shared_recipes/tiny/architecture")
    ids = tokenizer("Zähle!<|im_end|>\n")["input_ids"]
    spans = spans_of(TokenSequence(ids, [number < 2 for number in range(len(ids))]), tokenizer, {2})
    assert "".join(span.text for span in spans) == "Zähle!<|im_end|>\n"
    assert spans[0].trained
    assert [span.text for span in spans if span.is_eos] == ["<|im_end|>"]
    counts = token_counts(TokenSequence([1, 2, 3, 4], [True, False, False, False], [0, 2]))
    assert counts == "4 tokens, 1 trained (25%), 2 rows packed"


def test_a_stage_whose_model_generates_has_no_rows():
    from gretchen.inspecting.rows import require_rows

    with pytest.raises(UserError) as failure:
        require_rows("grpo")
    assert failure.value.problem == (
        "grpo trains on completions that the model generates: there are no rows to show before it does"
    )


@pytest.mark.slow
def test_the_command_prints_rows_and_writes_a_page(built, gretchen):
    environment = {"GRETCHEN_ROOT": str(built), "NO_COLOR": "1"}
    done = gretchen("inspect", f"--project={PROJECT}", "--rows=1", in_=built, **environment)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == "genome-chatbot, sft.zephyr, tiny: training rows as the model sees them"
    assert re.fullmatch(r"first 200 rows: \d+% of tokens trained, none longer than 512 tokens", lines[1])
    assert re.fullmatch(r"1: \d+ tokens, \d+ trained \(\d+%\)", lines[4])
    assert "<|im_end|>(EOS)⟧" in done.stdout
    assert done.stdout.count("⟦") == 1 + 1  # the legend's, and one answer's
    done = gretchen("inspect", f"--project={PROJECT}", "--recipe=dpo", "--html", in_=built, **environment)
    assert done.stdout == f"build/{PROJECT}/inspect/dpo.zephyr.tiny.html\n", done.stderr
    assert ", rejected: " in (built / done.stdout.strip()).read_text(encoding="utf-8")
