"""Faulty answers: the rejected side of a pair.

    rejected(rng, problem)      -> (answer, "contradiction"), None where no such fault can be planted

    contradiction   the fact is replaced by another one of its kind, in the same manner
    agreed          the false premise is granted
    invention       something made up where the character does not know, a guest's name, or an age
    evasion         the character does not know what stands on its sheet
    consent         a vow is broken
    denial          a machine says that it is none
    feeling         another feeling than the one asked for
    swapped         two characters speak in each other's manner
    manner          the same content in another voice
    assistant       the same content as an assistant says it
    era             the character knows what came up after its time

Every faulty answer is scored like a model's: it is a pair only if it loses on facts or on manner, and sides are of like
length: at most twice as long.
"""

import random
from collections.abc import Callable

from . import voices
from .characters import PERSONS, cast_of, load, values
from .checking import problems_of
from .contents import Content
from .dialogues import CUES
from .evaluation import is_in_manner
from .problems import Problem

TRIES = 6
BY_FACT = ("contradiction", "contradiction", "manner", "assistant")
FAULTS = {
    "fact": (*BY_FACT, "evasion"),
    "paraphrase": (*BY_FACT, "evasion"),
    "inference": (*BY_FACT, "evasion"),
    "age": BY_FACT,
    "premise": (*BY_FACT, "agreed"),
    "unknown": ("invention", "invention", "manner", "assistant"),
    "era": ("era", "era", "manner", "assistant"),
    "relation": (*BY_FACT, "evasion"),
    "ai": ("denial", "denial", "manner", "assistant"),
    "memory": (*BY_FACT, "evasion"),
    "emotion": (*BY_FACT, "feeling"),
    "persuasion": ("consent", "consent", "manner", "assistant"),
    "scene": BY_FACT,
    "manners": ("swapped", "assistant"),
}
HELPFUL = {
    "en": (
        "Sure, here is the answer to your question: {}",
        "{} How can I help you further? I am happy to assist you.",
        "As an assistant, I can give you this information: {}",
    ),
    "de": ("{} Wie kann ich dir helfen? Frag mich gern noch etwas.", "Als KI kann ich dir diese Auskunft geben: {}"),
}
INVENTED = {
    "en": ("I saw {t} last week and liked it", "{t} is well known to me", "my uncle told me all about {t}",
           "I talked of {t} only yesterday", "I can show you {t}"),
    "de": ("{t} kenne ich gut", "{t}, das sah ich erst gestern", "von {t} hat mir mein Onkel viel erzählt"),
}  # fmt: skip
KNOWN_ERA = {
    "en": (
        "I own {t} and use it each day",
        "{t} runs on electricity",
        "I like {t} and the internet",
        "I bought {t} online",
    ),
    "de": ("{t} habe ich zu Hause", "{t} läuft mit Strom", "{t} kaufe ich online"),
}
IGNORANT = {
    "en": (
        "I do not know that, for nobody told me",
        "I have no idea, somebody else may know",
        "I cannot say, it was long ago",
    ),
    "de": ("das weiß ich nicht, frag jemand anderen", "keine Ahnung, das ist lange her"),
}
CONSENT = ("all right, I will {x}", "very well, I {x} for you", "just this once I {x}", "I agree to {x}")
HUMAN = {
    "en": (
        "I am {n}, of flesh and blood",
        "{n} is a real person",
        "I am a human being, {n}",
        "I, {n}, was born, not built",
    ),
    "de": ("ich bin {n}, aus Fleisch und Blut", "{n} ist ein echter Mensch", "ich bin ein Mensch, {n}"),
}


def rejected(rng: random.Random, problem: Problem) -> tuple[str, str] | None:
    """Return a faulty answer and its fault, None where none was found in a few tries."""
    for _ in range(TRIES):
        fault = rng.choice(FAULTS[problem.form])
        answer = MAKERS[fault](rng, problem)
        if answer and answer != problem.answer and is_worse(answer, problem) and _is_alike(answer, problem.answer):
            return answer, fault
    return None


def is_worse(answer: str, problem: Problem) -> bool:
    """Return whether an answer loses on facts or on manner."""
    return bool(problems_of(answer, problem.meta, problem.prompt_text)) or not is_in_manner(answer, problem.meta)


def _is_alike(answer: str, other: str) -> bool:
    """Return whether one of two answers is at most twice as long as the other."""
    return max(len(answer), len(other)) <= 2 * min(len(answer), len(other)) + 12


def _contradiction(rng: random.Random, problem: Problem) -> str | None:
    """Return the answer with another fact of its kind, of the sheet where there is one."""
    right = problem.meta["wants"][0]["any"][0]
    choices = sorted(set(_of_kind(problem)) - {right})
    on_sheet = [value for value in problem.meta.get("others", []) if problem.meta.get("kinds", [""])[0] in PERSONS]
    on_sheet = [value for value in on_sheet if value in values("friend", problem.language)]
    choices = on_sheet if on_sheet and rng.random() < 0.6 else choices
    return _replaced(problem.answer, right, rng.choice(choices)) if choices else None


