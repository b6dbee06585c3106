"""The local server in OpenAI's format: asked through HTTP by OpenAI's own client, over models of random weights."""

import json
import math
import threading

import httpx
import openai
import pytest
from local_api import running, write_models

from gretchen.models.generate import Model, SamplingParams, encode, generate, load
from gretchen.models.stream import AnswerOptions, answers

CHAT = [{"role": "user", "content": "word word"}]
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer", "maximum": 9}, "ok": {"type": "boolean"}}}
SCHEMA |= {"required": ["n", "ok"], "additionalProperties": False}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Return a running server."""
    with running(write_models(tmp_path_factory.mktemp("api"))) as api:
        yield api


@pytest.fixture(scope="module")
def client(server):
    """Return OpenAI's client for it."""
    return openai.OpenAI(base_url=f"{server.address}/v1", api_key=server.token, max_retries=0)


@pytest.fixture(scope="module")
def base(server):
    """Return the server's base, loaded apart from it."""
    return load(server.backend.describe("base").model)


def logprobs(client, model, **more):
    """Return the log probabilities of the tokens of a model's answer."""
    asked = {"model": model, "messages": CHAT, "max_tokens": 4, "temperature": 0, "logprobs": True, **more}
    return [token.logprob for token in client.chat.completions.create(**asked).choices[0].logprobs.content]


def test_the_models_are_listed_and_none_is_loaded_for_it(server, client):
    assert [model.id for model in client.models.list()] == ["base", "sft", "dpo"]
    assert client.models.retrieve("sft").id == "sft"
    with pytest.raises(openai.NotFoundError, match="unknown model 'stf', did you mean 'sft'"):
        client.models.retrieve("stf")


def test_an_answer_is_the_one_that_generate_gives(server, client, base):
    answer = client.chat.completions.create(model="base", messages=CHAT, max_tokens=6, temperature=0)
    assert answer.choices[0].message.content == generate(base, [CHAT], SamplingParams(6))[0].text
    assert (answer.choices[0].finish_reason, answer.usage.completion_tokens) == ("length", 6)
    assert answer.usage.prompt_tokens == len(encode(base, CHAT))
    document = client.completions.create(model="base", prompt="DNA: ATG", max_tokens=6, temperature=0)
    assert document.choices[0].text == generate(base, ["DNA: ATG"], SamplingParams(6))[0].text


def test_adapters_share_the_base_and_leave_it_as_it_is(server, client, base):
    apart = {}
    for name in ("base", "sft", "dpo"):
        asked = server.backend.describe(name)
        model = load(asked.model, asked.adapter)
        (answer,) = answers(model, encode(model, CHAT), SamplingParams(4), AnswerOptions(1, 0))
        apart[name] = [token.logprob for token in answer.tokens]
    assert apart["base"] != apart["sft"] != apart["dpo"] != apart["base"]
    for name in ("sft", "base", "dpo", "sft", "base"):
        assert logprobs(client, name) == pytest.approx(apart[name], abs=1e-4)
    assert len(server.backend.bases) == 1


def test_a_stream_is_the_same_answer_in_pieces(client):
    asked = {"model": "sft", "messages": CHAT, "max_tokens": 8, "temperature": 1.0, "seed": 5}
    asked |= {"logprobs": True, "top_logprobs": 5}
    whole = client.chat.completions.create(**asked).choices[0]
    *chunks, usage = client.chat.completions.create(**asked, stream=True, stream_options={"include_usage": True})
    assert chunks[0].choices[0].delta.role == "assistant"
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == whole.message.content
    assert chunks[-1].choices[0].finish_reason == whole.finish_reason
    streamed = [t for chunk in chunks if chunk.choices[0].logprobs for t in chunk.choices[0].logprobs.content]
    assert streamed == whole.logprobs.content
    assert (usage.choices, usage.usage.completion_tokens) == ([], 8)


def test_log_probabilities_are_the_models_own(client, base):
    import torch

    asked = {"model": "base", "prompt": "DNA: ATG", "max_tokens": 5, "temperature": 1.7, "seed": 3, "top_p": 0.9}
    choice = client.completions.create(**asked, logprobs=5).choices[0]
    prompt = encode(base, "DNA: ATG")
    (answer,) = answers(base, prompt, SamplingParams(5, temperature=1.7, seed=3, top_p=0.9), AnswerOptions(1, 5))
    ids = [token.id for token in answer.all_tokens]
    with torch.inference_mode():
        logits = base.model(torch.tensor([prompt + ids])).logits[0, len(prompt) - 1 : -1].log_softmax(-1)
    for position, (value, top) in enumerate(
        zip(choice.logprobs.token_logprobs, choice.logprobs.top_logprobs, strict=True)
    ):
        assert value == pytest.approx(float(logits[position, ids[position]]), abs=1e-3)
        assert sorted(top.values()) == pytest.approx(sorted(logits[position].topk(5).values.tolist()), abs=1e-3)
        assert 0 < sum(map(math.exp, top.values())) < 1
    assert "".join(token.text for token in answer.tokens if "\\x" not in token.text)[:4] == choice.text[:4]


