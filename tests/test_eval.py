"""`gretchen eval` end to end: real projects, a model with random weights, real adapters; nothing is mocked."""

import contextlib
import io
import json
import os
import re
import shutil
from pathlib import Path

import jsonschema
import pytest
from random_models import write_adapter, write_base, write_silent
from run_records import write_run

from gretchen import cli, paths
from gretchen.checks.file_schemas import FILES
from gretchen.models.locate import weights_hash
from gretchen.projects.build import build, data_hash, format_hash
from gretchen.runs.record import read_record
from gretchen.runs.store import rows_unchanged
from gretchen.scoring.document_form import load_document_form
from gretchen.scoring.evaluator import load_evaluator
from gretchen.scoring.plan import plan_evaluation
from gretchen.scoring.request import EvaluationRequest
from gretchen.scoring.results import read_results
from gretchen.scoring.samples import print_samples, write_samples
from gretchen.scoring.side_by_side import compare_answers
from gretchen.scoring.systems import Selection, System
from gretchen.scoring.table import markdown_table
from gretchen.scoring.testset import SEED, load_set

FIXTURES = Path(__file__).parent / "fixtures" / "projects"
SLUGS = ("phrasebook", "guess-the-number", "expressions")
ADAPTER, FULL = "20260101-000001-aaaa", "20260101-000002-aaaa"
LIMIT = 9


@pytest.fixture(scope="module")
def root(tmp_path_factory, root):
    """Return a root of its own: the projects of tests/fixtures, random bases, and two finished runs of one project."""
    copy = tmp_path_factory.mktemp("eval")
    shutil.copytree(FIXTURES, copy / "projects")
    shutil.copytree(root / "shared_recipes" / "tiny", copy / "shared_recipes" / "tiny")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRETCHEN_ROOT", str(copy))
        patch.chdir(copy)
        write_base(copy / "base")
        for slug in SLUGS:
            shutil.copytree(copy / "base", copy / "projects" / slug / "base")
            build(slug, "tiny")
        write_adapter(copy / "base", finished("sft.zephyr", ADAPTER) / "adapter")
        write_silent(copy / "base", finished("sft-full.zephyr", FULL) / "model")
        yield copy


def finished(recipe, name, project="phrasebook", **changes):
    """Write the record of a finished run on the present data and base, and return its folder."""
    run = paths.runs(project) / recipe / name
    base = f"projects/{project}/base"
    source = {"model": base, "weights": weights_hash(base)}
    return write_run(run, **({"data": data_hash(project), "base": source} | changes))


def run_eval(slug, *words):
    """Return exit code, stdout and stderr of `gretchen eval`."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = cli.run(["eval", "--project", slug, f"--limit={LIMIT}", *words])
    return code, out.getvalue(), err.getvalue()


@pytest.fixture(scope="module")
def evaluations(root):
    """Return {project: its evaluation as JSON}, each evaluated once."""
    printed = {}
    for slug in SLUGS:
        code, out, err = run_eval(slug, "--json")
        assert code == 0, err
        printed[slug] = json.loads(out)
    return printed


def model_of(evaluation, name):
    """Return a model's result and the folder of its answers."""
    (model,) = [model for model in evaluation["models"] if model["name"] == name]
    return model, paths.runs(evaluation["project"]) / "evaluations" / model["evaluation"]


def test_baselines_base_base_few_shot_and_every_run_are_in_the_table(evaluations):
    kinds = [(model["name"], model["kind"]) for model in evaluations["phrasebook"]["models"]]
    assert kinds == [
        ("copied prompt", "baseline"),
        ("most frequent answer", "baseline"),
        ("base", "base"),
        ("base, few-shot", "few-shot"),
        ("sft.zephyr", "run"),
        ("sft-full.zephyr", "run"),
    ]
    names = {slug: [model["name"] for model in evaluations[slug]["models"]] for slug in SLUGS}
    assert names["expressions"] == [
        "copied prompt",
        "most frequent answer",
        "base",
        "base, few-shot",
        "base, as document",
    ]
    assert names["guess-the-number"] == ["copied prompt", "base"]