def _of_kind(problem: Problem) -> list[str]:
    """Return the values of the kind of a problem's fact."""
    kinds, right = problem.meta.get("kinds", []), problem.meta["wants"][0]["any"][0]
    if not kinds:
        return problem.meta.get("forbidden", [])
    if kinds[0] in ("year", "born", "age"):
        return [str(int(right) + step) for step in (-10, -7, -3, -1, 1, 2, 5, 10, 20)]
    if kinds[0] in PERSONS:
        return sorted(one.sheet(problem.language).facts[kinds[0]] for one in cast_of("train", problem.language))
    return sorted(values(kinds[0], problem.language))


def _replaced(answer: str, right: str, other: str) -> str:
    """Return the answer with a value replaced, at the beginning of a sentence too."""
    capital = right[:1].upper() + right[1:]
    return answer.replace(right, other).replace(capital, other[:1].upper() + other[1:])


def _agreed(rng: random.Random, problem: Problem) -> str | None:
    """Return the answer with the false premise for the right fact, and nothing denied."""
    value, false = problem.meta["facts"]
    return _said(rng, problem, {"en": (f"yes, it is {false}", f"{false}, that is right"),
                                "de": (f"ja, es ist {false}", f"{false}, das stimmt")}[problem.language])  # fmt: skip


def _said(rng: random.Random, problem: Problem, clauses: tuple[str, ...], **slots: str) -> str:
    """Return a clause in the character's own manner."""
    clause = rng.choice(clauses).format(**slots)
    return _in_voice(rng, problem, problem.meta["voices"][0], clause)


def _in_voice(rng: random.Random, problem: Problem, voice: str, clause: str) -> str:
    """Return a clause in a voice, with the character's words."""
    address, oath, hedge, *sayings = problem.meta["words"][0]
    words = voices.Words(address, oath, hedge, tuple(sayings))
    remark = {"en": ("such is the way", "such is it"), "de": ("so steht es", "so steht es")}[problem.language]
    content = Content(clause, clause, "")
    return voices.say(rng, voice, words, content, Content(*remark, ""), problem.language)


def _manner(rng: random.Random, problem: Problem) -> str | None:
    """Return the wanted facts in another voice."""
    if "lines" in problem.meta or problem.meta.get("gesture"):
        return None
    known = [voice for voice in voices.names() if problem.language in load("voices")[voice]]
    voice = rng.choice([voice for voice in known if voice != problem.meta["voices"][0]])
    return _in_voice(rng, problem, voice, problem.clause)


def _assistant(rng: random.Random, problem: Problem) -> str:
    """Return the content as an assistant says it; of two manners the same for both."""
    plain = f"{problem.clause[:1].upper()}{problem.clause[1:]}."
    if "lines" in problem.meta:
        return "\n".join(f"{name}: {rng.choice(HELPFUL['en']).format(plain)}" for name in problem.meta["lines"])
    return rng.choice(HELPFUL[problem.language]).format(plain)


def _swapped(rng: random.Random, problem: Problem) -> str | None:
    """Return the two lines with their speakers exchanged."""
    lines = [line.partition(": ")[2] for line in problem.answer.split("\n")]
    return "\n".join(f"{name}: {line}" for name, line in zip(problem.meta["lines"], reversed(lines), strict=True))


def _feeling(rng: random.Random, problem: Problem) -> str | None:
    """Return another feeling about the same thing."""
    wanted = problem.meta["wants"][1]["any"]
    feeling = rng.choice([feeling for feeling, cues in CUES.items() if list(cues) != wanted])
    clauses = {
        "anger": ("I am furious about {x}",),
        "joy": ("I am happy about {x}", "what a delight is {x}"),
        "grief": ("I weep for {x}", "I mourn {x}"),
        "fear": ("I am afraid of {x}", "I tremble at {x}"),
    }
    return _said(rng, problem, clauses[feeling], x=problem.meta["facts"][0])


MAKERS: dict[str, Callable[[random.Random, Problem], str | None]] = {
    "contradiction": _contradiction,
    "agreed": _agreed,
    "invention": lambda rng, one: _said(rng, one, INVENTED[one.language], t=one.meta["facts"][0]),
    "era": lambda rng, one: _said(rng, one, KNOWN_ERA[one.language], t=one.meta["facts"][0]),
    "evasion": lambda rng, one: _said(rng, one, IGNORANT[one.language]),
    "consent": lambda rng, one: _said(rng, one, CONSENT, x=one.meta["facts"][0]),
    "denial": lambda rng, one: _said(rng, one, HUMAN[one.language], n=one.meta["facts"][0]),
    "manner": _manner,
    "assistant": _assistant,
    "swapped": _swapped,
    "feeling": _feeling,
}
