"""W&B's environment variables for an engine's process, so that its own W&B integration tracks a run as Gretchen's.

    environment(run_dir)   -> {"WANDB_PROJECT": "genome-chatbot", "WANDB_RUN_GROUP": "genome-chatbot", …}

Project and group are the course project, the job type is the stage, the id is the run's: a resumed run continues the
same W&B run. Without a login, or where the server does not answer, WANDB_MODE is offline, and `make sync` uploads
later. wandb is not imported, nothing is written.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gretchen.errors import UserError
from gretchen.names import unknown
from gretchen.runs.folder import run_recipe
from gretchen.runs.record import find_record
from gretchen.tracking import login

# No code, git patch or console output: run.json holds the commit, train.log the output. Logged values are on disk after
# two seconds: after wandb's default of 15 a killed short run would have none. wandb's error reports waited ten seconds
# for a silent server.
FIXED_SETTINGS = {
    "WANDB_SILENT": "true",
    "WANDB_CONSOLE": "off",
    "WANDB_DISABLE_GIT": "true",
    "WANDB_DISABLE_CODE": "true",
    "WANDB_FINISH_TIMEOUT_RAISES": "true",
    "WANDB_ERROR_REPORTING": "false",
    "WANDB__TRANSACTION_LOG_FLUSH_INTERVAL": "2",
}
# Defaults that the user may change. Watching gradients is slow and models are gigabytes; a server that falls silent
# delays the start by 20 seconds and the end by 30 at most.
DEFAULTS = {
    "WANDB_WATCH": "false",
    "WANDB_LOG_MODEL": "false",
    "WANDB_INIT_TIMEOUT": "20",
    "WANDB_FINISH_TIMEOUT": "30",
}
MODES = ("online", "offline", "disabled", "shared", "dryrun", "run")


def environment(run_dir: Path) -> dict[str, str]:
    """Return the variables to add to the environment of a run's engine; {} where the run is not tracked by W&B.

    Project, group, name, tags and mode are the recipe's where it sets them, else the user's, else Gretchen's. The run's
    id and folder cannot be chosen.
    """
    record = find_record(run_dir)
    values = run_recipe(run_dir) if record else {}
    if not record or not is_tracked(values):
        return {}
    defaults = DEFAULTS | {
        "WANDB_PROJECT": record.project,
        "WANDB_RUN_GROUP": record.project,
        "WANDB_NAME": f"{record.recipe} {run_dir.name}",
        "WANDB_TAGS": ",".join([record.profile, *(["smoke"] if record.smoke else [])]),
    }
    chosen = {name: os.environ[name] for name in defaults if os.environ.get(name)}
    variables = defaults | chosen | recipe_variables(values)
    if "WANDB_MODE" not in variables:
        variables["WANDB_MODE"] = mode()
    run_variables = {"WANDB_DIR": str(run_dir), "WANDB_RUN_ID": run_dir.name, "WANDB_RESUME": "allow"}
    return variables | FIXED_SETTINGS | run_variables | {"WANDB_JOB_TYPE": record.stage}


def is_tracked(values: Mapping[str, Any]) -> bool:
    """Return whether W&B tracks a run of this resolved recipe, of either engine: unless the recipe reports elsewhere.

    Recipes leave it open, so that upstream's own commands run them without a login.
    """
    return reports_to_wandb(values) or all(values.get(key) is None for key in ("report_to", "use_wandb"))


def reports_to_wandb(values: Mapping[str, Any]) -> bool:
    """Return whether a resolved recipe itself makes its engine report to W&B."""
    report_to = values.get("report_to") or []
    services = [report_to] if isinstance(report_to, str) else report_to
    return bool({"wandb", "all"} & set(services) or values.get("use_wandb") or values.get("wandb_project"))


def recipe_variables(values: Mapping[str, Any]) -> dict[str, str]:
    """Return W&B's variables that a recipe sets: by axolotl's `wandb_…` keys, by TRL's `env:` block."""
    keys = {name.upper(): value for name, value in values.items() if name.startswith("wandb_")}
    block = {name: value for name, value in (values.get("env") or {}).items() if name.startswith("WANDB_")}
    return {name: str(value) for name, value in (keys | block).items() if value not in (None, "")}


def mode() -> str:
    """Return the mode set by WANDB_MODE or `wandb offline`; else "online" with a key and a server that answers.

    Otherwise it is "offline". Raises UserError for a WANDB_MODE that wandb does not know.
    """
    configured = os.environ.get("WANDB_MODE") or login.settings().get("mode")
    if configured and configured not in MODES:
        raise UserError(*unknown("WANDB_MODE", configured, MODES))
    return configured or ("online" if login.logged_in() and login.answers() else "offline")
