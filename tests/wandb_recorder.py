"""A recorder of W&B's HTTP interface for tests, a server that refuses every key, and the programs that log to them."""

import http.server
import json
import re
import socket
import threading

KEY = "0123456789abcdef0123456789abcdef01234567"

# A training as the engine's process sees it, without the engine: environment, open run, curve.
TRAINING = """
import os, sys
from pathlib import Path
from gretchen.tracking.environment import environment
from gretchen.tracking.run import tracked

run_dir, first, last = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
os.environ.update(environment(run_dir))
with tracked(run_dir):
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
    "    evaluations = Results.model_validate_json(open(file).read()).evaluations\n"
    "    print(log_evaluation(evaluations[0]).wandb)"
)


class Recorder(http.server.ThreadingHTTPServer):
    """W&B's server for runs, histories, files, artifacts; what it receives is in `runs`, `files`, `links`.

    A link is (run, "used" or "made", artifact, its metadata). An artifact's files are in `files`, as <artifact>/<file>.
    """

    daemon_threads = True

    def __init__(self, port=0):
        super().__init__(("127.0.0.1", port), Handler)
        self.runs, self.files, self.keys = {}, {}, set()
        self.artifacts, self.links = {}, set()
        self.reports, self.unknown = {}, set()
        self.address = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def handle_error(self, request, client_address):
        """Print nothing where wandb closed the connection."""

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

    def artifact_file(self, artifact, name):
        more = {"id": "f", "artifact": {"id": artifact["clientID"]}, "storagePath": name, "uploadMultipartUrls": None}
        return {"node": self.upload(f"{artifact['artifactCollectionName']}/{name}") | {"name": name, **more}}

    def artifact(self, identity):
        return next(sent for sent in self.artifacts.values() if sent["clientID"] == identity)

    def described(self, sent):
        """Return an artifact in the form that wandb reads."""
        project = {"id": "p", "internalId": "i", "name": sent["projectName"], "entity": {"id": "e", "name": "team"}}
        sequence = {"__typename": "ArtifactSequence", "id": "s", "name": sent["artifactCollectionName"]}
        artifact = {"id": sent["clientID"], "digest": sent["digest"], "metadata": sent["metadata"], "tags": []}
        artifact |= {"versionIndex": 0, "artifactType": {"name": sent["artifactTypeName"]}, "state": "COMMITTED"}
        artifact |= {"ttlDurationSeconds": -2, "ttlIsInherited": True, "size": 1, "fileCount": 1, "aliases": []}
        artifact |= dict.fromkeys(("description", "historyStep", "commitHash", "updatedAt"))
        return artifact | {"createdAt": "2026-01-01T00:00:00", "artifactSequence": sequence | {"project": project}}

    def graphql(self, query, sent):
        """Return the `data` of an answer; {} where a run does not need one."""
        operation = re.search(r"(?:query|mutation)\s+(\w+)", query).group(1)
        if operation == "UpsertBucket":
            return self.upsert(sent)
        if operation == "RunResumeStatus":
            return self.resumed(sent)
        if operation == "CreateRunFiles":
            files = [self.upload(name) for name in sent["files"]]
            return {"createRunFiles": {"runID": "r", "uploadHeaders": [], "files": files}}
        if operation == "CreateArtifact":
            sent = sent["input"]
            key = (sent["artifactCollectionName"], sent["digest"])
            state = "COMMITTED" if key in self.artifacts else "PENDING"
            identity = self.artifacts.setdefault(key, sent)["clientID"]
            if sent["runName"]:
                self.links.add((sent["runName"], "made", sent["artifactCollectionName"], sent["metadata"]))
            sequence = {"id": "s", "latestArtifact": None}
            return {"createArtifact": {"artifact": {"id": identity, "state": state, "artifactSequence": sequence}}}
        if operation in ("CreateArtifactManifest", "UpdateArtifactManifest"):
            manifest = {"id": "m", "file": {"id": "f"} | self.upload("manifest")}
            return {f"{operation[0].lower()}{operation[1:]}": {"artifactManifest": manifest}}
        if operation == "CreateArtifactFiles":
            names = [(self.artifact(file["artifactID"]), file["name"]) for file in sent["input"]["artifactFiles"]]
            return {"createArtifactFiles": {"files": {"edges": [self.artifact_file(*name) for name in names]}}}
        if operation == "CommitArtifact":
            return {"commitArtifact": {"artifact": {"id": sent["artifactID"], "digest": "d"}}}
        if operation == "UseArtifact":
            used = self.artifact(sent["input"]["artifactID"])
            self.links.add((sent["input"]["runName"], "used", used["artifactCollectionName"], used["metadata"]))
            return {"useArtifact": {"artifact": {"id": sent["input"]["artifactID"]}}}
        if operation == "ArtifactByID":
            return {"artifact": self.described(self.artifact(sent["id"]))}
        if operation == "Viewer":
            who = {"id": "v", "username": "user", "entity": "team", "flags": "{}", "email": "", "teams": {"edges": []}}
            return {"viewer": who}
        if operation == "upsertView":
            view = self.reports.setdefault(sent["id"] or f"report{len(self.reports)}", {})
            view |= sent
            owner = {"id": "p", "name": sent["projectName"], "entityName": sent["entityName"]}
            names = {"id": sent["id"] or list(self.reports)[-1], "type": sent["type"], "name": sent["name"]}
            names |= {"displayName": sent["displayName"], "description": sent["description"], "project": owner}
            updated = {"spec": sent["spec"], "updatedAt": "2026-01-01T00:00:00"}
            return {"upsertView": {"view": names | updated, "inserted": True}}
        if operation in ("Projects", "GetProjects"):
            page = {"endCursor": None, "hasNextPage": False}
            return {"models": {"edges": [], "pageInfo": page}}
        if operation == "UpsertModel":
            owner = {"id": "p", "name": sent.get("name", "p"), "entityName": "team"}
            return {"upsertModel": {"project": owner, "model": owner, "inserted": True}}
        if operation == "ProjectInternalId":
            return {"project": {"internalId": "i"}}
        self.unknown.add(operation)
        return {"serverInfo": {"features": []}, "project": None}


class Handler(http.server.BaseHTTPRequestHandler):
    """One request to the recorder."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def body(self):
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        content = b""
        while size := int(self.rfile.readline(), 16):
            content += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return content

    def respond(self, content, status=200):
        text = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    def do_HEAD(self):
        self.respond({})

    do_GET = do_HEAD

    def do_PUT(self):
        self.server.files[self.path.removeprefix("/up/")] = self.body()
        self.respond({})

    def do_POST(self):
        body, recorder = self.body(), self.server
        if self.path == "/graphql":
            recorder.keys.add(self.headers.get("Authorization"))
            request = json.loads(body)
            return self.respond({"data": recorder.graphql(request["query"], request.get("variables") or {})})
        if self.path.endswith("/file_stream"):
            run = recorder.runs[self.path.split("/")[-2]]
            files = json.loads(body).get("files") or {}
            if "wandb-history.jsonl" in files:
                part = files["wandb-history.jsonl"]
                run["history"][part["offset"] :] = [json.loads(line) for line in part["content"]]
            if "wandb-summary.json" in files:
                run["summary"] = json.loads(files["wandb-summary.json"]["content"][-1])
        self.respond({"exitcode": None, "limits": {}})


class RefusingHandler(Handler):
    """Requests to a server that refuses every key."""

    def do_POST(self):
        self.body()
        self.respond({"errors": [{"message": "user is not logged in"}]}, 401)


def closed_port():
    """Return an address where no server listens."""
    with socket.socket() as occupied:
        occupied.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{occupied.getsockname()[1]}"


def losses(run):
    """Return [(step, loss)] of a run in the recorder."""
    rows = [row for row in run["history"] if "train/loss" in row]
    return [(row["train/global_step"], row["train/loss"]) for row in rows]


def curve(first, last):
    return [(step, 1 / (1 + step)) for step in range(first, last)]
