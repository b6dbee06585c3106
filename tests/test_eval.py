"""`gretchen eval` end to end: real projects, a model with random weights, real adapters; nothing is mocked."""

import contextlib
import io
import json
import os
import shutil
from pathlib import Path

import pytest
from run_records import write_run

from gretchen import cli, paths
from gretchen.models.locate import weights_hash
from gretchen.projects.build import build, data_hash
from gretchen.scoring.scorer import load_evaluator
from gretchen.scoring.testset import load_set

FIXTURES = Path(__file__).parent / "fixtures" / "projects"
SLUGS = ("phrasebook", "guess-the-number", "expressions")
ADAPTER, FULL = "20260101-000001-aaaa", "20260101-000002-aaaa"
LIMIT = 9


@pytest.fixture(scope="module")
def root(tmp_path_factory, root):
    """Return a root of its own: the projects of tests/fixtures, random bases, and two finished runs of one project."""
    place = tmp_path_factory.mktemp("eval")
    shutil.copytree(FIXTURES, place / "projects")
    shutil.copytree(root / "shared_recipes" / "tiny", place / "shared_recipes" / "tiny")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRETCHEN_ROOT", str(place))
        patch.chdir(place)
        write_base(place / "base")
        for slug in SLUGS:
            shutil.copytree(place / "base", place / "projects" / slug / "base")
            build(slug, "tiny")
        write_adapter(place / "base", finished("sft.zephyr", ADAPTER) / "adapter")
        write_silent(place / "base", finished("sft-full.zephyr", FULL) / "model")
        yield place


def write_base(target):
    """Write the embedded bases' architecture with random weights."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    architecture = paths.shared_recipes() / "tiny" / "architecture"
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(architecture), dtype=torch.bfloat16)
    model.save_pretrained(target)
    shutil.copytree(architecture, target, dirs_exist_ok=True)


def write_adapter(base, target):
    """Write a LoRA adapter whose random weights change what the base says."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(1)
    config = LoraConfig(task_type="CAUSAL_LM", target_modules=["q_proj", "down_proj"], init_lora_weights=False)
    get_peft_model(AutoModelForCausalLM.from_pretrained(base), config).save_pretrained(target)


def write_silent(base, target):
    """Write a full model whose every answer is the end: with a last norm of 0, token 0 wins, which ends an answer."""
    from safetensors.torch import load_file, save_file

    shutil.copytree(base, target)
    tensors = load_file(target / "model.safetensors")
    tensors["model.norm.weight"].zero_()
    save_file(tensors, target / "model.safetensors", metadata={"format": "pt"})


def finished(recipe, name, project="phrasebook", **changes):
    """Write the record of a finished run on the data and base as they lie there, and return its folder."""
    run = paths.runs(project) / recipe / name
    base = f"projects/{project}/base"
    source = {"model": base, "weights": weights_hash(base)}
    return write_run(run, **({"data": data_hash(project), "base": source} | changes))


def evaluate(slug, *words):
    """Return exit code, stdout and stderr of `gretchen eval`."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = cli.run(["eval", "--project", slug, f"--limit={LIMIT}", *words])
    return code, out.getvalue(), err.getvalue()


@pytest.fixture(scope="module")
def told(root):
    """Return {project: what its evaluation told as JSON}, each evaluated once."""
    found = {}
    for slug in SLUGS:
        code, out, err = evaluate(slug, "--json")
        assert code == 0, err
        found[slug] = json.loads(out)
    return found


def evaluation_of(told, name):
    """Return a model's part of the table and the folder of its answers."""
    (model,) = [one for one in told["models"] if one["name"] == name]
    return model, paths.runs(told["project"]) / "evaluations" / model["evaluation"]


def test_baselines_base_base_prompted_and_every_run_stand_in_the_table(told):
    kinds = [(one["name"], one["kind"]) for one in told["phrasebook"]["models"]]
    assert kinds == [
        ("copied prompt", "baseline"),
        ("most frequent answer", "baseline"),
        ("base", "base"),
        ("base prompted", "prompted"),
        ("sft.zephyr", "run"),
        ("sft-full.zephyr", "run"),
    ]
    names = {slug: [one["name"] for one in told[slug]["models"]] for slug in SLUGS}
    assert names["expressions"] == ["copied prompt", "most frequent answer", "base", "base prompted"]
    assert names["guess-the-number"] == ["copied prompt", "base"]


