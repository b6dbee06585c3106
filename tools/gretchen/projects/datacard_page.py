"""The data card as people read it: build/<project>/data-card.md, from the DataCard and the project's card."""

import json

from gretchen.projects.builder import SPLITS
from gretchen.projects.card import Card
from gretchen.projects.datacard import DataCard, FormatSummary
from gretchen.safe_text import markdown_cell, visible

MAX_FAULTS = 20
# What a reason for leaving rows out means, where its name does not say it.
EXPLANATIONS = {
    "groups in several splits": "a row with several group keys is dropped where these are in different splits",
    "hard, but not held out": "a hard row is kept where its groups are in the test split",
    "near-duplicate from outside": "it differs from another row in nothing that identifies: no number, no name",
}
SHOWN_COLUMNS = ("messages", "prompt", "chosen", "rejected", "text")


def markdown(data_card: DataCard, card: Card) -> str:
    """Return the data card as Markdown."""
    profiles = "the profiles with a GPU" if data_card.rows == "full" else f"the profile {data_card.rows}"
    lines = [
        f"# The data of {data_card.project}",
        "",
        f"{markdown_cell(card.title)}. Content hash `{data_card.hash}`, rows for {profiles}. "
        f"Built by `make data PROJECT={data_card.project}`.",
        "",
        "| part | licence | use |",
        "|---|---|---|",
        *(cells(source.name, source.licence, source.use) for source in card.sources),
    ]
    for name, summary in data_card.formats.items():
        lines += ["", f"## {name}", "", *format_lines(summary)]
    if data_card.faults:
        shown = [f"- {markdown_cell(str(fault))}" for fault in data_card.faults[:MAX_FAULTS]]
        lines += ["", f"## Faulty rows, left out: {len(data_card.faults)}", "", *shown]
    return "\n".join(lines) + "\n"


def left_out_lines(data_card: DataCard) -> list[str]:
    """Return a line for each reason for which rows of a format were left out, with their number."""
    return [
        f"{name}: left out {count:,}: {reason}{f' ({EXPLANATIONS[reason]})' if reason in EXPLANATIONS else ''}"
        for name, summary in data_card.formats.items()
        for reason, count in summary.left_out.items()
    ]


def format_lines(summary: FormatSummary) -> list[str]:
    """Return the lines on one format."""
    near, tokens = summary.near_duplicates, summary.tokens
    left_out = ", ".join(f"{count:,} {reason}" for reason, count in summary.left_out.items()) or "none"
    lines = [
        f"- {summary.distinct_prompts:,} distinct prompts, {summary.distinct_answers:,} distinct answers",
        f"- tokens a row: median {tokens.median}, 95 % up to {tokens.p95}, at most {tokens.max}; "
        f"{tokens.total:,} in all, {summary.trained_share:.0%} of them trained",
        f"- left out: {left_out}; near-duplicates: {near.rows:,} of {near.of:,} rows looked at",
        "",
        f"| form | {' | '.join(SPLITS)} |",
        f"|---|{'--:|' * len(SPLITS)}",
    ]
    for form, rows in summary.forms.items():
        lines.append(cells(form, *(f"{rows[split]:,}" for split in SPLITS)))
    lines.append(f"| all | {' | '.join(str(summary.rows[split]) for split in SPLITS)} |")
    for row in summary.samples:
        columns = {key: row[key] for key in row if key in SHOWN_COLUMNS}
        lines += ["", "```json", visible(json.dumps(columns, ensure_ascii=False)), "```"]
    return lines


def cells(*texts: str) -> str:
    """Return a row of a Markdown table."""
    return f"| {' | '.join(map(markdown_cell, texts))} |"
