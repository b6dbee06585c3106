"""Merging: an adapter into the weights it was trained on, with a proof that the result is what was trained.

    adapter.py -> arithmetic.py, shards.py -> stream.py (or by_peft.py) -> companions.py -> weights.py, answers.py

run.py does it for a run or for standalone folders. Nothing heavy is imported with this package.
"""

from gretchen.merging.run import merge_folders, merge_run

__all__ = ["merge_folders", "merge_run"]
