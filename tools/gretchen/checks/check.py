"""The checks of a project and of a recipe, in the order a person would mend what they find.

    check_project("genome-chatbot").text()
    check_resolved("genome-chatbot", resolved).raise_if_failed()          before a training
    check_deep("genome-chatbot", run / "recipe.yaml")                     in the engine's process, see deep.py

They read files: no model is loaded, no hub asked, no library of the training stack imported.
"""

import itertools
import json
from collections.abc import Sequence
from pathlib import Path

from gretchen import paths
from gretchen.checks.deep import deep_report, loose_validators
from gretchen.checks.mistakes.recipe import look_at as look_at_recipe
from gretchen.checks.mistakes.rows import look_at as look_at_rows
from gretchen.checks.programs import program_faults
from gretchen.checks.references import data_check, model_check, models_of
from gretchen.checks.report import Check, Report, checked, judged, skipped
from gretchen.errors import GretchenError
from gretchen.hardware import PROFILES
from gretchen.models import files as model_files
from gretchen.projects.card import card_faults
from gretchen.projects.rows import FORMATS, row_fault
from gretchen.recipes.find import RecipeFile, find, name_faults, recipes_of
from gretchen.recipes.placeholders import SPLITS
from gretchen.recipes.read import read
from gretchen.recipes.references import code_faults
from gretchen.recipes.resolve import Request, Resolved, resolve
from gretchen.recipes.standalone import StandaloneRecipe, read_standalone
from gretchen.runs.store import earlier_runs

ROWS = 200
ROWS_SENSE, RECIPE_SENSE = "common mistakes in rows", "common mistakes in recipes"


def check_project(project: str) -> Report:
    """Return the report on a project: card, modules, every recipe under every profile, data, base."""
    faults = card_faults(project)
    first = [checked("card", faults), checked("dataset.py and evaluation.py", program_faults(project))]
    recipes = list(recipes_of(project).values())
    names = name_faults(project)
    if not recipes and not names:
        names = [f"projects/{project}/recipes: no recipe"]
    return Report(project, [*first, *recipe_checks(project, recipes, PROFILES, bool(faults), names)])


def check_resolved(project: str, resolved: Resolved) -> Report:
    """Return the report on a recipe as it is about to be trained: the data and the model that it names."""
    return Report(f"{project}, {resolved.name}, {resolved.profile}", resolved_checks(project, [resolved]))


def check_file(path: Path, deep: bool = False) -> Report:
    """Return the report on a loose recipe: dialect, stage, keys, types; or on a project's recipe, named by its file.

    `deep` asks the engine's own validators too, which loads its libraries. Raises UserError where there is no file.
    """
    folder = path.resolve().parent
    if path.is_file() and folder.name == "recipes" and folder.parent.parent == paths.projects().resolve():
        project = folder.parent.name
        recipe = find(project, path.name.removesuffix(".yaml"))
        return Report(f"{project}, {recipe.name}", recipe_checks(project, [recipe], PROFILES, False, []))
    loose = read_standalone(path)
    if loose.other_kind:
        return Report(f"{path}: no recipe, but {loose.other_kind}", [])
    if not loose.engine:
        return Report(str(path), [checked("YAML", loose.mistakes)])
    return Report(f"{path}: {loose.engine}, {loose.stage}", loose_checks(path, loose, deep))


def loose_checks(path: Path, loose: StandaloneRecipe, deep: bool) -> list[Check]:
    """Return the checks of a loose recipe."""
    keys = checked("keys and types", loose.mistakes, f"{len(loose.marked.values)} keys")
    former = Check("former keys", "ok", loose.notes, counted(loose.notes, "key"))
    runs_code = code_faults(loose.values, loose.location)
    code = Check("foreign code", "ok", [f"{line}: `gretchen train FILE` wants that" for line in runs_code])
    needs = "a loose recipe belongs to no project"
    rest = [skipped(name, needs) for name in ("extends, profiles, placeholders", "data", "model, chat template")]
    return [keys, former, code, validated(path, loose, deep), *rest]


def validated(path: Path, loose: StandaloneRecipe, deep: bool) -> Check:
    """Return the check of a loose recipe by its engine's own validators, which know rules that span several keys."""
    name = "axolotl's validators" if loose.engine == "axolotl" else "TRL's validators"
    if not deep or loose.mistakes:
        return skipped(name, "the keys have mistakes" if loose.mistakes else "DEEP=1 asks them" if not deep else "")

    return loose_validators(path, loose)


def check_deep(project: str, recipe: Path) -> Report:
    """Return the deep report on a run's resolved recipe: the engine's validators, tokens of the first rows.

    Loads the libraries of the training stack: called in a process that has them loaded, or wants to.
    """

    return deep_report(project, recipe)


