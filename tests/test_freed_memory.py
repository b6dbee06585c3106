"""Memory that the C library keeps free goes back to the system while a training runs on a processor."""

import re
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from gretchen.engines.callbacks import ReturnFreedMemory

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="malloc_trim(3) is glibc's")


def test_it_returns_after_every_tenth_step():
    callback, arguments = ReturnFreedMemory(), SimpleNamespace(device=torch.device("cpu"))
    big = torch.ones(6 * 2**20)  # 24 MiB: once freed, glibc keeps blocks up to this size
    del big
    blocks = [torch.ones(2**18) for _ in range(400)]
    del blocks[::2]
    before = resident_mib()
    callback.on_step_end(arguments, SimpleNamespace(global_step=9), None)
    assert resident_mib() > before - 20
    callback.on_step_end(arguments, SimpleNamespace(global_step=10), None)
    assert resident_mib() < before - 100
    assert len(blocks) == 200, "the others are alive"


def resident_mib() -> float:
    """Return the anonymous memory of this process that is resident."""
    (kib,) = re.findall(r"RssAnon:\s+(\d+)", Path("/proc/self/status").read_text(encoding="ascii"))
    return int(kib) / 1024
