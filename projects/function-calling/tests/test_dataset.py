"""The builder: deterministic, right when run and validated, split by function and wording."""

import itertools
import json
import re
from collections import Counter
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from gretchen import paths
from gretchen.projects.card import load_card
from gretchen.projects.rows import reference_of, turn_text
from gretchen.projects.splits import split_of

LANGUAGES = ("en", "de", "fr", "es", "tr", "ar")


def calls_of(turn):
    functions = [call["function"] for call in turn.get("tool_calls") or []]
    return [(function["name"], json.loads(function["arguments"])) for function in functions]


def test_builder_is_deterministic(dataset):
    for builder in (dataset.texts, dataset.chats, dataset.preferences, dataset.feedback, dataset.prompts):
        assert list(itertools.islice(builder(), 150)) == list(itertools.islice(builder(), 150))


def test_120_functions_in_fifteen_domains_have_a_sentence_in_each_language(part):
    small, sentences = part("devices").pairs(), part("requests").sentences()
    functions = {name: f for name, f in part("catalogue").FUNCTIONS.items() if name not in small}
    assert len(functions) == 120 and {*functions, *small} == set(sentences)
    assert set(Counter(function.domain for function in functions.values()).values()) == {8}
    slot = part("requests").SLOT
    for name, function in functions.items():
        Draft202012Validator.check_schema(function.schema["function"]["parameters"])
        for language in LANGUAGES:
            slots = [match[1] for match in slot.finditer(sentences[name][language])]
            assert sorted(slots) == sorted(function.parameters), (name, language)


def test_the_small_catalogue_holds_out_pairs_of_known_actions_and_devices(part):
    devices, catalogue = part("devices"), part("catalogue")
    slot = part("requests").SLOT
    for name, (action, _) in devices.pairs().items():
        for language in LANGUAGES:
            slots = [match[1] for match in slot.finditer(devices.sentences()[name][language])]
            assert sorted(slots) == sorted(devices.PARAMETERS[action]), (name, language)
    held_out = {name for split in ("test", "validation") for name in part("numerals").data("devices")[split]}
    assert held_out < set(devices.pairs())
    trained = [devices.pairs()[function.name] for function in catalogue.callable_in("train", True)]
    for position in (0, 1):
        seen = Counter(pair[position] for pair in trained)
        assert {pair[position] for pair in devices.pairs().values()} == set(seen) and min(seen.values()) >= 3, seen
    assert not {f.name for f in catalogue.offered("test")} & set(devices.pairs())
    assert len(catalogue.callable_in("train")) == 120 - 24 - 13


def test_every_call_validates_against_the_tools_of_its_row(chats):
    for row in chats:
        tools = {tool["function"]["name"]: tool["function"]["parameters"] for tool in row["tools"]}
        assert len(tools) == len(row["tools"])
        for turn in row["messages"]:
            for name, arguments in calls_of(turn):
                Draft202012Validator(tools[name] | {"additionalProperties": False}).validate(arguments)
        assert "null" not in json.dumps(row["tools"])


def test_forms_and_languages_are_balanced(dataset, chats):
    forms = Counter(row["form"] for row in chats if not row["hard"])
    assert set(forms) == {*dataset.FORMS, *dataset.SMALL}
    shares = [count / dataset.WEIGHTS[form] for form, count in forms.items()]
    assert max(shares) < 1.5 * min(shares), forms
    languages = Counter(row["meta"]["language"] for row in chats if not row["hard"])
    others = [languages[name] for name in LANGUAGES if name != "en"]
    assert max(others) < 1.4 * min(others) and languages["en"] > 1.3 * max(others)
    assert 0.05 < sum(row["hard"] for row in chats) / len(chats) < 0.09


def test_the_card_names_the_forms_of_each_size(dataset):
    forms = load_card(Path(__file__).parents[1].name).forms
    assert set(forms.tiny) == set(dataset.SMALL) and set(forms.laptop) == set(forms.full) == set(dataset.FORMS)


