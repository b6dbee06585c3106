"""The flagship's recorded result of profile tiny: a real evaluation for tests of what reads one."""

from pathlib import Path

from gretchen.scoring.evaluation import Evaluation
from gretchen.scoring.results import parse_results

SLUG = "genome-chatbot"
RESULTS = Path(__file__).resolve().parents[1] / "projects" / SLUG / "results.json"


def tiny_evaluation() -> Evaluation:
    """Return the evaluation of profile tiny."""
    results = parse_results(RESULTS.read_text(encoding="utf-8"), SLUG)
    (evaluation,) = [evaluation for evaluation in results.evaluations if evaluation.profile == "tiny"]
    return evaluation
