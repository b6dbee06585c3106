"""The builder: rows that are right by two routes, held out by combination and wording, with wrong other sides."""

import itertools
from collections import Counter

import pytest

from gretchen.projects.splits import split_of


def answer_of(row):
    return row["messages"][-1]["content"]


def test_every_form_has_rows_in_both_languages(dataset, chats):
    counts = Counter((row["form"], row["meta"]["language"]) for row in chats)
    assert {form for form, _ in counts} == set(dataset.weights())
    german = sum(count for (_, language), count in counts.items() if language == "de")
    assert 0.15 < german / len(chats) < 0.35


def test_right_answers_pass_and_their_code_has_no_findings(evaluation, chats):
    for row in chats:
        scores = evaluation.score(answer_of(row), row)
        assert scores["pass_at_1"] == 1 and not scores["lint"], row["id"]
        assert evaluation.reward(answer_of(row), row) == pytest.approx(1)
        if row["meta"]["kind"] == "code":
            assert scores["gas_ratio"] == pytest.approx(1), row["id"]


def test_rows_are_held_out_by_combination_and_by_wording(chats):
    splits = {}
    for row in chats:
        assert split_of(row["group"]) is not None
        for key in row["group"]:
            assert splits.setdefault(key, split_of(row["group"])) == split_of(row["group"])
        assert sum(key.startswith("wording:") for key in row["group"]) == 1


def test_hard_rows_combine_what_training_never_does(part, chats):
    hard = [row for row in chats if row["hard"]]
    assert len(hard) > 8 and all(split_of(row["group"]) == "test" for row in hard)
    for row in hard:
        features = row["group"][0].partition("#")[0].split("+")[1:]
        assert not row["group"][0].startswith("contract:") or part("features").is_hard(tuple(features))


def test_the_rejected_side_compiles_and_fails_a_named_test(evaluation, pairs):
    for row in pairs:
        chosen, rejected = (evaluation.score(row[side][0]["content"], row) for side in ("chosen", "rejected"))
        assert chosen["pass_at_1"] == 1 > rejected["pass_at_1"], row["id"]
        if row["meta"]["kind"] == "code":
            assert rejected["tests"] < 1, row["id"]
            assert rejected["compiles"] == 1 or row["meta"]["fault"] == "does not compile", row["id"]
    faults = Counter(row["meta"]["fault"] for row in pairs)
    assert len(faults) > 7 and faults["dropped guard"]


def test_rewards_prefer_the_right_side(evaluation, pairs):
    for row in pairs:
        assert evaluation.reward(row["chosen"][0]["content"], row) > evaluation.reward(
            row["rejected"][0]["content"], row
        )


def test_prompts_have_a_reference_that_gets_the_whole_reward(dataset, evaluation):
    for row in itertools.islice(dataset.prompts(), 60):
        assert evaluation.reward(row["meta"]["reference"], row) == pytest.approx(1), row["id"]


def test_a_fix_is_determined_by_what_is_shown(part, chats):
    rows = [row for row in chats if row["form"] == "fix-test"]
    assert len(rows) > 25
    for row in rows:
        assert row["meta"]["faulty"] in row["messages"][1]["content"]
        assert answer_of(row) not in row["messages"][1]["content"]


def test_no_question_comes_twice(chats):
    questions = [row["messages"][1]["content"] for row in chats]
    assert len(set(questions)) == len(questions)


def test_documents_end_in_their_answer(documents, dataset):
    assert {row["form"] for row in documents} == set(dataset.TINY)
    for row in documents:
        assert row["text"].endswith("\n" + row["meta"]["answer"]), row["id"]


def test_a_question_as_a_document_holds_what_the_chat_asks(dataset, chats):
    for row in chats:
        beginning = dataset.as_document(row)
        assert (beginning is not None) == (row["form"] in dataset.TINY)
        if beginning:
            body = beginning.rstrip("\n").rpartition("\n")[0]
            assert body in row["messages"][1]["content"], row["id"]


def test_rows_of_tiny_are_short(chats, dataset):
    """Prompts of about 250 tokens and answers under about 200, in the embedded bases' tokenizer."""
    from tokenizers import Tokenizer

    from gretchen import paths

    tokenizer = Tokenizer.from_file(str(paths.shared_recipes() / "tiny/architecture/tokenizer.json"))
    for row in chats:
        if row["form"] in dataset.TINY:
            prompt = "\n".join(turn["content"] for turn in row["messages"][:-1])
            assert len(tokenizer.encode(prompt).ids) < 380 and len(tokenizer.encode(answer_of(row)).ids) < 230, row[
                "id"
            ]


def test_what_was_dropped_is_counted(dataset):
    before = sum(dataset.dropped().values())  # other tests of this process made rows, and dropped some
    rows = list(itertools.islice(dataset.chats(), 60))
    assert 0 < sum(dataset.dropped().values()) - before < len(rows)
    assert all(count > 0 for count in dataset.dropped().values())
