"""The metrics: hand-worked cases, what games them, what the validator refuses."""

import itertools
import math

import pytest

TREE = "->('a', X[50,50]('b', 'c'), 'd')"
META = {"kind": "log", "language": "en", "tree": TREE, "format": "csv", "cases": 4}


def log(*traces):
    lines = [f"{number};{name}" for number, trace in enumerate(traces, start=1) for name in trace]
    return "\n".join(["case_id;activity", *lines])


def row(**meta):
    return {"id": "x", "form": "csv", "meta": META | meta}


def test_a_log_worked_out_by_hand(evaluation):
    scores = evaluation.score(log("abd", "abd", "acd", "acd"), row())
    assert scores["quality"] == scores["valid"] == scores["fitness"] == scores["coverage"] == 1
    assert scores["precision"] == 1 and scores["emd"] == pytest.approx(0)
    # one case of four misses d: fitness (3 + 1 - 1/5) / 4, and its variant is none of the process's
    scores = evaluation.score(log("abd", "abd", "acd", "ac"), row())
    assert scores["fitness"] == pytest.approx((3 + 0.8) / 4)
    assert scores["coverage"] == pytest.approx(0.75)
    assert scores["quality"] == pytest.approx(0.95 * 0.75)


def test_one_happy_path_repeated_fits_and_is_worth_half(evaluation):
    scores = evaluation.score(log("abd", "abd", "abd", "abd"), row())
    assert scores["fitness"] == 1 and scores["quality"] == pytest.approx(0.5)
    assert scores["precision"] == pytest.approx((4 + 4 + 4 + 4) / (4 + 8 + 4 + 4))
    assert scores["emd"] == pytest.approx(0.5 / 3), "half of the mass is a replacement in three away"


def test_listing_all_variants_instead_of_the_frequencies_is_worth_less(evaluation):
    skewed = "X[80,20]('a', 'b')"
    right = evaluation.score(log("a", "a", "a", "a", "b"), row(tree=skewed, cases=5))
    listed = evaluation.score(log("a", "b"), row(tree=skewed, cases=5))
    balanced = evaluation.score(log("a", "a", "b", "b", "b"), row(tree=skewed, cases=5))
    assert right["quality"] == 1 and listed["quality"] == 0 and balanced["quality"] == pytest.approx(0.6)


def test_fewer_cases_than_asked_for_are_worth_nothing_and_more_are_worth_less(evaluation):
    assert evaluation.score(log("abd", "acd", "abd"), row())["quality"] == 0
    scores = evaluation.score(log(*["abd", "acd"] * 4), row())
    assert scores["quality"] == pytest.approx(0.5) and scores["valid"] == 1


@pytest.mark.parametrize("answer", [
    "", "case_id;activity", "case_id;activity\n1;a\n1", "case_id;activity\n1;a;x", "case_id;activity\n1;", "case_id\n1",
    "activity;case_id\na;1", "Here is the log:\n" + log("abd"), log("abd") + "\nDone.", "1;a\n1;b", log("abd") + "\n\n",
    "x" * 1_000_000, log(*["abd"] * 300), "\ud800", "9" * 5000, "{" * 5000, "<log>" * 3000,
])  # fmt: skip
def test_no_answer_raises_and_what_is_no_log_is_worth_nothing(evaluation, answer):
    if answer == log("abd") + "\n\n":
        assert evaluation.score(answer, row(cases=1))["valid"] == 1, "blank lines at the end are no fault"
        return
    for format_ in ("csv", "timed", "xes", "ocel"):
        assert evaluation.score(answer, row(format=format_))["quality"] == 0
        assert 0 <= evaluation.reward(answer, row(format=format_, reference=log("abd"))) <= 0.2


