"""The engines' own validators, which know rules that span several keys. They load the training stack.

validate_run(run / "recipe.yaml")                a run's resolved recipe
validate_standalone(Path("qlora.yml"), recipe)   a recipe for any machine, validated as if this were an H100
"""

import contextlib
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from gretchen import paths
from gretchen.checks.report import Outcome, outcome
from gretchen.engines.axolotl.capabilities import H100
from gretchen.engines.zephyr.inputs import parse
from gretchen.errors import GretchenError
from gretchen.recipes.stages import config_classes, find_stage
from gretchen.recipes.standalone import StandaloneRecipe, read_standalone
from gretchen.runs.record import find_record


def validators_name(engine: str) -> str:
    """Return the name of an engine's validators in a report."""
    return "axolotl's validators" if engine == "axolotl" else "TRL's validators"


def validate_run(recipe: Path) -> Outcome:
    """Validate a run's resolved recipe."""
    read = read_standalone(recipe)
    if read.engine == "axolotl":
        return validate_axolotl(recipe, read.marked.values)
    return validate_trl(recipe, stage_of(recipe, read))


def stage_of(recipe: Path, read: StandaloneRecipe) -> str:
    """Return the stage of a resolved recipe: its run's, else the one that its keys belong to."""
    record = find_record(recipe.parent)
    return record.stage if record else read.stage


def validate_standalone(path: Path, recipe: StandaloneRecipe) -> Outcome:
    """Validate a standalone recipe, whatever this machine is."""
    if recipe.engine == "axolotl":
        return validate_axolotl(path, recipe.values, H100)
    with tempfile.TemporaryDirectory() as folder_name:
        copy = Path(folder_name) / path.name
        values = {key: value for key, value in recipe.values.items() if key not in ("env", "tf32")}
        values |= {"use_cpu": True, "output_dir": folder_name}
        copy.write_text(yaml.safe_dump(values, allow_unicode=True), encoding="utf-8")
        result = validate_trl(copy, recipe.stage)
        return replace(result, errors=tuple(line.replace(str(copy), str(path)) for line in result.errors))


def validate_trl(recipe: Path, stage: str) -> Outcome:
    """Validate by TRL's parser and its dataclasses."""
    try:
        parse(recipe, *config_classes(find_stage("zephyr", stage)))
    except GretchenError as failure:
        return outcome([failure.problem.replace(str(recipe), paths.shown(recipe))])
    except (ValueError, TypeError, ImportError, OSError, SystemExit) as failure:
        return outcome([f"{paths.shown(recipe)}: {one_line(failure)}"])
    return outcome()


def validate_axolotl(recipe: Path, values: dict[str, Any], gpu: dict[str, Any] | None = None) -> Outcome:
    """Validate by axolotl's pydantic models; `gpu` are the capabilities of the GPU, by default this machine's."""
    from axolotl.cli.config import gpu_capabilities
    from axolotl.utils.config import validate_config
    from axolotl.utils.dict import DictDefault

    machine, environment = gpu_capabilities()
    try:
        with _own_plugins(values.get("plugins")):
            validate_config(DictDefault(values), capabilities=gpu or machine, env_capabilities=environment)
    except ValidationError as failure:
        return outcome(f"{paths.shown(recipe)}: {_pydantic_message(error)}" for error in failure.errors())
    except Exception as failure:  # a validator may raise anything: its message is the reason
        return outcome([f"{paths.shown(recipe)}: {one_line(failure)}"])
    return outcome()


def one_line(failure: BaseException) -> str:
    """Return an exception's message on one line, or the name of its class."""
    return " ".join(str(failure).split()) or type(failure).__name__


def _pydantic_message(error: Any) -> str:
    """Return one of pydantic's errors as "key: message"."""
    key, message = ".".join(map(str, error["loc"])), error["msg"].removeprefix("Value error, ")
    return f"{key}: {message}" if key else message


@contextlib.contextmanager
def _own_plugins(names: Any) -> Iterator[None]:
    """Let axolotl's own plugins add their keys and rules, and undo that afterwards.

    They are not registered: registering may clone a repository or start a server. A plugin from elsewhere is foreign
    code and is not loaded.
    """
    from axolotl.integrations.base import PluginManager, load_plugin

    plugins = PluginManager.get_instance().plugins
    before = dict(plugins)
    plugins.clear()
    try:
        for name in names if isinstance(names, list) else []:
            if str(name).startswith("axolotl.integrations."):
                with contextlib.suppress(ImportError):  # axolotl goes on without it
                    plugins[name] = load_plugin(name)
        yield
    finally:
        plugins.clear()
        plugins.update(before)
