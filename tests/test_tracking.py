"""Tracking without a server: what .wandb files hold, whose settings count, and no key in any file of a run."""

import base64
import hashlib
import http.server
import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import yaml
from run_records import write_run
from wandb_files import read_artifacts, read_wandb_file
from wandb_recorder import KEY, closed_port

from gretchen.errors import UserError
from gretchen.files import write_text
from gretchen.runs.record import read_record
from gretchen.tracking import login
from gretchen.tracking.environment import environment
from gretchen.tracking.run import curve_callbacks

ROOT = Path(__file__).resolve().parents[1]
SLUG = "genome-chatbot"
HUB_KEY = "hf_" + "AbCdEfGh" * 4


@pytest.fixture(scope="module")
def root(flagship):
    """Return a repository root of its own with the flagship and a random model in it."""
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM, set_seed

    set_seed(0)
    tokenizer = AutoTokenizer.from_pretrained(ROOT / "shared_recipes/tiny/architecture")
    sizes = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 1, "num_attention_heads": 1}
    ends = {"eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.pad_token_id, "bos_token_id": None}
    LlamaForCausalLM(LlamaConfig(vocab_size=2048, head_dim=64, **sizes, **ends)).save_pretrained(flagship / "model")
    tokenizer.save_pretrained(flagship / "model")
    return flagship


@pytest.fixture(scope="module")
def train(root, environment):
    """Return `gretchen train` as a smoke test in that root, logged in and with a W&B out of reach."""

    def call(*words, **more):
        home = {"HOME": str(root / "home"), "WANDB_MODE": "", "WANDB_BASE_URL": closed_port()}
        keys = {"WANDB_API_KEY": KEY, "HF_TOKEN": HUB_KEY}
        variables = environment(GRETCHEN_ROOT=str(root), GRETCHEN_SMOKE="1", **home, **keys, **more)
        command = [sys.executable, "-m", "gretchen", "train", f"--project={SLUG}", *words]
        return subprocess.run(
            command, env=variables, cwd=root, capture_output=True, text=True, timeout=600, check=False
        )

    return call


@pytest.fixture(scope="module")
def trained(root, train):
    """Return the folder of a run trained by the zephyr engine, and what the command printed."""
    done = train("--recipe=sft.zephyr", f"--set=model_name_or_path={root / 'model'} logging_steps=1")
    assert done.returncode == 0, done.stderr[-3000:]
    return max((root / "runs" / SLUG / "sft.zephyr").glob("2*")), done


def assert_complete(run, file, losses):
    """Assert that a .wandb file holds identity, recipe, inputs and curve of a run."""
    entry = read_record(run)
    record, config, history, _ = read_wandb_file(file)
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
    assert_complete(run, file, losses)
    assert "make sync" in done.stdout
    assert read_record(run).wandb is None


def test_a_training_without_a_server_logs_its_adapter_as_an_artifact(trained):
    run, _ = trained
    (file,) = run.glob("wandb/offline-run-*/run-*.wandb")
    files = read_artifacts(file)[f"run-{run.name}"]
    assert json.loads(files.pop("is.json")[0].read_text()) == {"run": run.name}
    assert {name: path for name, (path, _) in files.items()} == {
        name: run / "adapter" / name for name in ("adapter_config.json", "adapter_model.safetensors")
    }
    for path, digest in files.values():
        assert base64.b64encode(hashlib.md5(path.read_bytes()).digest()).decode() == digest


def test_no_key_is_in_any_file_of_a_run(trained):
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
    assert_complete(run, file, losses_of(run))
    for path in run.rglob("*"):
        assert not path.is_file() or KEY.encode() not in path.read_bytes(), path


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


def test_the_recipes_settings_override_the_users_and_those_override_the_defaults(bare, monkeypatch):
    defaults = environment(bare(report_to=["wandb"]))
    assert (defaults["WANDB_PROJECT"], defaults["WANDB_RUN_GROUP"], defaults["WANDB_JOB_TYPE"]) == ("p", "p", "sft")
    assert (defaults["WANDB_RUN_ID"], defaults["WANDB_RESUME"]) == ("20260101-000000-abcd", "allow")
    monkeypatch.setenv("WANDB_PROJECT", "team-project")
    monkeypatch.setenv("WANDB_MODE", "disabled")
    monkeypatch.setenv("WANDB_RUN_ID", "one-for-all")
    users = environment(bare(report_to="wandb"))
    assert (users["WANDB_PROJECT"], users["WANDB_MODE"]) == ("team-project", "disabled")
    assert users["WANDB_RUN_ID"] == defaults["WANDB_RUN_ID"], "a run id for all runs would merge them"
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
def test_a_recipe_that_reports_nowhere_or_elsewhere_is_not_tracked(bare, recipe):
    run = bare(**recipe)
    assert environment(run) == {}
    assert curve_callbacks(run) == []


@pytest.mark.parametrize(
    ("recipe", "num_callbacks"), [({}, 1), ({"report_to": "wandb"}, 0), ({"wandb_project": "x"}, 0)]
)
def test_curves_are_logged_once_by_the_engine_or_by_gretchens_callback(bare, recipe, num_callbacks):
    run = bare(**recipe)
    assert environment(run)["WANDB_MODE"] == "offline"
    assert len(curve_callbacks(run)) == num_callbacks


LOGINS = {
    "none": ("", ""),
    "for the public server": ("api.forge.coreweave.com", ""),
    "for its older name": ("api.wandb.ai", ""),
    "for another server": ("w.example", ""),
    "for a server of one's own": ("w.example:8443", "https://w.example:8443"),
    "for a server named in the settings": ("settings.example", "in the settings"),
}


@pytest.mark.parametrize("case", LOGINS)
def test_a_login_is_found_where_wandb_finds_it(bare, case, monkeypatch, tmp_path):
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
    options = {"env": os.environ | {"WANDB_SILENT": "true"}, "capture_output": True, "text": True, "check": True}
    output = subprocess.run([sys.executable, "-c", script], **options).stdout.split()
    assert output == [login.address(), str(login.logged_in())]


@pytest.mark.slow
def test_make_eval_tracks_what_it_measured(root, environment):
    variables = environment(GRETCHEN_ROOT=str(root), GRETCHEN_SMOKE="1", WANDB_API_KEY=KEY, HOME=str(root / "home"))
    words = [sys.executable, "-m", "gretchen", "eval", f"--project={SLUG}", "--json"]
    done = subprocess.run(words, env=variables, cwd=root, capture_output=True, text=True, check=True)
    evaluation = json.loads(done.stdout)
    (file,) = (root / "runs" / SLUG / "evaluations" / "wandb").glob("offline-run-*/run-*.wandb")
    run, config, _, summary = read_wandb_file(file)
    assert (run.job_type, config["data"]) == ("eval", evaluation["data"])
    (base,) = [model for model in evaluation["models"] if model["kind"] == "base"]
    assert (
        summary[f"test/{evaluation['main_metric']}/base"]
        == base["sets"]["test"]["scores"][evaluation["main_metric"]]["value"]
    )
