"""The builder: deterministic, right when run and validated, split by function and wording."""

import itertools
import json
import re
from collections import Counter
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

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
    functions, sentences = part("catalogue").FUNCTIONS, part("requests").sentences()
    assert len(functions) == 120 and set(functions) == set(sentences)
    assert set(Counter(function.domain for function in functions.values()).values()) == {8}
    slot = part("requests").SLOT
    for name, function in functions.items():
        Draft202012Validator.check_schema(function.schema["function"]["parameters"])
        for language in LANGUAGES:
            slots = [match[1] for match in slot.finditer(sentences[name][language])]
            assert sorted(slots) == sorted(function.parameters), (name, language)


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
    assert set(forms) == set(dataset.FORMS)
    shares = [count / dataset.WEIGHTS[form] for form, count in forms.items()]
    assert max(shares) < 1.5 * min(shares), forms
    languages = Counter(row["meta"]["language"] for row in chats if not row["hard"])
    others = [languages[name] for name in LANGUAGES if name != "en"]
    assert max(others) < 1.4 * min(others) and languages["en"] > 1.3 * max(others)
    assert 0.05 < sum(row["hard"] for row in chats) / len(chats) < 0.09


def test_the_card_names_the_forms_of_the_documents(dataset):
    text = (Path(__file__).parents[1] / "project.yaml").read_text(encoding="utf-8")
    named = re.search(r"of the forms ([a-z,\s#-]+)\.", text)[1].replace("#", " ")
    assert [name.strip() for name in named.split(",")] == list(dataset.TINY)


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
        assert set(forms) == set(dataset.FORMS) and min(forms.values()) >= least, (split, forms)


def test_hard_rows_have_parallel_calls_in_languages_where_training_has_none(part, chats):
    held_out = part("tasks").NOT_IN_TRAINING
    for row in chats:
        is_parallel = row["form"] in ("parallel", "parallel-multiple")
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
    assert all(len({fault for form, fault in faults if form == name}) >= 2 for name in dataset.FORMS)
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
        said = " ".join(turn["content"] for turn in row["prompt"]).lower()
        assert str(wrong[key]).lower() in said or row["meta"]["language"] == "fr", (row["id"], wrong[key])


def test_feedback_is_one_side_of_each_pair_with_its_verdict_and_tools(dataset):
    rows = zip(itertools.islice(dataset.preferences(), 300), itertools.islice(dataset.feedback(), 300), strict=True)
    for pair, row in rows:
        assert row["prompt"] == pair["prompt"] and row["tools"] == pair["tools"]
        assert row["completion"] == pair["chosen" if row["label"] else "rejected"]


def test_prompts_are_questions_whose_reference_gets_the_whole_reward(dataset, evaluation):
    for row in itertools.islice(dataset.prompts(), 800):
        assert evaluation.reward(row["meta"]["reference"], row) == pytest.approx(1)


def test_documents_end_in_their_answer_and_need_no_dates_or_places(dataset, part):
    rows = list(itertools.islice(dataset.texts(), 900))
    assert {row["form"] for row in rows} == {*dataset.TINY, "drill"}
    for row in rows:
        assert None is not split_of(row["group"])
        assert row["form"] == "drill" or row["text"].endswith(f"\n{row['meta']['answer']}")
        names = re.findall(r'"function": {"name": "(\w+)"', row["text"])
        assert all(part("catalogue").is_tiny(part("catalogue").FUNCTIONS[name]) for name in names), row["id"]


def test_a_question_as_a_document_begins_as_documents_do(dataset, chats):
    for row in chats[:600]:
        beginning = dataset.as_document(row)
        assert (beginning is not None) == (row["form"] in dataset.TINY), row["id"]
        if beginning is not None:
            assert beginning.startswith("Tools:\n<tools>\n{") and row["messages"][1]["content"] in beginning
            assert not beginning.endswith(reference_of(row))
    assert dataset.dropped().keys() <= set(dataset.FORMS)