TIMED = "case_id;activity;timestamp;org:resource\n1;a;2026-02-27T16:00;Ada\n1;b;2026-03-02T09:00;Ben"
XES = (
    '<log xes.version="1849-2016" xes.features="">\n<trace><string key="concept:name" value="1"/>\n'
    '<event><string key="concept:name" value="a"/><date key="time:timestamp" value="2026-02-27T16:00:00Z"/></event>\n'
    '<event><string key="concept:name" value="b"/><date key="time:timestamp" value="2026-03-02T09:00:00Z"/></event>\n'
    "</trace>\n</log>"
)
OCEL = (
    '{"objectTypes":[{"name":"case","attributes":[]}],"eventTypes":[{"name":"a","attributes":[]},{"name":"b",'
    '"attributes":[]}],"objects":[{"id":"1","type":"case"}],"events":[{"id":"e1","type":"a","time":'
    '"2026-02-27T16:00:00Z","relationships":[{"objectId":"1","qualifier":"case"}]},{"id":"e2","type":"b","time":'
    '"2026-03-02T09:00:00Z","relationships":[{"objectId":"1","qualifier":"case"}]}]}'
)


def test_each_format_is_read(part):
    for text, format_ in ((TIMED, "timed"), (XES, "xes"), (OCEL, "ocel")):
        (case,) = part("validators").log_of(text, format_)
        assert case.trace == ("a", "b") and case.events[0].time.day == 27
    assert part("validators").log_of(f"```csv\n{log('ab')}\n```", "csv")[0].trace == ("a", "b")


@pytest.mark.parametrize(("format_", "old", "new", "reason"), [
    ("timed", "2026-03-02", "2026-02-31", "is no time"),
    ("timed", "2026-03-02T09:00", "02.03.2026 09:00", "is no time"),
    ("timed", "2026-03-02", "2026-02-01", "go backwards"),
    ("timed", "Ben", " ", "empty cell"),
    ("timed", ";Ben", "", "3 cells, expected 4"),
    ("xes", "</log>", "", "no well-formed XML"),
    ("xes", "</trace>\n</log>", "", "no well-formed XML"),
    ("xes", "2026-03-02T", "2026-02-31T", "is no date"),
    ("xes", "09:00:00Z", "09:00:00", "is no date"),
    ("xes", '<string key="concept:name" value="b"/>', "", "an event without concept:name"),
    ("xes", '<string key="concept:name" value="1"/>', "", "a trace without concept:name"),
    ("xes", '<date key="time:timestamp" value="2026-03-02T09:00:00Z"/>', "", "missing or go backwards"),
    ("xes", "<log ", '<!DOCTYPE log [<!ENTITY a "b">]><log ', "document type"),
    ("xes", "<event>", "<event>hello", "text between elements"),
    ("xes", "<trace>", "<trace><step/>", "<step> in <trace>"),
    ("xes", '<log xes', '<logs xes', "no well-formed XML|<logs>"),
    ("ocel", '"objectId":"1"', '"objectId":"7"', "which is not there"),
    ("ocel", '"type":"b"', '"type":"c"', "not declared"),
    ("ocel", "2026-03-02T", "2026-02-30T", "is no time"),
    ("ocel", '"id":"e2"', '"id":"e1"', "the same id"),
    ("ocel", '"id":"e2",', "", "without id"),
    ("ocel", '"relationships":[{"objectId":"1","qualifier":"case"}]}]', '"relationships":[]}]', "no relationships"),
    ("ocel", '"type":"case"', '"type":"case","type":"case"', "a key twice"),
    ("ocel", '"objects":[{"id":"1","type":"case"}]', '"objects":[{"id":"1","type":"case"},{"id":"2","type":"case"}]',
     "no events"),
    ("ocel", "]}]}", "]}]", "no JSON"),
])  # fmt: skip
def test_what_importers_accept_the_validator_refuses(part, format_, old, new, reason):
    text = {"timed": TIMED, "xes": XES, "ocel": OCEL}[format_]
    assert old in text
    with pytest.raises(part("validators").Invalid, match=reason):
        part("validators").log_of(new.join(text.rsplit(old, 1)), format_)


