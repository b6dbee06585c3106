"""The rejected side of a preference pair: one fault in a text that is otherwise plain and complete, of like length.

    date, amount, file, law, office     the value is another one (a neighbouring day, digits exchanged …)
    exchanged                           two dates of the answer have changed places
    negation                            "nicht" lost, or put where it was not
    mode                                a duty becomes an option, or an option a duty
    lost                                a sentence with a fact is dropped, and a polite one stands in its place
    official                            the official sentence stands in the plain one's place
    padding                             polite phrases around an answer that lost a fact
    field, item, entry, period, part, fact, word        of the short forms: desk_pairs.py

Each fault is checked: the metric's fact F1 (or the style) of the rejected side is below the chosen one's. Both sides
have every kind of sentence, so that neither "bitte" nor a law is a sign of the better one.
"""

import datetime
import json
import random
import re
from collections.abc import Callable

from gretchen.scoring.metrics.readability import sentences_of

from . import desk_pairs, official
from .facts import facts_in
from .german import long_date, official_date, plain_date
from .grounding import counts_of
from .statements import Statement
from .style import checks
from .tasks import Problem

FAULTS: dict[str, tuple[str, ...]] = {
    "simplify": ("date", "amount", "law", "negation", "mode", "mode", "lost", "official", "official", "padding"),
    "letter": ("date", "amount", "law", "negation", "mode", "mode", "lost", "official", "padding", "exchanged"),
    "leichte-sprache": ("date", "amount", "negation", "mode", "lost", "padding"),
    "formalise": ("date", "amount", "law", "negation", "mode"),
    "notice": ("date", "amount", "law", "mode", "negation", "exchanged"),
    "deadline": ("date", "law"),
    "payment": ("amount",),
    "term": ("date", "amount", "law", "mode", "lost", "word"),
    "short-plain": ("date", "amount", "law", "negation", "mode", "lost", "official"),
    "short-easy": ("date", "amount", "negation", "mode", "lost"),
    "short-json": ("field",),
    "missing": ("item", "item", "date"),
    "check-form": ("item",),
    "which-office": ("entry",),
    "remedy-notice": ("period", "part", "mode"),
    "citizen": ("fact", "fact", "date", "amount", "mode"),
}
POLITE = (
    "Wir danken Ihnen herzlich für Ihr Vertrauen und Ihre Geduld.", "Wir wünschen Ihnen noch einen schönen Tag.",
    "Bei Fragen sind wir gern jederzeit für Sie da.", "Es ist uns wichtig, dass Sie zufrieden sind.",
    "Wir freuen uns, dass Sie uns geschrieben haben.", "Haben Sie vielen Dank für Ihre freundliche Mithilfe.",
)  # fmt: skip


def rejected(rng: random.Random, problem: Problem) -> tuple[str, str] | None:
    """Return a worse answer of like length and its fault; None where this problem allows none."""
    faults = FAULTS[problem.form]
    for fault in rng.sample(faults, len(faults)):
        text = _SPOIL[fault](rng, problem)
        if text and _is_pair(problem, text):
            return text, fault
    return None


def _is_pair(problem: Problem, text: str) -> bool:
    """Return whether a text is of like length, and worse."""
    shorter, longer = sorted((len(text), len(problem.answer)))
    return text != problem.answer and shorter >= 0.6 * longer and _is_worse(problem, text)


def _is_worse(problem: Problem, text: str) -> bool:
    """Return whether the metric says that a text has fewer of the facts, or is not in the style that was asked for."""
    if problem.style == "json":
        return json.loads(text) != json.loads(problem.answer)
    statements = [_plain_statement(item) for item in problem.statements]
    meta = problem.meta | {"statements": statements, "optional": problem.optional}
    if counts_of(text, meta).f1 < 1:  # the builder's answer has them all
        return True
    return not all(checks(problem.style, text, problem.source, problem.answer).values())


