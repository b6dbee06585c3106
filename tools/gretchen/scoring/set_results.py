"""The results of one model on the sets: its scores, and its differences to the base and to the run it started from."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from gretchen.scoring import statistics
from gretchen.scoring.estimates import ScoredSet, main_difference
from gretchen.scoring.evaluation import Estimate, FormDifference, ParentComparison, SetResult

ScoredSets = Mapping[str, ScoredSet]


@dataclass(frozen=True)
class References:
    """What a model is compared with on the same rows: the base, the base few-shot, the run that it started from."""

    base: ScoredSets | None = None
    few_shot: ScoredSets | None = None
    parent: ScoredSets | None = None
    parent_name: str = ""


def set_results(
    scored: ScoredSets,
    references: References,
    properties: Mapping[str, Estimate] | None = None,
    has_eos: bool = True,
) -> dict[str, SetResult]:
    """Return {set: result}.

    `properties` are values of the model itself, added to the scores of each set. `has_eos` False: answers need no EOS,
    since there is no model, or a document may go on after them.
    """
    results = {}
    for name, scored_set in scored.items():
        scores = scored_set.scores()
        base = only_rows_of(scored_set, references.base[name]) if references.base else None
        few_shot = references.few_shot[name] if references.few_shot else None
        parent = references.parent[name] if references.parent else None
        estimator = scored_set.without_closed_forms
        results[name] = SetResult(
            scores=scores.scores | dict(properties or {}),
            forms=scores.forms,
            closed=scores.closed,
            against_base=main_difference(estimator, base.without_closed_forms) if base else None,
            against_few_shot=main_difference(estimator, few_shot.without_closed_forms) if few_shot else None,
            against_parent=against_parent(scored_set, parent, references.parent_name) if parent else None,
            ended=scored_set.share_ended() if has_eos else None,
            errors=scored_set.num_errors(),
        )
    return results


def only_rows_of(scored_set: ScoredSet, other: ScoredSet) -> ScoredSet:
    """Return another model's rows that a set holds too."""
    return other.only({row.id for row in scored_set.rows})


def against_parent(scored_set: ScoredSet, parent: ScoredSet, name: str) -> ParentComparison:
    """Return the comparison with the run that a run started from, over all open forms and in each of them."""
    own, others, closed = scored_set.by_form(), parent.by_form(), scored_set.seeds[0].closed
    differences = {form: main_difference(own[form], others[form]) for form in own if form not in closed}
    known = {form: difference for form, difference in differences.items() if difference}
    corrected = statistics.holm([difference.p_value for difference in known.values()])
    forms = {
        form: FormDifference(**difference.model_dump(), count=len(own[form].rows), p_holm=p_value)
        for (form, difference), p_value in zip(known.items(), corrected, strict=True)
    }
    overall = main_difference(scored_set.without_closed_forms, parent.without_closed_forms)
    return ParentComparison(parent=name, difference=overall, forms=forms)


def mean_properties(by_seed: list[Mapping[str, float]]) -> dict[str, Estimate]:
    """Return the properties of models that differ in the seed alone, each the mean over seeds."""
    estimates = {}
    for name in by_seed[0]:
        values = [properties.get(name, math.nan) for properties in by_seed]
        each = tuple(values) if len(values) > 1 else ()
        value = statistics.known_mean(values)
        estimates[name] = Estimate(value=value, count=1, method="measured", by_seed=each)
    return estimates
