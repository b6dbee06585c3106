"""`make base PROJECT=…`: pretrain a project's embedded base model from scratch, until it knows its domain's documents.

    make base PROJECT=genome-chatbot

It reads the project's `texts()` (train split only), follows shared_recipes/tiny/pretrain.yaml, writes a checkpoint
every five minutes, goes on from the newest one when started again, and puts the weights (bf16 safetensors) with
tokenizer and model card into projects/<slug>/base/. What counts are the gates of the weights as they are shipped.
Where one is missed the old base stays, unless KEEP=1 says otherwise; with more `max_steps` in the recipe the next call
goes on.
"""

import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from gretchen import paths
from gretchen.errors import WorkError
from gretchen.files import file_hash, whole_folder, write_text
from gretchen.models.generate import load
from gretchen.projects.corpus import base_corpus
from gretchen.provenance import is_smoke, provenance
from gretchen.runs.folder import create_run, new_run_dir
from gretchen.runs.locks import writer_lock
from gretchen.runs.metrics import read_metrics
from gretchen.runs.record import RunRecord, read_record, update_record
from gretchen.runs.store import list_runs
from gretchen.scoring.domain import write_corpus_bits
from gretchen.training.launch import launch
from gretchen.training.start import model_and_weights

RECIPE = "base.zephyr"
GATE = 0.9
DOCUMENTS = 100  # of each form, for the final gates
SMOKE_STEPS = 8


def base(
    project: Annotated[str, typer.Option(help="the project's folder in projects/")],
    keep: Annotated[bool, typer.Option(help="keep the weights even when a gate was missed")] = False,
) -> None:
    """Pretrain the embedded base model of a project (an hour on two cores)."""

    corpus = base_corpus(project)
    run = unfinished(project, corpus) or start(project, corpus)
    resume = any(run.glob("checkpoint-*"))
    with writer_lock(run, f"the base of {project}"):
        if not (run / "model").is_dir():
            print(f"{'going on with' if resume else 'pretraining into'} {paths.shown(run)}")
            launch(run, resume=resume)
        finish(project, run, corpus, keep)


def start(project: str, corpus: Path) -> Path:
    """Return a new run folder with its resolved recipe and record."""

    run = new_run_dir(project, RECIPE)
    values = recipe(run, corpus)
    record = RunRecord(
        status="running",
        kind="base",
        stage="pretrain",
        base=model_and_weights(values["model_name_or_path"]),
        engine="zephyr",
        recipe=RECIPE,
        profile="tiny",
        project=project,
        data=file_hash(corpus / "train.jsonl"),
        seed=values["seed"],
        **asdict(provenance()),
    )
    create_run(run, yaml.safe_dump(values, sort_keys=False, allow_unicode=True), record)
    return run


def recipe(run: Path, corpus: Path) -> dict[str, Any]:
    """Return the shared pretraining recipe with a run's corpus and folder in it."""
    text = (paths.shared_recipes() / "tiny" / "pretrain.yaml").read_text(encoding="utf-8")
    text = text.replace("${data.base}", paths.shown(corpus)).replace("${output}", paths.shown(run))
    return yaml.safe_load(text) | smoke()


def smoke() -> dict[str, Any]:
    """Return what GRETCHEN_SMOKE=1 changes in the recipe: a few steps, to see that everything fits together."""
    short = {"max_steps": SMOKE_STEPS, "warmup_steps": 1, "lr_scheduler_kwargs": {"num_decay_steps": 2}}
    short["logging_steps"] = 1
    return short if is_smoke() else {}


def unfinished(project: str, corpus: Path) -> Path | None:
    """Return the newest base run, where it is unfinished, on this very corpus and by this recipe; else None.

    A recipe that differs in `max_steps` alone is taken over: the run goes on for so much longer.
    """
    runs = [run for run in list_runs(project) if run.record.kind == "base"]
    if not runs or runs[-1].record.status == "finished":
        return None
    run = runs[-1].path
    known, wanted = yaml.safe_load((run / "recipe.yaml").read_text(encoding="utf-8")), recipe(run, corpus)
    if read_record(run).data != file_hash(corpus / "train.jsonl") or known | {"max_steps": 0} != wanted | {
        "max_steps": 0
    }:
        return None
    if known != wanted:
        write_text(run / "recipe.yaml", yaml.safe_dump(wanted, sort_keys=False, allow_unicode=True))
        shutil.rmtree(run / "model", ignore_errors=True)
    return run


