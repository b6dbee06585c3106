"""A process in words, in English or German.

    described(rng, process)
    -> 'First "register claim". Then either "approve claim" (70 %) or "reject claim" (30 %).'

What lies within another part is named by a letter and described in a sentence of its own, so that nothing is ambiguous.
"""

import random
from datetime import datetime

from .clocks import CLOSES, OPENS, Schedule, Staff
from .processes import Process
from .trees import Tree

WORDS: dict[str, dict[str, tuple[str, ...]]] = {
    "en": {
        "first": ("First", "To begin with,", "At the beginning"),
        "then": ("Then", "Next", "After that"),
        "last": ("Finally", "At the end", "Last"),
        "choice": ("either {list}", "{list}"),
        "optional": ("{part} in {percent} % of the cases", "in {percent} % of the cases {part}"),
        "parallel": ("{list} in any order", "{list} in parallel, in any order"),
        "loop": (
            "{do}; with a probability of {percent} % {redo} follows and {do} again, at most twice",
            "{do} (at most twice, each time with {percent} %, {redo} and {do} follow again)",
        ),
        "inclusive": ("one or more of {list}, in any order",),
        "only": ("The process is {part}.",),
        "part": ("Part {letter} is {part}.", "Part {letter}: {part}."),
        "and": ("and",), "or": ("or",), "named": ("part {letter}",), "sequence": (", then ",),
    },
    "de": {
        "first": ("Zuerst", "Am Anfang", "Zu Beginn"),
        "then": ("Dann", "Danach", "Anschließend"),
        "last": ("Zuletzt", "Am Ende", "Zum Schluss"),
        "choice": ("entweder {list}", "{list}"),
        "optional": ("{part} in {percent} % der Fälle", "in {percent} % der Fälle {part}"),
        "parallel": ("{list} in beliebiger Reihenfolge", "{list} parallel, in beliebiger Reihenfolge"),
        "loop": (
            "{do}; mit {percent} % Wahrscheinlichkeit folgen {redo} und noch einmal {do}, höchstens zweimal",
            "{do} (höchstens zweimal, jeweils mit {percent} %, folgen {redo} und noch einmal {do})",
        ),
        "inclusive": ("mindestens eins von {list}, in beliebiger Reihenfolge",),
        "only": ("Der Ablauf ist {part}.",),
        "part": ("Teil {letter} ist {part}.", "Teil {letter}: {part}."),
        "and": ("und",), "or": ("oder",), "named": ("Teil {letter}",), "sequence": (", dann ",),
    },
}  # fmt: skip


def described(rng: random.Random, process: Process) -> str:
    """Return the process in sentences."""
    return _Description(rng, process.language).text(process.tree)


class _Description:
    """Writes sentences, and remembers the parts that still need one."""

    def __init__(self, rng: random.Random, language: str) -> None:
        self.rng, self.words, self.waiting = rng, WORDS[language], []

    def text(self, tree: Tree) -> str:
        """Return the sentences of a tree and of all its lettered parts."""
        if tree.operator != "->":
            sentences = [self.say("only", part=self.phrase(tree))]
        else:
            last = len(tree.children) - 1
            sentences = [
                f"{self.say('first' if i == 0 else 'last' if i == last else 'then')} {self.phrase(child)}."
                for i, child in enumerate(tree.children)
            ]
        written = 0
        while written < len(self.waiting):
            part = self.phrase(self.waiting[written])
            sentences.append(self.say("part", letter=chr(ord("A") + written), part=part))
            written += 1
        return " ".join(sentences)

    def say(self, name: str, **slots: object) -> str:
        """Return one of a phrase's wordings, filled."""
        return self.rng.choice(self.words[name]).format(**slots)

    def phrase(self, tree: Tree) -> str:
        """Return what a tree does; children that are no activities are lettered."""
        if not tree.operator:
            return f'"{tree.label}"'
        if tree.operator == "->":
            return self.words["sequence"][0].join(self.part(child) for child in tree.children)
        if tree.operator == "*":
            do, redo = (self.part(child) for child in tree.children)
            return self.say("loop", do=do, redo=redo, percent=tree.weights[0])
        if tree.operator == "X" and tree.children[-1].is_silent:
            return self.say("optional", part=self.part(tree.children[0]), percent=tree.weights[0])
        parts = [self.part(child) for child in tree.children]
        if tree.operator == "X":
            parts = [f"{part} ({weight} %)" for part, weight in zip(parts, tree.weights, strict=True)]
            return self.say("choice", list=self.listed(parts, "or"))
        return self.say("parallel" if tree.operator == "+" else "inclusive", list=self.listed(parts, "and"))

    def part(self, tree: Tree) -> str:
        """Return an activity in quotes, or the letter of a part, which is described later."""
        if not tree.operator:
            return f'"{tree.label}"'
        self.waiting.append(tree)
        return self.say("named", letter=chr(ord("A") + len(self.waiting) - 1))

    def listed(self, parts: list[str], word: str) -> str:
        """Return a list in words."""
        return f"{', '.join(parts[:-1])} {self.words[word][0]} {parts[-1]}"


WEEKDAYS = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday"),
    "de": ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag"),
}
SCHEDULE = {
    "en": {
        "start": "The first case starts on {weekday}, {date} at {clock}, the next one {every} minutes later.",
        "fixed": "From event to event it takes {low} minutes.",
        "uniform": "From event to event it takes {low} to {high} minutes.",
        "exponential": "From event to event it takes {low} minutes on average (exponentially distributed).",
        "hours": f"Work is done from Monday to Friday, {OPENS}:00 to {CLOSES}:00.",
        "four_eyes": 'Nobody does both "{0}" and "{1}" in one case.',
    },
    "de": {
        "start": "Der erste Fall beginnt am {weekday}, {date} um {clock}, der nächste {every} Minuten später.",
        "fixed": "Von Ereignis zu Ereignis vergehen {low} Minuten.",
        "uniform": "Von Ereignis zu Ereignis vergehen {low} bis {high} Minuten.",
        "exponential": "Von Ereignis zu Ereignis vergehen im Mittel {low} Minuten (exponentiell verteilt).",
        "hours": f"Gearbeitet wird montags bis freitags von {OPENS} bis {CLOSES} Uhr.",
        "four_eyes": 'Niemand macht im selben Fall sowohl "{0}" als auch "{1}".',
    },
}  # fmt: skip


def schedule_text(schedule: Schedule, language: str) -> str:
    """Return when cases start and how long it takes to the next event, in sentences."""
    words, start = SCHEDULE[language], datetime.fromisoformat(schedule.start)
    slots = {"weekday": WEEKDAYS[language][start.weekday()], "date": start.date(), "clock": start.strftime("%H:%M")}
    sentences = [words["start"].format(every=schedule.every, **slots)]
    sentences.append(words[schedule.law].format(low=schedule.low, high=schedule.high))
    return " ".join([*sentences, *([words["hours"]] if schedule.has_hours else [])])


def people_text(process: Process, staff: Staff) -> str:
    """Return who does what, role by role, and which activities need two people."""
    german = process.language == "de"
    by_role: dict[str, list[str]] = {}
    for label in staff.people:
        by_role.setdefault(process.domain.activity(label, process.language).role, []).append(label)
    parts = [
        f"{process.domain.roles[role][german]} ({', '.join(staff.people[names[0]])}): {', '.join(names)}."
        for role, names in by_role.items()
    ]
    rule = [SCHEDULE[process.language]["four_eyes"].format(*staff.four_eyes)] if staff.four_eyes else []
    return " ".join([*parts, *rule])
