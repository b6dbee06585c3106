"""One evaluation: every model of the table answers the same rows, its answers are scored and summed up.

`tell` returns the dict that table.py prints and results.json holds. Each model is loaded only where its answers are
not on disk yet, one at a time.
"""

import dataclasses
import json
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from gretchen import paths
from gretchen.files import folder_hash, text_hash, write_json
from gretchen.models.generate import Model, encode, load
from gretchen.provenance import commit, now, versions
from gretchen.runs.folder import trained_weights
from gretchen.runs.locks import writer_lock
from gretchen.scoring import predictions as answering
from gretchen.scoring import preferences, rewards
from gretchen.scoring.baselines import baselines
from gretchen.scoring.documents import document_jobs, document_summary, longest_answer
from gretchen.scoring.predictions import Answer, Job, Settings
from gretchen.scoring.progress import Progress
from gretchen.scoring.scorer import Evaluator
from gretchen.scoring.summary import Figures, against, open_figures, summary
from gretchen.scoring.systems import System
from gretchen.scoring.testset import WorkedExamples, conversation, exchange, prompted, rows_hash

Row = dict[str, Any]
PROMPTING = {"prompted": "worked examples", "document": "document"}


@dataclass(frozen=True)
class Plan:
    """What is asked of every model: rows of each set, train rows for examples, documents, preference pairs."""

    project: str
    profile: str
    evaluator: Evaluator
    closed: tuple[str, ...]
    sets: dict[str, list[Row]]
    sizes: dict[str, int]
    train: list[Row]
    documents: list[Row]
    pairs: list[Row]
    template: str
    data: str
    seed: int

    @property
    def rows(self) -> list[Row]:
        """The rows of all sets, in order."""
        return [row for rows in self.sets.values() for row in rows]

    def settings(self, kind: str) -> Settings:
        """Return how a kind of system answers. A document's answer may be longer than a chat's."""
        card = self.evaluator.settings
        if kind == "document":
            most = max(card.max_new_tokens, longest_answer(self.documents))
            return Settings(most, (), 1, 0.0, self.seed, "document")
        sampled = answering.SAMPLING_TEMPERATURE if card.samples > 1 else 0.0
        prompting = PROMPTING.get(kind, "plain")
        return Settings(card.max_new_tokens, tuple(card.stop), card.samples, sampled, self.seed, prompting)


class Loader:
    """The model in memory: the same one serves as base, base prompted and for documents."""

    def __init__(self, template: str) -> None:
        self.template = template
        self.place: tuple[str, Path | None] | None = None
        self.model: Model | None = None

    def get(self, system: System) -> Model:
        """Return the system's model, loaded where another one was in memory."""
        place = (system.model, system.adapter)
        if system.run and not system.adapter:
            place = (paths.shown(trained_weights(system.run)), None)
        if self.model is None or place != self.place:
            self.model = None  # the old one goes before the new one comes
            self.model, self.place = load(place[0], place[1], self.template), place
        return self.model


def tell(plan: Plan, found: list[System]) -> dict[str, Any]:
    """Return the whole evaluation, models in the table's order: baselines, base, base prompted, runs; reward models."""
    loader = Loader(plan.template)
    base = found[0]
    order = [one for one in found if one.kind != "reward"]
    judges = [one for one in found if one.kind == "reward"]
    if any(map(exchange, plan.train)):
        order.insert(1, dataclasses.replace(base, name="base prompted", kind="prompted"))
    compared: dict[str, Figures] = {}
    models = [measure(plan, system, loader, compared) for system in order]
    for model, told in zip(models, preferences_of(plan, order, loader) if plan.pairs else [], strict=False):
        model["preferences"] = told
    documents = None
    if plan.documents:
        answers, _ = answers_of(plan, dataclasses.replace(base, name="base in document form", kind="document"), loader)
        documents = document_summary(plan.project, plan.documents, answers)
    trivial = [
        {"name": name, "kind": "baseline", "sets": measured(plan, said, None, compared)}
        for name, said in baselines(plan.evaluator, plan.rows, plan.train).items()
    ]
    scorers = rewards.tell(plan.project, judges, plan.template, plan.pairs)
    return heading(plan, base) | {"models": [*trivial, *models], "rewards": scorers, "documents": documents}


