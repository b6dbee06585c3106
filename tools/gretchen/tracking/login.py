"""Whether this machine is logged in to W&B, and whether its server answers. It reads the files that wandb reads.

wandb is not imported (that takes a second). Whether a key is still valid is not tested.
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
    """Return whether there is a W&B key in the environment, the netrc file or wandb's settings."""
    return bool(os.environ.get("WANDB_API_KEY") or os.environ.get("WANDB_IDENTITY_TOKEN_FILE") or stored_key())


def stored_key() -> str:
    """Return the key that `wandb login` left in the netrc file or the settings; "" where there is none."""
    host = urlsplit(address()).netloc
    try:
        file = netrc.netrc(netrc_file())
    except (OSError, netrc.NetrcParseError):
        return settings().get("api_key", "")
    entry = file.authenticators(host) or file.authenticators(ALIASES.get(host, host))
    return (entry[2] if entry else "") or settings().get("api_key", "")


def netrc_file() -> Path:
    """Return the file that holds logins: NETRC, ~/.netrc, or ~/_netrc where only that exists."""
    if os.environ.get("NETRC"):
        return Path(os.environ["NETRC"]).expanduser()
    default, other = Path("~/.netrc").expanduser(), Path("~/_netrc").expanduser()
    return other if other.exists() and not default.exists() else default


def settings() -> dict[str, str]:
    """Return what `wandb login --host=…` and `wandb offline` wrote into wandb's own settings file."""
    folder = os.environ.get("WANDB_CONFIG_DIR") or "~/.config/wandb"
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(Path(folder).expanduser() / "settings", encoding="utf-8")
    except (configparser.Error, OSError, UnicodeDecodeError):
        return {}
    return dict(parser["default"]) if parser.has_section("default") else {}


def answers() -> bool:
    """Return whether the W&B server answers within two seconds, with any status."""
    return services.answers(address())