def test_training_neither_calls_nor_offers_held_out_functions(part, chats):
    split_of_function = part("catalogue").split_of_function
    for row in chats:
        split = split_of(row["group"])
        assert split is not None, row["group"]
        offered = {split_of_function(tool["function"]["name"]) for tool in row["tools"]}
        called = {split_of_function(name) for turn in row["messages"] for name, _ in calls_of(turn)}
        assert offered <= {"train", split} and called <= {split}, row["id"]


def test_every_form_has_rows_in_every_split(dataset, chats):
    for split, least in (("train", 50), ("validation", 2), ("test", 5)):
        forms = Counter(row["form"] for row in chats if split_of(row["group"]) == split and not row["hard"])
        assert set(forms) == {*dataset.FORMS, *dataset.SMALL} and min(forms.values()) >= least, (split, forms)


def test_hard_rows_have_parallel_calls_in_languages_where_training_has_none(part, chats):
    held_out = part("tasks").NOT_IN_TRAINING
    for row in chats:
        is_parallel = "parallel" in row["form"]
        assert row["hard"] == (is_parallel and row["meta"]["language"] in held_out), row["id"]
        assert not row["hard"] or split_of(row["group"]) == "test"


def test_each_wording_is_enough_in_each_split(part):
    import random

    for language in LANGUAGES:
        for split in ("train", "validation", "test"):
            frame, key = part("wordings").pick_frame(random.Random(1), language, split)
            assert "{request}" in frame and split_of(key) == split


def test_a_fault_is_wrong_and_every_form_has_several(dataset, evaluation, pairs):
    faults = Counter((row["form"], row["meta"]["fault"]) for row in pairs)
    assert all(len({fault for form, fault in faults if form == name}) >= 2 for name in (*dataset.FORMS, *dataset.SMALL))
    for row in pairs:
        rejected = turn_text(row["rejected"][0])
        assert (row["meta"]["fault"] == "language") == (row["meta"]["differs_in"] == "language")
        if row["meta"]["fault"] != "language":
            scores = evaluation.score(rejected, row)
            assert 0 in (scores["ast"], scores["answers"]), (row["id"], rejected)
        assert evaluation.reward(rejected, row) < evaluation.reward(reference_of(row), row), (row["id"], rejected)


def test_untranslated_values_are_the_users_words(pairs):
    rows = [row for row in pairs if row["meta"]["fault"] == "untranslated"]
    assert len(rows) > 50
    for row in rows:
        ((_, right),), ((_, wrong),) = calls_of(row["chosen"][0]), calls_of(row["rejected"][0])
        (key,) = [key for key in right if right[key] != wrong[key]]
        said = " ".join(turn["content"] for turn in row["prompt"])
        said = (said.replace("I", "ı") if row["meta"]["language"] == "tr" else said).lower()
        assert str(wrong[key]).lower() in said or row["meta"]["language"] == "fr", (row["id"], wrong[key])


def test_feedback_is_one_side_of_each_pair_with_its_verdict_and_tools(dataset):
    rows = zip(itertools.islice(dataset.preferences(), 300), itertools.islice(dataset.feedback(), 300), strict=True)
    for pair, row in rows:
        assert row["prompt"] == pair["prompt"] and row["tools"] == pair["tools"]
        assert row["completion"] == pair["chosen" if row["label"] else "rejected"]


def test_prompts_are_questions_whose_reference_gets_the_whole_reward(dataset, evaluation):
    for row in itertools.islice(dataset.prompts(), 800):
        assert evaluation.reward(row["meta"]["reference"], row) == pytest.approx(1)


def test_documents_end_in_their_answer_and_are_of_the_small_forms(dataset, part):
    rows = list(itertools.islice(dataset.texts(), 900))
    assert {row["form"] for row in rows} == {*dataset.SMALL, "drill"}
    for row in rows:
        assert None is not split_of(row["group"])
        assert row["form"] == "drill" or row["text"].endswith(f"\n{row['meta']['answer']}")
        names = re.findall(r"^(\w+)\(", row["text"], re.MULTILINE)
        assert set(names) <= set(part("devices").pairs()), row["id"]