def recipe_checks(
    project: str, recipes: Sequence[RecipeFile], profiles: Sequence[str], broken_card: bool, names: list[str]
) -> list[Check]:
    """Return the checks of some recipes under some profiles, with the data and the models they name."""
    mistakes = [mistake for file, profile in itertools.product(recipes, profiles) for mistake in read(file, profile)[1]]
    told = {kind: [m.told for m in mistakes if m.kind == kind] for kind in ("form", "keys", "placeholders")}
    resolved, unresolved = resolve_all(project, recipes, profiles) if not broken_card else ([], [])
    pairs = f"{counted(recipes, 'recipe')} × {counted(profiles, 'profile')}"
    form = checked("recipe files: names, extends, profiles", [*names, *told["form"]], counted(recipes, "recipe"))
    checks = [form, checked("keys and types", told["keys"]), checked("placeholders", told["placeholders"])]
    if broken_card or any(mistakes):
        return [*checks, *not_reached(broken_card)]
    return [
        *checks,
        checked("every recipe under every profile resolves", unresolved, pairs),
        *resolved_checks(project, resolved),
    ]


def resolved_checks(project: str, resolved: Sequence[Resolved]) -> list[Check]:
    """Return the checks of what resolved recipes point to."""
    return [
        checked("foreign code", [fault for one in resolved for fault in code_faults(one.values, place_in(one))]),
        data_check(project, resolved),
        rows_check(project),
        rows_mistakes(project),
        *model_checks(project, resolved),
        recipe_mistakes(resolved),
    ]


def counted(things: Sequence[object], noun: str) -> str:
    """Return "1 recipe" or "2 recipes"."""
    return f"{len(things)} {noun}{'' if len(things) == 1 else 's'}"


def not_reached(broken_card: bool) -> list[Check]:
    """Return the checks that wait until the mistakes above are mended."""
    reason = "the card has mistakes" if broken_card else "the recipes have mistakes"
    later = ("every recipe under every profile resolves", "foreign code", "data", "rows", ROWS_SENSE, "model")
    return [skipped(name, reason) for name in (*later, "special tokens", "chat template", RECIPE_SENSE)]


def resolve_all(
    project: str, recipes: Sequence[RecipeFile], profiles: Sequence[str]
) -> tuple[list[Resolved], list[str]]:
    """Return every recipe resolved under every profile, and a line for each that cannot be."""
    resolved, faults = [], []
    for file, profile in itertools.product(recipes, profiles):
        try:
            resolved.append(resolve(Request(project, file.name, profile), earlier_runs(project, profile)))
        except GretchenError as failure:
            hint = f" ({failure.hint})" if failure.hint else ""
            faults.append(f"{paths.shown(file.path)} under {profile}: {failure.problem}{hint}")
    return resolved, faults


def place_in(resolved: Resolved):  # noqa: ANN201 (a function of a key)
    """Return the function that says where a key of a resolved recipe stands."""

    def place(key: tuple) -> str:
        where = resolved.origins[".".join(map(str, key))]
        return ":".join(map(str, where)) if isinstance(where, tuple) else where

    return place


def rows_check(project: str) -> Check:
    """Return the check of the first rows of every built file."""
    files = [paths.build(project) / name / f"{split}.jsonl" for name in FORMATS for split in SPLITS]
    files = [file for file in files if file.is_file()]
    if not files:
        return skipped("rows", f"nothing is built: make data PROJECT={project}")
    faults, count = [], 0
    for file in files:
        with file.open(encoding="utf-8") as stream:
            for number, line in enumerate(itertools.islice(stream, ROWS), start=1):
                count += 1
                if fault := line_fault(line, file.parent.name):
                    faults.append(f"{paths.shown(file)}:{number}: {fault}")
    return checked("rows", faults, f"{count} rows of {len(files)} files")


def rows_mistakes(project: str) -> Check:
    """Return the check of the built rows for what spoils a training."""

    if not paths.build(project).is_dir():
        return skipped(ROWS_SENSE, f"nothing is built: make data PROJECT={project}")
    found = look_at_rows(project)
    return judged(ROWS_SENSE, found.errors, found.warnings)


def recipe_mistakes(resolved: Sequence[Resolved]) -> Check:
    """Return the check of resolved recipes for values that spoil a training."""
    # Under `tiny` models are the embedded bases, for which no usual learning rate holds.
    found = [
        look_at_recipe(one.engine, one.stage, one.values, place_in(one), one.profile == "tiny") for one in resolved
    ]
    errors, warnings = ([line for one in found for line in getattr(one, kind)] for kind in ("errors", "warnings"))
    return judged(RECIPE_SENSE, errors, warnings)


def line_fault(line: str, row_format: str) -> str | None:
    """Return what is wrong with one line of a built file, or None."""
    try:
        return row_fault(json.loads(line), row_format)
    except json.JSONDecodeError as wrong:
        return f"not JSON: {wrong.msg}"


def model_checks(project: str, resolved: Sequence[Resolved]) -> list[Check]:
    """Return the checks of the models that resolved recipes start from: there, tokens, templates, pickles."""
    local = [(one, folder) for one in resolved if (folder := models_of(one)) is not None]
    checks = [model_check(project, resolved)]
    if not local:
        reason = "no model lies on this disk"
        return [*checks, skipped("special tokens", reason), skipped("chat template", reason)]
    folders = list(dict.fromkeys(folder for _, folder in local))
    tokens = [fault for folder in folders for fault in model_files.token_faults(folder)]
    talking = [(one, folder) for one, folder in local if one.stage != "pretrain"]
    templates = [fault for one, folder in talking for fault in model_files.template_faults(folder, one.values)]
    shown = ", ".join(paths.shown(folder) for folder in folders)
    return [*checks, checked("special tokens", tokens, shown), checked("chat template", templates, shown)]
