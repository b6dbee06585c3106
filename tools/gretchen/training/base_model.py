"""A project's embedded base model: pretrained from scratch on its documents, accepted by its accuracy gates.

    train_base("genome-chatbot", keep=False)       -> projects/genome-chatbot/base/

The recipe is shared_recipes/tiny/pretrain.yaml, with SET's values, in float32 where the processor has no bf16
arithmetic. The weights are shipped in bf16, and measured as they are shipped.
"""

import shlex
import shutil
from dataclasses import asdict
from functools import partial
from pathlib import Path

import yaml

from gretchen import paths
from gretchen.files import file_hash, whole_folder, write_text
from gretchen.hardware import machine
from gretchen.models.generate import load
from gretchen.projects.corpus import base_corpus
from gretchen.provenance import is_smoke, provenance
from gretchen.recipes.coercion import coerce
from gretchen.recipes.layers import Values, merge, merge_all, words_of
from gretchen.recipes.machine import hardware_overrides
from gretchen.recipes.resolve import dump, known_set
from gretchen.recipes.schema import load_schema
from gretchen.runs.folder import TO_THE_END, new_run_dir, run_recipe
from gretchen.runs.metrics import read_metrics
from gretchen.runs.record import RunRecord, read_record, update_record
from gretchen.runs.store import list_runs
from gretchen.safe_text import visible
from gretchen.scoring.domain import write_pretraining
from gretchen.silence import quieten
from gretchen.training.base_notes import corpus_notes, require_answers
from gretchen.training.launch import launch
from gretchen.training.run import GateMissed, Training, run_training
from gretchen.training.start import model_source

RECIPE = "base.zephyr"
GATE = 0.9  # accuracy that each form of document must reach
DOCUMENTS = 100  # of each form, for the final gates
SMOKE_STEPS = 8
TEMPLATE = "chat_template.jinja"
# What a longer or shorter training changes, and what another processor does: with either an unfinished run goes on.
MAY_DIFFER = ("max_steps", "warmup_steps", "lr_scheduler_kwargs", "bf16", "dtype")
CURVE_POINTS = 10  # rows of the model card's table


def train_base(project: str, keep: bool, set_: str = "") -> Path:
    """Pretrain a project's base, or continue its unfinished run, and return projects/<slug>/base.

    `keep` trains to the end and accepts weights that missed a gate. Raises GateMissed otherwise; then the old base
    stays. Raises UserError for a SET that TRL does not know.
    """
    recipe_values(paths.runs(project), paths.build(project), set_)  # before the corpus is written
    corpus = base_corpus(project)
    require_answers(corpus)
    unfinished = find_unfinished(project, corpus, set_)
    run_dir = unfinished or new_run_dir(project, RECIPE)
    training = base_training(project, run_dir, corpus, keep, set_)
    run_training(training, partial(launch_kept, keep), num_gpus=1, resume=unfinished is not None)
    return base_dir(project)


def launch_kept(keep: bool, run_dir: Path, num_gpus: int, resume: bool) -> None:
    """Launch the training; the gates may end it early unless `keep` is given."""
    (run_dir / TO_THE_END).unlink(missing_ok=True)
    if keep:
        (run_dir / TO_THE_END).touch()
    launch(run_dir, num_gpus, resume)


def base_dir(project: str) -> Path:
    """Return the folder of a project's embedded base."""
    return paths.projects() / project / "base"


def base_training(project: str, run_dir: Path, corpus: Path, keep: bool, set_: str = "") -> Training:
    """Return the pretraining of a project's base in a run's folder."""
    values = recipe_values(run_dir, corpus, set_)
    record = RunRecord(
        status="running",
        kind="base",
        project=project,
        recipe=RECIPE,
        stage="pretrain",
        engine="zephyr",
        profile="tiny",
        base=model_source(values["model_name_or_path"]),
        data=file_hash(corpus / "train.jsonl"),
        seed=values["seed"],
        set=set_,
        **asdict(provenance()),
    )
    return Training(
        run_dir,
        dump(values),
        record,
        title=f"the embedded base of {project} from scratch",
        notes=(*hardware_overrides(shared_values(run_dir, corpus), machine()).notes, *corpus_notes(corpus, values)),
        resume_command=base_command(project, set_, keep),
        complete=partial(install, project, corpus, keep),
    )


def base_command(project: str, set_: str, keep: bool) -> str:
    """Return the command that pretrains a project's base with SET's values, and with KEEP=1 if `keep` is given."""
    return f"make base PROJECT={project}" + (f" SET={shlex.quote(set_)}" if set_ else "") + (" KEEP=1" if keep else "")


def recipe_values(run_dir: Path, corpus: Path, set_: str = "") -> Values:
    """Return a base's recipe with SET's values, as this machine can train it; few steps in a smoke test.

    Raises UserError for a SET that TRL does not know.
    """
    values = shared_values(run_dir, corpus)
    schema = load_schema("zephyr", "pretrain")
    changes = merge_all(known_set(words_of(set_), schema))
    if is_smoke():
        changes = {"max_steps": SMOKE_STEPS, "logging_steps": 1} | changes
    changes = schedule_of(changes.get("max_steps", values["max_steps"]), values) | changes
    values = merge(values, changes)
    values |= hardware_overrides(values, machine()).values
    return {key: coerce(value, schema["properties"].get(key, {})) for key, value in values.items()}


def shared_values(run_dir: Path, corpus: Path) -> Values:
    """Return the shared pretraining recipe with a run's corpus and folder."""
    text = (paths.shared_recipes() / "tiny" / "pretrain.yaml").read_text(encoding="utf-8")
    text = text.replace("${data.base}", paths.shown(corpus)).replace("${output}", paths.shown(run_dir))
    return yaml.safe_load(text)


def schedule_of(max_steps: int, values: Values) -> Values:
    """Return warm-up and decay for another number of steps, as shares of it: as they are in the recipe."""
    if max_steps == values["max_steps"] or max_steps < 1:
        return {}
    decay = values["lr_scheduler_kwargs"]["num_decay_steps"]
    shares = [max(1, round(steps / values["max_steps"] * max_steps)) for steps in (values["warmup_steps"], decay)]
    return {"warmup_steps": shares[0], "lr_scheduler_kwargs": {"num_decay_steps": shares[1]}}


def find_unfinished(project: str, corpus: Path, set_: str = "") -> Path | None:
    """Return the newest base run where it is unfinished, on this corpus and by this recipe; else None.

    A recipe that differs in `max_steps`, or in the processor's precision, is written into the run, which goes on by it.
    """
    runs = [run for run in list_runs(project) if run.record.kind == "base"]
    if not runs or runs[-1].record.status == "finished":
        return None
    run = runs[-1]
    before = run_recipe(run.path)
    now = recipe_values(run.path, corpus, set_)
    same_recipe = before | dict.fromkeys(MAY_DIFFER) == now | dict.fromkeys(MAY_DIFFER)
    if not same_recipe or run.record.data != file_hash(corpus / "train.jsonl"):
        return None
    if before != now:
        write_text(run.path / "recipe.yaml", dump(now))
        update_record(run.path, set=set_)
        shutil.rmtree(run.path / "model", ignore_errors=True)
    return run.path


def install(project: str, corpus: Path, keep: bool, run_dir: Path) -> None:
    """Convert a run's weights to bf16, measure their gates, and copy them into projects/<slug>/base with a model card.

    Raises GateMissed where a gate was missed and the weights are not to be kept; then the base is left unchanged.
    """
    converted = bf16_model(run_dir, own_template(project))
    gates = accuracy_by_form(converted, corpus)
    update_record(run_dir, gates=gates)
    for form, share in gates.items():
        print(f"  {visible(form):28} {share:5.0%}{'' if share >= GATE else '   below the gate'}")
    missed = [form for form, share in gates.items() if share < GATE]
    if missed and not keep and not is_smoke():
        raise GateMissed(
            f"{len(missed)} of {len(gates)} gates were missed: {', '.join(missed)}",
            f'`make base PROJECT={project} SET="max_steps=…"` with more steps goes on; KEEP=1 takes it as it is',
        )
    write_pretraining(converted, project, corpus / "test.jsonl", window=run_recipe(run_dir)["max_length"])
    write_text(converted / "README.md", model_card(project, run_dir, corpus, keep))
    replace_base(converted, base_dir(project))


def own_template(project: str) -> Path | None:
    """Return the project's own chat template for its base, projects/<slug>/chat_template.jinja; None without one."""
    file = paths.projects() / project / TEMPLATE
    return file if file.is_file() else None


def bf16_model(run_dir: Path, template: Path | None = None) -> Path:
    """Return the run's folder `base`: the trained weights in bf16, with the tokenizer that all bases share.

    `template` replaces the chat template that they share.
    """
    import torch
    from safetensors.torch import load_file, save_file

    target = run_dir / "base"
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(paths.shared_recipes() / "tiny" / "architecture", target)
    if template:
        shutil.copyfile(template, target / TEMPLATE)
    weights = load_file(run_dir / "model" / "model.safetensors")
    tensors = {name: tensor.to(torch.bfloat16) for name, tensor in weights.items()}
    save_file(tensors, target / "model.safetensors", metadata={"format": "pt"})
    return target


def accuracy_by_form(model_dir: Path, corpus: Path) -> dict[str, float]:
    """Return {form: share of held-out documents whose answer the model completes exactly}."""
    quieten()  # before the gate's module loads TRL
    from gretchen.engines.zephyr.gate import accuracy, documents_by_form

    model = load(str(model_dir))
    return accuracy(model.model, model.tokenizer, documents_by_form(corpus / "test.jsonl", DOCUMENTS))


def replace_base(source: Path, target: Path) -> None:
    """Replace `target` by a copy of a model's folder, once the copy is complete."""
    new = target.with_name("base.new")
    shutil.rmtree(new, ignore_errors=True)
    with whole_folder(new) as temporary:
        shutil.copytree(source, temporary, dirs_exist_ok=True)
    shutil.rmtree(target, ignore_errors=True)
    new.rename(target)


def model_card(project: str, run_dir: Path, corpus: Path, keep: bool) -> str:
    """Return the base's model card: corpus, tokens, loss curve, gates, hardware, command."""
    record = read_record(run_dir)
    rows = [row for row in read_metrics(run_dir) if "loss" in row]
    points = sorted({round(k * (len(rows) - 1) / (CURVE_POINTS - 1)) for k in range(CURVE_POINTS)})
    curve, last = [rows[point] for point in points], rows[-1]
    with (corpus / "train.jsonl").open(encoding="utf-8") as stream:
        num_documents = sum(1 for _ in stream)
    gates = (record.gates or {}).items()
    return "\n".join(
        [
            f"# The embedded base model of {project}",
            "",
            "Pretrained from scratch on the project's own documents (`texts()`, train split). It knows their form, and",
            "no chat: that is what fine-tuning brings.",
            "",
            f"- command: `{base_command(project, record.set, keep)}`",
            f"- corpus: {num_documents:,} documents, hash `{record.data}`",
            f"- tokens seen: {last.get('num_tokens', 0):,.0f} in {last['step']:,} steps",
            f"- hardware: {record.hardware}; {last['seconds'] / 60:.0f} minutes, beside other work",
            "",
            "| step | tokens | loss |",
            "|--:|--:|--:|",
            *(f"| {row['step']:,} | {row.get('num_tokens', 0):,.0f} | {row['loss']:.3f} |" for row in curve),
            "",
            "Gates: share of held-out documents whose answer it completes exactly; "
            f"{DOCUMENTS} of each form (required: {GATE:.0%}).",
            "",
            "| form | share |",
            "|---|--:|",
            *(f"| {form} | {share:.0%}{'' if share >= GATE else ' (missed)'} |" for form, share in gates),
            "",
        ]
    )
