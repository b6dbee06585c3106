"""`make judge PROJECT=… JUDGE=… [MODEL=…] [MODE=compare] [PRICE="0.15 0.60"] [LIMIT=n] [EXPORT=1]`: AI feedback.

    make judge PROJECT=genome-chatbot JUDGE=laptop
    make judge PROJECT=genome-chatbot JUDGE=http://127.0.0.1:8000/v1 MODEL=qwen3-32b PRICE="0.15 0.60" COST=1
    make judge PROJECT=genome-chatbot JUDGE=laptop MODE=revise LIMIT=20
    make judge PROJECT=genome-chatbot JUDGE=laptop EXPORT=1      decided pairs into data/judge_labels.jsonl

The judge is a model behind an address in OpenAI's format, `laptop`, a run of the project, a folder, or a hub id. It
judges by projects/<slug>/constitution.yaml. Cost is printed first; what the judge says is kept, and a rerun asks only
what is missing (docs/judge.md). It trains nothing.
"""

import sys
from typing import Annotated, get_args

import typer

from gretchen import paths
from gretchen.errors import UserError
from gretchen.feedback.export import absorb, label_store
from gretchen.feedback.judge_labels import judge_labels_file
from gretchen.feedback.judging import summary
from gretchen.feedback.judging.asking import Asked
from gretchen.feedback.judging.calibration import calibration, position_bias
from gretchen.feedback.judging.cost import cost, counting_tokenizer, price
from gretchen.feedback.judging.export import export
from gretchen.feedback.judging.judges import ChosenJudge, chosen_judge, reachable
from gretchen.feedback.judging.pairs import Outcome, units
from gretchen.feedback.judging.session import Session
from gretchen.feedback.judging.tasks import Source, tasks_to_judge
from gretchen.feedback.judging.verdicts import Mode, verdicts_file
from gretchen.feedback.labels import MAX_ANSWERS, MIN_ANSWERS, Label, Task
from gretchen.hardware import machine
from gretchen.names import counted, unknown
from gretchen.projects.build import ensure_built
from gretchen.projects.constitution import load_constitution
from gretchen.projects.profiles import PROFILE_HELP, chosen_profile
from gretchen.safe_text import visible

MODES: tuple[Mode, ...] = get_args(Mode)
IMPORT = "judged_preferences(__file__)"


def judge(
    project: Annotated[str, typer.Option(help="the project's folder in projects/")],
    judge: Annotated[str, typer.Option(help="http://…/v1, laptop, a run's id, a model's folder, or a hub id")],
    model: Annotated[str, typer.Option(help="of an address: the model's name there")] = "",
    mode: Annotated[str, typer.Option(help="compare (pairs, in both orders), rate (1 to 5), or revise")] = "compare",
    profile: Annotated[str, typer.Option(help=PROFILE_HELP)] = "",
    runs: Annotated[
        str, typer.Option(help="run ids that answer; without them base and newest run of each recipe")
    ] = "",
    prompts: Annotated[int, typer.Option(min=1, help="how many questions of the train split")] = 50,
    answers: Annotated[int, typer.Option(min=MIN_ANSWERS, max=MAX_ANSWERS, help="to a question, at most")] = 2,
    temperature: Annotated[float, typer.Option(min=0, max=2, help="of the sampled answers")] = 0.8,
    predictions: Annotated[str, typer.Option(help="JSON lines of id, prediction and model, instead of sampling")] = "",
    limit: Annotated[int | None, typer.Option(min=1, help="judge this many pairs (rate, revise: answers) only")] = None,
    price_: Annotated[str, typer.Option("--price", help="per million tokens: of prompts, and of replies")] = "",
    timeout: Annotated[float, typer.Option(min=0.1, help="seconds that a request may take")] = 120.0,
    cost_: Annotated[bool, typer.Option("--cost", help="print the cost, and ask nothing")] = False,
    export_: Annotated[bool, typer.Option("--export", help="write the decided pairs into the project")] = False,
) -> None:
    """Ask a judge about answers, and print what its verdicts are worth."""
    if mode not in MODES:
        raise UserError(*unknown("mode", mode, MODES))
    rates = price(price_)
    constitution, chosen = load_constitution(project), chosen_judge(project, judge, model)
    profile = chosen_profile(project, profile, machine())
    ensure_built(project, profile)
    store = label_store(project)
    absorb(project, store)
    source = Source(prompts, answers, temperature, runs, predictions)
    tasks = units(mode, tasks_to_judge(project, profile, source, store))[:limit]
    session = Session(chosen.judge, constitution, mode, verdicts_file(project))
    print(visible(f"judge       {chosen.judge.name} {chosen.judge.address or f'(weights {chosen.judge.weights})'}"))
    questions = session.first_questions(tasks)
    missing = session.missing(questions)
    estimate = cost(missing, counting_tokenizer(chosen, project))
    print("\n".join(summary.cost_lines(estimate, len(questions) - len(missing), rates)))
    if mode == "revise":
        print("            and two for each answer that breaks a rule: is the revision better, in either order?")
    if cost_:
        return
    ask(session, chosen, tasks, timeout)
    outcomes = session.outcomes(tasks)
    print_outcomes(outcomes, store.labels())
    print(summary.used_line(session.asked, rates))
    if export_:
        print_export(project, session, outcomes)
    elif outcomes:
        print(
            f"next: EXPORT=1 with the same command writes decided pairs into {paths.shown(judge_labels_file(project))}"
        )


def ask(session: Session, chosen: ChosenJudge, tasks: list[Task], timeout: float) -> None:
    """Ask what is missing: the questions of the mode, then for revisions whether they are better."""
    first = session.first_questions(tasks)
    if not session.missing([*first, *session.second_questions(tasks)]):
        return
    try:
        with reachable(chosen) as endpoint:
            asked = Asked(chosen.judge, endpoint, timeout)
            session.ask(asked, first)
            session.ask(asked, session.second_questions(tasks))
    except KeyboardInterrupt:
        print(f"\n{counted(len(session.asked), 'verdict')} kept; the same command goes on from there", file=sys.stderr)
        raise
    for reason in dict.fromkeys(asked.failures):
        count = asked.failures.count(reason)
        print(visible(f"warning: {counted(count, 'request')} without a verdict: the judge {reason}"), file=sys.stderr)


def print_outcomes(outcomes: list[Outcome], labels: list[Label]) -> None:
    """Print how the pairs ended, the position bias, and the agreement with people."""
    lines = summary.outcome_lines(outcomes, position_bias(outcomes))
    lines += summary.calibration_lines(calibration(outcomes, labels))
    print(visible("\n".join(lines)))


def print_export(project: str, session: Session, outcomes: list[Outcome]) -> None:
    """Write the decided pairs into the project, and print their number and what to do with them."""
    count = export(project, session, outcomes)
    file = judge_labels_file(project)
    if not count:
        raise UserError(f"{session.judge.name} decided no pair", "a larger judge, or more PROMPTS")
    print(f"{paths.shown(file)}: {counted(count, 'pair')} of this judge")
    builder = paths.projects() / project / "dataset.py"
    if IMPORT not in builder.read_text(encoding="utf-8"):
        print(f"next: offer them in {paths.shown(builder)}, as docs/judge.md shows: labels.{IMPORT}", file=sys.stderr)
