"""The playground with hostile answers in place of models, as a program: `python planted_playground.py FOLDER`.

Page, server and guard are the real ones. Each model answers with some of the hostile texts, a token each, and offers
the others as alternatives; the names of two models are hostile too.
"""

import sys
from functools import partial
from pathlib import Path

from hostile_text import HALF, TEXTS

from gretchen.models.pieces import Piece
from gretchen.models.stream import Answer, Delta
from gretchen.models.tokens import Alternative, Token
from gretchen.serving.backend import Answers, Backend, Watcher
from gretchen.serving.chat_models import ChatModel
from gretchen.serving.local_server import HOST, listening, new_token, server
from gretchen.web.playground import Playground, playground_app

NAMES = ["<img src=x onerror='window.pwned=1'>", "{{7*7}}\x1b[2J", "sft.zephyr"]
ALL = [*TEXTS, HALF]


class Planted(Backend):
    """Answers with hostile texts, a third of them from each model."""

    def answer(self, request, watcher=None):
        watcher = watcher or Watcher()
        watcher.on_start(1)
        first, pieces, end = NAMES.index(request.model), [], 0
        for number in range(first, len(ALL), len(NAMES)):
            others = [Alternative(n, ALL[n], b"", -1.0 - n / 100) for n in range(number, number + 5) if n < len(ALL)]
            token = Token(number, ALL[number], b"", -1.0 - number / 100, tuple(others))
            end += len(token.text)
            pieces.append(Piece(token.text, (token,), end))
            watcher.on_delta(Delta(0, token.text, (token,)))
        text = "".join(piece.text for piece in pieces)
        return Answers((Answer(text, "length", len(pieces), tuple(pieces)),), 1)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    models = {name: partial(ChatModel, name, "planted") for name in NAMES}
    bound, token = listening(0), new_token()
    playground = Playground(
        title="</title><script>window.pwned=1</script>",
        project="",
        backend=Planted(models),
        address=f"http://{HOST}:{bound.getsockname()[1]}",
        token=token,
        presets=folder / "presets.json",
        votes=folder / "votes.jsonl",
    )
    app = playground_app(playground)
    print(f"playground  {playground.page_address}", flush=True)
    server(app, bound).run(sockets=[bound])
