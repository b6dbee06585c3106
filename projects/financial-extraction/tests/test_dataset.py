"""The builder: deterministic, right by a third reading, split as promised."""

import csv
import itertools
import json
import re
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from gretchen.projects.card import load_card
from gretchen.projects.drawing import wordings_in
from gretchen.projects.splits import split_of
from gretchen.scoring.metrics.numbers import read_number


def answer_of(row):
    return json.loads(row["messages"][-1]["content"])


def question_of(row):
    return row["messages"][-2]["content"]


def test_builder_is_deterministic(dataset):
    for builder in (dataset.texts, dataset.chats, dataset.preferences, dataset.feedback, dataset.prompts):
        assert list(itertools.islice(builder(), 300)) == list(itertools.islice(builder(), 300))


def test_forms_and_languages_are_balanced(dataset, chats):
    forms = Counter(row["form"] for row in chats if not row["hard"])
    assert set(forms) == set(dataset.FORMS)
    assert max(forms.values()) < 1.4 * min(forms.values()), forms
    languages = Counter(row["meta"]["language"] for row in chats)
    assert abs(languages["en"] - languages["de"]) < 0.06 * len(chats)
    assert 0.05 < sum(row["hard"] for row in chats) / len(chats) < 0.09


def test_the_rows_of_profile_tiny_have_the_forms_of_the_documents(dataset):
    assert load_card(Path(__file__).parents[1].name).forms.tiny == list(dataset.TINY)


def test_ids_and_prompts_are_unique(chats):
    assert len({row["id"] for row in chats}) == len({question_of(row) for row in chats}) == len(chats)


def test_every_row_has_one_split_and_hard_rows_are_held_out(chats):
    splits = Counter(split_of(row["group"]) for row in chats if not row["hard"])
    assert None not in splits and splits["train"] / splits.total() == pytest.approx(0.85, abs=0.02)
    assert {split_of(row["group"]) for row in chats if row["hard"]} == {"test"}


def test_every_form_has_test_rows(dataset, chats):
    test = Counter(row["form"] for row in chats if split_of(row["group"]) == "test" and not row["hard"])
    assert set(dataset.FORMS) == set(test) and min(test.values()) >= 5, test


def test_hard_rows_pair_layouts_and_locales_that_no_other_row_does(part, chats):
    pairs = part("tables").HARD_PAIRS
    for row in chats:
        assert ((row["meta"]["layout"], row["meta"]["locale"]) in pairs) == row["hard"], row["id"]
    seen = {(row["meta"]["layout"], row["meta"]["locale"]) for row in chats if not row["hard"]}
    assert {layout for layout, _ in pairs} <= {layout for layout, _ in seen}
    assert {locale for _, locale in pairs} <= {locale for _, locale in seen}


def test_each_wording_is_enough_in_each_split(part):
    wordings = part("wordings")
    for task in wordings.CORES:
        for language in ("en", "de"):
            texts = wordings.wordings(task, language)
            assert len(set(texts)) == len(texts) == 120
            name, splits = f"{task}/{language}", ("train", "validation", "test")
            counts = [len(wordings_in(name, len(texts), split)) for split in splits]
            assert min(counts) >= 1 and sum(counts) == len(texts), (task, language)


def test_values_stand_in_the_report_by_a_third_reading(chats):
    """Every value of a fact is one of the report's numbers, read by its locale and scaled by a power of ten."""
    marks = {"en-US": ".", "en-GB": ".", "en-IN": ".", "de-CH": "."}
    for row in chats:
        if row["meta"]["kind"] != "facts":
            continue
        mark = marks.get(row["meta"]["locale"], ",")
        numbers = set()
        report = question_of(row)
        if row["meta"]["layout"] == "csv":  # its separators are no marks of numbers
            lines = csv.reader(report.splitlines(), delimiter=";" if mark == "," else ",")
            report = "\n".join("\t".join(cells) for cells in lines)
        for text in re.findall(r"[\d.,’'\u00a0\u202f]*\d", report):
            value = read_number(text.lstrip(".,’' \u00a0\u202f"), mark)
            numbers |= {abs(value).scaleb(power).normalize() for power in (0, 3, 6)} if value is not None else set()
        for fact in answer_of(row)["facts"]:
            if fact["value"]:
                assert abs(Decimal(str(fact["value"]))).normalize() in numbers, (row["id"], fact)


