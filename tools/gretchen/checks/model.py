"""Checks of the models that recipes start from: weights, special tokens, chat template.

Models are looked up on this disk. A hub id is not: the report says that it was not.
"""

from collections.abc import Sequence
from pathlib import Path

from gretchen import paths
from gretchen.checks.report import Outcome, outcome, skipped
from gretchen.models import files, locate
from gretchen.models.chat_templates import template_problems
from gretchen.models.damage import TEXTS, folder_problems
from gretchen.recipes.resolve import Resolved
from gretchen.recipes.schema import MODEL

NO_LOCAL_MODEL = "no model is on this disk"


def weights(project: str, resolved: Sequence[Resolved]) -> Outcome:
    """Check that each recipe's model is on this disk in safetensors, unless it is on the hub or trained earlier."""
    errors, on_hub, on_disk, from_runs = [], [], [], []
    for recipe in resolved:
        name = str(recipe.values[MODEL[recipe.engine]])
        folder = model_folder(recipe)
        if folder is not None:
            on_disk.append(name)
            errors += _folder_errors(project, name, folder)
        elif recipe.parent_stage and name.startswith(f"runs/{project}/"):  # the training merges it
            from_runs.append(f"{recipe.name} from the newest run of {recipe.parent_stage}")
        elif name.startswith(("projects/", "runs/", "./", "/", "../")):
            errors.append(f"{name}: no such folder{_how_to_make(project, name)}")
        else:
            on_hub.append(name)
    not_looked_up = [f"{', '.join(dict.fromkeys(on_hub))} on the hub: not looked up"] if on_hub else []
    others = [*not_looked_up, *dict.fromkeys(from_runs)]
    if errors or on_disk:
        return outcome(errors, scope=", ".join([*dict.fromkeys(on_disk), *others]))
    return skipped(", ".join(others))


def special_tokens(project: str, resolved: Sequence[Resolved]) -> Outcome:
    """Check EOS and padding in the files of each model on this disk."""
    folders = _local_folders(resolved)
    if not folders:
        return skipped(NO_LOCAL_MODEL)
    faults = [fault for folder in folders for fault in files.token_problems(folder)]
    notes = [note for folder in folders for note in files.padding_notes(folder)]
    return outcome(faults, notes=notes, scope=_names(folders))


def chat_templates(project: str, resolved: Sequence[Resolved]) -> Outcome:
    """Check the chat template of each model on this disk with each recipe that trains on conversations."""
    folders = _local_folders(resolved)
    if not folders:
        return skipped(NO_LOCAL_MODEL)
    errors: list[str] = []
    for recipe in resolved:
        folder = model_folder(recipe)
        if folder in folders and recipe.stage != "pretrain":
            errors += template_problems(folder, recipe.values)
    return outcome(errors, scope=_names(folders))


def model_folder(resolved: Resolved) -> Path | None:
    """Return the folder of the model that a recipe starts from; None where it is not on this disk."""
    return locate.model_folder(str(resolved.values[MODEL[resolved.engine]]))


def _local_folders(resolved: Sequence[Resolved]) -> list[Path]:
    """Return the model folders on this disk, each once, without those with damaged text files (see `weights`)."""
    folders = dict.fromkeys(folder for recipe in resolved if (folder := model_folder(recipe)) is not None)
    return [folder for folder in folders if not folder_problems(folder, TEXTS)]


def _names(folders: Sequence[Path]) -> str:
    """Return folders as a list for people."""
    return ", ".join(paths.shown(folder) for folder in folders)


def _folder_errors(project: str, name: str, folder: Path) -> list[str]:
    """Return what is wrong with a model's folder: not in hub format, no weights, pickles."""
    if not (folder / "config.json").is_file():
        return [f"{name}: no config.json{_how_to_make(project, name)}"]
    has_weights = any(folder.glob("*.safetensors"))
    missing = [] if has_weights else [f"{name}: no weights (*.safetensors){_how_to_make(project, name)}"]
    return missing + files.pickle_problems(folder) + folder_problems(folder)


def _how_to_make(project: str, name: str) -> str:
    """Return the command that makes the embedded base, where that is what is missing."""
    return f" (make base PROJECT={project})" if name == f"projects/{project}/base" else ""
