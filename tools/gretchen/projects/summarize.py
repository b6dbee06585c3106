"""Counts what `make data` built: rows by split and form, tokens, distinct prompts and answers, a few samples.

Tokens are those of the project's embedded base (its tokenizer and chat template), or of the tokenizer that all embedded
bases share, where there is no base yet.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gretchen import paths
from gretchen.projects.builder import SPLITS, SplitRow, Tally, count_forms
from gretchen.projects.datacard import FormatSummary, NearDuplicates, TokenCounts
from gretchen.projects.rows import Row, normalised, prompt_of, reference_of, tools_of

SAMPLES = 3


class TokenCounter:
    """Counts tokens by a tokenizer and its chat template."""

    def __init__(self, folder: Path) -> None:
        from transformers import PreTrainedTokenizerFast  # what AutoTokenizer returns, without importing its models

        # Without the model's own limit: rows are counted here, not run, and a long one is no cause for a warning.
        self.tokenizer = PreTrainedTokenizerFast.from_pretrained(str(folder), model_max_length=sys.maxsize)

    def lengths(self, rows: Sequence[Row]) -> tuple[list[int], list[int]]:
        """Return (tokens, trained tokens) of each row: all of a document, the assistant's turns of a chat."""
        encoded = self.encode(rows)
        return [len(ids) for ids, _ in encoded], [sum(mask) for _, mask in encoded]

    def encode(self, rows: Sequence[Row]) -> list[tuple[list[int], list[int]]]:
        """Return (token ids, loss mask) of each row, the mask 1 where there is a loss; of a pair the chosen side."""
        if not rows:
            return []
        if "text" in rows[0]:
            texts = self.tokenizer([row["text"] for row in rows])["input_ids"]
            documents = [[*ids, self.tokenizer.eos_token_id] for ids in texts]
            return [(ids, [1] * len(ids)) for ids in documents]
        conversations = [self._turns(row) for row in rows]
        if all("tools" not in row for row in rows):
            return self._encode(conversations, None)
        pairs = zip(conversations, rows, strict=True)
        return [self._encode([turns], tools_of(row))[0] for turns, row in pairs]

    @staticmethod
    def _turns(row: Row) -> list[dict[str, Any]]:
        """Return a row as one conversation: with its answer, the chosen one of a pair."""
        if "messages" in row:
            return row["messages"]
        return [*prompt_of(row), *row.get("chosen", row.get("completion", []))]

    def _encode(self, conversations: list[Any], tools: Any) -> list[tuple[list[int], list[int]]]:
        """Return the token ids and loss masks of conversations."""
        encoded = self.tokenizer.apply_chat_template(
            conversations, tools=tools, tokenize=True, return_dict=True, return_assistant_tokens_mask=True
        )
        return list(zip(encoded["input_ids"], encoded["assistant_masks"], strict=True))


def tokenizer_folder(project: str) -> Path:
    """Return the folder of the tokenizer that counts a project's tokens."""
    base = paths.projects() / project / "base"
    return base if (base / "tokenizer.json").is_file() else paths.shared_recipes() / "tiny" / "architecture"


def summarize(rows: Sequence[SplitRow], tally: Tally, near: NearDuplicates, counter: TokenCounter) -> FormatSummary:
    """Return the summary of one format's rows."""
    lengths, trained = counter.lengths([placed.row for placed in rows])
    forms = count_forms(rows)
    return FormatSummary(
        rows={split: sum(form[split] for form in forms.values()) for split in SPLITS},
        forms=forms,
        distinct_prompts=len({placed.prompt for placed in rows}),
        distinct_answers=len({normalised(reference_of(placed.row)) for placed in rows}),
        from_outside=sum(placed.external for placed in rows),
        left_out=dict(tally.left_out),
        near_duplicates=near,
        tokens=token_counts(lengths),
        trained_share=round(sum(trained) / max(1, sum(lengths)), 4),
        samples=[placed.row for placed in samples(rows)],
    )


def token_counts(lengths: Sequence[int]) -> TokenCounts:
    """Return the median, the 95th percentile, the largest and the sum of rows' lengths in tokens."""
    ordered = sorted(lengths) or [0]
    last = len(ordered) - 1
    return TokenCounts(median=ordered[last // 2], p95=ordered[round(0.95 * last)], max=ordered[-1], total=sum(ordered))


def samples(rows: Sequence[SplitRow]) -> list[SplitRow]:
    """Return the first train row of SAMPLES forms, the same ones every time."""
    first: dict[str, SplitRow] = {}
    for placed in rows:
        if placed.split == "train":
            first.setdefault(placed.row["form"], placed)
    forms = sorted(first)
    return [first[forms[i * len(forms) // SAMPLES]] for i in range(min(SAMPLES, len(forms)))]
