"""Tracking without a server: what the real .wandb files hold, who decides what, and no key in any file of a run."""

import http.server
import json
import os
import re
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import yaml
from run_records import write_run

from gretchen.errors import UserError
from gretchen.files import write_json, write_text
from gretchen.runs.record import read_record
from gretchen.tracking import login
from gretchen.tracking.environment import environment
from gretchen.tracking.run import curves
from gretchen.tracking.secrets import refuse_secrets

ROOT = Path(__file__).resolve().parents[1]
SLUG = "genome-chatbot"
KEY, HUB_KEY = "0123456789abcdef0123456789abcdef01234567", "hf_" + "AbCdEfGh" * 4
BLOCK, HEADER = 2**15, 7


def records(file):
    """Return the records of a .wandb file: LevelDB's log format (blocks of 32 KiB, a header before each piece)."""
    from wandb.proto.wandb_internal_pb2 import Record

    data, place, whole, found = file.read_bytes(), HEADER, b"", []
    while place + HEADER <= len(data):
        if BLOCK - place % BLOCK < HEADER:  # no room for a header: the rest of the block is empty
            place += BLOCK - place % BLOCK
            continue
        size, kind = int.from_bytes(data[place + 4 : place + 6], "little"), data[place + 6]
        whole += data[place + HEADER : place + HEADER + size]
        place += HEADER + size
        if kind in (1, 4):  # a whole record, or the last piece of one
            found.append(Record.FromString(whole))
            whole = b""
    return found


def values(items):
    """Return {key: value} of a record's items; a nested key's parts are joined by slashes."""
    return {"/".join(item.nested_key) or item.key: json.loads(item.value_json) for item in items}


def told_by(file):
    """Return (run, config, history rows, summary) that a .wandb file holds."""
    run, config, history, summary = None, {}, [], {}
    for record in records(file):
        kind = record.WhichOneof("record_type")
        if kind == "run":
            run = record.run
            config |= values(run.config.update)
        elif kind == "config":
            config |= values(record.config.update)
        elif kind == "history":
            history.append(values(record.history.item))
        elif kind == "summary":
            summary |= values(record.summary.update)
    return run, config, history, summary


def closed_port():
    """Return an address where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


@pytest.fixture(scope="module")
def root(flagship):
    """Return a repository root of its own with the flagship and a random model in it."""
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM, set_seed

    place = flagship
    set_seed(0)
    tokenizer = AutoTokenizer.from_pretrained(ROOT / "shared_recipes/tiny/architecture")
    sizes = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 1, "num_attention_heads": 1}
    ends = {"eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.pad_token_id, "bos_token_id": None}
    LlamaForCausalLM(LlamaConfig(vocab_size=2048, head_dim=64, **sizes, **ends)).save_pretrained(place / "model")
    tokenizer.save_pretrained(place / "model")
    return place


@pytest.fixture(scope="module")
def train(root, environment):
    """Return `gretchen train` as a smoke test in that root, logged in and with a W&B out of reach."""

    def call(*words, **more):
        home = {"HOME": str(root / "home"), "WANDB_MODE": "", "WANDB_BASE_URL": closed_port()}
        keys = {"WANDB_API_KEY": KEY, "HF_TOKEN": HUB_KEY}
        asked = environment(GRETCHEN_ROOT=str(root), GRETCHEN_SMOKE="1", **home, **keys, **more)
        command = [sys.executable, "-m", "gretchen", "train", f"--project={SLUG}", *words]
        return subprocess.run(command, env=asked, cwd=root, capture_output=True, text=True, timeout=600, check=False)

    return call


@pytest.fixture(scope="module")
def trained(root, train):
    """Return the folder of a run trained by the zephyr engine, and what the command printed."""
    done = train("--recipe=sft.zephyr", f"--set=model_name_or_path={root / 'model'} logging_steps=1")
    assert done.returncode == 0, done.stderr[-3000:]
    return max((root / "runs" / SLUG / "sft.zephyr").glob("2*")), done


def is_whole(run, file, losses):
    """Assert that a .wandb file holds identity, recipe, inputs and curve of a run."""
    entry = read_record(run)
    record, config, history, _ = told_by(file)
    identity = (record.project, record.run_group, record.job_type, record.run_id)
    assert identity == (SLUG, SLUG, entry.stage, run.name)
    assert list(record.tags) == ["tiny", "smoke"]
    assert config["recipe"] == yaml.safe_load((run / "recipe.yaml").read_text())
    inputs = config["inputs"]
    assert (inputs["data"], inputs["base"], inputs["parent"]) == (entry.data, entry.base.model_dump(), None)
    assert inputs["git"] == entry.git
    curve = [(row["train/global_step"], row["train/loss"]) for row in history if "train/loss" in row]
    assert curve == losses
    assert not any(name.startswith("gradients/") for row in history for name in row)


def losses_of(run):
    """Return [(step, loss)] that the run's own metrics.jsonl holds."""
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [(row["step"], row["loss"]) for row in rows if "loss" in row]


