"""The deep part of a check: the engine's own validators, the tokenizer, the first rows as tokens.

It loads the training stack, so it runs in the engine's process before the training, or by `make check DEEP=1`.
The rows are those that the recipe's engine makes, without the model's weights (see gretchen.inspecting). Not covered:
stages that write their answers themselves.
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
from gretchen.checks.mistakes.rendered import look_at
from gretchen.checks.report import Check, Report, checked, judged, skipped
from gretchen.engines.axolotl.capabilities import H100
from gretchen.engines.zephyr.stage import parse
from gretchen.errors import GretchenError
from gretchen.inspecting.look import SHOWN, look
from gretchen.recipes.schema import MODEL
from gretchen.recipes.stages import config_classes, find_stage
from gretchen.recipes.standalone import StandaloneRecipe, read_standalone
from gretchen.runs.record import find_record
from gretchen.silence import silent


def deep_report(project: str, recipe: Path) -> Report:
    """Return the deep report on a resolved recipe."""
    values = yaml.safe_load(recipe.read_text(encoding="utf-8"))
    loose = read_standalone(recipe)
    stage = stage_of(recipe, loose)
    subject = f"{project}, {paths.shown(recipe)}: {loose.engine}, {stage}"
    checks = [own_validators(recipe)]
    tokenizer, loaded = load_tokenizer(str(values[MODEL[loose.engine]]))
    checks.append(loaded)
    if tokenizer is None or checks[0].state == "failed":
        reason = "the tokenizer did not load" if tokenizer is None else "what is above failed"
        return Report(subject, [*checks, skipped("rows as tokens", reason)])
    return Report(subject, [*checks, rows_as_tokens(loose.engine, stage, values)])


def own_validators(recipe: Path) -> Check:
    """Return the check of a run's resolved recipe by the validators of its engine."""
    loose = read_standalone(recipe)
    if loose.engine == "axolotl":
        return axolotl_validators(recipe, loose.marked.values)
    return validators(recipe, stage_of(recipe, loose))


def stage_of(recipe: Path, loose: StandaloneRecipe) -> str:
    """Return the stage of a resolved recipe: its run's, else the one that its keys show."""
    record = find_record(recipe.parent)
    return record.stage if record else loose.stage


def validators(recipe: Path, stage: str) -> Check:
    """Return the check by TRL's parser and dataclasses, which know the rules that span several keys."""

    name = "TRL's validators"
    try:
        parse(recipe, *config_classes(find_stage("zephyr", stage)))
    except GretchenError as failure:
        return checked(name, [failure.problem.replace(str(recipe), paths.shown(recipe))])
    except (ValueError, TypeError, ImportError, OSError, SystemExit) as wrong:
        return checked(name, [f"{paths.shown(recipe)}: {' '.join(str(wrong).split())}"])
    return checked(name, [])


def axolotl_validators(recipe: Path, values: dict[str, Any], gpu: dict[str, Any] | None = None) -> Check:
    """Return the check by axolotl's own pydantic validators, which know the rules that span several keys.

    `gpu` is what they take for this machine's GPU, where the recipe is not for this machine.
    """
    from axolotl.cli.config import gpu_capabilities
    from axolotl.utils.config import validate_config
    from axolotl.utils.dict import DictDefault

    name = "axolotl's validators"
    here, environment = gpu_capabilities()
    try:
        with own_plugins(values.get("plugins")):
            validate_config(DictDefault(values), capabilities=gpu or here, env_capabilities=environment)
    except ValidationError as wrong:
        said = [(".".join(map(str, one["loc"])), one["msg"].removeprefix("Value error, ")) for one in wrong.errors()]
        return checked(name, [f"{paths.shown(recipe)}: {f'{key}: ' if key else ''}{told}" for key, told in said])
    except Exception as wrong:  # a validator may stumble over what no one foresaw: its words are the reason
        told = " ".join(str(wrong).split()) or type(wrong).__name__
        return checked(name, [f"{paths.shown(recipe)}: {told}"])
    return checked(name, [])


@contextlib.contextmanager
def own_plugins(names: Any) -> Iterator[None]:
    """Let axolotl's own plugins add their keys and rules for a while.

    They are not registered, which may clone a repository and start a server; a plugin from elsewhere is foreign code.
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


def loose_validators(path: Path, loose: StandaloneRecipe) -> Check:
    """Return the check of a loose recipe by its engine's validators, which are told that this were an H100."""
    if loose.engine == "axolotl":
        return axolotl_validators(path, loose.values, H100)
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / path.name
        here = {"use_cpu": True, "output_dir": place}
        values = {key: value for key, value in loose.values.items() if key not in ("env", "tf32")} | here
        file.write_text(yaml.safe_dump(values, allow_unicode=True), encoding="utf-8")
        check = validators(file, loose.stage)
        return replace(check, lines=[line.replace(str(file), str(path)) for line in check.lines])


def load_tokenizer(model: str) -> tuple[Any, Check]:
    """Return the model's tokenizer, None where it does not load, and the check of that."""
    from transformers import AutoTokenizer

    place = paths.root() / model
    try:
        tokenizer = AutoTokenizer.from_pretrained(str(place) if place.is_dir() else model)
    except (OSError, ValueError, KeyError) as wrong:
        return None, checked("tokenizer", [f"{model}: {str(wrong).splitlines()[0]}"])
    return tokenizer, checked("tokenizer", [], f"{len(tokenizer)} tokens")


def rows_as_tokens(engine: str, stage: str, values: dict[str, Any]) -> Check:
    """Return the check of the first training rows as the engine's own tokens: ends, masks, what a template drops."""

    name = "rows as tokens"
    if stage not in SHOWN:
        return skipped(name, f"{stage} trains on answers that it writes itself")
    if engine == "axolotl" and (values.get("pretraining_dataset") or values.get("process_reward_model")):
        return skipped(name, "axolotl makes these rows while it trains")
    try:
        with silent():
            found = look(engine, stage, values)
    except Exception as wrong:  # whatever the engine says of rows that it cannot read
        told = " ".join(str(wrong).split()) or type(wrong).__name__
        return checked(name, [f"{engine} cannot make tokens of the rows: {told}"])
    mistakes = look_at(found, stage)
    done = "left out" if found.leaves_out else "cut"
    share = len(found.too_long) / max(1, len(found.rows))
    limit = f"{share:.0%} {done} at {found.limit_name} {found.limit}" if found.limit else "no length limit"
    note = f"first {len(found.rows)} rows: {limit}, {found.trained_share:.0%} of tokens trained"
    return judged(name, mistakes.errors, mistakes.warnings, note)
