"""A tutor's moves on a bug: from a test case over the trace to the line, what it should do, and the closing recap.

    plan = code_plan(bug, "predict", "de", rng)     -> moves from that form on, None where the bug has no such move

The student's knowledge grows by one fact with each move that helps, so what is secret shrinks along the plan.
"""

import ast
import random
import re

from .moves import NOMINATIVE, ORDINALS, Move, Secret, questions_of, varied, wording_file
from .programs import Bug
from .tracing import ENDLESS

AFTER = {
    "test-case": "expected", "counterexample": "expected", "expected": "predict", "trace": "predict",
    "predict": "locate", "locate": "invariant", "invariant": "recap", "tell-me": "locate", "off-topic": "predict",
}  # fmt: skip
BEFORE = {
    "expected": "test-case", "predict": "expected", "locate": "trace", "invariant": "locate", "recap": "invariant",
}  # fmt: skip
TRACED = ("variable", "start", "loop")  # kinds of which a trace by hand gives the values
FORMS = (
    "test-case", "counterexample", "expected", "trace", "predict", "locate", "invariant", "tell-me", "why", "recap",
    "off-topic",
)  # fmt: skip
GIVES = {"en": "gives {}", "de": "ergibt {}"}
ENDS_NEVER = {"en": "never ends", "de": "endet nie"}
TRUTH = {"en": ("false", "true"), "de": ("falsch", "wahr")}
LONGEST_PLAN = 3
MOST_VALUES = 6
# (English, German, English keys, German keys) by what is special about a call
PROPERTIES = {
    "empty-list": ("with an empty list", "mit einer leeren Liste", "empty", "leer"),
    "empty-text": ("with an empty text", "mit einem leeren Text", "empty", "leer"),
    "single": ("with a list of a single item", "mit einer Liste aus nur einem Element", "single", "nur einem"),
    "negative": ("with a negative number", "mit einer negativen Zahl", "negative", "negativ"),
    "equal": ("with equal items", "mit gleichen Elementen", "equal", "gleich"),
    "nested": ("with a list inside a list", "mit einer Liste in einer Liste", "inside", "liste in"),
    "capital": ("with a capital letter", "mit einem Großbuchstaben", "capital", "groß"),
    "longer": ("with a longer input", "mit einer längeren Eingabe", "longer", "länger"),
    "larger": ("with a larger number", "mit einer größeren Zahl", "larger", "größer"),
    "smaller": ("with a smaller number", "mit einer kleineren Zahl", "smaller", "kleiner"),
}


def code_plan(bug: Bug, form: str, language: str, rng: random.Random | None) -> list[Move] | None:
    """Return the moves from a form on, at most LONGEST_PLAN; None where the bug's facts allow no such move.

    Without `rng` each move has the first of its questions alone.
    """
    forms = [form]
    while len(forms) < LONGEST_PLAN and forms[-1] in AFTER:
        has_values = forms[-1] == "trace" and fact_kind(bug) in TRACED  # then no single value is left to ask for
        forms.append("locate" if has_values else AFTER[forms[-1]])
    slots = slots_of(bug, language)
    if slots is None or (form in ("test-case", "counterexample", "off-topic") and bug.passing is None):
        return None
    if len(bug.mutators) > 1:  # one mistake is left when the plan is done
        forms = [name for name in forms if name not in ("why", "recap")]
    if not forms or (form == "test-case" and "property" not in slots):
        return None
    if bug.expected == ENDLESS:
        return None
    return [_move(bug, name, language, slots, rng) for name in forms]


def slots_of(bug: Bug, language: str) -> dict[str, str] | None:
    """Return what fills the wordings' slots; None where the facts are too long for words."""
    if bug.at_pass > len(ORDINALS[language]):
        return None
    name, number = bug.function.name, max(bug.at_pass - 1, 0)
    slots = {
        "f": name, "call": f"{name}({bug.call})", "expected": bug.expected, "actual": bug.actual, "v": bug.variable,
        "gives": _gives(bug.actual, language), "nth": ORDINALS[language][number], "nom": NOMINATIVE[number],
        "line": str(bug.line), "fixed": bug.fixed, "purpose": bug.function.purpose[language], "value": bug.value,
        "taken": TRUTH[language][bug.is_taken], "last": bug.history[-1], "history": _listed(bug.history, language),
    }  # fmt: skip
    if bug.passing:
        slots |= {"pcall": f"{name}({bug.passing[0]})", "pgives": _gives(bug.passing[1], language)}
        if found := _properties(bug):
            keys = "|".join(properties[2 + (language == "de")] for properties in found)
            slots |= {"property": found[0][language == "de"], "property_keys": keys}
    return slots | {"fact": wording_file("student")["code"]["facts"][fact_kind(bug)][language].format(**slots)}