def test_ambiguous_numbers_come_with_their_format(chats):
    """`1.234` alone is 1,234 or 1.234: where nothing in the report decides, the heading states the format."""
    stated = 0
    for row in chats:
        report = question_of(row)
        cells = re.findall(r"(?<![\d.,])\d{1,3}[.,]\d{3}(?![\d.,])", report)
        others = re.findall(r"\d[.,]\d{1,2}(?!\d)|\d{4,}[.,]\d|\d[.,]\d{4,}|\d[.,]\d{3}[.,]\d", report)
        named = "Number format" in report or "Zahlenformat" in report
        stated += named
        if cells and not others:
            assert named, row["id"]
    assert stated


def test_ledgers_keep_their_identities(part):
    ledger, concepts = part("ledger"), part("concepts")
    for name, size in itertools.product(("A plc", "B AG", "C SE"), ledger.SIZES):
        for year in range(ledger.FIRST_YEAR, ledger.LAST_YEAR + 1):
            amounts = ledger.ledger(ledger.Company(name, size), year)
            assert concepts.violations(amounts) == [] and all(isinstance(cents, int) for cents in amounts.values())
    assert concepts.violations(amounts | {"Assets": amounts["Assets"] + 1}) == ["Assets", "Assets"]


def test_absent_concepts_are_null_and_could_not_be_derived(part, chats):
    concepts = part("concepts")
    patterns = Counter()
    for row in chats:
        if row["form"] == "absent":
            values = [fact["value"] is None for fact in answer_of(row)["facts"]]
            patterns[tuple(values)] += 1
            assert values.count(True) == 1
        elif row["meta"]["kind"] == "facts":
            assert all(fact["value"] is not None for fact in answer_of(row)["facts"])
    assert len(patterns) == 3 and concepts.is_derivable("Assets", ["NoncurrentAssets", "CurrentAssets"])


def test_two_routes_that_differ_are_noticed(part):
    tables = part("tables")
    style = tables.Style("de-DE", 3, 1)
    table = tables.Table("de", ("2025",), (tables.Row("Cash", "Kasse", (120_450_000,)),), style)
    text = tables.render(table, "markdown")
    tables.read_back(table, "markdown", text)
    with pytest.raises(tables.Mismatch):
        tables.read_back(table, "markdown", text.replace("1.204,5", "1.204,6"))


@pytest.mark.parametrize(
    ("locale", "units", "decimals", "text"),
    [
        ("de-DE", 12045, 1, "1.204,5"), ("en-US", 12045, 1, "1,204.5"), ("en-IN", 1234567890, 2, "1,23,45,678.90"),
        ("de-AT", 1234567, 0, "1\u00a0234\u00a0567"), ("de-CH", 12045, 1, "1’204.5"),
        ("fr-FR", 12045, 1, "1\u202f204,5"),
        ("es-ES", 12045, 1, "1204,5"), ("es-ES", 120455, 1, "12.045,5"), ("en-GB", 5, 1, "0.5"), ("en-GB", 0, 0, "0"),
    ],
)  # fmt: skip
def test_amounts_are_printed_as_cldr_prints_them(part, locale, units, decimals, text):
    assert part("locales").LOCALES[locale].number(units, decimals) == text


def test_rounding_is_half_to_even_and_the_tolerance_is_half_a_digit(part):
    style = part("tables").Style("en-US", 3, 1)
    assert [style.printed(cents) for cents in (5_000, 15_000, 15_001, -5_001, -15_000)] == [0, 2, 2, -1, -2]
    assert style.value(120_454_900) == Decimal("1204500") and style.half_digit() == 50


