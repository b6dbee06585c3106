"""Generation with a real model of random weights: batches, ends, stop strings, samples, adapters, faults."""

import json
import shutil

import pytest

from gretchen import paths
from gretchen.errors import UserError, WorkError
from gretchen.models.generate import Conversation, Model, encode, generate, load, render

PROMPTS = [[{"role": "user", "content": "word " * n}] for n in (1, 30, 4, 12, 2)]


@pytest.fixture(scope="module")
def root(tmp_path_factory, root):
    """Return a root of its own with a base of random weights."""
    place = tmp_path_factory.mktemp("generate")
    shutil.copytree(root / "shared_recipes" / "tiny", place / "shared_recipes" / "tiny")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRETCHEN_ROOT", str(place))
        write_base(place / "base")
        yield place


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


def texts(found):
    return [one.text for one in found]


def test_answers_are_the_same_alone_and_in_a_batch_in_the_prompts_order(model):
    together = generate(model, PROMPTS, 6)
    assert together == [generate(model, [prompt], 6)[0] for prompt in PROMPTS]
    assert together == generate(model, PROMPTS, 6, batch_size=2)
    assert len(set(texts(together))) > 1
    assert not any(one.ended for one in together)


def test_batches_are_told_as_they_are_done_the_longest_first(model):
    told = []
    found = generate(model, PROMPTS, 2, batch_size=2, on_batch=lambda places, said: told.append((places, said)))
    assert [places for places, _ in told] == [[1, 3], [2, 4], [0]]
    assert [found[i] for i in (1, 3, 2, 4, 0)] == [one for _, said in told for one in said]


def test_an_answer_ends_by_an_end_token_or_a_stop_string(model):
    whole = generate(model, PROMPTS[:1], 6)[0]
    word = whole.text[2:4]
    cut = generate(model, PROMPTS[:1], 6, stop=[word])[0]
    assert (cut.text, cut.ended) == (whole.text[: whole.text.index(word)], True)
    assert generate(model, PROMPTS[:1], 6, stop=["never said"])[0] == whole
    ids = model.tokenizer.encode(whole.text, add_special_tokens=False)
    ending = Model(model.tokenizer, model.model)
    kept = model.model.generation_config.eos_token_id
    model.model.generation_config.eos_token_id = [2, 0, ids[0]]
    try:
        assert generate(ending, PROMPTS[:1], 6)[0].ended
    finally:
        model.model.generation_config.eos_token_id = kept


def test_samples_differ_and_come_again_with_the_same_seed(model):
    one = generate(model, PROMPTS[:1] * 4, 4, temperature=0.8, seed=1)
    assert len(set(texts(one))) == 4
    assert one == generate(model, PROMPTS[:1] * 4, 4, temperature=0.8, seed=1)
    assert one != generate(model, PROMPTS[:1] * 4, 4, temperature=0.8, seed=2)


def test_a_hub_model_s_own_generation_settings_do_not_count(model, root):
    shutil.copytree(root / "base", root / "strange")
    own = {"eos_token_id": [2, 0], "do_sample": True, "temperature": 3.0, "top_k": 3, "repetition_penalty": 5.0}
    own |= {"no_repeat_ngram_size": 1, "suppress_tokens": list(range(5, 1900)), "min_new_tokens": 6}
    (root / "strange" / "generation_config.json").write_text(json.dumps(own), encoding="utf-8")
    assert generate(load("strange"), PROMPTS, 6) == generate(model, PROMPTS, 6)


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
    assert generate(load("base", adapter=root / "adapter"), PROMPTS, 6) != generate(model, PROMPTS, 6)


def test_a_folder_that_holds_no_model_is_told(root):
    (root / "empty").mkdir()
    with pytest.raises(UserError) as told:
        load("empty")
    assert str(told.value) == (
        "error: empty holds no config.json\nhint: name a folder in hub format, or a hub id as owner/name"
    )
    shutil.copytree(paths.shared_recipes() / "tiny" / "architecture", root / "weightless")
    with pytest.raises(WorkError, match="^error: the model weightless cannot be loaded: "):
        load("weightless")


def test_a_model_without_template_is_told(model, root):
    shutil.copytree(root / "base", root / "plain")
    (root / "plain" / "chat_template.jinja").unlink()
    plain = load("plain")
    with pytest.raises(UserError, match="plain has no chat template"):
        generate(plain, PROMPTS, 2)
    assert generate(plain, ["DNA: ATG"], 2) == generate(model, ["DNA: ATG"], 2)
