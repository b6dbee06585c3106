"""Which checks there are, in the order in which a person would fix what they report.

    check_project("genome-chatbot").text()                              `make check`
    check_resolved("genome-chatbot", resolved).raise_if_failed()        before every training
    check_file(Path("qlora.yml"))                                       `gretchen check FILE`

To add a check, write a function that takes a project and its resolved recipes and returns an Outcome, and list it in
RESOLVED_CHECKS. These checks read files: no model is loaded, no hub is asked, no library of the training stack is
imported. Checks that need one stand in deep.py.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from gretchen import paths
from gretchen.checks import data, domain, model, modules, recipes, todo
from gretchen.checks.deep import check_recipes_deep
from gretchen.checks.mistakes.card import card_mistakes
from gretchen.checks.probe import probe
from gretchen.checks.report import CheckResult, Outcome, Report, State, outcome, outcome_of, skipped
from gretchen.checks.standalone import check_standalone
from gretchen.hardware import PROFILES
from gretchen.names import counted
from gretchen.projects.card import card_faults, card_file, load_card, project_slugs
from gretchen.projects.constitution import constitution_faults, constitution_file
from gretchen.recipes.find import RecipeFile, find, name_faults, recipes_of
from gretchen.recipes.resolve import Resolved


class Check(NamedTuple):
    """A check of a project's resolved recipes: its name in the report, and the function that runs it."""

    name: str
    run: Callable[[str, Sequence[Resolved]], Outcome]


RESOLVED_CHECKS = (
    Check("foreign code", recipes.foreign_code),
    Check("data", data.data_files),
    Check("rows", data.row_formats),
    Check("common mistakes in rows", data.row_mistakes),
    Check("model", model.weights),
    Check("special tokens", model.special_tokens),
    Check("chat template", model.chat_templates),
    Check("common mistakes in recipes", recipes.recipe_mistakes),
    Check("values by profile", recipes.profile_values),
)
RESOLVES = "every recipe under every profile resolves"


def check_projects(project: str = "", deep: bool = False, profile: str = "") -> list[Report]:
    """Return the reports on one project, or on all; `deep`: also the deep ones of its recipes under a profile.

    Of all projects, recipes that are a shared method unchanged are checked under each project's default profile alone.
    Without `profile` it is each project's default. Raises UserError for an unknown project or profile.
    """
    if project:
        card_file(project)
    reports = []
    for slug in [project] if project else project_slugs():
        report = check_project(slug, run_code=bool(project), brief=not project)
        reports.append(report)
        if deep:
            reports += check_recipes_deep(slug, profile, skip=report.failed)
    return reports


def check_project(project: str, run_code: bool = False, brief: bool = False) -> Report:
    """Return the report on a project: card, modules, every recipe under every profile, data, base model.

    `run_code` also runs its builder and its metrics on a few rows. `brief` checks recipes without a file of the
    project's own under its default profile alone.
    """
    card, module_errors = card_faults(project), modules.module_errors(project)
    files = list(recipes_of(project).values())
    names = name_faults(project)
    if not files and not names:
        names = [f"projects/{project}/recipes: no recipe"]
    first = [
        CheckResult("card", outcome(card) if card else outcome_of(card_mistakes(project))),
        CheckResult("dataset.py and evaluation.py", outcome(module_errors)),
    ]
    if constitution_file(project).is_file():
        first.append(CheckResult("constitution.yaml", outcome(constitution_faults(project))))
    results = _check_recipes(project, files, names, broken_card=bool(card), brief=brief)
    if run_code and not (card or module_errors):
        resolved, _ = recipes.resolve_all(project, files, ("tiny",)) if not any_failed(results) else ([], [])
        results = [*results, *probe(project, resolved)]
    last = [CheckResult("your own lines", todo.team_lines(project))]
    if not card:
        last.insert(0, CheckResult("the inherited base knows the domain", domain.base_domain(project)))
    return Report(project, (*first, *results, *last))


def check_resolved(project: str, resolved: Resolved, run_code: bool = False) -> Report:
    """Return the report on a recipe that is about to be trained: its values, and the data and the model it names.

    `run_code` also runs the project's builder and its metrics on a few rows.
    """
    results = [CheckResult("card", outcome_of(card_mistakes(project))), *_check_resolved(project, [resolved])]
    results += probe(project, [resolved]) if run_code else []
    return Report(f"{project}, {resolved.name}, {resolved.profile}", tuple(results))


def any_failed(results: Sequence[CheckResult]) -> bool:
    """Return whether a recipe does not resolve: its values are not known then."""
    names = ("keys and types", "placeholders", RESOLVES)
    return any(result.name in names and result.outcome.state != State.OK for result in results)


def check_file(path: Path, deep: bool = False) -> Report:
    """Return the report on a recipe named by its file: a project's, or a standalone one.

    `deep` also runs the engine's own validators, which loads its libraries. Raises UserError where there is no file.
    """
    recipes_dir = path.resolve().parent
    project_dir = recipes_dir.parent
    if path.is_file() and recipes_dir.name == "recipes" and project_dir.parent == paths.projects().resolve():
        recipe = find(project_dir.name, path.name.removesuffix(".yaml"))
        return Report(f"{project_dir.name}, {recipe.name}", tuple(_check_recipes(project_dir.name, [recipe])))
    return check_standalone(path, deep)


def _check_recipes(
    project: str,
    files: Sequence[RecipeFile],
    name_errors: Sequence[str] = (),
    broken_card: bool = False,
    brief: bool = False,
) -> list[CheckResult]:
    """Return the checks of recipe files under every profile, then those of what they resolve to."""
    shared = [file for file in files if file.is_shared] if brief else []
    own = [file for file in files if file not in shared]
    errors = recipes.file_errors(own, PROFILES)
    results = [
        CheckResult(
            "recipe files: names, extends, profiles",
            outcome([*name_errors, *errors.form], scope=counted(len(files), "recipe")),
        ),
        CheckResult("keys and types", outcome(errors.keys)),
        CheckResult("placeholders", outcome(errors.placeholders)),
    ]
    if broken_card or errors.any:
        reason = "the card has mistakes" if broken_card else "the recipes have mistakes"
        return [*results, *(CheckResult(name, skipped(reason)) for name in (RESOLVES, *_names(RESOLVED_CHECKS)))]
    profiles = load_card(project).profiles
    resolved, unresolved = recipes.resolve_all(project, own, profiles)
    pairs = f"{counted(len(own), 'recipe')} × {counted(len(profiles), 'profile')}"
    if shared:
        under_default, not_resolved = recipes.resolve_all(project, shared, profiles[:1])
        resolved, unresolved = [*resolved, *under_default], [*unresolved, *not_resolved]
        pairs += f", {counted(len(shared), 'shared one')} × {profiles[0]}"
    return [*results, CheckResult(RESOLVES, outcome(unresolved, scope=pairs)), *_check_resolved(project, resolved)]


def _check_resolved(project: str, resolved: Sequence[Resolved]) -> tuple[CheckResult, ...]:
    """Return the checks of resolved recipes and of what they name."""
    return tuple(CheckResult(check.name, check.run(project, resolved)) for check in RESOLVED_CHECKS)


def _names(checks: Sequence[Check]) -> list[str]:
    """Return the names of some checks."""
    return [check.name for check in checks]
