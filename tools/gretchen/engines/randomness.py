"""Random states that are restored: code after a block sees the random numbers that it would see without the block."""

import contextlib
import random
from collections.abc import Iterator


@contextlib.contextmanager
def same_randomness() -> Iterator[None]:
    """Restore the random states of Python, numpy and torch (all devices) when the block ends."""
    import numpy
    import torch

    python_state, numpy_state = random.getstate(), numpy.random.get_state()
    devices = list(range(torch.cuda.device_count())) if torch.cuda.is_available() else []
    try:
        with torch.random.fork_rng(devices=devices):
            yield
    finally:
        random.setstate(python_state)
        numpy.random.set_state(numpy_state)
