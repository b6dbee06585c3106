"""The typed documents of an evaluation: estimates, a model's results, and the comparison of all models.

    Evaluation         printed by `make eval --json`; results.json holds one per profile and source of weights
    ModelEvaluation    runs/<project>/evaluations/<key>/evaluation.json: one model's answers and scores

Every value is frozen and is written to disk with a `schema_version`. Nothing is computed here.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from gretchen.models.locate import WeightsSource
from gretchen.scoring.request import Split

SCHEMA_VERSION = 1
Count = Annotated[int, Field(ge=0)]
# "few-shot" is the base with worked examples before the question, "as-document" the base asked in the form of its own
# documents; "baseline" needs no model.
ModelKind = Literal["baseline", "base", "few-shot", "as-document", "run"]
# Documents are continued without a chat template.
Prompting = Literal["plain", "few-shot", "document", "few-shot-document"]
# The project's own questions, or those of shared_recipes/general_knowledge.yaml.
QuestionSet = Literal["project", "general-knowledge"]
# "as-document": test rows in the form of the embedded base's documents; "documents": held-out documents.
Probe = Literal["general-knowledge", "as-document", "documents"]


class FrozenModel(BaseModel):
    """Base of all parts: unknown keys are errors, and values are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def to_json(self) -> dict[str, Any]:  # JSON has no type of its own
        """Return the document as JSON values."""
        return self.model_dump(mode="json")


class Estimate(FrozenModel):
    """A metric's value with its 95 % interval; all three are None where the metric applies to no row."""

    value: float | None
    low: float | None = None
    high: float | None = None
    count: Count = Field(description="rows or pairs that the metric applies to")
    method: Literal["wilson", "bootstrap", "measured", "none"]
    by_seed: tuple[float | None, ...] = Field(
        default=(), description="the value of each training seed, where `value` is the mean of several"
    )


class Difference(FrozenModel):
    """The difference of a metric between two models on the same rows, with the p-value of a paired test."""

    difference: float
    p_value: float
    test: Literal["mcnemar", "bootstrap"]


class FormDifference(Difference):
    """The difference in one form; `p_holm` is the p-value corrected for the number of forms (Holm)."""

    count: Count = Field(description="rows of the form")
    p_holm: float


class ParentComparison(FrozenModel):
    """A run compared on the main metric with the run that it started from, over all open forms and in each form."""

    parent: str = Field(description="the parent's name in the table, or its recipe and id")
    difference: Difference | None
    forms: dict[str, FormDifference]


class SetScores(FrozenModel):
    """Scores on one set of rows. Closed forms (see the card) are in `closed`, not in `scores` and `forms`."""

    scores: dict[str, Estimate] = Field(description="estimate of each metric, over all open forms")
    forms: dict[str, Estimate] = Field(description="estimate of the main metric for each open form")
    closed: dict[str, Estimate] = Field(description="estimate of the main metric for each closed form")


class SetResult(SetScores):
    """A model's result on one set."""

    against_base: Difference | None = Field(description="main metric, compared with the base; None for the base")
    against_few_shot: Difference | None = Field(
        default=None, description="main metric of a run, compared with the base few-shot"
    )
    against_parent: ParentComparison | None = Field(default=None, description="None for runs that start from the base")
    ended: float | None = Field(description="share of answers that ended with EOS or a stop string; None: need none")
    errors: Count = Field(default=0, description="answers on which score() raised: they got the worst scores")


class PreferenceResult(FrozenModel):
    """A model's result on held-out preference pairs: how often, and by how much, it prefers the chosen answer.

    Pairs whose sides differ in the language alone are in `language`, not in the other values.
    """

    num_pairs: Count
    accuracy: Estimate
    margin: Estimate | None = Field(description="log-probabilities: nats; reward models: their own scale")
    against_base: Difference | None = None
    against_parent: Difference | None = None
    language: Estimate | None = Field(default=None, description="accuracy on pairs that differ in the language alone")


class TrainedRun(FrozenModel):
    """One training of a model of the table: those of one row differ in the seed alone."""

    seed: int
    run: str
    weights: str
    evaluation: str | None = Field(default=None, description="the folder in runs/<project>/evaluations/")
    wandb: str | None = None


