"""External services: whether a server answers, and the file with the hub's token. W&B's login is tracking/login.py.

It sends one HEAD request, and does not test whether a login is still valid.
"""

import os
import urllib.error
import urllib.request
from pathlib import Path

SECONDS = 2.0


def answers(address: str) -> bool:
    """Return whether a server answers at an address within two seconds, with whatever status."""
    try:
        urllib.request.urlopen(urllib.request.Request(address, method="HEAD"), timeout=SECONDS).close()
    except urllib.error.HTTPError:
        return True
    except (OSError, ValueError):
        return False
    return True


def hub_token_file() -> Path:
    """Return the file in which the hub's client keeps its token."""
    home = os.environ.get("HF_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache", "huggingface")
    return Path(os.environ.get("HF_TOKEN_PATH") or Path(home, "token")).expanduser()
