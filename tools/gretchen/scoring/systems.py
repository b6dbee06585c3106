"""Which models one table may compare: the base, and the finished runs that share base, profile, data and template.

A run that shares them not is refused with the reason. Nothing is loaded here but, where two chat templates differ in
letters, a tokenizer to see whether they differ in effect.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gretchen import paths
from gretchen.errors import UserError
from gretchen.files import text_hash
from gretchen.models.locate import weights_hash
from gretchen.names import unknown
from gretchen.runs import folder
from gretchen.runs.record import is_smoke

PROBE = [
    {"role": "user", "content": "One?"},
    {"role": "assistant", "content": "Two."},
    {"role": "user", "content": "Three?"},
]


@dataclass(frozen=True)
class System:
    """One model of the table: `kind` is base, prompted, document or run; `run` and `told` (run.json) only for a run."""

    name: str
    kind: str
    model: str
    weights: str
    run: Path | None = None
    told: dict[str, Any] | None = None

    @property
    def adapter(self) -> Path | None:
        """The run's adapter folder, None for a full model."""
        return self.run / "adapter" if self.run and (self.run / "adapter").is_dir() else None

    @property
    def folder(self) -> Path | None:
        """The folder that holds the system's own weights, None where they lie in the hub's cache."""
        place = folder.trained(self.run) if self.run else paths.root() / self.model
        return place if place.is_dir() else None


def candidates(project: str, profile: str, wanted: list[str]) -> list[Path]:
    """Return the runs that were asked for by id, else the newest finished run of each recipe of the profile.

    Raises UserError for an id that no finished run has. A smoke test takes the smoke runs.
    """
    if not wanted:
        return folder.finished_runs(project, profile) if not is_smoke() else _smoke_runs(project, profile)
    every = {run.name: run for run in folder.runs_of(project) if folder.record(run)["stage"] != "base"}
    for name in wanted:
        if name not in every:
            problem, hint = unknown("run", name, every)
            raise UserError(f"{problem} of {project}", f"{hint}; runs lie in {paths.shown(paths.runs(project))}")
        status = folder.record(every[name]).get("status")
        if status != "finished":
            raise UserError(f"run {name} is {status}, not finished", "name a finished run, or none for the newest ones")
    return [every[name] for name in dict.fromkeys(wanted)]


def _smoke_runs(project: str, profile: str) -> list[Path]:
    """Return the newest finished smoke run of each recipe."""
    newest = {}
    for run in folder.runs_of(project):
        told = folder.record(run)
        counts = told["status"] == "finished" and told.get("smoke") and told["profile"] == profile
        if counts and told["stage"] != "base":
            newest[told["recipe"]] = run
    return list(newest.values())


def refusal(told: dict[str, Any], base: str, profile: str, data: str) -> str | None:
    """Return why a run cannot stand in one table with the base of this profile on this data, None where it can."""
    if told["profile"] != profile:
        return f"was trained under PROFILE={told['profile']}, this table is of {profile}"
    if told["base"]["weights"] != base:
        return f"was trained from other weights of {told['base']['model']} than lie there now"
    if told["data"] != data:
        return f"was trained on other data ({told['data'][:8]}, now {data[:8]}): its test set is another one"
    return None


def systems(project: str, profile: str, model: str, data: str, wanted: list[str]) -> tuple[list[System], list[str]]:
    """Return the base and every comparable run, and a line for each run that was left out, with the reason.

    Raises UserError where a run that was asked for by name cannot be compared.
    """
    base = System("base", "base", model, weights_hash(model))
    found, left_out = [base], []
    runs = candidates(project, profile, wanted)
    names = [folder.record(run)["recipe"] for run in runs]
    for run in runs:
        told = folder.record(run)
        reason = refusal(told, base.weights, profile, data)
        if reason and wanted:
            raise UserError(f"run {run.name} ({told['recipe']}) {reason}", "only runs that share these are compared")
        if reason:
            left_out.append(f"left out: {told['recipe']} {run.name} {reason}")
            continue
        name = told["recipe"] if names.count(told["recipe"]) == 1 else f"{told['recipe']} {run.name}"
        own = weights_hash(folder.trained(run))
        weights = text_hash(base.weights, own) if (run / "adapter").is_dir() else own
        found.append(System(name, "run", model, weights, run, told))
    return found, left_out


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
