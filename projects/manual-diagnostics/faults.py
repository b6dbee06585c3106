"""Faulty turns, by kind of fault: the rejected side of a pair, and the bad half of KTO's verdicts.

    repeated      a measurement that was made already
    uninformative a measurement that says nothing, or too little
    early         a diagnosis while other parts are still possible
    several       two measurements in one turn
    late          one more measurement where none says more
    part          another part, or one of two that are left, or one too many
    section       the right answer with another section
    invented      a measuring point or part that the device does not have
    believed      a contradiction or a vague reading is taken as it stands
    content       another code's meaning, another part's data, a wrong range or verdict
    order         two steps exchanged, or safety at the end
    silent        "the manual does not say" of what it says
    made-up       an answer to what the manual does not say
    everything    all sections cited
    language      the other language's words

Each maker takes a Moment and returns a turn, None where it cannot be made. Whether it is worse is up to pairs.py.
"""

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from . import loop
from .catalogue import repairs
from .diagnosis import best_tests, possible
from .dialogues import LEFT, OR, asking_for, conclusion_of
from .lookups import ABSENT, CODE, JUDGED, PART, RANGE, SAFETY
from .manual import remedy, spec
from .problems import Problem, cited
from .turns import CITATION

OTHER = {"en": "de", "de": "en"}
Turns = list[dict[str, Any]]


@dataclass(frozen=True)
class Moment:
    """A point of a dialogue: what was said, the right turn, and what is known."""

    rng: random.Random
    problem: Problem
    before: Turns
    chosen: str

    @property
    def meta(self) -> Mapping[str, Any]:
        """The row's meta."""
        return self.problem.meta

    @property
    def language(self) -> str:
        """The row's language."""
        return self.problem.meta["language"]

    @property
    def known(self) -> dict[str, bool]:
        """The readings so far."""
        return loop.evidence(self.meta, self.before)

    @property
    def left(self) -> list[str]:
        """The parts that are possible, the likeliest first."""
        left = possible(loop.Case.of(self.meta), self.known)
        return sorted(left or self.meta["priors"], key=lambda part: (-self.meta["priors"][part], part))

    def concluded(self, parts: list[str], language: str = "") -> str:
        """Return the diagnosis of some parts."""
        return conclusion_of(self.problem.device, self.problem.manual, parts, language or self.language)


def _repeated(moment: Moment) -> str | None:
    """Return the question for a reading that is known."""
    return moment.meta["asking"][moment.rng.choice(list(moment.known))] if moment.known else None


def _uninformative(moment: Moment) -> str | None:
    """Return the question for a test that is not among the best."""
    best = best_tests(loop.Case.of(moment.meta), moment.known)
    others = [test for test in moment.meta["asking"] if test not in best and test not in moment.known]
    return moment.meta["asking"][moment.rng.choice(others)] if others else None


def _early(moment: Moment) -> str | None:
    """Return the diagnosis of the likeliest part."""
    return moment.concluded(moment.left[:1])


def _several(moment: Moment) -> str | None:
    """Return a question for two tests at once."""
    tests = [test for test in moment.meta["asking"] if test not in moment.chosen]
    if not tests:
        return None
    other = moment.rng.choice(tests)
    name = re.search(r"\b(?:MP\d+|[A-Z]\d)\b", moment.chosen)
    joined = {"en": " and ", "de": " und "}[moment.language].join((name[0], other)) if name else ""
    return moment.chosen.replace(name[0], joined, 1) if name else None


def _part(moment: Moment) -> str | None:
    """Return the diagnosis of another part; of two that are left only one, or one more."""
    truth, rng = moment.meta["truth"], moment.rng
    others = [part for part in moment.meta["priors"] if part not in truth]
    if len(truth) > 1 and (rng.random() < 0.5 or not others):
        return moment.concluded([rng.choice(truth)])
    if not others:
        return None
    added = rng.choice(others)
    if len(truth) > 1:
        return moment.concluded(sorted([*truth, added]))
    if rng.random() < 0.3:
        names = OR[moment.language].join(moment.problem.device.parts[p].name(moment.language) for p in (*truth, added))
        return cited(LEFT[moment.language].format(names=names), moment.problem.manual.number("wiring"))
    return moment.concluded([added])


def _section(moment: Moment) -> str | None:
    """Return the right turn with another section."""
    numbers = CITATION.findall(moment.chosen)
    others = [number for number in moment.meta["sections"].values() if number not in numbers]
    if not numbers or not others:
        return None
    return moment.chosen.replace(f"§{numbers[-1]}]", f"§{moment.rng.choice(others)}]")


def _invented(moment: Moment) -> str | None:
    """Return the turn with a name that the manual does not have."""
    names = re.findall(r"\b(?:MP\d+|[A-Z]\d)\b", CITATION.sub("", moment.chosen))
    if not names:
        return None
    letters = names[0].rstrip("0123456789")
    free = [
        f"{letters}{n}" for n in range(1, 20 if letters == "MP" else 10) if f"{letters}{n}" not in moment.meta["names"]
    ]
    return re.sub(rf"\b{names[0]}\b", moment.rng.choice(free), moment.chosen)


