"""`make judge` against a judge that fails in known ways: malformed replies, 500, time-outs, gone half-way, Ctrl-C."""

import signal
import subprocess
import sys
import threading

import pytest
from judged_project import KEY, by_stars, constitution_file, judged, ranked, session_of, starred, write_project
from scripted_judge import GONE, scripted_judge, verdict

from gretchen import cli, paths
from gretchen.feedback.export import label_store
from gretchen.feedback.judge_labels import Judge, JudgeLabel, judge_labels_file
from gretchen.feedback.judging.judges import ChosenJudge, reachable
from gretchen.feedback.judging.verdicts import read_verdicts, verdicts_file
from gretchen.feedback.labels import labels_file, read_labels, write_labels
from gretchen.projects.build import build


@pytest.fixture(autouse=True)
def one_request_at_a_time(monkeypatch):
    """Send requests one after the other, each once."""
    monkeypatch.setattr("gretchen.feedback.judging.judges.AT_ONCE", 1)
    monkeypatch.setattr("gretchen.feedback.judging.judges.REPEATS", 0)


@pytest.fixture
def project(made_project):
    return write_project(made_project)


def run(judge, *words):
    """Run the command on stored answers."""
    return cli.run(["judge", "--project=made", f"--judge={judge.address}", "--model=m", "--prompts=1", *words])


@pytest.fixture
def stored(project, monkeypatch):
    """Store four tasks of two answers, which people are asked about too; none is sampled."""
    monkeypatch.setattr("gretchen.feedback.judging.tasks.sample_missing", lambda *arguments: None)
    monkeypatch.setenv("JUDGE_API_KEY", KEY)
    tasks = [starred(number, 1, 2) for number in range(4)]
    for task in tasks:
        label_store("made").add_task(task)
    return tasks


REPLIES = [
    verdict("A", reason="…"),
    "",
    None,
    "[]",
    "{" * 5000,
    verdict("A", reason="\ud800"),
    "x" * 100_000,
    "\x1b[2J",
]


@pytest.mark.parametrize(
    "reply", REPLIES, ids=["copied", "empty", "null", "list", "deep", "half character", "long", "escape"]
)
def test_a_judge_that_never_fits_leaves_a_verdict_without_a_value(project, reply):
    outcomes, judge, session = judged(lambda request: reply, [starred(0, 1, 2)])
    assert [outcome.ending for outcome in outcomes] == ["malformed"]
    assert len(judge.requests) == 2 * 3
    kept = read_verdicts(session.file)
    assert all(verdict.value is None and len(verdict.problems) == 3 for verdict in kept.values())
    assert not session.missing(session.first_questions([starred(0, 1, 2)]))


def test_a_rerun_asks_only_what_is_missing(stored, capsys):
    with scripted_judge(by_stars) as judge:
        assert run(judge, "--limit=2") == 0
        assert len(judge.requests) == 4
        assert run(judge) == 0
        assert len(judge.requests) == 8
        file = verdicts_file("made")
        text = file.read_text(encoding="utf-8")
        file.write_text(text[: len(text) - 40], encoding="utf-8")  # killed in the middle of the last line
        assert run(judge) == 0
        assert len(judge.requests) == 9
        assert run(judge) == 0
        assert len(judge.requests) == 9
        constitution_file().write_text(constitution_file().read_text("utf-8") + "  short: It is short.\n", "utf-8")
        capsys.readouterr()
        assert run(judge, "--cost", "--price=1 10") == 0
        assert len(judge.requests) == 9
    out = capsys.readouterr().out
    assert "to ask      8 requests\n" in out
    assert "at most 3,200 in replies" in out and "price       about 0.0" in out
    assert KEY not in text and KEY not in out


def test_the_command_prints_bias_agreement_and_exports(stored, capsys):
    write_labels(labels_file("made"), [ranked(task) for task in stored[:2]])
    with scripted_judge(by_stars) as judge:
        assert run(judge, "--export") == 0
    out = capsys.readouterr().out
    assert "pairs       4 pairs: decided 4, tie 0, order decides 0, malformed 0" in out
    assert "position    the answer shown first wins 0.50 of 8 verdicts" in out
    assert "people      alpha 1.00 on 2 pairs: the same on 2, opposite on 0" in out or "not defined" in out
    assert "projects/made/data/judge_labels.jsonl: 4 pairs of this judge" in out
    assert len(read_labels(judge_labels_file("made"), JudgeLabel)) == 4


def test_what_a_judge_says_is_text_only(stored, capsys):
    evil = "\x1b[2J\x1b[31m\u202egone"
    with scripted_judge(lambda request: (400, {"error": {"message": evil + KEY, "code": None}})) as judge:
        assert run(judge) == 1
    error = capsys.readouterr().err
    assert "\x1b" not in error and "\u202e" not in error and KEY not in error
    assert "refuses a request" in error


