"""A judge's decided pairs as labels in projects/<slug>/data/judge_labels.jsonl, from which a builder makes rows.

    export(project, session, outcomes)       -> how many labels of this judge are in the file

Labels of other judges stay. Of this judge those of the same mode, or by an earlier constitution, are replaced.
"""

from collections.abc import Sequence

from gretchen.feedback.judge_labels import JudgeLabel, judge_labels_file
from gretchen.feedback.judging.pairs import Outcome
from gretchen.feedback.judging.session import Session
from gretchen.feedback.judging.verdicts import Rating
from gretchen.feedback.labels import Judgement, read_labels, write_labels


def export(project: str, session: Session, outcomes: Sequence[Outcome]) -> int:
    """Write the decided pairs of a judge, and return their number. Raises UserError for a faulty file.

    Without any the file is left as it is.
    """
    file = judge_labels_file(project)
    rater, constitution = session.judge.rater, session.constitution.hash
    labels = {
        (label.rater, label.task.id): label
        for label in read_labels(file, JudgeLabel)
        if label.rater != rater or (label.mode != session.mode and label.constitution == constitution)
    }
    own = [label_of(outcome, session) for outcome in outcomes if outcome.winner is not None]
    if own:
        write_labels(file, (labels | {(rater, label.task.id): label for label in own}).values())
    return len(own)


def label_of(outcome: Outcome, session: Session) -> JudgeLabel:
    """Return a decided pair as a label: ranks, and where answers were rated the quality."""
    ranks = [1 if position == outcome.winner else 2 for position in range(2)]
    judged = [Judgement(rank=rank) for rank in ranks]
    values = [verdict.value for verdict in outcome.verdicts]
    if all(isinstance(value, Rating) for value in values):
        judged = [
            Judgement(rank=rank, scales={"quality": round(value.mean)})
            for rank, value in zip(ranks, values, strict=True)
            if isinstance(value, Rating)
        ]
    return JudgeLabel(
        task=outcome.pair,
        rater=session.judge.rater,
        at=max(verdict.at for verdict in outcome.verdicts),
        judgements=tuple(judged),
        judge=session.judge,
        mode=session.mode,
        constitution=session.constitution.hash,
        reasons=outcome.reasons,
    )
