"""What an evaluation asks of every model: rows of each set, documents, preference pairs, and how answers are generated.

Rows are read and sampled here; no model is loaded.
"""

from dataclasses import dataclass

from gretchen import paths
from gretchen.errors import UserError
from gretchen.files import folder_hash, text_hash
from gretchen.projects.build import data_hash
from gretchen.projects.card import load_card
from gretchen.projects.rows import Row
from gretchen.provenance import is_smoke
from gretchen.scoring.document_form import DocumentForm, beginnings_of, load_document_form
from gretchen.scoring.documents import document_rows, longest_answer
from gretchen.scoring.evaluation import PromptedSettings, Prompting, QuestionSet
from gretchen.scoring.evaluator import Evaluator, load_evaluator
from gretchen.scoring.generation import chat_settings
from gretchen.scoring.preferences import PairSet, preference_rows
from gretchen.scoring.request import SETS, EvaluationRequest, Split
from gretchen.scoring.systems import Selection, System, SystemKind
from gretchen.scoring.templates import shared_template
from gretchen.scoring.testset import SEED, SMOKE_LIMIT, load_set, sample, test_format

# Rows of a set on a processor, where generated answers are what an evaluation costs; with a GPU all rows.
DEFAULT_LIMITS = {"tiny": 300, "laptop": 120}


@dataclass(frozen=True)
class EvaluationPlan:
    """The rows that every model answers. `sets` are samples of `num_available` rows; `train` is for examples.

    `form` asks an embedded base in its documents' form, `beginnings` holds the document of each row (by id) that has
    one. Without a form the base is asked `documents`, held-out ones.
    """

    project: str
    profile: str
    split: Split
    evaluator: Evaluator
    closed: tuple[str, ...]
    sets: dict[str, list[Row]]
    num_available: dict[str, int]
    train: list[Row]
    documents: list[Row]
    form: DocumentForm | None
    beginnings: dict[str, str]
    pairs: PairSet
    data: str
    questions: QuestionSet = "project"

    @property
    def rows(self) -> list[Row]:
        """The rows of all sets, in order."""
        return [row for rows in self.sets.values() for row in rows]

    @property
    def template(self) -> str:
        """The chat template by which every model is prompted."""
        return self.pairs.template

    @property
    def template_hash(self) -> str:
        """The hash of the chat template."""
        return text_hash(self.template)

    @property
    def project_code(self) -> str:
        """The hash of the code that evaluation.py may use."""
        return folder_hash(self.evaluator.file.parent, "*.py")

    def in_loop(self, system: System) -> bool:
        """Return whether the project's simulator replies to the system's answers."""
        return self.evaluator.offers("reply") and system.kind != "document"

    def needs_eos(self, kind: SystemKind) -> bool:
        """Return whether the answers of a kind of system must end with EOS: a document may go on after its answer."""
        return self.prompting(kind) in ("plain", "few-shot")

    def sets_of(self, system: System) -> dict[str, list[Row]]:
        """Return the rows of each set that a system is asked: those that have a document, for the base as document."""
        if system.kind != "as-document":
            return self.sets
        asked = {name: [row for row in rows if row["id"] in self.beginnings] for name, rows in self.sets.items()}
        return {name: rows for name, rows in asked.items() if rows}

    def settings(self, kind: SystemKind) -> PromptedSettings:
        """Return how a kind of system generates. A held-out document's answer may be longer than a chat's."""
        card = self.evaluator.settings
        if kind == "document":
            longest = max(card.max_new_tokens, longest_answer(self.documents))
            return PromptedSettings(
                max_new_tokens=longest, stop=(), samples=1, temperature=0.0, seed=SEED, prompting="document"
            )
        return PromptedSettings(**dict(chat_settings(card)), prompting=self.prompting(kind))

    def prompting(self, kind: SystemKind) -> Prompting:
        """Return how a kind of system is asked the rows of the sets."""
        if kind == "few-shot":
            return "few-shot-document" if self.beginnings else "few-shot"
        return "document" if kind == "as-document" else "plain"


def plan_evaluation(request: EvaluationRequest, selection: Selection) -> EvaluationPlan:
    """Return what every model is asked. Raises UserError where the project has no rows to ask."""
    project, profile = request.project, request.profile
    card, row_format = load_card(project), test_format(project)
    if row_format is None:
        raise UserError(
            f"{paths.shown(paths.build(project))} holds no test rows that a model could answer",
            "dataset.py offers chats() or another format with questions; `make data` says what was dropped",
        )
    row_limit, pair_limit = limits(request)
    evaluator, is_embedded = load_evaluator(project), card.models[profile] == "base"
    form = load_document_form(project) if is_embedded else None
    available = {name: rows for name in SETS[request.split] if (rows := load_set(project, name, row_format))}
    if not available:
        raise UserError(
            f"{paths.shown(paths.build(project))}/{row_format} has no {request.split} rows",
            "more `rows:` on the card give some",
        )
    sets = {name: sample(rows, row_limit, SEED) for name, rows in available.items()}
    beginnings = beginnings_of(form, [row for rows in sets.values() for row in rows]) if form else {}
    return EvaluationPlan(
        project=project,
        profile=profile,
        split=request.split,
        evaluator=evaluator,
        closed=tuple(card.closed),
        sets=sets,
        num_available={name: len(rows) for name, rows in available.items()},
        train=load_set(project, "train", row_format),
        documents=document_rows(project, request.split, row_limit) if is_embedded and not beginnings else [],
        form=form if beginnings else None,
        beginnings=beginnings,
        pairs=PairSet(project, shared_template(selection), preference_rows(project, request.split, pair_limit)),
        data=data_hash(project),
    )


def limits(request: EvaluationRequest) -> tuple[int, int]:
    """Return the maximum number of rows of each set and of preference pairs; 0 means all."""
    if request.limit is not None:
        return request.limit, request.limit
    if is_smoke():
        return SMOKE_LIMIT, SMOKE_LIMIT
    # Pairs are read, not generated: all of them take seconds, and a few hundred would leave the comparison open.
    return DEFAULT_LIMITS.get(request.profile, 0), 0