def preferences_of(plan: Plan, order: list[System], loader: Loader) -> list[dict[str, Any] | None]:
    """Return what the held-out preference pairs say of each model, None for the prompted base (pairs hold no examples).

    A run is compared with the base, and with the run that it started from where that stands in the table too.
    """
    margins = {
        system.name: preferences.margins_of(
            plan.project, system.weights, plan.template, plan.pairs, partial(loader.get, system)
        )
        for system in order
        if system.kind != "prompted"
    }
    runs = {paths.shown(system.run): system.name for system in order if system.run}
    told = []
    for system in order:
        parent = system.record.parent.run if system.record and system.record.parent else ""
        base = margins[order[0].name] if system.kind == "run" else None
        before = margins.get(runs.get(parent, ""))
        told.append(preferences.told_of(margins[system.name], base, before) if system.name in margins else None)
    return told


def heading(plan: Plan, base: System) -> dict[str, Any]:
    """Return what holds for the whole table."""
    settings = plan.settings("base")
    metrics = plan.evaluator.settings.metrics
    return {
        "project": plan.project,
        "profile": plan.profile,
        "date": now(),
        "git": commit(),
        "main": plan.evaluator.main,
        "metrics": {name: {"unit": metric.unit, "better": metric.better} for name, metric in metrics.items()},
        "base": {"model": base.model, "weights": base.weights},
        "data": plan.data,
        "template": text_hash(plan.template),
        "training_seeds": 1,
        **{key: value for key, value in dataclasses.asdict(settings).items() if key != "prompting"},
        "sets": {
            name: {"rows": len(rows), "of": plan.sizes[name], "hash": rows_hash(rows)}
            for name, rows in plan.sets.items()
        },
    }


def measure(plan: Plan, system: System, loader: Loader, compared: dict[str, Figures]) -> dict[str, Any]:
    """Return a model's part of the table, and write it into its evaluation.json."""
    answers, place = answers_of(plan, system, loader)
    said: dict[str, list[Any]] = {}
    ended: dict[str, list[bool]] = {}
    for one in answers:
        said.setdefault(one.id, []).append(one.prediction)
        ended.setdefault(one.id, []).append(one.ended)
    sets = measured(plan, said, ended, compared, is_base=system.kind == "base")
    facts = known(place) | own_figures(plan, system, known(place))
    for told in sets.values():
        told["scores"] |= {
            name: {"value": value, "low": None, "high": None, "count": 1, "method": "measured"}
            for name, value in facts["properties"].items()
        }
    write_json(place / "evaluation.json", facts | {"sets": sets})
    return {
        "name": system.name,
        "kind": system.kind,
        "weights": system.weights,
        "run": system.run.name if system.run else None,
        "wandb": system.record.wandb if system.record else None,
        "evaluation": place.name,
        "sets": sets,
    }


def own_figures(plan: Plan, system: System, facts: dict[str, Any]) -> dict[str, Any]:
    """Return the hash of the project's code and the model's own figures, measured again only when the code changed."""
    code = project_code(plan)
    if facts.get("code") == code:
        return {"code": code, "properties": facts["properties"]}
    asked = system.folder and system.kind != "prompted"
    return {"code": code, "properties": plan.evaluator.properties(system.folder) if asked else {}}


def project_code(plan: Plan) -> str:
    """Return the hash of the code that evaluation.py may use."""
    return folder_hash(plan.evaluator.file.parent, "*.py")