def test_precision_and_emd_worked_out_by_hand(part):
    measures, trees = part("measures"), part("trees")
    process = trees.parse("X[50,25,25]('a', 'b', 'c')")
    net, language = part("nets").net_of(process), trees.language(process)
    assert measures.precision([("a",), ("b",)], net) == pytest.approx((2 * 2 + 1 + 1) / (2 * 3 + 1 + 1))
    assert measures.precision([("z",)], net) == 0
    # 1 of the mass at a, of which the process has 0.5: the rest travels a distance of 1
    assert measures.earth_movers_distance([("a",)], language) == pytest.approx(0.5)
    assert measures.earth_movers_distance([("a",), ("a",), ("b",), ("c",)], language) == pytest.approx(0)
    assert measures.earth_movers_distance([("a", "z")], language) == pytest.approx(0.5 * 0.5 + 0.5 * 1)
    assert [measures.levenshtein(tuple("kitten"), tuple("sitting")), measures.edits(tuple("ab"), tuple("ba"))] == [3, 2]


def test_the_best_shares_of_whole_cases(part):
    apportioned, coverage = part("measures").apportioned, part("measures").coverage
    language = {("a",): 0.7, ("b",): 0.3}
    assert apportioned(language, 3) == [("a",), ("a",), ("b",)]
    assert apportioned(language, 1) == [("a",)] and coverage([("a",)], language, 1) == 1
    tied = dict.fromkeys([("a",), ("b",), ("c",)], 1 / 3)
    for pair in itertools.permutations(tied, 2):
        assert coverage(pair, tied, 2) == 1, "of equally likely variants any two are as good"
    assert coverage([("a",), ("a",)], tied, 2) == pytest.approx(0.5)


def test_durations_and_rules_worked_out_by_hand(part):
    clocks, logs = part("clocks"), part("validators")
    schedule = clocks.Schedule("2026-02-27T16:00", 60, True, "fixed", 120)
    (case,) = logs.log_of(TIMED, "timed")
    # Friday 16:00 to Monday 9:00 are two working hours
    assert clocks.working_minutes(case.events[0].time, case.events[1].time, True) == 120
    assert clocks.duration_distance((case,), schedule) == 0
    assert clocks.duration_distance((case,), clocks.Schedule("", 0, False, "fixed", 120)) == pytest.approx(
        (65 * 60 - 120) / 120, abs=30
    )
    assert clocks.later(case.events[0].time, 120, True) == case.events[1].time
    rules = clocks.rules_kept
    assert rules((case,), schedule, clocks.Staff({"a": ["Ada"], "b": ["Ben"]})) == 1
    assert rules((case,), schedule, clocks.Staff({"a": ["Cem"], "b": ["Ben"]})) == 0.5
    assert rules((case,), schedule, clocks.Staff({"a": ["Ada"], "b": ["Ben"]}, ("a", "b"))) == 1
    (same,) = logs.log_of(TIMED.replace("Ben", "Ada"), "timed")
    assert rules((same,), schedule, clocks.Staff({"a": ["Ada"], "b": ["Ada"]}, ("a", "b"))) == 0
    uniform = clocks.Schedule("2026-02-27T16:00", 60, False, "uniform", 10, 30)
    assert uniform.quantiles(4) == [12.5, 17.5, 22.5, 27.5] and uniform.mean == 20
    assert sum(clocks.Schedule("", 0, False, "exponential", 60).quantiles(5000)) / 5000 == pytest.approx(60, rel=0.01)


def test_two_people_are_left_for_four_eyes_even_in_a_loop(part):
    import random

    clocks = part("clocks")
    staff = clocks.Staff({"a": ["Ada", "Ben"], "b": ["Ada", "Ben"]}, ("a", "b"))
    schedule = clocks.Schedule("2026-03-02T08:00", 60, False, "fixed", 10)
    for seed in range(20):
        log = clocks.timed(random.Random(seed), [("a", "r", "a", "b")], schedule, staff)
        assert clocks.rules_kept(log, schedule, staff) == 1


def test_copied_cases_are_counted(evaluation):
    schedule = {"start": "2026-03-02T08:00", "every": 60, "has_hours": False, "law": "uniform", "low": 10, "high": 30}
    lines = ["1;a;2026-03-02T08:00;-", "1;b;2026-03-02T08:20;-", "2;a;2026-03-02T09:00;-", "2;b;2026-03-02T09:20;-"]
    answer = "\n".join(["case_id;activity;timestamp;org:resource", *lines])
    asked = row(tree="->('a', 'b')", format="timed", cases=2, schedule=schedule)
    assert evaluation.score(answer, asked)["copies"] == 0.5
    assert evaluation.score(answer.replace("09:20", "09:21"), asked)["copies"] == 0
    assert evaluation.reward(answer, asked) < evaluation.reward(answer.replace("09:20", "09:21"), asked)


