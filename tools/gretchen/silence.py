"""Keep the output of libraries about themselves off the screen.

    quieten()             from now on: no progress bars of model loading, no notes of libraries on their own parts
    with silent(): …      no output at all while the block runs, that of C code included

What an engine prints while it trains goes to its run's train.log.
"""

import contextlib
import logging
import os
import sys
import warnings
from collections.abc import Iterator


def quieten() -> None:
    """Switch off progress bars, and the warnings that libraries print about their own parts when they are imported."""
    for library in ("bitsandbytes", "peft"):
        warnings.filterwarnings("ignore", module=library)
    for name in ("torchao", "torch.utils._pytree", "bitsandbytes"):
        logging.getLogger(name).setLevel(logging.ERROR)
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()


@contextlib.contextmanager
def silent() -> Iterator[None]:
    """Discard what is written to stdout and stderr, by C code too, while the block runs."""
    sys.stdout.flush()
    sys.stderr.flush()
    saved = [os.dup(descriptor) for descriptor in (1, 2)]
    with open(os.devnull, "wb") as devnull:
        try:
            for descriptor in (1, 2):
                os.dup2(devnull.fileno(), descriptor)
            yield
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for descriptor, original in zip((1, 2), saved, strict=True):
                os.dup2(original, descriptor)
                os.close(original)
