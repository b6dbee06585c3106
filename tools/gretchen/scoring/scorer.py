"""The answers and scores of the systems of a plan, computed once for each model and joined over training seeds."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from gretchen.scoring.estimates import ScoredSet, over_seeds
from gretchen.scoring.evaluation import ModelResult, PreferenceResult
from gretchen.scoring.loader import ModelLoader
from gretchen.scoring.measure import Answered, answers_of, measure, score_sets
from gretchen.scoring.parents import Parents
from gretchen.scoring.plan import EvaluationPlan
from gretchen.scoring.preferences import Margins, cached_margins, log_probability_margins
from gretchen.scoring.progress import Progress
from gretchen.scoring.set_results import References, mean_properties, set_results
from gretchen.scoring.systems import System, trained_run


@dataclass(frozen=True)
class ScoredSystem:
    """A system with the answers of each seed, and {set: its rows scored for each seed}."""

    system: System
    answered: tuple[Answered, ...]
    sets: dict[str, ScoredSet]


@dataclass
class Scorer:
    """Scores systems on a plan's rows and pairs. Models are loaded only where their answers are not on disk yet."""

    plan: EvaluationPlan
    loader: ModelLoader
    parents: Parents
    known: dict[tuple[str, str], tuple[Answered, dict[str, ScoredSet]]] = field(default_factory=dict)

    def scored(self, system: System) -> ScoredSystem:
        """Return a system's answers and scores."""
        seeds = [self._scored_seed(seed) for seed in system.seeds]
        return ScoredSystem(system, tuple(answered for answered, _ in seeds), _over_seeds([sets for _, sets in seeds]))

    def _scored_seed(self, system: System) -> tuple[Answered, dict[str, ScoredSet]]:
        """Return the answers and scores of one model."""
        key = (system.kind, system.weights)
        if key not in self.known:
            answered = answers_of(self.plan, system, self.loader)
            self.known[key] = answered, score_sets(self.plan, self.plan.sets_of(system), answered.answers)
        return self.known[key]

    def result(self, model: ScoredSystem, shared: References, preferences: PreferenceResult | None) -> ModelResult:
        """Return a system's row of the table, and write the results of each of its seeds into their folders.

        `shared` are the base and the base few-shot, which all runs are compared with.
        """
        system, plan = model.system, self.plan
        references = self._references(system, shared)
        measured = [measure(plan, seed, self._scored_seed(seed.system)[1], references) for seed in model.answered]
        sets, _ = measured[0]
        if len(measured) > 1:
            properties = mean_properties([properties for _, properties in measured])
            sets = set_results(model.sets, references, properties, plan.needs_eos(system.kind))
        return ModelResult(
            name=system.name,
            kind=system.kind,
            prompting=plan.prompting(system.kind),
            weights=system.weights,
            run=system.run_id,
            wandb=system.run.record.wandb if system.run else None,
            evaluation=model.answered[0].folder.name,
            trained=tuple(
                trained_run(seed, answered.folder.name)
                for seed, answered in zip(system.seeds, model.answered, strict=True)
                if seed.run
            ),
            sets=sets,
            preferences=preferences,
        )

    def _references(self, system: System, shared: References) -> References:
        """Return what a system is compared with: the base, and for a run also few-shot and what it started from."""
        if system.kind != "run":
            return References(None if system.kind == "base" else shared.base)
        parents = self.parents.of(system)
        if not parents:
            return shared
        sets = _over_seeds([self._scored_seed(parent)[1] for parent in parents])
        return replace(shared, parent=sets, parent_name=parents[0].name)

    def margins(self, seeds: Sequence[System]) -> Margins:
        """Return the margins of some models, which differ in the seed alone, on the plan's pairs."""
        return Margins(tuple(tuple(self._seeds_margins(seed)) for seed in seeds))

    def _seeds_margins(self, seed: System) -> list[float]:
        """Return the margins of one model, with a progress line where they are computed."""
        compute = partial(log_probability_margins, on_batch=Progress(seed.name, "answers of pairs"))
        return cached_margins(self.plan.pairs, seed.weights, partial(self.loader.get, seed), compute)


def _over_seeds(by_seed: Sequence[dict[str, ScoredSet]]) -> dict[str, ScoredSet]:
    """Return {set: its rows scored for each seed}."""
    return {name: over_seeds([sets[name] for sets in by_seed]) for name in by_seed[0]}
