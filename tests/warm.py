"""The command line in forks of a process that has loaded the libraries once.

    with WarmProcess() as warm:
        warm.run(["pipeline", "--project=x"], environment, root)    -> subprocess.CompletedProcess

A command does what `python -m gretchen` does, without the ten seconds of imports. For tests of what commands that train
and evaluate do; test_train.py and test_offline.py start them as a user does.
"""

import json
import multiprocessing
import os
import runpy
import subprocess
import sys
import tempfile
from pathlib import Path

TIMEOUT = 600  # seconds


class WarmProcess:
    """A process with the libraries loaded, which forks for each command."""

    def __enter__(self):
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen([sys.executable, __file__], **pipes)
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(timeout=TIMEOUT)

    def run(self, words, environment, folder):
        """Return the completed command `gretchen WORDS` with its output, as subprocess.run does."""
        with tempfile.TemporaryDirectory() as outputs:
            files = [str(Path(outputs) / name) for name in ("stdout", "stderr")]
            self.process.stdin.write(json.dumps([list(words), dict(environment), str(folder), files]) + "\n")
            self.process.stdin.flush()
            code = int(self.process.stdout.readline())
            texts = [Path(file).read_text(encoding="utf-8") for file in files]
        return subprocess.CompletedProcess(words, code, *texts)


def serve():
    """Run one command for each line of the standard input, and print its exit code."""
    from gretchen.training.preloaded import import_libraries

    import_libraries(["zephyr"])
    for line in sys.stdin:
        process = multiprocessing.get_context("fork").Process(target=run, args=json.loads(line))
        process.start()
        process.join(TIMEOUT)
        process.kill()
        process.join()
        print(process.exitcode, flush=True)


def run(words, environment, folder, files):
    """Run a command in this process. Raises SystemExit with its exit code."""
    for descriptor, file in zip((1, 2), files, strict=True):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT), descriptor)
    os.environ.clear()
    os.environ |= environment
    os.chdir(folder)
    sys.argv = ["gretchen", *words]
    runpy.run_module("gretchen", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    serve()