def _plain_statement(item: Statement) -> dict:
    """Return a statement as a row's meta has it."""
    return {"mode": item.mode, "stems": item.stems, "facts": item.facts}


def _other_date(rng: random.Random, problem: Problem) -> str | None:
    """Put another day in a date's place: some days, a week or a month away; the weekday goes with it."""
    text, days = problem.answer, [value for item in problem.statements for kind, value in item.facts if kind == "date"]
    if not days:
        return None
    day = datetime.date.fromisoformat(rng.choice(days))
    other = day + datetime.timedelta(days=rng.choice((-31, -14, -7, -2, -1, 1, 2, 7, 14, 30)))
    for write in (plain_date, long_date, official_date):
        if write(day) in text:
            return text.replace(write(day), write(other))
    return None


def _exchanged_dates(rng: random.Random, problem: Problem) -> str | None:
    """Put two dates of different statements in each other's place."""
    days = [datetime.date.fromisoformat(v) for item in problem.statements for kind, v in item.facts if kind == "date"]
    for write in (plain_date, long_date, official_date):
        shown = list(dict.fromkeys(write(day) for day in days if write(day) in problem.answer))
        if len(shown) > 1:
            one, other = rng.sample(shown, 2)
            parts = [part.replace(other, one) for part in problem.answer.split(one)]
            return other.join(parts)
    return None


def _other_amount(rng: random.Random, problem: Problem) -> str | None:
    """Exchange two digits of an amount, or add or take one."""
    amounts = [match for match in re.finditer(r"(\d[\d.]*(?:,\d{2})?)(?= (?:Euro|EUR))", problem.answer)]
    if not amounts:
        return None
    match = rng.choice(amounts)
    digits = match[1]
    spots = [
        i
        for i in range(len(digits) - 1)
        if digits[i].isdigit() and digits[i + 1].isdigit() and digits[i] != digits[i + 1]
    ]
    if not spots or digits[0] == "0":
        return None
    i = rng.choice(spots)
    wrong = digits[:i] + digits[i + 1] + digits[i] + digits[i + 2 :]
    return None if wrong[0] == "0" else problem.answer.replace(match[0], wrong)


def _other_law(rng: random.Random, problem: Problem) -> str | None:
    """Put another section or paragraph in a law's place."""
    laws = [match for match in re.finditer(r"§ (\d+)([a-z]?)", problem.answer)]
    if not laws:
        return None
    match = rng.choice(laws)
    number = int(match[1])
    other = rng.choice([value for value in (number - 1, number + 1, number + 10, number * 10) if value > 0])
    return problem.answer[: match.start(1)] + str(other) + problem.answer[match.end(1) :]


_NEGATIONS = (
    (r"\b(verschiebt sich die Zahlung) nicht\b", r"\1"), (r"\b(schiebt das die Zahlung) nicht auf\b", r"\1 auf"),
    (r"\b(Zahlung verschiebt sich) nicht\b", r"\1"), (r"\bleider nicht bewilligen\b", "gern bewilligen"),
    (r"\bWir lehnen (Ihren Antrag vom [^.]*?\. \w+ \d{4}) ab\b", r"Wir bewilligen \1"),
    (r"\bDas Amt sagt: Nein\.\nSie bekommen das nicht\b", "Das Amt sagt: Ja.\nSie bekommen das"),
    (r"\bdürfen (.*?)nicht\b", r"dürfen \1auch"), (r"\bdürfen (.*?)\bkeine\b", r"dürfen \1auch"),
    (r"\bdürfen (.*?)\bkein\b", r"dürfen \1auch"), (r"\bist (?:unzulässig|untersagt|nicht gestattet)", "ist gestattet"),
    (r"\bkeine aufschiebende\b", "eine aufschiebende"), (r"\bnicht aufgeschoben\b", "aufgeschoben"),
    (r"\b(abgelehnt)\b", "bewilligt"), (r"\bDie Ablehnung Ihres\b", "Die Bewilligung Ihres"),
    (r"\babzulehnen\b", "zu bewilligen"),
    (r"\bSie müssen\b", "Sie müssen nicht"), (r"\bmüssen Sie (sich )?", r"müssen Sie \1nicht "),
)  # fmt: skip
_MODES = (
    # To the sentence's end, which is no ordinal's point: "Bitte zahlen Sie bis 3. Mai." becomes "… bis 3. Mai zahlen."
    (r"\bBitte (\w+) Sie (.*?)(?<!\b\d)(?<!\b\d\d)(?=, wenn|[.:](?:\s|$))", r"Sie können \2 \1"),
    (r"\bmüssen\b", "können"), (r"\bmuss\b", "kann"),
    (r"\bSie können\b", "Sie müssen"), (r"\bkönnen Sie\b", "müssen Sie"),
    (r"\bkann\b(?=[^.]* (?:eingelegt|erhoben|bewilligt|gestattet) werden)", "muss"),
    (r"\b(ist|sind) ([^.]*?)zu (entrichten|begleichen)\b", r"kann \2\3 werden"),
    (r"\bSie werden (?:gebeten|aufgefordert|ersucht),", "Ihnen steht es frei,"),
)  # fmt: skip


