"""The label page over answers that no model gave, as a program: `python planted_label.py [hostile]` in GRETCHEN_ROOT.

Page, store, server and guard are the real ones. The project is `made` (made_project.py).
"""

import sys

from hostile_text import TEXTS
from made_project import TRAIN

from gretchen.feedback.export import label_store
from gretchen.feedback.labels import CandidateAnswer, task_of
from gretchen.feedback.sampling import Sampling
from gretchen.serving.local_server import HOST, listening, new_token, server
from gretchen.web.label import Labelling, label_app

NUM_TASKS = 4
ANSWERS = ("Größe: 3", "It is four.", "Ich weiß es nicht.")


def task(number, texts, question):
    """Return a task of a row of the train split."""
    prompt = [{"role": "user", "content": question}]
    row = {"id": f"row-{number}", "form": "ask", "group": TRAIN[number], "prompt": prompt}
    return task_of(row, [CandidateAnswer(text=text, models=("sft.zephyr",)) for text in texts])


def tasks(hostile):
    """Return the tasks to judge; hostile ones ask and answer with the fifty hostile texts."""
    if not hostile:
        return [task(number, ANSWERS, f"Wie groß ist {number}?") for number in range(NUM_TASKS)]
    return [task(number, TEXTS[number : number + 4], TEXTS[number]) for number in range(0, len(TEXTS) - 1, 4)]


if __name__ == "__main__":
    store = label_store("made")
    for planted in tasks("hostile" in sys.argv):
        store.add_task(planted)
    bound, token = listening(0), new_token()
    title = "</title><script>window.pwned=1</script>" if "hostile" in sys.argv else "made · tiny"
    app = label_app(Labelling(title, "made", store, Sampling, 2, token))
    print(f"label       http://{HOST}:{bound.getsockname()[1]}/{token}/", flush=True)
    server(app, bound).run(sockets=[bound])
