"""`make inspect`: the first training rows of a project's recipe, ready to be shown.

    preview(Request("genome-chatbot", "sft"), 3).rows[0].spans

It needs built data and a tokenizer, loads the training stack, and trains nothing.
"""

import warnings
from dataclasses import dataclass, replace

from gretchen import paths
from gretchen.errors import UserError
from gretchen.inspecting.rows import TokenizedRows, require_rows, tokenize_rows, trained_sequences
from gretchen.inspecting.sequences import TokenSequence
from gretchen.inspecting.spans import Span, spans_of, token_counts
from gretchen.models.hub_names import use_hub_if_named
from gretchen.models.locate import loadable, locate, require_reachable
from gretchen.projects.build import build
from gretchen.recipes.resolve import Request, Resolved, resolve
from gretchen.recipes.schema import MODEL
from gretchen.runs.store import earlier_runs
from gretchen.silence import silent


@dataclass(frozen=True)
class PreviewRow:
    """A sequence that would be trained: a heading with its counts, and its text."""

    heading: str
    spans: tuple[Span, ...]


@dataclass(frozen=True)
class Preview:
    """The first sequences of a recipe. `name` is "sft.zephyr.tiny", `notes` are lines about all rows."""

    name: str
    title: str
    notes: tuple[str, ...]
    rows: tuple[PreviewRow, ...]


def preview(request: Request, count: int) -> Preview:
    """Return the first `count` sequences (or pairs) that a recipe would train on; the data are built where needed.

    Raises UserError or WorkError for a recipe that does not resolve, a stage without rows, a model that cannot be had,
    and with the engine's own message where it cannot tokenize the rows.
    """
    resolved, notes = with_tokenizer(request)
    build(request.project, request.profile)
    rows, sequences = _tokenize(resolved, count)
    sides = 2 if any(sequence.side == "rejected" for sequence in sequences) else 1
    return Preview(
        name=f"{resolved.name}.{request.profile}",
        title=f"{request.project}, {resolved.name}, {request.profile}: training rows as the model sees them",
        notes=(*notes, row_counts(rows)),
        rows=tuple(_row(rows, sequence, number // sides + 1) for number, sequence in enumerate(sequences)),
    )


def with_tokenizer(request: Request) -> tuple[Resolved, list[str]]:
    """Return the resolved recipe on a model whose tokenizer is available, and a note where that is another model.

    A recipe that starts from an earlier stage is shown with the base's tokenizer until that stage has been merged.
    """
    resolved = resolve(request, earlier_runs(request.project, request.profile))
    require_rows(resolved.stage)
    if resolved.values.get("pretraining_dataset"):
        problem = f"{resolved.name} streams its rows: axolotl tokenizes them while it trains"
        raise UserError(problem, "inspect another recipe")
    key, notes = MODEL[resolved.engine], []
    if resolved.parent_stage and not (paths.root() / str(resolved.values[key])).is_dir():
        base = locate(request.project, request.profile)
        resolved = replace(resolved, values=resolved.values | {key: base})
        notes.append(f"{resolved.parent_stage} is not merged yet: tokenizer and chat template are the base's")
    require_reachable(str(resolved.values[key]))
    use_hub_if_named(resolved.values)
    return replace(resolved, values=resolved.values | {key: loadable(str(resolved.values[key]))}), notes


def row_counts(rows: TokenizedRows) -> str:
    """Return the counts of the first rows on one line."""
    limit, num_long = "no length limit", len(rows.too_long)
    if rows.max_length:
        handling = f": {'left out' if rows.drops_long_rows else 'cut'}" if num_long else ""
        limit = f"{num_long or 'none'} longer than {rows.max_length} tokens{handling}"
    return f"first {len(rows.rows)} rows: {rows.trained_share:.0%} of tokens trained, {limit}"


def _tokenize(resolved: Resolved, count: int) -> tuple[TokenizedRows, list[TokenSequence]]:
    """Return the first rows, and the first sequences that would be trained."""
    recipe = (resolved.engine, resolved.stage, resolved.values)
    try:
        with warnings.catch_warnings(action="ignore"), silent():
            return tokenize_rows(*recipe), trained_sequences(*recipe, count)
    except (ValueError, TypeError, KeyError, RuntimeError) as failure:
        problem = f"{resolved.name}: {resolved.engine} cannot tokenize the rows: {' '.join(str(failure).split())}"
        raise UserError(problem, "`make check DEEP=1` checks each row") from None


def _row(rows: TokenizedRows, sequence: TokenSequence, number: int) -> PreviewRow:
    """Return a sequence under its heading: "1, chosen: 71 tokens, 28 trained (39%)"."""
    side = f", {sequence.side}" if sequence.side else ""
    spans = spans_of(sequence, rows.tokenizer, rows.eos_ids)
    return PreviewRow(f"{number}{side}: {token_counts(sequence)}", tuple(spans))
