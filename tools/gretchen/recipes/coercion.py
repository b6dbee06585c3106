"""Converts strings as upstream's parsers do: transformers' HfArgumentParser for zephyr, pydantic for axolotl.

parse_string("2e-4", "number")   -> 0.0002
parse_string("fast", "number")   -> "fast"
"""

import re
from typing import Any

from gretchen.recipes.schema import Schema, types_of

TRUE, FALSE = {"yes", "true", "t", "y", "1"}, {"no", "false", "f", "n", "0"}  # transformers' string_to_bool
EXPONENT = re.compile(r"[+-]?\d+(\.\d*)?[eE][+-]?\d+")


def parse_string(text: str, json_type: str) -> Any:
    """Return a string as the scalar JSON type that upstream makes of it, or the string itself if it makes none."""
    if json_type == "null":
        return None if text.lower() in ("none", "null") else text
    if json_type == "boolean":
        return True if text.lower() in TRUE else False if text.lower() in FALSE else text
    try:
        return int(text) if json_type == "integer" else float(text)
    except ValueError:
        return text


def coerce(value: Any, schema: Schema) -> Any:
    """Return a top-level value with the type that upstream's parser gives it.

    YAML 1.1 reads `2e-4`, which has no dot, as a string; where the schema allows a number it becomes one.
    """
    types = [json_type for option in [schema, *schema.get("anyOf", [])] for json_type in types_of(option)]
    exponent = isinstance(value, str) and EXPONENT.fullmatch(value)
    return float(value) if exponent and "number" in types else value


def as_written(value: Any) -> str:
    """Return a value on one line, as a recipe writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
