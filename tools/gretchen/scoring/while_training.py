"""A few validation rows, answered and scored while a model trains: the project's own metrics at that step.

    questions = validation_questions("genome-chatbot", model)
    questions.metrics(model)        -> {"exact": 0.75, "identity": 0.91}

Generation and scoring are those of `make eval`, the rows the same in each training. So few rows show a trend; what a
model can do is measured by `make eval`.
"""

import math
from dataclasses import dataclass
from functools import partial

from gretchen.models.generate import Model, encode
from gretchen.projects.card import load_card
from gretchen.scoring.answers import PromptedRow
from gretchen.scoring.closed_loop import Loop, generate_in_loop
from gretchen.scoring.evaluator import Evaluator, load_evaluator
from gretchen.scoring.generation import chat_settings, generate_answers
from gretchen.scoring.scored import Answer
from gretchen.scoring.testset import conversation, load_set, sample


@dataclass(frozen=True)
class ValidationQuestions:
    """Validation rows with their prompts, and the metrics of the project that they belong to."""

    evaluator: Evaluator
    prompts: tuple[PromptedRow, ...]

    def metrics(self, model: Model) -> dict[str, float]:
        """Return the value of each metric that applies to the model's answers. Raises UserError as scoring does."""
        settings, rows = chat_settings(self.evaluator.settings), [prompt.row for prompt in self.prompts]
        answers: list[Answer] = []
        if self.evaluator.offers("reply"):
            generate = partial(generate_in_loop, model, settings, Loop(self.evaluator))
        else:
            generate = partial(generate_answers, model, settings)
        generate([(prompt, number) for prompt in self.prompts for number in range(settings.samples)], answers.extend)
        values = self.evaluator.aggregate(self.evaluator.score_answers(rows, answers))
        return {name: value for name, value in values.items() if not math.isnan(value)}


def validation_questions(project: str, model: Model) -> ValidationQuestions | None:
    """Return as many validation rows as the card asks for while training, the same number of each open form.

    Rows whose prompt and answer do not fit into the model's context are left out. None where no row is left.
    """
    card = load_card(project)
    if not card.evaluation.during_training:
        return None
    rows = [row for row in load_set(project, "validation") if row.get("form") not in card.closed]
    limit = (model.context or math.inf) - card.evaluation.max_new_tokens
    fitting = [row for row in rows if len(encode(model, conversation(row))) <= limit]
    prompts = [PromptedRow(row, conversation(row)) for row in sample(fitting, card.evaluation.during_training)]
    return ValidationQuestions(load_evaluator(project), tuple(prompts)) if prompts else None
