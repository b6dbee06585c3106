"""What the local server refuses, in OpenAI's error format: unknown keys, other sites, rebound names, no token."""

import json

import httpx
import pytest
from local_api import running, write_models

CHAT = [{"role": "user", "content": "word word"}]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Return a running server."""
    with running(write_models(tmp_path_factory.mktemp("api"))) as api:
        yield api


def post(server, path, body, **headers):
    """Send a body to the server, and return the response."""
    return httpx.post(server.address + path, json=body, headers=server.headers | headers, timeout=60)


@pytest.mark.parametrize(
    ("path", "body", "status", "param", "message"),
    [
        ("completions", {}, 400, "model", "'model': Field required"),
        ("completions", {"model": "base", "prompt": "x", "echo": True}, 400, "echo", "Unknown parameter: 'echo'; this"),
        ("completions", {"model": "base", "prompt": "x", "top_k": 3}, 400, "top_k", "Unknown parameter: 'top_k', did"),
        ("completions", {"model": "base", "prompt": ["x"]}, 400, "prompt", "'prompt': Input should be a valid string"),
        ("completions", {"model": "base", "prompt": "\ud800"}, 400, "prompt", "parse raw data as a unicode string"),
        ("completions", {"model": "bas", "prompt": "x"}, 404, "model", "unknown model 'bas', did you mean 'base'?"),
        ("completions", {"model": "base", "prompt": "x", "temperature": 3}, 400, "temperature", "less than or equal"),
        ("completions", {"model": "base", "prompt": "x", "n": 3, "best_of": 2}, 400, None, "best_of (2) must be at"),
        (
            "completions",
            {"model": "base", "prompt": "x", "best_of": 2, "stream": True},
            400,
            None,
            "cannot be streamed",
        ),
        ("completions", {"model": "base", "prompt": "x", "max_tokens": 9999}, 400, None, "the model's context of"),
        ("completions", {"model": "base", "prompt": "x", "max_tokens": 9999, "stream": True}, 400, None, "context of"),
        ("chat/completions", {"model": "base", "messages": []}, 400, "messages", "at least 1 item"),
        (
            "chat/completions",
            {"model": "base", "messages": CHAT, "tools": []},
            400,
            "tools",
            "Unknown parameter: 'tool",
        ),
        ("chat/completions", {"model": "base", "messages": CHAT, "top_logprobs": 2}, 400, None, "needs logprobs: true"),
        (
            "chat/completions",
            {"model": "base", "messages": [{"role": "tool", "content": "x"}]},
            400,
            "messages.0.role",
            "",
        ),
        (
            "chat/completions",
            {"model": "base", "messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
            400,
            "messages.0.content",
            "",
        ),
    ],
)
def test_what_is_not_known_is_refused_in_openais_format(server, path, body, status, param, message):
    # As httpx's json= but for a lone surrogate, which JSON can say.
    response = httpx.post(f"{server.address}/v1/{path}", content=json.dumps(body), headers=server.headers, timeout=60)
    error = response.json()["error"]
    assert (response.status_code, error["param"]) == (status, param), error
    assert message in error["message"]
    assert error["type"] == "invalid_request_error"


@pytest.mark.parametrize("keyword", ["uniqueItems", "not", "oneOf", "if"])
def test_a_schema_that_cannot_be_enforced_is_refused(server, keyword):
    schema = {"type": "object", "properties": {"if": {"type": "array", keyword: {}}}}
    form = {"type": "json_schema", "json_schema": {"name": "n", "schema": schema}}
    body = {"model": "base", "messages": CHAT, "response_format": form}
    response = post(server, "/v1/chat/completions", body)
    assert response.status_code == 400
    assert f"the JSON schema uses '{keyword}'" in response.json()["error"]["message"]


def test_a_key_that_is_null_is_not_given(server):
    body = {"model": "base", "prompt": "x", "max_tokens": 1, "suffix": None, "logit_bias": None}
    assert post(server, "/v1/completions", body).status_code == 200


def test_without_the_token_nothing_is_answered(server):
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": server.token}):
        for path in ("/v1/models", "/v1/models/base"):
            response = httpx.get(server.address + path, headers=headers)
            assert (response.status_code, response.json()["error"]["code"]) == (401, "invalid_api_key")
        assert httpx.post(f"{server.address}/v1/completions", json={}, headers=headers).status_code == 401
    assert httpx.get(f"{server.address}/docs", headers=server.headers).json()["error"]["code"] == "unknown_url"


def test_another_site_and_a_rebound_name_are_refused(server):
    port = server.address.rpartition(":")[2]
    body = {"model": "base", "prompt": "x", "max_tokens": 1}
    for refused in (
        {"Host": f"evil.example:{port}"},
        {"Host": "127.0.0.1"},
        {"Host": f"127.0.0.1.evil.example:{port}"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": f"https://127.0.0.1:{port}"},
    ):
        response = post(server, "/v1/completions", body, **refused)
        assert (response.status_code, response.json()["error"]["code"][:6]) == (403, "wrong_")
    for accepted in ({"Host": f"localhost:{port}"}, {"Origin": f"http://127.0.0.1:{port}"}):
        assert post(server, "/v1/completions", body, **accepted).status_code == 200
