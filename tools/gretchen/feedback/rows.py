"""Labels as rows of a builder: pairs for DPO and reward models, single answers with a verdict for KTO.

    preferences(__file__)       pairs of answers that more raters ranked one way than the other
    feedback(__file__)          answers that more raters call good than bad, and the other way round

`__file__` is that of dataset.py, so that a fork of the project reads its own labels. Without labels they yield nothing.
A row keeps the group, and so the split, of the row whose question was asked.
"""

from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

from gretchen.feedback.labels import FILE, Judgement, Label, Task, read_labels
from gretchen.projects.rows import LABELLED, Row

# An answer that this share of its raters flagged is never the chosen one.
FLAGGED = 0.5
LIKED, DISLIKED = 4, 2  # of the quality scale


def preferences(builder: str) -> Iterator[Row]:
    """Yield a pair for every two answers of a task that more raters ranked one way than the other.

    Raises UserError for a faulty labels.jsonl, with its lines.
    """
    for labels in by_task(builder):
        task = labels[0].task
        for first, second in combinations(range(len(task.answers)), 2):
            margin = sum(preference(label, first, second) for label in labels)
            chosen, rejected = (first, second) if margin > 0 else (second, first)
            same = task.answers[first].text.strip() == task.answers[second].text.strip()
            if margin and not same and not is_flagged(labels, chosen):
                sides = {"chosen": answer_of(task, chosen), "rejected": answer_of(task, rejected)}
                yield row_of(labels, f"{chosen}-{rejected}", sides, margin=abs(margin))


def feedback(builder: str) -> Iterator[Row]:
    """Yield each answer that more raters call good than bad, or bad than good, with that verdict. Raises as above."""
    for labels in by_task(builder):
        verdicts: dict[str, list[bool]] = defaultdict(list)
        for label in labels:
            for position, answer in enumerate(label.task.answers):
                if (is_good := verdict(label, position)) is not None:
                    verdicts[answer.text].append(is_good)
        for position, answer in enumerate(labels[0].task.answers):
            given = verdicts.pop(answer.text, [])  # once, where two models gave the same answer
            margin = 2 * sum(given) - len(given)
            if margin:
                sides = {"completion": answer_of(labels[0].task, position), "label": margin > 0}
                yield row_of(labels, str(position), sides, margin=abs(margin))


def by_task(builder: str) -> Iterator[list[Label]]:
    """Yield the labels of each task, in the file's order."""
    tasks: dict[str, list[Label]] = defaultdict(list)
    for label in read_labels(Path(builder).parent / "data" / FILE):
        tasks[label.task.id].append(label)
    yield from tasks.values()


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
    head = {"id": f"label-{task.id}-{name}", "form": task.form, "group": list(task.group), "prompt": list(task.prompt)}
    return head | tools | columns | {"meta": meta}
