"""Reads the engines' own schemas: which keys a stage's recipes may have, their types, defaults and descriptions.

    load_schema("zephyr", "sft")["properties"]["learning_rate"]   -> {"type": "number", "default": 2e-05, …}

The files schemas/*.json are written by export_schemas.py from the installed packages; validation.py checks values
against them.
"""

import functools
import json
from pathlib import Path
from typing import Any

from gretchen.recipes.stages import find_stage

Schema = dict[str, Any]  # JSON Schema, as upstream's packages describe themselves

FOLDER = Path(__file__).parent / "schemas"
# The key that names the model that a recipe starts from.
MODEL = {"zephyr": "model_name_or_path", "axolotl": "base_model"}
MAX_LENGTH = {"zephyr": "max_length", "axolotl": "sequence_len"}
# JSON types in the words of messages.
TYPE_NAMES = {"string": "a string", "integer": "an integer", "number": "a number", "boolean": "true or false",
              "null": "null", "array": "a list", "object": "a mapping"}  # fmt: skip


@functools.cache
def load_schema(engine: str, stage: str) -> Schema:
    """Return an engine's schema of a stage, with the engine's name under "engine".

    Raises UserError for a stage that the engine cannot train.
    """
    name = find_stage(engine, stage).schema_name
    schema = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return schema | {"engine": engine}


def deref(schema: Schema, root: Schema) -> Schema:
    """Return a schema with its $ref followed; `root` holds the definitions."""
    return root["$defs"][schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else schema


def types_of(schema: Schema) -> list[str]:
    """Return a schema's `type` as a list, [] where it has none."""
    types = schema.get("type", [])
    return types if isinstance(types, list) else [types]