def measured(
    plan: Plan,
    said: dict[str, list[Any]],
    ended: dict[str, list[bool]] | None,
    compared: dict[str, Figures],
    is_base: bool = False,
) -> dict[str, Any]:
    """Return {set: scores, forms, closed, against_base, ended}; the base's own figures are kept in `compared`."""
    told = {}
    for name, rows in plan.sets.items():
        scored = plan.evaluator.score_all(rows, said, ended)
        figures = open_figures(plan.evaluator, scored, plan.closed)
        if is_base:
            compared[name] = figures
        flags = [flag for one in scored for flag in one.ended]
        told[name] = summary(figures, scored) | {
            "against_base": None if is_base else against(figures, compared[name]),
            "ended": sum(flags) / len(flags) if ended else None,
        }
    return told


def answers_of(plan: Plan, system: System, loader: Loader) -> tuple[list[Answer], Path]:
    """Return a system's answers, from disk or from the model, and the folder that holds them."""
    settings = plan.settings(system.kind)
    rows = plan.documents if system.kind == "document" else plan.rows
    # Worked examples come from the train split: with other data they are others.
    asked = rows_hash(rows) + (plan.data if system.kind == "prompted" else "")
    simulator = project_code(plan) if in_loop(plan, system) else ""
    name = answering.key(system.weights, text_hash(plan.template), asked, settings, simulator)
    place = paths.runs(plan.project) / "evaluations" / name
    answers = answering.complete(place)
    if answers is None:
        with writer_lock(place, f"the evaluation {paths.shown(place)}"):
            answers = fresh_answers(plan, system, settings, loader, place)
    return answers, place


def in_loop(plan: Plan, system: System) -> bool:
    """Return whether the project's simulator leads the conversation."""
    return plan.evaluator.offers("reply") and system.kind != "document"


def fresh_answers(plan: Plan, system: System, settings: Settings, loader: Loader, place: Path) -> list[Answer]:
    """Ask the model, and write answers and circumstances into `place`."""
    started = time.monotonic()
    progress = Progress(system.name)
    model = loader.get(system)
    jobs = jobs_of(plan, system, model)
    if in_loop(plan, system):
        ask = partial(answering.ask_in_loop, model, settings, plan.evaluator)
    else:
        ask = partial(answering.ask, model, settings)
    answers = answering.collect(place, jobs, settings, ask, progress)
    facts = {
        "project": plan.project,
        "profile": plan.profile,
        "system": system.name,
        "model": system.model,
        "run": paths.shown(system.run) if system.run else None,
        "weights": system.weights,
        "template": text_hash(plan.template),
        "settings": dataclasses.asdict(settings),
        "data": plan.data,
        "rows": rows_hash([job.row for job in jobs]),
        "count": len(jobs),
        "device": str(model.model.device),
        "dtype": str(model.model.dtype).removeprefix("torch."),
        "versions": versions(),
        "seconds": round(time.monotonic() - started, 1),
        "date": now(),
    }
    write_json(place / "evaluation.json", facts)
    answering.keep_whole(place, answers)  # last: where it stands, everything stands
    return answers


def jobs_of(plan: Plan, system: System, model: Model) -> list[Job]:
    """Return what the system is asked for every row."""
    if system.kind == "document":
        return document_jobs(plan.documents)
    if system.kind != "prompted":
        return [Job(row, conversation(row)) for row in plan.rows]
    examples = WorkedExamples(plan.train)
    room = getattr(model.model.config, "max_position_embeddings", None)
    jobs = []
    for row in plan.rows:
        asked, chosen = conversation(row), examples.before(row)
        # Fewer examples where three do not fit: a question beyond the model's reach would measure only that.
        while chosen and room:
            if len(encode(model, prompted(asked, chosen))) + plan.evaluator.settings.max_new_tokens <= room:
                break
            chosen = chosen[1:]
        jobs.append(Job(row, prompted(asked, chosen)))
    return jobs


def known(place: Path) -> dict[str, Any]:
    """Return what evaluation.json says so far."""
    file = place / "evaluation.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