@pytest.mark.parametrize("slug", SLUGS)
def test_every_figure_has_count_interval_and_comparison(told, slug):
    main = told[slug]["main"]
    for model in told[slug]["models"]:
        for name, one in model["sets"].items():
            score = one["scores"][main]
            assert score["low"] <= score["value"] <= score["high"]
            assert score["count"] == sum(form["count"] for form in one["forms"].values())
            assert (one["against_base"] is None) == (model["kind"] == "base")
            assert (one["ended"] is None) == (model["kind"] == "baseline")
            assert told[slug]["sets"][name]["rows"] == LIMIT <= told[slug]["sets"][name]["of"]
    sets = {"phrasebook": {"test", "hard"}}.get(slug, {"test"})
    assert all(model["sets"].keys() == sets for model in told[slug]["models"])


def test_the_result_says_what_was_asked_of_what(told, root):
    result = told["phrasebook"]
    model, place = evaluation_of(result, "sft.zephyr")
    facts = json.loads((place / "evaluation.json").read_text(encoding="utf-8"))
    assert result["base"] == {"model": "projects/phrasebook/base", "weights": weights_hash("projects/phrasebook/base")}
    assert model["run"] == ADAPTER
    assert facts["weights"] == model["weights"] != result["base"]["weights"]
    assert facts["template"] == result["template"]
    assert facts["data"] == result["data"] == data_hash("phrasebook")
    assert facts["settings"] == {
        "max_new_tokens": 8,
        "stop": [],
        "samples": 1,
        "temperature": 0.0,
        "seed": 0,
        "prompting": "plain",
    }
    assert facts["sets"] == model["sets"]
    assert (facts["device"], facts["dtype"]) == ("cpu", "float32")


def test_each_model_gave_answers_of_its_own(told):
    said = {}
    for name in ("base", "base prompted", "sft.zephyr", "sft-full.zephyr"):
        file = evaluation_of(told["phrasebook"], name)[1] / "predictions.jsonl"
        said[name] = [json.loads(line)["prediction"] for line in file.read_text(encoding="utf-8").splitlines()]
        assert len(said[name]) == 2 * LIMIT
    assert len({json.dumps(answers) for answers in said.values()}) == 4
    assert set(said["sft-full.zephyr"]) == {""}
    silent = evaluation_of(told["phrasebook"], "sft-full.zephyr")[0]
    assert [one["ended"] for one in silent["sets"].values()] == [1.0, 1.0]


def test_what_the_base_knows_in_document_form_stands_beside(told):
    known = told["phrasebook"]["documents"]
    assert known["scores"]["exact_match"]["count"] == LIMIT
    assert told["expressions"]["documents"] is None


def test_samples_and_turns_are_kept_as_they_were_said(told):
    file = evaluation_of(told["expressions"], "base")[1] / "predictions.jsonl"
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").split("\n")[:-1]]
    assert [one["sample"] for one in lines] == [0, 1, 2, 3] * LIMIT
    assert len({one["prediction"] for one in lines[:4]}) > 1, "samples are drawn, not repeated"
    assert told["expressions"]["temperature"] == 0.8
    file = evaluation_of(told["guess-the-number"], "base")[1] / "predictions.jsonl"
    turns = json.loads(file.read_text(encoding="utf-8").split("\n")[0])["prediction"]
    assert [turn["role"] for turn in turns] == ["assistant", "user"] * 7 + ["assistant"]


def predictions(root):
    """Return {predictions.jsonl: (when written, content)}."""
    return {file: (file.stat().st_mtime_ns, file.read_bytes()) for file in root.glob("runs/*/evaluations/*/p*.jsonl")}


