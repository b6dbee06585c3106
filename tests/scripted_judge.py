"""A judge behind a real HTTP server on 127.0.0.1, whose replies a test decides: biased, malformed, hanging, gone.

with scripted_judge(lambda request: verdict("A")) as judge: judge.address, judge.requests
"""

import contextlib
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

GONE = object()  # the server closes the connection without a reply, and listens no more


@dataclass
class Request:
    """A request as the judge sees it."""

    body: dict
    headers: dict
    number: int

    @property
    def system(self) -> str:
        return self.body["messages"][0]["content"]

    @property
    def user(self) -> str:
        return self.body["messages"][1]["content"]

    def answer(self, tag: str) -> str:
        """Return the text between the tags of an answer."""
        return re.search(rf"<{tag}>\n(.*?)\n</{tag}>", self.user, re.DOTALL)[1]

    @property
    def is_retry(self) -> bool:
        return len(self.body["messages"]) > 2


@dataclass
class ScriptedJudge:
    """Where it listens, and what it was asked."""

    address: str
    requests: list[Request] = field(default_factory=list)


Script = Callable[[Request], object]


def verdict(better: str, rule: str = "right", reason: str = "because") -> str:
    """Return the reply of a judge that compares."""
    return json.dumps({"reason": reason, "rule": rule, "better": better})


@contextlib.contextmanager
def scripted_judge(script: Script) -> Iterator[ScriptedJudge]:
    """Serve a judge: `script` returns a reply's text, (status, body), seconds to hang, or GONE."""
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

        def send(self, status, body):
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with lock:
                headers = {name.lower(): value for name, value in self.headers.items()}
                request = Request(body, headers, len(judge.requests))
                judge.requests.append(request)
                reply = script(request)
            if reply is GONE:
                threading.Thread(target=server.server_close, daemon=True).start()
                self.close_connection = True
                self.connection.close()
            elif isinstance(reply, float):
                time.sleep(reply)
            elif isinstance(reply, tuple):
                self.send(*reply)
            else:
                usage = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
                choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": reply}}
                self.send(200, {"id": "x", "object": "chat.completion", "choices": [choice], "usage": usage})

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    judge = ScriptedJudge(f"http://127.0.0.1:{server.server_address[1]}/v1")
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield judge
    finally:
        server.shutdown()
        server.server_close()
