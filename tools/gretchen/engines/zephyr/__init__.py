"""The zephyr engine: one short script per stage, in the manner of the alignment-handbook, around TRL's trainers.

    python -m gretchen.engines.zephyr STAGE recipe.yaml [--resume]

Each script parses its recipe strictly, loads model and data, trains with one TRL trainer, saves. The training loop is
TRL's; this package adds what TRL's own scripts lack: an unknown key is an error, a run resumes, progress is readable.
"""