def test_a_question_as_a_document_begins_as_documents_do(dataset, chats):
    for row in chats[:600]:
        beginning = dataset.as_document(row)
        assert (beginning is not None) == (row["form"] in dataset.SMALL), row["id"]
        if beginning is not None:
            assert beginning.startswith("Tools:\n") and row["messages"][0]["content"] in beginning
            assert not beginning.endswith(reference_of(row))
    assert dataset.dropped().keys() <= {*dataset.FORMS, *dataset.SMALL}


@pytest.fixture(scope="module")
def tokenizer():
    """The tokenizer of all embedded bases with this project's chat template."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(str(paths.shared_recipes() / "tiny" / "architecture"))
    tokenizer.chat_template = (Path(__file__).parents[1] / "chat_template.jinja").read_text(encoding="utf-8")
    return tokenizer


def test_the_chat_template_writes_tools_as_documents_do(part, tokenizer):
    user = [{"role": "user", "content": "Hello."}]
    for function in part("catalogue").FUNCTIONS.values():
        line = part("documents").signature(function.schema)
        rendered = tokenizer.apply_chat_template(user, tools=[function.schema], tokenize=False)
        assert rendered == f"<|im_start|>system\nTools:\n{line}<|im_end|>\n<|im_start|>user\nHello.<|im_end|>\n"
    assert part("documents").signature(part("catalogue").FUNCTIONS["raise_desk"].schema) == (
        'raise_desk(height: number, speed: slow|normal|fast = "normal"): Raise the desk.'
    )
    bare = [{"name": "f"}, {"type": "function", "function": {"name": "g", "description": "G.", "parameters": {
        "type": "object", "properties": {"a": {}, "b": {"anyOf": [{"type": "null"}]}, "c": {"type": "array"}}}}},
    ]  # fmt: skip
    rendered = tokenizer.apply_chat_template(user, tools=bare, tokenize=False)
    assert '\nf()\ng(a?: any, b?: {"anyOf": [{"type": "null"}]}, c?: array): G.<|im_end|>' in rendered


def test_small_rows_are_short_and_without_tools_the_template_is_the_shared_one(dataset, chats, tokenizer):
    shared = (paths.shared_recipes() / "tiny" / "architecture" / "chat_template.jinja").read_text(encoding="utf-8")
    for row in chats[:300]:
        turns = [*row["messages"], {"role": "user", "content": "Thanks."}]
        plain = [tokenizer.apply_chat_template(turns, chat_template=t, tokenize=False) for t in (None, shared)]
        assert plain[0] == plain[1]
        if row["form"] in dataset.SMALL:
            prompt = tokenizer.apply_chat_template(
                row["messages"][:-1], tools=row["tools"], tokenize=False, add_generation_prompt=True
            )
            assert len(tokenizer(prompt)["input_ids"]) < 250 and len(tokenizer(reference_of(row))["input_ids"]) < 200


def test_what_a_call_copies_is_cut_into_the_same_tokens_as_where_it_is_read(part, tokenizer):
    import random

    name = part("devices").NAME.draw(random.Random(1), "en", None)
    pairs = [(f"\n{function}(", f'{{"name": "{function}"') for function in part("devices").pairs()]
    pairs += [(f"Rename it to {name.phrase}.", f'{{"name": {json.dumps(name.argument)}}}'), ("by 12.5 cm", ": 12.5}")]
    copied = [*part("devices").pairs(), name.argument, "12.5"]
    for (read, called), text in zip(pairs, copied, strict=True):
        pieces = tokenizer.tokenize(text)
        for tokens in (tokenizer.tokenize(read), tokenizer.tokenize(called)):
            assert any(tokens[i : i + len(pieces)] == pieces for i in range(len(tokens))), (text, tokens)
