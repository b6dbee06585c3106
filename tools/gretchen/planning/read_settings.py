"""A resolved recipe's settings: read_settings(resolved, cpu=False)."""

from gretchen.planning.axolotl_settings import axolotl_settings
from gretchen.planning.settings import Settings
from gretchen.planning.trl_settings import trl_settings
from gretchen.recipes.resolve import Resolved


def read_settings(resolved: Resolved, cpu: bool) -> Settings:
    """Return a resolved recipe's settings, on a CPU (`cpu`) or on a GPU."""
    return trl_settings(resolved, cpu) if resolved.engine == "zephyr" else axolotl_settings(resolved, cpu)
