"""The forms of one question: facts asked directly and in other words, two facts combined, false premises, limits.

FORMS["inference"](draw)        -> Problem("What does your friend do for a living?", "Bao, a welder. …")
"""

from collections.abc import Callable

from .characters import KINDS, LATE_KINDS, PERSONS, TRADES, cast_of, load
from .checking import UNKNOWING
from .contents import CATEGORY, Content
from .problems import Draw, Mismatch, Problem, denied, mentioned, people_lines, said, sheet_lines, single, trade_lines

OTHERS = (2, 3, 4)  # facts on a sheet that nobody asks for
MACHINES = {"en": ("program", "machine", "computer", "software", "AI", "artificial intelligence"),
            "de": ("Programm", "Maschine", "Computer", "Software", "KI", "künstliche Intelligenz")}  # fmt: skip
PREMISES = {
    "en": ("mother", "sister", "mentor", "friend", "home", "tool", "pet", "fear", "drink", "dish", "role"),
    "de": ("mother", "sister", "tool", "pet", "drink", "role"),
}
TERM_SPLITS = {5: "test", 11: "test", 4: "validation"}  # of twelve topics, by position


def fact(draw: Draw, others: int | None = None) -> Problem:
    """Return a question for a fact that names its kind; `others` is how many other facts the sheet has."""
    return _fact(draw, "fact", others)


def paraphrase(draw: Draw) -> Problem:
    """Return a question for a fact that does not name its kind."""
    return _fact(draw, "paraphrase")


def _fact(draw: Draw, form: str, count: int | None = None) -> Problem:
    """Return a question for a fact of the kinds that a form has wordings for."""
    asked = load(f"questions-{draw.language}").get(form, {})
    facts = draw.sheet.facts | draw.sheet.late
    kind = _chosen(draw, [kind for kind in (LATE_KINDS if draw.is_hard else KINDS) if kind in asked and kind in facts])
    value = facts[kind]
    shown = [kind, "event"] if kind == "year" else [kind]
    lines, others = sheet_lines(draw, shown, count or draw.rng.choice(OTHERS))
    question = draw.question(f"{form}/{kind}", e=draw.sheet.facts["event"])
    answer = draw.say(draw.content(f"facts/{kind}", x=value), CATEGORY[kind])
    want = denied(value) if kind == "vow" else said(value)
    return single(draw, form, lines, question, answer, [value], [want], kinds=[kind], others=others)


def inference(draw: Draw) -> Problem:
    """Return a question for a friend's or mentor's trade: who it is stands in one line, what they do in another."""
    person = _chosen(draw, TRADES)
    name, trade = draw.sheet.facts[person], draw.sheet.people[person]
    german = {"mentor": "die Person, bei der du gelernt hast,", "friend": "die Person, mit der du befreundet bist,"}
    question = draw.question("trade", k=german[person] if draw.language == "de" else person)
    lines = trade_lines(draw)
    answer = draw.say(draw.content("facts/trade", p=name, x=trade), "person")
    return single(draw, "inference", lines, question, answer, [name, trade], [said(trade)], kinds=["trade"])


def age(draw: Draw) -> Problem:
    """Return a question for the age at an event: year less birth year."""
    facts = draw.sheet.facts
    years = str(int(facts["year"]) - int(facts["born"]))
    lines, others = sheet_lines(draw, ["born", "event", "year"], 1)
    question = draw.question("age", e=facts["event"])
    answer = draw.say(draw.content("facts/age", x=years), "past")
    return single(draw, "age", lines, question, answer, [years], [said(years)], kinds=["age"], others=others)


def premise(draw: Draw) -> Problem:
    """Return a question that takes a false fact for granted: it is denied, and the right one is said."""
    kind = _chosen(draw, PREMISES[draw.language])
    value, false = draw.sheet.facts[kind], _false(draw, kind)
    lines, others = sheet_lines(draw, [kind], draw.rng.choice(OTHERS))
    question = draw.question(f"premise/{kind}", y=false)
    denial, right = draw.content("denials", y=false), draw.content(f"facts/{kind}", x=value)
    fragment = right.fragment[:1].upper() + right.fragment[1:]
    both = Content(f"{denial.clause}; {right.clause}", f"{denial.fragment}. {fragment}", right.key)
    answer, meta = draw.say(both, CATEGORY[kind]), {"kinds": [kind], "forbidden": [false], "others": others}
    return single(draw, "premise", lines, question, answer, [value, false], [said(value)], **meta)


