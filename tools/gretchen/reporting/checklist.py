"""The review's checklist: six questions, answered from what is stored wherever that can answer them.

    checklist(entry)      -> [Point("baseline", "ok", "SFT beats base, few-shot (0.959) …"), …]

A point is ok, open (something is wrong or missing), or not run (nothing stored answers it). A reviewer answers by hand
in REVIEW.md: a line `- [x] samples read: …` or `- [ ] licence: …` replaces what was found here.
"""

import re
from dataclasses import dataclass
from typing import Literal

from gretchen.names import counted
from gretchen.reporting.entries import Entry
from gretchen.reporting.result_view import ResultView
from gretchen.scoring.cells import difference, number
from gretchen.scoring.evaluation import Estimate, ModelResult

Status = Literal["ok", "open", "not run"]
NAMES = ("question answered", "held-out clean", "baseline", "significance", "samples read", "licence")
QUESTIONS = {
    "question answered": "Does a recorded result of its own answer what the card asks?",
    "held-out clean": "Is no test row, or its group, among the training rows?",
    "baseline": "Does the trained model beat the baselines and the base with examples in its prompt?",
    "significance": "Is the difference to the base more than chance?",
    "samples read": "Did a person read answers, right and wrong ones?",
    "licence": "Does each source have a licence that allows its use?",
}
NO_LICENCE = re.compile(r"^(none|unknown|not stated|none stated|\?|todo.*)$", re.IGNORECASE)
BY_HAND = re.compile(r"^\s*[-*]\s*\[( |x|X)\]\s*([\w -]+?)\s*(?::\s*(.*))?$", re.MULTILINE)
ALPHA = 0.05


@dataclass(frozen=True)
class Point:
    """One point: its name, its status, and the reason in a sentence; `by_hand`: a reviewer's own answer."""

    name: str
    status: Status
    reason: str
    by_hand: bool = False

    @property
    def question(self) -> str:
        """The question that the point answers."""
        return QUESTIONS[self.name]


def checklist(entry: Entry) -> list[Point]:
    """Return a project's points, a reviewer's own answers in place of those found here."""
    automatic = [answered(entry), clean(entry), baseline(entry), significance(entry), samples_read(), licence(entry)]
    own = by_hand(entry.notes)
    return [own.get(point.name, point) for point in automatic]


def by_hand(notes: str) -> dict[str, Point]:
    """Return the points that a reviewer answered in REVIEW.md."""
    points = {}
    for ticked, name, reason in BY_HAND.findall(notes):
        if name.lower() in NAMES:
            status: Status = "open" if ticked == " " else "ok"
            points[name.lower()] = Point(name.lower(), status, reason or "answered in REVIEW.md", by_hand=True)
    return points


def answered(entry: Entry) -> Point:
    """Return whether a recorded result compares a trained model with its base."""
    name = "question answered"
    if not entry.views:
        return Point(name, "not run", "no result is recorded: make eval RECORD=1")
    view = entry.views[0]
    newest, base = view.ladder.newest, view.ladder.base
    if view.evaluation.inherited_from:
        return Point(name, "open", f"the result is that of {view.evaluation.inherited_from}, the project's origin")
    if not newest or not base:
        return Point(name, "open", "the result has no trained model beside the base")
    main = view.evaluation.main_metric
    values = f"{main} {value(view.main(base))} → {value(view.main(newest))}"
    return Point(name, "ok", f"{newest.name} against the base: {values}")


def clean(entry: Entry) -> Point:
    """Return whether the data of the result were built here: building refuses leaks between splits."""
    name, card = "held-out clean", entry.data_card
    if not card or not entry.views:
        return Point(name, "not run", "the data are not built on this machine: make data refuses leaks")
    hashes = {view.evaluation.data for view in entry.views}
    if card.hash not in hashes:
        return Point(name, "not run", "the data that are built here are not those of the result")
    near = counted(sum(summary.near_duplicates.rows for summary in card.formats.values()), "near-duplicate")
    return Point(name, "ok", f"built without a leak between splits; {near} among the rows looked at")


def baseline(entry: Entry) -> Point:
    """Return whether the newest trained model beats all models and baselines that were not trained."""
    name = "baseline"
    if not entry.views or not entry.views[0].ladder.newest:
        return Point(name, "not run", "no result with a trained model is recorded")
    view = entry.views[0]
    newest = view.ladder.newest
    untrained = [model for model in view.evaluation.models if model.kind != "run" and value_of(view, model) is not None]
    if not any(model.kind == "baseline" for model in untrained):
        return Point(name, "open", "the result has no baseline")
    sign = sign_of(view)
    best = max(untrained, key=lambda model: sign * (value_of(view, model) or 0.0))
    own, other = value_of(view, newest), value_of(view, best)
    compared = f"{newest.name} {number(own)}, {best.name} {number(other)}"
    if own is None or other is None or sign * own <= sign * other:
        return Point(name, "open", f"the best model without training is not beaten: {compared}")
    return Point(name, "ok", compared)


def significance(entry: Entry) -> Point:
    """Return whether the newest trained model differs from the base by more than chance, in the right direction."""
    name = "significance"
    view = entry.views[0] if entry.views else None
    newest = view.ladder.newest if view else None
    result = newest.sets.get(view.first) if view and newest else None
    if not view or not newest or not result or not result.against_base:
        return Point(name, "not run", "no test against the base is recorded")
    test = result.against_base
    text = f"{difference(test)} against the base; {counted(max(1, len(newest.trained)), 'training seed')}"
    better = sign_of(view) * test.difference > 0 and test.p_value < ALPHA
    return Point(name, "ok" if better else "open", text)


def samples_read() -> Point:
    """Return that nothing stored shows whether a person has read the answers."""
    return Point("samples read", "not run", "only a person can say so: `- [x] samples read: …` in REVIEW.md")


def licence(entry: Entry) -> Point:
    """Return whether each source on the card names a licence."""
    if not entry.card:
        return Point("licence", "not run", "the card cannot be read")
    without = [source.name for source in entry.card.sources if NO_LICENCE.match(source.licence.strip())]
    if without:
        return Point("licence", "open", f"no licence stated: {', '.join(without)}")
    return Point("licence", "ok", ", ".join(dict.fromkeys(source.licence for source in entry.card.sources)))


def sign_of(view: ResultView) -> int:
    """Return 1 where a higher main metric is better, else -1."""
    metric = view.evaluation.metrics.get(view.evaluation.main_metric)
    return 1 if metric is None or metric.better == "higher" else -1


def value_of(view: ResultView, model: ModelResult) -> float | None:
    """Return a model's main metric on the first set."""
    estimate = view.main(model)
    return estimate.value if estimate else None


def value(estimate: Estimate | None) -> str:
    """Return an estimate's value as text."""
    return number(estimate.value if estimate else None)
