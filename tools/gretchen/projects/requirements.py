"""The packages that a project needs beyond Gretchen's own: `requirements:` on its card.

    require_installed("genome-chatbot")     # before the project's code is imported

A requirement is a name with or without versions, as pip reads it (`biopython`, `rdkit>=2025.3`). constraints.txt pins
it, `make` installs it when the project is first used (lifecycle/requirements.py). Nothing is installed here.
"""

import importlib.metadata

from packaging.requirements import Requirement

from gretchen.errors import UserError
from gretchen.projects.card import Card, project_slugs, read_card


def project_requirements(project: str) -> list[str]:
    """Return the requirements on a project's card; [] for a card with faults, which `make check` reports."""
    card = read_card(project)
    return card.requirements if isinstance(card, Card) else []


def all_requirements() -> list[str]:
    """Return the requirements of all projects, sorted."""
    return sorted({requirement for project in project_slugs() for requirement in project_requirements(project)})


def missing(requirements: list[str]) -> list[str]:
    """Return the requirements that are not installed, or not in a version that fits."""
    return [text for text in requirements if not is_installed(Requirement(text))]


def is_installed(requirement: Requirement) -> bool:
    """Return whether a requirement is installed in a version that fits, or is not for this platform."""
    if requirement.marker and not requirement.marker.evaluate():
        return True
    try:
        version = importlib.metadata.version(requirement.name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return requirement.specifier.contains(version, prereleases=True)


def require_installed(project: str) -> None:
    """Raise UserError where a project's requirements are not installed, with the command that installs them."""
    absent = missing(project_requirements(project))
    if absent:
        raise UserError(
            f"project '{project}' requires {', '.join(absent)}: not installed in this environment",
            f"make data PROJECT={project} (every make target with PROJECT={project} installs its requirements first)",
        )