def test_preferences_are_wrong_in_one_named_way(evaluation, part, pairs):
    faults = Counter(row["meta"]["fault"] for row in pairs)
    assert {row["meta"]["differs_in"] for row in pairs} == {"content"}  # both sides are in one language
    assert set(faults) == {"year"} | {fault for kinds in part("pairs").ERRORS.values() for fault in kinds}
    for row in pairs:
        chosen, rejected = row["chosen"][0]["content"], row["rejected"][0]["content"]
        assert 0.6 <= len(rejected) / len(chosen) <= 1.67 and split_of(row["group"]) is not None
        right, wrong = evaluation.score(chosen, row), evaluation.score(rejected, row)
        assert right["fact_f1"] == 1 and wrong["json_valid"] == 1
        assert wrong["fact_f1"] < 1 or wrong["program"] == 0, row["id"]


def test_null_and_amount_are_on_both_sides(pairs):
    absent = [row for row in pairs if row["form"] == "absent"]
    sides = Counter(row["meta"]["fault"] for row in absent)
    assert set(sides) == {"filled", "nulled"} and min(sides.values()) > 0.35 * sides.total()


def test_signs_and_scales_err_both_ways(pairs):
    ways = Counter()
    for row in pairs:
        if row["meta"]["fault"] in ("sign", "scale", "zeros") and row["meta"]["kind"] == "facts":
            sides = [json.loads(row[side][0]["content"])["facts"] for side in ("chosen", "rejected")]
            for right, wrong in zip(*sides, strict=True):
                if right["value"] != wrong["value"]:
                    ways[row["meta"]["fault"], wrong["value"] > right["value"]] += 1
    assert len(ways) == 6 and min(ways.values()) > 5, ways


def test_feedback_is_one_side_of_each_pair_with_its_verdict(dataset):
    pairs = list(itertools.islice(dataset.preferences(), 600))
    verdicts = list(itertools.islice(dataset.feedback(), 600))
    for pair, row in zip(pairs, verdicts, strict=True):
        assert row["prompt"] == pair["prompt"] and row["group"] == pair["group"]
        assert row["completion"] == pair["chosen" if row["label"] else "rejected"]
        assert ("fault" in row["meta"]) == (not row["label"])
    assert 0.45 < sum(row["label"] for row in verdicts) / len(verdicts) < 0.55


def test_prompts_are_questions_of_their_own_whose_reference_is_right(dataset, evaluation, chats):
    rows = list(itertools.islice(dataset.prompts(), 1500))
    seen = {question_of(row) for row in chats}
    assert len([row for row in rows if row["prompt"][-1]["content"] in seen]) < 0.02 * len(rows)
    for row in rows:
        assert evaluation.score(row["meta"]["reference"], row)["fact_f1"] == 1
        assert evaluation.reward(row["meta"]["reference"], row) == pytest.approx(1)


def test_documents_end_in_their_answer(dataset):
    rows = list(itertools.islice(dataset.texts(), 2000))
    assert {row["form"] for row in rows} == {*dataset.TINY, "drill"}
    for row in rows:
        assert row["form"] == "drill" or row["text"].endswith(f"\n{row['meta']['answer']}")
    splits = Counter(split_of(row["group"]) for row in rows)
    assert None not in splits and splits["test"] / splits.total() == pytest.approx(0.10, abs=0.02)
    assert dataset.dropped() == {form: count for form, count in dataset.dropped().items() if form not in dataset.TINY}


def test_a_question_as_a_document_holds_its_report_and_not_its_answer(dataset, chats):
    for row in chats:
        beginning = dataset.as_document(row | {"meta": json.dumps(row["meta"])})
        assert (beginning is not None) == (row["form"] in dataset.TINY), row["id"]
        if beginning is not None:
            report, line = beginning.removesuffix("\n").rsplit("\n", 1)
            assert report in question_of(row) and re.match("(Facts|Fakten|Cell|Zelle|Programm?)[: ]", line), row["id"]
            assert row["messages"][-1]["content"] not in beginning
    assert dataset.as_document({"messages": [], "meta": {}}) is None