def test_a_seed_repeats_and_without_one_answers_differ(client):
    def texts(**more):
        body = {"model": "base", "prompt": "DNA: ATG", "max_tokens": 8, "n": 3, **more}
        return [choice.text for choice in client.completions.create(**body).choices]

    assert texts(seed=1) == texts(seed=1) != texts(seed=2)
    assert len(set(texts(seed=1))) == 3
    assert texts() != texts()
    assert len(set(texts(temperature=0))) == 1


def test_a_stop_string_ends_an_answer_and_no_part_of_it_is_streamed(client):
    asked = {"model": "base", "prompt": "DNA: ATG", "max_tokens": 12, "temperature": 0}
    whole = client.completions.create(**asked).choices[0].text
    stop = whole[5:9]
    cut = client.completions.create(**asked, stop=[stop, "absent"]).choices[0]
    assert (cut.text, cut.finish_reason) == (whole[: whole.index(stop)], "stop")
    pieces = [chunk.choices[0].text for chunk in client.completions.create(**asked, stop=stop, stream=True)]
    assert "".join(pieces) == cut.text


def test_penalties_keep_a_model_from_repeating_itself(client):
    asked = {"model": "base", "prompt": "DNA: ATG", "max_tokens": 16, "temperature": 0, "logprobs": 0}
    free = client.completions.create(**asked).choices[0].logprobs.tokens
    bound = client.completions.create(**asked, frequency_penalty=2, presence_penalty=2).choices[0].logprobs.tokens
    assert len(set(bound)) > len(set(free))


def test_the_best_of_several_is_the_likeliest_per_token(client):
    asked = {"model": "base", "prompt": "DNA: ATG", "max_tokens": 8, "seed": 4, "temperature": 1.5}
    every = client.completions.create(**asked, n=5, logprobs=0).choices
    best = client.completions.create(**asked, best_of=5)
    means = {choice.text: sum(choice.logprobs.token_logprobs) / len(choice.logprobs.tokens) for choice in every}
    assert [choice.text for choice in best.choices] == [max(means, key=means.get)]
    assert best.usage.completion_tokens == sum(len(choice.logprobs.tokens) for choice in every)
    chat = client.chat.completions.create(model="sft", messages=CHAT, max_tokens=4, extra_body={"best_of": 3})
    assert len(chat.choices) == 1


def test_an_answer_keeps_a_json_schema(client):
    form = {"type": "json_schema", "json_schema": {"name": "n", "schema": SCHEMA}}
    asked = {"model": "sft", "messages": CHAT, "max_tokens": 60, "n": 3, "temperature": 1.0, "seed": 1}
    for choice in client.chat.completions.create(**asked, response_format=form).choices:
        assert choice.finish_reason == "stop"
        value = json.loads(choice.message.content)
        assert value["n"] <= 9 and isinstance(value["ok"], bool)


def test_a_client_that_goes_away_ends_its_generation(server):
    body = {"model": "base", "prompt": "DNA", "max_tokens": 1000, "temperature": 1.5, "stream": True}
    body |= {"frequency_penalty": 2, "presence_penalty": 2}
    with httpx.stream("POST", f"{server.address}/v1/completions", json=body, headers=server.headers) as response:
        next(response.iter_lines())
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(
            f"{server.address}/v1/completions", json=body | {"stream": False}, headers=server.headers, timeout=0.2
        )
    body |= {"max_tokens": 1, "stream": False}
    assert httpx.post(f"{server.address}/v1/completions", json=body, headers=server.headers, timeout=4).is_success


def test_two_requests_at_once_are_answered_one_after_the_other(client):
    results = {}

    def ask(model):
        results.setdefault(model, set()).add(tuple(logprobs(client, model, temperature=1.2, seed=7, max_tokens=12)))

    threads = [threading.Thread(target=ask, args=(model,)) for model in ("base", "sft", "dpo") * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(texts) for texts in results.values()] == [1, 1, 1]
    assert len(set.union(*results.values())) == 3


def test_a_damaged_adapter_leaves_the_base_usable(server, tmp_path):
    import shutil

    from gretchen.errors import WorkError
    from gretchen.models.shared_base import SharedBase

    asked = server.backend.describe("sft")
    shutil.copytree(asked.adapter, tmp_path / "cut")
    weights = tmp_path / "cut" / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    shared = SharedBase(asked.model)
    with shared.model(None) as model:
        before = generate(Model(model.tokenizer, model.model), [CHAT], SamplingParams(4))
    for _ in range(2):
        with pytest.raises(WorkError, match="cannot be put on its model"), shared.model(tmp_path / "cut"):
            pass
    with shared.model(None) as model:
        assert generate(model, [CHAT], SamplingParams(4)) == before
    with shared.model(asked.adapter) as model:
        assert generate(model, [CHAT], SamplingParams(4)) != before
