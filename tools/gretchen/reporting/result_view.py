"""One evaluation as pages show it: its models on a scale, set by set and form by form.

view = result_view(evaluation, card)
view.estimates("test")      -> [(model, its main metric), …]
"""

from dataclasses import dataclass

from gretchen.projects.card import Card
from gretchen.reporting.intervals import Scale, scale_of
from gretchen.reporting.ladder import Ladder, ladder, main_estimate
from gretchen.scoring import table
from gretchen.scoring.evaluation import Estimate, Evaluation, ModelResult


@dataclass(frozen=True)
class FormRow:
    """A form's row: the main metric of each model of the ladder, and the rows that were asked."""

    form: str
    is_closed: bool
    estimates: list[Estimate | None]
    count: int


@dataclass(frozen=True)
class ResultView:
    """An evaluation with its ladder, the scale of its main metric, and the title of each set."""

    evaluation: Evaluation
    ladder: Ladder
    scale: Scale
    titles: dict[str, str]

    @property
    def has_seeds(self) -> bool:
        """Whether a model was trained with several seeds."""
        return any(len(model.trained) > 1 for model in self.evaluation.models)

    @property
    def first(self) -> str:
        """The name of the first set, whose main metric is the result; "" without sets."""
        return next(iter(self.evaluation.sets), "")

    @property
    def has_few_shot(self) -> bool:
        """Whether a run is compared with the base few-shot."""
        return any(result.against_few_shot for model in self.evaluation.models for result in model.sets.values())

    def main(self, model: ModelResult) -> Estimate | None:
        """Return a model's main metric on the first set."""
        return main_estimate(self.evaluation, model)

    def kind(self, model: ModelResult) -> str:
        """Return what a model is on the ladder (sft, aligned), else its kind in the table."""
        names = {step.lower(): each.name for step, each in self.ladder.steps if step != "base"}
        return next((step for step, name in names.items() if name == model.name), model.kind)

    def estimates(self, set_name: str) -> list[tuple[ModelResult, Estimate | None]]:
        """Return each model of a set with its main metric."""
        main = self.evaluation.main_metric
        models = [model for model in self.evaluation.models if set_name in model.sets]
        return [(model, model.sets[set_name].scores.get(main)) for model in models]

    def forms(self, set_name: str) -> list[str]:
        """Return the forms of a set, open ones first."""
        results = [model.sets[set_name] for model in self.evaluation.models if set_name in model.sets]
        names = [form for result in results for form in result.forms]
        names += [form for result in results for form in result.closed]
        return list(dict.fromkeys(names))

    def form_rows(self, set_name: str) -> list[FormRow]:
        """Return the rows of the table of forms: the estimates are those of the ladder's models."""
        return [
            FormRow(
                form=form,
                is_closed=self.is_closed(set_name, form),
                estimates=[self.form_estimate(model, set_name, form) for _, model in self.ladder.steps],
                count=self.form_count(set_name, form),
            )
            for form in self.forms(set_name)
        ]

    def is_closed(self, set_name: str, form: str) -> bool:
        """Return whether the card closes a form: only its wordings are held out."""
        return any(form in model.sets[set_name].closed for model in self.evaluation.models if set_name in model.sets)

    def form_estimate(self, model: ModelResult, set_name: str, form: str) -> Estimate | None:
        """Return a model's main metric in a form, None where it has none."""
        result = model.sets.get(set_name)
        return (result.forms.get(form) or result.closed.get(form)) if result else None

    def form_count(self, set_name: str, form: str) -> int:
        """Return the rows of a form."""
        estimates = [self.form_estimate(model, set_name, form) for model in self.evaluation.models]
        return max((estimate.count for estimate in estimates if estimate), default=0)


def result_view(evaluation: Evaluation, card: Card | None = None) -> ResultView:
    """Return an evaluation's view; the card, where it is known, gives the engine and the metric's range."""
    metric = card.evaluation.metrics.get(evaluation.main_metric) if card else None
    limits = (metric.range[0], metric.range[1]) if metric else (float("-inf"), float("inf"))
    estimates = [
        result.scores.get(evaluation.main_metric) for model in evaluation.models for result in model.sets.values()
    ]
    return ResultView(
        evaluation=evaluation,
        ladder=ladder(evaluation, card.engine if card else ""),
        scale=scale_of(estimates, limits),
        titles={name: table.sentence(table.title(evaluation, name)) for name in evaluation.sets},
    )