def test_a_training_without_a_server_leaves_recipe_inputs_and_curve_in_its_wandb_file(trained):
    run, done = trained
    (file,) = run.glob("wandb/offline-run-*/run-*.wandb")
    losses = losses_of(run)
    assert len(losses) == 4
    is_whole(run, file, losses)
    assert "make sync" in done.stdout
    assert read_record(run).wandb is None


def test_no_key_stands_in_any_file_of_a_run(trained):
    run, _ = trained
    files = [file for file in run.rglob("*") if file.is_file()]
    assert {".wandb", ".json", ".log", ".yaml", ".bin"} <= {file.suffix for file in files}
    for file in files:
        assert not any(key.encode() in file.read_bytes() for key in (KEY, HUB_KEY)), file


@pytest.mark.slow
def test_a_training_by_axolotl_is_tracked_alike(root, train):
    words = f"base_model={root / 'model'} logging_steps=1"
    done = train("--recipe=sft.axolotl", f"--set={words}")
    assert done.returncode == 0, done.stderr[-3000:]
    run = max((root / "runs" / SLUG / "sft.axolotl").glob("2*"))
    (file,) = run.glob("wandb/offline-run-*/run-*.wandb")
    is_whole(run, file, losses_of(run))
    for one in run.rglob("*"):
        assert not one.is_file() or KEY.encode() not in one.read_bytes(), one


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (f"hub_token={HUB_KEY}", "the recipe holds an API key ('hub_token')"),
        ("hub_token=some-token", "the recipe holds an API key ('hub_token')"),
        (f"env.WANDB_API_KEY={KEY}", "the recipe holds an API key ('env.WANDB_API_KEY')"),
        (f"run_name=mine-{KEY}", "the recipe holds an API key ('run_name')"),
        (f"hub_token={HUB_KEY} hub_token=null", "the command holds an API key ('"),
    ],
)
def test_a_key_in_recipe_or_command_is_refused_before_anything_is_written(root, train, words, problem):
    before = set((root / "runs").rglob("*"))
    done = train("--recipe=sft.zephyr", f"--set=model_name_or_path={root / 'model'} {words}")
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith(f"error: {problem}"), done.stderr
    assert "\nhint: leave it out and log in: " in done.stderr
    assert not any(secret in done.stderr for secret in (HUB_KEY, KEY, "some-token"))
    assert set((root / "runs").rglob("*")) == before


@pytest.mark.parametrize(
    "fine",
    [
        {"eos_token": "<|im_end|>", "push_to_hub": False, "hub_token": None},
        {"model_revision": "9f1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c"},
        {"special_tokens": {"pad_token": "<pad>"}, "hf_use_auth_token": True, "datasets": [{"path": "a/b"}]},
    ],
)
def test_what_only_looks_like_a_key_is_none(fine):
    refuse_secrets(fine, "the recipe")


