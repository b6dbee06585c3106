"""API keys in recipes and commands are recognized and refused, with how to log in; the key itself is never printed."""

import re

import pytest

from gretchen.errors import UserError
from gretchen.tracking.secrets import refuse_secrets

HUB_KEY = "hf_" + "AbCdEfGh" * 4


@pytest.mark.parametrize(
    "values",
    [
        {"eos_token": "<|im_end|>", "push_to_hub": False, "hub_token": None},
        {"model_revision": "9f1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c"},
        {"special_tokens": {"pad_token": "<pad>"}, "hf_use_auth_token": True, "datasets": [{"path": "a/b"}]},
    ],
)
def test_what_only_looks_like_a_key_is_not_refused(values):
    refuse_secrets(values, "the recipe")


@pytest.mark.parametrize(
    ("key", "value", "login_by"),
    [
        ("env.WANDB_API_KEY", "x" * 40, "wandb login"),
        ("push_to_hub_token", HUB_KEY, "hf auth login"),
        ("notes", HUB_KEY, "hf auth login"),
        ("comet_api_key", "anything", "the environment"),
        ("stored", "k" * 40, "wandb login"),
    ],
)
def test_each_key_is_refused_with_its_login(key, value, login_by, monkeypatch, tmp_path):
    (tmp_path / "netrc").write_text(f"machine w.example\n  login user\n  password {'k' * 40}\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("WANDB_BASE_URL", "https://w.example")
    nested = {"a": [{key.split(".")[-1]: value}]}
    with pytest.raises(UserError) as raised:
        refuse_secrets(nested, "the recipe")
    assert re.fullmatch(r"the recipe holds an API key \('a\.\w+'\), which would .*", raised.value.problem)
    assert login_by in raised.value.hint
    assert value not in str(raised.value)
