"""Mistakes on the card: metrics, limits and forms that contradict the rows.

card_mistakes("genome-chatbot")               -> problems that the card alone and the built rows show
limit_mistakes("genome-chatbot", sample)      -> problems that a sample of rows shows
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gretchen import paths
from gretchen.checks.mistakes.problems import Problem, error, warning
from gretchen.checks.mistakes.tokenizer_texts import tokenizer_mistakes
from gretchen.errors import UserError
from gretchen.hardware import PROFILE_GB
from gretchen.marked_yaml import load_marked
from gretchen.models.files import read_json
from gretchen.names import nearest
from gretchen.planning.read_settings import read_settings
from gretchen.projects.build import intact_data_card, is_current
from gretchen.projects.card import Card, card_file, read_card
from gretchen.projects.rows import Row, normalised_prompt, reference_of
from gretchen.projects.summarize import tokenizer_folder
from gretchen.recipes.resolve import Resolved

MIN_BUILD = 50
MAX_SAMPLES = 64
MAX_LEFT_OUT = 0.4
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?")
SIZE = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)[bB](?![\w])")
BF16_GB_PER_BILLION = 2
QUANTIZED = re.compile(r"4bit|8bit|awq|gptq|int4|int8|fp8|bnb", re.IGNORECASE)
INFERENCE_ONLY = re.compile(r"[-_.](gguf|awq|gptq|exl2|mlx|onnx|fp8|int4|int8|w4a16|w8a8)\b", re.IGNORECASE)
NOT_WRITING = re.compile(r"[-_](embed(ding)?s?|rerank(er)?|reward|rm|prm)\b", re.IGNORECASE)
# A closed form is a table: with so many references, of which nearly all differ, it is none.
MIN_TABLE, ALL_DIFFERENT = 40, 0.95
# How many tokens a recipe's model may generate while it trains: TRL's key, its PPO's, axolotl's.
LENGTH_KEYS = ("max_completion_length", "response_length", "trl.max_completion_length")
FEW, MANY = 0.02, 0.2  # of the references, that are longer than the limit
GENERATING = ("grpo", "rloo", "ppo")
Sample = Mapping[str, list[Row]]


def card_mistakes(project: str) -> Iterator[Problem]:
    """Yield the mistakes on a valid card."""
    card = read_card(project)
    if not isinstance(card, Card):
        return
    marked = load_marked(card_file(project))

    def at(*key: Any) -> str:
        return marked.location(key)

    for name, metric in card.evaluation.metrics.items():
        low, high = metric.range
        if math.isnan(low) or math.isnan(high) or low >= high:
            yield error(f"{at('evaluation', 'metrics', name, 'range')}: the range of '{name}' is {low:g} to {high:g}")
    for key in ("tiny", "laptop", "full"):
        if getattr(card.rows, key) < MIN_BUILD:
            count = getattr(card.rows, key)
            yield warning(
                f"{at('rows', key)}: 'rows.{key}' is {count}: too few to learn from, and a test set of {count // 10}"
            )
    for number, language in enumerate(card.languages):
        if not LANGUAGE.fullmatch(language):
            yield warning(f"{at('languages', number)}: '{language}' is no language code: en, de")
    if card.evaluation.samples > MAX_SAMPLES:
        yield warning(
            f"{at('evaluation', 'samples')}: {card.evaluation.samples} answers to each row take that much longer"
        )
    yield from model_sizes(card, at)
    yield from model_names(card, at)
    yield from generation_limit(project, card, at)
    yield from forms(project, card, at)


def model_sizes(card: Card, at: Any) -> Iterator[Problem]:
    """Warn of a model whose weights alone do not fit into a profile's memory, by its name."""
    for profile, model in card.models.items():
        size = SIZE.search(model.rpartition("/")[2].replace("-", " "))
        gigabytes = float(size[1]) * BF16_GB_PER_BILLION if size else 0
        if gigabytes > PROFILE_GB.get(profile, math.inf) and not QUANTIZED.search(model):
            yield warning(
                f"{at('models', profile)}: {model} has {gigabytes:g} GB of weights in bf16, {profile} has "
                f"{PROFILE_GB[profile]:g} GB"
            )


def model_names(card: Card, at: Any) -> Iterator[Problem]:
    """Report names that are none of the hub; warn of models that, by their names, cannot be trained or cannot write."""
    for profile, model in card.models.items():
        where, name = at("models", profile), model.rpartition("/")[2]
        if "://" in model:
            short = re.sub(r"^\w+://[^/]+/", "", model)
            yield error(f"{where}: {model} is an address: a model is named by owner and name: {short}")
        elif model != "base" and model.count("/") != 1 and not (paths.root() / model).exists():
            yield error(f"{where}: '{model}' is neither 'base', nor a path, nor the name of a model: owner/{name}")
        elif INFERENCE_ONLY.search(name):
            yield error(f"{where}: {model} is, by its name, quantized for inference: its weights cannot be trained")
        elif NOT_WRITING.search(name):
            yield error(f"{where}: {model} is, by its name, no model that writes: it gives vectors or scores")


def generation_limit(project: str, card: Card, at: Any) -> Iterator[Problem]:
    """Report an answer that may be as long as the embedded base's whole context."""
    try:
        positions = read_json(paths.projects() / project / "base" / "config.json").get("max_position_embeddings")
    except UserError:
        return  # a damaged config is reported by the check of the model
    limit = card.evaluation.max_new_tokens
    if card.models.get("tiny") == "base" and isinstance(positions, int) and limit >= positions:
        where = at("evaluation", "max_new_tokens")
        yield error(
            f"{where}: 'max_new_tokens' {limit} leaves no room for a question in the base's {positions} positions"
        )