def test_a_run_is_compared_with_the_base_few_shot(evaluations):
    models = evaluations["phrasebook"]["models"]
    few_shot = model_of(evaluations["phrasebook"], "base, few-shot")[0]["sets"]["test"]["scores"]["chrf"]["value"]
    for model in models:
        result = model["sets"]["test"]
        difference = result["against_few_shot"] and result["against_few_shot"]["difference"]
        score = result["scores"]["chrf"]["value"]
        assert difference == (pytest.approx(score - few_shot) if model["kind"] == "run" else None), model["name"]


@pytest.mark.parametrize("slug", SLUGS)
def test_every_estimate_has_count_interval_and_comparison(evaluations, slug):
    main, sets = evaluations[slug]["main_metric"], evaluations[slug]["sets"]
    for model in evaluations[slug]["models"]:
        for name, result in model["sets"].items():
            score = result["scores"][main]
            assert score["low"] <= score["value"] <= score["high"]
            assert score["count"] == sum(form["count"] for form in result["forms"].values())
            assert (result["against_base"] is None) == (model["kind"] == "base")
            assert (result["ended"] is None) == (model["prompting"] not in ("plain", "few-shot"))
            assert sets[name]["num_rows"] == LIMIT <= sets[name]["num_available"]
    expected = {"phrasebook": {"test", "hard"}}.get(slug, {"test"})
    assert all(model["sets"].keys() == expected for model in evaluations[slug]["models"])


def test_evaluation_json_records_weights_template_data_and_settings(evaluations, root):
    evaluation = evaluations["phrasebook"]
    model, folder = model_of(evaluation, "sft.zephyr")
    record = json.loads((folder / "evaluation.json").read_text(encoding="utf-8"))
    base = {"model": "projects/phrasebook/base", "weights": weights_hash("projects/phrasebook/base")}
    assert evaluation["base"] == base | {"source": "embedded"}
    assert model["run"] == ADAPTER
    assert record["weights"] == model["weights"] != base["weights"]
    assert record["template"] == evaluation["template"]
    assert record["data"] == evaluation["data"] == data_hash("phrasebook")
    assert record["settings"] == {
        "max_new_tokens": 8,
        "stop": [],
        "samples": 1,
        "temperature": 0.0,
        "seed": 0,
        "prompting": "plain",
    }
    assert record["sets"] == model["sets"]
    jsonschema.validate(record, json.loads((FILES / "evaluation.json").read_text(encoding="utf-8")))
    assert (record["device"], record["dtype"]) == ("cpu", "float32")


def test_each_model_gave_answers_of_its_own(evaluations):
    predictions = {}
    for name in ("base", "base, few-shot", "sft.zephyr", "sft-full.zephyr"):
        file = model_of(evaluations["phrasebook"], name)[1] / "predictions.jsonl"
        predictions[name] = [json.loads(line)["prediction"] for line in file.read_text("utf-8").splitlines()]
        assert len(predictions[name]) == 2 * LIMIT
    assert len({json.dumps(answers) for answers in predictions.values()}) == 4
    assert set(predictions["sft-full.zephyr"]) == {""}
    silent = model_of(evaluations["phrasebook"], "sft-full.zephyr")[0]
    assert [result["ended"] for result in silent["sets"].values()] == [1.0, 1.0]


def test_the_evaluation_holds_what_the_base_knows_in_document_form(evaluations):
    documents = evaluations["phrasebook"]["documents"]
    assert documents["scores"]["exact_match"]["count"] == LIMIT
    assert evaluations["expressions"]["documents"] is None


def test_the_base_is_asked_the_same_questions_as_documents(evaluations, root):
    rows = {row["id"]: row for row in load_set("expressions", "test")}
    base, as_document = (
        [json.loads(line)["id"] for line in (folder / "predictions.jsonl").read_text("utf-8").splitlines()]
        for model, folder in (model_of(evaluations["expressions"], name) for name in ("base", "base, as document"))
    )
    form = load_document_form("expressions")
    assert as_document == [row_id for row_id in base if form.beginning(rows[row_id])], "4 samples of each row"
    assert 0 < len(as_document) < len(base)
    model, folder = model_of(evaluations["expressions"], "base, as document")
    count = len(set(as_document))
    assert (model["kind"], model["prompting"]) == ("as-document", "document")
    assert model["sets"]["test"]["scores"]["pass_at_2"]["count"] == count
    few_shot, _ = model_of(evaluations["expressions"], "base, few-shot")
    assert few_shot["prompting"] == "few-shot-document"
    chat, _ = model_of(evaluations["phrasebook"], "base, few-shot")
    assert chat["prompting"] == "few-shot", "a project without as_document"
    out = run_eval("expressions")[1]
    line = next(line for line in out.splitlines() if line.strip().startswith("base, as document  "))
    assert line.split()[3] == str(count)
    assert (
        "base, as document: the questions that have the form of a document, as beginnings of documents, which the base "
        "was pretrained on; what it knows before it learns to chat."
    ) in out.splitlines()


