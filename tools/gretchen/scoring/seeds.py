"""Runs that differ in the seed alone: one row of a table, the mean over training seeds.

    make train PROJECT=genome-chatbot SET="seed=1"      then the same with seed=2, and make eval

Two runs differ in the seed alone where their resolved recipes are the same but for seeds and paths of runs, base and
data are the same, and they started from the same run, or from runs that differ in the seed alone.
"""

import json
import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path

import yaml

from gretchen import paths
from gretchen.errors import WorkError
from gretchen.files import text_hash
from gretchen.recipes.schema import MODEL
from gretchen.runs.record import Run, RunRecord, read_record

SEEDS = ("seed", "data_seed")  # keys of a recipe, in both engines


def trains_recipe(record: RunRecord) -> bool:
    """Return whether a run trained what its recipe says, with the recipe's seed or another one."""
    keys = [word.partition("=")[0] for word in shlex.split(record.set)]
    return not record.chain and all(key in SEEDS for key in keys)


def signature(run: Run) -> str:
    """Return a hash of what a run trained, but for its seed: equal for runs that differ in it alone."""
    record, file = run.record, run.path / "recipe.yaml"
    if not file.is_file():
        return run.name
    text = file.read_text(encoding="utf-8").replace(paths.shown(run.path), "<run>")
    signatures = []
    for earlier in filter(None, [record.parent, *record.uses.values()]):
        signatures.append(_signature_of_earlier(paths.root() / earlier.run))
        text = text.replace(earlier.run, signatures[-1])
    # What it starts from is known by its weights and by the earlier run: axolotl's path holds the clone's folder.
    other = (*SEEDS, MODEL[record.engine])
    values = {key: value for key, value in yaml.safe_load(text).items() if key not in other}
    # Rows of another format may differ: new preference pairs leave two SFT runs what they are.
    parts = [record.recipe, record.profile, record.base.weights, record.rows or record.data, values, signatures]
    return text_hash(json.dumps(parts, sort_keys=True, default=str))


def _signature_of_earlier(run_dir: Path) -> str:
    """Return the signature of an earlier run; its name where it has no record any more."""
    try:
        return signature(Run(run_dir, read_record(run_dir)))
    except WorkError:
        return run_dir.name


def replicates(run: Run, candidates: Iterable[Run]) -> list[Run]:
    """Return the candidates that differ from a run in the seed alone, the first of each seed, in the seeds' order."""
    own, by_seed = signature(run), {run.record.seed: run}
    for candidate in candidates:
        if candidate.record.recipe == run.record.recipe and signature(candidate) == own:
            by_seed.setdefault(candidate.record.seed, candidate)
    return [other for seed, other in sorted(by_seed.items()) if seed != run.record.seed]


def grouped(runs: Sequence[Run]) -> list[list[Run]]:
    """Return runs in groups that differ in the seed alone, each group and the groups in the runs' order."""
    groups: list[list[Run]] = []
    for run in runs:
        if not any(run in group for group in groups):
            others = [other for other in runs if not any(other in group for group in groups)]
            groups.append([run, *replicates(run, others)])
    return groups
