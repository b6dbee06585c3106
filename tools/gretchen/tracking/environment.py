"""What an engine's process finds in its environment, so that its own W&B integration tracks a run as ours.

    environment(run)   -> {"WANDB_PROJECT": "genome-chatbot", "WANDB_RUN_GROUP": "genome-chatbot", …}

Project and group are the course project, the job type is the stage, the id is the run's: a resumed run goes on as the
same one. Without a login, or where the server does not answer, WANDB_MODE says offline, and `make sync` uploads later.
It imports no wandb, and writes nothing.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from gretchen.errors import UserError
from gretchen.names import unknown
from gretchen.runs.record import find_record
from gretchen.tracking import login

# Not the code, not git's patch, not the console: run.json holds the commit, train.log the output. What was logged is on
# disk two seconds later (wandb's usual 15 would be all that a killed short run had). wandb's reports on itself waited
# ten seconds for a silent server.
QUIET = {
    "WANDB_SILENT": "true",
    "WANDB_CONSOLE": "off",
    "WANDB_DISABLE_GIT": "true",
    "WANDB_DISABLE_CODE": "true",
    "WANDB_FINISH_TIMEOUT_RAISES": "true",
    "WANDB_ERROR_REPORTING": "false",
    "WANDB__TRANSACTION_LOG_FLUSH_INTERVAL": "2",
}
# For the user to change. Watching gradients is slow and models are gigabytes; a server that falls silent holds up the
# start for 20 seconds and the end for 30 at most.
CAREFUL = {
    "WANDB_WATCH": "false",
    "WANDB_LOG_MODEL": "false",
    "WANDB_INIT_TIMEOUT": "20",
    "WANDB_FINISH_TIMEOUT": "30",
}
MODES = ("online", "offline", "disabled", "shared", "dryrun", "run")


def environment(run: Path) -> dict[str, str]:
    """Return the variables to add to the environment of a run's engine; {} where the run is not tracked by W&B.

    Project, group, name, tags and mode are the recipe's where it says them, else the user's, else ours. The run's id
    and folder are nobody's to choose.
    """
    record = find_record(run)
    values = recipe(run) if record else {}
    if not record or not reports(values):
        return {}
    usual = CAREFUL | {
        "WANDB_PROJECT": record.project,
        "WANDB_RUN_GROUP": record.project,
        "WANDB_NAME": f"{record.recipe} {run.name}",
        "WANDB_TAGS": ",".join([record.profile, *(["smoke"] if record.smoke else [])]),
    }
    wanted = usual | {name: os.environ[name] for name in usual if os.environ.get(name)} | said(values)
    if "WANDB_MODE" not in wanted:
        wanted["WANDB_MODE"] = mode()
    fixed = {"WANDB_DIR": str(run), "WANDB_RUN_ID": run.name, "WANDB_RESUME": "allow"}
    return wanted | QUIET | fixed | {"WANDB_JOB_TYPE": record.stage}


def reports(values: Mapping[str, Any]) -> bool:
    """Return whether a run of this resolved recipe, of either engine, is tracked by W&B: unless it says something else.

    Recipes leave it open, so that upstream's own commands run them where nobody is logged in.
    """
    return asks(values) or all(values.get(key) is None for key in ("report_to", "use_wandb"))


def asks(values: Mapping[str, Any]) -> bool:
    """Return whether a resolved recipe itself tells its engine to report to W&B."""
    report_to = values.get("report_to") or []
    named = [report_to] if isinstance(report_to, str) else report_to
    return bool({"wandb", "all"} & set(named) or values.get("use_wandb") or values.get("wandb_project"))


def said(values: Mapping[str, Any]) -> dict[str, str]:
    """Return what a recipe says of W&B itself: axolotl's `wandb_…` keys, TRL's `env:` block."""
    keys = {name.upper(): value for name, value in values.items() if name.startswith("wandb_")}
    block = {name: value for name, value in (values.get("env") or {}).items() if name.startswith("WANDB_")}
    return {name: str(value) for name, value in (keys | block).items() if value not in (None, "")}


def mode() -> str:
    """Return the mode that WANDB_MODE or `wandb offline` asks for; else "online" with a key and a server that answers.

    Else it is "offline". Raises UserError for a WANDB_MODE that wandb does not know.
    """
    asked = os.environ.get("WANDB_MODE") or login.settings().get("mode")
    if asked and asked not in MODES:
        raise UserError(*unknown("WANDB_MODE", asked, MODES))
    return asked or ("online" if login.logged_in() and login.answers() else "offline")


def recipe(run: Path) -> dict[str, Any]:
    """Return the values of a run's resolved recipe."""
    return yaml.safe_load((run / "recipe.yaml").read_text(encoding="utf-8"))
