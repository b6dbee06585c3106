"""A row of public tutoring data: what was said, the reference question, the values that must not be told."""

from collections.abc import Sequence
from typing import Any

from .moves import Move, Secret
from .wordings import system_message


def tutor_row(key: str, number: int, said: Sequence[dict[str, Any]], question: str, later: Sequence[str]) -> dict:
    """Return the chat row of one tutor's turn; rows of one conversation share a group."""
    values = tuple(dict.fromkeys(value.replace(",", "").strip() for value in later))
    move = Move("public", (question,), (), Secret(values=values), "…")
    return {
        "id": f"public-{key}-{number}",
        "form": "public",
        "group": [key],
        "messages": [system_message("en"), *said, {"role": "assistant", "content": question}],
        "meta": {"language": "en", "subject": "public", "plan": [move.as_json()]},
    }