def test_samples_and_turns_are_kept_as_they_were_generated(evaluations):
    file = model_of(evaluations["expressions"], "base")[1] / "predictions.jsonl"
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").split("\n")[:-1]]
    assert [line["sample"] for line in lines] == [0, 1, 2, 3] * LIMIT
    assert len({line["prediction"] for line in lines[:4]}) > 1, "samples are drawn, not repeated"
    assert evaluations["expressions"]["settings"]["temperature"] == 0.8
    file = model_of(evaluations["guess-the-number"], "base")[1] / "predictions.jsonl"
    turns = json.loads(file.read_text(encoding="utf-8").split("\n")[0])["prediction"]
    assert [turn["role"] for turn in turns] == ["assistant", "user"] * 7 + ["assistant"]


def predictions_on_disk(root):
    """Return {predictions.jsonl: (when written, content)}."""
    return {file: (file.stat().st_mtime_ns, file.read_bytes()) for file in root.glob("runs/*/evaluations/*/p*.jsonl")}


@pytest.mark.parametrize("slug", SLUGS)
def test_a_second_evaluation_asks_no_model_and_gives_the_same_result(evaluations, root, slug):
    before = predictions_on_disk(root)
    code, out, err = run_eval(slug, "--json")
    assert (code, predictions_on_disk(root)) == (0, before)
    assert not re.search(r"/\d+ answers", err), "no model is asked again"
    again = json.loads(out)
    assert {**again, "date": ""} == {**evaluations[slug], "date": ""}


def test_answers_on_disk_are_used_and_score_gives_the_same_scores(evaluations, root):
    """Put perfect answers into a run's folder: eval reads them from there, and score reads the same file."""
    folder = model_of(evaluations["phrasebook"], "sft.zephyr")[1]
    file, evaluator = folder / "predictions.jsonl", load_evaluator("phrasebook")
    original = file.read_bytes()
    rows = {row["id"]: row for name in ("test", "hard") for row in load_set("phrasebook", name)}
    lines = [json.loads(line) for line in original.decode().split("\n")[:-1]]
    perfect = [line | {"prediction": evaluator.oracle(rows[line["id"]]), "ended": True} for line in lines]
    file.write_text("".join(json.dumps(line) + "\n" for line in perfect), encoding="utf-8")
    try:
        model = model_of(json.loads(run_eval("phrasebook", "--json")[1]), "sft.zephyr")[0]
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            words = ["--project", "phrasebook", "--predictions", str(file), f"--limit={LIMIT}"]
            assert cli.run(["score", *words]) == 0
    finally:
        file.write_bytes(original)
    for name, scores in json.loads(out.getvalue())["sets"].items():
        assert scores == {key: model["sets"][name][key] for key in ("scores", "forms", "closed")}
        assert scores["scores"]["chrf"]["value"] == pytest.approx(100)
        assert model["sets"][name]["against_base"]["p_value"] < 0.05
        assert model["sets"][name]["ended"] == 1.0


