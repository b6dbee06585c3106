"""Writes schemas/editor/*.json, by which an editor completes and checks recipes, shared recipes, profiles and cards.

    python -m gretchen.recipes.editor_schemas

.vscode/settings.json maps them to files for the YAML extension (redhat.vscode-yaml). A recipe has the keys of its
engine, `extends` and `profiles`. None is required, because layers are partial; null deletes, and `none` is upstream's
null. Each key refers to the schema that export_schemas.py wrote: run that first. Names of profiles, placeholders and
shared files are checked by `make check` alone.
"""

import json

from gretchen.files import write_text
from gretchen.hardware import PROFILES
from gretchen.projects.card import Card
from gretchen.recipes.schema import FOLDER, Schema
from gretchen.recipes.stages import STAGES, find_stage, stage_names

EDITOR = FOLDER / "editor"
DRAFT = "http://json-schema.org/draft-07/schema#"
DELETED = {"enum": [None, "none"]}


def main() -> None:
    """Write every editor schema."""
    for name, schema in editor_schemas().items():
        write_text(EDITOR / f"{name}.json", text_of(schema))


def text_of(schema: Schema) -> str:
    """Return a schema as JSON with one key a line."""
    return json.dumps(schema, ensure_ascii=False, separators=(",", ":")).replace('},"', '},\n"') + "\n"


def engine_files() -> list[str]:
    """Return the names of the exported schemas: axolotl, sft.zephyr, dpo.zephyr …"""
    return sorted(file.stem for file in FOLDER.glob("*.json"))


def editor_schemas() -> dict[str, Schema]:
    """Return {name of a schema file: editor schema}, from the exported schemas and from the card's model."""
    recipes = {name: recipe_schema(name) for name in engine_files()}
    profiles = {f"profiles.{engine}": profiles_schema(engine) for engine in ("axolotl", "zephyr")}
    return recipes | profiles | {"card": {"$schema": DRAFT} | Card.model_json_schema(by_alias=True)}


def recipe_schema(name: str) -> Schema:
    """Return the editor's schema of the recipes that an exported schema covers."""
    keys = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))["properties"]
    layered = {key: {"anyOf": [{"$ref": f"../{name}.json#/properties/{key}"}, DELETED]} for key in keys}
    own_keys = {
        "extends": {"type": "array", "items": {"type": "string"}, "description": "Files of shared_recipes/"},
        "profiles": {
            "type": "object",
            "description": "Other values by hardware",
            "additionalProperties": False,
            "properties": {profile: {"anyOf": [{"$ref": "#"}, {"type": "null"}]} for profile in PROFILES},
        },
    }
    closed = {"$schema": DRAFT, "type": "object", "additionalProperties": False}
    return closed | {"properties": own_keys | layered}


def profiles_schema(engine: str) -> Schema:
    """Return the editor's schema of hardware profiles: `all`, with keys that every stage knows, stages, variants."""
    files = {stage: f"{find_stage(engine, stage).schema_name}.json" for stage in stage_names(engine)}
    every = {"allOf": [{"$ref": file} for file in sorted(set(files.values()))]}
    sections = {"all": every} | {stage: {"$ref": file} for stage, file in files.items()}
    variants = {f"^{stage}-[a-z0-9-]+$": {"$ref": file} for stage, file in files.items()}
    closed = {"$schema": DRAFT, "type": "object", "additionalProperties": False}
    return closed | {"properties": sections, "patternProperties": variants}


def associations() -> dict[str, list[str]]:
    """Return {schema file: globs of the files it checks}, both relative to the root, as in settings.json."""
    folder = f"./{EDITOR.relative_to(EDITOR.parents[4]).as_posix()}"
    schemas = {f"{folder}/card.json": ["projects/*/project.yaml"]}
    for name in engine_files():
        if name == "axolotl":
            globs = ["projects/*/recipes/*.axolotl.yaml", "shared_recipes/axolotl/*.yaml"]
        else:
            named = [stage.name for stage in STAGES if stage.schema_name == name]
            forms = [form for stage in named for form in (f"{stage}.zephyr", f"{stage}-*.zephyr")]
            globs = [f"projects/*/recipes/{form}.yaml" for form in forms]
            globs += [f"shared_recipes/zephyr/{form}.yaml" for stage in named for form in (stage, f"{stage}-*")]
            globs += ["shared_recipes/tiny/pretrain.yaml"] if "pretrain" in named else []
        schemas[f"{folder}/{name}.json"] = globs
    for engine in ("axolotl", "zephyr"):
        schemas[f"{folder}/profiles.{engine}.json"] = [f"shared_recipes/{engine}/profiles/*.yaml"]
    return schemas


if __name__ == "__main__":
    main()
