"""On a processor, large blocks of memory that a training frees are kept for its next step, and returned now and then.

By default glibc maps each block above 32 MiB anew, and the kernel clears its pages each time (bench/freed_memory.py).
Other C libraries have neither mallopt(3) nor malloc_trim(3); nothing happens there.
"""

import ctypes
import os
import sys
from collections.abc import Callable

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, LARGEST_INT = -1, -3, 2**31 - 1  # of glibc's malloc.h
OWN_THRESHOLDS = {"MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"}


def keep_freed_memory() -> None:
    """Let glibc keep large blocks that are freed, from now on; a threshold in mallopt(3)'s MALLOC_ variables holds."""
    if OWN_THRESHOLDS & os.environ.keys():
        return
    if mallopt := _glibc_function("mallopt"):
        for parameter in (M_TRIM_THRESHOLD, M_MMAP_THRESHOLD):
            mallopt(parameter, LARGEST_INT)


def return_freed_memory() -> None:
    """Return what is free to the system, holes in the heap included."""
    if malloc_trim := _glibc_function("malloc_trim"):
        malloc_trim(0)


def _glibc_function(name: str) -> Callable[..., int] | None:
    """Return a function of the C library; None where it has none of that name, and outside Linux."""
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