def test_an_interrupted_evaluation_continues_where_it_stopped(evaluations, root):
    folder = model_of(evaluations["phrasebook"], "base")[1]
    whole = (folder / "predictions.jsonl").read_text(encoding="utf-8").split("\n")[:-1]
    ids = [json.loads(line)["id"] for line in whole]
    marked = [
        json.dumps(json.loads(line) | {"prediction": "before\u2028the interruption"}, ensure_ascii=False)
        for line in whole
    ]
    (folder / "predictions.jsonl").unlink()
    half_a_line = marked[6][:20]
    (folder / "predictions.partial.jsonl").write_text("\n".join([*marked[:6], half_a_line]), encoding="utf-8")
    code, _, err = run_eval("phrasebook", "--json")
    assert code == 0
    assert f"base: {2 * LIMIT}/{2 * LIMIT} answers" in err
    lines = (folder / "predictions.jsonl").read_text(encoding="utf-8").split("\n")[:-1]
    assert lines == [*marked[:6], *whole[6:]]
    assert [json.loads(line)["id"] for line in lines] == ids
    assert not (folder / "predictions.partial.jsonl").exists()
    (folder / "predictions.jsonl").write_text("\n".join(whole) + "\n", encoding="utf-8")


def test_the_printed_table(evaluations):
    code, out, _ = run_eval("phrasebook")
    assert code == 0
    lines = out.splitlines()
    weights = evaluations["phrasebook"]["base"]["weights"][:8]
    assert lines[0] == f"phrasebook, profile tiny, base projects/phrasebook/base ({weights})"
    available = evaluations["phrasebook"]["sets"]["test"]["num_available"]
    assert lines[2] == (
        f"test set ({LIMIT} of {available} rows, evenly over forms, seed 0): "
        "chrf (chrF, higher is better), mean over forms"
    )
    header = "model n chrf [95 %] against base against few-shot finished (EOS) exact (n = 6) length_error (n = 6)"
    assert " ".join(lines[3].split()) == header
    assert "test set, closed forms (only wordings are held out; not in the mean)" in lines
    assert lines[-1] == "next: make answers PROJECT=phrasebook"
    first = next(i for i, line in enumerate(lines) if line.startswith("95 % intervals"))
    assert lines[first : first + 3] == [
        "95 % intervals: bootstrap over groups, 2,000 resamples; Wilson at the effective number of rows. "
        "p: bootstrap over groups, 2,000 resamples; McNemar's exact test, on the same rows.",
        "Each model was trained once (1 training seed): intervals do not cover the variance between seeds.",
        "0/1 metrics: an answer that did not finish (EOS) within 8 tokens counts as wrong.",
    ]
    assert out.count("base, few-shot: ") == 1, "said once, in the legend"


def test_record_writes_results_json_and_the_readme_between_its_markers(evaluations, root):
    readme = root / "projects" / "phrasebook" / "README.md"
    readme.write_text("# Phrasebook\n\n<!-- results -->\nold\n<!-- /results -->\n\nbelow\n", encoding="utf-8")
    code, out, _ = run_eval("phrasebook", "--record")
    assert code == 0
    assert out.splitlines()[-1] == "wrote projects/phrasebook/results.json and projects/phrasebook/README.md"
    recorded = json.loads((root / "projects" / "phrasebook" / "results.json").read_text(encoding="utf-8"))
    (evaluation,) = recorded["evaluations"]
    assert {**evaluation, "date": ""} == {**evaluations["phrasebook"], "date": ""}
    table = markdown_table(read_results("phrasebook").evaluations[0])
    text = readme.read_text(encoding="utf-8")
    assert text == f"# Phrasebook\n\n<!-- results -->\n{table}\n<!-- /results -->\n\nbelow\n"
    assert "| sft.zephyr | 6 | " in table
    readme.unlink()


