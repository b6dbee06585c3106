"""A full disk for tests: a tmpfs of some KB in a mount namespace of its own, for root and (Linux) for other users."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = 'mount -t tmpfs -o size="$1" tmpfs "$2" && shift 2 && exec "$@"'


def run_on_small_disk(code: str, mount_point: Path, size: str, environment: dict[str, str] | None = None) -> str:
    """Run Python code with a disk of `size` ("64k") mounted at `mount_point`, and return what it printed.

    Skips where the system lets this user mount nothing, not even in a namespace of its own.
    """
    namespace = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--mount"]
    if sys.platform != "linux" or subprocess.run([*namespace, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this system lets the user mount no disk")
    mount_point.mkdir(exist_ok=True)
    command = [*namespace, "sh", "-c", SCRIPT, "sh", size, str(mount_point), sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout
