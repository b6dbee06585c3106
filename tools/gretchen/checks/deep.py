"""The deep part of a check: the engine's own validators, the tokenizer, the first rows as tokens.

    check_deep("genome-chatbot", run / "recipe.yaml").raise_if_failed()

It loads the training stack: it runs in the engine's process before the training, or by `make check DEEP=1`. Rows are
tokenized by the recipe's engine, without the model's weights (gretchen.inspecting). Not covered: stages whose model
generates its own completions.
"""

from pathlib import Path
from typing import Any

import yaml

from gretchen import paths
from gretchen.checks.mistakes.tokens import find_mistakes
from gretchen.checks.report import CheckResult, Outcome, Report, State, outcome, outcome_of, skipped
from gretchen.checks.validators import one_line, stage_of, validate_run, validators_name
from gretchen.files import write_text
from gretchen.hardware import machine
from gretchen.inspecting.rows import STAGES_WITH_ROWS, tokenize_rows
from gretchen.models.hub_names import use_hub_if_named
from gretchen.models.loading import fit_problem
from gretchen.models.locate import loadable, model_folder
from gretchen.projects.profiles import profile_of
from gretchen.recipes.find import recipes_of
from gretchen.recipes.machine import resolve_for
from gretchen.recipes.resolve import Request
from gretchen.recipes.schema import MODEL
from gretchen.recipes.standalone import read_standalone
from gretchen.runs.store import earlier_runs
from gretchen.silence import silent

ROWS_AS_TOKENS = "rows as tokens"


def check_deep(project: str, recipe: Path) -> Report:
    """Return the deep report on a run's resolved recipe."""
    values = yaml.safe_load(recipe.read_text(encoding="utf-8"))
    use_hub_if_named(values)
    read = read_standalone(recipe)
    stage = stage_of(recipe, read)
    validated = validate_run(recipe)
    tokenizer = load_tokenizer(str(values[MODEL[read.engine]]))
    if tokenizer.state == State.FAILED:
        rows = skipped("the tokenizer did not load")
    elif validated.state == State.FAILED:
        rows = skipped(f"{validators_name(read.engine)} failed")
    else:
        rows = rows_as_tokens(read.engine, stage, values)
    results = (
        CheckResult("weights fit the config", weights_fit(str(values[MODEL[read.engine]]))),
        CheckResult(validators_name(read.engine), validated),
        CheckResult("tokenizer", tokenizer),
        CheckResult(ROWS_AS_TOKENS, rows),
    )
    return Report(f"{project}, {paths.shown(recipe)}: {read.engine}, {stage}", results)


def check_recipes_deep(project: str, profile: str, skip: bool) -> list[Report]:
    """Return the deep reports on a project's recipes, each resolved as this machine would run it.

    `profile` "" is the project's default. `skip`: the project's static checks failed. The resolved recipes stay in
    build/<project>/check/, where upstream's own command can be tried on them.
    """
    if skip:
        return [Report(f"{project}, deep", (CheckResult("recipes", skipped("the checks above failed")),))]
    profile = profile_of(project, profile)
    return [_check_recipe_deep(project, name, profile) for name in recipes_of(project)]


def _check_recipe_deep(project: str, name: str, profile: str) -> Report:
    """Return the deep report on one recipe; skipped where the model of its earlier stage is missing."""
    resolved, _ = resolve_for(Request(project, name, profile), machine(), earlier_runs(project, profile))
    model = str(resolved.values[MODEL[resolved.engine]])
    if resolved.parent_stage and not (paths.root() / model).is_dir():
        reason = f"it starts from {resolved.parent_stage}, and {model} does not exist yet"
        return Report(f"{project}, {name}, deep", (CheckResult("recipe", skipped(reason)),))
    resolved.values[MODEL[resolved.engine]] = loadable(model)
    file = paths.build(project) / "check" / f"{name}.{profile}.yaml"
    write_text(file, resolved.text())
    return check_deep(project, file)


def check_validators(recipe: Path) -> Report:
    """Return the report on a run of a standalone recipe: its engine's validators alone."""
    return Report(str(recipe), (CheckResult(validators_name(read_standalone(recipe).engine), validate_run(recipe)),))


def weights_fit(model: str) -> Outcome:
    """Check that a model on this disk has all weights that its config names, in their sizes, and no others."""
    folder = model_folder(model)
    if folder is None:
        return skipped(f"{model} is on the hub")
    try:
        with silent():
            problem = fit_problem(folder)
    except (OSError, ValueError, RuntimeError) as failure:
        problem = one_line(failure)
    return outcome([f"{model}: {problem}"] if problem else [])


def load_tokenizer(model: str) -> Outcome:
    """Check that the model's tokenizer loads."""
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(loadable(model))
    except (OSError, ValueError, KeyError) as failure:
        return outcome([f"{model}: {str(failure).splitlines()[0]}"])
    return outcome(scope=f"{len(tokenizer)} tokens")


def rows_as_tokens(engine: str, stage: str, values: dict[str, Any]) -> Outcome:
    """Check the first training rows as the engine tokenizes them: EOS, loss mask, what the chat template drops."""
    if stage not in STAGES_WITH_ROWS:
        return skipped(f"{stage} trains on completions that the model generates")
    if engine == "axolotl" and (values.get("pretraining_dataset") or values.get("process_reward_model")):
        return skipped("axolotl tokenizes these rows while it trains")
    try:
        with silent():
            rows = tokenize_rows(engine, stage, values)
    except Exception as failure:  # whatever the engine raises for rows that it cannot read
        return outcome([f"{engine} cannot tokenize the rows: {one_line(failure)}"])
    handling = "left out" if rows.drops_long_rows else "cut"
    share = len(rows.too_long) / max(1, len(rows.rows))
    limit = (
        f"{share:.0%} {handling} at {rows.max_length_key} {rows.max_length}" if rows.max_length else "no length limit"
    )
    scope = f"first {len(rows.rows)} rows: {limit}, {rows.trained_share:.0%} of tokens trained"
    return outcome_of(find_mistakes(rows, stage), scope=scope)
