"""The models that a question goes to: a project's base and its runs, or one folder.

    project_models("genome-chatbot", "tiny", [])     -> [ChatModel("base", …), ChatModel("sft.zephyr", …), …]
    folder_model("runs/x/sft.zephyr/…/adapter")      -> ChatModel of a model's or an adapter's folder, or a hub id

Reward models do not answer and are left out. Nothing is loaded here.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from gretchen.errors import UserError
from gretchen.models.generate import Model, load
from gretchen.models.locate import EMBEDDED, HUB_ID, locate
from gretchen.runs.store import finished_run, is_comparable, list_runs, newest_by_recipe
from gretchen.scoring.systems import System, system
from gretchen.scoring.templates import template_text

ADAPTER_CONFIG = "adapter_config.json"
PRETRAINING = ("base", "pretrain")  # stages after which a model still continues text


@dataclass(frozen=True)
class ChatModel:
    """A model by name: a folder or hub id, an adapter on it, and the chat template it was trained with, where known.

    `is_base`: it was pretrained only and continues text; a chat template in its tokenizer is there for its training.
    """

    name: str
    model: str
    adapter: Path | None = None
    template: str | None = None
    is_base: bool = False

    @property
    def is_embedded(self) -> bool:
        """Return whether this is a project's embedded base, or trained from it."""
        return bool(EMBEDDED.fullmatch(self.model))

    def load(self) -> Model:
        """Return the model in memory. Raises as gretchen.models.generate.load does."""
        return load(self.model, self.adapter, self.template)


def project_models(project: str, profile: str, run_ids: Sequence[str]) -> list[ChatModel]:
    """Return a project's base and its runs, oldest first: those named, else the newest run of each recipe.

    Raises UserError for an unknown run, one that is not finished, of another profile, or a reward model's.
    """
    base = locate(project, profile)
    if run_ids:
        runs = [finished_run(project, run_id) for run_id in dict.fromkeys(run_ids)]
    else:
        runs = [runs[0] for runs in newest_by_recipe(project, profile).values()]
    names = [run.record.recipe for run in runs]
    systems = [system(run, alone=names.count(run.record.recipe) == 1) for run in runs]
    for run, asked in zip(runs, systems, strict=True):
        if run.record.profile != profile:
            hint = f"PROFILE={run.record.profile}"
            raise UserError(f"run {run.name} was trained under another profile than {profile}", hint)
        if run_ids and asked.kind == "reward":
            raise UserError(f"run {run.name} is a reward model, which answers nothing", "name another run")
    answering = sorted((asked for asked in systems if asked.kind == "run"), key=lambda asked: asked.run_id or "")
    return [ChatModel("base", base, is_base=bool(EMBEDDED.fullmatch(base))), *map(of_run, answering)]


def of_run(asked: System) -> ChatModel:
    """Return a run as a model to ask."""
    model = asked.model if asked.adapter else str(asked.folder)
    is_base = asked.run is not None and asked.run.record.stage in PRETRAINING
    return ChatModel(asked.name, model, asked.adapter, template_text(asked.folder), is_base)


def offered_models(project: str, profile: str) -> dict[str, Callable[[], ChatModel]]:
    """Return {name: how to get the model} of a project: base, newest run of each recipe, every other finished run.

    The others are named after recipe and run; their files are read once they are asked for.
    """
    newest = project_models(project, profile, [])
    offered = by_name(newest)
    listed = {runs[0].name for runs in newest_by_recipe(project, profile).values()}
    for run in reversed(list_runs(project)):
        if is_comparable(run.record, profile) and run.record.stage != "reward" and run.name not in listed:
            offered[f"{run.record.recipe} {run.name}"] = partial(_of_finished, project, run.name)
    return offered


def by_name(models: Sequence[ChatModel]) -> dict[str, Callable[[], ChatModel]]:
    """Return {name: how to get the model} of models that are known already."""
    return {model.name: partial(_itself, model) for model in models}


def _itself(model: ChatModel) -> ChatModel:
    """Return a model."""
    return model


def _of_finished(project: str, run_id: str) -> ChatModel:
    """Return a finished run, by its id, as a model."""
    return of_run(system(finished_run(project, run_id), alone=False))


def folder_model(name: str) -> ChatModel:
    """Return the model of a folder (an adapter's too) or hub id. Raises UserError for a folder that holds none."""
    folder = Path(name).expanduser()
    if not folder.is_dir():
        if HUB_ID.fullmatch(name) and not name.startswith((".", "/")):
            return ChatModel(name, name)
        raise UserError(f"there is no folder {name}", "MODEL names a model's folder, an adapter's, or a hub id")
    folder = folder.resolve()
    if (folder / ADAPTER_CONFIG).is_file():
        base = json.loads((folder / ADAPTER_CONFIG).read_text(encoding="utf-8"))["base_model_name_or_path"]
        return ChatModel(folder.name, base, folder, template_text(folder))
    if not (folder / "config.json").is_file():
        raise UserError(
            f"{name} holds neither config.json nor {ADAPTER_CONFIG}", "name a model's or an adapter's folder"
        )
    return ChatModel(folder.name, str(folder), is_base=template_text(folder) is None)
