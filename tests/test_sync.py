"""`make sync`, and tracking with a server: a recorder of W&B's HTTP interface, and servers that fail."""

import http.server
import json
import re
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import yaml
from run_records import write_run

from gretchen.files import write_text
from gretchen.runs.locks import writer_lock
from gretchen.runs.record import read_record

ROOT = Path(__file__).resolve().parents[1]
SLUG = "genome-chatbot"
KEY = "0123456789abcdef0123456789abcdef01234567"
RECIPE = {"report_to": "wandb", "learning_rate": 0.003}

# A training as the engine's process sees it, without the engine: environment, open run, curve.
TRAINING = """
import os, sys
from pathlib import Path
from gretchen.tracking.environment import environment
from gretchen.tracking.run import tracked

run, first, last = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
os.environ.update(environment(run))
with tracked(run):
    import wandb
    for step in range(first, last):
        wandb.log({"train/loss": 1 / (1 + step), "train/global_step": step})
    if "wait" in sys.argv:
        print("logged", flush=True)
        input()
print("trained")
"""
EVALUATION = (
    "import sys; from gretchen.scoring.results import Results\n"
    "from gretchen.tracking.evaluation import log_evaluation\n"
    "for file in sys.argv[1:]:\n"
    "    (evaluation,) = Results.model_validate_json(open(file).read()).evaluations\n"
    "    print(log_evaluation(evaluation).wandb)"
)


class Recorder(http.server.ThreadingHTTPServer):
    """W&B's server for runs, histories, files, artifacts: what it was sent stands in `runs`, `files`, `links`.

    A link is (run, "used" or "made", artifact, its metadata).
    """

    daemon_threads = True

    def __init__(self, port=0):
        super().__init__(("127.0.0.1", port), Answer)
        self.runs, self.files, self.keys = {}, {}, set()
        self.artifacts, self.links = {}, set()
        self.address = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def handle_error(self, request, client_address):
        """Say nothing where wandb hung up."""

    def stop(self):
        self.shutdown()
        self.server_close()

    def upsert(self, sent):
        run = self.runs.setdefault(sent["name"], {"history": [], "summary": {}, "config": {}})
        run |= {name: sent[name] for name in ("project", "groupName", "jobType", "displayName") if sent.get(name)}
        run["config"] |= json.loads(sent.get("config") or "{}")
        project = {"id": "p", "name": sent["project"], "entity": {"id": "e", "name": "team"}}
        bucket = {"id": sent["name"], "name": sent["name"], "displayName": sent["name"], "project": project}
        return {"upsertBucket": {"bucket": bucket | {"historyLineCount": len(run["history"])}, "inserted": True}}

    def resumed(self, sent):
        run = self.runs.get(sent["name"])
        if run is None:
            return {"model": None}
        bucket = {"id": sent["name"], "name": sent["name"], "displayName": sent["name"], "tags": [], "logLineCount": 0}
        bucket |= {"historyLineCount": len(run["history"]), "eventsLineCount": 0, "summaryMetrics": "{}"}
        bucket |= {
            "historyTail": json.dumps([json.dumps(row) for row in run["history"][-1:]]),
            "eventsTail": "[]",
            "config": "{}",
        }
        bucket |= {"wandbConfig": json.dumps({"t": 1})}
        return {"model": {"id": "p", "name": run["project"], "entity": {"id": "e", "name": "team"}, "bucket": bucket}}

    def upload(self, name):
        return {"name": name, "displayName": name, "uploadUrl": f"{self.address}/up/{name}", "uploadHeaders": []}

    def artifact(self, identity):
        return next(sent for sent in self.artifacts.values() if sent["clientID"] == identity)

    def described(self, sent):
        """Return an artifact in the form in which wandb asks for it."""
        project = {"id": "p", "internalId": "i", "name": sent["projectName"], "entity": {"id": "e", "name": "team"}}
        sequence = {"__typename": "ArtifactSequence", "id": "s", "name": sent["artifactCollectionName"]}
        told = {"id": sent["clientID"], "digest": sent["digest"], "metadata": sent["metadata"], "tags": []}
        told |= {"versionIndex": 0, "artifactType": {"name": sent["artifactTypeName"]}, "state": "COMMITTED"}
        told |= {"ttlDurationSeconds": -2, "ttlIsInherited": True, "size": 1, "fileCount": 1, "aliases": []}
        told |= dict.fromkeys(("description", "historyStep", "commitHash", "updatedAt"))
        return told | {"createdAt": "2026-01-01T00:00:00", "artifactSequence": sequence | {"project": project}}

    def graphql(self, query, sent):
        """Return the `data` of an answer; {} for what a run can do without."""
        asked = re.search(r"(?:query|mutation)\s+(\w+)", query).group(1)
        if asked == "UpsertBucket":
            return self.upsert(sent)
        if asked == "RunResumeStatus":
            return self.resumed(sent)
        if asked == "CreateRunFiles":
            files = [self.upload(name) for name in sent["files"]]
            return {"createRunFiles": {"runID": "r", "uploadHeaders": [], "files": files}}
        if asked == "CreateArtifact":
            sent = sent["input"]
            identity = self.artifacts.setdefault((sent["artifactCollectionName"], sent["digest"]), sent)["clientID"]
            if sent["runName"]:
                self.links.add((sent["runName"], "made", sent["artifactCollectionName"], sent["metadata"]))
            sequence = {"id": "s", "latestArtifact": None}
            return {
                "createArtifact": {"artifact": {"id": identity, "state": "COMMITTED", "artifactSequence": sequence}}
            }
        if asked == "UseArtifact":
            used = self.artifact(sent["input"]["artifactID"])
            self.links.add((sent["input"]["runName"], "used", used["artifactCollectionName"], used["metadata"]))
            return {"useArtifact": {"artifact": {"id": sent["input"]["artifactID"]}}}
        if asked == "ArtifactByID":
            return {"artifact": self.described(self.artifact(sent["id"]))}
        if asked == "Viewer":
            who = {"id": "v", "username": "user", "entity": "team", "flags": "{}", "email": "", "teams": {"edges": []}}
            return {"viewer": who}
        return {"serverInfo": {"features": []}, "project": None}