def test_runs_that_differ_in_the_seed_alone_are_one_row_and_a_stage_is_compared_with_its_parent(evaluations, root):
    runs = paths.runs("phrasebook") / "sft.zephyr"
    others = {f"20260103-00000{seed}-aaaa": seed for seed in (1, 2)}
    for name, seed in others.items():
        write_adapter(root / "base", finished("sft.zephyr", name, seed=seed, set=f"seed={seed}") / "adapter", seed + 1)
    faster = finished("sft.zephyr", "20260103-000003-aaaa", seed=3, set="seed=3 learning_rate=1")
    for name, seed in {**others, ADAPTER: 42}.items():
        recipe = f"seed: {seed}\nlearning_rate: 0.1\noutput_dir: runs/phrasebook/sft.zephyr/{name}\n"
        (runs / name / "recipe.yaml").write_text(recipe, encoding="utf-8")
    shutil.copytree(root / "base", runs / ADAPTER / "model")
    parent = {"run": f"runs/phrasebook/sft.zephyr/{ADAPTER}", "weights": weights_hash(runs / ADAPTER / "model")}
    dpo = finished("dpo.zephyr", "20260104-000000-aaaa", parent=parent)
    write_silent(root / "base", dpo / "model")
    try:
        code, out, err = run_eval("phrasebook", "--json")
        assert code == 0, err
        evaluation, table = json.loads(out), run_eval("phrasebook")[1]
        dpo_alone = json.loads(run_eval("phrasebook", "--json", f"--runs={dpo.name}")[1])
    finally:
        for folder in (dpo, faster, runs / ADAPTER / "model", *(runs / name for name in others)):
            shutil.rmtree(folder)
        (runs / ADAPTER / "recipe.yaml").unlink()
    seeds, folder = model_of(evaluation, "sft.zephyr")
    assert [(trained["seed"], trained["run"]) for trained in seeds["trained"]] == [
        (42, ADAPTER),
        *((seed, name) for name, seed in others.items()),
    ]
    alone, _ = model_of(evaluations["phrasebook"], "sft.zephyr")
    for name in ("test", "hard"):
        for metric in ("chrf", "length_error"):
            score = seeds["sets"][name]["scores"][metric]
            assert score["value"] == pytest.approx(sum(score["by_seed"]) / 3)
            assert score["by_seed"][0] == alone["sets"][name]["scores"][metric]["value"]
            assert score["low"] <= score["value"] <= score["high"]
    by_seed = seeds["sets"]["test"]["scores"]["chrf"]["by_seed"]
    (row, *_) = [line for line in table.splitlines() if line.startswith("  sft.zephyr ")]
    assert f"({min(by_seed):.3f}–{max(by_seed):.3f})" in row
    assert "sft.zephyr: mean of 3 training seeds (42, 1, 2), the least and the most in parentheses." in table
    assert "sft-full.zephyr, dpo.zephyr: trained once (1 training seed)." in table
    assert f"left out: sft.zephyr {faster.name}, trained with seed=3 learning_rate=1" in table
    assert evaluation["training_seeds"] == 1
    comparison = model_of(evaluation, "dpo.zephyr")[0]["sets"]["test"]["against_parent"]
    assert comparison["parent"] == "sft.zephyr"
    of_dpo = model_of(dpo_alone, "dpo.zephyr")[0]["sets"]["test"]["against_parent"]
    assert of_dpo == {**comparison, "parent": f"sft.zephyr {ADAPTER}"}, "with a parent that is not in the table"
    assert comparison["forms"].keys() == {"noun", "phrase"}
    assert comparison["difference"]["difference"] == pytest.approx(-alone["sets"]["test"]["scores"]["chrf"]["value"])
    assert all(form["p_value"] <= form["p_holm"] for form in comparison["forms"].values())
    assert ["form", "n", "dpo.zephyr", "against", "sft.zephyr"] in [line.split() for line in table.splitlines()]


def test_validation_rows_are_for_choosing_settings_and_are_never_recorded(evaluations, root):
    results = root / "projects" / "phrasebook" / "results.json"
    recorded = results.read_bytes() if results.exists() else None
    words = ("--split=validation", f"--runs={FULL}")
    code, out, err = run_eval("phrasebook", *words, "--record")
    assert (code, out, err) == (
        2,
        "",
        "error: RECORD=1 with SPLIT=validation: what is recorded is the result on the test rows\n"
        "hint: choose on validation, then: make eval PROJECT=phrasebook RECORD=1\n",
    )
    code, out, err = run_eval("phrasebook", *words)
    assert code == 0, err
    lines = out.splitlines()
    assert lines[1] == "validation rows, to choose settings by; the result is that on the test rows, read once"
    assert lines[3].startswith("validation set (")
    assert not any(line.startswith(("test set", "hard set")) for line in lines)
    assert lines[-1] == "next, once settings are chosen: make eval PROJECT=phrasebook"
    evaluation = json.loads(run_eval("phrasebook", *words, "--json")[1])
    validation, folder = model_of(evaluation, "sft-full.zephyr")
    answered = {json.loads(line)["id"] for line in (folder / "predictions.jsonl").read_text("utf-8").splitlines()}
    assert answered <= {row["id"] for row in load_set("phrasebook", "validation")}
    assert folder != model_of(evaluations["phrasebook"], "sft-full.zephyr")[1]
    assert json.loads((folder / "evaluation.json").read_text("utf-8"))["split"] == evaluation["split"] == "validation"
    compared = {row.id for row in compare_answers("phrasebook", "tiny")}
    assert not compared & answered, "make answers shows those of the test rows"
    assert (results.read_bytes() if results.exists() else None) == recorded
    assert run_eval("phrasebook", "--split=validatoin")[2] == (
        "error: unknown split 'validatoin'\n"
        "hint: did you mean 'validation'?; SPLIT=validation is for choosing settings, test for the result\n"
    )


