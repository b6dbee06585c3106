"""The faulty sides of the short forms' pairs (pairs.py has those of texts).

field       JSON: another day, two digits of an amount exchanged, a value for null or null for a value
item        a missing paper called there or one that is there missing; a fault of a form overlooked or invented
entry       the office, room and telephone of another line of the directory
period, part    an instruction on remedies with the other period, or without the seat or the place
fact        another fact of the letter in the place of the one that was asked for
word        the explanation of another word in the place of the one that was asked for
"""

import json
import random
import re
from datetime import date, timedelta

from .desk import COMPLETE, UNKNOWN
from .facts import facts_in
from .form_fields import FAULTS
from .german import long_date, plain_amount
from .instruction import parts_of
from .tasks import Problem
from .terms import terms


def other_field(rng: random.Random, problem: Problem) -> str | None:
    """Return JSON with one wrong value."""
    values = json.loads(problem.answer)
    name = rng.choice(list(values))
    value = values[name]
    if value is None or rng.random() < 0.2:
        dates = [mention.value for mention in facts_in(problem.source) if mention.type == "date"]
        values[name] = rng.choice(dates) if value is None and dates else None
    elif isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        values[name] = f"{date.fromisoformat(value) + timedelta(days=rng.choice((-30, -7, -1, 1, 7, 30)))}"
    elif isinstance(value, float):
        values[name] = rng.choice([value * 10, value + 9, round(value / 10, 2), value + 100])
    else:
        return None
    return json.dumps(values, ensure_ascii=False)


def other_item(rng: random.Random, problem: Problem) -> str | None:
    """Return a checklist with one paper or field judged wrongly."""
    if problem.form == "check-form":
        return _other_field_fault(rng, problem)
    lines = problem.answer.splitlines()
    index = rng.choice([i for i, line in enumerate(lines) if line.startswith("- ")])
    name, _, state = lines[index].rpartition(": ")
    lines[index] = f"{name}: {'da' if state == 'fehlt' else 'fehlt'}"
    return "\n".join(lines)


def _other_field_fault(rng: random.Random, problem: Problem) -> str | None:
    """Return the verdict on a form with a fault overlooked, or with one that it does not have."""
    items = problem.meta["items"]
    sound = [name for name in items["names"] if name not in items["open"]]
    if problem.answer == COMPLETE:
        names = rng.sample(sound, min(2, len(sound)))
        return "\n".join(["Bitte ergänzen oder ändern Sie:", *(f"- {name}: {FAULTS['missing']}" for name in names)])
    heading, *lines = problem.answer.splitlines()
    if len(lines) == 1 and rng.random() < 0.4:
        return COMPLETE
    lines[rng.randrange(len(lines))] = f"- {rng.choice(sound)}: {FAULTS['missing']}" if sound else lines[0]
    return "\n".join([heading, *lines])


def other_entry(rng: random.Random, problem: Problem) -> str | None:
    """Return the answer with another line of the directory."""
    entries = re.findall(r": ([^:\n]+, Zimmer \d+, Telefon [\d-]+)$", problem.source, re.MULTILINE)
    others = [entry for entry in entries if entry not in problem.answer]
    if others and (problem.answer != UNKNOWN or rng.random() < 0.5):
        return f"Zuständig ist diese Stelle: {rng.choice(others)}."
    return UNKNOWN if problem.answer != UNKNOWN else None


def other_period(rng: random.Random, problem: Problem) -> str | None:
    """Return an instruction with the other period."""
    right = "eines Monats" if "eines Monats" in problem.answer else "von zwei Wochen"
    others = ("eines Monats", "von zwei Wochen", "von zwei Monaten", "einer Woche")
    return problem.answer.replace(right, rng.choice([other for other in others if other != right]))


def without_part(rng: random.Random, problem: Problem) -> str | None:
    """Return an instruction without the seat or the place, which § 58 (1) VwGO asks for."""
    text = rng.choice((
        re.sub(r", [^,]+\.$", ".", problem.answer),
        re.sub(r" bei: .*\.$", " bei der zuständigen Stelle.", problem.answer),
    ))  # fmt: skip
    return text if len(parts_of(text)) < len(parts_of(problem.answer)) else None


def other_fact(rng: random.Random, problem: Problem) -> str | None:
    """Return the answer to a citizen with another date or amount of the letter."""
    mentions = facts_in(problem.source)
    writers = {"date": lambda value: long_date(date.fromisoformat(value)), "amount": lambda v: plain_amount(int(v))}
    for kind, write in writers.items():
        stated = [mention.value for mention in facts_in(problem.answer) if mention.type == kind]
        others = [m.value for m in mentions if m.type == kind and m.value not in stated]
        if stated and others and write(stated[0]) in problem.answer:
            return problem.answer.replace(write(stated[0]), write(rng.choice(others)))
    return None


def other_word(rng: random.Random, problem: Problem) -> str | None:
    """Return the answer with another word's meaning put as this one's."""
    asked = [term for term in terms() if term.key in problem.keys]
    others = [term.plain for term in terms() if term not in asked]
    return problem.answer.replace(asked[0].plain, rng.choice(others)) if asked else None
