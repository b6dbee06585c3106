"""Checks of recipes: errors in their files, whether they resolve, foreign code, values that spoil a training."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from gretchen import paths
from gretchen.checks.mistakes.by_profile import far_from_profile, replaced_by_profile
from gretchen.checks.mistakes.recipe import Subject, find_mistakes
from gretchen.checks.report import Outcome, outcome, outcome_of
from gretchen.errors import GretchenError
from gretchen.models.damage import TEXTS, folder_problems
from gretchen.recipes.find import RecipeFile
from gretchen.recipes.read import read_recipe
from gretchen.recipes.references import code_faults
from gretchen.recipes.resolve import Request, Resolved, resolve
from gretchen.runs.store import earlier_runs


@dataclass(frozen=True)
class FileErrors:
    """The errors in recipe files and in the shared files they extend, by kind."""

    form: tuple[str, ...]
    keys: tuple[str, ...]
    placeholders: tuple[str, ...]

    @property
    def any(self) -> bool:
        """Return whether there is any error."""
        return bool(self.form or self.keys or self.placeholders)


def file_errors(files: Sequence[RecipeFile], profiles: Sequence[str]) -> FileErrors:
    """Return the errors in recipe files, each read under every profile."""
    errors: dict[str, list[str]] = {"form": [], "keys": [], "placeholders": []}
    for file, profile in itertools.product(files, profiles):
        for mistake in read_recipe(file, profile).mistakes:
            errors[mistake.kind].append(mistake.message)
    return FileErrors(**{kind: tuple(lines) for kind, lines in errors.items()})


def resolve_all(project: str, files: Sequence[RecipeFile], profiles: Sequence[str]) -> tuple[list[Resolved], list[str]]:
    """Return every recipe resolved under every profile, and an error for each that does not resolve."""
    resolved, errors = [], []
    for file, profile in itertools.product(files, profiles):
        try:
            resolved.append(resolve(Request(project, file.name, profile), earlier_runs(project, profile)))
        except GretchenError as failure:
            hint = f" ({failure.hint})" if failure.hint else ""
            errors.append(f"{paths.shown(file.path)} under {profile}: {failure.problem}{hint}")
    return resolved, errors


def foreign_code(project: str, resolved: Sequence[Resolved]) -> Outcome:
    """Check that no recipe runs code from a model's repository without a pinned commit."""
    return outcome(fault for recipe in resolved for fault in code_faults(recipe.values, recipe.location))


def recipe_mistakes(project: str, resolved: Sequence[Resolved]) -> Outcome:
    """Check for values that an engine accepts and that spoil the training."""
    subjects = [Subject.of(recipe) for recipe in resolved]
    whole = [subject for subject in subjects if not folder_problems(subject.model_dir, TEXTS)]
    return outcome_of(mistake for subject in whole for mistake in find_mistakes(subject))


def profile_values(project: str, resolved: Sequence[Resolved]) -> Outcome:
    """Check for values that do not suit a profile's model, and note those that the recipe's own profile replaces."""
    far = [message for recipe in resolved for message in far_from_profile(recipe)]
    replaced = dict.fromkeys(message for recipe in resolved for message in replaced_by_profile(recipe))
    return outcome(warnings=far, notes=replaced)
