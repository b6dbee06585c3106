"""Parameters of a plan are exact: the same as transformers' own models have, and peft's adapters beside them."""

import json

import pytest

from gretchen.errors import UserError
from gretchen.planning.architecture import FAMILIES, read_architecture
from gretchen.planning.parameters import DEFAULT_TARGETS, WITH_DEFAULT, Adapter, count

SIZES = {"vocab_size": 131, "hidden_size": 48, "intermediate_size": 80, "num_hidden_layers": 3}
SIZES |= {"num_attention_heads": 4, "num_key_value_heads": 2, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
MORE = [
    {},
    {"tie_word_embeddings": True},
    {"tie_word_embeddings": False},
    {"attention_bias": True},
    {"mlp_bias": True},
    {"head_dim": 20},
    {"num_key_value_heads": 4},
]


def model_on_meta(kind, **more):
    """Return transformers' own model of a config, without memory for its weights."""
    import torch
    from transformers import CONFIG_MAPPING, AutoModelForCausalLM

    config = CONFIG_MAPPING[kind](**SIZES | more)
    with torch.device("meta"):
        return AutoModelForCausalLM.from_config(config)


def shape_of(model, place):
    """Return the shape that the plan reads from the config.json which transformers writes."""
    model.config.save_pretrained(place)
    return read_architecture(place / "config.json")


def numbers(model):
    """Return how many parameters a model has, and how many are trained; a shared one counts once."""
    every = list(model.parameters())
    return sum(p.numel() for p in every), sum(p.numel() for p in every if p.requires_grad)


@pytest.mark.parametrize("kind", FAMILIES)
@pytest.mark.parametrize("more", MORE, ids=str)
def test_a_models_parameters_are_transformers_own(kind, more, tmp_path):
    model = model_on_meta(kind, **more)
    assert count(shape_of(model, tmp_path), None).base == numbers(model)[0]


ADAPTERS = [
    ({"target_modules": "all-linear", "r": 8}, Adapter(8, "all-linear")),
    ({"target_modules": ["o_proj"], "r": 3}, Adapter(3, ("o_proj",))),
    ({"target_modules": r".*layers\.1\..*down_proj", "r": 4}, Adapter(4, r".*layers\.1\..*down_proj")),
    ({"target_modules": ["o_proj", "lm_head"], "r": 4}, Adapter(4, ("o_proj", "lm_head"))),
    ({"target_modules": "all-linear", "r": 8, "use_dora": True}, Adapter(8, "all-linear", dora=True)),
    (
        {"target_modules": "all-linear", "modules_to_save": ["embed_tokens"]},
        Adapter(8, "all-linear", saved=("embed_tokens",)),
    ),
    ({"target_modules": ["down_proj"], "modules_to_save": ["lm_head"]}, Adapter(8, ("down_proj",), saved=("lm_head",))),
    ({"target_modules": ["down_proj"], "layers_to_transform": [0, 2]}, Adapter(8, ("down_proj",), layers=(0, 2))),
    (
        {"target_modules": ["down_proj", "o_proj"], "rank_pattern": {"down_proj": 2}},
        Adapter(8, ("down_proj", "o_proj"), ranks=(("down_proj", 2),)),
    ),
]


@pytest.mark.parametrize("kind", ["qwen2", "gemma3_text", "phi3"])
@pytest.mark.parametrize(("settings", "adapter"), ADAPTERS, ids=[str(pair[0]) for pair in ADAPTERS])
def test_what_lora_adds_and_trains_is_pefts_own(kind, settings, adapter, tmp_path):
    from peft import LoraConfig, get_peft_model

    model = model_on_meta(kind, tie_word_embeddings=False)
    shape = shape_of(model, tmp_path)
    wrapped = get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", **{"r": 8} | settings))
    told = count(shape, adapter)
    assert (told.all, told.trained) == numbers(wrapped)


@pytest.mark.parametrize("kind", ["qwen3", "gemma3_text", "phi3"])
def test_a_reward_model_has_a_head_of_one_number(kind, tmp_path):
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import CONFIG_MAPPING, AutoModelForSequenceClassification

    with torch.device("meta"):
        config = CONFIG_MAPPING[kind](**SIZES, num_labels=1)
        model = AutoModelForSequenceClassification.from_config(config)
    shape = shape_of(model, tmp_path).scoring()
    assert count(shape, None).base == numbers(model)[0]
    for targets in ("all-linear", ["o_proj"]):
        wrapped = get_peft_model(model, LoraConfig(task_type="SEQ_CLS", r=8, target_modules=targets))
        told = count(shape, Adapter(8, targets if targets == "all-linear" else tuple(targets), saved=("score",)))
        assert (told.all, told.trained) == numbers(wrapped)
        model = wrapped.unload()


def test_the_default_targets_are_pefts_own():
    from peft.utils.constants import TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING as THEIRS

    known = {kind: tuple(THEIRS[kind]) for kind in FAMILIES if kind in THEIRS}
    assert known == dict.fromkeys(WITH_DEFAULT, DEFAULT_TARGETS)


def written(place, **config):
    """Write a config.json and return it."""
    file = place / "config.json"
    file.write_text(json.dumps(config), encoding="utf-8")
    return file


def told(file):
    """Return the sentence that refuses a config.json."""
    with pytest.raises(UserError) as failure:
        read_architecture(file)
    return str(failure.value).splitlines()[0].replace(str(file), "config.json")


def test_what_cannot_be_planned_is_refused_in_a_sentence(tmp_path):
    sizes = {key: value for key, value in SIZES.items() if not key.endswith("id")}
    experts = told(written(tmp_path, model_type="qwen3_moe", num_experts=8, **sizes))
    assert experts == "error: config.json: 'qwen3_moe' is a mixture of experts ('num_experts'), which is not planned"
    assert told(written(tmp_path, model_type="mixtral", num_local_experts=8, **sizes)).endswith("which is not planned")
    assert told(written(tmp_path, model_type="gemma3", text_config={})).endswith("beside text, which is not planned")
    assert (
        told(written(tmp_path, model_type="lama", **sizes)) == "error: config.json: model_type 'lama' is not known here"
    )
    assert told(written(tmp_path, **sizes)).endswith("model_type '' is not known here")
    missing = told(written(tmp_path, model_type="llama", vocab_size=10))
    assert missing == "error: config.json: 'hidden_size' is missing or no positive integer"
    assert told(tmp_path / "none" / "config.json").endswith("there is no config.json at config.json")
    (tmp_path / "config.json").write_text("{", encoding="utf-8")
    assert "not JSON" in told(tmp_path / "config.json")


def test_an_unknown_module_is_refused_with_the_nearest(tmp_path):
    shape = shape_of(model_on_meta("llama"), tmp_path)
    with pytest.raises(UserError, match="did you mean 'embed_tokens'"):
        count(shape, Adapter(8, "all-linear", saved=("embed_token",)))
    with pytest.raises(UserError, match="LoRA stands beside no module"):
        count(shape, Adapter(8, ("query",)))
