"""The deep part of a check: the engine's own validators, the tokenizer, the first rows as tokens.

It loads the training stack, so it runs in the engine's process before the training, or by `make check DEEP=1`.
Rows are looked at for zephyr's SFT on chats. Not covered: rows of the other stages, and of axolotl.
"""

import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import yaml

from gretchen import paths
from gretchen.errors import GretchenError
from gretchen.recipes.loose import Loose, read_loose
from gretchen.recipes.references import MODEL, files_of
from gretchen.recipes.report import Check, Report, checked, skipped
from gretchen.recipes.schema import SAME_AS
from gretchen.runs import folder

ROWS = 200
# What axolotl asks a GPU for.
H100 = {"bf16": True, "fp8": True, "tf32": True, "n_gpu": 1, "compute_capability": "sm_90"}


@dataclass(frozen=True)
class Tokens:
    """One row as the trainer sees it: its tokens, which of them are trained, whether its end was cut off."""

    ids: list[int]
    trained: list[bool]
    cut: bool


def deep_report(project: str, recipe: Path) -> Report:
    """Return the deep report on a resolved recipe."""
    values = yaml.safe_load(recipe.read_text(encoding="utf-8"))
    loose = read_loose(recipe)
    stage = folder.record(recipe.parent).get("stage") or loose.stage
    subject = f"{project}, {paths.shown(recipe)}: {loose.engine}, {stage}"
    checks = [own_validators(recipe)]
    tokenizer, loaded = load_tokenizer(str(values[MODEL[loose.engine]]))
    checks.append(loaded)
    if loose.engine == "axolotl":
        return Report(subject, [*checks, skipped("rows as tokens", "axolotl masks rows by rules of its own")])
    if tokenizer is None:
        return Report(subject, [*checks, skipped("rows as tokens", "the tokenizer did not load")])
    return Report(subject, [*checks, rows_as_tokens(values, stage, tokenizer)])


def own_validators(recipe: Path) -> Check:
    """Return the check of a run's resolved recipe by the validators of its engine."""
    loose = read_loose(recipe)
    if loose.engine == "axolotl":
        return axolotl_validators(recipe, loose.marked.values)
    return validators(recipe, folder.record(recipe.parent).get("stage") or loose.stage)


def validators(recipe: Path, stage: str) -> Check:
    """Return the check by TRL's parser and dataclasses, which know the rules that span several keys."""
    from gretchen.recipes.export_schemas import parts
    from gretchen.zephyr.stage import parse

    name = "TRL's validators"
    try:
        parse(recipe, *parts(SAME_AS.get(stage, stage)))
    except GretchenError as failure:
        return checked(name, [failure.problem.replace(str(recipe), paths.shown(recipe))])
    except (ValueError, TypeError, ImportError, OSError, SystemExit) as wrong:
        return checked(name, [f"{paths.shown(recipe)}: {' '.join(str(wrong).split())}"])
    return checked(name, [])


def axolotl_validators(recipe: Path, values: dict[str, Any], gpu: dict[str, Any] | None = None) -> Check:
    """Return the check by axolotl's own pydantic validators, which know the rules that span several keys.

    `gpu` is what they take for this machine's GPU, where the recipe is not for this machine.
    """
    from axolotl.cli.config import gpu_capabilities
    from axolotl.utils.config import validate_config
    from axolotl.utils.dict import DictDefault
    from pydantic import ValidationError

    name = "axolotl's validators"
    here, environment = gpu_capabilities()
    try:
        validate_config(DictDefault(values), capabilities=gpu or here, env_capabilities=environment)
    except ValidationError as wrong:
        said = [(".".join(map(str, one["loc"])), one["msg"].removeprefix("Value error, ")) for one in wrong.errors()]
        return checked(name, [f"{paths.shown(recipe)}: {f'{key}: ' if key else ''}{told}" for key, told in said])
    except Exception as wrong:  # a validator may stumble over what no one foresaw: its words are the reason
        told = " ".join(str(wrong).split()) or type(wrong).__name__
        return checked(name, [f"{paths.shown(recipe)}: {told}"])
    return checked(name, [])


def loose_validators(path: Path, loose: Loose) -> Check:
    """Return the check of a loose recipe by its engine's validators, which are told that this were an H100."""
    if loose.engine == "axolotl":
        return axolotl_validators(path, loose.values, H100)
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / path.name
        here = {"use_cpu": True, "output_dir": place}
        values = {key: value for key, value in loose.values.items() if key not in ("env", "tf32")} | here
        file.write_text(yaml.safe_dump(values, allow_unicode=True), encoding="utf-8")
        check = validators(file, loose.stage)
        return replace(check, lines=[line.replace(str(file), str(path)) for line in check.lines])


