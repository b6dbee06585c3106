"""Counting a prompt's tokens says nothing, however long the prompt is."""

import logging
from pathlib import Path
from types import SimpleNamespace

from transformers import AutoTokenizer

from gretchen.models.generate import Model, encode

BASE = Path(__file__).resolve().parents[1] / "projects" / "genome-chatbot" / "base"


def test_a_prompt_beyond_the_models_length_is_counted_without_a_warning(caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger("transformers"), "propagate", True)
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    model = Model(tokenizer, SimpleNamespace())
    assert len(encode(model, "ATG " * 2_000)) > tokenizer.model_max_length
    assert not caplog.records