def forms(project: str, card: Card, at: Any) -> Iterator[Problem]:
    """Report closed forms that no row has, and forms that are all closed; warn where the build dropped many rows."""
    built = intact_data_card(project)
    if built is None:
        return
    known = {form for summary in built.formats.values() for form in summary.forms}
    if getattr(card.forms, built.rows) is not None:
        known |= set(card.closed)  # rows of some forms are built: a closed form may be one of the others
    yield from closed_forms(card, known, at, error)
    for name, summary in built.formats.items():
        left_out, kept = sum(summary.left_out.values()), sum(summary.rows.values())
        if left_out > MAX_LEFT_OUT * (left_out + kept):
            reasons = ", ".join(f"{count:,} {reason}" for reason, count in summary.left_out.items())
            folder = f"{paths.shown(paths.build(project))}/{name}"
            yield warning(f"{folder}: {left_out:,} of {left_out + kept:,} rows are left out: {reasons}")


def closed_forms(card: Card, known: set[str], at: Any, level: Any) -> Iterator[Problem]:
    """Yield the problems of closed forms, given the forms of rows."""
    for number, form in enumerate(card.closed):
        if known and form not in known:
            close = nearest(form, known)
            fix = f", did you mean '{close}'?" if close else f" (forms: {', '.join(sorted(known)[:8])})"
            yield level(f"{at('closed', number)}: 'closed': no row has the form '{form}'{fix}")
    if known and known <= set(card.closed):
        yield error(f"{at('closed')}: 'closed': every form is closed, so nothing is left to be tested")


def limit_mistakes(project: str, sample: Sample, resolved: Sequence[Resolved]) -> Iterator[Problem]:
    """Yield what a sample of rows shows of the card's and the recipes' limits: tokens, stop strings, closed forms."""
    card = read_card(project)
    references = [text for rows in sample.values() for row in rows if (text := reference_of(row))]
    if not isinstance(card, Card):
        return
    marked = load_marked(card_file(project))
    yield from stop_strings(card, references, marked.location)
    yield from open_tables(card, sample, marked.location)
    known = {row["form"] for rows in sample.values() for row in rows}
    if not is_current(project):
        yield from closed_forms(card, known, lambda *key: marked.location(key), warning)
    yield from tokenizer_mistakes(tokenizer_folder(project))
    lengths = sorted(token_counts(project, references))
    if not lengths:
        return
    where = marked.location(("evaluation", "max_new_tokens"))
    yield from too_short(where, "max_new_tokens", card.evaluation.max_new_tokens, lengths)
    for recipe in resolved:
        limit = length_limit(recipe)
        if limit:
            key = next((key for key in LENGTH_KEYS if key in recipe.origins), LENGTH_KEYS[0])
            where = str(recipe.origins.get(key, recipe.name))
            yield from too_short(where, key.rpartition(".")[2], limit, lengths)


def open_tables(card: Card, sample: Sample, location: Any) -> Iterator[Problem]:
    """Warn of a closed form in which nearly every row has an answer of its own: it is no table that is known whole."""
    for number, form in enumerate(card.closed):
        of_form = [row for rows in sample.values() for row in rows if row["form"] == form and reference_of(row)]
        answers = {normalised_prompt(row): reference_of(row) for row in of_form}
        different = len(set(answers.values()))
        if len(answers) >= MIN_TABLE and different >= ALL_DIFFERENT * len(answers):
            yield warning(
                f"{location(('closed', number))}: 'closed': {different} of {len(answers)} questions of '{form}' have "
                "an answer of their own, so it is no closed table: its test rows would not be kept apart"
            )


def length_limit(recipe: Resolved) -> int:
    """Return how many tokens a recipe's model may generate while it trains under `tiny`; 0 where it generates none."""
    generates = recipe.stage in GENERATING and recipe.profile == "tiny"
    return read_settings(recipe, cpu=True).max_new_tokens if generates else 0


def too_short(where: str, key: str, limit: int, lengths: list[int]) -> Iterator[Problem]:
    """Report a limit below the references' own length."""
    longer = sum(length > limit for length in lengths)
    if longer <= FEW * len(lengths):
        return
    level = error if longer > MANY * len(lengths) else warning
    yield level(
        f"{where}: '{key}' {limit} is less than {longer} of {len(lengths)} references have (the longest: {lengths[-1]} "
        "tokens): no answer could be right"
    )


def stop_strings(card: Card, references: Sequence[str], location: Any) -> Iterator[Problem]:
    """Report a stop string that stands in references: the right answer would be cut there."""
    for number, stop in enumerate(card.evaluation.stop):
        inside = [text for text in references if stop in text]
        if inside:
            where = location(("evaluation", "stop", number))
            yield error(
                f"{where}: the stop string {stop!r} stands in {len(inside)} of {len(references)} references "
                f"('{inside[0][:40]}'): a right answer would be cut there"
            )


def token_counts(project: str, texts: Sequence[str]) -> list[int]:
    """Return the tokens of texts with the EOS that follows, by the tokenizer of the embedded base."""
    from tokenizers import Tokenizer

    file = tokenizer_folder(project) / "tokenizer.json"
    if not file.is_file() or not texts:
        return []
    try:
        tokenizer = Tokenizer.from_file(str(file))
    except Exception:  # a damaged file, which the check of the model reports
        return []
    return [len(encoding.ids) + 1 for encoding in tokenizer.encode_batch(list(texts), add_special_tokens=False)]
