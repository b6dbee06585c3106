"""The builder: the cast, what both routes find right, held-out characters, contents and wordings, pairs, documents."""

import random
from collections import Counter

import pytest

from gretchen.projects.splits import split_of

LATE = ("song", "scar", "debt", "charm")


def test_forty_characters_with_fifteen_typed_facts(part):
    people = part("characters").everybody()
    assert len(people) == 40 and len({one.name for one in people}) == 40
    for one in people:
        sheet = one.sheet("en")
        assert (
            len(sheet.facts) >= 15
            and set(sheet.late) == set(LATE)
            and set(sheet.people) == {"mentor", "friend", "rival"}
        )
        assert int(sheet.facts["born"]) < int(sheet.facts["year"]) <= one.year
        assert len(set(sheet.words.all())) == len(sheet.words.all()) == 6
    assert Counter(one.split for one in people) == {"train": 28, "validation": 4, "test": 8}
    assert sum("de" in one.sheets for one in people) == 11


def test_each_voice_has_five_characters_and_one_for_test(part):
    people = part("characters").everybody()
    assert set(Counter(one.voice for one in people).values()) == {5}
    assert {one.voice for one in people if one.split == "test"} == set(part("voices").names())


def test_facts_of_a_kind_differ_between_characters(part):
    characters = part("characters")
    for kind in (*characters.KINDS, *LATE):
        found = [
            sheet.facts.get(kind) or sheet.late[kind] for sheet in (one.sheet("en") for one in characters.everybody())
        ]
        repeated = [value for value, times in Counter(found).items() if times > 1]
        assert not repeated or kind in ("year", "born"), (kind, repeated)


def test_there_are_more_than_300_contents(part):
    assert part("contents").count_contents("en") >= 300 and part("contents").count_contents("de") >= 100


def test_every_reference_is_in_character(evaluation, chats):
    for row in chats:
        scores = evaluation.score(row["messages"][-1]["content"], row)
        assert (scores["consistent"], scores["manner"], scores["in_character"]) == (1, 1, 1), row["id"]
        assert (scores["copies"], scores["assistant"], scores["era_leaks"]) == (0, 0, 0)


def test_forms_languages_and_splits(dataset, chats):
    forms = Counter(row["form"] for row in chats if not row["hard"])
    assert set(forms) == set(dataset.FORMS)
    shares = [count / dataset.WEIGHTS[form] for form, count in forms.items()]
    assert max(shares) < 1.7 * min(shares), forms
    german = [row for row in chats if row["meta"]["language"] == "de"]
    assert 0.08 < len(german) / len(chats) < 0.2 and {row["form"] for row in german} == set(dataset.GERMAN)
    assert 0.03 < sum(row["hard"] for row in chats) / len(chats) < 0.08
    for split in ("train", "test"):
        assert {row["form"] for row in chats if split_of(row["group"]) == split} == set(dataset.FORMS), split


def test_held_out_rows_have_held_out_characters_contents_and_wordings(chats):
    for row in chats:
        kinds = Counter(key.partition(":")[0] for key in row["group"])
        assert {"character", "question", "content"} <= set(kinds), row["group"]
        assert len({key.rpartition("=")[2] for key in row["group"]}) == 1


def test_hard_rows_ask_unseen_characters_for_unseen_kinds(chats):
    hard = [row for row in chats if row["hard"]]
    assert {row["meta"]["kinds"][0] for row in hard} == set(LATE)
    assert all(split_of(row["group"]) == "test" for row in hard)
    assert not any(set(row["meta"].get("kinds", ())) & set(LATE) for row in chats if not row["hard"])


def test_prompts_and_answers_are_short(chats):
    for row in chats:
        assert sum(len(turn["content"]) for turn in row["messages"][:-1]) < 900, row["id"]
        assert len(row["messages"][-1]["content"].split()) < 60


def test_ages_are_years_less_birth_years(part, chats):
    people = {one.name: one for one in part("characters").everybody()}
    asked = [row for row in chats if row["form"] == "age"]
    for row in asked:
        facts = people[row["meta"]["character"]].sheet("en").facts
        assert row["meta"]["facts"] == [str(int(facts["year"]) - int(facts["born"]))]
    assert asked


