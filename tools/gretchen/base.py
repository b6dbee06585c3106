"""`make base PROJECT=…`: pretrain a project's embedded base model from scratch, until it knows its domain's documents.

    make base PROJECT=genome-chatbot

It reads the project's `texts()` (train split only), follows shared_recipes/tiny/pretrain.yaml, writes a checkpoint
every five minutes, goes on from the newest one when started again, and puts the weights (bf16 safetensors) with
tokenizer and model card into projects/<slug>/base/. It does not touch a base whose training failed its gates, unless
KEEP=1 says so.
"""

import json
import shutil
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from gretchen import paths
from gretchen.errors import WorkError
from gretchen.files import file_hash, write_text
from gretchen.runs import folder, progress
from gretchen.runs.launch import launch

RECIPE = "base.zephyr"
GATE = 0.9
SMOKE_STEPS = 8


def base(
    project: Annotated[str, typer.Option(help="the project's folder in projects/")],
    keep: Annotated[bool, typer.Option(help="keep the weights even when a gate was missed")] = False,
) -> None:
    """Pretrain the embedded base model of a project (an hour on two cores)."""
    from gretchen.projects.corpus import base_corpus

    corpus = base_corpus(project)
    run = unfinished(project, corpus) or start(project, corpus)
    resume = any(run.glob("checkpoint-*"))
    print(f"{'going on with' if resume else 'pretraining into'} {paths.shown(run)}")
    with folder.writer(run, f"the base of {project}"):
        launch("pretrain", run, resume=resume)
        finish(project, run, corpus, keep)


def start(project: str, corpus: Path) -> Path:
    """Return a new run folder with its resolved recipe and record."""
    from gretchen.runs.record import circumstances

    run = folder.new_run(project, RECIPE)
    source = paths.shared_recipes() / "tiny" / "pretrain.yaml"
    text = source.read_text(encoding="utf-8")
    text = text.replace("${data.base}", paths.shown(corpus)).replace("${output}", paths.shown(run))
    values = yaml.safe_load(text) | smoke()
    write_text(run / "recipe.yaml", yaml.safe_dump(values, sort_keys=False, allow_unicode=True))
    folder.update(
        run,
        status="running",
        stage="base",
        engine="zephyr",
        recipe=RECIPE,
        profile="tiny",
        project=project,
        data=file_hash(corpus / "train.jsonl"),
        seed=values["seed"],
        **circumstances(),
    )
    return run


def smoke() -> dict[str, Any]:
    """Return what GRETCHEN_SMOKE=1 changes in the recipe: a few steps, to see that everything fits together."""
    from gretchen.runs.record import is_smoke

    short = {"max_steps": SMOKE_STEPS, "warmup_steps": 1, "lr_scheduler_kwargs": {"num_decay_steps": 2}}
    return short if is_smoke() else {}


def unfinished(project: str, corpus: Path) -> Path | None:
    """Return the newest unfinished base run on this very corpus, or None."""
    for run in reversed(folder.runs_of(project)):
        told = folder.record(run)
        if told["stage"] == "base" and told["status"] != "finished":
            return run if told["data"] == file_hash(corpus / "train.jsonl") else None
    return None


def gates(run: Path) -> list[dict[str, Any]]:
    """Return the gate's measurements so far, oldest first."""
    file = run / "gates.jsonl"
    return [json.loads(text) for text in file.read_text(encoding="utf-8").splitlines()] if file.is_file() else []


def finish(project: str, run: Path, corpus: Path, keep: bool) -> None:
    """Convert the weights to bf16, write the model card, put both in place, and tell the gates."""
    measured = gates(run)
    scores = measured[-1]["accuracy"] if measured else {}
    for form, share in scores.items():
        print(f"  {form:28} {share:5.0%}{'' if share >= GATE else '   below the gate'}")
    missed = [form for form, share in scores.items() if share < GATE]
    folder.update(run, status="finished", gates=scores)
    from gretchen.runs.record import is_smoke

    if missed and not keep and not is_smoke():
        raise WorkError(
            f"{len(missed)} of {len(scores)} gates were missed: {', '.join(missed)}",
            f"raise max_steps in shared_recipes/tiny/pretrain.yaml, or `make base PROJECT={project} KEEP=1`",
        )
    target = paths.projects() / project / "base"
    place(run / "model", target)
    write_text(target / "README.md", model_card(project, run, corpus, measured))
    print(f"wrote {paths.shown(target)}; next: make train PROJECT={project}")


def place(model: Path, target: Path) -> None:
    """Write the model in bf16 into `target`, whole or not at all."""
    import torch
    from safetensors.torch import load_file, save_file

    temporary = target.with_name(f".{target.name}")
    shutil.rmtree(temporary, ignore_errors=True)
    shutil.copytree(paths.shared_recipes() / "tiny" / "architecture", temporary)
    tensors = {name: tensor.to(torch.bfloat16) for name, tensor in load_file(model / "model.safetensors").items()}
    save_file(tensors, temporary / "model.safetensors", metadata={"format": "pt"})
    shutil.rmtree(target, ignore_errors=True)
    temporary.replace(target)


def model_card(project: str, run: Path, corpus: Path, measured: list[dict[str, Any]]) -> str:
    """Return the base's model card: corpus, tokens, curve, gates, hardware, command."""
    told, rows = folder.record(run), [row for row in progress.read(run) if "loss" in row]
    last = rows[-1]
    curve = [rows[i] for i in sorted({round(k * (len(rows) - 1) / 9) for k in range(10)})]
    lines = [
        f"# The embedded base model of {project}",
        "",
        "Pretrained from scratch on the project's own documents (`texts()`, train split). It knows their form, and",
        "no chat: that is what fine-tuning brings.",
        "",
        f"- command: `make base PROJECT={project}`",
        f"- corpus: {sum(1 for _ in (corpus / 'train.jsonl').open()):,} documents, hash `{told['data']}`",
        f"- tokens seen: {last.get('num_tokens', 0):,.0f} in {last['step']:,} steps",
        f"- hardware: {told['hardware']}; {last['seconds'] / 60:.0f} minutes, other work beside it not subtracted",
        "",
        "| step | loss |",
        "|---|---|",
        *(f"| {row['step']:,} | {row['loss']:.3f} |" for row in curve),
        "",
        f"Gates: share of held-out documents whose answer it completes exactly, and ends (wanted: {GATE:.0%}).",
        "",
        "| form | " + " | ".join(f"step {m['step']:,}" for m in measured[-3:]) + " |",
        "|---|" + "---|" * len(measured[-3:]),
    ]
    for form in measured[-1]["accuracy"] if measured else []:
        lines.append(f"| {form} | " + " | ".join(f"{m['accuracy'].get(form, 0):.0%}" for m in measured[-3:]) + " |")
    return "\n".join(lines) + "\n"
