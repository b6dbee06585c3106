"""The data card: what `make data` built, counted, as a dict (JSON) and as Markdown.

Token lengths and the share of trained tokens are those of the project's embedded base (its tokenizer and template), or
of the tokenizer that all embedded bases share, where there is no base yet.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gretchen import paths
from gretchen.projects.builder import SPLITS, Placed, counts
from gretchen.projects.card import Card
from gretchen.projects.rows import Row, normalised, prompt_of, reference_of

SAMPLES = 3
MOST_FAULTS = 20


class Measure:
    """Token counts by a tokenizer and its chat template."""

    def __init__(self, folder: Path) -> None:
        from transformers import AutoTokenizer

        self.folder = folder
        self.tokenizer = AutoTokenizer.from_pretrained(str(folder))

    def lengths(self, rows: Sequence[Row]) -> tuple[list[int], list[int]]:
        """Return (tokens, trained tokens) of each row: of a document all, of a chat the assistant's turns."""
        if not rows:
            return [], []
        if "text" in rows[0]:
            found = [len(ids) + 1 for ids in self.tokenizer([row["text"] for row in rows])["input_ids"]]
            return found, found
        conversations = [self._turns(row) for row in rows]
        if all("tools" not in row for row in rows):
            told = self._render(conversations, None)
        else:
            parts = [self._render([turns], row.get("tools")) for turns, row in zip(conversations, rows, strict=True)]
            told = {key: [part[key][0] for part in parts] for key in parts[0]}
        return list(map(len, told["input_ids"])), list(map(sum, told["assistant_masks"]))

    @staticmethod
    def _turns(row: Row) -> list[dict[str, Any]]:
        """Return a row as one conversation: with its answer, chosen where there are two sides."""
        if "messages" in row:
            return row["messages"]
        return [*prompt_of(row), *row.get("chosen", row.get("completion", []))]

    def _render(self, conversations: list[Any], tools: Any) -> dict[str, Any]:
        """Return token ids and the assistant's mask of conversations."""
        return self.tokenizer.apply_chat_template(
            conversations, tools=tools, tokenize=True, return_dict=True, return_assistant_tokens_mask=True
        )


def measure_folder(project: str) -> Path:
    """Return the folder whose tokenizer measures a project's rows."""
    base = paths.projects() / project / "base"
    return base if (base / "tokenizer.json").is_file() else paths.shared_recipes() / "tiny" / "architecture"


def describe(rows: Sequence[Placed], tally: Any, near: int, of: int, measure: Measure) -> dict[str, Any]:
    """Return what a data card says of one format's rows; `near` of `of` looked-at rows have a near-duplicate."""

    lengths, trained = measure.lengths([one.row for one in rows])
    forms = counts(rows)
    return {
        "rows": {split: sum(form[split] for form in forms.values()) for split in SPLITS},
        "forms": forms,
        "distinct_prompts": len({one.prompt for one in rows}),
        "distinct_answers": len({normalised(reference_of(one.row)) for one in rows}),
        "from_outside": sum(one.outside for one in rows),
        "left_out": dict(tally.left_out),
        "near_duplicates": {"rows": near, "of": of},
        "tokens": quantiles(lengths) | {"total": sum(lengths)},
        "trained_share": round(sum(trained) / max(1, sum(lengths)), 4),
        "samples": [one.row for one in spread(rows)],
    }


def quantiles(values: Sequence[int]) -> dict[str, int]:
    """Return the median, the 95th percentile and the largest of some counts."""
    ordered = sorted(values) or [0]
    last = len(ordered) - 1
    return {"median": ordered[last // 2], "p95": ordered[round(0.95 * last)], "max": ordered[-1]}


def spread(rows: Sequence[Placed]) -> list[Placed]:
    """Return the first train row of SAMPLES forms, the same ones every time."""
    first: dict[str, Placed] = {}
    for one in rows:
        if one.split == "train":
            first.setdefault(one.row["form"], one)
    forms = sorted(first)
    return [first[forms[i * len(forms) // SAMPLES]] for i in range(min(SAMPLES, len(forms)))]


def markdown(told: dict[str, Any], card: Card) -> str:
    """Return the data card as people read it."""
    lines = [
        f"# The data of {told['project']}",
        "",
        f"{card.title}. Content hash `{told['hash']}`, rows for the profile{' ' if told['rows'] == 'tiny' else 's '}"
        f"{'tiny' if told['rows'] == 'tiny' else 'other than tiny'}. Built by `make data PROJECT={told['project']}`.",
        "",
        "| part | licence | use |",
        "|---|---|---|",
        *(f"| {source.name} | {source.licence} | {source.use} |" for source in card.sources),
    ]
    for name, one in told["formats"].items():
        lines += ["", f"## {name}", "", *format_lines(one)]
    if told["faults"]:
        shown = [f"- {fault}" for fault in told["faults"][:MOST_FAULTS]]
        lines += ["", f"## Faulty rows, left out: {len(told['faults'])}", "", *shown]
    return "\n".join(lines) + "\n"


def format_lines(one: dict[str, Any]) -> list[str]:
    """Return a format's part of the Markdown."""
    near, tokens = one["near_duplicates"], one["tokens"]
    left_out = ", ".join(f"{count:,} {reason}" for reason, count in one["left_out"].items()) or "none"
    lines = [
        f"- {one['distinct_prompts']:,} distinct prompts, {one['distinct_answers']:,} distinct answers",
        f"- tokens a row: median {tokens['median']}, 95 % up to {tokens['p95']}, at most {tokens['max']}; "
        f"{tokens['total']:,} in all, {one['trained_share']:.0%} of them trained",
        f"- left out: {left_out}; near-duplicates: {near['rows']:,} of {near['of']:,} rows looked at",
        "",
        f"| form | {' | '.join(SPLITS)} |",
        f"|---|{'--:|' * len(SPLITS)}",
    ]
    for form, found in one["forms"].items():
        lines.append(f"| {form} | {' | '.join(f'{found[split]:,}' for split in SPLITS)} |")
    lines.append(f"| all | {' | '.join(str(one['rows'][split]) for split in SPLITS)} |")
    for row in one["samples"]:
        shown = json.dumps(
            {key: row[key] for key in row if key in ("messages", "prompt", "chosen", "rejected", "text")},
            ensure_ascii=False,
        )
        lines += ["", "```json", shown, "```"]
    return lines
