"""Faulty answers: the rejected side of a pair, and the bad half of KTO's verdicts.

    rejected(rng, task, other)      -> (answer, "told"), None where no such fault can be planted

    told        the fix or the step, and then the good question: a question mark takes nothing back
    reveal      the fix or the step alone
    vague       a question that would fit anywhere
    irrelevant  a good question about something else
    several     the good question and another one

Each is judged by the metric: it is a pair only where it is not guided.
"""

import random

from .judging import judge
from .tasks import Task

FAULTS = ("told", "told", "reveal", "vague", "irrelevant", "several")
TRIES = 5
VAGUE = {
    "en": ("What do you think is wrong here?", "Have you looked at it carefully once more?", "What could you do next?",
           "Do you have an idea where the mistake could be?", "Can you try to think about it a little longer?"),
    "de": ("Was ist hier deiner Meinung nach falsch?", "Hast du dir das noch einmal genau angeschaut?",
           "Was könntest du als Nächstes tun?", "Hast du eine Idee, wo der Fehler sein könnte?",
           "Kannst du noch etwas länger darüber nachdenken?"),
}  # fmt: skip
SECOND = {
    "en": ("And what else comes to your mind?", "And why is that?", "And is that what you wanted?"),
    "de": ("Und was fällt dir noch ein?", "Und warum ist das so?", "Und wolltest du das so?"),
}
REVEALED = {
    "en": ("{} That is all.", "{} Then it is right.", "The answer is simple: {}"),
    "de": ("{} Das ist alles.", "{} Dann stimmt es.", "Die Lösung ist einfach: {}"),
}


def rejected(rng: random.Random, task: Task, other: Task) -> tuple[str, str] | None:
    """Return a faulty answer and its fault; `other` is a task on something else in the same language."""
    question = task.moves[0].questions[0]
    for _ in range(TRIES):
        fault = rng.choice(FAULTS)
        answer = {
            "told": f"{task.fact} {question}",
            "reveal": rng.choice(REVEALED[task.language]).format(task.fact),
            "vague": rng.choice(VAGUE[task.language]),
            "irrelevant": other.moves[0].questions[0],
            "several": f"{question} {rng.choice(SECOND[task.language])}",
        }[fault]
        if answer != question and not judge(answer, task.moves[0], task.prompt_text).is_guided:
            return answer, fault
    return None