@pytest.mark.parametrize(
    ("script", "sentence", "code"),
    [
        (lambda r: (500, {"error": {"message": "out of memory"}}), "the judge m at {} answers 500: out of memory", 1),
        (lambda r: 3.0, "the judge m at {} does not answer within 0.3 s", 1),
        (lambda r: (401, {"error": {"message": "bad key"}}), "the judge m refuses the key: bad key", 2),
        (lambda r: (404, {"error": {"message": "no model m"}}), "there is no judge m at this address: no model m", 2),
        (lambda r: (200, b"<html>hello</html>"), "sends what is no completion", 1),
        (lambda r: GONE if r.number == 4 else by_stars(r), "the judge m at {} cannot be reached", 1),
    ],
    ids=["500", "hangs", "401", "404", "no completion", "gone half-way"],
)  # fmt: skip
def test_a_judge_that_fails_is_one_sentence_and_nothing_is_lost(stored, capsys, script, sentence, code):
    with scripted_judge(script) as judge:
        assert run(judge, "--timeout=0.3") == code
    error = capsys.readouterr().err
    assert sentence.format(judge.address) in error
    assert "Traceback" not in error
    kept = read_verdicts(verdicts_file("made"))
    assert len(kept) == (4 if "cannot be reached" in sentence else 0)
    with scripted_judge(by_stars) as again:
        session, _ = session_of(judge)
        assert len(session.missing(session.first_questions(stored))) == 8 - len(kept)
        assert run(again) == 0  # another address is another judge
        assert len(again.requests) == 8


def test_single_failures_are_counted_and_asked_again(stored, capsys):
    failing = {1, 4}
    busy = (503, {"error": {"message": "busy"}})
    with scripted_judge(lambda request: busy if request.number in failing else by_stars(request)) as judge:
        assert run(judge) == 0
        assert "warning: 2 requests without a verdict: the judge answers 503: busy" in capsys.readouterr().err
        assert run(judge) == 0
        assert len(judge.requests) == 10
    assert "4 pairs: decided 4" in capsys.readouterr().out


def test_a_model_that_takes_no_temperature_is_asked_without(project):
    def script(request):
        if "temperature" in request.body:
            return 400, {"error": {"message": "unsupported", "param": "temperature"}}
        return by_stars(request)

    outcomes, judge, _ = judged(script, [starred(0, 1, 2)])
    assert [outcome.ending for outcome in outcomes] == ["decided"]
    assert ["temperature" in request.body for request in judge.requests] == [True, False, False]


def test_ctrl_c_ends_at_once_and_keeps_what_was_said(stored, root, environment):
    build("made", "tiny")
    asked = threading.Event()

    def script(request):
        if request.number < 3:
            return by_stars(request)
        asked.set()
        return 30.0

    program = "import sys; from gretchen.feedback.judging import judges, tasks; judges.AT_ONCE, judges.REPEATS = 1, 0; "
    program += "tasks.sample_missing = lambda *a: None; from gretchen import cli; sys.exit(cli.run(sys.argv[1:]))"
    with scripted_judge(script) as judge:
        words = ["judge", "--project=made", f"--judge={judge.address}", "--model=m"]
        env = environment(GRETCHEN_ROOT=str(paths.root()), OMP_NUM_THREADS="1")
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "env": env}
        process = subprocess.Popen([sys.executable, "-c", program, *words], **options)
        assert asked.wait(280)
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "3 verdicts kept; the same command goes on from there" in error
    assert "Traceback" not in error
    assert len(read_verdicts(verdicts_file("made"))) == 3


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--judge=http://user:secret@x/v1", "--model=m"], "this one holds a key or a query"),
        (["--judge=http://127.0.0.1:1/v1"], "a judge behind an address needs MODEL"),
        (["--judge=ftp://x", "--model=m"], "'ftp://x' is no address of a server"),
        (["--judge=laptop", "--model=m"], "MODEL names a model of an address"),
        (["--judge=laptop", "--mode=rank"], "unknown mode 'rank'"),
        (["--judge=laptop", "--price=cheap"], "PRICE=cheap is no price"),
        (["--judge=nowhere"], "there is no folder nowhere"),
    ],
)  # fmt: skip
def test_wrong_input_is_one_sentence(project, words, sentence, capsys):
    assert cli.run(["judge", "--project=made", *words]) == 2
    error = capsys.readouterr().err
    assert sentence in error
    assert "secret" not in error


def test_a_key_goes_to_its_own_address_only(monkeypatch):
    monkeypatch.delenv("JUDGE_API_KEY", raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    keys = {}
    for address in ("https://api.openai.com/v1", "https://api.openai.com.evil.example/v1", "http://127.0.0.1:1/v1"):
        with reachable(ChosenJudge(Judge(name="m", address=address))) as endpoint:
            keys[address] = endpoint.key
        assert KEY not in repr(endpoint)
    assert list(keys.values()) == [KEY, "none", "none"]


def test_what_does_not_fit_is_asked_again_with_the_reason(project):
    replies = {
        0: "I think A is better.",
        1: '```json\n{"reason": "x", "rule": "beauty", "better": "A"}\n```',
        2: '<think>{"better": "A"}</think>{"reason": "x", "rule": "right", "better": "A"}',
    }
    outcomes, judge, session = judged(lambda request: replies.get(request.number, verdict("B")), [starred(0, 1, 2)])
    assert [o.ending for o in outcomes] == ["decided"]
    first, second = session.asked
    assert first.replies == tuple(replies.values())
    assert first.problems[0] == "it is not JSON"
    assert first.problems[1].startswith("rule: Input should be 'right' or 'language', not \"beauty\"")
    assert first.prompt_tokens == 300 and second.prompt_tokens == 100
    again = judge.requests[1].body["messages"]
    assert again[2] == {"role": "assistant", "content": replies[0]}
    assert "it is not JSON" in again[3]["content"]
