"""The builder: right answers, held-out domains and wordings, faults that are faults."""

import itertools
import random
import re
from collections import Counter
from pathlib import Path

import pytest

from gretchen import paths
from gretchen.projects.splits import split_of

LANGUAGES = ("en", "de")


def test_every_answer_is_perfect_by_the_second_route(dataset, evaluation, chats):
    for row in chats:
        scores = evaluation.score(row["messages"][-1]["content"], row)
        assert scores["quality"] == 1, row["id"]
        assert scores["rules"] in (None, 1) and scores["fitness"] in (None, 1), row["id"]


def test_few_problems_are_dropped_and_each_is_counted(dataset):
    before = Counter(dataset.dropped())
    rows = list(itertools.islice(dataset.chats(), 500))
    lost = Counter(dataset.dropped()) - before
    assert set(lost) <= set(dataset.FORMS) and 0 < lost.total() < 0.1 * len(rows)


def test_seventy_percent_of_four_cases_are_three(part, chats):
    trees = part("trees")
    rows = [row for row in chats if row["meta"]["kind"] == "log" and row["form"] == "csv"]
    for row in rows:
        language, cases = trees.language(trees.parse(row["meta"]["tree"])), row["meta"]["cases"]
        lines = [line.split(";") for line in row["messages"][-1]["content"].split("\n")[1:]]
        for name in {name for trace in language for name in trace}:
            expected = cases * sum(p for trace, p in language.items() if name in trace)
            assert abs(len({case for case, other in lines if other == name}) - expected) <= 0.5 + 1e-6, row["id"]


def test_answers_follow_the_stated_law_of_durations(evaluation, chats):
    distances = [evaluation.score(row["messages"][-1]["content"], row)["durations"] for row in chats]
    distances = [value for value in distances if value is not None]
    assert len(distances) > 100 and sum(distances) / len(distances) < 0.25


def test_forms_and_languages_are_balanced(dataset, chats):
    forms = Counter(row["form"] for row in chats if not row["hard"])
    assert set(forms) == set(dataset.FORMS)
    shares = [count / dataset.WEIGHTS[form] for form, count in forms.items()]
    assert max(shares) < 1.5 * min(shares), forms
    languages = Counter(row["meta"]["language"] for row in chats)
    assert 0.45 < languages["en"] / languages.total() < 0.55
    assert 0.04 < sum(row["hard"] for row in chats) / len(chats) < 0.10


def test_every_form_has_rows_in_every_split(dataset, chats):
    for split, least in (("train", 30), ("validation", 1), ("test", 2)):
        forms = Counter(row["form"] for row in chats if split_of(row["group"]) == split and not row["hard"])
        assert set(forms) == set(dataset.FORMS) and min(forms.values()) >= least, (split, forms)


def test_held_out_activities_are_in_no_training_domain(part):
    for language in LANGUAGES:
        names = {
            split: {a.name(language) for d in part("domains").domains(split) for b in d.blocks for a in b.activities}
            for split in ("train", "validation", "test")
        }
        assert not names["train"] & names["test"] and not names["train"] & names["validation"]
    assert len(part("domains").all_domains()) >= 40


def test_mixed_domains_are_new_activities_of_training_words_in_half_of_the_training_rows(part, chats):
    rng = random.Random(3)
    drawn = [part("mixed").mixed(rng) for _ in range(300)]
    held_out = {
        a.name(language)
        for split in ("validation", "test")
        for d in part("domains").domains(split)
        for b in d.blocks
        for a in b.activities
        for language in LANGUAGES
    }
    for domain in drawn:
        names = [a.name(language) for b in domain.blocks for a in b.activities for language in LANGUAGES]
        assert domain.split == "train" and len(set(names)) == len(names) and not held_out & set(names)
    assert len({a.en for d in drawn for b in d.blocks for a in b.activities}) > 1000
    businesses = {domain.named(language) for domain in drawn for language in LANGUAGES}
    mixed = Counter(
        split_of(row["group"]) for row in chats if any(name in row["messages"][1]["content"] for name in businesses)
    )
    assert set(mixed) == {"train"} and mixed["train"] > 0.5 * sum(split_of(row["group"]) == "train" for row in chats)


def test_activities_can_stand_in_every_format(part):
    for domain in part("domains").all_domains():
        for activity in (a for block in domain.blocks for a in block.activities):
            for language in LANGUAGES:
                assert not set(activity.name(language)) & set(";,'\"<>:\n"), activity
            assert activity.role in domain.roles and activity.minutes > 0


def test_hard_rows_are_deeper_and_have_pairs_that_training_has_not(part, chats):
    trees, pairs = part("trees"), part("processes").HARD_PAIRS
    for row in chats:
        if "tree" in row["meta"]:
            tree = trees.parse(row["meta"]["tree"])
            assert row["hard"] == bool(trees.operator_pairs(tree) & pairs), row["id"]
        assert not row["hard"] or split_of(row["group"]) == "test"


def test_the_question_names_what_the_answer_needs(chats):
    for row in chats:
        question, answer, meta = row["messages"][1]["content"], row["messages"][-1]["content"], row["meta"]
        if "tree" in meta:
            for name in re.findall(r"'([^']+)'", meta["tree"]):
                assert name in question, row["id"]
        if "cases" in meta:
            assert re.search(rf"\b{meta['cases']}\b", question), row["id"]
        if meta["kind"] in ("log", "statistics") and meta["format"] in ("csv", "timed"):
            assert answer.split("\n")[0] in question, row["id"]


