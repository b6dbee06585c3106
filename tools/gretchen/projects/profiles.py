"""Which profile a command uses on a project: the one given, else the project's default.

    profile_of("genome-chatbot", "")     -> "tiny": it has an embedded base
    profile_of("chemistry-tutor", "")    -> "laptop": it has none

A project without an embedded base has no `models.tiny` on its card.
"""

from gretchen import hardware
from gretchen.errors import UserError
from gretchen.hardware import PROFILES, Machine
from gretchen.names import unknown
from gretchen.projects.card import load_card

PROFILE_HELP = "the hardware: tiny, laptop, gpu-16gb …, or auto; without it tiny, or laptop in a project without a base"


def default_profile(project: str) -> str:
    """Return the profile of a command that names none. Raises UserError for an unknown project."""
    return load_card(project).profiles[0]


def profile_of(project: str, profile: str) -> str:
    """Return the profile that a command names (`auto`: by this machine's hardware), else the project's default.

    Raises UserError for an unknown project or profile, and for `tiny` where the project has no embedded base.
    """
    if profile == "auto":
        return fitting_profile(project, hardware.machine())
    profile = profile or default_profile(project)
    if profile not in PROFILES:
        raise UserError(*unknown("profile", profile, [*PROFILES, "auto"]))
    require_model(project, profile)
    return profile


def fitting_profile(project: str, machine: Machine) -> str:
    """Return the profile that fits a machine best, of those that the project has a model for."""
    best = hardware.best_profile(machine)[0]
    return best if best in load_card(project).models else default_profile(project)


def require_model(project: str, profile: str) -> None:
    """Raise UserError where a project's card names no model for a profile: it has no embedded base."""
    card = load_card(project)
    if profile in PROFILES and profile not in card.models:
        model = card.models[card.profiles[0]]
        raise UserError(
            f"project '{project}' has no embedded base, which profile '{profile}' trains",
            f"PROFILE={card.profiles[0]}, the default of this project, trains {model}",
        )


def chosen_profile(project: str, profile: str, machine: Machine) -> str:
    """Return the profile of a command that runs a model: as `profile_of`, on a machine that has the hardware.

    Raises UserError as `profile_of`, and for a profile that needs a GPU on a machine without.
    """
    profile = fitting_profile(project, machine) if profile == "auto" else profile_of(project, profile)
    hardware.require_profile(profile, machine)
    return profile


def profile_option(project: str, profile: str) -> str:
    """Return " PROFILE=laptop" for a command that a message names, "" for the project's default."""
    return "" if profile == default_profile(project) else f" PROFILE={profile}"
