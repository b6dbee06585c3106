"""Memory that the C library keeps free goes back to the system while a training runs on a processor."""

import sys
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
