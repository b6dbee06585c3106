"""How to read a table of `make eval`: a line for each kind of figure that occurs in it.

docs/first-project.md has the same at more length.
"""

from gretchen.scoring.evaluation import Evaluation

HEAD = "how to read it (docs/first-project.md has more):"
N = "n: rows that the metric applies to"
INTERVAL = "[low, high]: 95 % interval, the range of the figure on other rows of the same kind"
DIFFERENCE = "against …: the difference on the same rows; p: how likely chance alone gives one that large"
ENDED = "finished (EOS): answers that ended by themselves within the limit of tokens"
HARD = "hard set: longer or combined questions, of kinds that no training row has"
CLOSED = "closed forms: so few different questions that only their wordings are held out; not in the mean"
WORTH = "training is worth what it adds to that"
FEW_SHOT = f"base, few-shot: the base after three answered train rows as turns; {WORTH}"
FEW_SHOT_DOCUMENTS = f"base, few-shot: the base after up to three answered documents in its window; {WORTH}"
FORGOTTEN = "what was forgotten: how training changed other answers; fixed, broken: better, worse than the base's"
MARGIN = "margin (nats): how much likelier the chosen answer is than the rejected one; 1 nat is a factor of 2.7"


def legend(evaluation: Evaluation) -> list[str]:
    """Return the lines, for what the evaluation's tables hold."""
    models = evaluation.models
    results = [result for model in models for result in model.sets.values()]
    few_shot = {model.prompting for model in models if model.kind == "few-shot"}
    occurs = {
        N: True,
        INTERVAL: True,
        DIFFERENCE: any(result.against_base for result in results),
        ENDED: any(result.ended is not None for result in results),
        FEW_SHOT: any(prompting != "few-shot-document" for prompting in few_shot),
        FEW_SHOT_DOCUMENTS: "few-shot-document" in few_shot,
        HARD: "hard" in evaluation.sets,
        CLOSED: any(result.closed for result in results),
        MARGIN: any(model.preferences for model in models),
        FORGOTTEN: evaluation.forgetting is not None,
    }
    return [HEAD, *(f"  {line}" for line, is_shown in occurs.items() if is_shown)]
