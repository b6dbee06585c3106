"""What a click on a token shows, as text: the likeliest tokens at its place, and how much of the mass they cover.

table = token_table(token)
table.rows[0]                   TokenRow(text="Ja", share=0.438, is_chosen=False)
table.summary                   "−2.40 log probability (9.07 %); the 5 likeliest cover 84.81 %"
"""

import math
from dataclasses import dataclass

from gretchen.models.stream import Answer
from gretchen.models.tokens import Alternative, Token
from gretchen.names import counted
from gretchen.safe_text import visible

SHOWN = {"\n": "↵", "\t": "⇥", " ": "␣"}


@dataclass(frozen=True)
class TokenRow:
    """A token that could stand there: its text as shown, its probability, and whether it was chosen."""

    text: str
    share: float
    is_chosen: bool


@dataclass(frozen=True)
class TokenTable:
    """The rows, best first (the chosen token last where it is not among the likeliest), and a summary."""

    rows: tuple[TokenRow, ...]
    summary: str


def token_table(token: Token) -> TokenTable:
    """Return the table of a token."""
    rows = [row(other, other.id == token.id) for other in token.top]
    if not any(entry.is_chosen for entry in rows):
        rows.append(row(token, True))
    covered = sum(math.exp(other.logprob) for other in token.top)
    summary = (
        f"{number(token.logprob)} log probability ({percent(math.exp(token.logprob))}); "
        f"the {len(token.top)} likeliest cover {percent(covered)}"
    )
    return TokenTable(tuple(rows), summary)


def row(token: Alternative, is_chosen: bool) -> TokenRow:
    """Return a token as a row."""
    return TokenRow(shown(token.text), math.exp(token.logprob), is_chosen)


def shown(text: str) -> str:
    """Return a token's text with white space made visible; nothing in it steers anything."""
    return "".join(SHOWN.get(character, character) for character in visible(text))


def answer_summary(answer: Answer) -> str:
    """Return an answer's length, its total log probability and why it ended."""
    ends = {"stop": "finished", "length": "cut off at the maximum length", "cancelled": "stopped"}
    tokens = counted(answer.num_tokens, "token")
    return f"{number(answer.logprob)} log probability on {tokens}, {ends[answer.finish_reason]}"


def number(value: float) -> str:
    """Return a log probability with two decimals and a real minus sign."""
    return f"{value:.2f}".replace("-", "−").replace("−0.00", "0.00")


def percent(share: float) -> str:
    """Return a share in per cent with two decimals; the sign stays on the number's line."""
    return f"{100 * share:.2f}\N{NO-BREAK SPACE}%"
