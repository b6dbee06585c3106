"""What libraries say of themselves, kept off the screen: people read one clear line.

    quieten()             from now on: no progress bars of models, no notes of a library on its parts
    with silent(): …      nothing at all while the block runs, C code included

What an engine writes while it trains goes to its run's train.log and is kept.
"""

import contextlib
import logging
import os
import sys
import warnings
from collections.abc import Iterator


def quieten() -> None:
    """Keep progress bars, and what libraries report of their own parts as they are imported, off the screen."""
    for library in ("bitsandbytes", "peft"):
        warnings.filterwarnings("ignore", module=library)
    for name in ("torchao", "torch.utils._pytree", "bitsandbytes"):
        logging.getLogger(name).setLevel(logging.ERROR)
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()


@contextlib.contextmanager
def silent() -> Iterator[None]:
    """Send what is written to stdout and stderr, by C code too, nowhere while the block runs."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept = [os.dup(number) for number in (1, 2)]
    with open(os.devnull, "wb") as nowhere:
        try:
            for number in (1, 2):
                os.dup2(nowhere.fileno(), number)
            yield
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for number, file in zip((1, 2), kept, strict=True):
                os.dup2(file, number)
                os.close(file)