def test_a_readme_with_one_marker_is_refused_before_anything_is_written(evaluations, root):
    readme = root / "projects" / "expressions" / "README.md"
    readme.write_text("<!-- results -->\n", encoding="utf-8")
    code, _, err = run_eval("expressions", "--record")
    assert (code, err) == (
        2,
        "error: projects/expressions/README.md does not hold <!-- results --> and then <!-- /results -->, each once\n"
        "hint: put both on lines of their own\n",
    )
    assert not (root / "projects" / "expressions" / "results.json").exists()
    readme.unlink()
    out = run_eval("expressions", "--record")[1].splitlines()
    assert out[-2:] == [
        "wrote projects/expressions/results.json",
        "projects/expressions/README.md has no <!-- results --> and <!-- /results --> to put the table between",
    ]


OTHERS = {
    "data": (
        {"data": "0123456789abcdef"},
        "was trained on other data (01234567, now {data}): its test set is a different one",
    ),
    "base": (
        {"base": {"model": "projects/phrasebook/base", "weights": "other"}},
        "was trained from other weights of projects/phrasebook/base than the present ones",
    ),
    "profile": ({"profile": "laptop"}, "was trained under PROFILE=laptop, this table is for tiny"),
}


def test_rows_of_another_format_may_have_changed_since_a_training(evaluations):
    hashes = {"data": "0123456789abcdef", "rows": format_hash("phrasebook", "chats")}
    run = finished("sft.zephyr", "20260102-000000-bbbb", **hashes)
    other = finished("dpo.zephyr", "20260102-000000-cccc", stage="dpo", **hashes)
    started_from = {"run": f"runs/phrasebook/sft.zephyr/{run.name}", "weights": "w"}
    later = {"stage": "dpo", "rows": format_hash("phrasebook", "preferences"), "parent": started_from}
    aligned = finished("dpo.zephyr", "20260102-000000-dddd", **(hashes | later))
    try:
        unchanged = [rows_unchanged(read_record(folder)) for folder in (run, other, aligned)]
        assert unchanged == [True, False, bool(later["rows"])]
        finished("sft.zephyr", "20260102-000000-bbbb", **(hashes | {"rows": "another"}))
        assert not rows_unchanged(read_record(aligned)), "what it started from trained on other rows"
    finally:
        for folder in (run, other, aligned):
            shutil.rmtree(folder)


@pytest.mark.parametrize("what", OTHERS)
def test_a_run_on_other_data_base_or_profile_is_refused(evaluations, what):
    changes, reason = OTHERS[what]
    reason = reason.format(data=data_hash("phrasebook")[:8])
    run = finished("dpo.zephyr", "20260102-000000-bbbb", **changes)
    try:
        code, _, err = run_eval("phrasebook", "--runs", f"{ADAPTER} {run.name}")
        assert (code, err) == (
            2,
            f"error: run {run.name} (dpo.zephyr) {reason}\nhint: only runs that share these are compared\n",
        )
        code, out, _ = run_eval("phrasebook")
        left_out = [] if what == "profile" else [f"left out: dpo.zephyr {run.name} {reason}"]
        assert [line for line in out.splitlines() if line.startswith("left out")] == left_out
        assert "sft.zephyr" in out
    finally:
        shutil.rmtree(run)


