"""Writes schemas/*.json from the installed TRL and axolotl: the keys of recipes, with their types and defaults.

    python -m gretchen.recipes.export_schemas

Run it after an upgrade of TRL, transformers, peft or axolotl; a test compares the files with the installed packages.
`check`, `show` and `explain` read the files and import none of these packages. Keys that YAML cannot set are left out.
"""

import dataclasses
import enum
import importlib
import importlib.metadata
import json
import logging
import re
import types
import typing
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from gretchen.files import write_text
from gretchen.recipes import editor_schemas
from gretchen.recipes.schema import Schema
from gretchen.recipes.stages import STAGES, Stage, config_classes

FOLDER = Path(__file__).parent / "schemas"
# Fields that recipes cannot set: PPO's trainer computes them, and our script reads the policy from model_name_or_path.
COMPUTED_FIELDS = {
    "ppo": {"sft_model_path", "world_size", "num_total_batches", "micro_batch_size", "local_batch_size", "batch_size",
            "local_mini_batch_size", "mini_batch_size"},
}  # fmt: skip
TYPES = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}
# Lists for which upstream's code also accepts a bare string (ModelConfig, DPOConfig).
BARE_STRING = {"lora_target_modules", "loss_type"}
# Fields whose default depends on the exporting machine or on the time.
UNSTABLE_DEFAULTS = {"run_name", "logging_dir"}


def main() -> None:
    """Write every schema file, and the editor's after them."""

    for name, schema in exported().items():
        write_text(FOLDER / f"{name}.json", text_of(schema))
    editor_schemas.main()


def exported() -> dict[str, Schema]:
    """Return {file name without .json: schema} of the installed packages. Imports them (half a minute)."""
    stages = [stage for stage in STAGES if stage.engine == "zephyr" and not stage.same_as]
    return {stage.schema_name: zephyr(stage) for stage in stages} | {"axolotl": axolotl()}