def _negated(rng: random.Random, problem: Problem) -> str | None:
    """Lose or add a negation."""
    return _replaced(rng, problem.answer, _NEGATIONS)


def _other_mode(rng: random.Random, problem: Problem) -> str | None:
    """Make a duty an option, or an option a duty."""
    return _replaced(rng, problem.answer, _MODES)


def _replaced(rng: random.Random, text: str, rules: tuple[tuple[str, str], ...]) -> str | None:
    """Return the text with one rule applied wherever it fits; None where none does."""
    fitting = [rule for rule in rules if re.search(rule[0], text)]
    if not fitting:
        return None
    spoiled = re.sub(*rng.choice(fitting), text)
    return re.sub(r"\b(zurück|an) (zahlen|geben)\b", r"\1\2", spoiled)


def _lost(rng: random.Random, problem: Problem) -> str | None:
    """Put a polite sentence in the place of one that states a fact."""
    sentences = [s for s in sentences_of(problem.answer) if facts_in(s)]
    if len(sentences_of(problem.answer)) < 2:
        return None
    sentence = rng.choice(sentences) if sentences else None
    return problem.answer.replace(sentence, rng.choice(POLITE)) if sentence else None


def _padded(rng: random.Random, problem: Problem) -> str | None:
    """Drop sentences with facts, and be polite before and after."""
    spoiled = _lost(rng, problem)
    if spoiled is None:
        return None
    mark = "\n" if problem.style == "easy" else " "
    return f"{rng.choice(POLITE)}{mark}{spoiled}" if rng.random() < 0.5 else f"{spoiled}{mark}{rng.choice(POLITE)}"


def _official_copy(rng: random.Random, problem: Problem) -> str | None:
    """Return the official text, worded anew, in the place of the plain one."""
    case = problem.case
    texts = [official.say(rng, item.kind, case) for item in problem.statements]
    if problem.form == "letter":
        return "\n\n".join([f"Guten Tag, {case.salutation},", *texts, "Mit freundlichen Grüßen"])
    return " ".join(texts)


_SPOIL: dict[str, Callable[[random.Random, Problem], str | None]] = {
    "date": _other_date, "amount": _other_amount, "law": _other_law, "negation": _negated, "mode": _other_mode,
    "lost": _lost, "official": _official_copy, "padding": _padded, "field": desk_pairs.other_field,
    "item": desk_pairs.other_item, "entry": desk_pairs.other_entry, "period": desk_pairs.other_period,
    "part": desk_pairs.without_part, "fact": desk_pairs.other_fact,
    "word": desk_pairs.other_word, "exchanged": _exchanged_dates,
}  # fmt: skip
