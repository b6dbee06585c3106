"""The command line: `gretchen VERB …`. One file of commands/ per verb, bearing its name.

A module `lm_eval.py` that defines `def lm_eval(…)` is the verb `lm-eval`. Only the typed verb's module is imported, so
that `gretchen --help` and the quick verbs load nothing heavy.
"""

import importlib
import re
import sys
import traceback
from pathlib import Path

import click
import typer
import typer.core
from typer.main import get_command

from gretchen import commands
from gretchen.errors import GretchenError
from gretchen.hardware import bound_spinning, ignore_launcher
from gretchen.names import unknown_in_short
from gretchen.safe_text import visible
from gretchen.services import stay_offline, without_hub_kernels


def verbs() -> dict[str, str]:
    """Return {verb: first line of its module's docstring}, read from the sources without importing them."""
    summaries = {}
    for path in sorted(path for folder in commands.__path__ for path in Path(folder).glob("*.py")):
        source = path.read_text(encoding="utf-8")
        if re.search(rf"^def {path.stem}\(", source, re.MULTILINE):
            summaries[path.stem.replace("_", "-")] = source.split('"""', 2)[1].strip().splitlines()[0]
    return summaries


def verb_command(verb: str) -> click.Command:
    """Return the click command of a verb; imports its module."""
    name = verb.replace("-", "_")
    function = getattr(importlib.import_module(f"gretchen.commands.{name}"), name)
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command(name=verb, help=function.__doc__)(function)
    command = get_command(app)
    command.name = verb
    return command


class Verbs(typer.core.TyperGroup):
    """The group of all verbs, each loaded when it is typed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the verbs' names."""
        return list(verbs())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the verb's command, or None for an unknown name."""
        return verb_command(cmd_name) if cmd_name in verbs() else None

    def resolve_command(self, ctx: click.Context, args: list[str]):  # noqa: ANN201 (click's own type)
        """Find the verb; an unknown one is an error that names the nearest."""
        if args and not args[0].startswith("-") and args[0] not in verbs():
            ctx.fail(unknown_in_short("verb", args[0], verbs()))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the verbs with the first lines of their modules, without importing them."""
        with formatter.section("Verbs"):
            formatter.write_dl(list(verbs().items()))


STOPPED = 130  # the exit code of shells for a program ended by Ctrl-C

group = Verbs(name="gretchen", help="Fine-tuning recipes for a course: data, train, eval.", rich_markup_mode=None)


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit code: 0 done, 1 the work failed, 2 the input is wrong, 130 Ctrl-C.

    `-v` before the verb also prints the trace of a failure in a project's own code.
    """
    verbose = arguments[:1] in (["-v"], ["--verbose"])
    arguments = arguments[verbose:]
    stay_offline()
    without_hub_kernels()
    bound_spinning()
    try:
        ignore_launcher()
        code = group.main(arguments, prog_name="gretchen", standalone_mode=False) or 0
    except GretchenError as failure:
        if verbose and failure.__cause__:
            traceback.print_exception(failure.__cause__)
        print(visible(str(failure)), file=sys.stderr)
        return failure.exit_code
    except click.ClickException as failure:
        print(visible(f"error: {failure.format_message()}"), file=sys.stderr)
        return 2
    except click.exceptions.Exit as end:
        code = end.exit_code
    except (KeyboardInterrupt, click.Abort):
        code = STOPPED
    if code == STOPPED:  # typer turns Ctrl-C into an Exit
        print("\nstopped", file=sys.stderr)
    return code


def main() -> None:
    """Entry point of the `gretchen` script."""
    sys.exit(run(sys.argv[1:]))