class ModelResult(FrozenModel):
    """One row of the table: a baseline, the base, the base few-shot or as document, or a run.

    `trained` lists the run and those that differ from it in the seed alone: every value is their mean. `weights`,
    `run`, `wandb` and `evaluation` are those of the first.
    """

    name: str
    kind: ModelKind
    prompting: Prompting | None = Field(default=None, description="how the questions were asked; baselines: None")
    weights: str | None = Field(default=None, description="hash of the weights; baselines: None")
    run: str | None = Field(default=None, description="the run's id")
    wandb: str | None = Field(default=None, description="the W&B address of the run")
    evaluation: str | None = Field(default=None, description="the folder in runs/<project>/evaluations/")
    trained: tuple[TrainedRun, ...] = ()
    sets: dict[str, SetResult]
    preferences: PreferenceResult | None = None


class RewardModelResult(FrozenModel):
    """A reward model on held-out preference pairs; `trained` as in ModelResult."""

    name: str
    run: str
    weights: str
    trained: tuple[TrainedRun, ...] = ()
    preferences: PreferenceResult


class ForgettingResult(FrozenModel):
    """One model on what its base could answer before the training: `fixed` and `broken` count questions."""

    name: str
    score: Estimate
    fixed: Count | None = Field(default=None, description="better than the base; None: the base, or several seeds")
    broken: Count | None = Field(default=None, description="worse than the base; None as for `fixed`")
    against_base: Difference | None = None
    against_parent: Difference | None = Field(default=None, description="None for runs that start from the base")
    evaluation: str = Field(description="the folder in runs/<project>/evaluations/")


class Forgetting(FrozenModel):
    """What the training cost elsewhere: the same questions, which it did not train, to the base and to each run."""

    probe: Probe
    metric: str
    num_questions: Count
    hash: str = Field(description="hash of the questions")
    models: list[ForgettingResult]


class MetricInfo(FrozenModel):
    """A metric as the card defines it."""

    unit: str
    better: Literal["higher", "lower"]


class BaseWeights(FrozenModel):
    """The base that all models of the table share."""

    model: str
    source: WeightsSource
    weights: str


class GenerationSettings(FrozenModel):
    """How answers are generated."""

    max_new_tokens: int
    stop: tuple[str, ...]
    samples: int = Field(description="answers per row")
    temperature: float = Field(description="0: greedy")
    seed: int


class PromptedSettings(GenerationSettings):
    """How one model's answers are generated."""

    prompting: Prompting


class RowSet(FrozenModel):
    """The evaluated rows of one set."""

    num_rows: Count
    num_available: Count = Field(description="rows of the set before sampling")
    hash: str


class Evaluation(FrozenModel):
    """Base, baselines and runs, compared on the same rows."""

    schema_version: Literal[1] = SCHEMA_VERSION
    project: str
    inherited_from: str | None = Field(default=None, description="a fork's origin, until the fork records its own")
    profile: str
    split: Split = Field(default="test", description="the split of the rows and pairs; only test is recorded")
    date: str
    git: str
    main_metric: str
    metrics: dict[str, MetricInfo]
    base: BaseWeights
    data: str
    template: str
    training_seeds: int = Field(description="trainings of each model; of the one with the fewest where they differ")
    settings: GenerationSettings
    sets: dict[str, RowSet]
    models: list[ModelResult]
    reward_models: list[RewardModelResult] = []
    documents: SetScores | None = Field(default=None, description="the embedded base on documents, without chat form")
    forgetting: Forgetting | None = Field(default=None, description="what the runs forgot of what the base could do")
    wandb: str | None = None
    report: str | None = Field(default=None, description="the address of its W&B Report")


class ModelEvaluation(FrozenModel):
    """One model's answers: what was asked under which circumstances, and, once scored, the scores."""

    schema_version: Literal[1] = SCHEMA_VERSION
    project: str
    profile: str
    split: Split = "test"
    questions: QuestionSet = "project"
    system: str
    model: str
    run: str | None
    weights: str
    template: str
    settings: PromptedSettings
    data: str
    rows: str = Field(description="hash of the rows")
    num_rows: Count
    device: str
    dtype: str
    versions: dict[str, str]
    seconds: float
    date: str
    code: str | None = Field(default=None, description="hash of the project's code that scored")
    properties: dict[str, float] = {}
    sets: dict[str, SetResult] = {}

    @property
    def answers_test_set(self) -> bool:
        """Whether these answer the project's test rows as chats: no few-shot, no documents, no other questions."""
        return (self.split, self.questions, self.settings.prompting) == ("test", "project", "plain")
