"""A row of public dialogue data: who is played, what was said before, the reply."""

from collections.abc import Sequence
from typing import Any

MOST_TURNS = 4  # before the reply


def reply_row(row_id: str, group: str, about: str, said: Sequence[str], reply: str) -> dict:
    """Return the chat row of a reply; of two speakers the one who replies is the assistant."""
    before = said[-MOST_TURNS:]
    # Turns alternate, and the one before the reply is the user's.
    roles = ["user" if (len(before) - i) % 2 else "assistant" for i in range(len(before))]
    turns: list[dict[str, Any]] = [{"role": "system", "content": about}]
    turns += [{"role": role, "content": text} for role, text in zip(roles, before, strict=True)]
    return {
        "id": row_id,
        "form": "public",
        "group": [group],
        "messages": [*turns, {"role": "assistant", "content": reply}],
        "meta": {"language": "en"},
    }