def test_an_older_run_on_the_same_data_and_base_is_preferred_to_a_newer_one_on_others(evaluations):
    newer = finished("sft.zephyr", "20260103-000000-cccc", data="0123456789abcdef")
    try:
        evaluation = json.loads(run_eval("phrasebook", "--json")[1])
        assert model_of(evaluation, "sft.zephyr")[0]["run"] == ADAPTER
    finally:
        shutil.rmtree(newer)


def test_a_wrong_request_is_one_sentence(evaluations, monkeypatch):
    code, _, err = run_eval("phrasebook", "--runs", "20260101-000001-aaab")
    hint = f"did you mean '{ADAPTER}'?; runs lie in runs/phrasebook"
    assert (code, err) == (2, f"error: unknown run '20260101-000001-aaab' of phrasebook\nhint: {hint}\n")
    run = finished("dpo.zephyr", "20260102-000000-bbbb", status="failed")
    code, _, err = run_eval("phrasebook", "--runs", run.name)
    shutil.rmtree(run)
    hint = "name a finished run, or none for the newest ones"
    assert (code, err) == (2, f"error: run {run.name} is failed, not finished\nhint: {hint}\n")
    assert run_eval("phrasebook", "--limit=-1")[2] == "error: LIMIT=-1 is below 0\nhint: LIMIT=0 takes all rows\n"
    monkeypatch.setenv("GRETCHEN_SMOKE", "1")
    assert run_eval("phrasebook", "--record")[2] == (
        "error: RECORD=1 with GRETCHEN_SMOKE=1: a smoke test measures nothing\nhint: leave one of them out\n"
    )


def test_the_default_sample_has_300_rows_of_each_set_on_tiny_120_on_laptop_and_all_on_a_gpu(root):
    selection = Selection(System("base", "base", "projects/phrasebook/base", "w"), [], [])
    file = paths.build("phrasebook") / "chats" / "hard.jsonl"
    original = file.read_text(encoding="utf-8")
    rows = [json.loads(line) for line in original.splitlines()]
    many = [row | {"id": f"{row['id']}-{i}"} for i in range(400 // len(rows) + 1) for row in rows]
    file.write_text("".join(json.dumps(row) + "\n" for row in many), encoding="utf-8")
    try:
        plans = {
            p: plan_evaluation(EvaluationRequest("phrasebook", p), selection) for p in ("tiny", "laptop", "gpu-24gb")
        }
    finally:
        file.write_text(original, encoding="utf-8")
    assert (len(plans["tiny"].sets["hard"]), plans["tiny"].num_available["hard"]) == (300, len(many))
    assert len(plans["laptop"].sets["hard"]) == 120
    assert len(plans["gpu-24gb"].sets["hard"]) == len(many)
    assert plans["tiny"].settings("base").seed == SEED == 0


def test_three_held_out_prompts_are_answered_before_and_after_side_by_side(evaluations, root, capsys, monkeypatch):
    run = paths.runs("phrasebook") / "sft-full.zephyr" / FULL
    write_samples(run, "phrasebook", run / "model")
    samples = json.loads((run / "samples.json").read_text(encoding="utf-8"))
    assert sorted(sample["form"] for sample in samples) == ["colour", "noun", "phrase"]
    assert all(sample["before"]["text"] and not sample["before"]["ended"] for sample in samples)
    assert [sample["trained"] for sample in samples] == [{"text": "", "ended": True}] * 3
    monkeypatch.setenv("COLUMNS", "80")
    capsys.readouterr()
    print_samples(run)
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == f"three held-out prompts (runs/phrasebook/sft-full.zephyr/{FULL}/samples.json)"
    assert lines[3] == f"[{samples[0]['form']}] {samples[0]['prompt'][-1]['content']}"
    assert lines[4] == f"  reference: {samples[0]['reference']}"
    assert [part.strip() for part in lines[5].split("|")] == ["base", "trained"]
    assert lines[7].split("|")[1].strip() == "(nothing)"
    assert any("(truncated: no EOS)" in line for line in lines)
    assert max(map(len, lines[2:])) <= 80  # a path is not broken


@pytest.mark.slow
def test_ctrl_c_stops_an_evaluation_and_keeps_its_answers(evaluations, root, environment):
    import signal
    import subprocess
    import sys
    import time

    shutil.rmtree(model_of(evaluations["guess-the-number"], "base")[1])
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