def load_tokenizer(model: str) -> tuple[Any, Check]:
    """Return the model's tokenizer, None where it does not load, and the check of that."""
    from transformers import AutoTokenizer

    place = paths.root() / model
    try:
        tokenizer = AutoTokenizer.from_pretrained(str(place) if place.is_dir() else model)
    except (OSError, ValueError, KeyError) as wrong:
        return None, checked("tokenizer", [f"{model}: {str(wrong).splitlines()[0]}"])
    return tokenizer, checked("tokenizer", [], f"{len(tokenizer)} tokens")


def rows_as_tokens(values: dict[str, Any], stage: str, tokenizer: Any) -> Check:
    """Return the check of the first training rows: each trains something, and answers end in a trained EOS."""
    name, file = "rows as tokens", train_file(values)
    if file is None:
        return skipped(name, "the recipe names no file of this disk")
    rows = list(islice(chats(file), ROWS))
    if stage != "sft" or not rows:
        return skipped(name, f"{paths.shown(file)} holds no chats")
    seen = [(number, tokens_of(row, values, tokenizer)) for number, row in rows]
    stops = stop_ids(values, tokenizer)
    faults = [f"{paths.shown(file)}:{n}: {fault}" for n, tokens in seen if (fault := row_fault(tokens, stops))]
    count, cut = len(seen), sum(tokens.cut for _, tokens in seen)
    share = sum(sum(tokens.trained) for _, tokens in seen) / sum(len(tokens.ids) for _, tokens in seen)
    limit = f"cut at max_length {values.get('max_length', 1024)}"
    return checked(name, faults, f"first {count} rows: {cut / count:.0%} {limit}, {share:.0%} of tokens trained")


def train_file(values: dict[str, Any]) -> Path | None:
    """Return the file that a recipe's training rows stand in, None where it names none on this disk."""
    for name in files_of(values):
        place = paths.root() / name
        place = place / "train.jsonl" if place.is_dir() else place
        if place.is_file():
            return place
    return None


def chats(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (line, row) of the rows that hold messages."""
    with file.open(encoding="utf-8") as stream:
        for number, line in enumerate(stream, start=1):
            row = json.loads(line)
            if "messages" in row:
                yield number, row


def tokens_of(row: dict[str, Any], values: dict[str, Any], tokenizer: Any) -> Tokens:
    """Return a row as TRL's SFT trainer tokenizes it."""
    from trl.chat_template_utils import get_training_chat_template, has_generation_markers

    answers_only = bool(values.get("assistant_only_loss"))
    template = tokenizer.chat_template
    if answers_only and not has_generation_markers(template):
        template = get_training_chat_template(tokenizer)
    made = tokenizer.apply_chat_template(
        row["messages"],
        tools=row.get("tools"),
        chat_template=template,
        return_dict=True,
        return_assistant_tokens_mask=answers_only,
    )
    ids, limit = made["input_ids"], values.get("max_length", 1024)
    trained = [bool(m) for m in made["assistant_masks"]] if answers_only else [True] * len(ids)
    limit = len(ids) if limit in (None, "none") else int(limit)
    return Tokens(ids[:limit], trained[:limit], len(ids) > limit)


def stop_ids(values: dict[str, Any], tokenizer: Any) -> set[int]:
    """Return the tokens at which generation stops: the tokenizer's EOS and generation_config.json's."""
    file = paths.root() / str(values[MODEL["zephyr"]]) / "generation_config.json"
    said = json.loads(file.read_text(encoding="utf-8")).get("eos_token_id") if file.is_file() else None
    return {tokenizer.eos_token_id, *(said if isinstance(said, list) else [said])} - {None}


def row_fault(tokens: Tokens, stops: set[int]) -> str | None:
    """Return what is wrong with a row's tokens, or None."""
    trained = [number for number, is_trained in zip(tokens.ids, tokens.trained, strict=True) if is_trained]
    if not trained:
        return "no token of this row is trained" + (": the answer lies behind max_length" if tokens.cut else "")
    # Behind the last EOS a template may still write a line break.
    if not tokens.cut and not stops & set(trained[-2:]):
        return "the last trained token is no EOS: the model would not learn to end its answers"
    return None
