"""The editor's schemas accept every recipe, shared recipe, profile and card, and refuse a mistake."""

import json
from pathlib import Path

import jsonschema
import pytest
import yaml
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7

from gretchen.recipes.editor_schemas import EDITOR, associations, editor_schemas, text_of

ROOT = Path(__file__).resolve().parents[1]
FILES = sorted(
    file
    for pattern in ("projects/*/project.yaml", "projects/*/recipes/*.yaml", "shared_recipes/*/**/*.yaml")
    for file in ROOT.glob(pattern)
)


def retrieve(uri):
    """Return a schema file by its URI, as an editor resolves a reference."""
    content = json.loads(Path(uri.removeprefix("file://")).read_text(encoding="utf-8"))
    return Resource.from_contents(content, default_specification=DRAFT7)


def validator(schema):
    """Return a validator of a schema file of settings.json, which follows its references."""
    start = {"$ref": (ROOT / schema).resolve().as_uri()}
    return jsonschema.Draft7Validator(start, registry=Registry(retrieve=retrieve))


def schemas_of(file):
    """Return the schema files that settings.json assigns to a file."""
    path = file.relative_to(ROOT)
    return [schema for schema, globs in associations().items() if any(path.match(glob) for glob in globs)]


def errors(file, values):
    (schema,) = schemas_of(file)
    return [error.message for error in validator(schema).iter_errors(values)]


def test_schema_files_match_the_exported_schemas_and_the_card():
    expected = {name: text_of(schema) for name, schema in editor_schemas().items()}
    committed = {file.stem: file.read_text(encoding="utf-8") for file in EDITOR.glob("*.json")}
    assert expected == committed, "python -m gretchen.recipes.editor_schemas"
    for schema in editor_schemas().values():
        jsonschema.Draft7Validator.check_schema(schema)


def test_settings_json_lists_every_schema():
    settings = json.loads((ROOT / ".vscode" / "settings.json").read_text(encoding="utf-8"))
    assert settings["yaml.schemas"] == associations()
    assert {Path(schema).stem for schema in associations()} == set(editor_schemas())


@pytest.mark.parametrize("file", FILES, ids=[str(file.relative_to(ROOT)) for file in FILES])
def test_a_file_of_the_repository_is_valid_and_a_typo_in_it_is_not(file):
    values = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert errors(file, values) == []
    assert errors(file, values | {"learning_rat": 1})


def test_the_walk_finds_recipes_profiles_and_cards():
    assert len(FILES) >= 10
    assert {"project.yaml", "sft.zephyr.yaml", "sft-full.yaml", "gpu-24gb.yaml"} <= {file.name for file in FILES}


RECIPE = ROOT / "projects/genome-chatbot/recipes/sft.zephyr.yaml"
AXOLOTL = RECIPE.with_name("sft.axolotl.yaml")
SHARED = ROOT / "shared_recipes/zephyr/profiles/tiny.yaml"


@pytest.mark.parametrize(
    ("file", "values"),
    [
        (RECIPE, {"extends": ["zephyr/sft.yaml"], "model_name_or_path": "${model}", "lora_r": None}),
        (RECIPE, {"max_length": "none", "profiles": {"tiny": {"lora_r": 8}, "laptop": None}}),
        (AXOLOTL, {"datasets": [{"path": "${data.chats.train}", "ds_type": "json", "type": "chat_template"}]}),
        (AXOLOTL, {"lora_r": None, "profiles": {"tiny": {"micro_batch_size": 4}}}),
        (SHARED, {"all": {"bf16": True}, "dpo": {"beta": 0.1}, "pretrain": {"packing": True}}),
    ],
)
def test_layers_are_partial_and_may_delete(file, values):
    assert errors(file, values) == []


@pytest.mark.parametrize(
    ("file", "values"),
    [
        (RECIPE, {"lora_r": "many"}),
        (RECIPE, {"extends": "zephyr/sft.yaml"}),
        (RECIPE, {"profiles": {"tinny": {}}}),
        (RECIPE, {"profiles": {"tiny": {"lora_rr": 8}}}),
        (RECIPE, {"beta": 0.1}),
        (AXOLOTL, {"datasets": [{"path": "a", "typ": "chat_template"}]}),
        (SHARED, {"all": {"beta": 0.1}}),
        (SHARED, {"sfd": {}}),
    ],
)
def test_a_mistake_is_refused(file, values):
    assert errors(file, values)