def fact_kind(bug: Bug) -> str:
    """Return the kind of fact that a bug's trace gives, finer by where it is: within a loop or not."""
    if bug.kind == "variable":
        return "variable" if bug.at_pass else "start"
    if bug.kind == "branch":
        return "branch" if bug.at_pass else "choice"
    return bug.kind


def _gives(result: str, language: str) -> str:
    """Return "gives 3", or that a call never ends."""
    return ENDS_NEVER[language] if result == ENDLESS else GIVES[language].format(result)


def _listed(values: tuple[str, ...], language: str) -> str:
    """Return some values in a row, with "and" before the last one."""
    values = (*values[:MOST_VALUES], "…") if len(values) > MOST_VALUES else values
    if len(values) == 1 or values[-1] == "…":
        return ", ".join(values)
    return f"{', '.join(values[:-1])} {'und' if language == 'de' else 'and'} {values[-1]}"


def _properties(bug: Bug) -> list[tuple[str, str, str, str]]:
    """Return what is special about failing calls and not about the passing one, in words; the traced call's first."""
    shown, *rest = (ast.literal_eval(f"({call},)") for call in bug.all_passing)
    harmless = {name for call in rest for name in _traits(call, shown)}  # of calls that pass, too
    if not re.search(r"lower\(|upper\(", bug.function.code):
        harmless.add("capital")
    special = []
    for call in (bug.call, *bug.failing):
        arguments = ast.literal_eval(f"({call},)")
        here = _traits(arguments, shown)
        special += [name for name in here if name not in harmless and name not in _traits(shown, arguments)]
        if not special:
            return []  # nothing to say about the traced call itself
    return [PROPERTIES[name] for name in dict.fromkeys(special)]


def _traits(arguments: tuple, others: tuple) -> list[str]:
    """Return the names of PROPERTIES that hold for a call's arguments, beside another call's."""
    first, other = arguments[0], others[0]
    numbers = [n for value in arguments for n in (value if isinstance(value, list | tuple) else [value])]
    numbers = [n for n in numbers if isinstance(n, int)]
    is_text, is_list = isinstance(first, str), isinstance(first, list)
    traits = {
        "empty-list": first == [], "empty-text": first == "", "single": is_list and len(first) == 1,
        "negative": any(n < 0 for n in numbers),
        "equal": is_list and any(first.count(item) > 1 for item in first),
        "nested": is_list and any(isinstance(item, list) for item in first),
        "capital": is_text and first.lower() != first,
        "longer": (is_text or is_list) and len(first) > max(len(other), 1),
        "larger": isinstance(first, int) and first > other, "smaller": isinstance(first, int) and first < other,
    }  # fmt: skip
    return [name for name, holds in traits.items() if holds]


def _move(bug: Bug, form: str, language: str, slots: dict[str, str], rng: random.Random | None) -> Move:
    """Return one move on a bug."""
    kind = fact_kind(bug)
    asked = "predict" if form == "tell-me" else form
    questions, anchors = questions_of("code", asked, kind, language, slots)
    questions = varied(rng, questions, form, language)
    replies = wording_file("student")["code"]["replies"]
    values = "trace-values" if len(bug.history) > 1 else "trace-constant"
    traced = values if kind in TRACED else "trace-lines"
    reply = replies[traced if form == "trace" else form][language].format(**slots)
    return Move(form, tuple(questions), tuple(anchors), secret_of(bug, form), reply)


def secret_of(bug: Bug, form: str) -> Secret:
    """Return what a move must keep: results not yet seen, values of the trace, the line, the fix."""
    if form in ("why", "recap"):
        return Secret()
    known: tuple[str, ...] = (bug.expected, bug.actual)
    values = {
        "test-case": known, "counterexample": known, "expected": known[:1], "off-topic": known[:1],
        "trace": bug.history, "predict": (bug.value, bug.right_value), "tell-me": (bug.value, bug.right_value),
    }.get(form, (bug.right_value,))  # fmt: skip
    shown = () if form in ("test-case", "counterexample", "expected", "off-topic") else known
    kept = tuple(dict.fromkeys(value for value in values if value not in (*shown, ENDLESS, "?")))
    line = 0 if form == "invariant" else bug.line
    return Secret(kept, line, bug.code, bug.function.code)