def finish(project: str, run: Path, corpus: Path, keep: bool) -> None:
    """Convert the weights to bf16, measure their gates, and put them in place with their model card.

    Raises WorkError where a gate was missed; then the base stays as it was.
    """

    ready = converted(run)
    scores = measured(ready, corpus)
    for form, share in scores.items():
        print(f"  {form:28} {share:5.0%}{'' if share >= GATE else '   below the gate'}")
    missed = [form for form, share in scores.items() if share < GATE]
    if missed and not keep and not is_smoke():
        update_record(run, status="missed", gates=scores)
        raise WorkError(
            f"{len(missed)} of {len(scores)} gates were missed: {', '.join(missed)}",
            f"raise max_steps in shared_recipes/tiny/pretrain.yaml, or `make base PROJECT={project} KEEP=1`",
        )
    write_corpus_bits(ready, project, corpus / "test.jsonl")
    write_text(ready / "README.md", model_card(project, run, corpus, scores))
    target = paths.projects() / project / "base"
    with whole_folder(target.with_name("base.new")) as new:
        shutil.copytree(ready, new, dirs_exist_ok=True)
    shutil.rmtree(target, ignore_errors=True)
    target.with_name("base.new").rename(target)
    update_record(run, status="finished", gates=scores)
    print(f"wrote {paths.shown(target)}; next: make train PROJECT={project}")


def measured(model: Path, corpus: Path) -> dict[str, float]:
    """Return {form: share of held-out documents whose answer the model completes exactly}."""
    from gretchen.engines.zephyr.gate import accuracy, documents_by_form

    loaded = load(str(model))
    return accuracy(loaded.model, loaded.tokenizer, documents_by_form(corpus / "test.jsonl", DOCUMENTS))


def converted(run: Path) -> Path:
    """Return the run's folder `base`: what was trained, in bf16, with the tokenizer that all bases share."""
    import torch
    from safetensors.torch import load_file, save_file

    target = run / "base"
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(paths.shared_recipes() / "tiny" / "architecture", target)
    tensors = {
        name: tensor.to(torch.bfloat16) for name, tensor in load_file(run / "model" / "model.safetensors").items()
    }
    save_file(tensors, target / "model.safetensors", metadata={"format": "pt"})
    return target


def model_card(project: str, run: Path, corpus: Path, scores: dict[str, float]) -> str:
    """Return the base's model card: corpus, tokens, curve, gates, hardware, command."""
    record, rows = read_record(run), [row for row in read_metrics(run) if "loss" in row]
    last = rows[-1]
    curve = [rows[i] for i in sorted({round(k * (len(rows) - 1) / 9) for k in range(10)})]
    documents = sum(1 for _ in (corpus / "train.jsonl").open(encoding="utf-8"))
    return "\n".join(
        [
            f"# The embedded base model of {project}",
            "",
            "Pretrained from scratch on the project's own documents (`texts()`, train split). It knows their form, and",
            "no chat: that is what fine-tuning brings.",
            "",
            f"- command: `make base PROJECT={project}`",
            f"- corpus: {documents:,} documents, hash `{record.data}`",
            f"- tokens seen: {last.get('num_tokens', 0):,.0f} in {last['step']:,} steps",
            f"- hardware: {record.hardware}; {last['seconds'] / 60:.0f} minutes, beside other work",
            "",
            "| step | tokens | loss |",
            "|--:|--:|--:|",
            *(f"| {row['step']:,} | {row.get('num_tokens', 0):,.0f} | {row['loss']:.3f} |" for row in curve),
            "",
            "Gates: share of held-out documents whose answer it completes exactly; "
            f"{DOCUMENTS} of each form (wanted: {GATE:.0%}).",
            "",
            "| form | share |",
            "|---|--:|",
            *(f"| {form} | {share:.0%}{'' if share >= GATE else ' (missed)'} |" for form, share in scores.items()),
            "",
        ]
    )
