"""Whether this machine is logged in to W&B, and whether its server answers: asked in the places where wandb looks.

It imports no wandb (which takes a second) and does not test whether a key is still valid.
"""

import configparser
import netrc
import os
from pathlib import Path
from urllib.parse import urlsplit

from gretchen import services

PUBLIC = "https://api.forge.coreweave.com"
# The public server has two names; a login under the older one counts as well (wandb/sdk/lib/urls.py).
ALIASES = {"api.forge.coreweave.com": "api.wandb.ai", "forge.coreweave.com": "api.wandb.ai"}
HINT = "`.venv/bin/wandb login`, or set WANDB_API_KEY"


def address() -> str:
    """Return the address of the W&B server: WANDB_BASE_URL, the one of `wandb login --host=…`, or the public one."""
    return os.environ.get("WANDB_BASE_URL") or settings().get("base_url") or PUBLIC


def logged_in() -> bool:
    """Return whether a W&B key lies where wandb looks for one."""
    return bool(os.environ.get("WANDB_API_KEY") or os.environ.get("WANDB_IDENTITY_TOKEN_FILE") or stored_key())


def stored_key() -> str:
    """Return the key that `wandb login` left in the netrc file or the settings; "" where there is none."""
    host = urlsplit(address()).netloc
    try:
        file = netrc.netrc(netrc_file())
    except (OSError, netrc.NetrcParseError):
        return settings().get("api_key", "")
    known = file.authenticators(host) or file.authenticators(ALIASES.get(host, host))
    return (known[2] if known else "") or settings().get("api_key", "")


def netrc_file() -> Path:
    """Return the file that holds logins: NETRC, ~/.netrc, or ~/_netrc where only that exists."""
    usual, other = Path("~/.netrc").expanduser(), Path("~/_netrc").expanduser()
    asked = os.environ.get("NETRC")
    return Path(asked).expanduser() if asked else other if other.exists() and not usual.exists() else usual


def settings() -> dict[str, str]:
    """Return what `wandb login --host=…` and `wandb offline` wrote into wandb's own settings file."""
    folder = os.environ.get("WANDB_CONFIG_DIR") or "~/.config/wandb"
    read = configparser.ConfigParser(interpolation=None)
    try:
        read.read(Path(folder).expanduser() / "settings", encoding="utf-8")
    except (configparser.Error, OSError, UnicodeDecodeError):
        return {}
    return dict(read["default"]) if read.has_section("default") else {}


def answers() -> bool:
    """Return whether the W&B server answers within two seconds, with whatever status."""
    return services.answers(address())