def text_of(schema: Schema) -> str:
    """Return a schema as JSON with one key of a recipe a line, so that an upgrade gives a readable diff."""
    lines = []
    for name, value in schema.items():
        text = json.dumps(value, ensure_ascii=False)
        if name in ("properties", "$defs"):
            rows = [f"    {json.dumps(k)}: {json.dumps(v, ensure_ascii=False)}" for k, v in value.items()]
            text = "{\n" + ",\n".join(rows) + "\n  }"
        lines.append(f"  {json.dumps(name)}: {text}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def zephyr(stage: Stage) -> Schema:
    """Return the schema of a stage's dataclasses, as `trl <stage>` reads them."""
    import trl

    properties: dict[str, Any] = {}
    for part in config_classes(stage):
        properties |= {
            key: field for key, field in fields(part).items() if key not in COMPUTED_FIELDS.get(stage.name, ())
        }
    properties["env"] = {"type": "object", "description": "Environment variables, set before training."}
    return {
        "title": f"{stage.name}, TRL {trl.__version__}",
        "type": "object",
        "additionalProperties": False,
        "required": ["model_name_or_path"],
        "properties": dict(sorted(properties.items())),
    }


def fields(part: type) -> Schema:
    """Return {key: schema} of a dataclass's fields."""
    hints = typing.get_type_hints(part)
    properties = {}
    for field in dataclasses.fields(part):
        schema = type_schema(hints[field.name])
        if not field.init or field.name.startswith("_") or schema is None:
            continue
        if field.name in BARE_STRING:
            schema = {"anyOf": [schema, {"type": "string"}]}
        has_default = field.default is not dataclasses.MISSING and field.name not in UNSTABLE_DEFAULTS
        if has_default and (value := plain(field.default)) is not None:
            schema["default"] = value
        if text := sentence(field.metadata.get("help", "")):
            schema["description"] = text
        properties[field.name] = schema
    return properties


def plain(value: Any) -> Any:
    """Return a default as a JSON value, None where JSON has none for it."""
    value = value.value if isinstance(value, enum.Enum) else value
    return value if isinstance(value, str | int | float | bool | list) else None


def type_schema(hint: Any) -> Schema | None:
    """Return the JSON schema of a type hint; None for a type that YAML cannot hold."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if hint in TYPES:
        return {"type": TYPES[hint]}
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return {"enum": [member.value for member in hint]}
    if origin is typing.Literal:
        return {"enum": list(inner)}
    if origin in (typing.Union, types.UnionType):
        return union(inner)
    if hint is dict or origin is dict:
        return {"type": "object"}
    if origin in (list, tuple):
        return {"type": "array", "items": type_schema(inner[0]) or {}}
    if dataclasses.is_dataclass(hint) and hint.__module__.startswith("trl."):
        needed = [f.name for f in dataclasses.fields(hint) if f.default is f.default_factory is dataclasses.MISSING]
        return {"type": "object", "additionalProperties": False, "required": needed, "properties": fields(hint)}
    return None


def union(members: tuple[Any, ...]) -> Schema | None:
    """Return the schema of a union. An enum beside `str` is the enum alone: upstream refuses any other string."""
    schemas = [schema for member in members if (schema := type_schema(member))]
    if any("enum" in schema for schema in schemas) and str in members and type(None) not in members:
        schemas = [schema for schema in schemas if schema != {"type": "string"}]
    elif len(schemas) < len(members):
        return None if [s["type"] for s in schemas if "type" in s] == ["null"] else flat(schemas)
    return flat(schemas)


def flat(schemas: list[Schema]) -> Schema:
    """Return alternatives as one schema: `type: [a, b]` where they are bare types, else `anyOf`."""
    if len(schemas) == 1:
        return dict(schemas[0])
    if all(list(schema) == ["type"] for schema in schemas):
        return {"type": [schema["type"] for schema in schemas]}
    return {"anyOf": schemas}


def sentence(text: str) -> str:
    """Return the first sentence of a help text, without line breaks."""
    text = re.sub(r"\s+", " ", text or "").strip()
    return re.split(r"(?<=[a-z0-9)`'\"])\. (?=[A-Z`])", text)[0].removesuffix(".")


def axolotl() -> Schema:
    """Return axolotl's schema, with the keys that its own plugins add, and unknown keys forbidden at every level."""
    from axolotl.utils.schemas.config import AxolotlInputConfig

    full = json_schema(AxolotlInputConfig)
    definitions, properties = full["$defs"], full["properties"]
    for plugin, model in plugin_models():
        extra = json_schema(model)
        definitions |= extra.get("$defs", {})
        added = {name: {**schema, "x-plugin": plugin} for name, schema in extra["properties"].items()}
        properties = added | properties
    for name, messages in deprecated().items():
        properties[name] |= messages
    return {
        "title": f"axolotl {importlib.metadata.version('axolotl')}",
        "type": "object",
        "additionalProperties": False,
        "required": sorted(full["required"]),
        "$defs": {name: compact(schema) for name, schema in sorted(definitions.items())},
        "properties": {name: compact(schema) for name, schema in sorted(properties.items())},
    }


def deprecated() -> dict[str, dict[str, str]]:
    """Return axolotl's own messages on its deprecated keys: {key: {"x-refused" or "x-deprecated": message}}.

    "x-refused-on" is the message on a key that is refused only with a true value.
    """
    from axolotl.utils.schemas.deprecated import DeprecatedParameters

    messages = {}
    for name, field in sorted(DeprecatedParameters.model_fields.items()):
        on, off = ("steps", "") if "str" in str(field.annotation) else (1, 0)
        refused, warned = validation_messages(DeprecatedParameters, {name: on})
        kind = "x-refused" if validation_messages(DeprecatedParameters, {name: off})[0] else "x-refused-on"
        messages[name] = {kind: refused} if refused else {"x-deprecated": warned} if warned else {}
    return messages


def validation_messages(model: Any, values: dict[str, Any]) -> tuple[str, str]:
    """Return (error, warning) of a pydantic model of axolotl for values, "" where there is none."""
    from axolotl.utils.schemas import deprecated as module

    warnings: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: warnings.append(record.getMessage())
    logger = getattr(module.LOG, "logger", module.LOG)
    logger.addHandler(handler)
    try:
        model.model_validate(values)
    except DeprecationWarning as error:
        return str(error), ""
    except ValueError as error:
        return " ".join(detail["msg"].removeprefix("Value error, ") for detail in error.errors()), ""
    finally:
        logger.removeHandler(handler)
    return "", " ".join(warnings)


def json_schema(model: Any) -> Schema:
    """Return a pydantic model's JSON schema, with torch's dtypes, of which axolotl has an enum, by name."""
    import torch

    class Generator(GenerateJsonSchema):
        ignored_warning_kinds: typing.ClassVar = {"skipped-choice", "non-serializable-default"}

        def enum_schema(self, schema: Any) -> Schema:
            if any(isinstance(member.value, torch.dtype) for member in schema["members"]):
                return {"type": "string", "enum": [member.name for member in schema["members"]] + ["fp8", "float8"]}
            return super().enum_schema(schema)

    return model.model_json_schema(schema_generator=Generator)


def plugin_models() -> list[tuple[str, type]]:
    """Return (package, pydantic model of its keys) of each of axolotl's own plugins: liger, cut cross-entropy …"""
    import axolotl.integrations

    plugins = []
    for file in sorted(Path(axolotl.integrations.__path__[0]).glob("*/args.py")):
        plugin = f"axolotl.integrations.{file.parent.name}"
        try:
            module = importlib.import_module(f"{plugin}.args")
        except ModuleNotFoundError:
            continue  # its own package is not installed, so the plugin could not run either
        models = [m for m in vars(module).values() if isinstance(m, type) and issubclass(m, BaseModel)]
        models = [model for model in models if model.__module__ == module.__name__]
        parts = {name for model in models for name in json_schema(model).get("$defs", {})}
        plugins += [(plugin, model) for model in models if model.__name__ not in parts]
    return plugins


def compact(schema: Any) -> Any:
    """Return a pydantic schema with first sentences only, no titles or null defaults, unknown keys forbidden."""
    if not isinstance(schema, dict):
        return schema
    shortened = {
        k: v for k, v in schema.items() if k not in ("title", "description") and not (k == "default" and v is None)
    }
    for key in ("items", "additionalProperties"):
        if isinstance(shortened.get(key), dict):
            shortened[key] = compact(shortened[key])
    for key in ("anyOf", "prefixItems", "allOf"):
        if key in shortened:
            shortened[key] = [compact(option) for option in shortened[key]]
    if "properties" in shortened:
        shortened["properties"] = {name: compact(inner) for name, inner in shortened["properties"].items()}
        shortened.setdefault("additionalProperties", False)
    if "anyOf" in shortened:
        shortened |= flat(shortened.pop("anyOf"))
    if text := sentence(schema.get("description") or schema.get("help") or ""):
        shortened["description"] = text
    shortened.pop("help", None)
    return shortened


if __name__ == "__main__":
    main()