@pytest.mark.parametrize("slug", SLUGS)
def test_a_second_evaluation_asks_no_model_and_tells_the_same(told, root, slug):
    before = predictions(root)
    code, out, err = evaluate(slug, "--json")
    assert (code, predictions(root)) == (0, before)
    assert "answers" not in err
    again = json.loads(out)
    assert {**again, "date": ""} == {**told[slug], "date": ""}


def test_kept_answers_count_and_score_gives_the_same_figures(told, root):
    """Put perfect answers into a run's folder: eval reads them from there, and score reads the same file."""
    place = evaluation_of(told["phrasebook"], "sft.zephyr")[1]
    file, evaluator = place / "predictions.jsonl", load_evaluator("phrasebook")
    kept = file.read_bytes()
    rows = {row["id"]: row for name in ("test", "hard") for row in load_set("phrasebook", name)}
    lines = [json.loads(line) for line in kept.decode().split("\n")[:-1]]
    perfect = [one | {"prediction": evaluator.oracle(rows[one["id"]]), "ended": True} for one in lines]
    file.write_text("".join(json.dumps(one) + "\n" for one in perfect), encoding="utf-8")
    try:
        model = evaluation_of(json.loads(evaluate("phrasebook", "--json")[1]), "sft.zephyr")[0]
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            words = ["--project", "phrasebook", "--predictions", str(file), f"--limit={LIMIT}"]
            assert cli.run(["score", *words]) == 0
    finally:
        file.write_bytes(kept)
    for name, one in json.loads(out.getvalue())["sets"].items():
        assert one == {key: model["sets"][name][key] for key in ("scores", "forms", "closed")}
        assert one["scores"]["chrf"]["value"] == pytest.approx(100)
        assert model["sets"][name]["against_base"]["p"] < 0.05
        assert model["sets"][name]["ended"] == 1.0


def test_a_stopped_evaluation_goes_on_where_it_stopped(told, root):
    place = evaluation_of(told["phrasebook"], "base")[1]
    whole = (place / "predictions.jsonl").read_text(encoding="utf-8").split("\n")[:-1]
    asked = [json.loads(line)["id"] for line in whole]
    marked = [
        json.dumps(json.loads(line) | {"prediction": "said before\u2028the stop"}, ensure_ascii=False) for line in whole
    ]
    (place / "predictions.jsonl").unlink()
    half_a_line = marked[6][:20]
    (place / "predictions.partial.jsonl").write_text("\n".join([*marked[:6], half_a_line]), encoding="utf-8")
    code, _, err = evaluate("phrasebook", "--json")
    assert code == 0
    assert f"base: {2 * LIMIT}/{2 * LIMIT} answers" in err
    lines = (place / "predictions.jsonl").read_text(encoding="utf-8").split("\n")[:-1]
    assert lines == [*marked[:6], *whole[6:]]
    assert [json.loads(line)["id"] for line in lines] == asked
    assert not (place / "predictions.partial.jsonl").exists()
    (place / "predictions.jsonl").write_text("\n".join(whole) + "\n", encoding="utf-8")


def test_the_table_as_people_read_it(told):
    code, out, _ = evaluate("phrasebook")
    assert code == 0
    lines = out.splitlines()
    weights = told["phrasebook"]["base"]["weights"][:8]
    assert lines[0] == f"phrasebook, profile tiny, base projects/phrasebook/base ({weights})"
    of = told["phrasebook"]["sets"]["test"]["of"]
    assert lines[2] == (
        f"test set ({LIMIT} of {of} rows, evenly over forms, seed 0): chrf (chrF, higher is better), mean over forms"
    )
    header = "model n chrf [95 %] against base ended by itself exact (n = 6) length_error (n = 6)"
    assert " ".join(lines[3].split()) == header
    assert "test set, closed tables (only wordings are held out; not in the mean)" in lines
    assert lines[-3:] == [
        "95 % intervals: bootstrap over groups, 2,000 resamples; Wilson. "
        "p: bootstrap over groups, 2,000 resamples, on the same rows.",
        "Each model was trained once (1 training seed): another seed's scatter is not in the intervals.",
        "0/1 metrics: only an answer that ended by itself within 8 tokens can be right.",
    ]