class Answer(http.server.BaseHTTPRequestHandler):
    """One request to the recorder."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def body(self):
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        whole = b""
        while size := int(self.rfile.readline(), 16):
            whole += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return whole

    def answer(self, content, status=200):
        text = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    def do_HEAD(self):
        self.answer({})

    do_GET = do_HEAD

    def do_PUT(self):
        self.server.files[self.path.removeprefix("/up/")] = self.body()
        self.answer({})

    def do_POST(self):
        body, recorder = self.body(), self.server
        if self.path == "/graphql":
            recorder.keys.add(self.headers.get("Authorization"))
            asked = json.loads(body)
            return self.answer({"data": recorder.graphql(asked["query"], asked.get("variables") or {})})
        if self.path.endswith("/file_stream"):
            run = recorder.runs[self.path.split("/")[-2]]
            files = json.loads(body).get("files") or {}
            if "wandb-history.jsonl" in files:
                part = files["wandb-history.jsonl"]
                run["history"][part["offset"] :] = [json.loads(line) for line in part["content"]]
            if "wandb-summary.json" in files:
                run["summary"] = json.loads(files["wandb-summary.json"]["content"][-1])
        self.answer({"exitcode": None, "limits": {}})


class Refusing(Answer):
    """A server to which every key is wrong."""

    def do_POST(self):
        self.body()
        self.answer({"errors": [{"message": "user is not logged in"}]}, 401)


@pytest.fixture
def recorder():
    recorder = Recorder()
    yield recorder
    recorder.stop()


@pytest.fixture
def refusing():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def root(tmp_path):
    """Return a repository root of its own with the flagship's card in it."""
    write_text(tmp_path / f"projects/{SLUG}/project.yaml", (ROOT / f"projects/{SLUG}/project.yaml").read_text())
    return tmp_path


@pytest.fixture
def new_run(root):
    """Return a run's folder with recipe and record: `new_run("20260101-000000-abcd")`."""

    def make(name):
        run = root / "runs" / SLUG / "sft.zephyr" / name
        write_text(run / "recipe.yaml", yaml.safe_dump(RECIPE))
        return write_run(run)

    return make


