"""The memory of the process that runs a test, as Linux has it."""

import re
from pathlib import Path


def memory_mib(name):
    """Return a figure of /proc/self/status in MiB: VmRSS, RssAnon, or VmHWM, the peak."""
    (kib,) = re.findall(rf"{name}:\s+(\d+)", Path("/proc/self/status").read_text(encoding="ascii"))
    return int(kib) / 1024


def forget_peak():
    """Let the peak begin anew (proc_pid_clear_refs(5))."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
