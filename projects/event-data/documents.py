"""The documents of the embedded base's corpus: a process, and one to four tasks about it with their answers.

    document(rng, "train")      -> Document(text='First "a". Then "b".\\nTask: variants\\na>b', answer="a>b", …)

Three in ten training documents are about domains of data/domains.yaml, the others about made-up ones, whose activities
are recombined words or pieces of tokens: a base that meets the same few hundred activities again and again learns them
by heart, and cannot copy those of another domain. Held-out documents are about held-out domains, with one task each.
`question` writes a chat's question as such a document, up to its answer.
"""

import random
import re
from dataclasses import dataclass, field
from functools import cache

from gretchen.projects.drawing import tokens_of_bases
from gretchen.projects.splits import official_key

from . import analysis, tasks
from .domains import Activity, Block, Domain, domains
from .processes import MEDIUM, Process, Size
from .scoring import quality
from .tasks import Draw, Mismatch, Problem

LOG_FORM = "log-variants"
FORMS = {form: tasks.FORMS[form] for form in ("csv", "variants", "next", "continue", "masked", "anomaly")}
WEIGHTS = {"csv": 4, "variants": 3, "next": 3, "continue": 2, "masked": 2, "anomaly": 2}
LOG_SHARE = 0.12  # of the documents: about a given log instead of a process
MOST_TASKS = 4
WORD = {"en": "Task", "de": "Aufgabe"}
NAMES = {
    "csv": ("{cases} cases as CSV", "{cases} Fälle als CSV"),
    "variants": ("variants", "Varianten"),
    "next": ("next after {trace}", "als Nächstes nach {trace}"),
    "continue": ("rest after {trace}", "Rest nach {trace}"),
    "masked": ("fill {trace}", "fülle {trace}"),
    "anomaly": ("{plant} in {trace}", "{plant} in {trace}"),
    LOG_FORM: ("count variants", "zähle Varianten"),
}
PLANTS = {"missing": ("leave out", "weglassen"), "extra": ("repeat", "wiederholen"), "moved": ("exchange", "tauschen")}
BLANK = "Ġ"  # how a byte-level tokenizer writes it
OPERATORS = ("->", "->", "->", "->", "X", "X", "X", "+", "+", "?", "?", "*", "O")


@dataclass(frozen=True)
class Document:
    """A document, the answer that ends it, the form of its last task, and its group keys."""

    text: str
    answer: str
    form: str
    keys: list[str]


@dataclass(frozen=True)
class _Subject(Draw):
    """A draw whose first process is the one of all its problems."""

    about: Domain = field(kw_only=True)
    drawn: list[Process] = field(default_factory=list)

    def domain(self) -> Domain:
        """Return the document's domain."""
        return self.about

    def process(self, size: Size = MEDIUM) -> Process:
        """Return the document's process."""
        if not self.drawn:
            self.drawn.append(super().process(size))
        return self.drawn[0]


def document(rng: random.Random, number: int, split: str) -> Document:
    """Return a document of a split; `number` names its made-up domain. Raises Mismatch."""
    domain = _made_up(rng, number) if split == "train" and rng.random() < 0.7 else rng.choice(domains(split))
    draw = _Subject(rng, rng.choice(("en", "de")), split, about=domain)
    if rng.random() < LOG_SHARE:
        problems = [analysis.FORMS[LOG_FORM](draw)]
    else:
        count = rng.randint(1, MOST_TASKS) if split == "train" else 1
        problems = _problems(draw, rng.choices(list(WEIGHTS), list(WEIGHTS.values()), k=count))
    if any(quality(problem.answer, problem.meta) != 1 for problem in problems):
        raise Mismatch
    body = next((problem for problem in problems if problem.form == "csv"), problems[0]).body
    text = "\n".join([body, *(f"{_task(p, draw.language)}\n{p.answer}" for p in problems)])
    return Document(text, problems[-1].answer, problems[-1].form, [domain.key])


def _problems(draw: Draw, forms: list[str]) -> list[Problem]:
    """Return a problem of each form; csv or variants first, since they say how large the process may be.

    Raises Mismatch where none can be made.
    """
    problems: dict[str, Problem] = {}
    for form in sorted(forms, key=lambda form: form not in ("csv", "variants")):
        try:
            problem = FORMS[form](draw)
        except Mismatch:
            continue
        problems.setdefault(_task(problem, draw.language), problem)
    if not problems:
        raise Mismatch
    listed = list(problems.values())
    draw.rng.shuffle(listed)
    return listed


def question(problem: Problem, language: str) -> str | None:
    """Return a problem as a document up to its answer; None where documents have no such form."""
    return f"{problem.body}\n{_task(problem, language)}\n" if problem.form in NAMES else None


def _task(problem: Problem, language: str) -> str:
    """Return the line that names a problem's task."""
    german, slots = language == "de", dict(problem.slots)
    if "plant" in slots:
        slots["plant"] = PLANTS[slots["plant"]][german]
    return f"{WORD[language]}: {NAMES[problem.form][german].format(**slots)}"


def _made_up(rng: random.Random, number: int) -> Domain:
    """Return a domain of invented activities."""
    names: list[str] = []
    blocks = []
    for operator in rng.choices(OPERATORS, k=rng.randint(3, 5)):
        count = 1 if operator in ("->", "?") else 2 if operator == "*" or rng.random() < 0.7 else 3
        activities = [Activity(name, name, "", 1) for name in (_name(rng, names) for _ in range(count))]
        blocks.append(Block(operator, tuple(activities)))
    return Domain(official_key(f"names:{number}", "train"), ("", ""), ("", ""), {}, tuple(blocks))


def _name(rng: random.Random, names: list[str]) -> str:
    """Return a new name, and add it to the others: one or two words, sometimes one of another name's."""
    while True:
        words = [_word(rng, 0)] if rng.random() < 0.3 else [_word(rng, 0), _word(rng, -1)]
        if names and len(words) == 2 and rng.random() < 0.25:
            words[1] = rng.choice(names).split()[-1]
        name = " ".join(words)
        if name not in names:
            names.append(name)
            return name


def _word(rng: random.Random, position: int) -> str:
    """Return a word of a training domain's activity, or one of one to three pieces of the bases' tokenizer."""
    if rng.random() < 0.3:
        return rng.choice(_words(position))
    begins, goes_on = _pieces(is_first=position == 0)
    return rng.choice(begins) + "".join(rng.choice(goes_on) for _ in range(rng.choice((0, 1, 1, 1, 2, 2))))


@cache
def _pieces(is_first: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what words begin with and go on with; before a name's first word there is no blank."""
    tokens = tokens_of_bases()
    goes_on = (*(token for token in tokens if re.fullmatch("[A-Za-z]?[a-z]*", token)), *"äöüß")
    after_blank = tuple(token[1:] for token in tokens if re.fullmatch(f"{BLANK}[A-Za-z][a-z]*", token))
    return goes_on if is_first else after_blank, tuple(piece for piece in goes_on if piece.islower())


@cache
def _words(position: int) -> tuple[str, ...]:
    """Return the first or last words of all activities of training domains."""
    names = [a.name(language) for domain in domains("train") for a in domain.activities for language in ("en", "de")]
    return tuple(sorted({name.split()[position] for name in names}))
