"""Parameters of a plan are exact: those of transformers' own models and of peft's adapters."""

import json

import pytest

from gretchen.errors import UserError
from gretchen.planning.architecture import FAMILIES, read_architecture
from gretchen.planning.parameters import DEFAULT_TARGETS, FAMILIES_WITH_DEFAULT, Lora, count_parameters

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


def architecture_of(model, folder):
    """Return the architecture that the plan reads from transformers' config.json."""
    model.config.save_pretrained(folder)
    return read_architecture(folder / "config.json")


def numbers(model):
    """Return how many parameters a model has, and how many are trained; a tied one counts once."""
    parameters = list(model.parameters())
    return sum(p.numel() for p in parameters), sum(p.numel() for p in parameters if p.requires_grad)


@pytest.mark.parametrize("kind", FAMILIES)
@pytest.mark.parametrize("more", MORE, ids=str)
def test_a_models_parameters_are_transformers_own(kind, more, tmp_path):
    model = model_on_meta(kind, **more)
    assert count_parameters(architecture_of(model, tmp_path), None).base == numbers(model)[0]


ADAPTERS = [
    ({"target_modules": "all-linear", "r": 8}, Lora(8, "all-linear")),
    ({"target_modules": ["o_proj"], "r": 3}, Lora(3, ("o_proj",))),
    ({"target_modules": r".*layers\.1\..*down_proj", "r": 4}, Lora(4, r".*layers\.1\..*down_proj")),
    ({"target_modules": ["o_proj", "lm_head"], "r": 4}, Lora(4, ("o_proj", "lm_head"))),
    ({"target_modules": "all-linear", "r": 8, "use_dora": True}, Lora(8, "all-linear", dora=True)),
    (
        {"target_modules": "all-linear", "modules_to_save": ["embed_tokens"]},
        Lora(8, "all-linear", modules_to_save=("embed_tokens",)),
    ),
    (
        {"target_modules": ["down_proj"], "modules_to_save": ["lm_head"]},
        Lora(8, ("down_proj",), modules_to_save=("lm_head",)),
    ),
    ({"target_modules": ["down_proj"], "layers_to_transform": [0, 2]}, Lora(8, ("down_proj",), layers=(0, 2))),
    (
        {"target_modules": ["down_proj", "o_proj"], "rank_pattern": {"down_proj": 2}},
        Lora(8, ("down_proj", "o_proj"), ranks=(("down_proj", 2),)),
    ),
]


@pytest.mark.parametrize("kind", ["qwen2", "gemma3_text", "phi3"])
@pytest.mark.parametrize(("settings", "lora"), ADAPTERS, ids=[str(pair[0]) for pair in ADAPTERS])
def test_what_lora_adds_and_trains_is_pefts_own(kind, settings, lora, tmp_path):
    from peft import LoraConfig, get_peft_model

    model = model_on_meta(kind, tie_word_embeddings=False)
    architecture = architecture_of(model, tmp_path)
    wrapped = get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", **{"r": 8} | settings))
    count = count_parameters(architecture, lora)
    assert (count.total, count.trained) == numbers(wrapped)


@pytest.mark.parametrize("kind", ["qwen3", "gemma3_text", "phi3"])
def test_a_reward_model_has_a_head_with_one_output(kind, tmp_path):
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import CONFIG_MAPPING, AutoModelForSequenceClassification

    with torch.device("meta"):
        config = CONFIG_MAPPING[kind](**SIZES, num_labels=1)
        model = AutoModelForSequenceClassification.from_config(config)
    architecture = architecture_of(model, tmp_path).as_reward_model()
    assert count_parameters(architecture, None).base == numbers(model)[0]
    for targets in ("all-linear", ["o_proj"]):
        wrapped = get_peft_model(model, LoraConfig(task_type="SEQ_CLS", r=8, target_modules=targets))
        lora = Lora(8, targets if targets == "all-linear" else tuple(targets), modules_to_save=("score",))
        count = count_parameters(architecture, lora)
        assert (count.total, count.trained) == numbers(wrapped)
        model = wrapped.unload()


def test_the_default_targets_are_pefts_own():
    from peft.utils.constants import TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING as PEFT_TARGETS

    known = {kind: tuple(PEFT_TARGETS[kind]) for kind in FAMILIES if kind in PEFT_TARGETS}
    assert known == dict.fromkeys(FAMILIES_WITH_DEFAULT, DEFAULT_TARGETS)


def write_config(folder, **config):
    """Write a config.json and return it."""
    file = folder / "config.json"
    file.write_text(json.dumps(config), encoding="utf-8")
    return file


def error_of(file):
    """Return the error for a config.json."""
    with pytest.raises(UserError) as failure:
        read_architecture(file)
    return str(failure.value).splitlines()[0].replace(str(file), "config.json")


def test_unsupported_models_are_refused_in_a_sentence(tmp_path):
    sizes = {key: value for key, value in SIZES.items() if not key.endswith("id")}
    experts = error_of(write_config(tmp_path, model_type="qwen3_moe", num_experts=8, **sizes))
    assert experts == "error: config.json: 'qwen3_moe' is a mixture of experts ('num_experts'), which is not supported"
    assert error_of(write_config(tmp_path, model_type="mixtral", num_local_experts=8, **sizes)).endswith(
        "which is not supported"
    )
    assert error_of(write_config(tmp_path, model_type="gemma3", text_config={})).endswith(
        "is multimodal, which is not supported"
    )
    assert (
        error_of(write_config(tmp_path, model_type="lama", **sizes)) == "error: config.json: unknown model_type 'lama'"
    )
    assert error_of(write_config(tmp_path, **sizes)).endswith("unknown model_type ''")
    missing = error_of(write_config(tmp_path, model_type="llama", vocab_size=10))
    assert missing == "error: config.json: 'hidden_size' is missing or not a positive integer"
    assert error_of(tmp_path / "none" / "config.json").endswith("there is no config.json at config.json")
    (tmp_path / "config.json").write_text("{", encoding="utf-8")
    assert "not JSON" in error_of(tmp_path / "config.json")


def test_an_unknown_module_is_refused_with_the_nearest(tmp_path):
    architecture = architecture_of(model_on_meta("llama"), tmp_path)
    with pytest.raises(UserError, match="did you mean 'embed_tokens'"):
        count_parameters(architecture, Lora(8, "all-linear", modules_to_save=("embed_token",)))
    with pytest.raises(UserError, match="LoRA targets no module of this model"):
        count_parameters(architecture, Lora(8, ("query",)))