TRACE_FORMS = [
    ({"kind": "continue", "prefix": ["a"]}, ["b > d", "c > d"], ["", "a > b > d", "b", "b > d > d", "b > d\nc > d"]),
    ({"kind": "masked", "trace": ["a", "?", "d"]}, ["a > b > d", "a > c > d"], ["a > d", "a > ? > d", "b > c > d"]),
    ({"kind": "judge", "trace": ["a", "b", "d"]}, ["fits", "fits."], ["missing: c", "does not fit", "fits missing: a"]),
    ({"kind": "judge", "trace": ["a", "d"]}, ["missing: b", "missing: c"], ["fits", "missing: z", "superfluous: a"]),
    ({"kind": "judge", "trace": ["a", "b", "b", "d"]}, ["superfluous: b"], ["fits", "missing: c", "misplaced: b"]),
    ({"kind": "judge", "trace": ["b", "a", "d"]}, ["misplaced: a", "misplaced: b"], ["fits", "missing: a", ""]),
    ({"kind": "anomaly", "trace": ["a", "b", "d"], "plant": "missing"}, ["a > b", "b > d"], ["a > b > d", "a > c > d"]),
    ({"kind": "anomaly", "trace": ["a", "b", "d"], "plant": "moved"}, ["b > a > d"], ["a > b", "d > b > a"]),
    ({"kind": "lines", "lines": ["a > b", "c"]}, ["c\na > b", "a >  b\n\nc"], []),
]  # fmt: skip


@pytest.mark.parametrize(("meta", "right", "wrong"), TRACE_FORMS)
def test_traces_verdicts_and_lines(evaluation, meta, right, wrong):
    for answer in right:
        assert evaluation.score(answer, row(**meta))["quality"] == 1, answer
    for answer in wrong:
        assert evaluation.score(answer, row(**meta))["quality"] == 0, answer


def test_a_repair_is_worth_more_the_fewer_changes_it_takes(evaluation):
    asked = row(kind="repair", trace=["a", "b", "b", "d"], edits=1)
    assert evaluation.score("a > b > d", asked)["quality"] == 1
    assert evaluation.score("a > c > d", asked)["quality"] == pytest.approx(1 / 3)
    assert evaluation.score("a > b > b > d", asked)["quality"] == 0


def test_listing_everything_does_not_win_lines(evaluation):
    asked = row(kind="lines", lines=["b"])
    assert evaluation.score("a\nb\nc\nd\nend", asked)["quality"] == pytest.approx(1 / 3)
    assert evaluation.score("b\nb\nb", asked)["quality"] == 0.5


def test_target_counts(evaluation):
    asked = row(kind="statistics", tree="->('a', X('b', 'c'), 'd')", cases=3, targets={"b": 2, "c": 1})
    assert evaluation.score(log("abd", "acd", "abd"), asked)["quality"] == 1
    assert evaluation.score(log("abd", "abd", "abd"), asked)["quality"] == 0
    assert evaluation.score(log("acd", "acd", "abd"), asked)["quality"] == 0


def test_copying_the_question_is_worth_little(evaluation, chats):
    by_form = {}
    for chat in chats:
        question = chat["messages"][1]["content"]
        by_form.setdefault(chat["form"], []).append(evaluation.score(question, chat)["quality"])
    means = {form: sum(values) / len(values) for form, values in by_form.items()}
    assert max(means.values()) < 0.3, means


def test_every_score_is_a_finite_number_in_its_range(evaluation, pairs):
    for pair in pairs[:600]:
        for side in ("chosen", "rejected"):
            scores = evaluation.score(pair[side][0]["content"], pair)
            assert set(scores) == set(evaluation.METRICS)
            values = {name: value for name, value in scores.items() if value is not None}
            assert all(math.isfinite(value) and 0 <= value <= 10 for value in values.values()), values
