"""A project's dataset.py and evaluation.py, loaded by path under a package named after the slug.

    load_dataset_module("genome-chatbot")     -> module gretchen_project_genome_chatbot.dataset

Inside them `from . import other` imports the files beside them. The next process sees an edit, this one does not.
"""

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from gretchen import paths
from gretchen.errors import UserError
from gretchen.projects.requirements import require_installed
from gretchen.projects.team_code import SHOW_TRACE, own_location

PREFIX = "gretchen_project_"


def load_dataset_module(project: str) -> ModuleType:
    """Return a project's dataset.py. Raises UserError where it is missing or cannot be imported."""
    return _load(project, "dataset")


def load_evaluation_module(project: str) -> ModuleType:
    """Return a project's evaluation.py. Raises UserError where it is missing or cannot be imported."""
    return _load(project, "evaluation")


def _load(project: str, name: str) -> ModuleType:
    """Return the module `name` of the project's package."""
    folder = paths.projects() / project
    file = folder / f"{name}.py"
    if not file.is_file():
        raise UserError(f"there is no {paths.shown(file)}", "every project has one: see CONTRIBUTING.md")
    require_installed(project)
    try:
        return importlib.import_module(f".{name}", _package(folder).__name__)
    except SyntaxError as fault:
        location = Path(fault.filename or file)
        problem = f"{paths.shown(location)}:{fault.lineno}: {fault.msg}"
        raise UserError(problem, "fix the line, then run the same command again") from None
    except ModuleNotFoundError as fault:
        card = paths.shown(folder / "project.yaml")
        hint = f"a package of this project's own: add it to `requirements:` in {card}, then `make lock`"
        raise UserError(f"{own_location(fault, folder) or paths.shown(file)}: {fault}", hint) from None
    except Exception as fault:  # the team's own code: it may raise anything
        problem = f"{own_location(fault, folder)}: {type(fault).__name__} while it is imported: {fault}"
        raise UserError(problem, SHOW_TRACE) from fault


def _package(folder: Path) -> ModuleType:
    """Return the package of the modules in `folder`; it replaces another root's package of the same name."""
    name = PREFIX + folder.name.replace("-", "_")
    package = sys.modules.get(name)
    if package is None or list(package.__path__) != [str(folder)]:
        for loaded in [key for key in sys.modules if key == name or key.startswith(f"{name}.")]:
            del sys.modules[loaded]
        spec = importlib.util.spec_from_loader(name, loader=None, is_package=True)
        package = importlib.util.module_from_spec(spec)
        package.__path__ = [str(folder)]
        sys.modules[name] = package
        importlib.invalidate_caches()
    return package
