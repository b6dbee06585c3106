"""A guard for child processes: any attempt to look up or reach another machine is recorded, and fails.

    environment(**guard(tmp_path))      for a child process; attempts(tmp_path) lists what it tried

Python's sockets are guarded, in every process below too; programs that are not Python (wandb's) are not.
"""

import os
from pathlib import Path

SITE = """
import os, socket, sys, traceback

LOOPBACK = ("localhost", "127.", "::1", "0.0.0.0")

def guarded(name, original):
    def call(*arguments, **options):
        target = arguments[-1] if name.startswith("connect") else arguments[0]
        host = target[0] if isinstance(target, tuple) else target
        host = host.decode() if isinstance(host, bytes) else host
        is_unix = name.startswith("connect") and arguments[0].family == socket.AF_UNIX
        if not is_unix and host and not str(host).startswith(LOOPBACK) and host != socket.gethostname():
            stack = "".join(traceback.format_stack(limit=25)[:-1])
            with open(os.environ["NETWORK_LOG"], "a") as log:
                log.write(f"{name} {host} by {sys.argv}\\n{stack}\\n")
            raise OSError(f"the test's guard: {name} {host}")
        return original(*arguments, **options)
    return call

for name in ("connect", "connect_ex"):
    setattr(socket.socket, name, guarded(name, getattr(socket.socket, name)))
for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
    setattr(socket, name, guarded(name, getattr(socket, name)))
"""


def guard(folder: Path) -> dict[str, str]:
    """Write the guard into a folder, and return the variables with which Python loads it; the hub is as people have it.

    HF_HUB_OFFLINE, which the tests set for themselves, is empty here.
    """
    site = folder / "site"
    site.mkdir(exist_ok=True)
    (site / "sitecustomize.py").write_text(SITE, encoding="utf-8")
    path = os.pathsep.join(filter(None, [str(site), os.environ.get("PYTHONPATH")]))
    return {"PYTHONPATH": path, "NETWORK_LOG": str(folder / "network.log"), "HF_HUB_OFFLINE": ""}


def attempts(folder: Path) -> str:
    """Return what guarded processes tried to reach, with stacks; "" for nothing."""
    log = folder / "network.log"
    return log.read_text(encoding="utf-8") if log.is_file() else ""
