"""The leakage check: nothing that a model is tested on stands in what it is trained on.

    leaks(training, held_out)     -> ["id 'x' …", …]

A leak is an id, a group or a normalised prompt that training rows share with held-out rows, in any format, and a
held-out question that stands word for word in a training document. Closed tables, which the card names, are exempt by
form. Not found: the same thing in other words; that is what groups are for.
"""

from collections.abc import Iterable, Iterator

from gretchen.projects.builder import Placed

HELD_OUT = ("test", "hard")
# A question of fewer words stands in many documents by chance.
LEAST_WORDS = 6
HEAD = 4
Named = tuple[str, Placed]


def leaks(rows: Iterable[Named], closed: Iterable[str] = ()) -> list[str]:
    """Return a sentence for each leak between training (with validation) and held-out rows, both as (format, row)."""
    exempt = set(closed)
    kept = [(name, one) for name, one in rows if one.row["form"] not in exempt]
    held = HeldOut([(name, one) for name, one in kept if one.split in HELD_OUT])
    return [leak for name, one in kept if one.split not in HELD_OUT for leak in held.shared_with(name, one)]


class HeldOut:
    """What the held-out rows hold, ready to be looked up."""

    def __init__(self, rows: list[Named]) -> None:
        self.ids = {(name, one.row["id"]): _name(name, one) for name, one in rows}
        self.groups = {key: _name(name, one) for name, one in rows for key in _groups(one)}
        self.prompts = {one.prompt: _name(name, one) for name, one in rows}
        self.heads: dict[tuple[str, ...], list[tuple[list[str], str]]] = {}
        for name, one in rows:
            words = one.prompt.split()
            if name != "texts" and len(words) >= LEAST_WORDS:
                self.heads.setdefault(tuple(words[:HEAD]), []).append((words, _name(name, one)))

    def shared_with(self, name: str, one: Placed) -> Iterator[str]:
        """Yield a sentence for each thing that a training row shares with the held-out rows."""
        here = _name(name, one)
        there = self.ids.get((name, one.row["id"]))
        if there:
            yield f"the id of {here} is that of {there}"
        for key in _groups(one):
            if key in self.groups:
                yield f"group '{key}' of {here} is one of {self.groups[key]}"
        if one.prompt in self.prompts:
            yield f"{here} asks what {self.prompts[one.prompt]} asks"
        elif name == "texts":
            there = self._within(one.prompt.split())
            if there:
                yield f"the text of {here} holds the question of {there}"

    def _within(self, words: list[str]) -> str | None:
        """Return the held-out row whose whole question stands among the words, or None."""
        for start in range(len(words) - LEAST_WORDS + 1):
            for question, there in self.heads.get(tuple(words[start : start + HEAD]), ()):
                if words[start : start + len(question)] == question:
                    return there
        return None


def _groups(one: Placed) -> list[str]:
    """Return a row's group keys."""
    group = one.row["group"]
    return [group] if isinstance(group, str) else list(group)


def _name(name: str, one: Placed) -> str:
    """Return how messages name a row."""
    return f"{one.split} row '{one.row['id']}' ({name})"