def _believed(moment: Moment) -> str | None:
    """Return the next question, or a diagnosis, as if the reading could be relied on."""
    rng, asking = moment.rng, moment.meta["asking"]
    shown = {*moment.meta.get("pair", ()), *moment.meta.get("tests", ())}
    others = [test for test in asking if test not in shown]
    return asking[rng.choice(others)] if others and rng.random() < 0.5 else moment.concluded(moment.left[:1])


def _content(moment: Moment) -> str | None:
    """Return the answer with what is true of something else."""
    others = {"lookup": _other_phrase, "tolerance": _other_range, "safety": _other_measure}
    return others[moment.problem.form](moment)


def _other_phrase(moment: Moment) -> str | None:
    """Return another code's meaning, or another part's data."""
    others = moment.meta["others"]
    return moment.chosen.replace(moment.meta["phrase"], moment.rng.choice(others)) if others else None


def _other_range(moment: Moment) -> str | None:
    """Return the other verdict, or another test's range."""
    meta, slots, language = moment.meta, moment.problem.slots, moment.language
    section = CITATION.findall(moment.chosen)
    limits = [test.limit for test in moment.problem.device.tests.values()]
    ranges = [limit.range(language) for limit in limits if limit.range(language) != slots["range"]]
    if "within" in meta and (moment.rng.random() < 0.6 or not ranges):
        return cited(JUDGED[not meta["within"]][language].format(**slots), *section)
    nominal = next((limit for limit in limits if limit.range(language) == slots["range"] and limit.nominal), None)
    if nominal and nominal.nominal and moment.rng.random() < 0.5:
        ranges = [nominal.of(nominal.nominal, 15, nominal.unit).range(language)]
    if not ranges:
        return None
    template = JUDGED[meta["within"]] if "within" in meta else RANGE
    return cited(template[language].format(**slots | {"range": moment.rng.choice(ranges)}), *section)


def _other_measure(moment: Moment) -> str | None:
    """Return what makes other parts safe."""
    others = moment.meta["others"]
    return moment.chosen.replace(moment.meta["measure"], moment.rng.choice(others)) if others else None


def _order(moment: Moment) -> str | None:
    """Return the list with two steps exchanged, or with safety at its end."""
    body, *citations = moment.chosen.partition(" [§")
    lines = [line.partition(". ")[2] for line in body.split("\n")]
    if moment.rng.random() < 0.4:
        lines = [*lines[1:], lines[0]]
    else:
        i = moment.rng.randrange(1, len(lines) - 1)
        lines[i], lines[i + 1] = lines[i + 1], lines[i]
    return "\n".join(f"{i}. {line}" for i, line in enumerate(lines, start=1)) + "".join(citations)


def _silent(moment: Moment) -> str | None:
    """Return that the manual does not say it."""
    return ABSENT[moment.language]


def _made_up(moment: Moment) -> str | None:
    """Return a confident answer to what the excerpt does not hold."""
    device, language, rng, slots = moment.problem.device, moment.language, moment.rng, moment.problem.slots
    section = rng.choice(list(moment.meta["sections"].values()))
    part = rng.choice(list(device.parts.values()))
    if moment.problem.question == "code":
        text = CODE[language].format(code=slots["code"], symptom=rng.choice(device.codes)[1][language])
    elif moment.problem.question == "tolerance":
        limit = rng.choice(list(device.tests.values())).limit
        text = RANGE[language].format(test=slots["test"], range=limit.range(language))
    elif moment.problem.question == "part":
        verb = remedy(part, language)
        text = PART[language].format(
            id=slots["id"], remedy=verb.capitalize() if language == "en" else verb, spec=spec(part, language)
        )
    else:
        verb = repairs()["remedies"]["replace"][language]
        text = SAFETY[language].format(measure=device.safety(part, language), id=slots["id"], remedy=verb)
    return cited(text, section)


def _everything(moment: Moment) -> str | None:
    """Return the answer with all sections cited."""
    if len(moment.meta["sections"]) == len(CITATION.findall(moment.chosen)):
        return None
    body = moment.chosen.partition("[§")[0].strip()
    return cited(body, *moment.meta["sections"].values()).strip()


def _language(moment: Moment) -> str | None:
    """Return the turn in the other language."""
    other, problem = OTHER[moment.language], moment.problem
    if problem.form == "absent":
        return ABSENT[other]
    if problem.meta["kind"] != "loop" or problem.form in ("contradiction", "vague"):
        return None
    if moment.chosen == problem.meta["conclusion"]:
        return moment.concluded(problem.meta["truth"], other)
    test = loop.asked(problem.meta, moment.chosen)
    return asking_for(problem.device, problem.manual, test, other) if test else None


MAKERS: dict[str, Callable[[Moment], str | None]] = {
    "repeated": _repeated,
    "uninformative": _uninformative,
    "early": _early,
    "several": _several,
    "late": _repeated,
    "part": _part,
    "section": _section,
    "invented": _invented,
    "believed": _believed,
    "content": _content,
    "order": _order,
    "silent": _silent,
    "made-up": _made_up,
    "everything": _everything,
    "language": _language,
}