def test_record_writes_results_json_and_the_readme_between_its_markers(told, root):
    from gretchen.scoring.table import markdown_table

    readme = root / "projects" / "phrasebook" / "README.md"
    readme.write_text("# Phrasebook\n\n<!-- results -->\nold\n<!-- /results -->\n\nbelow\n", encoding="utf-8")
    code, out, _ = evaluate("phrasebook", "--record")
    assert code == 0
    assert out.splitlines()[-1] == "wrote projects/phrasebook/results.json and projects/phrasebook/README.md"
    recorded = json.loads((root / "projects" / "phrasebook" / "results.json").read_text(encoding="utf-8"))
    assert {**recorded, "date": ""} == {**told["phrasebook"], "date": ""}
    table = markdown_table(recorded)
    text = readme.read_text(encoding="utf-8")
    assert text == f"# Phrasebook\n\n<!-- results -->\n{table}\n<!-- /results -->\n\nbelow\n"
    assert "| sft.zephyr | 6 | " in table
    readme.unlink()


def test_a_readme_with_one_marker_is_refused_before_anything_is_written(told, root):
    readme = root / "projects" / "expressions" / "README.md"
    readme.write_text("<!-- results -->\n", encoding="utf-8")
    code, _, err = evaluate("expressions", "--record")
    assert (code, err) == (
        2,
        "error: projects/expressions/README.md does not hold <!-- results --> and then <!-- /results -->, each once\n"
        "hint: put both on lines of their own\n",
    )
    assert not (root / "projects" / "expressions" / "results.json").exists()
    readme.unlink()
    out = evaluate("expressions", "--record")[1].splitlines()
    assert out[-2:] == [
        "wrote projects/expressions/results.json",
        "projects/expressions/README.md has no <!-- results --> and <!-- /results --> to put the table between",
    ]


OTHERS = {
    "data": (
        {"data": "0123456789abcdef"},
        "was trained on other data (01234567, now {data}): its test set is another one",
    ),
    "base": (
        {"base": {"model": "projects/phrasebook/base", "weights": "other"}},
        "was trained from other weights of projects/phrasebook/base than lie there now",
    ),
    "profile": ({"profile": "laptop"}, "was trained under PROFILE=laptop, this table is of tiny"),
}


@pytest.mark.parametrize("what", OTHERS)
def test_a_run_on_other_data_base_or_profile_is_refused(told, what):
    changes, reason = OTHERS[what]
    reason = reason.format(data=data_hash("phrasebook")[:8])
    run = finished("dpo.zephyr", "20260102-000000-bbbb", **changes)
    try:
        code, _, err = evaluate("phrasebook", "--runs", f"{ADAPTER} {run.name}")
        assert (code, err) == (
            2,
            f"error: run {run.name} (dpo.zephyr) {reason}\nhint: only runs that share these are compared\n",
        )
        code, out, _ = evaluate("phrasebook")
        left_out = [] if what == "profile" else [f"left out: dpo.zephyr {run.name} {reason}"]
        assert [line for line in out.splitlines() if line.startswith("left out")] == left_out
        assert "sft.zephyr" in out
    finally:
        shutil.rmtree(run)


def test_an_older_run_that_shares_data_and_base_is_taken_instead_of_a_newer_one_that_does_not(told):
    newer = finished("sft.zephyr", "20260103-000000-cccc", data="0123456789abcdef")
    try:
        told_now = json.loads(evaluate("phrasebook", "--json")[1])
        assert evaluation_of(told_now, "sft.zephyr")[0]["run"] == ADAPTER
    finally:
        shutil.rmtree(newer)


