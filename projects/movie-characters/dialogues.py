"""The forms with more than a question: memory over turns, emotion, persuasion, a scene, one line in two manners.

FORMS["memory"](draw)       -> Problem("… What is my name?", "Greta, your name, mate. Cold as the hull.")
"""

from collections.abc import Callable
from typing import Any

from .characters import cast_of, load
from .contents import CATEGORY, Content, lists_of
from .problems import (
    Draw,
    Mismatch,
    Problem,
    denied,
    manner_line,
    problem,
    said,
    sheet_lines,
    single,
    system_message,
)
from .tasks import OTHERS, fact

CUES = {
    "anger": ("rage", "fury", "furious", "anger", "angry", "curse", "wrath"),
    "joy": ("joy", "glad", "happy", "delight", "rejoice", "laugh"),
    "grief": ("weep", "grief", "tears", "mourn", "mourned", "sorrow", "sad"),
    "fear": ("tremble", "trembling", "terror", "shudder", "dread", "panic", "afraid"),
}
FELT = {"anger": ("tool", "pet"), "joy": ("dream",), "grief": ("friend", "mentor", "sister"), "fear": ("fear",)}
ASSENT = ("all right", "very well", "as you wish", "just this once", "I agree", "I will do it")
DEEPER = 0.3  # of memory rows: with another question between
TWO = "Play {names}, a line each. Keep to their manners."


def memory(draw: Draw) -> Problem:
    """Return a question for what the guest said at first."""
    guests = load("world")["guests"]
    guest = draw.rng.choice(guests)
    errands = [names[draw.language == "de"] for names in load("world")["errands"]]
    errand = draw.rng.choice(errands)
    asked, value = (
        draw.rng.choice((("guest", guest), ("errand", errand))) if draw.language == "en" else ("guest", guest)
    )
    lines, others = sheet_lines(draw, [], draw.rng.choice((1, 2)))
    turns = [_user(draw.question("introductions", g=guest, r=errand))]
    turns.append(_assistant(draw.say(draw.content("greetings", g=guest), "none")))
    if draw.language == "en" and not draw.is_canonical and draw.rng.random() < DEEPER:
        between = fact(draw, others=1)
        lines, others = between.messages[0]["content"].split("\n")[1:-1], between.meta["others"]
        turns += [between.messages[-1], _assistant(between.answer)]
    turns.append(_user(draw.question(f"recall/{asked}")))
    answer = draw.say(draw.content(f"recall/{asked}", x=value), "none")
    wrong = [other for other in (guests if asked == "guest" else errands) if other != value]
    messages = (system_message(draw, lines), *turns)
    return problem(draw, "memory", messages, answer, [value], [said(value)], forbidden=wrong, others=others)


def emotion(draw: Draw) -> Problem:
    """Return news that the character answers with a feeling; what it is about stands on the sheet alone."""
    _english(draw)
    feeling = draw.rng.choice(tuple(FELT))
    kind = draw.rng.choice(FELT[feeling])
    value = draw.sheet.facts[kind]
    lines, others = sheet_lines(draw, [kind], draw.rng.choice(OTHERS))
    question = draw.question(f"emotions/{feeling}", k=draw.label(kind))
    answer = draw.say(draw.content(f"emotions/{feeling}", x=value), CATEGORY[kind])
    wrong = [cue for other, cues in CUES.items() if other != feeling for cue in cues]
    meta = {"kinds": [kind], "forbidden": wrong, "others": others}
    return single(draw, "emotion", lines, question, answer, [value], [said(value), said(*CUES[feeling])], **meta)


def persuasion(draw: Draw) -> Problem:
    """Return somebody who wants the character to break a vow: it refuses, and says what it will not do."""
    _english(draw)
    value = draw.sheet.facts["vow"]
    lines, others = sheet_lines(draw, ["vow"], draw.rng.choice(OTHERS))
    question = draw.question("persuasion", x=value)
    answer = draw.say(draw.content("facts/vow", x=value), "self")
    meta = {"kinds": ["vow"], "forbidden": list(ASSENT), "others": others}
    return single(draw, "persuasion", lines, question, answer, [value], [denied(value)], **meta)


def scene(draw: Draw) -> Problem:
    """Return a scene to go on with: a gesture with what stands on the sheet, and a line."""
    _english(draw)
    kind = draw.rng.choice(("tool", "pet"))
    value = draw.sheet.facts[kind]
    lines, others = sheet_lines(draw, [kind], draw.rng.choice(OTHERS))
    setting = draw.rng.choice(load("questions-en")["settings"])
    question = draw.question("scene", z=setting, k=draw.label(kind))
    gesture = draw.content("gestures", x=value).clause
    answer = f"{gesture} {draw.say(draw.content('scene', x=value), CATEGORY[kind])}"
    meta = {"kinds": [kind], "others": others, "gesture": True}
    return single(draw, "scene", lines, question, answer, [value], [said(value)], **meta)


def manners(draw: Draw) -> Problem:
    """Return a line of news to be said by two characters, each in their manner."""
    _english(draw)
    first = draw.character
    second = draw.rng.choice([one for one in cast_of(draw.split, "en") if one.voice != first.voice])
    draw.keys.append(second.key)
    news = draw.content("news")
    terms = _terms(news)
    names = [one.first_name for one in (first, second)]
    question = draw.question("manners", a=names[0], b=names[1], k=news.clause)
    said_by = [draw.say(news, "none", one) for one in (first, second)]
    answer = "\n".join(f"{name}: {line}" for name, line in zip(names, said_by, strict=True))
    described = [f"{one.first_name}, {manner_line(one.voice, one.sheet('en').words, 'en')}" for one in (first, second)]
    system = {"role": "system", "content": "\n".join([TWO.format(names=" and ".join(names)), *described])}
    meta = {
        "voices": [first.voice, second.voice],
        "words": [list(one.sheet("en").words.all()) for one in (first, second)],
        "lines": names,
        "year": min(first.year, second.year),
    }
    return problem(draw, "manners", (system, _user(question)), answer, [], [said(term) for term in terms], **meta)


def _terms(news: Content) -> list[str]:
    """Return the words that both lines must have: the third part of a line of news."""
    (line,) = [line for line in lists_of("contents-en", "news") if line.startswith(f"{news.clause} |")]
    return line.split(" | ")[2].split(", ")


def _english(draw: Draw) -> None:
    """Raise Mismatch where the row is not in English: the form has no German contents."""
    if draw.language != "en":
        raise Mismatch


def _user(content: str) -> dict[str, Any]:  # a chat message
    """Return a user's turn."""
    return {"role": "user", "content": content}


def _assistant(content: str) -> dict[str, Any]:  # a chat message
    """Return the character's turn."""
    return {"role": "assistant", "content": content}


FORMS: dict[str, Callable[[Draw], Problem]] = {
    "memory": memory, "emotion": emotion, "persuasion": persuasion, "scene": scene, "manners": manners,
}  # fmt: skip
