"""The command line in forks of a process that has loaded the libraries once.

    with WarmProcess() as warm:
        code, output = warm.run(["pipeline", "--project=x"], {"GRETCHEN_ROOT": str(root)})

A command does what `python -m gretchen` does in that root, without the ten seconds of imports. For tests of what a
chain does; test_train.py and test_offline.py start commands as a user does.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from gretchen.training.preloaded import import_libraries, spawn_fork

TIMEOUT = 600  # seconds


class WarmProcess:
    """A process with the libraries loaded, which forks for each command."""

    def __enter__(self):
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen([sys.executable, __file__], **pipes)
        return self

    def __exit__(self, *_):
        # It holds nothing. Closing its input would not always end it: what a test forked holds a copy of the pipe.
        self.process.kill()
        self.process.wait()

    def run(self, words, environment):
        """Return the exit code of `gretchen WORDS` and what it printed; `environment` is added to the tests' own."""
        with tempfile.TemporaryDirectory() as folder:
            log = Path(folder) / "log"
            self.process.stdin.write(json.dumps([words, environment, str(log)]) + "\n")
            self.process.stdin.flush()
            code = int(self.process.stdout.readline())
            return code, log.read_text(encoding="utf-8")


def serve():
    """Run one command for each line of the standard input, and print its exit code."""
    import_libraries(["zephyr"])
    for line in sys.stdin:
        words, environment, log = json.loads(line)
        with open(log, "wb") as file:
            process = spawn_fork([sys.executable, "-m", "gretchen", *words], environment, file)
            process.join(TIMEOUT)
            process.kill()
            process.join()
        print(process.returncode, flush=True)


if __name__ == "__main__":
    serve()
