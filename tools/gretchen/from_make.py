"""From make to the command line: `python -m gretchen.from_make VERB`, which the Makefile's targets call.

The Makefile exports each variable of its own command line raw, as GRETCHEN_MAKE_<NAME>, and their names in
GRETCHEN_MAKE; the rest of the environment is ignored. Each variable becomes the verb's option of the same name:
PROJECT=x is --project=x, RECORD=1 is --record, an empty value is left out; KEY=x is explain's argument, FILES="x y" are
those of upgrade. With several goals (`make train eval …`) a variable must be known to one of them, and is passed to
those that know it. Before the verb runs, the requirements of its project are installed.
"""

import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from gretchen import cli, paths
from gretchen.errors import GretchenError, UserError
from gretchen.lifecycle.requirements import install_requirements
from gretchen.names import unknown
from gretchen.projects.card import missing_option, project_slugs
from gretchen.safe_text import visible

ALL_PROJECTS = ("check", "lint", "test")  # these run the code of all projects where none is named
TRUE, FALSE = {"1", "yes", "true", "on"}, {"0", "no", "false", "off"}


def variables(environment: Mapping[str, str]) -> dict[str, str]:
    """Return {NAME: raw value} of the variables on make's command line; empty values are left out."""
    names = environment.get("GRETCHEN_MAKE", "").split()
    values = {name: environment.get(f"GRETCHEN_MAKE_{name}", "") for name in names}
    return {name: value for name, value in values.items() if value}


def options(verb: str) -> dict[str, click.Parameter]:
    """Return {VARIABLE: click option or argument} of a verb; {} for a target that is no verb."""
    if verb not in cli.verbs():
        return {}
    parameters = {}
    for parameter in cli.verb_command(verb).params:
        longest = max(parameter.opts, key=len)
        parameters[longest.removeprefix("--").replace("-", "_").upper()] = parameter
    return parameters


def require_known(given: Mapping[str, str], verb: str, goals: list[str]) -> None:
    """Raise UserError for a variable that none of the goals knows, naming the nearest one."""
    known = {name for goal in {verb, *goals} for name in options(goal)}
    for name in given:
        if name not in known:
            problem, hint = unknown("variable", name, known)
            raise UserError(f"{problem} for make {' '.join(goals) or verb}", hint)


def arguments(verb: str, given: Mapping[str, str]) -> list[str]:
    """Return the verb's arguments for the variables it knows, in the verb's own order.

    Raises UserError for a switch that is neither on nor off, and for a missing variable.
    """
    words, positional = [], []
    for name, option in options(verb).items():
        value = given.get(name)
        if value is None:
            if option.required:
                raise missing_option(verb, name)
        elif isinstance(option, click.Argument):
            positional += [value] if option.nargs == 1 else shlex.split(value)
        elif option.is_flag:
            words += switch(name, value, option)
        else:
            # As one word: a value may begin with a dash.
            long = max(option.opts, key=len)
            words += [f"{long}={part}" for part in (shlex.split(value) if option.multiple else [value])]
    return [*words, "--", *positional] if positional else words


def switch(name: str, value: str, option: click.Option) -> list[str]:
    """Return the words for RECORD=1 or RECORD=0."""
    if value.lower() in TRUE:
        return [max(option.opts, key=len)]
    if value.lower() in FALSE:
        return [max(option.secondary_opts, key=len)] if option.secondary_opts else []
    raise UserError(f"{name}={value} is neither on nor off", f"say {name}=1 or {name}=0")


def typed(verb: str, given: Mapping[str, str]) -> str:
    """Return the command as it can be typed again; run.json holds it."""
    return " ".join(["make", verb, *(f"{name}={shlex.quote(value)}" for name, value in given.items())])


def used_projects(verb: str, given: Mapping[str, str]) -> list[str]:
    """Return the projects whose code the verb may run: the one given, for check, lint and test all; no unknown ones."""
    named = [given[name] for name in ("PROJECT", "FROM") if name in given and name in options(verb)]
    known = project_slugs()
    if verb in ALL_PROJECTS and not named:
        return known
    return [project for project in named if project in known]


def require_own_clone() -> None:
    """Raise UserError where .venv was copied along with a clone: it would run the other clone's code."""
    clone = Path.cwd().resolve()
    if "GRETCHEN_ROOT" not in os.environ and paths.root() != clone:
        raise UserError(f".venv in {clone} belongs to the clone in {paths.root()}", "rm -rf .venv, then make again")


def run(verb: str, environment: Mapping[str, str]) -> int:
    """Run the verb with the variables of make's command line, and return the exit code."""
    given = variables(environment)
    try:
        require_own_clone()
        require_known(given, verb, environment.get("GRETCHEN_GOALS", "").split())
        words = arguments(verb, given)
        install_requirements(used_projects(verb, given))
    except GretchenError as failure:
        print(visible(str(failure)), file=sys.stderr)
        return failure.exit_code
    os.environ["GRETCHEN_COMMAND"] = typed(verb, given)
    return cli.run([verb, *words])


if __name__ == "__main__":
    sys.exit(run(sys.argv[1], os.environ))