def test_faulty_requests_are_told_in_a_sentence(told, monkeypatch):
    code, _, err = evaluate("phrasebook", "--runs", "20260101-000001-aaab")
    hint = f"did you mean '{ADAPTER}'?; runs lie in runs/phrasebook"
    assert (code, err) == (2, f"error: unknown run '20260101-000001-aaab' of phrasebook\nhint: {hint}\n")
    run = finished("dpo.zephyr", "20260102-000000-bbbb", status="failed")
    code, _, err = evaluate("phrasebook", "--runs", run.name)
    shutil.rmtree(run)
    hint = "name a finished run, or none for the newest ones"
    assert (code, err) == (2, f"error: run {run.name} is failed, not finished\nhint: {hint}\n")
    assert evaluate("phrasebook", "--limit=-1")[2] == "error: LIMIT=-1 is below 0\nhint: LIMIT=0 takes all rows\n"
    monkeypatch.setenv("GRETCHEN_SMOKE", "1")
    assert evaluate("phrasebook", "--record")[2] == (
        "error: RECORD=1 with GRETCHEN_SMOKE=1: a smoke test measures nothing\nhint: leave one of them out\n"
    )


def test_the_default_sample_has_300_rows_of_each_set_on_tiny(root):
    from gretchen.commands.eval import SEED, plan_of
    from gretchen.projects.card import load_card
    from gretchen.scoring.systems import System

    base = System("base", "base", "projects/phrasebook/base", "w")
    card = load_card("phrasebook")
    file = paths.build("phrasebook") / "chats" / "hard.jsonl"
    kept = file.read_text(encoding="utf-8")
    rows = [json.loads(line) for line in kept.splitlines()]
    many = [row | {"id": f"{row['id']}-{i}"} for i in range(400 // len(rows) + 1) for row in rows]
    file.write_text("".join(json.dumps(row) + "\n" for row in many), encoding="utf-8")
    try:
        plans = {p: plan_of("phrasebook", p, card, [base], None, False) for p in ("tiny", "laptop")}
    finally:
        file.write_text(kept, encoding="utf-8")
    assert (len(plans["tiny"].sets["hard"]), plans["tiny"].sizes["hard"]) == (300, len(many))
    assert len(plans["laptop"].sets["hard"]) == len(many)
    assert plans["tiny"].seed == SEED == 0


def test_three_held_out_prompts_are_answered_by_base_and_trained_side_by_side(told, root, capsys, monkeypatch):
    from gretchen.scoring.samples import print_samples, write_samples

    run = paths.runs("phrasebook") / "sft-full.zephyr" / FULL
    write_samples(run, "phrasebook", run / "model")
    samples = json.loads((run / "samples.json").read_text(encoding="utf-8"))
    assert sorted(one["form"] for one in samples) == ["colour", "noun", "phrase"]
    assert all(one["before"]["text"] and not one["before"]["ended"] for one in samples)
    assert [one["trained"] for one in samples] == [{"text": "", "ended": True}] * 3
    monkeypatch.setenv("COLUMNS", "80")
    capsys.readouterr()
    print_samples(run)
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == f"three held-out prompts (runs/phrasebook/sft-full.zephyr/{FULL}/samples.json)"
    assert lines[3] == f"[{samples[0]['form']}] {samples[0]['prompt'][-1]['content']}"
    assert lines[4] == f"  wanted: {samples[0]['reference']}"
    assert [part.strip() for part in lines[5].split("|")] == ["base", "trained"]
    assert lines[7].split("|")[1].strip() == "(nothing)"
    assert any("(did not end)" in line for line in lines)
    assert max(map(len, lines[2:])) <= 80  # a path is not broken


@pytest.mark.slow
def test_ctrl_c_ends_an_evaluation_in_a_word_and_keeps_its_answers(told, root, environment):
    import signal
    import subprocess
    import sys
    import time

    shutil.rmtree(evaluation_of(told["guess-the-number"], "base")[1])
    words = [sys.executable, "-m", "gretchen", "eval", "--project=guess-the-number", "--limit=0"]
    process = subprocess.Popen(
        words, env=environment(GRETCHEN_ROOT=str(root)), stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    while not list(root.glob("runs/guess-the-number/evaluations/*/predictions.partial.jsonl")):
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.splitlines()[-1] == "stopped"
    assert os.path.exists(next(root.glob("runs/guess-the-number/evaluations/*/predictions.partial.jsonl")))