def test_the_second_route_drops_what_is_wrong(dataset, part, chats):
    draw = part("problems").Draw(random.Random(1), "en", "train", part("characters").cast_of("train", "en")[0])
    problem = dataset.FORMS["inference"](draw)
    checking = part("checking")
    assert checking.problems_of(problem.answer, problem.meta, problem.prompt_text) == set()
    wrong = problem.answer.replace(problem.meta["facts"][1], "a juggler")
    assert checking.problems_of(wrong, problem.meta, problem.prompt_text) == {"missing"}
    assert dataset.dropped() and all(count > 0 for count in dataset.dropped().values())


def test_the_classifier_knows_held_out_lines_of_held_out_characters(part, evaluation):
    """Rendered without the builder's check: contents of the test split in the manner of its characters."""
    contents, voices, rng = part("contents"), part("voices"), random.Random(5)
    right = []
    for one in part("characters").cast_of("test", "en"):
        sheet = one.sheet("en")
        for kind in part("characters").KINDS:
            content = contents.pick_content(rng, f"facts/{kind}", "en", "test").filled(x=sheet.facts[kind])
            remark = contents.pick_content(rng, "remarks/self", "en", "test")
            line = voices.say(rng, one.voice, sheet.words, content, remark, "en")
            right.append(part("manner").voice_of(line, sheet.words.all(), [sheet.facts[kind]], "en") == one.voice)
    assert sum(right) / len(right) > 0.95


def test_each_pair_has_a_side_in_character_and_a_faulty_one(part, evaluation, pairs):
    faults: dict[str, set[str]] = {}
    for row in pairs:
        chosen, rejected = (row[side][0]["content"] for side in ("chosen", "rejected"))
        assert evaluation.score(chosen, row)["in_character"] == 1
        assert evaluation.score(rejected, row)["in_character"] == 0, row["id"]
        assert max(len(chosen), len(rejected)) <= 2 * min(len(chosen), len(rejected)) + 12
        faults.setdefault(row["form"], set()).add(row["meta"]["fault"])
    assert set().union(*faults.values()) == set(part("pairs").MAKERS)
    assert all(len(found) > 1 for found in faults.values())


def test_lengths_do_not_give_the_faulty_side_away(pairs):
    longer = [len(row["rejected"][0]["content"]) > len(row["chosen"][0]["content"]) for row in pairs]
    assert 0.3 < sum(longer) / len(longer) < 0.7


def test_verdicts_are_balanced_and_right(evaluation, dataset):
    rows = [row for row, _ in zip(dataset.feedback(), range(150), strict=False)]
    assert 0.35 < sum(row["label"] for row in rows) / len(rows) < 0.65
    assert all(evaluation.score(row["completion"][0]["content"], row)["in_character"] == row["label"] for row in rows)


def test_documents_follow_from_their_text_or_say_that_they_do_not(dataset):
    rows = [row for row, _ in zip(dataset.texts(), range(400), strict=False)]
    assert {row["form"] for row in rows} == set(dataset.TINY_FORMS)
    marked = [row for row in rows if row["meta"]]
    assert 0.45 < len(marked) / len(rows) < 0.55
    assert all(row["text"].endswith(row["meta"]["answer"]) for row in marked)
    free = [row["text"] for row in rows if not row["meta"]]
    assert all("\nIn your own words:\n" in text or "\nMit eigenen Worten:\n" in text for text in free)
    made_up = [row for row in rows if "made-up" in row["group"][0]]
    assert 0.4 < len(made_up) / len(rows) < 0.7 and all(split_of(row["group"]) == "train" for row in made_up)


def test_a_question_as_a_document_begins_like_one(dataset, chats):
    asked = [row for row in chats if row["form"] in dataset.TINY_FORMS]
    for row in asked[:50]:
        beginning = dataset.as_document(row)
        assert beginning.startswith(row["messages"][0]["content"]) and beginning.endswith(
            f"{row['messages'][-2]['content']}\n"
        )
    assert all(dataset.as_document(row) is None for row in chats if row["form"] not in dataset.TINY_FORMS)


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_list_has_lines_of_its_splits(part, language):
    contents = part("contents")
    for kind in part("characters").KINDS:
        by_split = contents.contents(f"facts/{kind}", language)
        assert all(by_split[split] for split in ("train", "validation", "test")), kind
        assert not {c.key for c in by_split["train"]} & {c.key for c in by_split["test"]}