@pytest.fixture
def start(root, environment):
    """Return a Python process in that root: `start(TRAINING, run, 0, 3, WANDB_MODE="offline")`."""

    def call(script, *words, **more):
        usual = {"GRETCHEN_ROOT": str(root), "HOME": str(root), "WANDB_MODE": "", "WANDB_API_KEY": KEY}
        asked = {"env": environment(**usual | more), "cwd": root, "text": True}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        return subprocess.Popen([sys.executable, "-c", script, *map(str, words)], **asked, **pipes)

    return call


@pytest.fixture
def run_python(start):
    """Return what a Python process prints, which must end well."""

    def call(script, *words, **more):
        process = start(script, *words, **more)
        said, _ = process.communicate(timeout=300)
        assert process.returncode == 0, said
        return said

    return call


@pytest.fixture
def sync(root, gretchen):
    """Return `gretchen sync` in that root, with a key: `sync(WANDB_BASE_URL=…)`."""

    def call(*words, **more):
        usual = {"GRETCHEN_ROOT": str(root), "HOME": str(root), "WANDB_MODE": "", "WANDB_API_KEY": KEY}
        return gretchen("sync", *words, in_=root, **usual | more)

    return call


def closed_port():
    """Return an address where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


def losses(run):
    """Return [(step, loss)] of a run in the recorder."""
    rows = [row for row in run["history"] if "train/loss" in row]
    return [(row["train/global_step"], row["train/loss"]) for row in rows]


def curve(first, last):
    return [(step, 1 / (1 + step)) for step in range(first, last)]


def test_what_was_tracked_offline_is_uploaded_once_and_told_with_its_address(
    root, new_run, run_python, sync, recorder, make
):
    run = new_run("20260101-000000-aaaa")
    run_python(TRAINING, run, 0, 3, WANDB_MODE="offline")
    run_python(EVALUATION, ROOT / f"projects/{SLUG}/results.json", WANDB_MODE="offline")
    done = sync(f"--project={SLUG}", WANDB_BASE_URL=recorder.address)
    assert (done.returncode, done.stderr) == (0, "")
    (key,) = set(recorder.runs) - {run.name}
    address = f"{recorder.address}/team/{SLUG}/runs"
    assert set(done.stdout.splitlines()) == {
        f"{SLUG}/sft.zephyr/{run.name}: {address}/{run.name}",
        f"{SLUG}/evaluations/{key}: {address}/{key}",
    }
    assert read_record(run).wandb == f"{address}/{run.name}"
    sent = recorder.runs[run.name]
    assert (sent["project"], sent["groupName"], sent["jobType"]) == (SLUG, SLUG, "sft")
    assert sent["config"]["recipe"]["value"] == RECIPE
    assert sent["config"]["inputs"]["value"]["data"] == "d" * 16
    assert losses(sent) == curve(0, 3)
    evaluation = recorder.runs[key]
    assert (evaluation["groupName"], evaluation["jobType"]) == (SLUG, "eval")
    assert evaluation["summary"]["test/exact/base"] == 0.0
    assert any(name.startswith("media/table/evaluation") for name in recorder.files)
    before = len(recorder.keys)
    again = sync(WANDB_BASE_URL=recorder.address)
    expected = "nothing to upload: all that was tracked is in W&B, or nothing was tracked yet\n"
    assert (again.returncode, again.stdout) == (0, expected)
    assert len(recorder.keys) == before == 1


def test_without_a_login_it_says_how_and_loses_nothing(root, new_run, run_python, sync, recorder):
    run_python(TRAINING, new_run("20260101-000000-aaaa"), 0, 1, WANDB_MODE="offline")
    done = sync(WANDB_API_KEY="", WANDB_BASE_URL=recorder.address)
    expected = (
        "error: not logged in to W&B, and 1 runs wait for it\nhint: `.venv/bin/wandb login`, or set WANDB_API_KEY\n"
    )
    assert (done.returncode, done.stderr) == (2, expected)
    assert recorder.runs == {}
    assert sync(WANDB_BASE_URL=recorder.address).returncode == 0
    assert list(recorder.runs) == ["20260101-000000-aaaa"]


def test_a_server_out_of_reach_or_one_that_refuses_is_one_sentence_and_loses_nothing(
    root, new_run, run_python, sync, recorder, refusing
):
    run_python(TRAINING, new_run("20260101-000000-aaaa"), 0, 1, WANDB_MODE="offline")
    nowhere = closed_port()
    done = sync(WANDB_BASE_URL=nowhere)
    expected = f"error: W&B does not answer at {nowhere}\nhint: nothing is lost: `make sync` later uploads it\n"
    assert (done.returncode, done.stderr) == (1, expected)
    done = sync(WANDB_BASE_URL=refusing)
    assert done.returncode == 1
    assert "error: 1 of 1 runs were not uploaded\nhint: nothing is lost" in done.stderr
    assert "Traceback" not in done.stderr
    assert sync(WANDB_BASE_URL=recorder.address).returncode == 0
    assert list(recorder.runs) == ["20260101-000000-aaaa"]


def test_an_unknown_project_is_refused(sync):
    done = sync("--project=genome-chatbo")
    assert (done.returncode, done.stderr.splitlines()[0]) == (2, "error: unknown project 'genome-chatbo'")


def test_a_run_that_is_being_written_stays_for_later(root, new_run, run_python, sync, recorder):
    run = new_run("20260101-000000-aaaa")
    run_python(TRAINING, run, 0, 1, WANDB_MODE="offline")
    with writer_lock(run.parent, "x"):
        done = sync(WANDB_BASE_URL=recorder.address)
    assert done.returncode == 0
    assert done.stdout.startswith(f"{SLUG}/sft.zephyr/{run.name} is being written: left for later\n")
    assert recorder.runs == {}
    assert sync(WANDB_BASE_URL=recorder.address).returncode == 0
    assert list(recorder.runs) == [run.name]


@pytest.mark.slow
def test_a_killed_and_resumed_run_is_one_run_with_both_parts_of_its_curve(
    root, new_run, start, run_python, sync, recorder
):
    run = new_run("20260101-000000-aaaa")
    killed = start(TRAINING, run, 0, 3, "wait", WANDB_MODE="offline")
    for line in killed.stdout:
        if line == "logged\n":
            break
    (file,) = run.glob("wandb/offline-run-*/*.wandb")
    while file.stat().st_size < 1000:  # wandb writes to disk every two seconds
        time.sleep(0.1)
    killed.kill()
    killed.communicate()
    run_python(TRAINING, run, 3, 5, WANDB_MODE="offline")
    assert len(list(run.glob("wandb/offline-run-*/*.wandb"))) == 2
    done = sync(WANDB_BASE_URL=recorder.address)
    assert done.returncode == 0, done.stderr
    assert list(recorder.runs) == [run.name]
    assert losses(recorder.runs[run.name]) == curve(0, 5)


def test_a_run_killed_before_its_first_record_and_a_damaged_file_do_not_stand_in_the_way(
    root, new_run, run_python, sync, recorder
):
    empty, damaged, good = (new_run(f"20260101-000000-aaa{n}") for n in range(3))
    for run in (empty, damaged, good):
        run_python(TRAINING, run, 0, 1, WANDB_MODE="offline")
    for run, kept in ((empty, 7), (damaged, 20)):
        (file,) = run.glob("wandb/offline-run-*/*.wandb")
        file.write_bytes(file.read_bytes()[:kept])
    done = sync(WANDB_BASE_URL=recorder.address)
    assert done.returncode == 1
    assert f"{SLUG}/sft.zephyr/{damaged.name}: not uploaded: " in done.stderr
    assert done.stderr.splitlines()[-2] == "error: 1 of 2 runs were not uploaded"
    assert list(recorder.runs) == [good.name]


@pytest.mark.slow
def test_online_the_curve_arrives_the_address_is_kept_and_there_is_nothing_to_sync(
    root, new_run, run_python, sync, recorder
):
    run = new_run("20260101-000000-aaaa")
    said = run_python(TRAINING, run, 0, 3, WANDB_BASE_URL=recorder.address)
    assert said.endswith("trained\n")
    address = f"{recorder.address}/team/{SLUG}/runs"
    assert read_record(run).wandb == f"{address}/{run.name}"
    assert losses(recorder.runs[run.name]) == curve(0, 3)
    assert recorder.links == {
        (run.name, "used", f"{SLUG}-data", '{"data":"dddddddddddddddd"}'),
        (run.name, "used", f"{SLUG}-base", '{"model":"m","weights":"wwwwwwwwwwwwwwww"}'),
        (run.name, "made", f"run-{run.name}", f'{{"run":"{run.name}"}}'),
    }
    told = run_python(EVALUATION, ROOT / f"projects/{SLUG}/results.json", WANDB_BASE_URL=recorder.address)
    (key,) = set(recorder.runs) - {run.name}
    assert told.split() == [f"{address}/{key}"]
    compared = {name for one, how, name, _ in recorder.links if (one, how) == (key, "used")}
    recorded = json.loads((ROOT / f"projects/{SLUG}/results.json").read_text())["evaluations"][0]["models"]
    assert compared == {f"{SLUG}-data", f"{SLUG}-base"} | {f"run-{one['run']}" for one in recorded if one.get("run")}
    assert sync(WANDB_BASE_URL=recorder.address).stdout.startswith("nothing to upload")


@pytest.mark.slow
def test_a_wrong_key_does_not_stop_a_training(root, new_run, run_python, sync, refusing, recorder):
    run = new_run("20260101-000000-aaaa")
    said = run_python(TRAINING, run, 0, 3, WANDB_BASE_URL=refusing)
    assert "W&B does not open the run (" in said
    assert "tracking offline, `make sync` uploads it later\n" in said
    assert "trained\n" in said
    assert sync(WANDB_BASE_URL=recorder.address).returncode == 0
    assert losses(recorder.runs[run.name]) == curve(0, 3)


@pytest.mark.slow
def test_a_server_that_falls_silent_does_not_hold_up_a_training(root, new_run, run_python, sync, recorder):
    """It answers the first question (is anybody there), and nothing after it."""
    run = new_run("20260101-000000-aaaa")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        asked = {"WANDB_BASE_URL": address, "WANDB_MODE": "online", "WANDB_INIT_TIMEOUT": "3"}
        said = run_python(TRAINING, run, 0, 3, **asked)
    assert "W&B does not open the run (" in said
    assert "trained\n" in said
    assert sync(WANDB_BASE_URL=recorder.address).returncode == 0
    assert losses(recorder.runs[run.name]) == curve(0, 3)


@pytest.mark.slow
def test_a_server_lost_on_the_way_costs_nothing_that_was_tracked(root, new_run, start, sync):
    run, recorder = new_run("20260101-000000-aaaa"), Recorder()
    asked = {"WANDB_BASE_URL": recorder.address, "WANDB_FINISH_TIMEOUT": "3"}
    process = start(TRAINING, run, 0, 3, "wait", **asked)
    for line in process.stdout:
        if line == "logged\n":
            break
    recorder.stop()
    said, _ = process.communicate("\n", timeout=300)
    assert process.returncode == 0, said
    assert "W&B does not answer any more: `make sync` uploads the rest" in said
    back = Recorder(recorder.server_port)
    try:
        done = sync(WANDB_BASE_URL=back.address)
        assert done.returncode == 0, done.stderr
        assert losses(back.runs[run.name]) == curve(0, 3)
    finally:
        back.stop()


@pytest.mark.slow
def test_no_key_stands_in_what_is_tracked_online_or_uploaded(root, new_run, run_python, sync, recorder):
    run = new_run("20260101-000000-aaaa")
    run_python(TRAINING, run, 0, 1, WANDB_BASE_URL=recorder.address)
    run_python(TRAINING, new_run("20260101-000000-bbbb"), 0, 1, WANDB_MODE="offline")
    sync(WANDB_BASE_URL=recorder.address)
    assert len(recorder.runs) == 2
    files = [file for file in (root / "runs").rglob("*") if file.is_file()]
    assert len([file for file in files if file.suffix == ".wandb"]) == 2
    for file in files:
        assert KEY.encode() not in file.read_bytes(), file
    assert not any(KEY in json.dumps(sent) for sent in recorder.runs.values())
    assert not any(KEY.encode() in content for content in recorder.files.values())
