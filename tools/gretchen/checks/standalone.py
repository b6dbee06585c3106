"""Checks of a standalone recipe, from the web or anywhere outside a project: keys, types, deprecated keys, code.

    check_standalone(Path("qlora.yml")).text()

Data, model and profiles belong to projects and are reported as skipped.
"""

import re
from pathlib import Path

from gretchen.checks.report import CheckResult, Outcome, Report, outcome, skipped
from gretchen.checks.validators import validate_standalone, validators_name
from gretchen.engines.axolotl.capabilities import ADAPTER_KEY, trains_on
from gretchen.models.adapter_sources import find_local_adapter
from gretchen.names import counted
from gretchen.recipes.references import code_faults
from gretchen.recipes.schema import MODEL
from gretchen.recipes.standalone import StandaloneRecipe, read_standalone

ADAPTER_NAME = re.compile(r"(?i)(?<![a-z])(q?lora|adapter|peft)(?![a-z])")
MERGED = "`gretchen train FILE` merges it first"
PROJECT_CHECKS = ("extends, profiles, placeholders", "data", "model, chat template")


def check_standalone(path: Path, deep: bool = False) -> Report:
    """Return the report on a standalone recipe; `deep` also runs its engine's own validators.

    Raises UserError where there is no file.
    """
    recipe = read_standalone(path)
    if recipe.other_kind:
        return Report(f"{path}: no recipe, but {recipe.other_kind}")
    if not recipe.engine:
        return Report(str(path), (CheckResult("YAML", outcome(recipe.mistakes)),))
    deprecated = outcome(notes=recipe.notes, scope=counted(len(recipe.notes), "key"))
    results = (
        CheckResult("keys and types", outcome(recipe.mistakes, scope=f"{len(recipe.marked.values)} keys")),
        CheckResult("deprecated keys", deprecated),
        CheckResult("foreign code", _foreign_code(recipe)),
        *(CheckResult("adapter to start from", outcome(notes=[note])) for note in adapter_notes(recipe)),
        CheckResult(validators_name(recipe.engine), run_validators(path, recipe, deep)),
        *(CheckResult(name, skipped("a standalone recipe belongs to no project")) for name in PROJECT_CHECKS),
    )
    return Report(f"{path}: {recipe.engine}, {recipe.stage}", results)


def adapter_notes(recipe: StandaloneRecipe) -> list[str]:
    """Return a note where a recipe starts from an adapter, or from a hub id that is named like one and not looked up.

    Raises UserError for a folder that holds a whole model and an adapter.
    """
    names = [MODEL[recipe.engine]]
    if recipe.engine == "axolotl" and not trains_on(recipe.values, recipe.stage):
        names.append(ADAPTER_KEY)
    notes = []
    for name in names:
        model = str(recipe.values.get(name) or "")
        adapter = find_local_adapter(model) if model else None
        if adapter or (model and name == ADAPTER_KEY) or ADAPTER_NAME.search(model):
            base = f" on {adapter.base}" if adapter else "" if name == ADAPTER_KEY else ", by its name"
            alone = f"{'TRL' if recipe.engine == 'zephyr' else 'axolotl'} alone would start from the plain base"
            notes.append(f"{recipe.location((name,))}: {model} is an adapter{base}: {alone}, {MERGED}")
    return notes


def run_validators(path: Path, recipe: StandaloneRecipe, deep: bool) -> Outcome:
    """Return the outcome of the engine's own validators, which know rules that span several keys."""
    if recipe.mistakes:
        return skipped("the keys have mistakes")
    return validate_standalone(path, recipe) if deep else skipped("DEEP=1 runs them")


def _foreign_code(recipe: StandaloneRecipe) -> Outcome:
    """Note code from the model's repository: checking the recipe runs none, training it does."""
    faults = code_faults(recipe.values, recipe.location)
    return outcome(notes=[f"{fault} (`gretchen train FILE` requires it)" for fault in faults])
