"""The leakage check: nothing that a model is tested on is in what it is trained on.

    leaks([("chats", placed), …], closed=["codon-lookup"])     -> ["the id of … is that of …", …]

A leak is an id, a group or a normalised prompt that training rows share with held-out rows, in any format, and a
held-out question that occurs word for word in a training document. Closed tables, which the card names, are exempt by
form. The same thing in other words is not detected: groups are for that.
"""

from collections.abc import Iterable, Iterator

from gretchen.projects.builder import SplitRow

HELD_OUT = ("test", "hard")
# A question of fewer words occurs in many documents by chance.
MIN_WORDS = 6
HEAD = 4
FormatRow = tuple[str, SplitRow]


def leaks(rows: Iterable[FormatRow], closed: Iterable[str] = ()) -> list[str]:
    """Return a sentence for each leak between training (with validation) and held-out rows, both as (format, row)."""
    exempt = set(closed)
    checked = [(row_format, placed) for row_format, placed in rows if placed.row["form"] not in exempt]
    held_out = HeldOut([pair for pair in checked if pair[1].split in HELD_OUT])
    return [leak for pair in checked if pair[1].split not in HELD_OUT for leak in held_out.shared_with(*pair)]


class HeldOut:
    """An index of the held-out rows: their ids, groups, prompts and questions, each with the row's name."""

    def __init__(self, rows: list[FormatRow]) -> None:
        self.ids = {(row_format, placed.row["id"]): _name(row_format, placed) for row_format, placed in rows}
        self.groups = {key: _name(row_format, placed) for row_format, placed in rows for key in _groups(placed)}
        self.prompts = {placed.prompt: _name(row_format, placed) for row_format, placed in rows}
        self.questions: dict[tuple[str, ...], list[tuple[list[str], str]]] = {}
        for row_format, placed in rows:
            words = placed.prompt.split()
            if row_format != "texts" and len(words) >= MIN_WORDS:
                self.questions.setdefault(tuple(words[:HEAD]), []).append((words, _name(row_format, placed)))

    def shared_with(self, row_format: str, placed: SplitRow) -> Iterator[str]:
        """Yield a sentence for each thing that a training row shares with the held-out rows."""
        name = _name(row_format, placed)
        held_out = self.ids.get((row_format, placed.row["id"]))
        if held_out:
            yield f"the id of {name} is that of {held_out}"
        for key in _groups(placed):
            if key in self.groups:
                yield f"group '{key}' of {name} is one of {self.groups[key]}"
        if placed.prompt in self.prompts:
            yield f"{name} asks what {self.prompts[placed.prompt]} asks"
        elif row_format == "texts":
            held_out = self._question_in(placed.prompt.split())
            if held_out:
                yield f"the text of {name} holds the question of {held_out}"

    def _question_in(self, words: list[str]) -> str | None:
        """Return the name of the held-out row whose whole question occurs in the words, or None."""
        for start in range(len(words) - MIN_WORDS + 1):
            for question, name in self.questions.get(tuple(words[start : start + HEAD]), ()):
                if words[start : start + len(question)] == question:
                    return name
        return None


def _groups(placed: SplitRow) -> list[str]:
    """Return a row's group keys."""
    group = placed.row["group"]
    return [group] if isinstance(group, str) else list(group)


def _name(row_format: str, placed: SplitRow) -> str:
    """Return how messages name a row."""
    return f"{placed.split} row '{placed.row['id']}' ({row_format})"
