"""Generation with a real model of random weights: batches, EOS, stop strings, samples, adapters, errors."""

import json
import shutil
import sys

import pytest
import torch
from process_memory import forget_peak, memory_mib

from gretchen import paths
from gretchen.errors import UserError, WorkError
from gretchen.models.generate import Conversation, Model, SamplingParams, encode, generate, load, render

PROMPTS = [[{"role": "user", "content": "word " * n}] for n in (1, 30, 4, 12, 2)]


@pytest.fixture(scope="module")
def root(tmp_path_factory, root):
    """Return a root of its own with a base of random weights."""
    copy = tmp_path_factory.mktemp("generate")
    shutil.copytree(root / "shared_recipes" / "tiny", copy / "shared_recipes" / "tiny")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRETCHEN_ROOT", str(copy))
        write_base(copy / "base")
        yield copy


def write_base(target):
    """Write the embedded bases' architecture with random weights."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    architecture = paths.shared_recipes() / "tiny" / "architecture"
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(architecture), dtype=torch.bfloat16)
    model.save_pretrained(target)
    shutil.copytree(architecture, target, dirs_exist_ok=True)


@pytest.fixture(scope="module")
def model(root):
    return load("base")


def texts(completions):
    return [completion.text for completion in completions]


def test_answers_are_the_same_alone_and_in_a_batch_in_the_prompts_order(model):
    together = generate(model, PROMPTS, SamplingParams(6))
    assert together == [generate(model, [prompt], SamplingParams(6))[0] for prompt in PROMPTS]
    assert together == generate(model, PROMPTS, SamplingParams(6), batch_size=2)
    assert len(set(texts(together))) > 1
    assert not any(completion.ended for completion in together)


def test_a_batch_on_a_processor_has_as_many_rows_as_its_tokens_allow_and_each_token_is_reported(model, monkeypatch):
    monkeypatch.setattr("gretchen.models.generate.CPU_BATCH_TOKENS", 80)
    batches, tokens = [], []
    together = generate(
        model,
        PROMPTS,
        SamplingParams(3),
        on_batch=lambda positions, _: batches.append(positions),
        on_token=lambda *state: tokens.append(state),
    )
    assert together == generate(model, PROMPTS, SamplingParams(3), batch_size=1)
    longest = [max(len(encode(model, PROMPTS[i])) for i in batch) + 3 for batch in batches]
    assert [len(batch) for batch in batches] != [5], "80 tokens are too few for all"
    assert all(len(batch) == 1 or len(batch) * size <= 80 for batch, size in zip(batches, longest, strict=True))
    assert tokens == [(len(batch), count) for batch in batches for count in (1, 2, 3)]


def test_answers_that_are_over_leave_the_batch_and_the_others_stay_the_same(model, monkeypatch):
    whole = texts(generate(model, PROMPTS, SamplingParams(20)))
    pieces = [text[len(text) // 3 :][:3] for text in whole]
    stop = next(piece for piece in pieces if 0 < sum(piece in text for text in whole) < len(whole))
    params, tokens = SamplingParams(20, stop=(stop,)), []
    assert all(len(encode(model, text)) <= 32 for text in whole), "the prompt's round and one more"
    in_two_rounds = generate(model, PROMPTS, params)
    monkeypatch.setattr("gretchen.models.rounds.ROUND_TOKENS", 3)
    assert generate(model, PROMPTS, params, on_token=lambda *state: tokens.append(state)) == in_two_rounds
    assert {completion.ended for completion in in_two_rounds} == {True, False}
    assert [count for _, count in tokens] == list(range(1, 21))
    rows = [rows for rows, _ in tokens]
    assert rows[0] == len(PROMPTS) > rows[-1] == sum(not completion.ended for completion in in_two_rounds)
    assert rows == sorted(rows, reverse=True)


@pytest.mark.parametrize("kind", ["mistral", "lfm2"])
def test_windows_and_states_of_other_architectures_stay_right(kind, monkeypatch):
    """Mistral keeps the last keys and values alone, LFM2 the states of convolutions as well."""
    from transformers import AutoConfig, AutoModelForCausalLM, GenerationConfig

    from gretchen.models.rounds import generate_in_rounds

    torch.manual_seed(0)
    sizes = {"vocab_size": 60, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 3, "head_dim": 8}
    heads = {"num_attention_heads": 4, "num_key_value_heads": 2}
    own = {"mistral": {"sliding_window": 7}, "lfm2": {"layer_types": ["conv", "full_attention", "conv"]}}[kind]
    network = AutoModelForCausalLM.from_config(AutoConfig.for_model(kind, **sizes, **heads, **own)).eval()
    prompts = [list(range(5, 5 + count)) for count in (3, 12, 7, 9)]
    config = GenerationConfig(max_new_tokens=14, pad_token_id=0, eos_token_id=None)
    whole = generate_in_rounds(network, prompts, config, lambda ids: False)
    monkeypatch.setattr("gretchen.models.rounds.ROUND_TOKENS", 3)
    ends = {tuple(whole[0][:4]), tuple(whole[2][:7])}  # after rounds of one, three and three tokens
    in_rounds = generate_in_rounds(network, prompts, config, lambda ids: tuple(ids) in ends)
    assert [len(ids) for ids in in_rounds] == [4, 14, 7, 14]
    assert in_rounds == [ids[: len(short)] for ids, short in zip(whole, in_rounds, strict=True)]


def test_a_layer_with_room_keeps_what_is_written_and_refuses_what_has_no_room():
    from transformers.cache_utils import DynamicLayer

    from gretchen.models.round_cache import RoomyLayer

    states = torch.arange(24.0).reshape(3, 1, 4, 2)  # 3 rows of 4 tokens
    layer = DynamicLayer()
    layer.update(states[:, :, :3], -states[:, :, :3])
    roomy = RoomyLayer(layer, torch.tensor([2, 0]), room=1)
    keys, values = roomy.update(states[[2, 0], :, 3:], -states[[2, 0], :, 3:])
    assert torch.equal(keys, states[[2, 0]])
    assert torch.equal(values, -states[[2, 0]])
    with pytest.raises(RuntimeError):
        roomy.update(states[[2, 0], :, 3:], states[[2, 0], :, 3:])
    assert roomy.get_seq_length() == 4


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_attention_in_groups_is_transformers_own_bit_by_bit(dtype):
    """With padding and without, of a prompt and of the tokens after it; SmolLM2 has three query heads a group too."""
    from transformers import LlamaConfig, LlamaForCausalLM

    from gretchen.models.grouped_attention import NAME, attend_in_groups

    torch.manual_seed(0)
    sizes = {"vocab_size": 60, "hidden_size": 72, "intermediate_size": 64, "num_hidden_layers": 2}
    network = LlamaForCausalLM(LlamaConfig(**sizes, num_attention_heads=9, num_key_value_heads=3)).to(dtype).eval()
    ids = torch.randint(60, (3, 20))
    padded = torch.ones_like(ids)
    padded[0, :7] = 0

    def logits():
        outputs = []
        with torch.inference_mode():
            for mask in (padded, torch.ones_like(ids)):
                prompt = network(input_ids=ids[:, :19], attention_mask=mask[:, :19], use_cache=True)
                token = network(input_ids=ids[:, 19:], attention_mask=mask, past_key_values=prompt.past_key_values)
                outputs += [prompt.logits[mask[:, :19] == 1], token.logits]
        return outputs

    repeated = logits()
    attend_in_groups(network)
    assert network.config._attn_implementation == NAME
    for ours, theirs in zip(logits(), repeated, strict=True):
        assert torch.equal(ours, theirs)


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak from /proc")
def test_a_batch_in_bf16_copies_the_heads_weights_for_no_row(model):
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=32_768, hidden_size=512, intermediate_size=8, num_hidden_layers=1, num_attention_heads=2
    )
    network = LlamaForCausalLM(config).to(torch.bfloat16).eval().requires_grad_(False)  # as below an adapter
    wide = Model(model.tokenizer, network)  # its head has 32 MiB
    generate(wide, PROMPTS[:1], SamplingParams(1))
    forget_peak()
    before = memory_mib("VmRSS")
    generate(wide, PROMPTS * 4, SamplingParams(1))
    assert memory_mib("VmHWM") - before < 200, "20 rows"


def test_each_batch_is_passed_on_when_it_is_done_the_longest_first(model):
    batches = []
    completions = generate(
        model, PROMPTS, SamplingParams(2), batch_size=2, on_batch=lambda *batch: batches.append(batch)
    )
    assert [positions for positions, _ in batches] == [[1, 3], [2, 4], [0]]
    assert [completions[i] for i in (1, 3, 2, 4, 0)] == [completion for _, batch in batches for completion in batch]


def test_an_answer_ends_with_eos_or_a_stop_string(model):
    whole = generate(model, PROMPTS[:1], SamplingParams(6))[0]
    word = whole.text[2:4]
    cut = generate(model, PROMPTS[:1], SamplingParams(6, stop=(word,)))[0]
    assert (cut.text, cut.ended) == (whole.text[: whole.text.index(word)], True)
    assert generate(model, PROMPTS[:1], SamplingParams(6, stop=("absent",)))[0] == whole
    ids = model.tokenizer.encode(whole.text, add_special_tokens=False)
    ending = Model(model.tokenizer, model.model)
    eos = model.model.generation_config.eos_token_id
    model.model.generation_config.eos_token_id = [2, 0, ids[0]]
    try:
        assert generate(ending, PROMPTS[:1], SamplingParams(6))[0].ended
    finally:
        model.model.generation_config.eos_token_id = eos


def test_samples_differ_and_are_reproduced_by_the_same_seed(model):
    sampled = generate(model, PROMPTS[:1] * 4, SamplingParams(4, temperature=0.8, seed=1))
    assert len(set(texts(sampled))) == 4
    assert sampled == generate(model, PROMPTS[:1] * 4, SamplingParams(4, temperature=0.8, seed=1))
    assert sampled != generate(model, PROMPTS[:1] * 4, SamplingParams(4, temperature=0.8, seed=2))


def test_a_hub_model_s_own_generation_settings_do_not_count(model, root):
    shutil.copytree(root / "base", root / "strange")
    own = {"eos_token_id": [2, 0], "do_sample": True, "temperature": 3.0, "top_k": 3, "repetition_penalty": 5.0}
    own |= {"no_repeat_ngram_size": 1, "suppress_tokens": list(range(5, 1900)), "min_new_tokens": 6}
    (root / "strange" / "generation_config.json").write_text(json.dumps(own), encoding="utf-8")
    assert generate(load("strange"), PROMPTS, SamplingParams(6)) == generate(model, PROMPTS, SamplingParams(6))


def test_a_conversation_is_rendered_by_the_template_and_a_document_is_not(model):
    assert render(model, PROMPTS[2]) == ("<|im_start|>user\nword word word word <|im_end|>\n<|im_start|>assistant\n")
    assert render(model, "DNA: ATG") == "DNA: ATG"
    assert encode(model, "DNA: ATG") == model.tokenizer.encode("DNA: ATG")
    tools = [{"type": "function", "function": {"name": "count"}}]
    assert '"name": "count"' in render(model, Conversation(PROMPTS[0], tools))
    other = Model(model.tokenizer, model.model, chat_template="{{ messages[0]['content'] }}!")
    assert render(other, [{"role": "user", "content": "hello"}]) == "hello!"


def test_an_adapter_changes_the_answers(model, root):
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(1)
    config = LoraConfig(task_type="CAUSAL_LM", target_modules=["q_proj", "down_proj"], init_lora_weights=False)
    get_peft_model(AutoModelForCausalLM.from_pretrained(root / "base"), config).save_pretrained(root / "adapter")
    assert generate(load("base", adapter=root / "adapter"), PROMPTS, SamplingParams(6)) != generate(
        model, PROMPTS, SamplingParams(6)
    )


def test_a_folder_without_a_model_is_an_error(root):
    (root / "empty").mkdir()
    with pytest.raises(UserError) as error:
        load("empty")
    assert str(error.value) == (
        "error: empty holds no config.json\nhint: name a folder in hub format, or a hub id as owner/name"
    )
    shutil.copytree(paths.shared_recipes() / "tiny" / "architecture", root / "weightless")
    with pytest.raises(WorkError, match="^error: the model weightless cannot be loaded: "):
        load("weightless")


def test_a_model_without_chat_template_is_an_error(model, root):
    shutil.copytree(root / "base", root / "plain")
    (root / "plain" / "chat_template.jinja").unlink()
    plain = load("plain")
    with pytest.raises(UserError, match="plain has no chat template"):
        generate(plain, PROMPTS, SamplingParams(2))
    assert generate(plain, ["DNA: ATG"], SamplingParams(2)) == generate(model, ["DNA: ATG"], SamplingParams(2))
