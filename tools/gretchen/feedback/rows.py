"""Labels as rows of a builder: pairs for DPO and reward models, single answers with a verdict for KTO.

    preferences(__file__)       pairs of answers that more raters ranked one way than the other
    feedback(__file__)          answers that more raters call good than bad, and the other way round
    judged_preferences(__file__), judged_feedback(__file__)     the same by judge models, where people ranked nothing

`__file__` is that of dataset.py, so that a fork of the project reads its own labels. Without labels they yield nothing.
A row keeps the group, and so the split, of the row whose question was asked.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

from gretchen.feedback.judge_labels import FILE as JUDGE_FILE
from gretchen.feedback.judge_labels import JudgeLabel
from gretchen.feedback.labels import FILE, Judgement, Label, Task, read_labels
from gretchen.files import text_hash
from gretchen.projects.rows import LABELLED, Row

# An answer that this share of its raters flagged is never the chosen one.
FLAGGED = 0.5
LIKED, DISLIKED = 4, 2  # of the quality scale


def preferences(builder: str) -> Iterator[Row]:
    """Yield a pair for every two answers of a task that more raters ranked one way than the other.

    Raises UserError for a faulty labels.jsonl, with its lines.
    """
    yield from pairs_of(people(builder))


def feedback(builder: str) -> Iterator[Row]:
    """Yield each answer that more raters call good than bad, or bad than good, with that verdict. Raises as above."""
    yield from verdicts_of(by_task(people(builder)))


def judged_preferences(builder: str) -> Iterator[Row]:
    """Yield the pairs that judge models decided, but for those that people ranked. Raises as `preferences` does."""
    yield from pairs_of(judges(builder))


def judged_feedback(builder: str) -> Iterator[Row]:
    """Yield each answer of such pairs that is good more often than bad, as rated or against the others; and the bad."""
    yield from verdicts_of(grouped(judges(builder), lambda label: label.task.row_id))


def people(builder: str) -> list[Label]:
    """Return people's labels."""
    return read_labels(Path(builder).parent / "data" / FILE)


def judges(builder: str) -> list[JudgeLabel]:
    """Return the judges' labels of pairs that people did not rank: where both judged, people's labels count."""
    ranked = {key for label in people(builder) for key in pair_keys(label.task)}
    labels = read_labels(Path(builder).parent / "data" / JUDGE_FILE, JudgeLabel)
    return [label for label in labels if not ranked.intersection(pair_keys(label.task))]


def pair_keys(task: Task) -> list[str]:
    """Return a key for every two answers of a task, the same wherever these two answer the same question."""
    texts = [answer.text for answer in task.answers]
    return [pair_key(task, first, second) for first, second in combinations(range(len(texts)), 2)]


def pair_key(task: Task, first: int, second: int) -> str:
    """Return the key of two answers of a task."""
    return text_hash(task.row_id, *sorted(task.answers[position].text.strip() for position in (first, second)))


def pairs_of(labels: Iterable[Label]) -> Iterator[Row]:
    """Yield the pairs of labels."""
    for of_task in by_task(labels):
        task = of_task[0].task
        for first, second in combinations(range(len(task.answers)), 2):
            margin = sum(preference(label, first, second) for label in of_task)
            chosen, rejected = (first, second) if margin > 0 else (second, first)
            same = task.answers[first].text.strip() == task.answers[second].text.strip()
            if margin and not same and not is_flagged(of_task, chosen):
                sides = {"chosen": answer_of(task, chosen), "rejected": answer_of(task, rejected)}
                yield row_of(of_task, f"{chosen}-{rejected}", sides, margin=abs(margin))


def verdicts_of(groups: Iterable[list[Label]]) -> Iterator[Row]:
    """Yield the single answers of labels; those of a group are of one question."""
    for labels in groups:
        verdicts: dict[str, list[bool]] = defaultdict(list)
        first: dict[str, tuple[Label, int]] = {}
        for label in labels:
            for position, answer in enumerate(label.task.answers):
                first.setdefault(answer.text, (label, position))  # once, where two models gave the same answer
                if (is_good := verdict(label, position)) is not None:
                    verdicts[answer.text].append(is_good)
        for text, (label, position) in first.items():
            margin = 2 * sum(verdicts[text]) - len(verdicts[text])
            if margin:
                sides = {"completion": answer_of(label.task, position), "label": margin > 0}
                raters = [other for other in labels if text in {answer.text for answer in other.task.answers}]
                yield row_of([label, *raters[1:]], str(position), sides, margin=abs(margin))


def by_task(labels: Iterable[Label]) -> Iterator[list[Label]]:
    """Yield the labels of each task, in their order."""
    yield from grouped(labels, lambda label: label.task.id)


def grouped(labels: Iterable[Label], key_of: Callable[[Label], str]) -> Iterator[list[Label]]:
    """Yield the labels that share a key, in their order."""
    groups: dict[str, list[Label]] = defaultdict(list)
    for label in labels:
        groups[key_of(label)].append(label)
    yield from groups.values()


def preference(label: Label, first: int, second: int) -> int:
    """Return 1 where a rater ranked the first answer above the second, -1 below it, 0 for a tie."""
    ranks = label.judgements[first].rank, label.judgements[second].rank
    return (ranks[0] < ranks[1]) - (ranks[0] > ranks[1])


def is_flagged(labels: list[Label], position: int) -> bool:
    """Return whether so many raters flagged an answer that it is not to be learned."""
    flagged = sum(bool(label.judgements[position].flags) for label in labels)
    return flagged >= FLAGGED * len(labels)


def verdict(label: Label, position: int) -> bool | None:
    """Return whether a rater calls an answer good: as said, else by flags, quality, and being the best or the worst."""
    judged: Judgement = label.judgements[position]
    quality, ranks = judged.scales.get("quality"), [other.rank for other in label.judgements]
    if judged.good is not None:
        return judged.good
    if judged.flags:
        return False
    if quality is not None and not DISLIKED < quality < LIKED:
        return quality >= LIKED
    if quality is not None or min(ranks) == max(ranks):
        return None
    return {min(ranks): True, max(ranks): False}.get(judged.rank)


def answer_of(task: Task, position: int) -> list[dict[str, str]]:
    """Return an answer as the turns of a row's column."""
    return [{"role": "assistant", "content": task.answers[position].text}]


# A row of TRL's format.
def row_of(labels: list[Label], name: str, columns: dict[str, Any], margin: int) -> Row:
    """Return a row; its meta says how many raters judged, and by how many the majority was larger."""
    task = labels[0].task
    meta = {LABELLED: len(labels), "margin": margin, "row": task.row_id}
    tools = {"tools": list(task.tools)} if task.tools else {}
    head = {
        "id": f"{labels[0].row_prefix}-{task.id}-{name}",
        "form": task.form,
        "group": list(task.group),
        "prompt": list(task.prompt),
    }
    return head | tools | columns | {"meta": meta}