@pytest.mark.parametrize(
    ("key", "value", "login_by"),
    [
        ("env.WANDB_API_KEY", "x" * 40, "wandb login"),
        ("push_to_hub_token", HUB_KEY, "hf auth login"),
        ("notes", HUB_KEY, "hf auth login"),
        ("comet_api_key", "anything", "the environment"),
        ("stored", "k" * 40, "wandb login"),
    ],
)
def test_each_key_is_refused_with_its_login(key, value, login_by, monkeypatch, tmp_path):
    (tmp_path / "netrc").write_text(f"machine w.example\n  login user\n  password {'k' * 40}\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("WANDB_BASE_URL", "https://w.example")
    nested = {"a": [{key.split(".")[-1]: value}]}
    with pytest.raises(UserError) as raised:
        refuse_secrets(nested, "the recipe")
    assert re.fullmatch(r"the recipe holds an API key \('a\.\w+'\), which would .*", raised.value.problem)
    assert login_by in raised.value.hint
    assert value not in str(raised.value)


@pytest.fixture
def bare(tmp_path, monkeypatch):
    """Return a run's folder: `bare(report_to="wandb")`, in a shell that is logged in nowhere."""
    for name in [name for name in os.environ if name.startswith("WANDB_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("NETRC", str(tmp_path / "none"))
    monkeypatch.setenv("WANDB_CONFIG_DIR", str(tmp_path / "none"))

    def make(**recipe):
        run = tmp_path / "runs" / "p" / "sft.zephyr" / "20260101-000000-abcd"
        write_text(run / "recipe.yaml", yaml.safe_dump(recipe))
        return write_run(run)

    return make


@pytest.fixture
def server():
    """Return the address of a server that answers each HEAD."""

    class Answers(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self):
            self.send_response(404)
            self.end_headers()

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{listening.server_port}"
        listening.shutdown()


def test_online_needs_a_key_and_a_server_that_answers(bare, server, monkeypatch):
    run = bare(report_to="wandb")
    monkeypatch.setenv("WANDB_BASE_URL", server)
    assert environment(run)["WANDB_MODE"] == "offline"
    monkeypatch.setenv("WANDB_API_KEY", KEY)
    assert environment(run)["WANDB_MODE"] == "online"
    monkeypatch.setenv("WANDB_BASE_URL", closed_port())
    assert environment(run)["WANDB_MODE"] == "offline"
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections and never answers
        monkeypatch.setenv("WANDB_BASE_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        assert environment(run)["WANDB_MODE"] == "offline"


def test_what_the_recipe_says_goes_before_what_the_user_set_and_that_before_ours(bare, monkeypatch):
    ours = environment(bare(report_to=["wandb"]))
    assert (ours["WANDB_PROJECT"], ours["WANDB_RUN_GROUP"], ours["WANDB_JOB_TYPE"]) == ("p", "p", "sft")
    assert (ours["WANDB_RUN_ID"], ours["WANDB_RESUME"]) == ("20260101-000000-abcd", "allow")
    monkeypatch.setenv("WANDB_PROJECT", "team-project")
    monkeypatch.setenv("WANDB_MODE", "disabled")
    monkeypatch.setenv("WANDB_RUN_ID", "one-for-all")
    users = environment(bare(report_to="wandb"))
    assert (users["WANDB_PROJECT"], users["WANDB_MODE"]) == ("team-project", "disabled")
    assert users["WANDB_RUN_ID"] == ours["WANDB_RUN_ID"], "a run id for all runs would make one of them"
    recipes = environment(bare(use_wandb=True, wandb_project="of-the-recipe", wandb_mode="offline"))
    assert (recipes["WANDB_PROJECT"], recipes["WANDB_MODE"]) == ("of-the-recipe", "offline")
    blocks = environment(bare(report_to="wandb", env={"WANDB_ENTITY": "team", "WANDB_PROJECT": "of-the-block"}))
    assert (blocks["WANDB_PROJECT"], blocks["WANDB_ENTITY"]) == ("of-the-block", "team")


def test_a_mistyped_mode_is_named(bare, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "ofline")
    with pytest.raises(UserError) as raised:
        environment(bare(report_to="wandb"))
    assert str(raised.value) == "error: unknown WANDB_MODE 'ofline'\nhint: did you mean 'offline'?"


@pytest.mark.parametrize(
    "recipe", [{"report_to": []}, {"report_to": "none"}, {"report_to": ["tensorboard"]}, {"use_wandb": False}]
)
def test_a_recipe_that_wants_no_wandb_or_something_else_gets_none(bare, recipe):
    run = bare(**recipe)
    assert environment(run) == {}
    assert curves(run) == []


@pytest.mark.parametrize(("recipe", "ours"), [({}, 1), ({"report_to": "wandb"}, 0), ({"wandb_project": "x"}, 0)])
def test_curves_are_logged_once_by_the_engine_where_the_recipe_says_so_else_by_our_callback(bare, recipe, ours):
    run = bare(**recipe)
    assert environment(run)["WANDB_MODE"] == "offline"
    assert len(curves(run)) == ours


LOGINS = {
    "none": ("", ""),
    "for the public server": ("api.forge.coreweave.com", ""),
    "for its older name": ("api.wandb.ai", ""),
    "for another server": ("w.example", ""),
    "for a server of one's own": ("w.example:8443", "https://w.example:8443"),
    "for a server named in the settings": ("settings.example", "in the settings"),
}


@pytest.mark.parametrize("case", LOGINS)
def test_logged_in_says_what_wandb_itself_finds(bare, case, monkeypatch, tmp_path):
    machine, address = LOGINS[case]
    if machine:
        write_text(tmp_path / "netrc", f"machine {machine}\n  login user\n  password {KEY}\n")
        monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    if address.startswith("http"):
        monkeypatch.setenv("WANDB_BASE_URL", address)
    elif address:
        write_text(tmp_path / "wandb" / "settings", f"[default]\nbase_url = https://{machine}\n")
        monkeypatch.setenv("WANDB_CONFIG_DIR", str(tmp_path / "wandb"))
    script = (
        "from wandb.sdk import wandb_setup; from wandb.sdk.lib import wbauth\n"
        "host = wandb_setup.singleton().settings.base_url\n"
        "print(host, bool(wbauth.authenticate_session(host=host, source='test', prompt=False)))"
    )
    asked = {"env": os.environ | {"WANDB_SILENT": "true"}, "capture_output": True, "text": True, "check": True}
    said = subprocess.run([sys.executable, "-c", script], **asked).stdout.split()
    assert said == [login.address(), str(login.logged_in())]


EVALUATION = (
    "import sys; from gretchen.scoring.results import Results\n"
    "from gretchen.tracking.evaluation import log_evaluation\n"
    "for file in sys.argv[1:]:\n"
    "    (evaluation,) = Results.model_validate_json(open(file).read()).evaluations\n"
    "    print(log_evaluation(evaluation).wandb)"
)


def test_an_evaluation_is_a_run_of_its_own_and_logged_once(tmp_path, environment):
    recorded = ROOT / "projects" / SLUG / "results.json"
    results = json.loads(recorded.read_text())
    (evaluation,) = results["evaluations"]
    later = evaluation | {"date": "2030-01-01T00:00:00+00:00", "git": "another"}
    write_json(tmp_path / "later.json", results | {"evaluations": [later]})
    asked = environment(GRETCHEN_ROOT=str(tmp_path), WANDB_API_KEY=KEY, HOME=str(tmp_path))
    words = [sys.executable, "-c", EVALUATION, str(recorded), str(tmp_path / "later.json")]
    done = subprocess.run(words, env=asked, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["None", "None"]
    place = tmp_path / "runs" / SLUG / "evaluations" / "wandb"
    (file,) = place.glob("offline-run-*/run-*.wandb")
    run, config, history, summary = told_by(file)
    assert (run.project, run.run_group, run.job_type) == (SLUG, SLUG, "eval")
    assert (config["data"], config["template"]) == (evaluation["data"], evaluation["template"])
    named = {model["name"]: model for model in evaluation["models"]}
    assert {name: one["weights"] for name, one in config["models"].items()} == {
        name: one.get("weights") for name, one in named.items()
    }
    (table,) = [row["evaluation/path"] for row in history if "evaluation/path" in row]
    logged = json.loads((file.parent / "files" / table).read_text())
    assert logged["columns"] == ["model", "set", "metric", "value", "low", "high", "count", "p"]
    figures = []
    for name, model in named.items():
        for set_, one in model["sets"].items():
            figures += [(name, set_, metric, score["value"], score["count"]) for metric, score in one["scores"].items()]
        pairs = model.get("preferences")
        for metric in ("accuracy", "margin") if pairs else ():
            figures.append((name, "preferences", metric, pairs[metric]["value"], pairs["num_pairs"]))
    assert [(*row[:4], row[6]) for row in logged["data"]] == figures
    assert any(row[1] == "preferences" for row in figures)
    assert len(figures) >= 10
    main, last = evaluation["main_metric"], evaluation["models"][-1]
    assert summary[f"test/{main}/{last['name']}"] == last["sets"]["test"]["scores"][main]["value"]
    p = {(row[0], row[1]): row[7] for row in logged["data"] if row[2] == main}
    assert p[last["name"], "test"] == last["sets"]["test"]["against_base"]["p_value"]
    for one in (tmp_path / "runs").rglob("*"):
        assert not one.is_file() or KEY.encode() not in one.read_bytes(), one


def test_other_figures_are_another_evaluation_and_disabled_logs_none(tmp_path, environment):
    results = json.loads((ROOT / "projects" / SLUG / "results.json").read_text())
    write_json(tmp_path / "one.json", results)
    (evaluation,) = results["evaluations"]
    evaluation["models"][-1]["sets"]["test"]["scores"][evaluation["main_metric"]]["value"] = 0.123
    write_json(tmp_path / "other.json", results)
    words = [sys.executable, "-c", EVALUATION, str(tmp_path / "one.json"), str(tmp_path / "other.json")]
    place = tmp_path / "runs" / SLUG / "evaluations" / "wandb"
    for mode, count in (("disabled", 0), ("offline", 2)):
        asked = environment(GRETCHEN_ROOT=str(tmp_path), HOME=str(tmp_path), WANDB_MODE=mode)
        subprocess.run(words, env=asked, cwd=tmp_path, capture_output=True, check=True)
        assert len(list(place.glob("*run-*/run-*.wandb"))) == count


@pytest.mark.slow
def test_make_eval_tracks_what_it_measured(root, environment):
    asked = environment(GRETCHEN_ROOT=str(root), GRETCHEN_SMOKE="1", WANDB_API_KEY=KEY, HOME=str(root / "home"))
    words = [sys.executable, "-m", "gretchen", "eval", f"--project={SLUG}", "--json"]
    done = subprocess.run(words, env=asked, cwd=root, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    (file,) = (root / "runs" / SLUG / "evaluations" / "wandb").glob("offline-run-*/run-*.wandb")
    run, config, _, summary = told_by(file)
    assert (run.job_type, config["data"]) == ("eval", told["data"])
    (base,) = [model for model in told["models"] if model["kind"] == "base"]
    assert summary[f"test/{told['main_metric']}/base"] == base["sets"]["test"]["scores"][told["main_metric"]]["value"]