def test_a_fault_is_a_fault_and_every_form_has_several(dataset, evaluation, pairs):
    faults = Counter((row["form"], row["meta"]["fault"]) for row in pairs)
    assert all(len({fault for form, fault in faults if form == name}) >= 2 for name in dataset.FORMS)
    for row in pairs:
        assert (row["meta"]["fault"] == "language") == (row["meta"]["differs_in"] == "language")
        chosen, rejected = (evaluation.score(row[side][0]["content"], row) for side in ("chosen", "rejected"))
        if row["meta"]["fault"] == "rules":
            assert chosen["rules"] == 1 > rejected["rules"], row["id"]
        else:
            assert chosen["quality"] == 1 > rejected["quality"], row["id"]


def test_a_rejected_log_really_does_not_align(evaluation, pairs):
    """About one in ten random changes to a trace still fits; none of those became a pair."""
    rows = [row for row in pairs if row["meta"]["fault"] in ("misfit", "foreign") and row["meta"]["kind"] == "log"]
    assert len(rows) > 60
    for row in rows:
        scores = evaluation.score(row["rejected"][0]["content"], row)
        assert scores["valid"] == 1 and (scores["fitness"] < 1 or scores["coverage"] < 1), row["id"]


def test_sides_are_of_like_length(pairs):
    lengths = [(len(row["chosen"][0]["content"]), len(row["rejected"][0]["content"])) for row in pairs]
    ratios = [b / a for a, b in lengths]
    assert 0.85 < sum(ratios) / len(ratios) < 1.25


def test_rewards_prefer_the_right_side(evaluation, pairs):
    better = [
        evaluation.reward(row["chosen"][0]["content"], row) > evaluation.reward(row["rejected"][0]["content"], row)
        for row in pairs
    ]
    assert sum(better) / len(better) > 0.99


def test_feedback_is_one_side_of_each_pair_with_its_verdict(dataset):
    rows = zip(itertools.islice(dataset.preferences(), 200), itertools.islice(dataset.feedback(), 200), strict=True)
    verdicts = Counter()
    for pair, row in rows:
        assert row["prompt"] == pair["prompt"]
        assert row["completion"] == pair["chosen" if row["label"] else "rejected"]
        verdicts[row["label"]] += 1
    assert 70 < verdicts[True] < 130


def test_prompts_are_questions_whose_reference_gets_nearly_the_whole_reward(dataset, evaluation):
    for row in itertools.islice(dataset.prompts(), 400):
        assert evaluation.reward(row["meta"]["reference"], row) == pytest.approx(1, abs=0.11), row["id"]


def test_documents_end_in_their_answer_and_held_out_ones_have_one_task(part, documents):
    forms = Counter(row["form"] for row in documents)
    assert set(forms) == set(part("documents").NAMES) and min(forms.values()) > 60
    domains = {domain.key for domain in part("domains").all_domains()}
    for row in documents:
        assert row["text"].endswith("\n" + row["meta"]["answer"]), row["id"]
        if split_of(row["group"]) != "train":
            assert len(re.findall("^(?:Task|Aufgabe): ", row["text"], re.MULTILINE)) == 1 and row["group"][0] in domains


def test_a_question_as_a_document_is_one_of_the_corpus(dataset, part, chats, documents):
    tasks = {re.sub('\\d|".*"', "", line) for row in documents for line in row["text"].split("\n") if ": " in line}
    for row in chats:
        beginning = dataset.as_document(row)
        assert (beginning is not None) == (row["form"] in part("documents").NAMES)
        if beginning:
            assert re.sub('\\d|".*"', "", beginning.split("\n")[-2]) in tasks, row["id"]
            assert beginning.split("\n")[0] in row["messages"][1]["content"]


def test_a_name_is_cut_into_the_same_tokens_wherever_it_stands(part):
    """What a base of 1.5 million parameters needs to copy; `;` and a letter are one token before b and c alone."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(paths.shared_recipes() / "tiny/architecture/tokenizer.json"))
    for activity in (a for d in part("domains").all_domains() for b in d.blocks for a in b.activities):
        for name in (activity.en, activity.de):
            alone = tokenizer.encode(name).tokens
            for before in ('"', ' "', '("', ">", "\n", *(";" * (name[0] not in "bc"))):
                assert tokenizer.encode(f"a{before}{name}").tokens[-len(alone) :] == alone, (before, name)


def test_no_question_comes_twice(chats):
    questions = [row["messages"][1]["content"] for row in chats]
    assert len(set(questions)) == len(questions)


def test_r4pm_reads_what_the_builder_writes(chats, tmp_path):
    """The field's own importer: it counts the same cases and events, in XES and in OCEL 2.0."""
    import r4pm

    for form, kind, suffix in (("xes", "EventLog", ".xes"), ("ocel", "OCEL", ".json")):
        row = next(row for row in chats if row["form"] == form)
        file = tmp_path / f"log{suffix}"
        file.write_text(row["messages"][-1]["content"], encoding="utf-8")
        item = r4pm.import_item(kind, str(file))
        out = tmp_path / f"out{suffix}"
        r4pm.export_item(item, str(out))
        names = set(re.findall(r"'([^']+)'", row["meta"]["tree"]))
        text = out.read_text(encoding="utf-8")
        assert any(name in text for name in names)
        count = len(re.findall("<event>|<event ", text)) if form == "xes" else text.count('"relationships":[{')
        expected = row["messages"][-1]["content"].count("<event>" if form == "xes" else '"relationships":[{')
        assert count == expected


def test_the_card_pins_r4pm():
    card = (Path(__file__).parents[1] / "project.yaml").read_text(encoding="utf-8")
    assert "r4pm==0.6.2" in card and "pm4py" not in re.search(r"requirements: \[(.*?)\]", card)[1]
