"""On a processor, memory that a training frees is kept for its next step, and goes back to the system now and then."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from process_memory import memory_mib

from gretchen.engines.callbacks import ReturnFreedMemory

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="malloc_trim(3) is glibc's")


def test_it_returns_after_every_tenth_step():
    callback, arguments = ReturnFreedMemory(), SimpleNamespace(device=torch.device("cpu"))
    big = torch.ones(6 * 2**20)  # 24 MiB: once freed, glibc keeps blocks up to this size
    del big
    blocks = [torch.ones(2**18) for _ in range(400)]
    del blocks[::2]
    before = memory_mib("RssAnon")
    callback.on_step_end(arguments, SimpleNamespace(global_step=9), None)
    assert memory_mib("RssAnon") > before - 20
    callback.on_step_end(arguments, SimpleNamespace(global_step=10), None)
    assert memory_mib("RssAnon") < before - 100
    assert len(blocks) == 200, "the others are alive"


# The C library's settings are those of a whole process: this runs in one of its own.
KEPT = """
from types import SimpleNamespace
import torch
from gretchen.engines.callbacks import ReturnFreedMemory
from process_memory import memory_mib

callback, arguments = ReturnFreedMemory(), SimpleNamespace(device=torch.device("cpu"))
def left(): # of a block that is larger than all that glibc keeps by default
    before = memory_mib("RssAnon")
    block = torch.ones(100 * 2**18)
    del block
    return memory_mib("RssAnon") - before
default = left()
callback.on_train_begin(arguments, None, None)
kept = left()
callback.on_step_end(arguments, SimpleNamespace(global_step=10), None)
print(default > 90, kept > 90, left() > 90)
"""


def kept(**variables):
    """Return whether a large block is kept by default, in a training, and after its tenth step."""
    command, folder = [sys.executable, "-c", KEPT], Path(__file__).parent
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")} | variables
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()[-3:]


def test_large_blocks_are_kept_between_steps():
    assert kept() == ["False", "True", "True"]


def test_the_users_own_threshold_holds():
    assert kept(MALLOC_MMAP_THRESHOLD_="262144") == ["False"] * 3
