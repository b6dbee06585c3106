"""The data card: a typed document with a schema; a damaged one is one sentence, and `make data` writes it anew."""

import json

import jsonschema
import pytest
from made_project import TEST, TRAIN, chats
from transformers import AutoTokenizer

from gretchen.errors import WorkError
from gretchen.projects.build import build, data_hash, is_unmodified
from gretchen.projects.datacard import DataCard, load_data_card
from gretchen.projects.summarize import TokenCounter, tokenizer_folder


def test_nothing_is_built_twice_and_the_same_builder_gives_the_same_bytes(made_project, tmp_path):
    name = made_project("def chats():\n" + chats(TRAIN[:6]))
    assert build(name, "tiny")
    files = {file: file.read_bytes() for file in (tmp_path / "build/made").rglob("*") if file.is_file()}
    assert not build(name, "tiny")
    (tmp_path / "build/made/data-card.json").unlink()
    assert build(name, "tiny")
    assert {file: file.read_bytes() for file in files} == files
    before = data_hash(name)
    assert build(made_project("def chats():\n" + chats(TRAIN[:7])), "tiny")
    assert data_hash(name) != before


def test_the_data_card_counts_and_shows(made_project, tmp_path):
    build(made_project("def chats():\n" + chats(TRAIN[:5] + TEST[:3])), "tiny")
    summary = load_data_card("made").formats["chats"]
    assert summary.forms == {"ask": {"train": 5, "validation": 0, "test": 3, "hard": 0}}
    assert (summary.distinct_prompts, summary.distinct_answers) == (8, 1)
    # "yes" and the end token are trained, the question is not.
    assert 0 < summary.trained_share < 0.5
    assert summary.tokens.median >= summary.tokens.total / 8 - 2
    text = (tmp_path / "build/made/data-card.md").read_text(encoding="utf-8")
    assert "8 distinct prompts, 1 distinct answers" in text
    assert "| ask | 5 | 0 | 3 | 0 |" in text
    assert "| GeneTuring (Winnie09/GeneTuring) | none stated |" in text
    assert data_hash("made") in text


def test_the_verb_refuses_wrong_options(gretchen):
    done = gretchen("data", "--project=genome-chatbot", "--profile=tinny")
    assert done.returncode == 2
    assert done.stderr == "error: unknown profile 'tinny'\nhint: did you mean 'tiny'?\n"
    done = gretchen("data", "--project=genome-chatbot", "--alone")
    assert done.stderr.startswith("error: ALONE=1 without SOURCE")


def test_the_file_is_valid_in_its_schema_and_reads_back_as_it_was_written(made_project, tmp_path):
    build(made_project("def chats():\n" + chats(TRAIN[:3])), "tiny")
    values = json.loads((tmp_path / "build/made/data-card.json").read_text(encoding="utf-8"))
    schema = DataCard.model_json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(values, schema)
    assert values["schema_version"] == 1
    assert load_data_card("made").model_dump(mode="json") == values
    without_hash = {key: value for key, value in values.items() if key != "hash"}
    for invalid in (values | {"schema_version": 2}, values | {"more": 1}, without_hash):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(invalid, schema)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "Invalid JSON: EOF while parsing an object"),
        ('{"project": "made"}', "rows: Field required"),
        ('{"schema_version": 7}', "schema_version: Input should be 1"),
    ],
)
def test_a_damaged_data_card_is_one_sentence_and_is_written_anew(made_project, tmp_path, text, reason):
    name = made_project("def chats():\n" + chats(TRAIN[:3]))
    build(name, "tiny")
    before = data_hash(name)
    (tmp_path / "build/made/data-card.json").write_text(text, encoding="utf-8")
    with pytest.raises(WorkError) as raised:
        data_hash(name)
    assert raised.value.problem.startswith(f"build/made/data-card.json is not a data card: {reason}")
    assert raised.value.hint == "make data PROJECT=made writes it anew"
    assert not is_unmodified(name)
    assert build(name, "tiny")
    assert data_hash(name) == before


@pytest.mark.parametrize("project", ["genome-chatbot", "financial-extraction"], ids=["own base", "shared tokenizer"])
def test_tokens_are_those_of_the_model_that_trains(project):
    folder = tokenizer_folder(project)
    text, turns = "Transcribe ATG: « größer » 3,5.", [{"role": "user", "content": "Transcribe ATG."}]
    tokenizer = AutoTokenizer.from_pretrained(str(folder))
    rows = [{"messages": [*turns, {"role": "assistant", "content": "AUG"}]}]
    ((ids, mask),) = TokenCounter(folder).encode(rows)
    assert ids == tokenizer.apply_chat_template(rows[0]["messages"], return_dict=True)["input_ids"]
    assert 0 < sum(mask) < len(mask)
    assert TokenCounter(folder).encode([{"text": text}])[0][0] == [
        *tokenizer(text)["input_ids"],
        tokenizer.eos_token_id,
    ]
