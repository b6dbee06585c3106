"""External services: the hub switched off and on, whether a server answers, the hub's token and cache.

    stay_offline()          when a command starts: the libraries look nothing up on the hub
    use_hub()               once something is named that only the hub has
    without_hub_kernels()   no native code from the hub

W&B's login is tracking/login.py. It is not tested whether a login is still valid.
"""

import os
import sys
import urllib.error
import urllib.request
from pathlib import Path

SECONDS = 2.0
OFFLINE = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_DATASETS_OFFLINE")
SET_BY_US = "GRETCHEN_HUB_OFFLINE"  # HF_HUB_OFFLINE is ours, not the user's
HUB_KERNELS = "USE_HUB_KERNELS"  # transformers' own switch


def stay_offline() -> None:
    """Switch the hub off for this process and its children, unless the user has set it on or off."""
    if not any(os.environ.get(name) for name in OFFLINE):
        os.environ |= {OFFLINE[0]: "1", SET_BY_US: "1"}


def use_hub() -> None:
    """Switch the hub on again where `stay_offline` switched it off, for libraries that are already imported too."""
    if os.environ.pop(SET_BY_US, None):
        del os.environ[OFFLINE[0]]
        for name in ("huggingface_hub.constants", "datasets.config"):
            if module := sys.modules.get(name):
                module.HF_HUB_OFFLINE = False


def without_hub_kernels() -> None:
    """Let the package `kernels` count as not installed, unless USE_HUB_KERNELS is set.

    It downloads native code from the hub and runs it: bitsandbytes does so when it is imported on some CPUs.
    """
    if not os.environ.get(HUB_KERNELS):
        sys.modules.setdefault("kernels", None)  # type: ignore[arg-type] (Python's own way to block an import)


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
    return Path(os.environ.get("HF_TOKEN_PATH") or Path(_hub_home(), "token")).expanduser()


def hub_cache() -> Path:
    """Return the folder in which the hub's client keeps models and data sets."""
    return Path(os.environ.get("HF_HUB_CACHE") or Path(_hub_home(), "hub")).expanduser()


def _hub_home() -> Path:
    """Return the folder of the hub's client."""
    return Path(os.environ.get("HF_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache", "huggingface"))