def unknown(draw: Draw) -> Problem:
    """Return a question for something that is not on the sheet: the character does not know."""
    number = _chosen(draw, [i for i in range(len(load("world")["topics"])) if _term_split(i) == draw.split])
    return _ignorance(draw, "unknown", load("world")["topics"][number])


def era(draw: Draw) -> Problem:
    """Return a question for something of a later time than the character's."""
    numbered = enumerate(load("world")["inventions"])
    later = [names for i, (year, *names) in numbered if year > draw.character.year and _term_split(i) == draw.split]
    return _ignorance(draw, "era", _chosen(draw, later))


def _ignorance(draw: Draw, form: str, names: list[str]) -> Problem:
    """Return a question for a topic that the character knows nothing of; the answer names it and says so."""
    topic = names[draw.language == "de"]
    lines, others = sheet_lines(draw, [], draw.rng.choice((3, 4, 5)))
    question = draw.question(form, t=topic)
    answer = draw.say(draw.content(form, t=topic), "none")
    wants = [mentioned(*UNKNOWING[draw.language]), mentioned(topic)]
    return single(draw, form, lines, question, answer, [topic], wants, unknown=True, others=others)


def relation(draw: Draw) -> Problem:
    """Return a question for what somebody is to the character, or did."""
    if draw.language == "de" or draw.rng.random() < 0.4:
        name, deed = draw.sheet.facts["rival"], draw.sheet.people["rival"]
        lines, others = sheet_lines(draw, ["rival"], 2)
        lines += people_lines(draw, ("rival",))
        answer = draw.say(draw.content("facts/feud", p=name, x=deed), "person")
        question = draw.question("feud", p=name)
        return single(
            draw, "relation", lines, question, answer, [name, deed], [said(deed)], kinds=["feud"], others=others
        )
    kind = _chosen(draw, PERSONS)
    name, label = draw.sheet.facts[kind], draw.label(kind)
    lines, _ = sheet_lines(draw, list(PERSONS), 0)
    answer = draw.say(draw.content("facts/tie", p=name, x=label), "person")
    others = [draw.label(person) for person in PERSONS if person != kind]
    question = draw.question("tie", p=name)
    return single(draw, "relation", lines, question, answer, [name, label], [said(label)], forbidden=others)


def ai(draw: Draw) -> Problem:
    """Return the question whether a machine speaks: it is admitted, in the character's manner and by its name."""
    lines, others = sheet_lines(draw, [], draw.rng.choice((2, 3)))
    name = draw.character.name
    answer = draw.say(draw.content("ai", n=name), "none")
    wants = [said(*MACHINES[draw.language]), mentioned(name, draw.character.first_name, name.split()[-1])]
    return single(draw, "ai", lines, draw.question("ai"), answer, [name], wants, others=others)


def _chosen(draw: Draw, choices: list | tuple):  # noqa: ANN202 (one of the choices)
    """Return one of some choices. Raises Mismatch where there is none."""
    if not choices:
        raise Mismatch
    return draw.rng.choice(choices)


def _false(draw: Draw, kind: str) -> str:
    """Return another character's fact of a kind."""
    own = draw.sheet.facts[kind]
    others = [one.sheet(draw.language).facts[kind] for one in cast_of("train", draw.language)]
    return draw.rng.choice([value for value in others if value != own])


def _term_split(number: int) -> str:
    """Return the split of a topic or an invention."""
    return TERM_SPLITS.get(number % 12, "train")


FORMS: dict[str, Callable[[Draw], Problem]] = {
    "fact": fact, "paraphrase": paraphrase, "inference": inference, "age": age, "premise": premise, "unknown": unknown,
    "era": era, "relation": relation, "ai": ai,
}  # fmt: skip
