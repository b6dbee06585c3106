"""Which models one table may compare: the base, and the finished runs that share base, profile, data and template.

A run that shares them not is refused with the reason. Nothing is loaded here but, where two chat templates differ in
letters, a tokenizer to see whether they differ in effect.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from gretchen import paths
from gretchen.errors import UserError
from gretchen.files import text_hash
from gretchen.models.locate import weights_hash
from gretchen.runs.folder import trained_weights
from gretchen.runs.record import RunRecord, read_record
from gretchen.runs.store import finished_run, newest_by_recipe

PROBE = [
    {"role": "user", "content": "One?"},
    {"role": "assistant", "content": "Two."},
    {"role": "user", "content": "Three?"},
]


@dataclass(frozen=True)
class System:
    """One model of the table: `kind` is base, prompted, document, run, or reward for a run that trained a reward model.

    `run` and `record` (run.json) only for a run; `model` is the base, or what the run started from.
    """

    name: str
    kind: str
    model: str
    weights: str
    run: Path | None = None
    record: RunRecord | None = None

    @property
    def adapter(self) -> Path | None:
        """The run's adapter folder, None for a full model."""
        return self.run / "adapter" if self.run and (self.run / "adapter").is_dir() else None

    @property
    def folder(self) -> Path | None:
        """The folder that holds the system's own weights, None where they lie in the hub's cache."""
        place = trained_weights(self.run) if self.run else paths.root() / self.model
        return place if place.is_dir() else None


def refusal(record: RunRecord, base: str, profile: str, data: str) -> str | None:
    """Return why a run cannot stand in one table with the base of this profile on this data, None where it can."""
    if record.profile != profile:
        return f"was trained under PROFILE={record.profile}, this table is of {profile}"
    if record.base.weights != base:
        return f"was trained from other weights of {record.base.model} than lie there now"
    if record.data != data:
        return f"was trained on other data ({record.data[:8]}, now {data[:8]}): its test set is another one"
    start = record.start
    if record.parent and weights_hash(start.model) != start.weights:
        return f"started from {start.model}, which is gone or another one now"
    return None


def systems(project: str, profile: str, model: str, data: str, wanted: list[str]) -> tuple[list[System], list[str]]:
    """Return the base and the runs to compare with it, and a line for each recipe without one that can be.

    The runs are those asked for, or each recipe's newest one that shares base and data. Raises UserError where a run
    that was asked for cannot be compared.
    """
    base = System("base", "base", model, weights_hash(model))
    chosen, left_out = [finished_run(project, name) for name in dict.fromkeys(wanted)], []
    for run in chosen:
        reason = refusal(run.record, base.weights, profile, data)
        if reason:
            raise UserError(f"run {run.name} ({run.record.recipe}) {reason}", "only runs that share these are compared")
    for recipe, runs in ({} if wanted else newest_by_recipe(project, profile)).items():
        reasons = [refusal(run.record, base.weights, profile, data) for run in runs]
        if None in reasons:
            chosen.append(runs[reasons.index(None)])
        else:
            left_out.append(f"left out: {recipe} {runs[0].name} {reasons[0]}")
    recipes = [run.record.recipe for run in chosen]
    found = [system(run.path, alone=recipes.count(recipe) == 1) for run, recipe in zip(chosen, recipes, strict=True)]
    return [base, *sorted(found, key=lambda one: one.run.name if one.run else "")], left_out


def system(run: Path, alone: bool) -> System:
    """Return a run as a system, named after its recipe, and after the run too where it is not `alone`."""
    record, own = read_record(run), weights_hash(trained_weights(run))
    name = record.recipe if alone else f"{record.recipe} {run.name}"
    weights = text_hash(record.start.weights, own) if (run / "adapter").is_dir() else own
    return System(name, "reward" if record.stage == "reward" else "run", record.start.model, weights, run, record)


def template_text(place: Path | None) -> str | None:
    """Return the chat template that a model or adapter folder holds, None where there is none."""
    if place is None:
        return None
    if (place / "chat_template.jinja").is_file():
        return (place / "chat_template.jinja").read_text(encoding="utf-8")
    file = place / "tokenizer_config.json"
    told = json.loads(file.read_text(encoding="utf-8")).get("chat_template") if file.is_file() else None
    return told if isinstance(told, str) else None


def shared_template(found: list[System]) -> str:
    """Return the one chat template by which every model of the table is asked.

    It is the base's, unless the runs were trained by another: a model asked by a template that it never saw would be
    scored for the template. Raises UserError where the runs disagree, or nobody has a template.
    """
    base, runs = found[0], [one for one in found[1:] if template_text(one.folder)]
    own = template_text(base.folder) if base.folder else _hub_template(base.model)
    others = [one for one in runs if not _same_effect(base, own, template_text(one.folder))]
    if not others:
        if own is None:
            raise UserError(f"{base.model} has no chat template", "train a recipe that sets one, then evaluate")
        return own
    first = template_text(others[0].folder)
    odd = [one for one in runs if not _same_effect(base, first, template_text(one.folder))]
    if odd:
        raise UserError(
            f"{others[0].name} and {odd[0].name} were trained by different chat templates",
            f"compare one at a time: RUNS={others[0].run.name if others[0].run else ''}",
        )
    return str(first)


def _hub_template(model: str) -> str | None:
    """Return the chat template of a hub model."""
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(model).chat_template


def _same_effect(base: System, one: str | None, two: str | None) -> bool:
    """Return whether two templates write the same prompt; trainers add marks to a template that change no prompt."""
    if one is None or two is None or one == two:
        return one == two
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(str(base.folder or base.model))
    return tokenizer.apply_chat_template(
        PROBE, chat_template=one, tokenize=False, add_generation_prompt=True
    ) == tokenizer.apply_chat_template(PROBE, chat_template=two, tokenize=False, add_generation_prompt=True)
